package event

import (
	"encoding/binary"
	"errors"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// ErrCorrupt says that bytes are no packed record or span, or one of a version
// to come.
var ErrCorrupt = errors.New("not a packed record of this version")

// UnpackRecord fills r from what AppendRecord wrote. r.Log must be empty and
// mutable; Trace and span id, Origin, Seq, Bytes and Late are the caller's. The
// texts of r.Log are parts of packed, so that it lives as long as any of them.
// It returns ErrCorrupt for anything else than one whole record, having filled
// what it could read.
func UnpackRecord(packed string, r *Record) error {
	u := unpacker{rest: packed}
	flags := u.head()
	r.Truncated = flags&packedTruncated != 0
	r.Plain = flags&packedPlain != 0
	r.Source = SourceLog
	if flags&packedSpanEvent != 0 {
		r.Source = SourceSpanEvent
	}
	mask := u.mask(recordBits)
	log := r.Log
	if mask&recordName != 0 {
		r.Name = u.text()
	}
	switch {
	case mask&recordEventName != 0:
		log.SetEventName(u.text())
	case mask&recordNoEventName == 0:
		log.SetEventName(r.Name)
	}
	if mask&recordTimestamp != 0 {
		log.SetTimestamp(u.time())
	}
	if mask&recordObserved != 0 {
		log.SetObservedTimestamp(u.time())
	}
	if mask&recordSeverity != 0 {
		log.SetSeverityNumber(plog.SeverityNumber(u.varint()))
	}
	if mask&recordSeverityText != 0 {
		log.SetSeverityText(u.text())
	}
	if mask&recordFlags != 0 {
		log.SetFlags(plog.LogRecordFlags(u.uvarint()))
	}
	if mask&recordDropped != 0 {
		log.SetDroppedAttributesCount(uint32(u.uvarint()))
	}
	if mask&recordBody != 0 {
		u.value(log.Body())
	}
	if mask&recordAttributes != 0 {
		u.mapInto(log.Attributes())
	}
	return u.end()
}

// PackedName is the Name of what AppendRecord wrote, a part of packed; empty for
// anything else.
func PackedName(packed string) string {
	u := unpacker{rest: packed}
	u.head()
	if u.mask(recordBits)&recordName == 0 {
		return ""
	}
	return u.text()
}

// UnpackSpan fills s from what AppendSpan wrote, as UnpackRecord does.
func UnpackSpan(packed string, s *Span) error {
	u := unpacker{rest: packed}
	flags := u.head()
	s.Truncated = flags&packedTruncated != 0
	s.Plain = flags&packedPlain != 0
	s.Gathered = true
	mask := u.mask(spanBits)
	data := s.Data
	if mask&spanTraceState != 0 {
		data.TraceState().FromRaw(u.text())
	}
	if mask&spanParent != 0 {
		data.SetParentSpanID(u.spanID())
	}
	if mask&spanFlags != 0 {
		data.SetFlags(uint32(u.uvarint()))
	}
	if mask&spanName != 0 {
		data.SetName(u.text())
	}
	if mask&spanKind != 0 {
		data.SetKind(ptrace.SpanKind(u.varint()))
	}
	if mask&spanStart != 0 {
		data.SetStartTimestamp(u.time())
	}
	if mask&spanEnd != 0 {
		data.SetEndTimestamp(u.time())
	}
	if mask&spanStatusCode != 0 {
		data.Status().SetCode(ptrace.StatusCode(u.varint()))
	}
	if mask&spanStatusMessage != 0 {
		data.Status().SetMessage(u.text())
	}
	if mask&spanAttributes != 0 {
		u.mapInto(data.Attributes())
	}
	if mask&spanDropped != 0 {
		data.SetDroppedAttributesCount(uint32(u.uvarint()))
		data.SetDroppedEventsCount(uint32(u.uvarint()))
		data.SetDroppedLinksCount(uint32(u.uvarint()))
	}
	if mask&spanLinks != 0 {
		u.links(data.Links())
	}
	if mask&spanEvents != 0 {
		u.spanEvents(data.Events())
	}
	if mask&spanSemconvKind != 0 {
		s.Kind = semconv.Kind(u.text())
	}
	return u.end()
}

// unpacker reads packed bytes. After something that cannot be, it is broken and
// reads zeros.
type unpacker struct {
	rest   string
	broken bool
}

func (u *unpacker) fail() {
	u.rest, u.broken = "", true
}

func (u *unpacker) end() error {
	if u.broken || u.rest != "" {
		return ErrCorrupt
	}
	return nil
}

func (u *unpacker) head() (flags byte) {
	head := u.take(2)
	if head == "" || head[0] != packVersion {
		u.fail()
		return 0
	}
	return head[1]
}

// mask reads a mask of which the lowest bits are known.
func (u *unpacker) mask(known int) uint64 {
	mask := u.uvarint()
	if mask>>known != 0 {
		u.fail()
		return 0
	}
	return mask
}

// take reads n bytes, or answers "".
func (u *unpacker) take(n uint64) string {
	if n > uint64(len(u.rest)) {
		u.fail()
		return ""
	}
	taken := u.rest[:n]
	u.rest = u.rest[n:]
	return taken
}

func (u *unpacker) uvarint() uint64 {
	if len(u.rest) > 0 && u.rest[0] < 0x80 {
		n := u.rest[0]
		u.rest = u.rest[1:]
		return uint64(n)
	}
	var n uint64
	for i := 0; i < len(u.rest) && i < binary.MaxVarintLen64; i++ {
		b := u.rest[i]
		if i == binary.MaxVarintLen64-1 && b > 1 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			u.rest = u.rest[i+1:]
			return n
		}
	}
	u.fail()
	return 0
}

