package buffer

import (
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// held is what a request gathered since its last part, packed: a sequence of
// items, each under the ids and the origin of the one before unless it says
// otherwise.
//
//	item   = flags length [ids] [origin] packed
//	flags  = 1 byte: bit 0 span (else record), bit 1 ids follow, bit 2 origin follows
//	length = uvarint, of packed
//	ids    = trace id and span id, 24 bytes
//	origin = uvarint, its place in origins
//
// The zero value is empty.
type held struct {
	items   rope
	origins []*event.Origin
	last    under
	records int
	spans   int
}

// under is what an item stands under.
type under struct {
	trace  pcommon.TraceID
	span   pcommon.SpanID
	origin int
}

// Bits of an item's flags.
const (
	itemSpan = 1 << iota
	itemIDs
	itemOrigin
)

// maxItemHead is the most that stands before an item's packed bytes.
const maxItemHead = 1 + 2*binary.MaxVarintLen64 + 24

// addRecord appends a packed record, the first of so many bytes to come.
func (h *held) addRecord(packed []byte, key spanKey, origin *event.Origin, coming int) {
	h.add(0, packed, key, origin, coming)
	h.records++
}

func (h *held) addSpan(packed []byte, key spanKey, origin *event.Origin, coming int) {
	h.add(itemSpan, packed, key, origin, coming)
	h.spans++
}

func (h *held) add(flags byte, packed []byte, key spanKey, origin *event.Origin, coming int) {
	at := under{key.trace, key.span, h.place(origin)}
	if at.trace != h.last.trace || at.span != h.last.span {
		flags |= itemIDs
	}
	if at.origin != h.last.origin {
		flags |= itemOrigin
	}
	h.last = at
	var head [maxItemHead]byte
	b := append(head[:0], flags)
	b = binary.AppendUvarint(b, uint64(len(packed)))
	if flags&itemIDs != 0 {
		b = append(append(b, at.trace[:]...), at.span[:]...)
	}
	if flags&itemOrigin != 0 {
		b = binary.AppendUvarint(b, uint64(at.origin))
	}
	coming = max(coming, len(packed)) + len(b)
	h.items.write(b, coming)
	h.items.write(packed, coming-len(b))
}

// place is where an origin stands in origins, which it enters if need be.
func (h *held) place(origin *event.Origin) int {
	if h.last.origin < len(h.origins) && h.origins[h.last.origin] == origin {
		return h.last.origin
	}
	if at := slices.Index(h.origins, origin); at >= 0 {
		return at
	}
	h.origins = append(h.origins, origin)
	return len(h.origins) - 1
}

// append takes over everything that other holds.
func (h *held) append(other *held) {
	for i := other.read(); i.next(); {
		h.add(i.kind, []byte(i.packed), spanKey{i.at.trace, i.at.span}, other.origins[i.at.origin], 0)
	}
	h.records += other.records
	h.spans += other.spans
}

// Unpacker makes records and spans of parts, in memory that it uses again: what
// it made is valid until the next part is unpacked with it. It is not safe for
// concurrent use. The zero value is ready for use.
type Unpacker struct {
	made     bool
	logs     plog.LogRecordSlice
	data     ptrace.SpanSlice
	records  []event.Record
	spans    []event.Span
	pointers []*event.Span
}

// mostReused is the most records or spans whose memory is used again.
const mostReused = 256

var (
	emptyLog  = plog.NewLogRecord()
	emptySpan = ptrace.NewSpan()
)

// reset makes room for what a part holds.
func (u *Unpacker) reset(h *held) {
	if !u.made || max(h.records, h.spans, cap(u.records), cap(u.spans)) > mostReused {
		*u = Unpacker{made: true, logs: plog.NewLogRecordSlice(), data: ptrace.NewSpanSlice()}
	}
	u.records, u.spans, u.pointers = u.records[:0], u.spans[:0], u.pointers[:0]
	u.records = slices.Grow(u.records, h.records)
	u.spans = slices.Grow(u.spans, h.spans)
	u.pointers = slices.Grow(u.pointers, h.spans)
}

func (u *Unpacker) log() plog.LogRecord {
	n := len(u.records)
	if n == u.logs.Len() {
		return u.logs.AppendEmpty()
	}
	log := u.logs.At(n)
	emptyLog.CopyTo(log)
	return log
}

func (u *Unpacker) span() ptrace.Span {
	n := len(u.spans)
	if n == u.data.Len() {
		return u.data.AppendEmpty()
	}
	span := u.data.At(n)
	emptySpan.CopyTo(span)
	return span
}

// unpack makes the records and spans of a part: numbered from firstSeq, late or
// not, under origins. It fails only for bytes that held did not write.
func (u *Unpacker) unpack(h *held, firstSeq uint64, late bool) error {
	u.reset(h)
	var failed error
	i := h.read()
	for i.next() {
		origin := h.origins[i.at.origin]
		if i.kind&itemSpan != 0 {
			data := u.span()
			data.SetTraceID(i.at.trace)
			data.SetSpanID(i.at.span)
			u.spans = append(u.spans, event.Span{Data: data, Origin: origin, Late: late})
			if err := event.UnpackSpan(i.packed, &u.spans[len(u.spans)-1]); err != nil {
				failed = err
			}
			continue
		}
		log := u.log()
		log.SetTraceID(i.at.trace)
		log.SetSpanID(i.at.span)
		u.records = append(u.records, event.Record{Log: log, Origin: origin, Seq: firstSeq, Late: late})
		firstSeq++
		if err := event.UnpackRecord(i.packed, &u.records[len(u.records)-1]); err != nil {
			failed = err
		}
	}
	if i.corrupt {
		failed = event.ErrCorrupt
	}
	for i := range u.spans {
		u.pointers = append(u.pointers, &u.spans[i])
	}
	return failed
}

// items reads what held has written, in order. What it reads lives as long as
// the rope's memory.
type items struct {
	rest    ropeReader
	origins int
	at      under
	kind    byte
	packed  string
	corrupt bool
}

func (h *held) read() items { return items{rest: h.items.read(), origins: len(h.origins)} }

// next reads the next item; it answers false at the end, and at anything that
// is no item.
func (i *items) next() bool {
	if i.rest.left == 0 || i.corrupt {
		return false
	}
	flags := i.take(1)[0]
	length := i.uvarint()
	if flags&itemIDs != 0 {
		ids := i.take(24)
		copy(i.at.trace[:], ids)
		copy(i.at.span[:], ids[min(16, len(ids)):])
	}
	if flags&itemOrigin != 0 {
		i.at.origin = int(min(i.uvarint(), uint64(i.origins)))
	}
	if i.corrupt || i.at.origin >= i.origins {
		i.corrupt = true
		return false
	}
	i.kind = flags & itemSpan
	i.packed = i.take(length)
	return !i.corrupt
}

// take reads so many bytes; it answers nothing when there are not as many.
func (i *items) take(n uint64) string {
	s, ok := i.rest.take(n)
	i.corrupt = i.corrupt || !ok
	return s
}

func (i *items) uvarint() uint64 {
	var n uint64
	for at := range binary.MaxVarintLen64 {
		s := i.take(1)
		if s == "" {
			return 0
		}
		n |= uint64(s[0]&0x7f) << (7 * at)
		if s[0] < 0x80 {
			return n
		}
	}
	i.corrupt = true
	return 0
}

// ResourceBytes bounds the OTLP size of the resource that the part comes under.
// It holds until Unpack.
func (p *Part) ResourceBytes() int {
	most := 0
	if p.owner != nil {
		most = p.owner.origin.Bytes
	}
	for _, origin := range p.held.origins {
		most = max(most, origin.Bytes)
	}
	return most
}

// Unpack fills in the records, the spans and the owner that the part holds, and
// gives up the packed form unless a journal may need it. It needs no lock: a
// part that was handed out is its owner's. It fails only for bytes that the store
// did not write.
func (p *Part) Unpack(with *Unpacker) error {
	failed := with.unpack(&p.held, p.firstSeq, p.Late)
	p.Records, p.Spans = with.records, with.pointers
	key := p.named
	if p.owner != nil {
		key = p.owner.key
	}
	p.Owner = spanOf(p.Spans, key)
	if p.owner != nil && p.Owner == nil {
		p.Owner = &event.Span{Data: ptrace.NewSpan(), Origin: p.owner.origin}
		p.Owner.Data.SetTraceID(key.trace)
		p.Owner.Data.SetSpanID(key.span)
		if err := event.UnpackSpan(p.owner.packed, p.Owner); err != nil {
			failed = err
		}
		p.Owner.Gathered = false
	}
	if p.account == nil {
		p.held, p.owner = held{}, nil
	}
	return failed
}

// spanOf answers the span with a key, nil if it is not among them.
func spanOf(spans []*event.Span, key spanKey) *event.Span {
	if !key.valid() {
		return nil
	}
	for _, span := range spans {
		if span.Data.SpanID() == key.span && span.Data.TraceID() == key.trace {
			return span
		}
	}
	return nil
}
