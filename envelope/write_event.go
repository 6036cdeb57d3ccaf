package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// writeEvent writes one entry of events[] and moves the record's attributes
// and body into it.
func (a *assembly) writeEvent(r *event.Record, dst pcommon.Map) {
	log := r.Log
	at, observed, traceID := r.Time(), log.ObservedTimestamp(), log.TraceID()
	const usual = 10
	n := usual
	for _, rare := range [...]bool{observed != at, traceID != a.part.Facts.traceID, r.Late, r.Truncated} {
		if rare {
			n++
		}
	}
	o := &a.entry
	o.begin(n)
	o.int(keySeq, int64(r.Seq))
	if at != 0 {
		o.valid(keyTime, a.scribe.time(at))
	}
	if observed != 0 && observed != at {
		o.valid(keyObservedTime, a.scribe.time(observed))
	}
	name, severity := r.Name, log.SeverityText()
	if !r.Plain {
		name, severity = validText(name), validText(severity)
	}
	o.valid(keyName, name)
	o.valid(keySource, r.Source.String())
	if traceID != a.part.Facts.traceID {
		o.valid(keyTraceID, a.scribe.traceID(traceID))
	}
	o.valid(keySpanID, a.scribe.spanID(log.SpanID()))
	if r.Origin != nil {
		a.writeScope(o, r.Origin)
	}
	if severity == "" {
		severity = severityName(log.SeverityNumber())
	}
	o.valid(keySeverity, severity)
	moveAttributes(log.Attributes(), o, r.Plain)
	moveBody(log.Body(), o, r.Plain)
	if r.Late {
		o.bool(keyLate, true)
	}
	if r.Truncated {
		o.bool(keyTruncated, true)
	}
	o.into(dst)
}

// writeScope writes what mostly all events of a part came under.
func (a *assembly) writeScope(o *object, origin *event.Origin) {
	if origin != a.scope.origin {
		a.scope = scope{
			origin:  origin,
			name:    validText(origin.Scope.Name()),
			version: validText(origin.Scope.Version()),
		}
	}
	o.valid(keyScope, a.scope.name)
	o.valid(keyScopeVersion, a.scope.version)
}

// moveAttributes moves attrs to the key attributes unless there are none; plain
// ones need not be cleaned.
func moveAttributes(attrs pcommon.Map, o *object, plain bool) {
	if attrs.Len() == 0 {
		return
	}
	m := o.object(keyAttributes)
	attrs.MoveTo(m)
	if !plain {
		cleanMap(m, 0)
	}
}

// moveBody moves a body that holds something; a plain one need not be cleaned.
func moveBody(body pcommon.Value, o *object, plain bool) {
	if isNothing(body) {
		return
	}
	v := o.value(keyBody)
	body.MoveTo(v)
	if !plain {
		cleanValue(v, 0)
	}
}

// isNothing says that a value is not worth a key of the envelope: none, or an
// empty string, list, map or byte string.
func isNothing(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return true
	case pcommon.ValueTypeStr:
		return v.Str() == ""
	case pcommon.ValueTypeMap:
		return entriesOf(v).Len() == 0
	case pcommon.ValueTypeSlice:
		return elementsOf(v).Len() == 0
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len() == 0
	}
	return false
}
