package live

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// entry is one published fact under its number. It never changes, but for what
// is said of single fields.
type entry struct {
	n    uint64
	kind event.FactKind
	late bool
	// gap says that the request has events before it that are not here.
	gap     bool
	seq     uint64
	request *request
	trace   pcommon.TraceID
	span    pcommon.SpanID
	origin  *event.Origin
	packed  string
	flush   *event.Flush
	// into is the request that stays after a merge.
	into *request
	// frame is the encoded event, kept while the entry is in the ring, and
	// evicted for good once it is not.
	frame atomic.Pointer[frame]
}

// frame is an encoded event. It never changes.
type frame struct {
	bytes []byte
	// block is what the frame is a part of, from the place at on; nil for one
	// that was made alone.
	block *block
	at    int
}

// block is the frames of events with successive numbers, made in one go.
type block struct {
	bytes []byte
	// end is the number after the last event.
	end uint64
}

// evicted stands for the frame of an entry that has left the ring.
var evicted = &frame{}

// encoded answers the frame that is kept, or nil.
func (e *entry) encoded() *frame {
	if f := e.frame.Load(); f != evicted {
		return f
	}
	return nil
}

// entryBytes is what an entry takes beside its packed bytes, with its places in
// ring and request.
const entryBytes = 208

func (e *entry) size() int { return entryBytes + len(e.packed) }

// ring holds the last entries. Its owner adds and evicts under a lock; anyone
// may read at any time: an entry is in its slot before head says so, and a slot
// that does not have the entry with the number looked for has lost it.
type ring struct {
	// head is the number of the next entry, tail of the oldest one there.
	head, tail atomic.Uint64
	slots      atomic.Pointer[[]atomic.Pointer[entry]]
	maxEntries int
	maxBytes   int
	// sizes has the size of each slot's entry: the owner's own, so that what
	// nobody has looked at leaves without being looked at.
	sizes []int
	// bytes counts entries and the frames that are kept, framed these frames
	// and those about to be.
	bytes, framed atomic.Int64
}

const firstSlots = 1024

func newRing(maxEntries, maxBytes int) *ring {
	r := &ring{maxEntries: maxEntries, maxBytes: maxBytes}
	r.head.Store(1)
	r.tail.Store(1)
	slots := make([]atomic.Pointer[entry], min(maxEntries, firstSlots))
	r.slots.Store(&slots)
	r.sizes = make([]int, len(slots))
	return r
}

// add numbers an entry and puts it in; it is seen once head is moved.
func (r *ring) add(e *entry, n uint64) {
	e.n = n
	slots := *r.slots.Load()
	if n-r.tail.Load() == uint64(len(slots)) {
		if len(slots) < r.maxEntries {
			slots = r.widen(slots, n)
		} else {
			r.evict()
		}
	}
	at, size := n%uint64(len(slots)), e.size()
	slots[at].Store(e)
	r.sizes[at] = size
	r.bytes.Add(int64(size))
	for r.full() && r.tail.Load() < n {
		r.evict()
	}
}

// full says that the ring is over its bytes.
func (r *ring) full() bool { return r.bytes.Load() > int64(r.maxBytes) }

func (r *ring) widen(slots []atomic.Pointer[entry], n uint64) []atomic.Pointer[entry] {
	wider := make([]atomic.Pointer[entry], min(r.maxEntries, 2*len(slots)))
	sizes := make([]int, len(wider))
	for at := r.tail.Load(); at < n; at++ {
		from, to := at%uint64(len(slots)), at%uint64(len(wider))
		wider[to].Store(slots[from].Load())
		sizes[to] = r.sizes[from]
	}
	r.slots.Store(&wider)
	r.sizes = sizes
	return wider
}

func (r *ring) evict() {
	tail := r.tail.Load()
	slots := *r.slots.Load()
	at := tail % uint64(len(slots))
	r.tail.Store(tail + 1) // before framed is asked, see keep
	size := r.sizes[at]
	if r.framed.Load() > 0 {
		if f := slots[at].Load().frame.Swap(evicted); f != nil {
			size += len(f.bytes)
			r.framed.Add(-1)
		}
	}
	slots[at].Store(nil)
	r.bytes.Add(-int64(size))
}

// keep keeps a frame that was made for an entry, unless there is one or the
// entry has left. It needs no lock, but what is over then has to be evicted.
func (r *ring) keep(e *entry, f *frame) {
	r.framed.Add(1)
	if !e.frame.CompareAndSwap(nil, f) {
		r.framed.Add(-1)
		return
	}
	r.bytes.Add(int64(len(f.bytes)))
	// It may have left before framed said that its frame had to be looked for.
	if e.n < r.tail.Load() && e.frame.CompareAndSwap(f, evicted) {
		r.framed.Add(-1)
		r.bytes.Add(-int64(len(f.bytes)))
	}
}

// fit evicts what is over.
func (r *ring) fit() {
	for r.full() && r.tail.Load()+1 < r.head.Load() {
		r.evict()
	}
}

// view is the ring as it was at one moment: entries up to head.
type view struct {
	slots []atomic.Pointer[entry]
	head  uint64
}

func (r *ring) view() view {
	head := r.head.Load() // before slots, which then have all up to it
	return view{*r.slots.Load(), head}
}

// at answers the entry with a number below head, nil when it is lost.
func (v *view) at(n uint64) *entry {
	if e := v.slots[n%uint64(len(v.slots))].Load(); e != nil && e.n == n {
		return e
	}
	return nil
}
