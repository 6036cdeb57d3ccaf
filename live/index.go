package live

import (
	"cmp"
	"container/list"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// State is where a request stands.
type State string

// The states of a request.
const (
	// StateOpen: it has not ended.
	StateOpen State = "open"
	// StateEnded: its end was seen, and there is something that has not left.
	StateEnded State = "ended"
	// StateFlushed: all there is of it has left.
	StateFlushed State = "flushed"
)

// request is one request as far as it was published.
type request struct {
	*event.Request
	processor string
	// ordinal orders requests by when they were first seen.
	ordinal uint64
	// followers counts the subscriptions to this request alone.
	followers atomic.Int32

	// knowledge is what filters ask for.
	knowledge knowledge

	// What follows is guarded by Hub.mu.

	events []*entry
	// last is the number of the last of them.
	last uint64
	// room is for entries to come.
	room    []entry
	bytes   int
	lastSeq uint64
	// ended is the fact that it ended, flush the last part that left.
	ended *entry
	flush *event.Flush
	// dirty says that something came since the last part left; calls have
	// come, callsLeft have left.
	dirty            bool
	calls, callsLeft int
	// partial says that some of its events were never here, or have left the
	// index before.
	partial bool
	// mergedInto is the request that it became a part of; past is what it had
	// until then.
	mergedInto *request
	past       []*entry
	// dropped: it is in the index no more, and its events up to cut are gone.
	dropped    bool
	cut        uint64
	finishedAt time.Time
	place      *list.Element
	finished   bool
	// at is its place in the index's order.
	at int
	// older has the same id and is found when this one is gone.
	older *request
}

func (r *request) state() State {
	switch {
	case r.flush != nil && !r.dirty && r.flush.Reason != event.FlushSize:
		return StateFlushed
	case r.ended != nil:
		return StateEnded
	}
	return StateOpen
}

// done says that no more is expected of the request.
func (r *request) done() bool {
	return r.mergedInto != nil || r.state() == StateFlushed
}

// knowledge is what was learned of a request from its entries. It is kept up
// when somebody asks.
type knowledge struct {
	mu      sync.Mutex
	learned uint64
	facts   envelope.Facts
	digest  atomic.Pointer[digest]
}

// newEntry is an entry of the request, without a number. Entries are made a few
// at a time, which spares the garbage collector; large ones alone, since some of
// a few may be in the ring for longer than the others.
func (r *request) newEntry(packed string) (e *entry) {
	const few, large = 8, 2 << 10
	if len(packed) > large {
		e = new(entry)
	} else {
		if len(r.room) == 0 {
			r.room = make([]entry, few)
		}
		e, r.room = &r.room[0], r.room[1:]
	}
	e.request, e.packed = r, packed
	return e
}

// index finds requests. Its owner guards it.
type index struct {
	maxRequests, maxBytes int
	byOpening             map[[16]byte]*request
	byID                  map[string]*request
	// order has all requests by ordinal, nil places where one left.
	order []*request
	holes int
	next  uint64
	// open in order of opening, finished in order of their last flush.
	open, finished *list.List
	bytes          int
	gone           gone
}

func newIndex(maxRequests, maxBytes int) index {
	return index{
		maxRequests: maxRequests, maxBytes: maxBytes,
		byOpening: map[[16]byte]*request{}, byID: map[string]*request{},
		open: list.New(), finished: list.New(),
		gone: newGone(8 * maxRequests),
	}
}

// of answers the request with an identity, which it enters if need be.
func (x *index) of(processor string, id *event.Request) (r *request, entered bool) {
	if r := x.byOpening[id.Opening]; r != nil {
		return r, false
	}
	x.next++
	r = &request{Request: id, processor: processor, ordinal: x.next, events: make([]*entry, 0, 8)}
	r.place = x.open.PushBack(r)
	r.older = x.byID[id.ID]
	x.byOpening[id.Opening], x.byID[id.ID] = r, r
	r.at = len(x.order)
	x.order = append(x.order, r)
	return r, true
}

// known is all that tells of the request, in order: also what became a part of
// another.
func (r *request) known() []*entry {
	if r.mergedInto != nil {
		return r.past[:len(r.past):len(r.past)]
	}
	return r.events[:len(r.events):len(r.events)]
}

// after is the place of the first event from a number on.
func (r *request) after(n uint64) int { return after(r.events, n) }

func after(events []*entry, n uint64) int {
	at, _ := slices.BinarySearchFunc(events, n, func(e *entry, n uint64) int { return cmp.Compare(e.n, n) })
	return at
}

// add puts a numbered entry into its request.
func (x *index) add(r *request, e *entry, now time.Time) {
	r.events, r.last = append(r.events, e), e.n
	r.bytes += e.size()
	x.bytes += e.size()
	switch e.kind {
	case event.FactOpened:
		r.ended = nil
	case event.FactRecord:
		e.gap = e.seq > r.lastSeq+1 // nobody sees it yet
		r.partial = r.partial || e.gap
		r.lastSeq, r.dirty = max(r.lastSeq, e.seq), true
	case event.FactCall:
		r.calls++
		r.dirty = true
	case event.FactEnded:
		r.ended = e
	case event.FactFlushed:
		e.gap = e.flush.LastSeq > r.lastSeq
		r.partial, r.lastSeq = r.partial || e.gap, max(r.lastSeq, e.flush.LastSeq)
		r.flush = e.flush
		r.callsLeft += e.flush.Spans
		r.dirty = e.flush.LastSeq < r.lastSeq || r.callsLeft < r.calls
	}
	x.settle(r, now)
}

// settle puts a request into the queue it belongs in.
func (x *index) settle(r *request, now time.Time) {
	done := r.done()
	if !done && !r.finished {
		return
	}
	from, to := x.open, x.finished
	if r.finished {
		from = x.finished
	}
	if !done {
		to = x.open
	}
	from.Remove(r.place)
	r.place, r.finished, r.finishedAt = to.PushBack(r), done, now
}

// mergedInto notes that a request became a part of another. Its entries are the
// other's now.
func (x *index) mergedInto(from, into *request, now time.Time) {
	from.mergedInto = into
	from.past = from.events[:len(from.events)-1]
	into.partial = into.partial || from.partial
	for _, e := range from.events[:len(from.events)-1] {
		x.bytes -= e.size()
		from.bytes -= e.size()
	}
	from.events = from.events[len(from.events)-1:]
	x.settle(from, now)
}

// over says that something has to leave.
func (x *index) over() bool {
	n := len(x.byOpening)
	return n > x.maxRequests || x.bytes > x.maxBytes && n > 0
}

// victim is what leaves next.
func (x *index) victim() *request {
	if r := x.oldestFinished(); r != nil {
		return r
	}
	return x.open.Front().Value.(*request)
}

func (x *index) oldestFinished() *request {
	if first := x.finished.Front(); first != nil {
		return first.Value.(*request)
	}
	return nil
}

func (x *index) drop(r *request) {
	if r.finished {
		x.finished.Remove(r.place)
	} else {
		x.open.Remove(r.place)
	}
	x.bytes -= r.bytes
	r.bytes, r.dropped = 0, true
	delete(x.byOpening, r.Opening)
	x.unlink(r)
	x.gone.add(r.ID)
	x.order[r.at] = nil
	x.holes++
	x.close()
}

func (x *index) unlink(r *request) {
	newest := x.byID[r.ID]
	if newest == r {
		if r.older == nil {
			delete(x.byID, r.ID)
		} else {
			x.byID[r.ID] = r.older
		}
		return
	}
	for ; newest != nil; newest = newest.older {
		if newest.older == r {
			newest.older = r.older
			return
		}
	}
}

// close takes the holes out of order once they are the most of it.
func (x *index) close() {
	const few = 64
	if x.holes < few || 2*x.holes < len(x.order) {
		return
	}
	x.order = slices.DeleteFunc(x.order, func(r *request) bool { return r == nil })
	for at, r := range x.order {
		r.at = at
	}
	x.holes = 0
}

// search finds a request in order. Holes say nothing, so that it looks at the
// nearest one that is there.
func (x *index) search(ordinal uint64) (int, bool) {
	low, high := 0, len(x.order)
	for low < high {
		middle := int(uint(low+high) >> 1)
		at := middle
		for at < high && x.order[at] == nil {
			at++
		}
		if at == high {
			high = middle
			continue
		}
		switch cmp.Compare(x.order[at].ordinal, ordinal) {
		case 0:
			return at, true
		case -1:
			low = at + 1
		default:
			high = middle
		}
	}
	return low, false
}

// named answers the newest request with an id, of a processor if one is given.
func (x *index) named(id, processor string) *request {
	for r := x.byID[id]; r != nil; r = r.older {
		if processor == "" || r.processor == processor {
			return r
		}
	}
	return nil
}

// gone remembers the ids of requests that left, as hashes and up to a bound.
type gone struct {
	seed  maphash.Seed
	known map[uint64]int
	queue []uint64
	at    int
	limit int
}

func newGone(limit int) gone {
	return gone{seed: maphash.MakeSeed(), known: map[uint64]int{}, limit: limit}
}

func (g *gone) add(id string) {
	sum := maphash.String(g.seed, id)
	g.known[sum]++
	if len(g.queue) < g.limit {
		g.queue = append(g.queue, sum)
		return
	}
	old := g.queue[g.at]
	if g.known[old]--; g.known[old] == 0 {
		delete(g.known, old)
	}
	g.queue[g.at] = sum
	g.at = (g.at + 1) % g.limit
}

func (g *gone) has(id string) bool { return g.known[maphash.String(g.seed, id)] > 0 }
