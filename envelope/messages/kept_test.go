package messages

import (
	"testing"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestNothingOfAMessageIsLost: what a message says beside what is known of it
// stays with it.
func TestNothingOfAMessageIsLost(t *testing.T) {
	runRows(t, []row{
		{
			name: "a tool's message with an id of its own", span: attrs{semconv.AttrInputMessages: `[{"role":"tool","tool_call_id":"c1","id":"m1","content":"21C"}]`},
			input: `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}],"id":"m1"}]`,
		},
		{
			name: "a tool's message with one id", span: attrs{semconv.AttrInputMessages: `[{"role":"tool","tool_call_id":"c1","id":"c1","content":"21C"}]`},
			input: `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]}]`,
		},
		{
			name: "a type that nobody knows", span: attrs{semconv.AttrInputMessages: `[{"role":"user","type":"note","content":"hi"}]`},
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}],"type":"note"}]`,
		},
		{
			name: "types that say that it is a message", span: attrs{semconv.AttrOutputMessages: `[{"role":"assistant","type":"AIMessageChunk","content":"yo"}]`},
			output: assistantYo,
		},
		{
			name: "instructions by the names of their text", span: attrs{semconv.AttrSystemInstructions: `[{"role":"system","text":"be nice"},{"role":"system","contents":["be good"]},{"role":"system","content":{"message":{"role":"system","content":"be kind"}}}]`},
			system: `[{"type":"text","content":"be nice"},{"type":"text","content":"be good"},{"type":"text","content":"be kind"}]`,
		},
		{
			name: "instructions without any", span: attrs{semconv.AttrSystemInstructions: `[{"role":"system","name":"n"}]`},
			leftOver: []string{semconv.AttrSystemInstructions},
		},
		{
			name: "calls by two names beside LangChain's", span: attrs{semconv.AttrOutputMessages: `[{"role":"assistant","toolCalls":[{"id":"c1","name":"get","args":{"city":"Rome"}}],"tool_calls":["more"],"additional_kwargs":{"tool_calls":[{"id":"c1"}],"a":1}}]`},
			output: `[{"role":"assistant","parts":[` + callRome + `],"tool_calls":["more"],"additional_kwargs":{"a":1}}]`,
		},
		{
			name: "a tool's function that is a text", span: attrs{semconv.AttrToolDefinitions: `[{"type":"function","name":"get","function":"f"}]`},
			tools: `[{"type":"function","name":"get","function":"f"}]`,
		},
		{
			name: "a tool's second name and schema", span: attrs{semconv.AttrToolDefinitions: `[{"name":"a","function":{"name":"get","description":["Gets"],"parameters":{"json":{"type":"object"},"b":1},"input_schema":{"c":2}}}]`},
			tools: `[{"type":"function","name":"get","parameters":{"type":"object"},"b":1,"description":["Gets"],"input_schema":{"c":2},"other":{"name":"a"}}]`,
		},
		{
			name: "a function beside Gemini's", span: attrs{semconv.AttrToolDefinitions: `[{"functionDeclarations":[{"name":"get"}],"function":{"a":1}}]`},
			tools: `[{"type":"function","name":"get","function":{"a":1}}]`,
		},
		{
			name: "what is around several functions, once", span: attrs{semconv.AttrToolDefinitions: `[{"functionDeclarations":[{"name":"a"},{"name":"b"}],"x":1}]`},
			tools: `[{"type":"function","name":"a","x":1},{"type":"function","name":"b"}]`,
		},
	})
}
