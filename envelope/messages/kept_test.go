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
	})
}
