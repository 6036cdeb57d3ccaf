package messages

import (
	"testing"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestOpenInferenceCalls(t *testing.T) {
	runRows(t, []row{
		{
			name: "attributes without a value", source: SourceFlattenedAttribute,
			span: attrs{
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi",
				"llm.input_messages.0.message.tool_calls.0.tool_call.id":                 nil,
				"llm.input_messages.0.message.tool_calls.0.tool_call.function.name":      nil,
				"llm.input_messages.0.message.tool_calls.0.tool_call.function.arguments": nil,
				"llm.input_messages.0.message.contents.0.message_content.type":           "file",
				"llm.input_messages.0.message.contents.0.message_content.text":           nil,
				"llm.input_messages.0.message.contents.0.message_content.image":          nil,
				"llm.input_messages.0.message.contents.1.message_content.type":           "tool-call",
				"llm.input_messages.0.message.contents.1.tool_call.id":                   nil,
				"llm.output_messages.0.message.role":                                     nil,
			},
			input: userHi,
		},
		{
			name:  "a call that says nothing is none, one that says something is kept",
			span:  attrs{semconv.AttrInputMessages: `[{"role":"user","content":"hi","tool_calls":[{},{"tool_call":{}},{"id":null,"function":{"name":"","arguments":null}},{"type":"function","index":1},{"type":"reasoning","text":"hm"}]}]`},
			input: `[{"role":"assistant","parts":[{"type":"text","content":"hi"},{"type":"function","index":1},{"type":"reasoning","content":"hm"}]}]`,
		},
		{
			name: "calls among the contents, and once more",
			span: attrs{
				"llm.output_messages.0.message.contents.0.message_content.type":           "tool_use",
				"llm.output_messages.0.message.contents.0.message_content.cache":          true,
				"llm.output_messages.0.message.contents.0.tool_call.id":                   "c1",
				"llm.output_messages.0.message.contents.0.tool_call.function.name":        "get",
				"llm.output_messages.0.message.contents.1.message_content.type":           "text",
				"llm.output_messages.0.message.contents.1.message_content.text":           "yo",
				"llm.output_messages.0.message.contents.2.message_content.type":           "function_call",
				"llm.output_messages.0.message.contents.2.tool_call.id":                   "c2",
				"llm.output_messages.0.message.tool_calls.0.tool_call.id":                 "c1",
				"llm.output_messages.0.message.tool_calls.0.tool_call.function.name":      "get",
				"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": `{"city":"Rome"}`,
				"llm.output_messages.0.message.tool_calls.1.tool_call.id":                 "c2",
				"llm.output_messages.0.message.tool_calls.1.tool_call.function.name":      "put",
				"llm.output_messages.0.message.tool_calls.2.tool_call.id":                 "c3",
				"llm.output_messages.0.message.tool_calls.2.tool_call.function.name":      "end",
			},
			output: `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"get","cache":true,"arguments":{"city":"Rome"}},{"type":"text","content":"yo"},` +
				`{"type":"tool_call","id":"c2","name":"put"},{"type":"tool_call","id":"c3","name":"end"}]}]`,
		},
		{
			name: "an answer to a call, whoever gives it",
			span: attrs{
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.tool_call_id": "c1",
				"llm.input_messages.0.message.content":                         `[{"type":"text","text":"21C"}]`,
				"llm.input_messages.0.message.contents.0.message_content.type": "text",
				"llm.input_messages.0.message.contents.0.message_content.text": "hi",
				"llm.input_messages.1.message.role":                            "assistant", "llm.input_messages.1.message.tool_call_id": "c1",
				"llm.input_messages.1.message.content":                              "yo",
				"llm.input_messages.1.message.tool_calls.0.tool_call.id":            "c2",
				"llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "get",
			},
			input: `[{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":[{"type":"text","text":"21C"}]},{"type":"text","content":"hi"}]},` +
				`{"role":"assistant","parts":[{"type":"text","content":"yo"},{"type":"tool_call","id":"c2","name":"get"}],"tool_call_id":"c1"}]`,
		},
	})
}

func TestRepeatedFunctionCall(t *testing.T) {
	const first = `{"type":"tool_call","id":"c1","name":"get","arguments":{"city":"Rome"}}`
	calls := attrs{
		"gen_ai.completion.0.tool_calls.0.id": "c1", "gen_ai.completion.0.tool_calls.0.name": "get",
		"gen_ai.completion.0.tool_calls.0.arguments": `{"city":"Rome"}`,
	}
	with := func(more attrs) attrs {
		for key, v := range calls {
			more[key] = v
		}
		return more
	}
	runRows(t, []row{
		{
			name:   "the same",
			span:   with(attrs{"gen_ai.completion.0.function_call.name": "get", "gen_ai.completion.0.function_call.arguments": `{"city": "Rome"}`}),
			output: `[{"role":"assistant","parts":[` + first + `]}]`,
		},
		{
			name:   "another",
			span:   with(attrs{"gen_ai.completion.0.function_call.name": "get", "gen_ai.completion.0.function_call.arguments": `{"city":"Oslo"}`}),
			output: `[{"role":"assistant","parts":[` + first + `,{"type":"tool_call","name":"get","arguments":{"city":"Oslo"}}]}]`,
		},
		{
			name:   "more about it",
			span:   with(attrs{"gen_ai.completion.0.function_call.name": "get", "gen_ai.completion.0.function_call.arguments": `{"city":"Rome"}`, "gen_ai.completion.0.function_call.x": 1}),
			output: `[{"role":"assistant","parts":[` + first + `,{"type":"tool_call","name":"get","arguments":{"city":"Rome"},"x":1}]}]`,
		},
		{
			name: "OpenInference's",
			span: attrs{
				"llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get", "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": `{"a":1}`,
				"llm.output_messages.0.message.function_call_name": "get", "llm.output_messages.0.message.function_call_arguments_json": `{"a":1}`,
			},
			output: `[{"role":"assistant","parts":[{"type":"tool_call","name":"get","arguments":{"a":1}}]}]`,
		},
	})
}

func TestRolesAndOwnContent(t *testing.T) {
	runRows(t, []row{
		{
			name: "Cohere",
			span: attrs{
				"gen_ai.prompt.0.role": "SYSTEM", "gen_ai.prompt.0.content": "be good",
				"gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.user": "hi",
				"gen_ai.prompt.2.role": "CHATBOT", "gen_ai.prompt.2.chatbot": "yo", "gen_ai.prompt.2.user": "kept",
				"gen_ai.prompt.3.role": "TOOL", "gen_ai.prompt.3.tool_call_id": "c1", "gen_ai.prompt.3.content": "21C",
				"gen_ai.prompt.4.role": "Developer", "gen_ai.prompt.4.content": "hm", "gen_ai.prompt.4.Developer": "kept",
			},
			input: `[{"role":"system","parts":[{"type":"text","content":"be good"}]},{"role":"user","parts":[{"type":"text","content":"hi"}]},` +
				`{"role":"assistant","parts":[{"type":"text","content":"yo"}],"user":"kept"},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]},` +
				`{"role":"Developer","parts":[{"type":"text","content":"hm"}],"Developer":"kept"}]`,
		},
		{
			name: "what only a model says",
			span: attrs{semconv.AttrInputMessages: `[{"role":"system","parts":[` + callRome + `]},{"role":"user","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yo"}]},{"role":"critic","parts":[` + callRome + `]},` +
				`{"role":"user","parts":[` + callRome + `,{"type":"tool_call_response","id":"c1","response":1}]},{"role":"system","parts":[{"type":"text","content":"be good"}]}]`},
			input: `[{"role":"assistant","parts":[` + callRome + `]},{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yo"}]},{"role":"critic","parts":[` + callRome + `]},` +
				`{"role":"user","parts":[` + callRome + `,{"type":"tool_call_response","id":"c1","response":1}]},{"role":"system","parts":[{"type":"text","content":"be good"}]}]`,
		},
	})
}

func TestVercelBeforeOpenInference(t *testing.T) {
	runRows(t, []row{
		{
			name: "what is derived from Vercel's attributes says less", source: SourceFlattenedAttribute,
			span: attrs{
				semconv.AttrAIPromptMessages:        `[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image","image":"AAAA","mediaType":"image/png"}]}]`,
				semconv.AttrAIPromptTools:           []any{`{"type":"function","name":"get","description":"Gets","inputSchema":{"type":"object"}}`},
				semconv.AttrAIResponseText:          "yo",
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.contents.0.message_content.text": "hi",
				"llm.output_messages.0.message.content": "less", "llm.tools.0.tool.json_schema": `{"name":"less"}`,
			},
			input:  `[{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]}]`,
			output: assistantYo, tools: toolGet,
		},
		{
			name: "OpenLLMetry's families keep their place",
			span: attrs{"gen_ai.prompt.0.content": "hi", semconv.AttrAIPromptMessages: `[{"role":"user","content":"less"}]`}, input: userHi,
		},
		{
			name:   "JSON text in JSON text",
			span:   attrs{semconv.AttrAIResponseToolCalls: `[{"toolCallId":"c1","toolName":"get","args":"\"{\\\"city\\\":\\\"Rome\\\"}\""},{"toolCallId":"c2","toolName":"get","args":"\"Rome\""}]`},
			output: `[{"role":"assistant","parts":[` + callRome + `,{"type":"tool_call","id":"c2","name":"get","arguments":"\"Rome\""}]}]`,
		},
	})
}
