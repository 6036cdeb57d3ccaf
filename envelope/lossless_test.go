package envelope_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// dialects draws content as dialects write it. Each text in it is another, so
// that losing one can be seen.
type dialects struct {
	t     *rapid.T
	texts int
}

var (
	anyText = regexp.MustCompile(`text\d+\.`)

	// modelContentKeys are the attributes with content of spans of models and of
	// tools.
	modelContentKeys = []string{
		semconv.AttrSystemInstructions, semconv.AttrInputMessages, semconv.AttrOutputMessages, semconv.AttrToolDefinitions,
		semconv.AttrPrompt, semconv.AttrCompletion, semconv.AttrToolDefinitionsOld, semconv.AttrLFInput, semconv.AttrLFOutput,
		semconv.AttrLFInstructions, semconv.AttrLFTools, semconv.AttrADKRequest, semconv.AttrADKResponse, semconv.AttrGenkitInput,
		semconv.AttrGenkitOutput, semconv.AttrLogfireRequest, semconv.AttrLogfireResponse, semconv.AttrPydanticAll,
		semconv.AttrStrandsSystem, semconv.AttrSentryMessages, semconv.AttrSentryTools, semconv.AttrSentryResponseText,
		semconv.AttrSentryToolCalls, semconv.AttrAIPromptMessages, semconv.AttrAIPrompt, semconv.AttrAIPromptTools,
		semconv.AttrAIResponseText, semconv.AttrAIResponseToolCalls, semconv.AttrAIResponseObject, semconv.AttrAIResponseReasoning,
		semconv.AttrOIInputValue, semconv.AttrOIOutputValue, semconv.AttrAIResponseFiles, semconv.PrefixPrompt + "0.content",
		semconv.PrefixPrompt + "1.tool_calls.0.arguments", semconv.PrefixCompletion + "0.content", semconv.PrefixCompletion + "0.x",
		semconv.PrefixOIInputMessages + "0.message.content", semconv.PrefixOIOutputMessages + "0.message.contents.0.message_content.text",
		semconv.PrefixOIInputMessages + "1.message.tool_calls.0.tool_call.function.arguments", semconv.PrefixOITools + "0.tool.json_schema",
		semconv.PrefixOIPrompts + "0.prompt.text", semconv.PrefixOIChoices + "0.completion.text",
	}
	toolContentKeys = []string{
		semconv.AttrInputMessages, semconv.AttrOutputMessages, semconv.AttrPrompt, semconv.AttrCompletion,
		semconv.AttrOIInputValue, semconv.AttrOIOutputValue, semconv.AttrTLEntityInput, semconv.AttrTLEntityOutput,
		semconv.AttrToolCallArguments, semconv.AttrToolCallResult, semconv.AttrToolInput, semconv.AttrToolOutput,
		semconv.AttrAIToolCallArgs, semconv.AttrAIToolCallResult, semconv.AttrADKToolArgs, semconv.AttrADKToolResponse,
		semconv.AttrLFInput, semconv.AttrLFOutput, semconv.AttrGenkitInput, semconv.AttrGenkitOutput, semconv.AttrADKRequest,
		semconv.AttrSystemInstructions, semconv.AttrToolDefinitions,
	}

	messageKeys = []string{
		"role", "content", "content", "parts", "text", "contents", "tool_calls", "toolCalls", "function_call", "name", "id", "tool_call_id",
		"reasoning", "refusal", "finish_reason", "index", "message", "type", "additional_kwargs", "extra",
	}
	partKeys = []string{
		"type", "text", "content", "thinking", "reasoning", "summary", "id", "name", "arguments", "args", "input", "output", "response", "result",
		"function", "toolUse", "toolResult", "functionCall", "functionResponse", "inlineData", "image_url", "url", "data", "mime_type", "source",
		"file", "uri", "signature", "toolName", "citations", "message_content", "tool_call", "extra",
	}
	requestKeys = []string{
		"messages", "contents", "input", "prompt", "system", "systemInstruction", "instructions", "tools", "functions", "config", "toolConfig",
		"args", "model", "temperature", "extra",
	}
	responseKeys = []string{
		"choices", "candidates", "generations", "output", "response", "completion", "content", "message", "finishReason", "stop_reason", "id",
		"model", "usage", "request", "custom", "raw", "service_tier", "extra",
	}
	toolKeys   = []string{"args", "callId", "name", "input", "output", "outputs", "response", "result", "request", "status", "toolCallId", "extra"}
	defineKeys = []string{"type", "name", "description", "function", "parameters", "inputSchema", "input_schema", "json", "functionDeclarations", "extra"}
	typeWords  = []string{
		"text", "input_text", "refusal", "reasoning", "thinking", "tool_call", "tool_use", "function_call", "function", "tool_call_response",
		"tool_result", "function_call_output", "blob", "uri", "file", "image", "image_url", "input_audio", "document", "message", "human", "other",
	}
	roleWords = []string{"user", "assistant", "system", "developer", "tool", "model", "other"}
)

