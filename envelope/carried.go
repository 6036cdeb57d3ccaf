package envelope

import (
	"slices"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// A carriedValue is a value that moves from a span's attributes to a key of its
// own in the call.
type carriedValue uint8

const (
	carriedOperation carriedValue = iota
	carriedProvider
	carriedRequestModel
	carriedResponseModel
	carriedResponseID
	carriedFinishReasons
	carriedArguments
	carriedResult
	carriedValues
)

// carriedAttribute tells the values that move as they are by the attribute
// that has them.
func carriedAttribute(key string) (carriedValue, bool) {
	switch key {
	case semconv.AttrOperationName:
		return carriedOperation, true
	case semconv.AttrProviderName, semconv.AttrSystem:
		return carriedProvider, true
	case semconv.AttrRequestModel:
		return carriedRequestModel, true
	case semconv.AttrResponseModel:
		return carriedResponseModel, true
	case semconv.AttrResponseID:
		return carriedResponseID, true
	case semconv.AttrFinishReasons:
		return carriedFinishReasons, true
	}
	return 0, false
}

// carried holds values on their way from the attributes of one call's span to
// the call. The zero value is ready for use.
type carried struct {
	values pcommon.Slice
	filled [carriedValues]bool
}

// take moves v out of its attribute.
func (c *carried) take(which carriedValue, v pcommon.Value) pcommon.Value {
	if c.values == (pcommon.Slice{}) {
		c.values = pcommon.NewSlice()
		c.values.EnsureCapacity(int(carriedValues))
		for range carriedValues {
			c.values.AppendEmpty()
		}
	}
	kept := c.values.At(int(which))
	v.MoveTo(kept)
	c.filled[which] = true
	return kept
}

// moveTo gives a value its place; false when there is none.
func (c *carried) moveTo(o *object, key string, which carriedValue) bool {
	if !c.filled[which] {
		return false
	}
	c.filled[which] = false
	c.values.At(int(which)).MoveTo(o.value(key))
	return true
}

// clear forgets what was taken and not given a place.
func (c *carried) clear() {
	if c.values == (pcommon.Slice{}) {
		return
	}
	for i := range int(carriedValues) {
		_ = c.values.At(i).FromRaw(nil)
	}
	c.filled = [carriedValues]bool{}
}

// carry removes from the attributes of the call's span what its other keys say
// already, and takes the values that these keys can have as they are. It asks
// for the very value: an attribute of an unexpected type, or one whose value
// lost against a better source, is kept.
func (a *assembly) carry(c *call) {
	a.carried.clear()
	arguments, result := c.facts.Tool.Arguments, c.facts.Tool.Result
	c.span.Data.Attributes().RemoveIf(func(key string, v pcommon.Value) bool {
		if left, taken := c.giveBack(v); taken {
			return !left
		}
		consumed, content := semconv.ConsumedAttribute(key)
		switch v {
		case arguments:
			c.facts.Tool.Arguments, consumed = a.carried.takeTool(carriedArguments, v, consumed)
			return consumed
		case result:
			c.facts.Tool.Result, consumed = a.carried.takeTool(carriedResult, v, consumed)
			return consumed
		}
		if !consumed {
			return false
		}
		if content && (semconv.IsToolContent(key) || c.kind == semconv.KindTool && semconv.IsGeneralContent(key)) {
			// A second one, or that of a call that executes no tool.
			tool := &c.facts.Tool
			return present(tool.Arguments) && v.Equal(tool.Arguments) || present(tool.Result) && v.Equal(tool.Result)
		}
		if content {
			return a.options.Messages && !slices.Contains(c.assembled.LeftOver, key) &&
				(!a.options.AllContent || c.assembled.Holds(key)) && !c.leaveRest(key, v)
		}
		if !c.carries(key, v) {
			return false
		}
		if which, ok := carriedAttribute(key); ok && !a.carried.filled[which] && c.isWritten(which, v) {
			a.carried.take(which, v)
		}
		return true
	})
}

// leaveRest puts into a content attribute what of it neither messages nor facts
// show; false when that is nothing.
func (c *call) leaveRest(key string, v pcommon.Value) bool {
	rest, ok := c.assembled.RestOf(key)
	if !ok {
		return false
	}
	if c.facts.Prune(rest); rest.Len() == 0 {
		return false
	}
	putRest(v, rest, v.Type() == pcommon.ValueTypeStr)
	return true
}

// takeTool moves arguments or a result to where they stay as long as the call
// is written, and says whether that is all of the attribute. JSON text in an
// attribute that is not consumed stays there as well: the call has it parsed.
func (c *carried) takeTool(which carriedValue, v pcommon.Value, consumed bool) (taken pcommon.Value, whole bool) {
	if consumed || v.Type() != pcommon.ValueTypeStr {
		return c.take(which, v), true
	}
	parsed := pcommon.NewValueEmpty()
	if semconv.ParseJSONContainer(v.Str(), parsed) {
		parsed.SetStr(v.Str())
		return c.take(which, parsed), false
	}
	return c.take(which, v), true
}

// isWritten says that the call's key has v as it stands in the attribute.
func (c *call) isWritten(which carriedValue, v pcommon.Value) bool {
	if which != carriedFinishReasons {
		return v.Type() == pcommon.ValueTypeStr && v.Str() != "" && (c.span.Plain || utf8.ValidString(v.Str()))
	}
	if v.Type() != pcommon.ValueTypeSlice {
		return false
	}
	list := elementsOf(v)
	if list.Len() != len(c.facts.FinishReasons) {
		return false
	}
	for i, reason := range c.facts.FinishReasons {
		element := list.At(i)
		if reason == "" || element.Type() != pcommon.ValueTypeStr || element.Str() != reason || !utf8.ValidString(reason) {
			return false
		}
	}
	return true
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
	var told semconv.TokenCount
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
	return ok && told.Known && told.N == n
}
