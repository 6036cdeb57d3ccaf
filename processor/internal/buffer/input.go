package buffer

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Input is what one call brings: log records or spans, in order of arrival.
type Input struct {
	Records []Record
	Spans   []Span
}

// Append takes an input, which has records or spans. now is monotonic time,
// wall the time of day.
func (s *Store) Append(now time.Duration, wall time.Time, in Input, out *Outcome) {
	if len(in.Records) > 0 {
		s.AppendRecords(now, wall, in.Records, out)
	}
	if len(in.Spans) > 0 {
		s.AppendSpans(now, wall, in.Spans, out)
	}
}

// The written form of an input, as a journal keeps it until its pieces are
// delivered. Texts are a uvarint length and bytes.
//
//	input  = uvarint number, records; uvarint number, spans
//	record = flags [attribute key and value] [ids 24] [response id]
//	         origin bytes weight packed
//	flags  = 1 byte: bit 0 span event, bit 1 ends, bit 2 attribute, bit 3 ids, bit 4 response id
//	span   = claim 1, marks 1, record (without bits 0 and 1), start 8, owner, uvarint number, records
//	marks  = bit 0 entry, bit 1 inference, bit 2 root
//	origin, bytes, weight = uvarint; packed, owner = text

const (
	inputSpanEvent = 1 << iota
	inputEnds
	inputAttribute
	inputIDs
	inputResponse
)

const (
	inputEntry = 1 << iota
	inputInference
	inputRoot
)

// appendInput writes an input; place answers the number of an origin.
func appendInput(dst []byte, in Input, place func(*event.Origin) int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(in.Records)))
	for i := range in.Records {
		dst = appendInputRecord(dst, &in.Records[i], place)
	}
	dst = binary.AppendUvarint(dst, uint64(len(in.Spans)))
	for i := range in.Spans {
		s := &in.Spans[i]
		marks := byte(0)
		if s.Entry == EntryTrace {
			marks |= inputEntry
		}
		if s.Inference {
			marks |= inputInference
		}
		if s.Root {
			marks |= inputRoot
		}
		dst = append(dst, byte(s.Claim), marks)
		dst = appendPiece(dst, 0, &s.Keys, place(s.Origin), s.Bytes, s.Weight, s.Packed)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Start))
		dst = binary.AppendUvarint(dst, uint64(len(s.Owner)))
		dst = append(dst, s.Owner...)
		dst = binary.AppendUvarint(dst, uint64(len(s.Events)))
		for j := range s.Events {
			dst = appendInputRecord(dst, &s.Events[j], place)
		}
	}
	return dst
}

func appendInputRecord(dst []byte, r *Record, place func(*event.Origin) int) []byte {
	flags := byte(0)
	if r.Source == event.SourceSpanEvent {
		flags |= inputSpanEvent
	}
	if r.Ends {
		flags |= inputEnds
	}
	return appendPiece(dst, flags, &r.Keys, place(r.Origin), r.Bytes, r.Weight, r.Packed)
}

func appendPiece(dst []byte, flags byte, k *Keys, origin, bytes, weight int, packed []byte) []byte {
	if k.Attribute != "" {
		flags |= inputAttribute
	}
	if !k.Trace.IsEmpty() || !k.Span.IsEmpty() {
		flags |= inputIDs
	}
	if k.ResponseID != "" {
		flags |= inputResponse
	}
	dst = append(dst, flags)
	if flags&inputAttribute != 0 {
		dst = appendText(appendText(dst, k.AttributeKey), k.Attribute)
	}
	if flags&inputIDs != 0 {
		dst = append(append(dst, k.Trace[:]...), k.Span[:]...)
	}
	if flags&inputResponse != 0 {
		dst = appendText(dst, k.ResponseID)
	}
	dst = binary.AppendUvarint(dst, uint64(origin))
	dst = binary.AppendUvarint(dst, uint64(bytes))
	dst = binary.AppendUvarint(dst, uint64(weight))
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	return append(dst, packed...)
}

// input reads what appendInput wrote. What it answers is part of the bytes that
// it is read from.
func (r *frozenReader) input(origins []*event.Origin) (in Input) {
	const least = 5
	if n := r.number(least); n > 0 {
		in.Records = make([]Record, n)
		for i := range in.Records {
			in.Records[i] = r.inputRecord(origins)
		}
	}
	if n := r.number(least); n > 0 {
		in.Spans = make([]Span, n)
		for i := range in.Spans {
			in.Spans[i] = r.inputSpan(origins)
		}
	}
	return in
}

func (r *frozenReader) inputRecord(origins []*event.Origin) (rec Record) {
	flags := r.byte()
	rec.Ends = flags&inputEnds != 0
	if flags&inputSpanEvent != 0 {
		rec.Source = event.SourceSpanEvent
	}
	rec.Keys, rec.Origin, rec.Bytes, rec.Weight, rec.Packed = r.piece(flags, origins)
	return rec
}

func (r *frozenReader) inputSpan(origins []*event.Origin) (s Span) {
	s.Claim = Claim(r.byte())
	marks := r.byte()
	if marks&inputEntry != 0 {
		s.Entry = EntryTrace
	}
	s.Inference, s.Root = marks&inputInference != 0, marks&inputRoot != 0
	s.Keys, s.Origin, s.Bytes, s.Weight, s.Packed = r.piece(r.byte(), origins)
	if b := r.take(8); b != nil {
		s.Start = pcommon.Timestamp(binary.LittleEndian.Uint64(b))
	}
	s.Owner = r.text()
	if n := r.number(5); n > 0 {
		s.Events = make([]Record, n)
		for i := range s.Events {
			s.Events[i] = r.inputRecord(origins)
		}
	}
	r.bad = r.bad || s.Claim > ClaimPending
	return s
}

func (r *frozenReader) piece(flags byte, origins []*event.Origin) (k Keys, o *event.Origin, bytes, weight int, packed []byte) {
	if flags&inputAttribute != 0 {
		k.AttributeKey, k.Attribute = string(r.text()), string(r.text())
	}
	if flags&inputIDs != 0 {
		at := r.spanKey()
		k.Trace, k.Span = at.trace, at.span
	}
	if flags&inputResponse != 0 {
		k.ResponseID = string(r.text())
	}
	o = r.origin(origins)
	bytes, weight = r.count(), r.count()
	return k, o, bytes, weight, r.text()
}

func (r *frozenReader) origin(origins []*event.Origin) *event.Origin {
	n := r.uvarint()
	if n >= uint64(len(origins)) {
		r.bad = true
		return nil
	}
	return origins[n]
}

// mostCounted bounds what is counted so that two of them can be added.
const mostCounted = math.MaxInt / 2

// count reads a number of bytes, records or spans.
func (r *frozenReader) count() int {
	n := r.uvarint()
	if n > mostCounted {
		r.bad = true
		return 0
	}
	return int(n)
}
