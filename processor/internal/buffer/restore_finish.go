package buffer

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Finish brings the store to the state that was read. It answers the parts that
// were not delivered, in order, and how many requests could not be restored
// whole, which leave at once. What is appended next comes at or after now.
func (x *Restorer) Finish(out *Outcome) (now time.Duration, broken int) {
	s := x.store
	s.now, s.wall = x.now, x.wall
	s.ledger.numbered, s.ledger.input = x.numbered, x.read
	byOpening := map[[16]byte]*request{}
	x.finishEntries()
	x.finishRequests(byOpening)
	x.finishParts(byOpening, out)
	x.finishOpen(byOpening)
	x.finishRemembered(byOpening, out)
	// What was forgotten while its part was waiting is not told.
	for since, some := s.firstFlush(); some && since+s.opts.LateWindow <= s.now; since, some = s.firstFlush() {
		s.forgetFirst()
	}
	for _, r := range x.torn {
		r.opening = s.opts.NewOpening() // see lacks
		r.account.rewrite = true        // its items are counted anew
		s.flush(r, event.FlushRecovered, -1, out)
		x.broken++
	}
	x.salvage(out)
	s.lookAtEnds(out) // of requests whose entry spans are told by other entries
	x.appendAgain(out)
	return x.now, x.broken
}

// appendAgain appends the inputs without their effects: the last one, and
// others if the entry after them was lost.
func (x *Restorer) appendAgain(out *Outcome) {
	l := x.store.ledger
	for _, id := range slices.Sorted(maps.Keys(x.inputs)) {
		if l.again = id != x.read; l.again {
			l.void = append(l.void, id)
		}
		x.store.Append(x.now, x.wall, x.inputs[id], out)
	}
	l.again = false
}

// salvage lets items whose request is lost leave, under the ids that they stand
// under.
func (x *Restorer) salvage(out *Outcome) {
	for _, number := range slices.Sorted(maps.Keys(x.items)) {
		for _, l := range *x.items[number] {
			l.each(func(item uint64, i *restoredItem) {
				x.salvageItem(i, out)
				x.store.ledger.strays = append(x.store.ledger.strays, partKey{number, int(item)})
			})
		}
		x.broken++
	}
}

func (x *Restorer) salvageItem(i *restoredItem, out *Outcome) {
	s := x.store
	r := s.resolve(&Keys{Trace: i.under.trace, Span: i.under.span, ResponseID: salvagedID}, true, out)
	s.awaken(r, out)
	held := r.content.held.items.length
	if i.span {
		r.content.held.addSpan(i.packed, i.under, i.origin, 0)
	} else {
		r.content.held.addRecord(i.packed, i.under, i.origin, 0)
		r.seq++
	}
	s.grow(r.content, i.bytes, i.weight)
	s.adopted(r, 1, r.content.held.items.length-held)
	s.flush(r, event.FlushRecovered, -1, out)
}

// salvagedID names the request of items that name none.
const salvagedID = "recovered"

// finishEntries enters the entry spans whose time is not up.
func (x *Restorer) finishEntries() {
	s := x.store
	for _, e := range slices.SortedFunc(maps.Values(x.entered), func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.holder.oldest, b.holder.oldest), slices.Compare(a.trace[:], b.trace[:]))
	}) {
		if e.since+s.opts.Linger <= x.now {
			continue
		}
		s.entries.byTrace[e.trace] = e
		s.entries.queue.pushBack(e)
		x.needs = append(x.needs, &e.holder)
	}
}

// finishRequests fills the open requests with what they hold.
func (x *Restorer) finishRequests(byOpening map[[16]byte]*request) {
	for _, number := range slices.Sorted(maps.Keys(x.requests)) {
		made := x.requests[number]
		r := made.request
		if before := byOpening[r.opening]; before != nil {
			// It was open no more; the entry that says so is lost.
			x.store.ledger.gone = append(x.store.ledger.gone, before.account.number)
			delete(x.requests, before.account.number)
		}
		r.account = &account{
			number: made.key.number, items: made.from + uint64(made.records+made.spans),
			placed: made.placed, opened: made.opened,
		}
		r.account.holder.request = r
		x.store.ledger.placed = max(x.store.ledger.placed, made.placed)
		byOpening[r.opening] = r
		x.forms[r] = made.form
	}
}

