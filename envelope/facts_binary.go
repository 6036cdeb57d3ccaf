package envelope

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// The binary form of Facts. Integers are little endian or, where it says
// uvarint, as in encoding/binary. What stands in brackets is there only when
// the byte before says so.
//
//	+------+------+------+-----------+
//	| bits | more | kind | ownerKind |  one byte each
//	+------+------+------+-----------+
//	| [trace id 16] [span id 8] [primary span id 8]
//	| flags uvarint
//	| [started at 8] [ended at, as nanoseconds after that, zigzag uvarint]
//	| number of counted uvarint, counted 8 each
//	| texts to the end: { which 1, length uvarint, text } in order of which
//	+---
//
//	bits  0 owned  1 lossy  2-3 status  4-5 trace id  6-7 span id
//	more  0-1 primary span id  2-4 primacy  5 has started at  6 has ended at
//
// An id is absent, the Known one (of the primary span: the span id), or
// written out. The response id that is Known has knownText added to its which
// and neither length nor text. There is no version: whatever holds the bytes
// has one. The origin is not part of it.

// Known is what the reader of the binary form of some Facts knows from
// elsewhere, so that it is not written again. Writer and reader must give the
// same; the zero value knows nothing.
type Known struct {
	TraceID    pcommon.TraceID
	SpanID     pcommon.SpanID
	ResponseID string
}

const (
	factOwned = 1 << iota
	factLossy

	factStatusAt  = 2
	factTraceAt   = 4
	factSpanAt    = 6
	factPrimacyAt = 2
	factStarted   = 1 << 5
	factEnded     = 1 << 6
	factTwoBits   = 3
	factThreeBits = 7
)

// The forms of an id.
const (
	idAbsent = iota
	idKnown
	idWritten
)

const knownText = 0x80

var errFacts = errors.New("corrupt facts")

// Origin is what the request's owning span arrived under, before that one came
// the first event; nil when neither came.
func (f *Facts) Origin() *event.Origin { return f.origin }

// AppendBinary appends all of f but the Origin to dst, in the form that
// DecodeBinary reads. Facts that are equal give equal bytes.
func (f *Facts) AppendBinary(dst []byte, known *Known) []byte {
	trace := idForm(f.traceID.IsEmpty(), f.traceID == known.TraceID)
	span := idForm(f.spanID.IsEmpty(), f.spanID == known.SpanID)
	primary := idForm(f.primarySpanID.IsEmpty(), f.primarySpanID == f.spanID)
	first := byte(f.status)<<factStatusAt | trace<<factTraceAt | span<<factSpanAt
	if f.owned {
		first |= factOwned
	}
	if f.lossy {
		first |= factLossy
	}
	second := primary | byte(f.primary)<<factPrimacyAt
	if f.startedAt != 0 {
		second |= factStarted
	}
	if f.endedAt != 0 {
		second |= factEnded
	}
	dst = append(dst, first, second, byte(f.kind), byte(f.ownerKind))
	if trace == idWritten {
		dst = append(dst, f.traceID[:]...)
	}
	if span == idWritten {
		dst = append(dst, f.spanID[:]...)
	}
	if primary == idWritten {
		dst = append(dst, f.primarySpanID[:]...)
	}
	dst = binary.AppendUvarint(dst, uint64(f.flags))
	if f.startedAt != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(f.startedAt))
	}
	if f.endedAt != 0 {
		dst = binary.AppendVarint(dst, int64(f.endedAt-f.startedAt))
	}
	dst = binary.AppendUvarint(dst, uint64(len(f.counted)))
	for _, c := range f.counted {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c))
	}
	return appendTexts(dst, f.text, known.ResponseID)
}

func idForm(empty, known bool) byte {
	switch {
	case empty:
		return idAbsent
	case known:
		return idKnown
	default:
		return idWritten
	}
}

