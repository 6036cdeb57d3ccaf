package envelope_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestToolToldByAttributesOfMessages: what is a model's input and output on
// other spans is what a tool was called with and what it answered on its own.
func TestToolToldByAttributesOfMessages(t *testing.T) {
	const conversation = `[{"role":"user","content":"hi"}]`
	rome := map[string]any{"city": "Rome"}
	for _, tt := range []struct {
		name       string
		operation  string
		attributes []any
		tool       any
		kept       map[string]any
		messages   []string
	}{
		{
			name: "Gemini CLI", operation: "tool_call",
			attributes: []any{
				semconv.AttrToolCallIDOld, "c1",
				semconv.AttrInputMessages, `{"callId":"c1","name":"get","args":{"city":"Rome"},"schedulerId":"root"}`,
				semconv.AttrOutputMessages, `{"status":"success","request":{"callId":"c1","args":{"city":"Rome"}},"response":{"text":"21C"}}`,
			},
			tool: map[string]any{"name": "get", "call_id": "c1", "arguments": rome, "result": map[string]any{"text": "21C"}},
			kept: map[string]any{
				semconv.AttrInputMessages: `{"schedulerId":"root"}`, semconv.AttrOutputMessages: `{"status":"success","request":{"callId":"c1"}}`,
				semconv.AttrToolCallIDOld: "c1",
			},
		},
		{
			name: "Gemini CLI, a result", operation: "tool_call",
			attributes: []any{semconv.AttrOutputMessages, `{"result":[1]}`},
			tool:       map[string]any{"result": []any{1.0}},
		},
		{
			name:       "LangSmith",
			attributes: []any{semconv.AttrPrompt, `{"city":"Rome"}`, semconv.AttrCompletion, `{"temp":21}`},
			tool:       map[string]any{"arguments": rome, "result": map[string]any{"temp": 21.0}},
		},
		{
			name: "LangSmith, a function's arguments",
			attributes: []any{
				semconv.AttrPrompt, `{"args":[{"city":"Rome"},{"toolCallId":"c1","messages":[{"role":"user","content":"hi"}]}]}`,
				semconv.AttrCompletion, `{"outputs":"21C"}`,
			},
			tool: map[string]any{"call_id": "c1", "arguments": rome, "result": "21C"},
			kept: map[string]any{semconv.AttrPrompt: `{"messages":[{"role":"user","content":"hi"}]}`},
		},
		{
			name:       "LangSmith, an input and an output",
			attributes: []any{semconv.AttrPrompt, `{"input":"Rome"}`, semconv.AttrCompletion, `21C`},
			tool:       map[string]any{"arguments": "Rome", "result": "21C"},
		},
		{
			name:       "structure",
			attributes: []any{semconv.AttrInputMessages, map[string]any{"name": "get", "args": rome, "a": 1}},
			tool:       map[string]any{"name": "get", "arguments": rome},
			kept:       map[string]any{semconv.AttrInputMessages: map[string]any{"a": 1.0}},
		},
		{
			name:       "attributes of its own come first",
			attributes: []any{semconv.AttrToolCallArguments, "{\"a\":1}", semconv.AttrPrompt, conversation},
			tool:       map[string]any{"arguments": map[string]any{"a": 1.0}},
			messages:   []string{"input_messages"},
		},
		{
			name:       "messages are messages",
			attributes: []any{semconv.AttrPrompt, `{"messages":` + conversation + `}`, semconv.AttrCompletion, `{"role":"assistant","content":"yo"}`},
			messages:   []string{"input_messages", "output_messages"},
		},
		{
			name: "a second result stays", attributes: []any{semconv.AttrToolCallResult, "a", semconv.AttrAnthropicToolResult, `[{"type":"text","text":"a"}]`},
			tool: map[string]any{"result": "a"},
			kept: map[string]any{semconv.AttrAnthropicToolResult: `[{"type":"text","text":"a"}]`},
		},
		{
			name: "the same result does not", attributes: []any{semconv.AttrToolCallResult, "a", semconv.AttrToolOutput, "a"},
			tool: map[string]any{"result": "a"},
		},
		{
			name: "a call of a model executes no tool", operation: "chat",
			attributes: []any{"gen_ai.tool.name", "get_weather, get_time", semconv.AttrToolCallID, "c1", semconv.AttrToolCallArguments, `["{}","{}"]`, semconv.AttrPrompt, conversation},
			kept:       map[string]any{"gen_ai.tool.name": "get_weather, get_time", semconv.AttrToolCallID: "c1", semconv.AttrToolCallArguments: `["{}","{}"]`},
			messages:   []string{"input_messages"},
		},
	} {
		for _, all := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				operation := cmp.Or(tt.operation, "execute_tool")
				part := func() *envelope.Part {
					span := newSpan(spanID, "f", 0, time.Second, append([]any{semconv.AttrOperationName, operation}, tt.attributes...)...)
					return owned(newPart(nil, span), span)
				}
				options := envelope.Options{Messages: true, AllContent: all}
				call := list(bodyOf(t, options, part()), "calls")[0]
				assert.Equal(t, tt.tool, call["tool"])
				if !all || len(tt.messages) == 0 {
					kept, _ := call["attributes"].(map[string]any)
					assert.Equal(t, tt.kept, kept)
				}
				for _, key := range []string{"input_messages", "output_messages"} {
					_, told := call[key]
					assert.Equal(t, slices.Contains(tt.messages, key), told, key)
				}
				record := build(t, options, part())
				name, named := record.Attributes().Get("gen_ai.tool.name")
				tool, _ := tt.tool.(map[string]any)
				if assert.Equal(t, tool["name"] != nil, named) && named {
					assert.Equal(t, tool["name"], name.Str())
				}
			})
		}
	}
}