func (x *Restorer) finishParts(byOpening map[[16]byte]*request, out *Outcome) {
	parts := slices.SortedFunc(maps.Values(x.parts), func(a, b *restored) int {
		return cmp.Compare(a.order, b.order)
	})
	for _, made := range slices.Backward(parts) {
		if r := made.request; byOpening[r.opening] == nil {
			// Flushed, and remembered as its last part says.
			r.flushed, r.since = true, made.at
			byOpening[r.opening] = r
			x.forms[r] = made.form
			x.lastOrder[r] = made.order
		}
	}
	for _, made := range parts {
		r := byOpening[made.request.opening]
		// Of a request that is told by an older entry than its part, because
		// the newer one is lost, no number may be given again.
		r.parts = max(r.parts, uint32(made.key.part))
		r.seq = max(r.seq, made.request.seq)
		if r.left == nil {
			r.left = &departure{}
			known := knownOf(&r.identity, r.response)
			if made.known {
				_ = r.left.facts.DecodeBinary(made.facts, &known, made.origin)
			}
		}
		r.left.unbuilt++
		p := made.part
		p.Facts, p.request = &r.left.facts, r
		whole := x.fill(&p.held, made)
		if !whole {
			x.lacks(made, r)
		}
		x.store.ledger.closed = max(x.store.ledger.closed, made.order)
		p.account = &partAccount{
			order: made.order, at: made.at, number: made.key.number, from: made.from, records: made.records, spans: made.spans,
			size: p.held.items.length, form: made.form, facts: made.facts, known: made.known, origin: made.origin,
		}
		p.account.holder.part = p
		if p.account.rewrite = !whole; !whole {
			x.store.ledger.parts = append(x.store.ledger.parts, p)
		}
		x.needsFrom(&p.account.holder, made)
		if !made.known {
			r.left.untold = append(r.left.untold, p)
		}
		out.Parts = append(out.Parts, p)
	}
	for _, made := range x.requests {
		r := made.request
		if r.left == nil && r.parts > 0 {
			r.left = &departure{}
			known := knownOf(&r.identity, r.response)
			if made.known {
				_ = r.left.facts.DecodeBinary(made.facts, &known, made.origin)
			}
		}
	}
}

// lacks makes a part of what is left of one. It may have left whole before, so
// that it gets another id: no id has two contents.
func (x *Restorer) lacks(made *restored, r *request) {
	p := made.part
	p.Reason = event.FlushRecovered
	p.Opening = x.store.opts.NewOpening()
	// The last ones keep their numbers, as in a request that is open.
	p.firstSeq += uint64(max(0, made.records-p.held.records))
	made.from += made.holds()
	made.records, made.spans = p.held.records, p.held.spans
	made.from -= made.holds()
	copy(made.form[openingAt:], p.Opening[:])
	if r == made.request {
		r.opening = p.Opening
	}
	x.broken++
}

// fill gives a holder its items. It answers false when some are missing.
func (x *Restorer) fill(h *held, made *restored) (whole bool) {
	has := x.take(made.key.number, made.from, made.holds())
	if has != nil {
		*h = has.held
		made.entry = min(made.entry, has.entry)
	}
	x.store.ledger.held += h.items.length
	if whole = h.records == made.records && h.spans == made.spans; !whole && has != nil {
		x.renumber(made, has)
	}
	return whole
}

