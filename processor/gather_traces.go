package processor

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/truncate"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Bits of a span's flags, from the OTLP definition of Span.flags.
const (
	flagRemoteKnown = 0x100
	flagRemote      = 0x200
)

const (
	// maxOwnerMessage bounds an error message that is kept beside what is
	// accounted for, in bytes.
	maxOwnerMessage = 1024
	// maxFailures is how many exceptions of a span are kept.
	maxFailures = 8
)

// weigher bounds what a record or a span adds to an envelope.
type weigher interface {
	RecordWeight(*event.Record) int
	SpanWeight(*event.Span) int
}

// spansTaken are copies of what is gathered of one batch of spans; the spans
// themselves travel on.
type spansTaken struct {
	spans []buffer.Span
	// gathered are the places in the batch of the spans that make, join or
	// own a request.
	gathered  map[int]bool
	records   int
	bytes     int
	truncated int
}

// tracesReader takes what belongs to requests out of batches of spans.
type tracesReader struct {
	*gatherer
	origins *origins
	weigh   weigher
	// knows says whether events opened a request under a span's key, leads
	// whether keys lead to one.
	knows func(pcommon.TraceID, pcommon.SpanID) bool
	leads func(*buffer.Keys) bool
	// places says that the places of gathered spans are asked for.
	places bool
}

// take copies what is gathered.
func (t *tracesReader) take(td ptrace.Traces, now time.Time) *spansTaken {
	var taken spansTaken
	held := heldSpans{}
	at := -1
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			var origin *event.Origin
			for _, span := range ss.Spans().All() {
				at++
				claim, kind := t.claim(span)
				entry := t.entry(span)
				if claim == buffer.ClaimNone && entry == buffer.EntryNone {
					continue
				}
				if origin == nil {
					origin = t.origins.of(rs.Resource(), rs.SchemaUrl(), ss.Scope())
				}
				in := buffer.Span{Claim: claim, Entry: entry, Inference: kind == semconv.KindInference}
				in.Span = &event.Span{Data: held.span(), Origin: origin, Kind: kind}
				t.fill(&in, span, &held, now, &taken)
				if t.places && in.Gathers(t.fallback) {
					taken.note(at)
				}
				taken.spans = append(taken.spans, in)
			}
		}
	}
	return &taken
}

// note remembers that the span at a place in the batch is gathered.
func (t *spansTaken) note(at int) {
	if t.gathered == nil {
		t.gathered = map[int]bool{}
	}
	t.gathered[at] = true
}

// claim is how a span relates to requests.
func (t *tracesReader) claim(span ptrace.Span) (buffer.Claim, semconv.Kind) {
	kind, belongs := semconv.ClassifySpan(span, t.prefixes)
	if !belongs {
		if t.knows(span.TraceID(), span.SpanID()) {
			return buffer.ClaimOwn, kind
		}
		return buffer.ClaimNone, kind
	}
	_, pending := semconv.PendingOf(span)
	switch {
	case t.kinds[kind] && pending:
		return buffer.ClaimPending, kind
	case t.kinds[kind]:
		return buffer.ClaimMake, kind
	case pending || !t.joins(span):
		return buffer.ClaimNone, kind
	}
	return buffer.ClaimJoin, kind
}

// joins says whether a span of a kind that makes no request would join one.
func (t *tracesReader) joins(span ptrace.Span) bool {
	keys := buffer.Keys{Trace: span.TraceID(), Span: span.SpanID()}
	t.nameFrom(&keys, span.Attributes())
	return t.leads(&keys)
}

func (t *tracesReader) entry(span ptrace.Span) buffer.Entry {
	const remote = flagRemoteKnown | flagRemote
	if t.entries && (span.ParentSpanID().IsEmpty() || span.Flags()&remote == remote) {
		return buffer.EntryTrace
	}
	return buffer.EntryNone
}

