package event

import (
	"encoding/binary"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// What waits for the end of its request is held as bytes: pdata spreads a
// record over dozens of small objects, which take up to twice the space of what
// they say and which the garbage collector visits again and again while they
// wait. Bytes cost what they are, leave the cache in one piece, and are what a
// journal writes.
//
//	packed  = version flags fields
//	version = 1 byte, packVersion
//	flags   = 1 byte: bit 0 truncated, bit 1 plain, bit 2 span event
//	fields  = mask, then each field whose bit is set in it, in the order of bits
//	mask    = uvarint
//
//	text    = uvarint n; n odd: the word n>>1 of semconv's vocabulary,
//	          n even: n>>1 bytes follow
//	value   = kind byte, then by kind: nothing (empty, false, true),
//	          text, varint, 8 bytes (double), uvarint length and bytes,
//	          map, list
//	map     = uvarint length, then so many times text and value
//	list    = uvarint length, then so many values
//	time    = 8 bytes, nanoseconds since 1970, little endian
//
// Ids and origin are kept beside, since records that follow each other mostly
// share them. Fields are only ever added, at the end of a mask.

const packVersion = 1

// Bits of a packed record's or span's flags.
const (
	packedTruncated = 1 << iota
	packedPlain
	packedSpanEvent
)

// Bits of a record's mask.
const (
	recordName = 1 << iota // text; EventName when recordEventName is not set
	recordEventName
	recordTimestamp
	recordObserved
	recordSeverity // varint
	recordSeverityText
	recordFlags   // uvarint
	recordDropped // uvarint
	recordBody    // value
	recordAttributes
	recordNoEventName // nothing: EventName is empty, the name comes from elsewhere
	recordBits        = iota
)

// Bits of a span's mask.
const (
	spanTraceState = 1 << iota
	spanParent     // 8 bytes
	spanFlags      // uvarint
	spanName
	spanKind // varint
	spanStart
	spanEnd
	spanStatusCode // varint
	spanStatusMessage
	spanAttributes
	spanDropped // uvarint: attributes, events, links
	spanLinks   // list of trace id, span id, trace state, flags, attributes, dropped
	spanEvents  // list of name, time, attributes, dropped
	spanSemconvKind
	spanBits = iota
)

// Kinds of values.
const (
	packedEmpty = iota
	packedStr
	packedFalse
	packedTrue
	packedInt
	packedDouble
	packedBytes
	packedMap
	packedSlice
)

// AppendRecord packs r and returns the extended slice. Trace and span id,
// Origin, Seq, Bytes and Late are not part of it.
func AppendRecord(dst []byte, r *Record) []byte {
	log := r.Log
	flags := byte(0)
	if r.Truncated {
		flags |= packedTruncated
	}
	if r.Plain {
		flags |= packedPlain
	}
	if r.Source == SourceSpanEvent {
		flags |= packedSpanEvent
	}
	dst = append(dst, packVersion, flags)

	mask := uint64(recordName)
	eventName := log.EventName()
	set := func(bit uint64, present bool) {
		if present {
			mask |= bit
		}
	}
	set(recordEventName, eventName != r.Name && eventName != "")
	set(recordTimestamp, log.Timestamp() != 0)
	set(recordObserved, log.ObservedTimestamp() != 0)
	set(recordSeverity, log.SeverityNumber() != 0)
	set(recordSeverityText, log.SeverityText() != "")
	set(recordFlags, log.Flags() != 0)
	set(recordDropped, log.DroppedAttributesCount() != 0)
	set(recordBody, log.Body().Type() != pcommon.ValueTypeEmpty)
	set(recordAttributes, log.Attributes().Len() > 0)
	set(recordNoEventName, eventName == "")
	dst = binary.AppendUvarint(dst, mask)

	dst = appendWord(dst, r.Name)
	if mask&recordEventName != 0 {
		dst = appendWord(dst, eventName)
	}
	if mask&recordTimestamp != 0 {
		dst = appendTime(dst, log.Timestamp())
	}
	if mask&recordObserved != 0 {
		dst = appendTime(dst, log.ObservedTimestamp())
	}
	if mask&recordSeverity != 0 {
		dst = binary.AppendVarint(dst, int64(log.SeverityNumber()))
	}
	if mask&recordSeverityText != 0 {
		dst = appendWord(dst, log.SeverityText())
	}
	if mask&recordFlags != 0 {
		dst = binary.AppendUvarint(dst, uint64(log.Flags()))
	}
	if mask&recordDropped != 0 {
		dst = binary.AppendUvarint(dst, uint64(log.DroppedAttributesCount()))
	}
	if mask&recordBody != 0 {
		dst = appendValue(dst, log.Body())
	}
	if mask&recordAttributes != 0 {
		dst = appendMap(dst, log.Attributes())
	}
	return dst
}

// AppendSpan packs s and returns the extended slice. Trace and span id, Origin,
// Bytes and Late are not part of it; what is packed is gathered.
func AppendSpan(dst []byte, s *Span) []byte {
	data := s.Data
	flags := byte(0)
	if s.Truncated {
		flags |= packedTruncated
	}
	if s.Plain {
		flags |= packedPlain
	}
	dst = append(dst, packVersion, flags)

	mask, dropped := spanMask(data)
	dst = binary.AppendUvarint(dst, mask)

	if mask&spanTraceState != 0 {
		dst = appendText(dst, data.TraceState().AsRaw())
	}
	if mask&spanParent != 0 {
		parent := data.ParentSpanID()
		dst = append(dst, parent[:]...)
	}
	if mask&spanFlags != 0 {
		dst = binary.AppendUvarint(dst, uint64(data.Flags()))
	}
	if mask&spanName != 0 {
		dst = appendText(dst, data.Name())
	}
	if mask&spanKind != 0 {
		dst = binary.AppendVarint(dst, int64(data.Kind()))
	}
	if mask&spanStart != 0 {
		dst = appendTime(dst, data.StartTimestamp())
	}
	if mask&spanEnd != 0 {
		dst = appendTime(dst, data.EndTimestamp())
	}
	if mask&spanStatusCode != 0 {
		dst = binary.AppendVarint(dst, int64(data.Status().Code()))
	}
	if mask&spanStatusMessage != 0 {
		dst = appendText(dst, data.Status().Message())
	}
	if mask&spanAttributes != 0 {
		dst = appendMap(dst, data.Attributes())
	}
	if mask&spanDropped != 0 {
		for _, n := range dropped {
			dst = binary.AppendUvarint(dst, uint64(n))
		}
	}
	if mask&spanLinks != 0 {
		dst = appendLinks(dst, data.Links())
	}
	if mask&spanEvents != 0 {
		dst = appendSpanEvents(dst, data.Events())
	}
	return appendWord(dst, string(s.Kind))
}

// spanMask says which fields a span has.
func spanMask(data ptrace.Span) (mask uint64, dropped [3]uint32) {
	mask = spanSemconvKind
	set := func(bit uint64, present bool) {
		if present {
			mask |= bit
		}
	}
	dropped = [...]uint32{data.DroppedAttributesCount(), data.DroppedEventsCount(), data.DroppedLinksCount()}
	set(spanTraceState, data.TraceState().AsRaw() != "")
	set(spanParent, !data.ParentSpanID().IsEmpty())
	set(spanFlags, data.Flags() != 0)
	set(spanName, data.Name() != "")
	set(spanKind, data.Kind() != 0)
	set(spanStart, data.StartTimestamp() != 0)
	set(spanEnd, data.EndTimestamp() != 0)
	set(spanStatusCode, data.Status().Code() != 0)
	set(spanStatusMessage, data.Status().Message() != "")
	set(spanAttributes, data.Attributes().Len() > 0)
	set(spanDropped, dropped != [3]uint32{})
	set(spanLinks, data.Links().Len() > 0)
	set(spanEvents, data.Events().Len() > 0)
	return mask, dropped
}

func appendLinks(dst []byte, links ptrace.SpanLinkSlice) []byte {
	dst = binary.AppendUvarint(dst, uint64(links.Len()))
	for _, link := range links.All() {
		traceID, spanID := link.TraceID(), link.SpanID()
		dst = append(append(dst, traceID[:]...), spanID[:]...)
		dst = appendText(dst, link.TraceState().AsRaw())
		dst = binary.AppendUvarint(dst, uint64(link.Flags()))
		dst = appendMap(dst, link.Attributes())
		dst = binary.AppendUvarint(dst, uint64(link.DroppedAttributesCount()))
	}
	return dst
}

func appendSpanEvents(dst []byte, events ptrace.SpanEventSlice) []byte {
	dst = binary.AppendUvarint(dst, uint64(events.Len()))
	for _, ev := range events.All() {
		dst = appendWord(dst, ev.Name())
		dst = appendTime(dst, ev.Timestamp())
		dst = appendMap(dst, ev.Attributes())
		dst = binary.AppendUvarint(dst, uint64(ev.DroppedAttributesCount()))
	}
	return dst
}

func appendTime(dst []byte, t pcommon.Timestamp) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(t))
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text))<<1)
	return append(dst, text...)
}