// appendTexts appends packed texts, of which the response id may be known.
func appendTexts(dst []byte, packed, responseID string) []byte {
	for len(packed) > 0 {
		length, width := uvarint(packed[1:])
		end := 1 + width + int(length)
		if packed[0] == byte(textResponseID) && packed[1+width:end] == responseID {
			dst = append(dst, packed[0]|knownText)
		} else {
			dst = append(dst, packed[:end]...)
		}
		packed = packed[end:]
	}
	return dst
}

// DecodeBinary makes f what AppendBinary wrote, with an Origin. It keeps nothing
// of src and allocates no more than a small multiple of its length. After an
// error f is of no use.
func (f *Facts) DecodeBinary(src []byte, known *Known, origin *event.Origin) error {
	*f = Facts{origin: origin}
	if len(src) < 4 {
		return errFacts
	}
	first, second := src[0], src[1]
	f.owned, f.lossy = first&factOwned != 0, first&factLossy != 0
	f.status = status(first >> factStatusAt & factTwoBits)
	f.primary = primacy(second >> factPrimacyAt & factThreeBits)
	f.kind, f.ownerKind = kindCode(src[2]), kindCode(src[3])
	if f.status > statusError || f.primary > primaryOwnerInference || second > 2*factEnded-1 ||
		int(f.kind) > len(semconv.Kinds) || int(f.ownerKind) > len(semconv.Kinds) {
		return errFacts
	}
	r := factsReader{rest: src[4:]}
	r.id(f.traceID[:], first>>factTraceAt&factTwoBits, known.TraceID[:])
	r.id(f.spanID[:], first>>factSpanAt&factTwoBits, known.SpanID[:])
	r.id(f.primarySpanID[:], second&factTwoBits, f.spanID[:])
	flags := r.uvarint()
	f.flags = uint32(flags)
	r.bad = r.bad || flags > 1<<32-1
	if second&factStarted != 0 {
		f.startedAt = pcommon.Timestamp(r.uint64())
	}
	if second&factEnded != 0 {
		f.endedAt = f.startedAt + pcommon.Timestamp(r.varint())
	}
	f.counted = r.counted()
	f.text = r.texts(known.ResponseID)
	if r.bad {
		return errFacts
	}
	return nil
}

// factsReader reads from the front of rest; bad once something did not fit.
type factsReader struct {
	rest []byte
	bad  bool
}

// take answers the next n bytes, nil when there are not so many.
func (r *factsReader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *factsReader) id(dst []byte, form byte, known []byte) {
	switch form {
	case idAbsent:
	case idKnown:
		copy(dst, known)
	case idWritten:
		copy(dst, r.take(len(dst)))
	default:
		r.bad = true
	}
}

func (r *factsReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *factsReader) uvarint() uint64 {
	v, width := binary.Uvarint(r.rest)
	if width <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[width:]
	return v
}

func (r *factsReader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *factsReader) counted() []counted {
	n := r.uvarint()
	if r.bad || n == 0 {
		return nil
	}
	if n > uint64(len(r.rest)/8) {
		r.bad = true
		return nil
	}
	seen := make([]counted, n)
	for i := range seen {
		seen[i] = counted(r.uint64())
	}
	return seen
}

// texts reads texts to the end and packs them.
func (r *factsReader) texts(responseID string) string {
	var scratch [512]byte
	packed := scratch[:0]
	for next := byte(0); len(r.rest) > 0 && !r.bad; {
		head := r.take(1)[0]
		which := head &^ knownText
		r.bad = which < next || which >= byte(textCount)
		next = which + 1
		packed = append(packed, which)
		switch {
		case head == which:
			length := r.uvarint()
			if length == 0 || length > maxFactText {
				r.bad = true
				return ""
			}
			packed = binary.AppendUvarint(packed, length)
			text := r.take(int(length))
			r.bad = r.bad || !utf8.Valid(text)
			packed = append(packed, text...)
		case which == byte(textResponseID) && responseID != "" && len(responseID) <= maxFactText:
			packed = binary.AppendUvarint(packed, uint64(len(responseID)))
			packed = append(packed, responseID...)
		default:
			r.bad = true
		}
	}
	if r.bad || len(packed) == 0 {
		return ""
	}
	return string(packed)
}
