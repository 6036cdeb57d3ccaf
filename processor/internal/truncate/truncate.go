package truncate

import (
	"math"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// LogRecord shrinks log in place until its OTLP size is at most maxBytes, and
// says whether it changed anything: a record that is small enough stays as it
// is. Attributes that had to go are added to the dropped attributes count. The
// bound cannot be kept when ids, times and 256 bytes of the event name alone are
// larger; then they are all that stays.
//
// log must be mutable; nothing of it is retained.
func LogRecord(log plog.LogRecord, maxBytes int) (truncated bool) {
	var sizer plog.ProtoMarshaler
	if sizer.LogRecordSize(log) <= maxBytes {
		return false
	}
	t := newTree(maxBytes)
	root := t.open()
	severity := t.text(log.SeverityText(), rankOther)
	name := t.name(log.EventName())
	body := t.value(log.Body(), 1)
	t.nodes[body].rank = rankGenAI
	attributes := t.attributes(log.Attributes())
	if !t.plan(root, sizer.LogRecordSize(log), countBytes, maxBytes) {
		return t.changed
	}
	if cut, ok := t.cutText(severity, log.SeverityText()); ok {
		log.SetSeverityText(cut)
	}
	if cut, ok := t.cutText(name, log.EventName()); ok {
		log.SetEventName(cut)
	}
	t.applyTop(log.Body(), body)
	dropped := t.applyMap(log.Attributes(), attributes)
	log.SetDroppedAttributesCount(addCount(log.DroppedAttributesCount(), dropped))
	if t.removed {
		// What was removed leaves arrays that are far too long behind.
		exact := plog.NewLogRecord()
		log.CopyTo(exact)
		exact.MoveTo(log)
	}
	return t.changed
}

// Span is LogRecord for a span without its events; if it has some, they stay
// and count as bytes that cannot be saved. Links that had to go are added to
// the dropped links count.
func Span(span ptrace.Span, maxBytes int) (truncated bool) {
	var sizer ptrace.ProtoMarshaler
	if sizer.SpanSize(span) <= maxBytes {
		return false
	}
	t := newTree(maxBytes)
	root := t.open()
	name := t.name(span.Name())
	state := t.text(span.TraceState().AsRaw(), rankOther)
	message := t.text(span.Status().Message(), rankIdentity)
	attributes := t.attributes(span.Attributes())
	links, reserve := t.links(span.Links())
	if !t.plan(root, sizer.SpanSize(span), reserve+2*countBytes, maxBytes) {
		return t.changed
	}
	if cut, ok := t.cutText(name, span.Name()); ok {
		span.SetName(cut)
	}
	t.applyTraceState(span.TraceState(), state)
	if cut, ok := t.cutText(message, span.Status().Message()); ok {
		span.Status().SetMessage(cut)
	}
	dropped := t.applyMap(span.Attributes(), attributes)
	span.SetDroppedAttributesCount(addCount(span.DroppedAttributesCount(), dropped))
	dropped = t.applyLinks(span.Links(), links)
	span.SetDroppedLinksCount(addCount(span.DroppedLinksCount(), dropped))
	if t.removed {
		exact := ptrace.NewSpan()
		span.CopyTo(exact)
		exact.MoveTo(span)
	}
	return t.changed
}

// countBytes is the most that a count of dropped things takes in OTLP.
const countBytes = 6

func addCount(before uint32, dropped int) uint32 {
	return uint32(min(uint64(before)+uint64(dropped), math.MaxUint32))
}
