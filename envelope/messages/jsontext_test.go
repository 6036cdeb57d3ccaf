package messages

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// textPart is a message of a role whose only part is a text.
func textPart(t *testing.T, role, text, more string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	return `[{"role":"` + role + `","parts":[{"type":"text","content":` + string(quoted) + `}]` + more + `}]`
}

func TestTextThatIsContent(t *testing.T) {
	for _, tt := range []struct{ name, role, text, more, want string }{
		{
			name: "parts", role: "user", text: `[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"https://e.x/i.png"}}]`, more: `,"name":""`,
			want: `[{"role":"user","parts":[{"type":"text","content":"look"},{"type":"uri","modality":"image","uri":"https://e.x/i.png"}]}]`,
		},
		{
			name: "Anthropic's parts", role: "user", text: `[{"type":"tool_use","id":"c1","name":"get","input":{"city":"Rome"}}]`,
			want: `[{"role":"assistant","parts":[` + callRome + `]}]`,
		},
		{
			name: "an image of Anthropic's", role: "user", text: `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]`,
			want: `[{"role":"user","parts":[{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]}]`,
		},
		{
			name: "messages", role: "user", text: `[{"content":"be good","role":"system"},{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]}]`,
			want: `[{"role":"system","parts":[{"type":"text","content":"be good"}]},{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[` + callRome + `]}]`,
		},
		{
			name: "items of the Responses API", role: "user",
			text: `[{"role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"reasoning","summary":[],"encrypted_content":"x"},{"type":"function_call","call_id":"c1","name":"get","arguments":"{\"city\":\"Rome\"}"},{"type":"function_call_output","call_id":"c1","output":"21C"}]`,
			want: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[{"type":"reasoning","content":"","encrypted_content":"x"},` + callRome + `]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]}]`,
		},
		{name: "numbers", role: "user", text: `[1,2]`},
		{name: "nothing", role: "user", text: `[]`},
		{name: "an object", role: "user", text: `{"role":"user","content":"hi"}`},
		{name: "a response in the input", role: "user", text: `{"object":"chat.completion","choices":[{"message":{"content":"yo"}}]}`},
		{name: "something unknown among parts", role: "user", text: `[{"type":"text","text":"a"},{"type":"cat"}]`},
		{name: "a type of the user's", role: "user", text: `[{"type":"document","title":"T","content":"x"}]`},
		{name: "a type without what it stands for", role: "user", text: `[{"type":"text","value":"x"},{"type":"tool_use"}]`},
		{name: "texts without a type", role: "user", text: `[{"text":"a"}]`},
		{name: "a role of the user's", role: "user", text: `[{"role":"admin","content":"x"}]`},
		{name: "a role alone", role: "user", text: `[{"role":"user","id":1}]`},
		{name: "broken", role: "user", text: `[{"type":"text","text":"a"}`},
		{name: "a message that says more", role: "user", text: `[{"type":"text","text":"a"}]`, more: `,"name":"n"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			input := textPart(t, tt.role, tt.text, tt.more)
			if tt.want == "" {
				tt.want = input
			}
			r := row{span: attrs{semconv.AttrInputMessages: input}, input: tt.want}
			r.check(t)
		})
	}
	const judge = `{"role":"system","parts":[{"type":"text","content":"Judge this."}]}`
	quoted := "[" + judge + "," + textPart(t, "user", `[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"}]`, "")[1:]
	quotes := row{span: attrs{semconv.AttrInputMessages: quoted}, input: quoted}
	t.Run("a conversation that a message beside others quotes", quotes.check)
	once := textPart(t, "user", `[{"type":"text","text":"hi"}]`, "")
	twice := row{
		span:  attrs{semconv.AttrInputMessages: textPart(t, "user", once, "")},
		input: textPart(t, "user", `[{"type":"text","text":"hi"}]`, ""),
	}
	t.Run("once", twice.check)
	two := row{
		span:  attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"type":"text","content":"[{\"type\":\"text\",\"text\":\"a\"}]"},{"type":"text","content":"b"}]}]`},
		input: `[{"role":"user","parts":[{"type":"text","content":"[{\"type\":\"text\",\"text\":\"a\"}]"},{"type":"text","content":"b"}]}]`,
	}
	t.Run("one of two parts", two.check)
	more := row{
		span:  attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"type":"text","content":"[{\"type\":\"text\",\"text\":\"a\"}]","cache":1}]}]`},
		input: `[{"role":"user","parts":[{"type":"text","content":"[{\"type\":\"text\",\"text\":\"a\"}]","cache":1}]}]`,
	}
	t.Run("a part that says more", more.check)
}

func TestTextThatIsAResponse(t *testing.T) {
	const (
		completion = `{"id":"x","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yo"}}]}`
		response   = `{"object":"response","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yo"}]}]}`
		finished   = `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`
	)
	for _, tt := range []struct {
		name, text, more, want string
		finish                 []string
	}{
		{name: "a completion", text: completion, want: finished, finish: []string{"stop"}},
		{name: "completions", text: "[" + completion + "]", more: `,"finish_reason":"length"`, want: finished, finish: []string{"stop"}},
		{name: "a response", text: response, more: `,"finish_reason":"stop"`, want: finished, finish: []string{"stop"}},
		{name: "responses", text: "[" + response + "]", want: assistantYo},
		{name: "parts", text: `[{"type":"text","text":"yo"}]`, more: `,"finish_reason":"stop"`, want: finished, finish: []string{"stop"}},
		{name: "items", text: `[{"role":"assistant","content":"yo"}]`, more: `,"finish_reason":"stop"`, want: finished, finish: []string{"stop"}},
		{name: "a response without an answer", text: `{"object":"response","output":[]}`},
		{name: "another object", text: `{"object":"list","choices":[{"message":{"content":"yo"}}]}`},
		{name: "a response and something else", text: "[" + completion + `,{"a":1}]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			output := textPart(t, "assistant", tt.text, tt.more)
			if tt.want == "" {
				tt.want = output
			}
			r := row{span: attrs{semconv.AttrOutputMessages: output}, output: tt.want, finish: tt.finish}
			r.check(t)
			r = row{events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrOutputMessages: output}}), output: tt.want, finish: tt.finish}
			r.check(t)
		})
	}
}
