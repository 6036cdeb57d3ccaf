package buffer

import (
	"encoding/binary"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// JournalEntry is one entry of the journal while it is written.
//
//	entry   = version now wall pieces
//	version = 1 byte
//	now     = 8 bytes, nanoseconds of the store's monotonic time
//	wall    = 8 bytes, nanoseconds since 1970
//	piece   = kind 1, length 4, body
//
//	kind        body
//	origins     uvarint number, texts: what the numbers of origins mean; the last piece
//	input       see input.go
//	assigned    entry 8, uvarint number, { uvarint piece, uvarint request, uvarint item }
//	items       uvarint request, uvarint first item, held items (see held.go)
//	request     uvarint number, flags, since 8, openedAt 8, uvarints: placed opened items records
//	            spans bytes weight, [owner], head of the frozen form as a text, [origin, facts]
//	part        uvarints: request part order, flags, flushedAt 8, closedAt 8, age 8, uvarints: from records spans
//	            bytes weight firstSeq, texts: reason related, [owner or named 24], head as a text,
//	            [origin, facts]
//	entered     since 8, start 8, root 1, owner
//	gone        uvarint number, uvarints: requests that are open no more
//	settled     uvarint number, { uvarint request, uvarint part }
//	stray       uvarint number, { uvarint request, uvarint item }: items that went elsewhere
//	frozen      since 8, origin, frozen form to the end
//
// Integers are little endian; an origin is a uvarint, its number from 1, or 0
// for none. A reader skips pieces of a kind it does not know.
type JournalEntry struct {
	bytes   []byte
	origins []*event.Origin
	// places has the places of origins once there are many.
	places map[*event.Origin]int
}

// fewOrigins is how many origins are searched one by one, the last one first:
// what arrives together mostly comes under the same.
const fewOrigins = 16

const entryVersion = 1

const (
	pieceOrigins = 1 + iota
	pieceInput
	pieceAssigned
	pieceItems
	pieceRequest
	piecePart
	pieceGone
	pieceSettled
	pieceFrozen
	pieceEntered
	pieceStray
)

// Bits of a request's flags.
const (
	requestLingering = 1 << iota
	requestFlushed
	requestNamed
	requestOwner
	requestFacts
)

// Bits of a part's flags.
const (
	partEnded = 1 << iota
	partLate
	partNamed
	partOwner
	partFacts
)

// NewJournalEntry begins an entry, which is appended to dst.
func NewJournalEntry(dst []byte, now time.Duration, wall time.Time) *JournalEntry {
	e := &JournalEntry{bytes: append(dst, entryVersion)}
	e.u64(uint64(now))
	e.u64(uint64(wall.UnixNano()))
	return e
}

// Input adds what a call brings.
func (e *JournalEntry) Input(in Input) {
	at := e.begin(pieceInput)
	e.bytes = appendInput(e.bytes, in, e.place)
	e.end(at)
}

// Len is the length so far.
func (e *JournalEntry) Len() int { return len(e.bytes) }

// Finish answers the whole.
func (e *JournalEntry) Finish() []byte {
	at := e.begin(pieceOrigins)
	e.uvarint(len(e.origins))
	for _, o := range e.origins {
		e.uvarint(len(o.Packed))
		e.bytes = append(e.bytes, o.Packed...)
	}
	e.end(at)
	return e.bytes
}

func (e *JournalEntry) begin(kind byte) (at int) {
	e.bytes = append(e.bytes, kind, 0, 0, 0, 0)
	return len(e.bytes)
}

func (e *JournalEntry) end(at int) {
	binary.LittleEndian.PutUint32(e.bytes[at-4:], uint32(len(e.bytes)-at))
}

func (e *JournalEntry) u64(n uint64)    { e.bytes = binary.LittleEndian.AppendUint64(e.bytes, n) }
func (e *JournalEntry) uvarint(n int)   { e.bytes = binary.AppendUvarint(e.bytes, uint64(n)) }
func (e *JournalEntry) number(n uint64) { e.bytes = binary.AppendUvarint(e.bytes, n) }
func (e *JournalEntry) text(b []byte) {
	e.uvarint(len(b))
	e.bytes = append(e.bytes, b...)
}

// place answers the number of an origin in this entry, less 1.
func (e *JournalEntry) place(o *event.Origin) int {
	n := len(e.origins)
	for i := n - 1; i >= max(0, n-fewOrigins); i-- {
		if e.origins[i] == o {
			return i
		}
	}
	if at, has := e.places[o]; has {
		return at
	}
	e.origins = append(e.origins, o)
	if n < fewOrigins {
		return n
	}
	if e.places == nil {
		e.places = make(map[*event.Origin]int, 2*fewOrigins)
		for i, each := range e.origins {
			e.places[each] = i
		}
	}
	e.places[o] = n
	return n
}

func (e *JournalEntry) origin(o *event.Origin) {
	if o == nil {
		e.uvarint(0)
		return
	}
	e.uvarint(e.place(o) + 1)
}

func (e *JournalEntry) assigned(entry uint64, assigned []assignment) {
	at := e.begin(pieceAssigned)
	e.u64(entry)
	e.uvarint(len(assigned))
	for _, a := range assigned {
		e.uvarint(a.piece)
		e.number(a.number)
		e.number(a.item)
	}
	e.end(at)
}

// items writes what a holder has as it is, each under its ids and origin.
func (e *JournalEntry) items(number, from uint64, h *held) {
	if h.records+h.spans == 0 {
		return
	}
	at := e.begin(pieceItems)
	e.number(number)
	e.number(from)
	for i := h.read(); i.next(); {
		e.bytes = append(e.bytes, i.kind)
		e.bytes = append(append(e.bytes, i.at.trace[:]...), i.at.span[:]...)
		e.origin(h.origins[i.at.origin])
		e.uvarint(len(i.packed))
		e.bytes = append(e.bytes, i.packed...)
	}
	e.end(at)
}

func (e *JournalEntry) request(r *request, x *index) {
	a, c := r.account, r.content
	flags := byte(0)
	set := func(bit byte, is bool) {
		if is {
			flags |= bit
		}
	}
	facts := r.left != nil && r.left.unbuilt == 0
	set(requestLingering, r.state == lingering)
	set(requestFlushed, r.flushed)
	set(requestNamed, c.named)
	set(requestOwner, c.owner != nil)
	set(requestFacts, facts)
	at := e.begin(pieceRequest)
	e.number(a.number)
	e.bytes = append(e.bytes, flags)
	e.u64(uint64(r.since))
	e.u64(uint64(c.openedAt))
	e.number(a.placed)
	e.number(a.opened)
	e.number(a.items)
	e.uvarint(c.held.records)
	e.uvarint(c.held.spans)
	e.uvarint(c.bytes)
	e.uvarint(c.weight)
	if c.owner != nil {
		e.owner(c.owner)
	}
	e.head(func(dst []byte) []byte { return x.appendHead(dst, r) })
	if facts {
		known := knownOf(&r.identity, r.response)
		e.origin(r.left.facts.Origin())
		e.bytes = r.left.facts.AppendBinary(e.bytes, &known)
	}
	e.end(at)
}

// head writes a text whose length is known afterwards.
func (e *JournalEntry) head(appendTo func([]byte) []byte) {
	start := len(e.bytes)
	e.bytes = appendTo(append(e.bytes, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(e.bytes[start:], uint32(len(e.bytes)-start-4))
}

func (e *JournalEntry) owner(o *owner) {
	e.bytes = append(append(e.bytes, o.key.trace[:]...), o.key.span[:]...)
	e.origin(o.origin)
	e.uvarint(len(o.packed))
	e.bytes = append(e.bytes, o.packed...)
}

func (e *JournalEntry) part(p *Part) {
	a := p.account
	flags := byte(0)
	set := func(bit byte, is bool) {
		if is {
			flags |= bit
		}
	}
	set(partEnded, p.Ended)
	set(partLate, p.Late)
	set(partNamed, p.named.valid())
	set(partOwner, p.owner != nil)
	set(partFacts, a.known)
	at := e.begin(piecePart)
	e.number(a.number)
	e.uvarint(p.Number)
	e.number(a.order)
	e.bytes = append(e.bytes, flags)
	e.u64(uint64(p.FlushedAt.UnixNano()))
	e.u64(uint64(a.at))
	e.u64(uint64(p.Age))
	e.number(a.from)
	e.uvarint(a.records)
	e.uvarint(a.spans)
	e.uvarint(p.Bytes)
	e.uvarint(p.Weight)
	e.number(p.firstSeq)
	e.text([]byte(p.Reason))
	e.text([]byte(p.RelatedRequestID))
	if p.named.valid() {
		e.bytes = append(append(e.bytes, p.named.trace[:]...), p.named.span[:]...)
	}
	if p.owner != nil {
		e.owner(p.owner)
	}
	e.head(func(dst []byte) []byte { return append(dst, a.form...) })
	if a.known {
		e.origin(a.origin)
		e.bytes = append(e.bytes, a.facts...)
	}
	e.end(at)
}

func (e *JournalEntry) entered(n *entry) {
	at := e.begin(pieceEntered)
	e.u64(uint64(n.since))
	e.u64(uint64(n.rank.start))
	e.bytes = append(e.bytes, bit(n.rank.root, 1))
	e.owner(n.owner)
	e.end(at)
}

func (e *JournalEntry) numbers(kind byte, numbers []uint64) {
	if len(numbers) == 0 {
		return
	}
	at := e.begin(kind)
	e.uvarint(len(numbers))
	for _, n := range numbers {
		e.number(n)
	}
	e.end(at)
}

func (e *JournalEntry) keys(kind byte, parts []partKey) {
	if len(parts) == 0 {
		return
	}
	at := e.begin(kind)
	e.uvarint(len(parts))
	for _, p := range parts {
		e.number(p.number)
		e.uvarint(p.part)
	}
	e.end(at)
}
