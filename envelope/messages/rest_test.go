package messages

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func manyEntries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()
}

// TestRest: what an attribute says beyond what is shown is told apart from it,
// and what a response says about the call is read.
func TestRest(t *testing.T) {
	const (
		choice   = `{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yo"}}`
		usage    = `"usage":{"prompt_tokens":7,"completion_tokens":3}`
		flatUser = "llm.input_messages.0.message.content"
		flatSays = "llm.output_messages.0.message.content"
	)
	count := func(n int64) semconv.TokenCount { return semconv.TokenCount{N: n, Known: true} }
	counted := semconv.Usage{InputTokens: count(7), OutputTokens: count(3)}
	for _, tt := range []struct {
		name string
		row  row
		// rest is by attribute.
		rest map[string]string
		told *semconv.CallFacts
	}{
		{
			name: "ADK", row: row{span: attrs{
				semconv.AttrADKRequest:  `{"model":"m","contents":[{"role":"user","parts":[{"text":"hi"}]}],"config":{"temperature":0.5,"system_instruction":"be good"}}`,
				semconv.AttrADKResponse: `{"content":{"role":"model","parts":[{"text":"yo"}]},"modelVersion":"m-1","responseId":"r","finishReason":"STOP","usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3}}`,
			}, input: userHi, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, system: `[{"type":"text","content":"be good"}]`, finish: []string{"stop"}},
			rest: map[string]string{
				semconv.AttrADKRequest:  `{"model":"m","config":{"temperature":0.5}}`,
				semconv.AttrADKResponse: `{"modelVersion":"m-1","responseId":"r","usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3}}`,
			},
			told: &semconv.CallFacts{ResponseID: "r", ResponseModel: "m-1", FinishReasons: []string{"stop"}, Usage: counted},
		},
		{
			name: "Genkit, with the provider's own answer", row: row{span: attrs{
				semconv.AttrGenkitInput:  `{"messages":[{"role":"user","content":[{"text":"hi"}]}],"config":{"temperature":0.5},"tools":[]}`,
				semconv.AttrGenkitOutput: `{"message":{"role":"model","content":[{"text":"yo"}]},"latencyMs":4,"request":{"messages":[]},"custom":{"responseId":"r","candidates":[{"content":{}}]},"raw":{"id":"r2","a":1,"choices":[{}]}}`,
			}, input: userHi, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"latencyMs":4}]`},
			rest: map[string]string{semconv.AttrGenkitInput: `{"config":{"temperature":0.5}}`, semconv.AttrGenkitOutput: `{"custom":{"responseId":"r"},"raw":{"id":"r2","a":1}}`},
			told: &semconv.CallFacts{ResponseID: "r"},
		},
		{
			name: "Genkit, the request in the response alone", row: row{span: attrs{
				semconv.AttrGenkitOutput: `{"message":{"role":"model","content":[{"text":"yo"}]},"request":{"messages":[{"role":"user","content":[{"text":"hi"}]}],"config":{"temperature":0.25}}}`,
			}, output: assistantYo},
			rest: map[string]string{semconv.AttrGenkitOutput: `{"request":{"messages":[{"role":"user","content":[{"text":"hi"}]}],"config":{"temperature":0.25}}}`},
		},
		{
			name: "Anthropic's response, which is a message", row: row{span: attrs{
				semconv.AttrLFOutput: `{"id":"r","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"yo"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}}`,
			}, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"}},
			rest: map[string]string{semconv.AttrLFOutput: `{"id":"r","model":"m","stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":3}}`},
			told: &semconv.CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"stop"}, Usage: counted},
		},
		{
			name: "an SDK's response, which is a message", row: row{span: attrs{
				semconv.AttrCompletion: `{"content":[{"type":"text","text":"yo"}],"finishReason":"stop","usage":{"inputTokens":7,"outputTokens":3},"providerMetadata":{"a":1},"warnings":[],"role":"assistant","usage_metadata":{"input_tokens":7}}`,
			}, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"}},
			rest: map[string]string{semconv.AttrCompletion: `{"usage":{"inputTokens":7,"outputTokens":3},"providerMetadata":{"a":1},"usage_metadata":{"input_tokens":7}}`},
			told: &semconv.CallFacts{FinishReasons: []string{"stop"}, Usage: counted},
		},
		{
			name: "a message has an id of its own", row: row{span: attrs{
				semconv.AttrOutputMessages: `[{"id":"msg_1","role":"assistant","content":"yo"}]`,
			}, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"id":"msg_1"}]`},
		},
		{
			name: "a function's arguments", row: row{span: attrs{
				semconv.AttrPrompt: `{"args":[{"model":"m","messages":[{"role":"user","content":"hi"}]},{}]}`,
			}, input: userHi},
			rest: map[string]string{semconv.AttrPrompt: `{"model":"m"}`},
		},
		{
			name: "OpenInference: all that the better carrier lacks", row: row{span: attrs{
				flatUser: "hi", flatSays: "yo",
				semconv.AttrOIInputValue:  `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"https://e.x/i.png"}}]}]}`,
				semconv.AttrOIOutputValue: `{"id":"r","model":"m-1","choices":[` + choice + `,` + choice + `],` + usage + `,"service_tier":"default"}`,
			}, input: userHi, output: assistantYo},
			rest: map[string]string{
				semconv.AttrOIInputValue:  `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"https://e.x/i.png"}}]}]}`,
				semconv.AttrOIOutputValue: `{"id":"r","model":"m-1","choices":[` + choice + `,` + choice + `],` + usage + `,"service_tier":"default"}`,
			},
			told: &semconv.CallFacts{ResponseID: "r", ResponseModel: "m-1", FinishReasons: []string{"stop", "stop"}, Usage: counted},
		},
		{
			name: "OpenInference: what is shown is not repeated", row: row{span: attrs{
				flatUser: "hi", flatSays: "yo",
				semconv.AttrOIInputValue:  `{"model":"m","system":"be good","messages":[{"role":"user","content":"hi"}]}`,
				semconv.AttrOIOutputValue: `{"id":"r","choices":[` + choice + `]}`,
			}, input: userHi, output: assistantYo},
			rest: map[string]string{semconv.AttrOIInputValue: `{"model":"m","system":"be good"}`, semconv.AttrOIOutputValue: `{"id":"r"}`},
			told: &semconv.CallFacts{ResponseID: "r", FinishReasons: []string{"stop"}},
		},
		{
			name: "OpenInference: a list of one response", row: row{span: attrs{
				flatUser: "hi", flatSays: "yo",
				semconv.AttrOIOutputValue: `[{"id":"r","object":"chat.completion","choices":[` + choice + `]}]`,
			}, input: userHi, output: assistantYo},
			rest: map[string]string{semconv.AttrOIOutputValue: `{"id":"r","object":"chat.completion"}`},
			told: &semconv.CallFacts{ResponseID: "r", FinishReasons: []string{"stop"}},
		},
		{
			name: "OpenInference: lists of messages", row: row{span: attrs{
				flatUser: "hi", flatSays: "yo",
				semconv.AttrOIInputValue:  `[{"role":"user","content":"hi"}]`,
				semconv.AttrOIOutputValue: `[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"role":"assistant","content":"yo"}]`,
			}, input: userHi, output: assistantYo, leftOver: []string{semconv.AttrOIOutputValue}},
		},
		{
			name: "an object of so many entries stays whole", row: row{span: attrs{
				semconv.AttrLFOutput: `{"choices":[` + choice + `]` + manyEntries(300) + `}`,
			}, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"}, leftOver: []string{semconv.AttrLFOutput}},
			told: &semconv.CallFacts{FinishReasons: []string{"stop"}},
		},
		{
			name: "what is no call of a model tells nothing of one", row: row{kind: semconv.KindAgent, span: attrs{
				semconv.AttrLFOutput: `{"id":"r","model":"m","choices":[` + choice + `]}`,
			}, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"}},
			rest: map[string]string{semconv.AttrLFOutput: `{"id":"r","model":"m"}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.row.check(t)
			_, result := tt.row.assemble(t)
			assert.Equal(t, tt.told, result.Told)
			require.Len(t, result.Rest, len(tt.rest))
			for key, want := range tt.rest {
				rest, ok := result.RestOf(key)
				require.True(t, ok, key)
				got, err := json.Marshal(rest.AsRaw())
				require.NoError(t, err)
				assert.JSONEq(t, want, string(got), key)
				assert.False(t, result.Holds(key), key)
			}
		})
	}
}
