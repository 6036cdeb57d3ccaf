package semconv

import "go.opentelemetry.io/collector/pdata/pcommon"

// usageObject is what an object of token counts is about.
type usageObject uint8

const (
	notUsage usageObject = iota
	// allTokens is an object with all counts, inputDetails and outputDetails
	// are what the tokens of the input and of the output were.
	allTokens
	inputDetails
	outputDetails
)

// readUsage reads token counts in one object, a map or JSON text for one, as
// providers, frameworks and Langfuse spell them; values are taken as they are
// stated. Other keys are counts of other units.
func readUsage(v pcommon.Value, about usageObject, u *Usage) {
	counts, ok := objectOf(v)
	if !ok {
		return
	}
	for key, count := range counts.All() {
		if known := u.place(about, key); known != nil {
			fillTokens(known, count)
		} else if inner := detailsUnder(key); inner != notUsage {
			readUsage(count, inner, u)
		}
	}
}

// place is where a count belongs that stands in an object under this key; nil
// for nowhere.
func (u *Usage) place(about usageObject, key string) *TokenCount {
	switch about {
	case inputDetails:
		return u.inputDetail(key)
	case outputDetails:
		return u.outputDetail(key)
	}
	return u.count(key)
}

func (u *Usage) count(key string) *TokenCount {
	switch key {
	case "input", "input_tokens", "prompt_tokens", "inputTokens", "promptTokens", "promptTokenCount", "prompt_token_count":
		return &u.InputTokens
	case "output", "output_tokens", "completion_tokens", "outputTokens", "completionTokens", "candidatesTokenCount", "candidates_token_count":
		return &u.OutputTokens
	case "input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cacheReadInputTokens", "cachedInputTokens", "cached_input_tokens",
		"cachedContentTokens", "cachedContentTokenCount", "cached_content_token_count",
		"prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens":
		return &u.CacheReadInputTokens
	case "cache_creation_input_tokens", "input_cache_creation", "input_cache_write_tokens", "cacheWriteInputTokens":
		return &u.CacheWriteInputTokens
	case "output_reasoning_tokens", "output_reasoning", "reasoningTokens", "reasoning_tokens",
		"thoughtsTokens", "thoughtsTokenCount", "thoughts_token_count",
		"completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens":
		return &u.ReasoningOutputTokens
	}
	return nil
}

// detailsUnder says what an object in an object of counts is about.
func detailsUnder(key string) usageObject {
	switch key {
	case "prompt_tokens_details", "input_tokens_details", "input_token_details", "inputTokenDetails":
		return inputDetails
	case "completion_tokens_details", "output_tokens_details", "output_token_details", "outputTokenDetails":
		return outputDetails
	}
	return notUsage
}

func (u *Usage) inputDetail(key string) *TokenCount {
	switch key {
	case "cached_tokens", "cache_read", "cacheReadTokens":
		return &u.CacheReadInputTokens
	case "cache_creation", "cache_write", "cacheWriteTokens":
		return &u.CacheWriteInputTokens
	}
	return nil
}

func (u *Usage) outputDetail(key string) *TokenCount {
	switch key {
	case "reasoning_tokens", "reasoning", "reasoningTokens":
		return &u.ReasoningOutputTokens
	}
	return nil
}

// states says that u has all that an object says about tokens: its counts, and
// their total.
func (u *Usage) states(v pcommon.Value, about usageObject) bool {
	counts, ok := MapOf(v)
	if !ok {
		return false
	}
	for key, count := range counts.All() {
		n, isCount := IntOf(count)
		switch known, inner := u.place(about, key), detailsUnder(key); {
		case IsEmpty(count), isCount && n == 0:
		case known != nil:
			if !isCount || !known.Known || known.N != n {
				return false
			}
		case inner != notUsage:
			if !u.states(count, inner) {
				return false
			}
		case !isCount || !isTotal(key) || n != u.InputTokens.N+u.OutputTokens.N && n != u.InputTokens.N+u.OutputTokens.N+u.ReasoningOutputTokens.N:
			return false
		}
	}
	return true
}

func isTotal(key string) bool {
	switch key {
	case "total", "total_tokens", "totalTokens", "totalTokenCount", "total_token_count":
		return true
	}
	return false
}
