package messages

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// put puts text, or what it says when structured and JSON.
func put(dst pcommon.Value, text string, structured bool) {
	if !structured || !semconv.ParseJSON(text, dst) {
		dst.SetStr(text)
	}
}

// FuzzAssemble brings arbitrary content by every carrier at once: nothing may
// panic, what comes out has the convention's shape, and what went in is as it
// was.
func FuzzAssemble(f *testing.F) {
	for _, seed := range []struct{ event, body, key, value string }{
		{semconv.EventUserMessage, `{"content":"hi"}`, semconv.AttrInputMessages, userHi},
		{semconv.EventAssistantMessage, `{"tool_calls":[{"id":"c1","function":{"name":"get","arguments":"{\"a\":1}"}}]}`, semconv.AttrOutputMessages, `[{"role":"model","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]`},
		{semconv.EventChoice, `{"index":0,"message":{"content":"a"}}`, semconv.AttrAIResponseText, "yo"},
		{semconv.EventToolMessage, `{"id":"c1","content":[{"type":"tool-result","output":{"type":"json","value":1}}]}`, semconv.AttrToolDefinitions, toolGet},
		{semconv.EventOperationDetails, `null`, semconv.AttrSystemInstructions, `[{"role":"system","parts":[[["a"]]]}]`},
		{semconv.EventContentPrompt, `"text"`, semconv.AttrADKRequest, `{"contents":[{"parts":[{"inlineData":{"data":"A"}}]}],"config":{"systemInstruction":"s","tools":[{"functionDeclarations":[{"name":"n"}]}]}}`},
		{semconv.EventContentCompletion, `{"message":{"message":{"message":1}}}`, semconv.AttrLFOutput, `{"choices":[1,{"message":{}},{"text":"a"}]}`},
		{semconv.EventClaudeRequestBody, `{}`, semconv.AttrClaudeBody, `{"messages":[{"ro`},
		{"gen_ai.x.message", `{"parts":"[{\"type\":\"text\"}]"}`, "gen_ai.prompt.0.tool_calls.0.arguments", `{"a":`},
		{"", `[{"type":"reasoning","summary":[1,{"text":"a"}],"content":[]}]`, "llm.input_messages.1.message.contents.0.message_content.image.image.url", "data:;base64,"},
		{semconv.EventChoice, `{"content":{"parts":[]},"finish_reason":7}`, semconv.AttrOIInputValue, `{"input":{"q":1},"tools":7,"system":[[]]}`},
		{semconv.EventUserMessage, `{"content":{"type":"image","source":{"source":{"source":{"source":{"source":1}}}}}}`, semconv.AttrPydanticAll, `[{"role":"assistant","parts":[]},{"role":"assistant"}]`},
		{semconv.EventChoice, `{"index":1,"content":{"role":"model","parts":[{"text":"a"}]}}`, semconv.AttrChoiceCount, "2"},
		{semconv.EventUserMessage, `{"content":[{"toolResult":{"toolUseId":"1","content":[{"text":"a"}]}}]}`, semconv.AttrLFInput, `[[{"lc":1,"type":"constructor","id":["m","ToolMessage"],"kwargs":{"content":"[1]","tool_call_id":"1"}}]]`},
		{"", `{"generations":[[{"text":"a","message":{"type":"ai","data":{"content":"a","additional_kwargs":{"tool_calls":[{}],"x":1}}}}]]}`, semconv.AttrLFOutput, `{"lc":1,"type":"constructor","id":["AIMessage"],"kwargs":{"content":[],"additional_kwargs":{"function_call":{"name":"f"}},"response_metadata":{"stop_reason":"stop,length"}}}`},
		{"", `[{"type":"reasoning","summary":[]},{"type":"message","content":"a"},{"id":"1","name":"f","args":{}},7]`, semconv.AttrSentryToolCalls, `[{"type":"tool_use"},{"function":{}}]`},
		{semconv.EventOperationDetails, `null`, semconv.AttrInputMessages, `[{"role":"user","parts":[{"type":"text","content":"[{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]},{\"type\":\"reasoning\",\"summary\":[]}]"}]}]`},
		{"", `null`, semconv.AttrOutputMessages, `[{"role":"assistant","finish_reason":"stop","parts":[{"content":"{\"object\":\"chat.completion\",\"choices\":[{\"message\":{}}]}"}]}]`},
		{"", `{"tool_calls":[{"tool_call":{"id":"1"}}],"function_call":{"name":"f","arguments":"\"{}\""}}`, "llm.input_messages.0.message.contents.0.message_content.type", "tool_use"},
		{"", `{"id":"r","role":"assistant","content":"a","usage":{"input_tokens":1},"custom":{"choices":[]},"raw":7}`, semconv.AttrOIOutputValue, `{"id":"r","choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens_details":{"cached_tokens":1}}}`},
		{semconv.EventAssistantMessage, `{"content":"[{\"reasoning\":{\"text\":\"a\"}},{\"guardContent\":{\"text\":{\"text\":\"a\"}}},{\"citations\":{\"content\":[{}]}},{\"x\":1}]"}`, semconv.AttrPrompt, `{"args":[{"messages":[{"role":"f"}],"config":{"a":1}},{"b":1}]}`},
	} {
		f.Add(seed.event, seed.body, seed.key, seed.value, true)
		f.Add(seed.event, seed.body, seed.key, seed.value, false)
	}
	f.Fuzz(func(t *testing.T, name, body, key, value string, structured bool) {
		traces := ptrace.NewTraces()
		data := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		put(data.Attributes().PutEmpty(key), value, structured)
		put(data.Attributes().PutEmpty(semconv.AttrAIResponseToolCalls), body, structured)
		put(data.Attributes().PutEmpty(semconv.AttrLFInput), body, structured)
		span := &event.Span{Data: data, Kind: semconv.KindInference}

		logs := plog.NewLogs()
		scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		var records []*event.Record
		for _, source := range event.Sources {
			for range 2 {
				log := scope.LogRecords().AppendEmpty()
				put(log.Body(), body, structured)
				put(log.Attributes().PutEmpty(key), value, structured)
				put(log.Attributes().PutEmpty("content"), value, structured)
				records = append(records, &event.Record{Log: log, Name: name, Source: source})
			}
		}
		before := marshal(t, traces, logs)
		dst := pcommon.NewMap()
		Assemble(span, records, dst)
		checkShape(t, dst)
		Assemble(nil, records, pcommon.NewMap())
		require.Equal(t, before, marshal(t, traces, logs), "what was read has changed")
	})
}

func marshal(t *testing.T, traces ptrace.Traces, logs plog.Logs) string {
	t.Helper()
	spans, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	records, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(spans) + string(records)
}
