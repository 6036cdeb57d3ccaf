package semconv

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// RequestRole is what an event of a vendor's own tool tells of one LLM request.
type RequestRole uint8

const (
	// RequestNone events tell of no request in particular.
	RequestNone RequestRole = iota
	// RequestSent events carry all that was sent, the whole history.
	RequestSent
	// RequestOutcome events tell what came of a request; there may be several.
	RequestOutcome
	// RequestUsage events tell it too, and there is one for each request.
	RequestUsage
)

// RequestRoleOf is the role of an event with this resolved name.
func RequestRoleOf(name string, attrs pcommon.Map) RequestRole {
	switch name {
	case EventClaudeRequestBody, EventGeminiAPIRequest:
		return RequestSent
	case EventClaudeAPIRequest, EventClaudeAPIError, EventClaudeAssistantResponse, EventClaudeResponseBody,
		EventGeminiAPIResponse, EventGeminiAPIError:
		return RequestOutcome
	case EventCodexSSE:
		// One of the two that end a stream counts its tokens.
		kind, ok := attrs.Get(AttrCodexEventKind)
		if _, counts := attrs.Get(AttrCodexInputTokens); counts && ok && kind.Str() == codexCompleted {
			return RequestUsage
		}
	}
	return RequestNone
}

// TellsRequestApart says that the events of this name that have a role tell of
// their own request even where their trace context is that of a span around
// several: Claude Code logs all of a prompt under one span.
func TellsRequestApart(name string) bool {
	return strings.HasPrefix(name, prefixClaude) || strings.HasPrefix(name, prefixCodex)
}

// RequestBodyID is the id by which the events of a request name what was sent,
// empty when there is none.
func RequestBodyID(name string, attrs pcommon.Map) string {
	if !strings.HasPrefix(name, prefixClaude) {
		return ""
	}
	if v, ok := attrs.Get(AttrClaudeRequestBodyID); ok {
		return v.Str()
	}
	return ""
}

// RequestBody is what was sent, of an event whose role is RequestSent.
func RequestBody(attrs pcommon.Map) (pcommon.Value, bool) {
	for _, key := range [...]string{AttrClaudeBody, AttrGeminiRequestText} {
		if v, ok := attrs.Get(key); ok && !IsEmpty(v) {
			return v, true
		}
	}
	return pcommon.Value{}, false
}