// renumber has what is left of a holder's items told under the last of their
// numbers. The journal may have some of them under others, which are no items
// any more.
func (x *Restorer) renumber(made *restored, has *lot) {
	gone := made.holds() - has.count()
	for _, run := range has.runs {
		for item := run.from; item < min(run.from+run.n, made.from+gone); item++ {
			x.store.ledger.strays = append(x.store.ledger.strays, partKey{made.key.number, int(item)})
		}
	}
}

// finishRemembered remembers what was flushed: what is frozen in chunks, and
// requests of which only parts are left. A request of which there is a newer one
// of the same name was forgotten meanwhile.
func (x *Restorer) finishRemembered(byOpening map[[16]byte]*request, out *Outcome) {
	s := x.store
	named := map[identity]bool{}
	var flushed []*restored
	for _, r := range byOpening {
		if r.content != nil {
			named[r.identity.name()] = true
		} else {
			flushed = append(flushed, &restored{request: r, form: x.forms[r], order: x.lastOrder[r]})
		}
	}
	for opening, made := range x.frozen {
		if byOpening[opening] == nil {
			flushed = append(flushed, made)
		}
	}
	slices.SortFunc(flushed, func(a, b *restored) int {
		return cmp.Or(cmp.Compare(a.request.since, b.request.since), cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.order, b.order))
	})
	for _, made := range slices.Backward(flushed) {
		who := made.request.identity.name()
		if made.forgotten = named[who]; made.forgotten {
			made.request.state = forgotten
		}
		named[who] = true
	}
	for _, made := range flushed {
		if !made.forgotten {
			x.remember(made)
		}
	}
	for s.Remembered() > s.opts.MaxRemembered {
		s.Forget(out)
	}
}

// remember puts a flushed request behind those that were flushed before.
func (x *Restorer) remember(made *restored) {
	s, r := x.store, made.request
	s.flushes++
	s.index.extra += r.extraKeys()
	if made.chunk == 0 || tooLarge(r, made.form) {
		s.index.restore(r, made.form)
		r.left.number, r.state = s.flushes, remembered
		s.past.pushBack(r)
	} else {
		s.index.frozen.push(s.flushes, r.since, made.origin, made.form)
	}
	byID := func(c chunk, id uint64) int { return cmp.Compare(c.id, id) }
	if at, has := slices.BinarySearchFunc(s.ledger.chunks, made.chunk, byID); has {
		s.ledger.chunks[at].last = s.flushes
	}
}

// name is the identity without what only tells which attribute was seen first.
func (i identity) name() identity {
	i.key = ""
	return i
}

func (r *request) extraKeys() int {
	if r.extra == nil {
		return 0
	}
	return r.extra.keys()
}

// finishOpen enters open requests into queues and index, in the order of their
// deadlines.
func (x *Restorer) finishOpen(byOpening map[[16]byte]*request) {
	s := x.store
	var all []*request
	for _, r := range byOpening {
		if r.content != nil {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.account.placed, b.account.placed))
	})
	for _, r := range all {
		s.index.restore(r, x.forms[r])
		s.index.extra += r.extraKeys()
		made := x.requests[r.account.number]
		if !x.fill(&r.content.held, made) {
			x.torn = append(x.torn, r)
		}
		x.needsFrom(&r.account.holder, made)
		s.bytes += r.content.bytes
		s.queueOf(r).pushBack(r)
		s.rejoin(r)
	}
	slices.SortFunc(all, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.content.openedAt, b.content.openedAt), cmp.Compare(a.account.opened, b.account.opened))
	})
	for _, r := range all {
		if !r.flushed {
			s.aged.pushBack(r)
		}
	}
	x.hold()
}

// needsFrom notes which entries a holder needs.
func (x *Restorer) needsFrom(h *holder, made *restored) {
	h.oldest = made.entry
	x.needs = append(x.needs, h)
}

// hold enters the holders in the order of what they need.
func (x *Restorer) hold() {
	slices.SortStableFunc(x.needs, func(a, b *holder) int { return cmp.Compare(a.oldest, b.oldest) })
	for _, h := range x.needs {
		x.store.ledger.holders.pushBack(h)
	}
}