func (u *unpacker) varint() int64 {
	n := u.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

// length reads how many elements of at least so many bytes follow.
func (u *unpacker) length(least int) int {
	n := u.uvarint()
	if n > uint64(len(u.rest)/least) {
		u.fail()
		return 0
	}
	return int(n)
}

func (u *unpacker) word() uint64 {
	s := u.take(8)
	if s == "" {
		return 0
	}
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func (u *unpacker) time() pcommon.Timestamp { return pcommon.Timestamp(u.word()) }

func (u *unpacker) text() string {
	n := u.uvarint()
	if n&1 == 0 {
		return u.take(n >> 1)
	}
	text, known := semconv.Word(int(min(n>>1, math.MaxInt32)))
	if !known {
		u.fail()
	}
	return text
}

func (u *unpacker) traceID() (id pcommon.TraceID) {
	copy(id[:], u.take(uint64(len(id))))
	return id
}

func (u *unpacker) spanID() (id pcommon.SpanID) {
	copy(id[:], u.take(uint64(len(id))))
	return id
}

// mapInto reads a map into m, which is empty. Its keys may repeat, as they
// came.
func (u *unpacker) mapInto(m pcommon.Map) {
	const least = 2
	n := u.length(least)
	if n == 0 {
		return
	}
	var b xpdata.MapBuilder
	b.EnsureCapacity(n)
	for range n {
		u.value(b.AppendEmpty(u.text()))
		if u.broken {
			break
		}
	}
	b.UnsafeIntoMap(m)
}

func (u *unpacker) value(v pcommon.Value) {
	kind := u.take(1)
	if kind == "" {
		return
	}
	switch kind[0] {
	case packedEmpty:
	case packedStr:
		v.SetStr(u.text())
	case packedFalse, packedTrue:
		v.SetBool(kind[0] == packedTrue)
	case packedInt:
		v.SetInt(u.varint())
	case packedDouble:
		v.SetDouble(math.Float64frombits(u.word()))
	case packedBytes:
		v.SetEmptyBytes().FromRaw([]byte(u.take(u.uvarint())))
	case packedMap:
		u.mapInto(v.SetEmptyMap())
	case packedSlice:
		s := v.SetEmptySlice()
		n := u.length(1)
		s.EnsureCapacity(n)
		for i := 0; i < n && !u.broken; i++ {
			u.value(s.AppendEmpty())
		}
	default:
		u.fail()
	}
}

func (u *unpacker) links(links ptrace.SpanLinkSlice) {
	const least = 28
	n := u.length(least)
	links.EnsureCapacity(n)
	for i := 0; i < n && !u.broken; i++ {
		link := links.AppendEmpty()
		link.SetTraceID(u.traceID())
		link.SetSpanID(u.spanID())
		link.TraceState().FromRaw(u.text())
		link.SetFlags(uint32(u.uvarint()))
		u.mapInto(link.Attributes())
		link.SetDroppedAttributesCount(uint32(u.uvarint()))
	}
}

func (u *unpacker) spanEvents(events ptrace.SpanEventSlice) {
	const least = 11
	n := u.length(least)
	events.EnsureCapacity(n)
	for i := 0; i < n && !u.broken; i++ {
		ev := events.AppendEmpty()
		ev.SetName(u.text())
		ev.SetTimestamp(u.time())
		u.mapInto(ev.Attributes())
		ev.SetDroppedAttributesCount(uint32(u.uvarint()))
	}
}
