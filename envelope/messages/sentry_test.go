package messages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestSentry(t *testing.T) {
	call := func(calls string) attrs {
		return attrs{semconv.AttrSentryResponseText: `[""]`, semconv.AttrSentryToolCalls: calls}
	}
	answer := `[{"role":"assistant","parts":[` + callRome + `]}]`
	runRows(t, []row{
		{
			name: "OpenAI's chat", source: SourceFlattenedAttribute,
			span: attrs{
				semconv.AttrSentryMessages: `[{"role":"user","content":"hi"}]`, semconv.AttrSentryResponseText: `["yo"]`,
				semconv.AttrSentryTools: `[{"type":"function","function":{"name":"get","description":"Gets","parameters":{"type":"object"}}}]`,
			},
			input: userHi, output: assistantYo, tools: toolGet,
		},
		{name: "text", span: attrs{semconv.AttrSentryResponseText: "yo"}, output: assistantYo},
		{name: "text that is a list", span: attrs{semconv.AttrSentryResponseText: "[1]"}, output: `[{"role":"assistant","parts":[{"type":"text","content":"[1]"}]}]`},
		{
			name:   "several choices",
			span:   attrs{semconv.AttrSentryResponseText: `["yo","ya"]`, semconv.AttrSentryToolCalls: "[]"},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}]},{"role":"assistant","parts":[{"type":"text","content":"ya"}]}]`,
		},
		{name: "OpenAI's calls", span: call(`[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]`), output: answer},
		{name: "Anthropic's calls", span: call(`[{"type":"tool_use","id":"c1","name":"get","input":{"city":"Rome"}}]`), output: answer},
		{name: "Gemini's calls", span: call(`[{"id":"c1","name":"get","args":{"city":"Rome"}}]`), output: answer},
		{name: "one call", span: call(`{"id":"c1","name":"get","args":{"city":"Rome"}}`), output: answer},
		{name: "calls that were cut", span: call(`[{"id":"c1"`), output: `[{"role":"assistant","parts":[{"type":"text","content":"[{\"id\":\"c1\""}]}]`},
		{
			name: "items of the Responses API without the message",
			span: attrs{
				semconv.AttrSentryResponseText: "yo",
				semconv.AttrSentryToolCalls:    `[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"function_call","id":"fc_1","call_id":"c1","name":"get","arguments":"{\"city\":\"Rome\"}"}]`,
			},
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yo"},` + callRome + `]}]`,
		},
		{
			name: "items of the Responses API with the text in messages",
			span: attrs{
				semconv.AttrSentryResponseText: "yoya",
				semconv.AttrSentryToolCalls: `[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yo"}]},{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},` +
					`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ya"}]}]`,
			},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"},{"type":"reasoning","content":"hm"},{"type":"text","content":"ya"}]}]`,
		},
		{
			name:   "a message that says something else",
			span:   attrs{semconv.AttrSentryResponseText: "yo", semconv.AttrSentryToolCalls: `[{"type":"message","content":"ya"}]`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"},{"type":"text","content":"ya"}]}]`,
		},
		{name: "current names go before", span: attrs{semconv.AttrOutputMessages: assistantYo, semconv.AttrSentryResponseText: "ya"}, output: assistantYo},
		{name: "what is embedded is no message", kind: semconv.KindEmbeddings, span: attrs{semconv.AttrSentryEmbeddingInput: "hi", semconv.AttrSentryEmbeddingInputs: "hi"}},
	})
	for _, key := range []string{
		semconv.AttrSentryMessages, semconv.AttrSentryTools, semconv.AttrSentryResponseText, semconv.AttrSentryToolCalls,
		semconv.AttrSentryEmbeddingInput, semconv.AttrSentryEmbeddingInputs,
	} {
		assert.True(t, semconv.IsContentAttribute(key), key)
	}
}
