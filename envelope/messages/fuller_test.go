package messages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestWholeRequestForLackingMessages(t *testing.T) {
	const (
		image  = `{"system":"be good","messages":[{"role":"user","content":[{"type":"text","text":"look"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}`
		looked = `[{"role":"user","parts":[{"type":"text","content":"look"},{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]}]`
		good   = `[{"type":"text","content":"be good"}]`
	)
	content := func(k, name string) string {
		return "llm.input_messages.0.message.contents." + k + ".message_content." + name
	}
	look := func(value string, more attrs) attrs {
		span := attrs{"llm.input_messages.0.message.role": "user", content("0", "type"): "text", content("0", "text"): "look", semconv.AttrOIInputValue: value}
		for key, v := range more {
			span[key] = v
		}
		return span
	}
	lookOnly := `[{"role":"user","parts":[{"type":"text","content":"look"}]}]`
	runRows(t, []row{
		{
			name: "an image without data", source: SourceFlattenedAttribute,
			span:   look(image, attrs{content("1", "type"): "image", content("1", "image.media_type"): "image/png"}),
			system: good, input: looked,
		},
		{name: "an image of which only the type is left", span: look(image, attrs{content("1", "type"): "image"}), system: good, input: looked},
		{name: "messages that lack nothing", span: look(image, nil), input: lookOnly},
		{name: "a request that is none", span: look(`{"question":"look"}`, attrs{content("1", "type"): "image"}), input: lookOnly},
		{name: "text", span: look("look", attrs{content("1", "type"): "image"}), input: lookOnly},
		{name: "a request that was cut", span: look(`{"messages":[{"role":"user"`, attrs{content("1", "type"): "image"}), input: lookOnly},
		{
			name: "a request with something unknown",
			span: look(`{"messages":[{"role":"user","content":[{"type":"text","text":"look"},{"x":1,"y":2}]}]}`, attrs{content("1", "type"): "image"}), input: lookOnly,
		},
		{name: "a request that lacks something itself", span: look(`{"messages":[{"role":"user","content":[]}]}`, attrs{content("1", "type"): "image"}), input: lookOnly},
		{
			name:  "less of a conversation",
			span:  look(`{"messages":[{"role":"user","content":"look"}]}`, attrs{"llm.input_messages.1.message.role": "assistant"}),
			input: `[{"role":"user","parts":[{"type":"text","content":"look"}]},{"role":"assistant","parts":[]}]`,
		},
		{
			name: "LangChain's messages and generations",
			span: attrs{
				"llm.input_messages.0.message.role": "system", "llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": "hi",
				"llm.output_messages.0.message.role": "assistant",
				semconv.AttrOIInputValue:             `{"messages":[[` + lc("SystemMessage", `{"content":[{"type":"text","text":"be good"}]}`) + `,` + lc("HumanMessage", `{"content":"hi"}`) + `]]}`,
				semconv.AttrOIOutputValue:            `{"generations":[[{"text":"yo","message":` + lc("AIMessage", `{"content":"yo"}`) + `}]]}`, semconv.AttrOIFinishReason: "end_turn",
			},
			input:  `[{"role":"system","parts":[{"type":"text","content":"be good"}]},{"role":"user","parts":[{"type":"text","content":"hi"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name: "Bedrock's answer of a tool",
			span: attrs{
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.tool_call_id": "c1",
				semconv.AttrOIInputValue: `{"modelId":"m","messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"c1","content":[{"json":{"t":1}}]}}]}]}`,
			},
			input: `[{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":[{"json":{"t":1}}]}]}]`,
		},
		{
			name: "an answer of two",
			span: attrs{
				"llm.input_messages.0.message.tool_calls.0.tool_call.id": "c1", "llm.input_messages.0.message.tool_calls.0.tool_call.function.name": "get",
				"llm.input_messages.0.message.tool_calls.1.tool_call.id": "c2", "llm.input_messages.0.message.tool_calls.1.tool_call.function.name": "get",
				"llm.input_messages.1.message.tool_call_id": "c2", "llm.input_messages.1.message.content": "9C",
				semconv.AttrOIInputValue: `{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"get"},{"type":"tool_use","id":"c2","name":"get"}]},` +
					`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"21C"},{"type":"tool_result","tool_use_id":"c2","content":"9C"}]}]}`,
			},
			input: `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"get"},{"type":"tool_call","id":"c2","name":"get"}]},` +
				`{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":"21C"},{"type":"tool_call_response","id":"c2","response":"9C"}]}]`,
		},
		{
			name:  "a tool that says nothing",
			span:  attrs{"llm.input_messages.0.message.role": "tool", "llm.input_messages.0.message.name": "get", semconv.AttrOIInputValue: `[{"role":"tool","tool_call_id":"c1","content":"21C"}]`},
			input: `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]}]`,
		},
		{
			name:  "better carriers are not replaced",
			span:  attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[]},{"role":"user","parts":[{"type":"text","content":"hi"}]}]`, semconv.AttrOIInputValue: `[{"role":"user","content":"a"},{"role":"user","content":"hi"}]`},
			input: `[{"role":"user","parts":[]},{"role":"user","parts":[{"type":"text","content":"hi"}]}]`,
			// But what they lack stays where it is.
			leftOver: []string{semconv.AttrOIInputValue},
		},
	})
	replaced := row{span: look(image, attrs{content("1", "type"): "image"})}
	_, result := replaced.assemble(t)
	assert.True(t, result.Holds(semconv.AttrOIInputValue))
	assert.False(t, result.Holds(content("0", "text")), "what was replaced is not shown")
}