// appendWord is appendText for what is likely in the vocabulary.
func appendWord(dst []byte, text string) []byte {
	if place, known := semconv.WordIndex(text); known {
		return binary.AppendUvarint(dst, uint64(place)<<1|1)
	}
	return appendText(dst, text)
}

func appendMap(dst []byte, m pcommon.Map) []byte {
	dst = binary.AppendUvarint(dst, uint64(m.Len()))
	for key, value := range m.All() {
		dst = appendWord(dst, key)
		dst = appendValue(dst, value)
	}
	return dst
}

func appendValue(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendText(append(dst, packedStr), v.Str())
	case pcommon.ValueTypeBool:
		if v.Bool() {
			return append(dst, packedTrue)
		}
		return append(dst, packedFalse)
	case pcommon.ValueTypeInt:
		return binary.AppendVarint(append(dst, packedInt), v.Int())
	case pcommon.ValueTypeDouble:
		return binary.LittleEndian.AppendUint64(append(dst, packedDouble), math.Float64bits(v.Double()))
	case pcommon.ValueTypeBytes:
		b := v.Bytes()
		dst = binary.AppendUvarint(append(dst, packedBytes), uint64(b.Len()))
		for _, c := range b.All() {
			dst = append(dst, c)
		}
		return dst
	case pcommon.ValueTypeMap:
		// pdata has an invalid Map for one that came without its list.
		if m := v.Map(); m != (pcommon.Map{}) {
			return appendMap(append(dst, packedMap), m)
		}
		return append(dst, packedMap, 0)
	case pcommon.ValueTypeSlice:
		dst = append(dst, packedSlice)
		s := v.Slice()
		if s == (pcommon.Slice{}) {
			return append(dst, 0)
		}
		dst = binary.AppendUvarint(dst, uint64(s.Len()))
		for _, element := range s.All() {
			dst = appendValue(dst, element)
		}
		return dst
	}
	return append(dst, packedEmpty)
}
