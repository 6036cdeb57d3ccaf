package buffer

import (
	"slices"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// ledger is what a store keeps for its journal: what the journal has not been
// told yet, and how far back it reaches. A store without a journal has none.
//
// The journal is a log of entries (journal_entry.go). Each entry brings an input,
// and tells what became of the inputs before it and of the requests that have
// changed since. Only the input of the last entry may therefore be without its
// effects; restoring appends it once more, with the same result, since nothing
// of it can have left: a part is told before it leaves.
type ledger struct {
	news
	// numbered counts requests that were opened, closed counts parts, placed
	// the times that one was put at the end of a queue.
	numbered, closed, placed uint64
	// input is the entry that brought what is being appended, piece the place
	// in it.
	input uint64
	piece int
	// again says that what is appended stands in an entry whose effects were
	// lost: requests that it goes to are told in full.
	again bool
	// chunks are those of remembered requests that the journal has.
	chunks []chunk
	// holders are what keeps entries, in order of the oldest that each needs.
	holders queue[holder]
	// held is the size of what holders have.
	held int
	// told is what the entry under way tells, until it is known to be written.
	told *told
}

// news is what the journal does not know.
type news struct {
	// dirty are open requests that have changed, gone those that are open no
	// more.
	dirty []*request
	gone  []uint64
	// parts were closed, settled need not be kept any longer.
	parts   []*Part
	settled []partKey
	// applied says that an input was appended, assigned what became of it.
	applied  bool
	assigned []assignment
	// void are entries whose effects were lost, and which were appended again;
	// strays are items whose request is lost: they were given to another.
	void   []uint64
	strays []partKey
	// entered are entry spans that are remembered.
	entered []*entry
	// frozen are requests that are remembered and whose envelopes are built.
	frozen []frozenNote
}

// account is what the ledger knows of an open request.
type account struct {
	number uint64
	// items counts the pieces it was ever given in this opening or reopening;
	// it holds the last ones.
	items uint64
	// placed tells those apart that wait since the same moment, opened those
	// that were opened then.
	placed, opened uint64
	dirty          bool
	rewrite        bool
	holder         holder
}

// holder is an open request or a part that is not delivered.
type holder struct {
	// oldest is the entry from which on everything about it is there; 0 for
	// one that stands in no entry yet.
	oldest  uint64
	links   links[holder]
	request *request
	part    *Part
	entry   *entry
}

// partKey names a part.
type partKey struct {
	number uint64
	part   int
}

// assignment tells that a piece became an item of a request.
type assignment struct {
	piece  int
	number uint64
	item   uint64
}

// frozenNote is a remembered request as the journal is told of it.
type frozenNote struct {
	since  time.Duration
	origin *event.Origin
	form   []byte
}

// chunk is one that the journal has, with the number of the last flush in it.
type chunk struct {
	id   uint64
	last uint64
}

// told is what an entry tells, so that it can be told again.
type told struct {
	news
	rewritten []*holder
	// flushed is the number of the last flush that it knows of.
	flushed uint64
}

func newLedger() *ledger {
	return &ledger{holders: queue[holder]{of: func(h *holder) *links[holder] { return &h.links }}}
}

// KeepJournal makes the store tell what a journal needs to know. It must be
// called before anything is appended.
func (s *Store) KeepJournal() { s.ledger = newLedger() }

// account opens the account of a request that was opened or reopened.
func (s *Store) account(r *request) {
	if s.ledger == nil {
		return
	}
	s.ledger.numbered++
	r.account = &account{number: s.ledger.numbered, opened: s.ledger.numbered}
	r.account.holder.request = r
	s.placed(r)
}

// placed notes that r was put at the end of the queue in which it waits.
func (s *Store) placed(r *request) {
	if r.account == nil {
		return
	}
	s.ledger.placed++
	r.account.placed = s.ledger.placed
	s.touched(r)
}

// entered notes that an entry span is remembered.
func (s *Store) entered(e *entry) {
	if s.ledger == nil {
		return
	}
	e.holder.entry = e
	s.ledger.entered = append(s.ledger.entered, e)
}

// touched notes that an open request is to be told anew.
func (s *Store) touched(r *request) {
	if a := r.account; a != nil && !a.dirty {
		a.dirty = true
		s.ledger.dirty = append(s.ledger.dirty, r)
	}
}

// took notes that r was given the piece being appended.
func (s *Store) took(r *request, size int) {
	a := r.account
	if a == nil {
		return
	}
	if s.ledger.again {
		a.rewrite = true
	} else {
		s.ledger.assigned = append(s.ledger.assigned, assignment{s.ledger.piece, a.number, a.items})
	}
	s.ledger.held += size
	a.items++
	s.hold(&a.holder, s.ledger.input)
	s.touched(r)
}

// pieceIs says which piece of the input is appended next.
func (s *Store) pieceIs(n int) {
	if s.ledger != nil {
		s.ledger.piece, s.ledger.applied = n, true
	}
}

func (s *Store) nextPiece() {
	if s.ledger != nil {
		s.ledger.piece++
	}
}

// adopted notes that r took over what another request held.
func (s *Store) adopted(r *request, items, size int) {
	a := r.account
	if a == nil {
		return
	}
	a.items += uint64(items)
	a.rewrite = true
	s.ledger.held += size
	s.touched(r)
}

// openedLike notes that r counts as opened when other was.
func (s *Store) openedLike(r, other *request) {
	if r.account != nil {
		r.account.opened = other.account.opened
	}
}

// hold notes that a holder needs the entries from one on.
func (s *Store) hold(h *holder, entry uint64) {
	if h.oldest == 0 && entry != 0 {
		h.oldest = entry
		s.ledger.holders.pushBack(h)
	}
}

func (s *Store) release(h *holder) {
	if h.oldest != 0 {
		s.ledger.holders.remove(h)
		h.oldest = 0
	}
}

// closed opens the account of a part, which takes over what its request holds.
func (s *Store) closed(r *request, p *Part) {
	a := r.account
	if a == nil {
		return
	}
	n := uint64(p.held.records + p.held.spans)
	s.ledger.closed++
	p.account = &partAccount{order: s.ledger.closed, at: s.now, number: a.number, from: a.items - n, records: p.held.records, spans: p.held.spans}
	p.account.holder.part = p
	p.account.size = p.held.items.length
	if oldest := a.holder.oldest; oldest != 0 {
		s.ledger.holders.replace(&a.holder, &p.account.holder)
		p.account.holder.oldest, a.holder.oldest = oldest, 0
	}
	p.account.rewrite = a.rewrite
	a.rewrite = false
	p.account.form = s.index.appendHead(nil, r)
	if r.left.unbuilt == 1 {
		p.account.tellFacts(r)
	} else {
		r.left.untold = append(r.left.untold, p)
	}
	s.ledger.parts = append(s.ledger.parts, p)
	s.touched(r)
}

// partAccount is what the ledger knows of a part.
type partAccount struct {
	// order is its place among all parts, at when it was closed.
	order  uint64
	at     time.Duration
	number uint64
	// from is the first of its items.
	from           uint64
	records, spans int
	size           int
	// form is its request's, as of its flush; facts are what earlier parts
	// told of it, origin where they were told; nil as long as those are not
	// built.
	form    []byte
	facts   []byte
	known   bool
	origin  *event.Origin
	rewrite bool
	settled bool
	holder  holder
}

func (a *partAccount) tellFacts(r *request) {
	known := knownOf(&r.identity, r.response)
	a.facts = r.left.facts.AppendBinary(a.facts[:0], &known)
	a.origin = r.left.facts.Origin()
	a.known = true
}

// left closes the account of a request that is open no more.
func (s *Store) left(r *request) {
	a := r.account
	if a == nil {
		return
	}
	s.release(&a.holder)
	s.ledger.gone = append(s.ledger.gone, a.number)
	r.account = nil
}

// builtFacts tells the part that is next to be built what those before it, which
// are built now, told.
func (s *Store) builtFacts(r *request) {
	untold := r.left.untold
	for len(untold) > 0 && untold[0].request == nil {
		untold = untold[1:]
	}
	if len(untold) > 0 && len(untold) == r.left.unbuilt {
		untold[0].account.tellFacts(r)
		s.ledger.parts = append(s.ledger.parts, untold[0])
		untold = untold[1:]
	}
	r.left.untold = untold
}

// settledDown notes that the journal is to remember a request too.
func (s *Store) settledDown(r *request, form []byte) {
	if s.ledger != nil {
		s.ledger.frozen = append(s.ledger.frozen, frozenNote{r.since, r.left.facts.Origin(), slices.Clone(form)})
	}
}

// Settle notes that parts were delivered or given up: the journal need not keep
// them.
func (s *Store) Settle(parts []*Part) {
	if s.ledger == nil {
		return
	}
	for _, p := range parts {
		a := p.account
		if a == nil || a.settled {
			continue
		}
		a.settled = true
		s.release(&a.holder)
		s.ledger.held -= a.size
		s.ledger.settled = append(s.ledger.settled, partKey{a.number, p.Number})
		p.held = held{}
	}
}

// Untold says whether there is something that the journal does not know.
func (s *Store) Untold() bool {
	l := s.ledger
	return l != nil && (l.applied || len(l.dirty)+len(l.parts)+len(l.gone)+len(l.settled)+len(l.entered)+len(l.frozen) > 0)
}

// JournalBytes bounds from below what a journal of what is held takes.
func (s *Store) JournalBytes() int {
	return s.ledger.held + s.ledger.holders.length*stateBytes
}

// stateBytes is about what an open request or a part takes beside what it
// holds.
const stateBytes = 256
