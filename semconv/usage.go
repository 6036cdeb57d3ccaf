package semconv

import "go.opentelemetry.io/collector/pdata/pcommon"

// readUsage reads token counts in one object, a map or JSON text for one, as
// providers, frameworks and Langfuse spell them; values are taken as they are
// stated. Keys other than these are counts of other units.
func readUsage(v pcommon.Value, u *Usage) {
	counts, ok := objectOf(v)
	if !ok {
		return
	}
	for key, count := range counts.All() {
		switch key {
		case "input", "input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "promptTokenCount", "prompt_token_count":
			fillTokens(&u.InputTokens, count)
		case "output", "output_tokens", "completion_tokens", "outputTokens", "completionTokens", "candidatesTokenCount", "candidates_token_count":
			fillTokens(&u.OutputTokens, count)
		case "input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cacheReadInputTokens", "cachedInputTokens", "cached_input_tokens",
			"cachedContentTokens", "cachedContentTokenCount", "cached_content_token_count",
			"prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens":
			fillTokens(&u.CacheReadInputTokens, count)
		case "cache_creation_input_tokens", "input_cache_creation", "input_cache_write_tokens", "cacheWriteInputTokens":
			fillTokens(&u.CacheWriteInputTokens, count)
		case "output_reasoning_tokens", "output_reasoning", "reasoningTokens", "reasoning_tokens",
			"thoughtsTokens", "thoughtsTokenCount", "thoughts_token_count",
			"completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens":
			fillTokens(&u.ReasoningOutputTokens, count)
		case "prompt_tokens_details", "input_tokens_details", "input_token_details", "inputTokenDetails":
			readInputDetails(count, u)
		case "completion_tokens_details", "output_tokens_details", "output_token_details", "outputTokenDetails":
			readOutputDetails(count, u)
		}
	}
}

// readInputDetails reads what the tokens of the input were, an object as well.
func readInputDetails(v pcommon.Value, u *Usage) {
	counts, ok := objectOf(v)
	if !ok {
		return
	}
	for key, count := range counts.All() {
		switch key {
		case "cached_tokens", "cache_read", "cacheReadTokens":
			fillTokens(&u.CacheReadInputTokens, count)
		case "cache_creation", "cache_write", "cacheWriteTokens":
			fillTokens(&u.CacheWriteInputTokens, count)
		}
	}
}

func readOutputDetails(v pcommon.Value, u *Usage) {
	counts, ok := objectOf(v)
	if !ok {
		return
	}
	for key, count := range counts.All() {
		switch key {
		case "reasoning_tokens", "reasoning", "reasoningTokens":
			fillTokens(&u.ReasoningOutputTokens, count)
		}
	}
}
