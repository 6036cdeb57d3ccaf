package semconv

import "go.opentelemetry.io/collector/pdata/pcommon"

// TokenCount is a number of tokens; the zero value is unknown.
type TokenCount struct {
	N     int64
	Known bool
}

// Usage is a call's token counts.
type Usage struct {
	InputTokens           TokenCount
	OutputTokens          TokenCount
	CacheReadInputTokens  TokenCount
	CacheWriteInputTokens TokenCount
	ReasoningOutputTokens TokenCount
}

// CallFacts is what attributes, in any dialect, say about one call. Empty, nil
// and not Known mean unknown. Strings are shared with the attributes they were read
// from.
type CallFacts struct {
	Operation      string
	Provider       string
	RequestModel   string
	ResponseModel  string
	ResponseID     string
	ConversationID string
	AgentName      string
	// FinishReasons as the convention spells them.
	FinishReasons []string
	Usage         Usage
	// TimeToFirstChunkNS is in nanoseconds, 0 when unknown.
	TimeToFirstChunkNS int64
	// ErrorType is error.type, or a dialect's own.
	ErrorType string
	// ErrorMessage is a message that a dialect puts in an attribute.
	ErrorMessage string
	// Failed says that a dialect marks the call as failed in an attribute.
	Failed bool
	Tool   ToolFacts
}

// ToolFacts is what attributes say about one tool execution. Arguments and
// Result are the zero Value when absent; they belong to the map they were read
// from.
type ToolFacts struct {
	Name      string
	CallID    string
	Arguments pcommon.Value
	Result    pcommon.Value
}
