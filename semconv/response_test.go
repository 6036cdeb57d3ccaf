package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func parsedMap(t *testing.T, text string) pcommon.Map {
	t.Helper()
	v := pcommon.NewValueEmpty()
	require.True(t, ParseJSON(text, v), text)
	return v.Map()
}

func TestReadResponse(t *testing.T) {
	for _, tt := range []struct {
		name, object string
		want         CallFacts
		// rest is what the facts do not say.
		rest string
	}{
		{
			"OpenAI's completions", `{"id":"r","object":"chat.completion","model":"m","choices":[{"finish_reason":"stop"},{"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":5}},"service_tier":"default"}`,
			CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"stop", "tool_call"}, Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)}},
			`{"object":"chat.completion","choices":[{"finish_reason":"stop"},{"finish_reason":"tool_calls"}],"service_tier":"default"}`,
		},
		{
			"OpenAI's responses", `{"id":"r","object":"response","model":"m","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[],"usage":{"input_tokens":1,"output_tokens":2,"input_tokens_details":{"cached_tokens":3}}}`,
			CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"length"}, Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3)}},
			`{"object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}`,
		},
		{"a complete response", `{"object":"response","status":"completed"}`, CallFacts{FinishReasons: []string{"stop"}}, `{"object":"response","status":"completed"}`},
		{"a failed response", `{"object":"response","status":"failed"}`, CallFacts{FinishReasons: []string{"error"}}, `{"object":"response","status":"failed"}`},
		{"an open response", `{"object":"response","status":"in_progress","incomplete_details":null}`, CallFacts{}, `{"object":"response","status":"in_progress"}`},
		{
			"Anthropic", `{"id":"r","type":"message","role":"assistant","content":[],"model":"m","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":4,"service_tier":"standard"}}`,
			CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"stop"}, Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), CacheWriteInputTokens: tokens(4)}},
			`{"type":"message","role":"assistant","usage":{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":4,"service_tier":"standard"}}`,
		},
		{
			"Gemini", `{"content":{"role":"model"},"modelVersion":"m","responseId":"r","finishReason":"MAX_TOKENS","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"cachedContentTokenCount":3,"thoughtsTokenCount":5,"totalTokenCount":8}}`,
			CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"length"}, Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)}},
			`{"content":{"role":"model"}}`,
		},
		{
			"Genkit", `{"message":{"role":"model"},"finishReason":"stop","usage":{"inputTokens":1},"custom":{"modelVersion":"m","responseId":"r","candidates":[]},"raw":{"usage":{"completion_tokens":2},"object":"chat.completion","a":1}}`,
			CallFacts{ResponseID: "r", ResponseModel: "m", FinishReasons: []string{"stop"}, Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2)}},
			`{"message":{"role":"model"},"raw":{"object":"chat.completion","a":1}}`,
		},
		{
			"LangChain", `{"generations":[[{"text":"a"}]],"llmOutput":{"tokenUsage":{"promptTokens":1,"completionTokens":2,"totalTokens":3},"model_name":"m"}}`,
			CallFacts{ResponseModel: "m", Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2)}},
			`{"generations":[[{"text":"a"}]]}`,
		},
		{"counts that differ", `{"role":"assistant","content":"a","usage":{"output_tokens":2,"total_tokens":9}}`, CallFacts{Usage: Usage{OutputTokens: tokens(2)}}, `{"role":"assistant","content":"a","usage":{"output_tokens":2,"total_tokens":9}}`},
		{"a message", `{"id":"msg_1","type":"message","role":"assistant","content":"a","status":"completed"}`, CallFacts{}, `{"id":"msg_1","type":"message","role":"assistant","content":"a","status":"completed"}`},
		{"a request", `{"model":"m","messages":[],"id":"1"}`, CallFacts{}, `{"model":"m","id":"1"}`},
		{"odd types", `{"id":1,"model":[1],"choices":{"a":1},"content":"a","usage":"many","stop_reason":4,"status":5}`, CallFacts{}, `{"id":1,"model":[1],"choices":{"a":1},"content":"a","usage":"many","stop_reason":4,"status":5}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var facts CallFacts
			m := parsedMap(t, tt.object)
			ReadResponse(m, &facts)
			assert.Equal(t, tt.want, facts)
			facts.Prune(m)
			assert.Equal(t, parsedMap(t, tt.rest).AsRaw(), m.AsRaw())
		})
	}
	known := CallFacts{ResponseID: "first", FinishReasons: []string{"length"}}
	m := parsedMap(t, `{"id":"r","choices":[{"finish_reason":"stop"}]}`)
	assert.True(t, ReadResponse(m, &known))
	assert.Equal(t, CallFacts{ResponseID: "first", FinishReasons: []string{"length"}}, known)
	known.Prune(m)
	assert.Equal(t, 2, m.Len())
}
