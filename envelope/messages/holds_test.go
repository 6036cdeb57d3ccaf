package messages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestHolds: an attribute is held when the messages show all that it says.
func TestHolds(t *testing.T) {
	const (
		tools   = `"tools":[{"type":"function","function":{"name":"get"}}]`
		request = `{"messages":[{"role":"user","content":"hi"}],` + tools + `}`
		broken  = `[{"role":`
	)
	better := logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: userHi}})
	for _, tt := range []struct {
		name       string
		row        row
		held, kept []string
	}{
		{name: "all of a request", row: row{span: attrs{semconv.AttrLFInput: request}}, held: []string{semconv.AttrLFInput}},
		{name: "messages that lost, tools that won", row: row{span: attrs{semconv.AttrLFInput: request}, events: better}, kept: []string{semconv.AttrLFInput}},
		{
			name: "messages that won, tools that lost",
			row:  row{span: attrs{semconv.AttrLFInput: request, semconv.AttrToolDefinitions: toolGet}},
			held: []string{semconv.AttrToolDefinitions}, kept: []string{semconv.AttrLFInput},
		},
		{
			name: "messages without content that lost, instructions that won",
			row:  row{span: attrs{semconv.AttrLFInput: `{"messages":{"role":"user","name":"n"},"system":"be good"}`, semconv.AttrInputMessages: userHi}},
			held: []string{semconv.AttrInputMessages}, kept: []string{semconv.AttrLFInput},
		},
		{name: "nothing that won", row: row{span: attrs{semconv.AttrPrompt: userHi}, events: better}, kept: []string{semconv.AttrPrompt}},
		{
			name: "text that gave way",
			row:  row{span: attrs{semconv.AttrInputMessages: broken, semconv.AttrPrompt: userHi}},
			held: []string{semconv.AttrPrompt}, kept: []string{semconv.AttrInputMessages},
		},
		{
			name: "settings of a request", row: row{span: attrs{semconv.AttrADKRequest: `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"config":{"temperature":0.5}}`}},
			kept: []string{semconv.AttrADKRequest},
		},
		{
			name: "what else a response says",
			row:  row{span: attrs{semconv.AttrLFOutput: `{"id":"1","choices":[{"message":{"content":"yo"}}]}`, semconv.AttrLFInput: request}},
			held: []string{semconv.AttrLFInput}, kept: []string{semconv.AttrLFOutput},
		},
		{
			name: "the provider's own answer", row: row{span: attrs{semconv.AttrGenkitOutput: `{"message":{"role":"model","content":[{"text":"yo"}]},"raw":{"a":1}}`}},
			kept: []string{semconv.AttrGenkitOutput},
		},
		{
			name: "what a message of instructions says", row: row{span: attrs{semconv.AttrSystemInstructions: `[{"role":"system","content":"be good","cache":"no"}]`}},
			kept: []string{semconv.AttrSystemInstructions},
		},
		{
			name: "Gemini's tools", row: row{span: attrs{semconv.AttrToolDefinitions: `[{"functionDeclarations":["get"],"a":1}]`}},
			kept: []string{semconv.AttrToolDefinitions},
		},
		{
			name: "families", row: row{span: attrs{"gen_ai.prompt.0.content": "hi", "llm.choices.0.completion.text": "yo", "llm.choices.0.completion.tokens": "2", "llm.tools.0.tool.json_schema": `{"name":"get"}`}},
			held: []string{"gen_ai.prompt.0.content", "llm.tools.0.tool.json_schema"}, kept: []string{"llm.choices.0.completion.text", "llm.choices.0.completion.tokens"},
		},
		{
			name: "Sentry's answer", row: row{span: attrs{semconv.AttrSentryResponseText: "yo", semconv.AttrSentryToolCalls: `[{"id":"c1","name":"get"}]`}},
			held: []string{semconv.AttrSentryResponseText, semconv.AttrSentryToolCalls},
		},
		{
			name: "Sentry's answer that says more, and what is embedded",
			row:  row{span: attrs{semconv.AttrSentryToolCalls: `[{"type":"message","id":"m1","content":"yo"}]`, semconv.AttrSentryEmbeddingInput: "hi"}},
			kept: []string{semconv.AttrSentryToolCalls, semconv.AttrSentryEmbeddingInput},
		},
		{
			name: "instructions that say something else", row: row{span: attrs{semconv.AttrSystemInstructions: `[{"role":"system","content":{"message":{"role":"system","content":"be good"},"more":"no"}}]`}},
			kept: []string{semconv.AttrSystemInstructions},
		},
		{
			name: "instructions that say nothing", row: row{span: attrs{semconv.AttrADKRequest: `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"config":{"system_instruction":[{"role":"system","name":"n"}]}}`}},
			kept: []string{semconv.AttrADKRequest},
		},
		{
			name: "a reason that is no text", row: row{span: attrs{semconv.AttrADKResponse: `{"output":"yo","finish_reason":{"why":"no"}}`}},
			kept: []string{semconv.AttrADKResponse},
		},
		{
			name: "a second reason", row: row{span: attrs{semconv.AttrADKResponse: `{"output":[{"role":"model","finish_reason":"stop","content":"yo"}],"finishReason":"length"}`}},
			kept: []string{semconv.AttrADKResponse},
		},
		{
			name: "one of two answers", row: row{span: attrs{semconv.AttrAIResponseText: "yo", semconv.AttrAIResponseObject: `{"a":1}`}},
			held: []string{semconv.AttrAIResponseText}, kept: []string{semconv.AttrAIResponseObject},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, result := tt.row.assemble(t)
			for _, key := range tt.held {
				assert.True(t, result.Holds(key), key)
			}
			for _, key := range tt.kept {
				assert.False(t, result.Holds(key), key)
			}
		})
	}
}
