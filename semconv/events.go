package semconv

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// ResponseID is the provider's id of the response, empty when there is none.
func ResponseID(attrs pcommon.Map) string {
	if v, ok := attrs.Get(AttrResponseID); ok && v.Str() != "" {
		return v.Str()
	}
	if v, ok := attrs.Get(AttrAIResponseID); ok {
		return v.Str()
	}
	return ""
}

// EventResponseID is the same for an event of this name, by whatever its
// vendor calls it.
func EventResponseID(name string, attrs pcommon.Map) string {
	id := ResponseID(attrs)
	if id == "" && strings.HasPrefix(name, prefixClaude) {
		if v, ok := attrs.Get(AttrClaudeRequestID); ok {
			id = v.Str()
		}
	}
	return id
}

// ConversationID is the id of the conversation or session that an event names,
// empty when it names none.
func ConversationID(attrs pcommon.Map) string {
	id, best := "", uint8(0)
	for key, v := range attrs.All() {
		// Whatever it is called, it is an id.
		if key == "" || key[len(key)-1] != 'd' {
			continue
		}
		source, ok := factSources.Get(key)
		if !ok || source.field != factConversationID || best != 0 && source.rank >= best || IsEmpty(v) {
			continue
		}
		if v.Type() != pcommon.ValueTypeStr && v.Type() != pcommon.ValueTypeInt {
			continue
		}
		id, best = v.AsString(), source.rank
	}
	return id
}

// PendingOf recognises the spans with which Logfire announces a span that has
// started and not ended. announced is the id of the span that is on its way,
// which a pending span names as its parent (the real parent stands in
// logfire.pending_parent_id).
func PendingOf(span ptrace.Span) (announced pcommon.SpanID, pending bool) {
	v, ok := span.Attributes().Get(AttrLogfireSpanType)
	if !ok || v.Str() != logfirePendingSpan {
		return pcommon.SpanID{}, false
	}
	return span.ParentSpanID(), true
}

// Rank places an event among those that share its time and have no
// event.sequence (processor.md, "Ordering"); it compares ascending.
type Rank uint8

// The ranks, in their order.
const (
	RankSystem Rank = iota
	RankInput
	RankOther
	RankOutput
	RankAftermath
)

const prefixEvaluation = "gen_ai.evaluation."

// RankOf is the rank of an event by its resolved name. A details event counts
// as output when its output messages are there and not empty, as input when
// only its input messages, system instructions or tool definitions are.
func RankOf(name string, log plog.LogRecord) Rank {
	switch name {
	case EventSystemMessage:
		return RankSystem
	case EventUserMessage, EventAssistantMessage, EventToolMessage, EventContentPrompt:
		return RankInput
	case EventChoice, EventContentCompletion, EventContentCompletionChunk:
		return RankOutput
	case EventOperationDetails:
		return rankOfDetails(log.Attributes())
	case EventException, EventOperationException:
		return RankAftermath
	}
	if strings.HasPrefix(name, prefixEvaluation) {
		return RankAftermath
	}
	return RankOther
}

func rankOfDetails(attrs pcommon.Map) Rank {
	rank := RankOther
	for key, value := range attrs.All() {
		switch key {
		case AttrOutputMessages:
			if !IsEmpty(value) {
				return RankOutput
			}
		case AttrInputMessages, AttrSystemInstructions, AttrToolDefinitions:
			if !IsEmpty(value) {
				rank = RankInput
			}
		}
	}
	return rank
}

// MessageIndex is an event's place among those of its rank: the attribute
// chat_message_index, else the index of a choice, in its body or attributes.
func MessageIndex(name string, log plog.LogRecord) (int64, bool) {
	attrs := log.Attributes()
	if v, ok := attrs.Get(AttrChatMessageIndex); ok {
		if index, ok := IntOf(v); ok {
			return index, true
		}
	}
	switch name {
	case EventChoice, EventContentCompletion, EventContentCompletionChunk:
	default:
		return 0, false
	}
	if body, ok := MapOf(log.Body()); ok {
		if v, ok := body.Get(FieldIndex); ok {
			if index, ok := IntOf(v); ok {
				return index, true
			}
		}
	}
	if v, ok := attrs.Get(FieldIndex); ok {
		return IntOf(v)
	}
	return 0, false
}

// EventSequence is the attribute event.sequence, with which a source numbers
// its own events.
func EventSequence(log plog.LogRecord) (int64, bool) {
	v, ok := log.Attributes().Get(AttrEventSequence)
	if !ok {
		return 0, false
	}
	return IntOf(v)
}

// MapOf is the value's map; false when it is none. pdata's own accessor
// returns a map that panics then, and also for a map value that came without
// its list.
func MapOf(v pcommon.Value) (pcommon.Map, bool) {
	if v.Type() != pcommon.ValueTypeMap {
		return pcommon.Map{}, false
	}
	m := v.Map()
	return m, m != pcommon.Map{}
}

// SliceOf is the value's slice; false when it is none.
func SliceOf(v pcommon.Value) (pcommon.Slice, bool) {
	if v.Type() != pcommon.ValueTypeSlice {
		return pcommon.Slice{}, false
	}
	s := v.Slice()
	return s, s != pcommon.Slice{}
}

// IntOf reads an integer, also from a double without a fraction and from
// digits in a string: exporters differ in how they write numbers.
func IntOf(v pcommon.Value) (int64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return v.Int(), true
	case pcommon.ValueTypeDouble:
		d := v.Double()
		// 2^63 itself is the first double that does not fit.
		if i := int64(d); d >= -(1<<63) && d < 1<<63 && float64(i) == d {
			return i, true
		}
	case pcommon.ValueTypeStr:
		i, err := strconv.ParseInt(strings.TrimSpace(v.Str()), 10, 64)
		return i, err == nil
	}
	return 0, false
}

// FloatOf reads a number, also from a string.
func FloatOf(v pcommon.Value) (float64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true
	case pcommon.ValueTypeDouble:
		return v.Double(), true
	case pcommon.ValueTypeStr:
		f, err := strconv.ParseFloat(strings.TrimSpace(v.Str()), 64)
		return f, err == nil
	}
	return 0, false
}

// IsEmpty says that a value holds nothing: no value, an empty string, list, map
// or byte string, or JSON text for one of these.
func IsEmpty(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return true
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(s) > len("null")+2 {
			return false
		}
		switch strings.TrimSpace(s) {
		case "", "[]", "{}", "null", `""`:
			return true
		}
	case pcommon.ValueTypeSlice:
		s, ok := SliceOf(v)
		return !ok || s.Len() == 0
	case pcommon.ValueTypeMap:
		m, ok := MapOf(v)
		return !ok || m.Len() == 0
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len() == 0
	}
	return false
}
