package messages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// vocabulary is what all dialects call things, so that random structure hits
// every reader.
var vocabulary = []string{
	"text", "thinking", "summary", "reasoningContent", "reasoningText", "toolUse", "toolResult", "functionCall",
	"function_response", "inlineData", "fileData", "image", "document", "media", "source", "data", "url", "uri", "file",
	"file_id", "image_url", "input_audio", "mime_type", "format", "modality", "bytes", "message_content", "tool_call",
	"arguments", "args", "input", "output", "response", "result", "value", "function", "toolName", "toolCallId",
	"signature", "messages", "system", "tools", "config", "choices", "candidates", "prompt", "functionDeclarations",
	"parameters", "inputSchema", "json", "unknownKey",
	"role", "name", "content", "contents", "parts", "tool_calls", "toolCalls", "function_call", "function_call_name",
	"function_call_arguments_json", "reasoning", "reasoning_content", "refusal", "finish_reason", "finishReason", "index",
	"message", "type", "id", "tool_call_id",
}

var typeWords = []string{
	"text", "input_text", "output_text", "refusal", "reasoning", "thinking", "tool_call", "tool-call", "tool_use", "toolUse",
	"function_call", "function", "tool_call_response", "tool-result", "tool_result", "function_call_output", "blob", "uri",
	"file", "file_data", "image", "image_url", "input_audio", "document", "message", "human", "server_tool_call", "other",
}

var roleWords = []string{"user", "assistant", "system", "developer", "tool", "model", "function", "other"}

// tree draws random structure. Each text it draws is another, so that losing
// one can be seen.
type tree struct {
	rt    *rapid.T
	texts int
}

func (g *tree) text() string {
	g.texts++
	return fmt.Sprintf("«%d»", g.texts)
}

func (g *tree) value(dst pcommon.Value, depth int) {
	kinds := 8
	if depth <= 0 {
		kinds = 5
	}
	switch rapid.IntRange(0, kinds).Draw(g.rt, "kind") {
	case 0:
		dst.SetInt(int64(rapid.IntRange(-1, 3).Draw(g.rt, "int")))
	case 1:
		dst.SetBool(true)
	case 2:
		// null
	case 3, 4, 5:
		dst.SetStr(g.text())
	case 6:
		list := dst.SetEmptySlice()
		for range rapid.IntRange(0, 3).Draw(g.rt, "elements") {
			g.value(list.AppendEmpty(), depth-1)
		}
	default:
		g.object(dst.SetEmptyMap(), depth-1)
	}
}

func (g *tree) object(m pcommon.Map, depth int) {
	for range rapid.IntRange(0, 4).Draw(g.rt, "keys") {
		switch key := rapid.SampledFrom(vocabulary).Draw(g.rt, "key"); key {
		case keyID, "call_id", "toolCallId", "toolUseId", "tool_use_id", "tool_call_id", "ref":
			m.PutStr(key, "an id")
		case "type":
			m.PutStr(key, rapid.SampledFrom(typeWords).Draw(g.rt, "type"))
		case "role":
			m.PutStr(key, rapid.SampledFrom(roleWords).Draw(g.rt, "role"))
		default:
			g.value(m.PutEmpty(key), depth)
		}
	}
}

// TestAnyStructure brings random structure by every carrier at once.
func TestAnyStructure(t *testing.T) {
	names := []string{
		semconv.EventSystemMessage, semconv.EventUserMessage, semconv.EventAssistantMessage, semconv.EventToolMessage,
		semconv.EventChoice, semconv.EventContentPrompt, semconv.EventContentCompletion, semconv.EventOperationDetails,
		semconv.EventClaudeRequestBody,
	}
	rapid.Check(t, func(rt *rapid.T) {
		g := &tree{rt: rt}
		traces := ptrace.NewTraces()
		span := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		for _, source := range append(append([]spanSource{}, spanSources[:]...), flatSources[:]...) {
			if rapid.IntRange(0, 5).Draw(rt, "there") == 0 {
				g.value(span.Attributes().PutEmpty(source.key), 4)
			}
		}
		logs := plog.NewLogs()
		scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		var records []*event.Record
		for range rapid.IntRange(0, 4).Draw(rt, "events") {
			log := scope.LogRecords().AppendEmpty()
			g.value(log.Body(), 4)
			g.object(log.Attributes(), 3)
			for _, key := range []string{semconv.AttrInputMessages, semconv.AttrOutputMessages} {
				g.value(log.Attributes().PutEmpty(key), 3)
			}
			records = append(records, &event.Record{
				Log: log, Name: rapid.SampledFrom(names).Draw(rt, "name"), Source: rapid.SampledFrom(event.Sources[:]).Draw(rt, "source"),
			})
		}
		before := marshal(t, traces, logs)
		kind := rapid.SampledFrom(semconv.Kinds[:]).Draw(rt, "span kind")
		dst := pcommon.NewMap()
		Assemble(&event.Span{Data: span, Kind: kind}, records, dst)
		checkShape(t, dst)
		require.Equal(t, before, marshal(t, traces, logs), "what was read has changed")
	})
}

// TestNoTextIsLost brings messages in random structure by one carrier: every
// text in them is in what comes out.
func TestNoTextIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := &tree{rt: rt}
		span := ptrace.NewSpan()
		list := span.Attributes().PutEmptySlice(rapid.SampledFrom([]string{semconv.AttrInputMessages, semconv.AttrOutputMessages}).Draw(rt, "field"))
		for range rapid.IntRange(1, 3).Draw(rt, "messages") {
			message := list.AppendEmpty().SetEmptyMap()
			if rapid.Bool().Draw(rt, "loose") {
				g.object(message, 4)
				message.PutStr("role", rapid.SampledFrom(roleWords).Draw(rt, "role"))
				continue
			}
			message.PutStr("role", rapid.SampledFrom(roleWords).Draw(rt, "role"))
			parts := message.PutEmptySlice("parts")
			for range rapid.IntRange(0, 3).Draw(rt, "parts") {
				g.object(parts.AppendEmpty().SetEmptyMap(), 3)
			}
		}
		dst := pcommon.NewMap()
		Assemble(&event.Span{Data: span, Kind: semconv.KindInference}, nil, dst)
		out := pcommon.NewValueMap()
		dst.CopyTo(out.Map())
		shown := out.AsString()
		in := pcommon.NewValueSlice()
		list.CopyTo(in.Slice())
		for i := 1; i <= g.texts; i++ {
			text := fmt.Sprintf("«%d»", i)
			// A key that is drawn twice has only its last value.
			if strings.Contains(in.AsString(), text) && !strings.Contains(shown, text) {
				rt.Fatalf("%s is lost:\n%s\n%s", text, in.AsString(), shown)
			}
		}
	})
}
