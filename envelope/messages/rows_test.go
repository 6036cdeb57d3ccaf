package messages

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

type attrs = map[string]any

// ev is one event of a call; it is a log unless it is said to be a span event.
type ev struct {
	name  string
	span  bool
	attrs attrs
	body  any
}

func logs(evs ...ev) []ev { return evs }

func spanEvents(evs ...ev) []ev {
	for i := range evs {
		evs[i].span = true
	}
	return evs
}

// row is a call as some carrier brings it, and what is to become of it; fields
// that are not named are to be absent.
type row struct {
	name   string
	kind   semconv.Kind
	span   attrs
	events []ev

	system, input, output, tools string
	source                       string
	finish                       []string
	leftOver                     []string
}

func (r *row) assemble(t *testing.T) (pcommon.Map, Result) {
	t.Helper()
	var span *event.Span
	if r.span != nil {
		data := ptrace.NewSpan()
		require.NoError(t, data.Attributes().FromRaw(r.span))
		span = &event.Span{Data: data, Kind: r.kind}
		if r.kind == "" {
			span.Kind = semconv.KindInference
		}
	}
	var records []*event.Record
	for _, e := range r.events {
		log := plog.NewLogRecord()
		log.SetEventName(e.name)
		require.NoError(t, log.Attributes().FromRaw(e.attrs))
		require.NoError(t, log.Body().FromRaw(e.body))
		record := &event.Record{Log: log, Name: e.name}
		if e.span {
			record.Source = event.SourceSpanEvent
		}
		records = append(records, record)
	}
	dst := pcommon.NewMap()
	return dst, Assemble(span, records, dst)
}

func (r *row) check(t *testing.T) {
	t.Helper()
	dst, result := r.assemble(t)
	checkShape(t, dst)
	for key, want := range map[string]string{
		KeySystemInstructions: r.system, KeyInputMessages: r.input, KeyOutputMessages: r.output, KeyToolDefinitions: r.tools,
	} {
		assert.Equal(t, want, jsonAt(dst, key), key)
		if want != "" && r.source != "" {
			sources, _ := dst.Get(KeyContentSource)
			assert.Equal(t, r.source, get(sources.Map(), key).Str(), key)
		}
	}
	assert.Equal(t, r.finish, result.FinishReasons)
	assert.Equal(t, r.leftOver, result.LeftOver)
}

func jsonAt(m pcommon.Map, key string) string {
	v, ok := m.Get(key)
	if !ok {
		return ""
	}
	var b bytes.Buffer
	writeJSON(&b, v)
	return b.String()
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for i := range rows {
		t.Run(rows[i].name, rows[i].check)
	}
}

const (
	userHi      = `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`
	assistantYo = `[{"role":"assistant","parts":[{"type":"text","content":"yo"}]}]`
	callRome    = `{"type":"tool_call","id":"c1","name":"get","arguments":{"city":"Rome"}}`
	toolGet     = `[{"type":"function","name":"get","description":"Gets","parameters":{"type":"object"}}]`
)

// openAICall is a tool call as OpenAI's chat API writes it.
func openAICall() []any {
	return []any{attrs{"id": "c1", "type": "function", "function": attrs{"name": "get", "arguments": `{"city":"Rome"}`}}}
}