func (t *tracesReader) fill(in *buffer.Span, span ptrace.Span, held *heldSpans, now time.Time, taken *spansTaken) {
	in.Keys = buffer.Keys{Trace: span.TraceID(), Span: span.SpanID()}
	if in.Claim == buffer.ClaimPending {
		in.Keys.Span, _ = semconv.PendingOf(span)
	}
	t.nameFrom(&in.Keys, span.Attributes())
	copyBones(span, in.Span.Data)
	if in.Claim == buffer.ClaimNone || in.Claim == buffer.ClaimPending {
		bare(in.Span.Data)
		return
	}
	if in.Inference || !in.Resolvable(t.fallback) {
		in.ResponseID = bounded(semconv.ResponseID(span.Attributes()))
	}
	copyFlesh(span, in.Span.Data)
	copyFailure(span, in.Span.Data)
	in.Span.Bytes = t.traces.SpanSize(in.Span.Data)
	if in.Span.Bytes > t.maxBytes && truncate.Span(in.Span.Data, t.maxBytes) {
		in.Span.Truncated = true
		in.Span.Bytes = t.traces.SpanSize(in.Span.Data)
		taken.truncated++
	}
	in.Weight = t.weigh.SpanWeight(in.Span)
	taken.records++
	taken.bytes += in.Span.Bytes
	for _, ev := range span.Events().All() {
		if !semconv.SpanEventBelongs(ev, t.prefixes) {
			continue
		}
		rec := t.spanEvent(span, ev, in.Span.Origin, held, now)
		if rec.Truncated {
			taken.truncated++
		}
		keys := in.Keys
		t.nameFrom(&keys, ev.Attributes())
		weight := t.weigh.RecordWeight(&rec) // fills in rec.Plain
		in.Events = append(in.Events, buffer.Record{
			Keys: keys, Event: rec, Weight: weight, Ends: t.ends[rec.Name],
		})
		taken.records++
		taken.bytes += rec.Bytes
	}
}

// spanEvent copies a span event into the shape that all records have.
func (t *tracesReader) spanEvent(span ptrace.Span, ev ptrace.SpanEvent, origin *event.Origin, held *heldSpans, now time.Time) event.Record {
	log := held.record()
	log.SetEventName(ev.Name())
	log.SetTimestamp(ev.Timestamp())
	log.SetTraceID(span.TraceID())
	log.SetSpanID(span.SpanID())
	ev.Attributes().CopyTo(log.Attributes())
	log.SetDroppedAttributesCount(ev.DroppedAttributesCount())
	rec := event.Record{Log: log, Name: ev.Name(), Origin: origin, Bytes: t.logs.LogRecordSize(log), Source: event.SourceSpanEvent}
	t.complete(&rec, now)
	return rec
}

// heldSpans gives the copies of one batch a common frame, which saves an
// allocation for each.
type heldSpans struct {
	spans   ptrace.SpanSlice
	records plog.LogRecordSlice
	made    [2]bool
}

func (h *heldSpans) span() ptrace.Span {
	if !h.made[0] {
		h.spans, h.made[0] = ptrace.NewSpanSlice(), true
	}
	return h.spans.AppendEmpty()
}

func (h *heldSpans) record() plog.LogRecord {
	if !h.made[1] {
		h.records, h.made[1] = plog.NewLogRecordSlice(), true
	}
	return h.records.AppendEmpty()
}

// copyBones copies what an owner tells of a request: ids, times, status.
func copyBones(from, to ptrace.Span) {
	to.SetTraceID(from.TraceID())
	to.SetSpanID(from.SpanID())
	to.SetParentSpanID(from.ParentSpanID())
	to.SetFlags(from.Flags())
	to.SetName(from.Name())
	to.SetKind(from.Kind())
	to.SetStartTimestamp(from.StartTimestamp())
	to.SetEndTimestamp(from.EndTimestamp())
	from.Status().CopyTo(to.Status())
}

// bare cuts what an entry span says at length, because nothing accounts for
// it: it is no call of a request.
func bare(span ptrace.Span) {
	span.SetName("")
	span.Status().SetMessage(cut(span.Status().Message()))
}

// copyFailure copies what exception events say of the error; they are no
// gen_ai events and stay on the span that travels on.
func copyFailure(from, to ptrace.Span) {
	for _, ev := range from.Events().All() {
		if ev.Name() != semconv.EventException {
			continue
		}
		kept := to.Events().AppendEmpty()
		kept.SetName(ev.Name())
		for _, key := range []string{semconv.AttrExceptionType, semconv.AttrExceptionMessage} {
			if value, has := ev.Attributes().Get(key); has {
				kept.Attributes().PutStr(key, cut(value.AsString()))
			}
		}
		if to.Events().Len() == maxFailures {
			return
		}
	}
}

// cut bounds a text that nothing accounts for.
func cut(text string) string {
	if len(text) <= maxOwnerMessage {
		return text
	}
	return strings.Clone(strings.ToValidUTF8(text[:maxOwnerMessage], ""))
}

// copyFlesh copies the rest, but for the events, which become records.
func copyFlesh(from, to ptrace.Span) {
	from.TraceState().CopyTo(to.TraceState())
	from.Attributes().CopyTo(to.Attributes())
	from.Links().CopyTo(to.Links())
	to.SetDroppedAttributesCount(from.DroppedAttributesCount())
	to.SetDroppedEventsCount(from.DroppedEventsCount())
	to.SetDroppedLinksCount(from.DroppedLinksCount())
}