func (d *dialects) text() string {
	d.texts++
	return fmt.Sprintf("text%d.", d.texts)
}

func (d *dialects) pick(what string, of ...string) string {
	return rapid.SampledFrom(of).Draw(d.t, what)
}

// object draws some of the keys; what stands under them is of the kind that
// dialects have there, or anything.
func (d *dialects) object(m pcommon.Map, keys []string, depth int) {
	for range rapid.IntRange(1, 4).Draw(d.t, "entries") {
		key := d.pick("key", keys...)
		switch key {
		case "type":
			m.PutStr(key, d.pick("type", typeWords...))
		case "role":
			m.PutStr(key, d.pick("role", roleWords...))
		case "finish_reason", "finishReason", "stop_reason":
			if rapid.Bool().Draw(d.t, "odd") {
				d.value(m.PutEmpty(key), partKeys, depth-1)
			} else {
				m.PutStr(key, d.pick("reason", "stop", "length", "STOP"))
			}
		case "index":
			m.PutInt(key, rapid.Int64Range(0, 2).Draw(d.t, "index"))
		default:
			d.value(m.PutEmpty(key), keysUnder(key), depth-1)
		}
	}
	if _, ok := m.Get("role"); !ok {
		// The id that an item of a list of messages has beside that of its
		// call is not told.
		if _, ok := m.Get("tool_call_id"); ok {
			m.Remove("id")
		}
	}
}

func keysUnder(key string) []string {
	switch key {
	case "messages", "contents", "message", "choices", "candidates", "generations", "prompt":
		return messageKeys
	case "request", "config":
		return requestKeys
	case "custom", "raw":
		return responseKeys
	case "tools", "functions", "toolConfig", "functionDeclarations":
		return defineKeys
	}
	return partKeys
}

func (d *dialects) value(v pcommon.Value, keys []string, depth int) {
	kinds := 7
	if depth <= 0 {
		kinds = 2
	}
	switch rapid.IntRange(0, kinds).Draw(d.t, "kind") {
	case 0, 1, 2:
		v.SetStr(d.text())
	case 3, 4:
		list := v.SetEmptySlice()
		for range rapid.IntRange(1, 3).Draw(d.t, "elements") {
			d.value(list.AppendEmpty(), keys, depth-1)
		}
	default:
		d.object(v.SetEmptyMap(), keys, depth-1)
	}
}

// shapesOf are what may stand in an attribute.
func shapesOf(key string, tool bool) [][]string {
	if key == semconv.AttrSentryToolCalls || key == semconv.AttrAIResponseToolCalls {
		return [][]string{partKeys}
	}
	shapes := [][]string{messageKeys, requestKeys, responseKeys, partKeys, defineKeys}
	if tool {
		shapes = append(shapes, toolKeys, toolKeys, toolKeys)
	}
	return shapes
}

// content draws what an attribute holds: structure or JSON text.
func (d *dialects) content(v pcommon.Value, shapes [][]string) {
	d.value(v, rapid.SampledFrom(shapes).Draw(d.t, "shape"), 5)
	if v.Type() != pcommon.ValueTypeStr && rapid.Bool().Draw(d.t, "JSON text") {
		v.SetStr(string(envelope.AppendJSON(nil, v)))
	}
}

// TestNothingIsLost: with AllContent every text that stands in the content
// attributes of a span stands in the body, whatever attributes there are beside
// each. Words that only say what something is (types, roles, finish reasons) are
// not looked for.
func TestNothingIsLost(t *testing.T) {
	for operation, keys := range map[string][]string{
		"chat": modelContentKeys, "invoke_agent": modelContentKeys, "execute_tool": toolContentKeys,
	} {
		for _, key := range keys {
			t.Run(operation+" "+key, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					d := &dialects{t: rt}
					span := newSpan(spanID, "f", 0, time.Second, semconv.AttrOperationName, operation, semconv.AttrRequestModel, "m")
					attrs := span.Data.Attributes()
					if operation == "execute_tool" && rapid.Bool().Draw(rt, "its writer says so") {
						attrs.PutStr(d.pick("kind", semconv.AttrTLSpanKind, semconv.AttrOISpanKind), "tool")
					}
					others := rapid.SliceOfN(rapid.SampledFrom(keys), 0, 2).Draw(rt, "others")
					for _, key := range append(others, key) {
						d.content(attrs.PutEmpty(key), shapesOf(key, operation == "execute_tool"))
					}
					given := string(envelope.AppendJSONMap(nil, attrs))
					options := envelope.Options{Messages: true, AllContent: true}
					body := string(envelopetest.Body(t, build(t, options, owned(newPart(nil, span), span))))
					for _, text := range anyText.FindAllString(given, -1) {
						if !strings.Contains(body, text) {
							rt.Fatalf("%s is lost:\n%s\n%s", text, given, body)
						}
					}
				})
			})
		}
	}
}