func TestMessageLogs(t *testing.T) {
	runRows(t, []row{
		{
			name: "system and user", source: SourceMessageLog,
			events: logs(
				ev{name: semconv.EventSystemMessage, body: attrs{"content": "be good"}},
				ev{name: semconv.EventUserMessage, body: attrs{"content": "hi"}},
			),
			system: `[{"type":"text","content":"be good"}]`, input: userHi,
		},
		{
			name: "a system message that is not first, and a developer's",
			events: logs(
				ev{name: semconv.EventSystemMessage, body: attrs{"content": "rules", "role": "developer"}},
				ev{name: semconv.EventSystemMessage, body: attrs{"content": "be good"}},
			),
			input: `[{"role":"developer","parts":[{"type":"text","content":"rules"}]},{"role":"system","parts":[{"type":"text","content":"be good"}]}]`,
		},
		{
			name: "roles in the body",
			events: logs(
				ev{name: semconv.EventUserMessage, body: attrs{"content": "hi", "role": "customer", "name": "Ann"}},
				ev{name: "gen_ai.developer.message", body: attrs{"content": "rules"}},
			),
			input: `[{"role":"customer","parts":[{"type":"text","content":"hi"}],"name":"Ann"},{"role":"developer","parts":[{"type":"text","content":"rules"}]}]`,
		},
		{
			name: "assistant with text and a tool call, and the tool's answer",
			events: logs(
				ev{name: semconv.EventAssistantMessage, body: attrs{"content": "wait", "tool_calls": openAICall()}},
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c1", "content": `{"temp":21}`}},
				ev{name: "gen_ai.tools.message", body: attrs{"id": "c2", "content": "21C"}},
			),
			input: `[{"role":"assistant","parts":[{"type":"text","content":"wait"},` + callRome + `]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"temp":21}}]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c2","response":"21C"}]}]`,
		},
		{
			name: "arguments that are no JSON",
			events: logs(ev{name: semconv.EventAssistantMessage, body: attrs{"tool_calls": []any{
				attrs{"id": "c1", "function": attrs{"name": "get", "arguments": `{"city":`}},
			}}}),
			input: `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"get","arguments":"{\"city\":"}]}]`,
		},
		{
			name: "choices in the order of their index",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "finish_reason": "length", "message": attrs{"content": "b"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "finish_reason": "tool_calls", "message": attrs{"role": "assistant", "content": "a"}, "tool_calls": openAICall()}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"},` + callRome + `],"finish_reason":"tool_call"},` +
				`{"role":"assistant","parts":[{"type":"text","content":"b"}],"finish_reason":"length"}]`,
			finish: []string{"tool_call", "length"},
		},
		{
			name: "chunks of two choices",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"content": "Hel"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "finish_reason": "", "message": attrs{"content": "Bo"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"content": "lo"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "finish_reason": "stop", "message": attrs{"content": "njour"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "finish_reason": "stop", "message": attrs{}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"stop"},` +
				`{"role":"assistant","parts":[{"type":"text","content":"Bonjour"}],"finish_reason":"stop"}]`,
			finish: []string{"stop", "stop"},
		},
		{
			name: "chunks of Gemini's content",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "content": attrs{"role": "model", "parts": []any{attrs{"text": "Hel"}}}, "finish_reason": ""}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "content": attrs{"role": "model", "parts": []any{attrs{"text": "lo"}, attrs{"functionCall": attrs{"name": "get", "args": attrs{}}}}}, "finish_reason": "STOP"}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"Hello"},{"type":"tool_call","name":"get","arguments":{}}],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name: "chunks of two tool calls",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"content": "wa", "role": "assistant"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"content": "it", "tool_calls": []any{
					attrs{"id": "c1", "function": attrs{"name": "get", "arguments": ""}},
				}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"tool_calls": []any{attrs{"function": attrs{"arguments": `{"city":`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"tool_calls": []any{attrs{"id": "c1", "function": attrs{"name": "get", "arguments": `"Rome"}`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"tool_calls": []any{attrs{"id": "c2", "function": attrs{"name": "get", "arguments": `{"a"`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"tool_calls": []any{attrs{"function": attrs{"arguments": `:1}`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "finish_reason": "tool_calls", "message": attrs{}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"wait"},` + callRome +
				`,{"type":"tool_call","id":"c2","name":"get","arguments":{"a":1}}],"finish_reason":"tool_call"}]`,
			finish: []string{"tool_call"},
		},
		{
			name: "chunks of tool calls that are told apart by their index",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"message": attrs{"tool_calls": []any{attrs{"index": 0, "function": attrs{"name": "get", "arguments": `[`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"message": attrs{"tool_calls": []any{attrs{"index": 0, "function": attrs{"arguments": `]`}}}}}},
				ev{name: semconv.EventChoice, body: attrs{"finish_reason": "stop", "message": attrs{"tool_calls": []any{attrs{"index": 1, "function": attrs{"arguments": `x`}}}}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"tool_call","name":"get","arguments":[],"index":0},{"type":"tool_call","name":"","arguments":"x","index":1}],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name: "the event's name in the body",
			events: logs(
				ev{name: semconv.EventUserMessage, body: attrs{"event.name": semconv.EventUserMessage, "content": "hi"}},
				ev{name: semconv.EventChoice, body: attrs{"event.name": semconv.EventChoice, "message": attrs{"content": "yo"}}},
			),
			input: userHi, output: assistantYo,
		},
		{
			name: "Bedrock's calls, in the content and beside it",
			events: logs(ev{name: semconv.EventAssistantMessage, body: attrs{
				"content":    []any{attrs{"text": "wait"}, attrs{"toolUse": attrs{"toolUseId": "c1", "name": "get", "input": attrs{"city": "Rome"}}}},
				"tool_calls": append(openAICall(), attrs{"id": "c2", "function": attrs{"name": "get", "arguments": attrs{"a": 1}}}),
			}}),
			input: `[{"role":"assistant","parts":[{"type":"text","content":"wait"},` + callRome + `,{"type":"tool_call","id":"c2","name":"get","arguments":{"a":1}}]}]`,
		},
		{
			name: "a choice that follows a finished one",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"finish_reason": "stop", "message": attrs{"content": "a"}}},
				ev{name: semconv.EventChoice, body: attrs{"finish_reason": "stop", "message": attrs{"content": "b"}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"stop"},{"role":"assistant","parts":[{"type":"text","content":"b"}],"finish_reason":"stop"}]`,
			finish: []string{"stop", "stop"},
		},
		{
			name: "reasons in one text",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "finish_reason": "end_turn, toolUse", "message": attrs{"content": "a"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "finish_reason": `["stop"]`, "message": attrs{"content": "b"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 2, "finish_reason": "stop, odd", "message": attrs{"content": "c"}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"end_turn, toolUse"},` +
				`{"role":"assistant","parts":[{"type":"text","content":"b"}],"finish_reason":"stop"},` +
				`{"role":"assistant","parts":[{"type":"text","content":"c"}],"finish_reason":"stop, odd"}]`,
			finish: []string{"stop", "tool_call", "stop", "stop, odd"},
		},
		{
			name: "Agent Framework's parts under the old names",
			events: logs(
				ev{name: semconv.EventUserMessage, body: attrs{"role": "user", "parts": []any{attrs{"type": "text", "content": "hi"}}}},
				ev{name: semconv.EventChoice, body: attrs{"role": "assistant", "parts": []any{attrs{"type": "text", "content": "yo"}}}},
			),
			input: userHi, output: assistantYo,
		},
		{
			name: "LiteLLM's names", source: SourceMessageLog,
			events: logs(
				ev{name: semconv.EventContentPrompt, body: attrs{"role": "user", "content": "hi"}},
				ev{name: semconv.EventContentCompletion, body: attrs{"index": 0, "finish_reason": "stop", "message": attrs{"role": "assistant", "content": "yo"}}},
			),
			input:  userHi,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name: "a body that is text",
			events: logs(
				ev{name: semconv.EventUserMessage, body: "hi"},
				ev{name: semconv.EventAssistantMessage, body: `{"content":"yo"}`},
			),
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[{"type":"text","content":"yo"}]}]`,
		},
		{
			name: "content switched off",
			events: logs(
				ev{name: semconv.EventUserMessage, body: attrs{}},
				ev{name: semconv.EventAssistantMessage, body: attrs{"tool_calls": []any{attrs{"id": "c1", "function": attrs{"name": "get"}}}}},
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c1"}},
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "finish_reason": "stop", "message": attrs{}}},
			),
			input:  `[{"role":"user","parts":[]},{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"get"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1"}]}]`,
			output: `[{"role":"assistant","parts":[],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{name: "other events carry nothing", events: logs(ev{name: "gen_ai.agent.paused", body: attrs{"content": "x"}}, ev{name: semconv.EventEvaluationResult})},
	})
}

func TestSpanEvents(t *testing.T) {
	runRows(t, []row{
		{
			name: "per-message events", source: SourceSpanEvent,
			events: spanEvents(
				ev{name: semconv.EventSystemMessage, attrs: attrs{"content": "be good"}},
				ev{name: semconv.EventUserMessage, attrs: attrs{"content": "hi", "role": "user", semconv.AttrSystem: "openai"}},
				ev{name: semconv.EventToolMessage, attrs: attrs{"content": "21C", "id": "c1"}},
				ev{name: semconv.EventChoice, attrs: attrs{"message": `{"role":"assistant","content":"yo"}`, "finish_reason": "stop", "index": 0}},
			),
			system: `[{"type":"text","content":"be good"}]`,
			input:  `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name: "JSON in gen_ai.event.content",
			events: spanEvents(
				ev{name: semconv.EventUserMessage, attrs: attrs{semconv.AttrEventContent: `{"role":"user","content":"hi"}`}},
				ev{name: semconv.EventChoice, attrs: attrs{semconv.AttrEventContent: `{"index":0,"finish_reason":"tool_calls","message":{"tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]}}`}},
			),
			input:  userHi,
			output: `[{"role":"assistant","parts":[` + callRome + `],"finish_reason":"tool_call"}]`, finish: []string{"tool_call"},
		},
		{
			name: "Strands' blocks",
			events: spanEvents(
				ev{name: semconv.EventUserMessage, attrs: attrs{"content": `[{"text":"hi"}]`}},
				ev{name: semconv.EventAssistantMessage, attrs: attrs{"content": `[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"toolUse":{"toolUseId":"c1","name":"get","input":{"city":"Rome"}}}]`}},
				ev{name: semconv.EventToolMessage, attrs: attrs{"content": `[{"toolResult":{"toolUseId":"c1","status":"success","content":[{"text":"21C"}]}}]`}},
				ev{name: semconv.EventUserMessage, attrs: attrs{"content": `[{"toolResult":{"toolUseId":"c2","content":[{"text":"22C"}]}}]`}},
				ev{name: semconv.EventChoice, attrs: attrs{"finish_reason": "toolUse", "message": `[{"type":"toolUse","name":"get","toolUseId":"c1","input":{"city":"Rome"}}]`}},
			),
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},` +
				`{"role":"assistant","parts":[{"type":"reasoning","content":"hm","signature":"s"},` + callRome + `]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":[{"text":"21C"}],"status":"success"}]},` +
				`{"role":"user","parts":[{"type":"tool_call_response","id":"c2","response":[{"text":"22C"}]}]}]`,
			output: `[{"role":"assistant","parts":[` + callRome + `],"finish_reason":"tool_call"}]`, finish: []string{"tool_call"},
		},
		{
			name: "prompt and completion as JSON", source: SourceSpanEvent,
			events: spanEvents(
				ev{name: semconv.EventContentPrompt, attrs: attrs{semconv.AttrPrompt: `[{"role":"user","content":"hi"}]`}},
				ev{name: semconv.EventContentCompletion, attrs: attrs{semconv.AttrCompletion: `[{"role":"assistant","content":"yo"}]`}},
			),
			input: userHi, output: assistantYo,
		},
		{
			name: "OpenLLMetry's marks of chunks are no choices",
			events: spanEvents(
				ev{name: semconv.EventContentCompletionChunk},
				ev{name: semconv.EventContentCompletionChunk},
			),
		},
		{
			name: "Bedrock's blocks, of which not all are known", source: SourceSpanEvent,
			events: spanEvents(
				ev{name: semconv.EventAssistantMessage, attrs: attrs{"content": `[{"reasoning":{"text":"hm","signature":"s"}},{"text":"yo"},{"cachePoint":{"type":"default"}},{"json":{"a":1}},{"toolUse":{"toolUseId":"c1","name":"get","input":{"city":"Rome"}}},{"x":1,"y":2}]`}},
				ev{name: semconv.EventUserMessage, attrs: attrs{"content": `[{"a":1},{"b":2}]`}},
				ev{name: semconv.EventUserMessage, attrs: attrs{"content": `[{"text":"yo"},7]`}},
			),
			input: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm","signature":"s"},{"type":"text","content":"yo"},{"cachePoint":{"type":"default"},"type":"cachePoint"},{"json":{"a":1},"type":"json"},` + callRome + `,{"x":1,"y":2,"type":"unknown"}]},{"role":"user","parts":[{"type":"text","content":"[{\"a\":1},{\"b\":2}]"}]},{"role":"user","parts":[{"type":"text","content":"[{\"text\":\"yo\"},7]"}]}]`,
		},
		{
			name: "Strands' details, one event per field", source: SourceSpanEvent,
			events: spanEvents(
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrSystemInstructions: `[{"type":"text","content":"be good"}]`}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: userHi}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"endTurn"}]`}},
			),
			system: `[{"type":"text","content":"be good"}]`, input: userHi,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
	})
}

