package buffer

import (
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// frozen checks that the frozen requests, their keys, places and origins fit
// together.
func (c *checker) frozen() {
	f := &c.store.index.frozen
	w := frozenWalk{checker: c, frozen: f, origins: map[*event.Origin]int{}, keys: map[uint64]bool{}, last: -1}
	for i, s := range f.segments {
		w.segment(i, s)
	}
	if w.requests != f.length {
		c.report("frozen: %d requests, length %d", w.requests, f.length)
	}
	if len(w.keys) != len(f.positions) {
		c.report("frozen: %d keys, %d positions", len(w.keys), len(f.positions))
	}
	if w.thawed != len(f.thawed) {
		c.report("frozen: %d places of thawed requests, %d requests", w.thawed, len(f.thawed))
	}
	if len(w.origins) != len(f.origins.numbers) || len(f.origins.numbers)+len(f.origins.free) != len(f.origins.held) {
		c.report("frozen: %d origins, numbers %v, held %v, free %v", len(w.origins), f.origins.numbers, f.origins.held, f.origins.free)
	}
	for o, n := range w.origins {
		if number := f.origins.numbers[o]; number == 0 || f.origins.held[number-1].by != n {
			c.report("frozen: an origin of %d requests is held otherwise", n)
		}
	}
}

type frozenWalk struct {
	*checker
	*frozen
	origins          map[*event.Origin]int
	keys             map[uint64]bool
	requests, thawed int
	number           uint64
	last             time.Duration
}

func (w *frozenWalk) segment(i int, s *segment) {
	live, before := 0, w.requests
	for offset := 0; offset < len(s.bytes); {
		r, ok := s.frame(offset)
		if !ok {
			w.report("frozen: segment %d has no record at %d", i, offset)
			return
		}
		if gone := r.state == placeGone; i == 0 && offset < w.head && !gone || i == 0 && offset == w.head && gone && w.length > 0 {
			w.report("frozen: the head is at %d, at %d gone is %t", w.head, offset, gone)
		}
		if r.state != placeGone {
			live += r.end - offset
			w.record(positionOf(w.first+uint32(i), offset), &r)
		}
		offset = r.end
	}
	if live != s.live {
		w.report("frozen: segment %d has %d bytes alive, counts %d", i, live, s.live)
	}
	inner := i > 0 && i < len(w.segments)-1
	if i == 0 && len(w.segments) > 1 && before == w.requests || inner && live < len(s.bytes)/sparse {
		w.report("frozen: segment %d is of no use", i)
	}
}

func (w *frozenWalk) record(at position, r *frame) {
	if r.number <= w.number || r.since < w.last {
		w.report("frozen: %x is out of order", at)
	}
	w.number, w.last = r.number, r.since
	w.requests++
	if r.state == placeThawed {
		w.thawed++
		made := w.frozen.thawed[at]
		if made == nil || made.state != remembered || made.left.place != at || made.left.number != r.number {
			w.report("frozen: %x is thawed as %+v", at, made)
			return
		}
		w.alive[made] = true
		w.only("thawed", made)
		return
	}
	made, err := decodeRequest(r.form, w.frozen.origins.of(r.origin))
	if err != nil {
		w.report("frozen: %x: %v", at, err)
		return
	}
	w.only("frozen", made)
	if o := made.left.facts.Origin(); o != nil {
		w.origins[o]++
	}
	extra, err := visitKeys(r.form, func(k coldKey) bool {
		hash := w.seeds.hash(k)
		if w.positions[hash] != at {
			w.report("frozen: a key of %s leads elsewhere", made.identity.id())
		}
		if w.warm(k) {
			w.report("frozen: a key of %s leads to an object as well", made.identity.id())
		}
		w.keys[hash] = true
		return true
	})
	if err != nil || (made.extra != nil && extra != made.extra.keys()) {
		w.report("frozen: %s lists %d keys: %v", made.identity.id(), extra, err)
	}
	w.extra += extra
}

// warm says whether a key leads to a request that is an object.
func (w *frozenWalk) warm(k coldKey) bool {
	x := &w.store.index
	switch k.kind {
	case coldAttribute:
		return x.attributes[string(k.bytes)] != nil
	case coldSpan:
		r, _ := x.warmSpan(k.spanKey())
		return r != nil
	case coldTrace:
		return x.traces[k.spanKey().trace] != nil
	case coldResponse:
		return x.responses[string(k.bytes)] != nil
	default:
		return x.claims[string(k.bytes)] != nil
	}
}
