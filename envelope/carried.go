package envelope

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// dropCarried removes from a span's attributes what the call's other keys say
// already. It asks for the very value: an attribute of an unexpected type, or
// one whose value lost against a better source, is kept.
func (c *call) dropCarried(attrs pcommon.Map, withMessages bool) {
	attrs.RemoveIf(func(key string, v pcommon.Value) bool {
		if !semconv.ConsumedAttribute(key) {
			return false
		}
		if v == c.facts.Tool.Arguments || v == c.facts.Tool.Result {
			return true
		}
		if semconv.IsContentAttribute(key) {
			return withMessages && !slices.Contains(c.assembled.LeftOver, key)
		}
		return c.carries(key, v)
	})
}

// carries says whether the call's keys carry the value of a consumed attribute.
func (c *call) carries(key string, v pcommon.Value) bool {
	f := &c.facts
	switch key {
	case semconv.AttrOperationName:
		return isText(v, f.Operation)
	case semconv.AttrProviderName, semconv.AttrSystem:
		return isText(v, f.Provider)
	case semconv.AttrRequestModel:
		return isText(v, f.RequestModel)
	case semconv.AttrResponseModel:
		return isText(v, f.ResponseModel)
	case semconv.AttrResponseID:
		return isText(v, f.ResponseID)
	case semconv.AttrToolName:
		return isText(v, f.Tool.Name)
	case semconv.AttrToolCallID:
		return isText(v, f.Tool.CallID)
	case semconv.AttrErrorType:
		return isText(v, f.ErrorType)
	case semconv.AttrTimeToFirstChunk:
		return f.TimeToFirstChunkNS > 0
	case semconv.AttrFinishReasons:
		return len(f.FinishReasons) > 0 && (v.Type() != pcommon.ValueTypeSlice || elementsOf(v).Len() == len(f.FinishReasons))
	}
	return c.carriesTokens(key, v)
}

// isText says that v is the text s, or a number that s writes out.
func isText(v pcommon.Value, s string) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str() == s
	case pcommon.ValueTypeInt:
		return s != "" && v.AsString() == s
	}
	return false
}

// carriesTokens says whether a token count stands in the call's usage.
func (c *call) carriesTokens(key string, v pcommon.Value) bool {
	u := &c.facts.Usage
	var told *int64
	switch key {
	case semconv.AttrUsageInputTokens, semconv.AttrUsagePromptTokens:
		told = u.InputTokens
	case semconv.AttrUsageOutputTokens, semconv.AttrUsageCompletion:
		told = u.OutputTokens
	case semconv.AttrUsageCacheReadInputTokens, semconv.AttrUsageCacheRead:
		told = u.CacheReadInputTokens
	case semconv.AttrUsageCacheWriteInputTokens, semconv.AttrUsageCacheWrite,
		semconv.AttrUsageCacheCreation, semconv.AttrUsageCacheCreation2:
		told = u.CacheWriteInputTokens
	case semconv.AttrUsageReasoningOutputTokens, semconv.AttrUsageReasoning, semconv.AttrUsageReasoning2:
		told = u.ReasoningOutputTokens
	}
	n, ok := semconv.IntOf(v)
	return ok && told != nil && *told == n
}