func TestDetailsLogs(t *testing.T) {
	text := func(role, content string) attrs {
		return attrs{"role": role, "parts": []any{attrs{"type": "text", "content": content}}}
	}
	runRows(t, []row{
		{
			name: "structured", source: SourceDetailsLog,
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{
				semconv.AttrSystemInstructions: []any{attrs{"type": "text", "content": "be good"}},
				semconv.AttrInputMessages:      []any{text("user", "hi")},
				semconv.AttrOutputMessages:     []any{text("assistant", "yo")},
				semconv.AttrToolDefinitions:    []any{attrs{"type": "function", "name": "get", "description": "Gets", "parameters": attrs{"type": "object"}}},
			}}),
			system: `[{"type":"text","content":"be good"}]`, input: userHi, output: assistantYo, tools: toolGet,
		},
		{
			name: "the last input counts, output appends",
			events: logs(
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: []any{text("user", "old")}}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: []any{text("user", "hi")}, semconv.AttrOutputMessages: []any{
					attrs{"role": "assistant", "parts": []any{attrs{"type": "text", "content": "a"}}, "finish_reason": "stop"},
				}}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: "[]", semconv.AttrOutputMessages: []any{text("assistant", "b")}}},
			),
			input:  userHi,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"stop"},{"role":"assistant","parts":[{"type":"text","content":"b"}]}]`,
			finish: []string{"stop"},
		},
		{
			name: "output that streams",
			events: logs(
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: []any{attrs{"role": "assistant", "parts": []any{attrs{"type": "reasoning", "content": "hm"}}}}}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: []any{text("assistant", "Hel")}}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: []any{text("assistant", "lo")}}},
				ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: []any{attrs{"role": "assistant", "parts": []any{}, "finish_reason": "stop"}}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Hello"}],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name:   "messages of one event are not joined",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: []any{text("assistant", "a"), text("assistant", "b")}}}),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"}]},{"role":"assistant","parts":[{"type":"text","content":"b"}]}]`,
		},
		{
			name: "result for response, arguments as text, finish reasons of providers, more keys",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{
				semconv.AttrInputMessages: `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"get","arguments":"{\"city\":\"Rome\"}"}]},` +
					`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","result":"21C"}]},` +
					`{"role":"user","name":"Ann","mood":"good","parts":[{"type":"text","content":"hi","lang":"en"},{"type":"sticker","pack":7}]}]`,
				semconv.AttrOutputMessages: `[{"role":"assistant","parts":[],"finish_reason":"max_tokens"}]`,
			}}),
			input: `[{"role":"assistant","parts":[` + callRome + `]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]},` +
				`{"role":"user","parts":[{"type":"text","content":"hi","lang":"en"},{"type":"sticker","pack":7}],"name":"Ann","mood":"good"}]`,
			output: `[{"role":"assistant","parts":[],"finish_reason":"length"}]`, finish: []string{"length"},
		},
		{
			name: "ADK's blobs and files",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: []any{attrs{"role": "user", "parts": []any{
				attrs{"type": "blob", "mime_type": "image/png", "data": "AAAA"},
				attrs{"type": "file_data", "mime_type": "application/pdf", "uri": "gs://b/f.pdf"},
			}}}}}),
			input: `[{"role":"user","parts":[{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"},{"type":"uri","modality":"document","mime_type":"application/pdf","uri":"gs://b/f.pdf"}]}]`,
		},
		{
			name: "older messages without parts",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{
				semconv.AttrInputMessages:  []any{attrs{"role": "user", "content": "hi"}},
				semconv.AttrOutputMessages: []any{attrs{"role": "assistant", "content": nil, "tool_calls": openAICall(), "finish_reason": "tool_calls"}},
			}}),
			input: userHi, output: `[{"role":"assistant","parts":[` + callRome + `],"finish_reason":"tool_call"}]`, finish: []string{"tool_call"},
		},
		{
			name:   "broken JSON stays text",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"te`}}),
			input:  `[{"role":"user","parts":[{"type":"text","content":"[{\"role\":\"user\",\"parts\":[{\"te"}]}]`,
		},
		{
			name: "Gemini CLI's chunks with a role and a reason each",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: `[{"finish_reason":"stop","role":"system","parts":[{"type":"text","content":"y"}]},` +
				`{"finish_reason":"stop","role":"system","parts":[{"type":"text","content":"o"}]}]`}}),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
	})
}
