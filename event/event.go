package event

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Source is the signal part that carried a Record.
type Source uint8

const (
	// SourceLog is a log record.
	SourceLog Source = iota
	// SourceSpanEvent is an event of a span.
	SourceSpanEvent
)

// Sources are all sources, in the order of their numbers.
var Sources = [...]Source{SourceLog, SourceSpanEvent}

// String is the source's name in the envelope and in metrics.
func (s Source) String() string {
	if s == SourceSpanEvent {
		return "span_event"
	}
	return "log"
}

// FlushReason is why a part left the buffer. It has one spelling in the
// envelope, the metrics and the live events.
type FlushReason string

// The reasons of processor.md, "When a request ends".
const (
	FlushSpanEnd   FlushReason = "span_end"
	FlushEndEvent  FlushReason = "end_event"
	FlushTTL       FlushReason = "ttl"
	FlushMaxAge    FlushReason = "max_age"
	FlushSize      FlushReason = "size"
	FlushEvicted   FlushReason = "evicted"
	FlushLate      FlushReason = "late"
	FlushShutdown  FlushReason = "shutdown"
	FlushRecovered FlushReason = "recovered"
)

// FlushReasons are all reasons.
var FlushReasons = [...]FlushReason{
	FlushSpanEnd, FlushEndEvent, FlushTTL, FlushMaxAge, FlushSize,
	FlushEvicted, FlushLate, FlushShutdown, FlushRecovered,
}

// Origin is what telemetry arrived under: resource and instrumentation scope.
// It is shared by everything that came under it and never changes once made,
// so that any goroutine may read it.
type Origin struct {
	Resource          pcommon.Resource
	ResourceSchemaURL string
	Scope             pcommon.InstrumentationScope
	// Bytes is the OTLP size of Resource and Scope.
	Bytes int
	// Packed is the written form, see PackOrigin.
	Packed []byte
}

// Record is one log record or span event of a request. Its owner may move Log
// out of it; a Record is used by one goroutine at a time.
type Record struct {
	// Log is the data. A span event is kept in the same shape: its name as
	// EventName, its time as Timestamp, trace and span id those of its span.
	Log plog.LogRecord
	// Name is the resolved event name (semconv.EventName).
	Name string
	// Origin is what it arrived under, never nil.
	Origin *Origin
	// Seq numbers the records of one request in order of arrival, from 1.
	Seq uint64
	// Bytes is the OTLP size, in bytes, after any truncation.
	Bytes int
	// Source is what carried it.
	Source Source
	// Late says that it arrived after its request was first flushed.
	Late bool
	// Truncated says that strings inside were cut to max_event_bytes.
	Truncated bool
	// Plain says that name, severity text, attributes and body go into an
	// envelope as they are (envelope.Builder.RecordWeight, which finds out
	// while what arrived is still at hand); false when that is not known.
	Plain bool
}

// Time is the effective time: timestamp, else observed timestamp.
func (r *Record) Time() pcommon.Timestamp {
	if t := r.Log.Timestamp(); t != 0 {
		return t
	}
	return r.Log.ObservedTimestamp()
}

// Span is one span that passed through. A Span is used by one goroutine at a
// time.
type Span struct {
	// Data is a copy of the span without its events.
	Data ptrace.Span
	// Origin is what it arrived under, never nil.
	Origin *Origin
	// Kind is what the span does.
	Kind semconv.Kind
	// Bytes is the OTLP size of Data, in bytes, after any truncation.
	Bytes int
	// Gathered says that the span is a call of the request; an entry span may
	// own a request without being gathered.
	Gathered bool
	// Late says that it arrived after its request was first flushed.
	Late bool
	// Truncated says that strings inside were cut to max_event_bytes.
	Truncated bool
	// Plain says that what is in Data goes into an envelope as it is
	// (envelope.Builder.SpanWeight); false when that is not known.
	Plain bool
}
