package buffer

import (
	"encoding/binary"
	"slices"
)

// Tell adds to an entry what the journal does not know yet. rewrite is how many
// bytes of old entries should be written anew, so that those can be dropped.
func (s *Store) Tell(e *JournalEntry, rewrite int) {
	l := s.ledger
	t := &told{news: l.news, flushed: s.flushes}
	l.news, l.told = news{}, t
	for _, id := range t.void {
		e.assigned(id, nil)
	}
	if t.applied {
		e.assigned(l.input, t.assigned)
	}
	for _, p := range t.parts {
		// One that is settled already is told as well: it says which items
		// go with it.
		if p.account.rewrite && !p.account.settled {
			e.items(p.account.number, p.account.from, &p.held)
		}
		e.part(p)
	}
	for _, r := range t.dirty {
		r.account.tell(e, r, &s.index)
	}
	for _, entry := range t.entered {
		if s.entries.byTrace[entry.trace] == entry {
			e.entered(entry)
		}
	}
	s.rewrite(e, rewrite, t)
	e.numbers(pieceGone, t.gone)
	e.keys(pieceSettled, t.settled)
	e.keys(pieceStray, t.strays)
}

func (a *account) tell(e *JournalEntry, r *request, x *index) {
	if a == nil {
		return // gone since
	}
	a.dirty = false
	if a.rewrite {
		e.items(a.number, a.items-uint64(r.content.held.records+r.content.held.spans), &r.content.held)
	}
	e.request(r, x)
}

// rewrite writes the holders of the oldest entries anew.
func (s *Store) rewrite(e *JournalEntry, bytes int, t *told) {
	start := len(e.bytes)
	for h := s.ledger.holders.head; h != nil && len(e.bytes)-start < bytes; h = h.links.after {
		switch {
		case h.entry != nil:
			e.entered(h.entry)
		case h.part != nil:
			e.items(h.part.account.number, h.part.account.from, &h.part.held)
			e.part(h.part)
		default:
			r := h.request
			e.items(r.account.number, r.account.items-uint64(r.content.held.records+r.content.held.spans), &r.content.held)
			e.request(r, &s.index)
		}
		t.rewritten = append(t.rewritten, h)
	}
}

// Told says that the entry of the last Tell was written under an id, or, with id
// 0, that it was not. It answers before which entry the journal can drop all.
func (s *Store) Told(id, chunkID uint64) (keep uint64) {
	l, t := s.ledger, s.ledger.told
	l.told = nil
	if id == 0 {
		s.untell(t)
		return 0
	}
	l.input = id
	for _, r := range t.dirty {
		if a := r.account; a != nil {
			a.rewrite = a.rewrite && a.dirty
			s.hold(&a.holder, id)
		}
	}
	for _, p := range t.parts {
		if !p.account.settled {
			p.account.rewrite = false
			s.hold(&p.account.holder, id)
		}
	}
	for _, entry := range t.entered {
		if s.entries.byTrace[entry.trace] == entry {
			s.hold(&entry.holder, id)
		}
	}
	for _, h := range t.rewritten {
		if h.oldest != 0 && h.oldest < id {
			s.ledger.holders.remove(h)
			h.oldest = 0
			s.hold(h, id)
		}
	}
	if chunkID != 0 {
		l.chunks = append(l.chunks, chunk{chunkID, t.flushed})
	}
	if h := l.holders.head; h != nil {
		return min(h.oldest, id)
	}
	return id
}

// Needed answers before which entry the journal can drop all, whatever it was
// told.
func (s *Store) Needed() uint64 {
	if h := s.ledger.holders.head; h != nil {
		return h.oldest
	}
	return s.ledger.input + 1
}

// untell takes back what an entry told that was not written.
func (s *Store) untell(t *told) {
	l := s.ledger
	for _, r := range t.dirty {
		s.touched(r)
	}
	l.parts = append(t.parts, l.parts...)
	l.gone = append(t.gone, l.gone...)
	l.settled = append(t.settled, l.settled...)
	l.assigned = append(t.assigned, l.assigned...)
	l.applied = l.applied || t.applied
	l.void = append(t.void, l.void...)
	l.strays = append(t.strays, l.strays...)
	l.entered = append(t.entered, l.entered...)
	l.frozen = append(t.frozen, l.frozen...)
}

// ChunksBefore answers before which chunk the journal can drop all: what is in
// those was forgotten or is told elsewhere.
func (s *Store) ChunksBefore() uint64 {
	l := s.ledger
	first := s.firstNumber()
	n := slices.IndexFunc(l.chunks, func(c chunk) bool { return c.last >= first })
	if n < 0 {
		n = len(l.chunks)
	}
	before := uint64(0)
	if n > 0 {
		before = l.chunks[n-1].id + 1
		l.chunks = l.chunks[n:]
	}
	return before
}

// firstNumber is the flush number of the request that is next to be forgotten.
func (s *Store) firstNumber() uint64 {
	first := s.flushes + 1
	if _, frozen, ok := s.index.frozen.oldest(); ok {
		first = frozen.number
	}
	if r := s.past.head; r != nil {
		first = min(first, r.left.number)
	}
	return first
}

// AppendFrozen writes a chunk of requests that were frozen since the last entry,
// nothing when there are none.
func (s *Store) AppendFrozen(dst []byte) []byte {
	l := s.ledger
	if l.told == nil || len(l.told.frozen) == 0 {
		return nil
	}
	e := NewJournalEntry(dst, s.now, s.wall)
	for i := range l.told.frozen {
		note := &l.told.frozen[i]
		at := e.begin(pieceFrozen)
		e.bytes = binary.LittleEndian.AppendUint64(e.bytes, uint64(note.since))
		e.origin(note.origin)
		e.bytes = append(e.bytes, note.form...)
		e.end(at)
	}
	return e.Finish()
}
