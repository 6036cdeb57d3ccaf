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

// spansTaken is what is gathered of one batch of spans; the spans themselves
// travel on.
type spansTaken struct {
	*taken
	// gathered are the places in the batch of the spans that make, join or
	// own a request and were taken whole.
	gathered map[int]bool
	// pieces counts the spans and events among them.
	pieces int
	// span and log are where pieces are put together to be packed.
	span ptrace.Span
	log  plog.LogRecord
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

// take packs what is gathered.
func (t *tracesReader) take(td ptrace.Traces, now time.Time) *spansTaken {
	var s spansTaken
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
				if s.taken == nil {
					s.taken = newTaken(0)
					s.span, s.log = ptrace.NewSpan(), plog.NewLogRecord()
				}
				in := buffer.Span{Claim: claim, Entry: entry, Inference: kind == semconv.KindInference, Origin: origin}
				cut := s.truncated
				t.fill(&in, span, kind, now, &s)
				if t.places && s.truncated == cut && in.Gathers(t.fallback) {
					s.note(at)
				}
				s.spans = append(s.spans, in)
			}
		}
	}
	return &s
}

// note remembers that the span at a place in the batch is gathered whole.
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

func (t *tracesReader) fill(in *buffer.Span, span ptrace.Span, kind semconv.Kind, now time.Time, s *spansTaken) {
	in.Keys = buffer.Keys{Trace: span.TraceID(), Span: span.SpanID()}
	if in.Claim == buffer.ClaimPending {
		in.Keys.Span, _ = semconv.PendingOf(span)
	}
	t.nameFrom(&in.Keys, span.Attributes())
	if in.Entry != buffer.EntryNone {
		in.Start, in.Root = span.StartTimestamp(), span.ParentSpanID().IsEmpty()
	}
	if in.Entry != buffer.EntryNone || in.Claim == buffer.ClaimOwn {
		t.owner(in, span, kind, s)
	}
	switch in.Claim {
	case buffer.ClaimNone, buffer.ClaimPending, buffer.ClaimOwn:
		return
	}
	if in.Inference || !in.Resolvable(t.fallback) {
		in.ResponseID = bounded(semconv.ResponseID(span.Attributes()))
	}
	t.call(in, span, kind, s)
	for _, ev := range span.Events().All() {
		if semconv.SpanEventBelongs(ev, t.prefixes) {
			t.spanEvent(in, span, ev, now, s)
		}
	}
}

// call packs a span that is gathered, without its events.
func (t *tracesReader) call(in *buffer.Span, span ptrace.Span, kind semconv.Kind, s *spansTaken) {
	kept := event.Span{Data: span, Origin: in.Origin, Kind: kind, Gathered: true}
	if span.Events().Len() > 0 {
		kept.Data = s.span
		copyBones(span, kept.Data)
		copyFlesh(span, kept.Data)
		kept.Data.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
		copyFailure(span, kept.Data)
	}
	kept.Bytes = t.traces.SpanSize(kept.Data)
	if kept.Bytes > t.maxBytes {
		cut := ptrace.NewSpan()
		kept.Data.CopyTo(cut)
		kept.Data = cut
		if truncate.Span(cut, t.maxBytes) {
			kept.Truncated = true
			kept.Bytes = t.traces.SpanSize(cut)
			s.truncated++
		}
	}
	in.Weight = t.weigh.SpanWeight(&kept)
	in.Bytes = kept.Bytes
	in.Packed = s.pack(func(dst []byte) []byte { return event.AppendSpan(dst, &kept) })
	s.pieces++
	s.bytes += kept.Bytes
}

// owner packs what an owner tells of a request. It is cut where the span says
// it at length: entry spans are not accounted for. One that is not gathered has
// no kind, since it is no call.
func (t *tracesReader) owner(in *buffer.Span, span ptrace.Span, kind semconv.Kind, s *spansTaken) {
	told := event.Span{Data: ptrace.NewSpan()}
	copyBones(span, told.Data)
	bare(told.Data)
	if in.Claim != buffer.ClaimNone {
		copyFailure(span, told.Data)
		if v, has := span.Attributes().Get(semconv.AttrErrorType); has {
			told.Data.Attributes().PutStr(semconv.AttrErrorType, cut(v.AsString()))
		}
	}
	switch in.Claim {
	case buffer.ClaimMake, buffer.ClaimJoin:
		told.Kind = kind
	case buffer.ClaimOwn:
		in.Bytes = t.traces.SpanSize(told.Data)
		s.pieces++
		s.bytes += in.Bytes
	}
	in.Owner = s.pack(func(dst []byte) []byte { return event.AppendSpan(dst, &told) })
}

// spanEvent packs a span event in the shape that all records have.
func (t *tracesReader) spanEvent(in *buffer.Span, span ptrace.Span, ev ptrace.SpanEvent, now time.Time, s *spansTaken) {
	log := s.log
	log.SetEventName(ev.Name())
	log.SetTimestamp(ev.Timestamp())
	log.SetTraceID(span.TraceID())
	log.SetSpanID(span.SpanID())
	ev.Attributes().CopyTo(log.Attributes())
	log.SetDroppedAttributesCount(ev.DroppedAttributesCount())
	rec := event.Record{
		Log: log, Name: semconv.SpanEventName(ev), Origin: in.Origin, Bytes: t.logs.LogRecordSize(log), Source: event.SourceSpanEvent,
	}
	t.complete(&rec, now)
	keys := in.Keys
	t.nameFrom(&keys, ev.Attributes())
	in.Events = append(in.Events, t.record(s.taken, &rec, keys, t.weigh.RecordWeight))
	s.pieces++
	s.bytes += rec.Bytes
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

// bare cuts what an owner says at length: it may be no call of a request.
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
