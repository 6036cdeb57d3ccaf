package messages

import (
	"testing"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestAnswersOnce(t *testing.T) {
	runRows(t, []row{
		{
			name: "Bedrock's answers, as the tool's and in the user's message",
			events: logs(
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c1", "content": []any{attrs{"json": attrs{"temp": 21}}}}},
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c2", "content": []any{attrs{"text": "22C"}}}},
				ev{name: semconv.EventUserMessage, body: attrs{"content": []any{
					attrs{"toolResult": attrs{"toolUseId": "c1", "content": []any{attrs{"json": attrs{"temp": 21}}}, "status": "success"}},
					attrs{"toolResult": attrs{"toolUseId": "c2", "content": []any{attrs{"text": "22C"}}}},
				}}},
			),
			input: `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":[{"json":{"temp":21}}],"status":"success"}]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c2","response":[{"text":"22C"}]}]}]`,
		},
		{
			name: "Claude's answer on Bedrock, before the tool's message and with more",
			events: logs(
				ev{name: semconv.EventUserMessage, body: attrs{"content": []any{
					attrs{"type": "tool_result", "tool_use_id": "c1", "content": `{"temp":21}`}, attrs{"type": "text", "text": "so?"},
				}}},
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c1", "content": `{"temp":21}`}},
			),
			input: `[{"role":"user","parts":[{"type":"text","content":"so?"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"temp":21}}]}]`,
		},
		{
			name: "answers that differ stay",
			events: logs(
				ev{name: semconv.EventToolMessage, body: attrs{"id": "c1", "content": []any{attrs{"text": "21C"}}}},
				ev{name: semconv.EventToolMessage, body: attrs{"content": []any{attrs{"text": "21C"}}}},
				ev{name: semconv.EventUserMessage, body: attrs{"content": []any{
					attrs{"toolResult": attrs{"toolUseId": "c1", "content": []any{attrs{"text": "22C"}}}},
					attrs{"toolResult": attrs{"content": []any{attrs{"text": "21C"}}}},
				}}},
			),
			input: `[{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":[{"text":"21C"}]}]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","response":[{"text":"21C"}]}]},` +
				`{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":[{"text":"22C"}]},{"type":"tool_call_response","response":[{"text":"21C"}]}]}]`,
		},
	})
}
