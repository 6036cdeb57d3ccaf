package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// writeEvent writes one entry of events[] and moves the record's attributes
// and body into it.
func (a *assembly) writeEvent(r *event.Record, dst pcommon.Map) {
	log := r.Log
	dst.EnsureCapacity(10)
	dst.PutInt(keySeq, int64(r.Seq))
	at := r.Time()
	if at != 0 {
		dst.PutStr(keyTime, a.stamp.format(at))
	}
	if observed := log.ObservedTimestamp(); observed != 0 && observed != at {
		dst.PutStr(keyObservedTime, a.stamp.format(observed))
	}
	putText(dst, keyName, r.Name)
	dst.PutStr(keySource, r.Source.String())
	if id := log.TraceID(); id != a.part.Facts.traceID {
		putTraceID(dst, id)
	}
	a.putSpanID(dst, keySpanID, log.SpanID())
	if r.Origin != nil {
		putText(dst, keyScope, r.Origin.Scope.Name())
		putText(dst, keyScopeVersion, r.Origin.Scope.Version())
	}
	severity := log.SeverityText()
	if severity == "" {
		severity = severityName(log.SeverityNumber())
	}
	putText(dst, keySeverity, severity)
	moveAttributes(log.Attributes(), dst)
	moveBody(log.Body(), dst)
	if r.Late {
		dst.PutBool(keyLate, true)
	}
	if r.Truncated {
		dst.PutBool(keyTruncated, true)
	}
}

// moveAttributes moves attrs to the key attributes unless there are none.
func moveAttributes(attrs, dst pcommon.Map) {
	if attrs.Len() == 0 {
		return
	}
	m := dst.PutEmptyMap(keyAttributes)
	attrs.MoveTo(m)
	cleanMap(m, 0)
}

// moveBody moves a body that holds something.
func moveBody(body pcommon.Value, dst pcommon.Map) {
	if isNothing(body) {
		return
	}
	v := dst.PutEmpty(keyBody)
	body.MoveTo(v)
	cleanValue(v, 0)
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
