package buffer

import (
	"encoding/binary"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// frozen has most of the remembered requests: those whose parts are built,
// which nothing but a late record or the end of late_window will touch. There
// may be a million of them, so they are bytes in a few large segments and a map
// without pointers: the garbage collector has nothing to look at.
//
// The segments are one FIFO in order of flush. Whoever leaves from the middle
// is marked gone; a segment is given back when all in it have gone, and copied
// to a smaller one when most have. A request that had to become an object again
// while it stays remembered keeps its place (thawed).
//
//	record: | state | flush number − segment's | since − segment's |
//	        | origin | length | frozen form |
//
// with all but the first byte and the form as uvarints.
type frozen struct {
	seeds coldSeeds
	// positions has the hash of each key of each request. When two share one,
	// the later has it and the other is not found.
	positions map[uint64]position
	segments  []*segment
	// A segment grows with the number of requests, up to largest bytes.
	smallest, largest int
	// first is the number of segments[0], whose records before head have gone.
	first uint32
	head  int
	// length counts requests, thawed ones included.
	length int
	// newest is the flush number of the last one.
	newest  uint64
	thawed  map[position]*request
	origins originTable
	scratch []byte
}

// position is a segment's number and an offset in it, never 0.
type position uint64

func (p position) segment() uint32 { return uint32(p >> 32) }
func (p position) offset() int     { return int(uint32(p)) }

func positionOf(segment uint32, offset int) position {
	return position(segment)<<32 | position(offset)
}

type segment struct {
	bytes []byte
	// live are the bytes of records that have not gone.
	live int
	// number and since are what those of its records are relative to.
	number uint64
	since  time.Duration
}

const (
	smallestSegment = 16 << 10
	largestSegment  = 1 << 20
	// Of a segment that is less than a sparse-th alive the rest is copied.
	sparse = 4
	// What is larger stays an object: reading it would take too long.
	largestFrozen  = 8 << 10
	mostFrozenKeys = 64
	// largestFrame is the most that stands before a frozen form.
	largestFrame = 1 + 4*binary.MaxVarintLen64
)

// place is the state of a record.
type place byte

const (
	placeGone place = iota
	placeFrozen
	placeThawed
)

// frame is one record.
type frame struct {
	state  place
	number uint64
	since  time.Duration
	origin uint64
	form   []byte
	// end is the offset of the next record.
	end int
}

func newFrozen() frozen {
	return frozen{
		seeds:     newColdSeeds(),
		positions: map[uint64]position{},
		smallest:  smallestSegment,
		largest:   largestSegment,
		first:     1,
		thawed:    map[position]*request{},
		origins:   originTable{numbers: map[*event.Origin]uint32{}},
	}
}

// takes says whether a request with this flush number may be next: the order
// is kept by leaving out who comes out of turn.
func (f *frozen) takes(number uint64) bool { return f.length == 0 || number > f.newest }

// push appends a request and makes all keys of its form lead to it.
func (f *frozen) push(number uint64, since time.Duration, origin *event.Origin, form []byte) {
	s, at := f.room(largestFrame+len(form), number, since)
	start := len(s.bytes)
	s.bytes = append(s.bytes, byte(placeFrozen))
	s.bytes = binary.AppendUvarint(s.bytes, number-s.number)
	s.bytes = binary.AppendUvarint(s.bytes, uint64(since-s.since))
	s.bytes = binary.AppendUvarint(s.bytes, uint64(f.origins.hold(origin)))
	s.bytes = binary.AppendUvarint(s.bytes, uint64(len(form)))
	s.bytes = append(s.bytes, form...)
	s.live += len(s.bytes) - start
	f.length++
	f.newest = number
	_, _ = visitKeys(form, func(k coldKey) bool {
		f.positions[f.seeds.hash(k)] = at
		return true
	})
}

// room answers the last segment, a new one if need be, with room for so many
// bytes, and where they will stand.
func (f *frozen) room(size int, number uint64, since time.Duration) (*segment, position) {
	n := len(f.segments)
	if n == 0 || cap(f.segments[n-1].bytes)-len(f.segments[n-1].bytes) < size {
		f.extend(size)
		n = len(f.segments)
	}
	s := f.segments[n-1]
	if len(s.bytes) == 0 {
		s.number, s.since = number, since
	}
	return s, positionOf(f.first+uint32(n-1), len(s.bytes))
}

// extend makes a last segment with room for so many bytes.
func (f *frozen) extend(size int) {
	n := len(f.segments)
	if n == 0 {
		f.segments = append(f.segments, &segment{bytes: make([]byte, 0, max(f.smallest, size))})
		return
	}
	last := f.segments[n-1]
	bytes := make([]byte, 0, max(size, min(f.largest, max(f.smallest, 2*cap(last.bytes)))))
	if len(last.bytes) == 0 {
		last.bytes = bytes
		return
	}
	f.segments = append(f.segments, &segment{bytes: bytes})
	f.thinSparse(n - 1)
}

// frame reads the record at an offset of a segment.
func (s *segment) frame(offset int) (r frame, ok bool) {
	if offset >= len(s.bytes) {
		return frame{}, false
	}
	in := frozenReader{rest: s.bytes[offset:]}
	r.state = place(in.byte())
	r.number = s.number + in.uvarint()
	r.since = s.since + time.Duration(in.uvarint())
	r.origin = in.uvarint()
	r.form = in.text()
	r.end = len(s.bytes) - len(in.rest)
	return r, !in.bad
}

func (f *frozen) segmentOf(at position) *segment {
	if i := at.segment() - f.first; i < uint32(len(f.segments)) {
		return f.segments[i]
	}
	return nil
}

// find answers the frozen request that a key leads to.
func (f *frozen) find(w *wanted) (at position, r frame, seen, ok bool) {
	if f.length == 0 {
		return 0, frame{}, false, false
	}
	at, ok = f.positions[f.seeds.hashWanted(w)]
	if !ok {
		return 0, frame{}, false, false
	}
	s := f.segmentOf(at)
	if s == nil {
		return 0, frame{}, false, false
	}
	if r, ok = s.frame(at.offset()); !ok || r.state != placeFrozen {
		return 0, frame{}, false, false
	}
	ok = false
	_, _ = visitKeys(r.form, func(k coldKey) bool {
		if w.is(k) {
			ok, seen = true, k.seen
		}
		return !ok
	})
	return at, r, seen, ok
}

// oldest answers the request that was flushed first of those here.
func (f *frozen) oldest() (at position, r frame, ok bool) {
	if f.length == 0 {
		return 0, frame{}, false
	}
	r, ok = f.segments[0].frame(f.head)
	return positionOf(f.first, f.head), r, ok
}

// thaw marks that a frozen request is an object again, which has its place and
// its keys.
func (f *frozen) thaw(at position, r *frame, made *request) {
	f.forgetKeys(at, r)
	f.origins.release(r.origin)
	f.segmentOf(at).bytes[at.offset()] = byte(placeThawed)
	f.thawed[at] = made
}

// forgetKeys lets the keys of a frozen request lead nowhere. It answers how many
// it lists beyond one each.
func (f *frozen) forgetKeys(at position, r *frame) (extra int) {
	extra, _ = visitKeys(r.form, func(k coldKey) bool {
		hash := f.seeds.hash(k)
		if f.positions[hash] == at {
			delete(f.positions, hash)
		}
		return true
	})
	return extra
}

// drop forgets a frozen request. It answers how many keys it listed beyond one
// each.
func (f *frozen) drop(at position, r *frame) (extra int) {
	extra = f.forgetKeys(at, r)
	f.origins.release(r.origin)
	f.leave(at)
	return extra
}

// leave gives up the place of a request.
func (f *frozen) leave(at position) {
	delete(f.thawed, at)
	f.length--
	s := f.segmentOf(at)
	s.bytes[at.offset()] = byte(placeGone)
	if r, ok := s.frame(at.offset()); ok {
		s.live -= r.end - at.offset()
	}
	if f.length == 0 {
		f.clear()
		return
	}
	f.advance()
	f.thinSparse(int(int32(at.segment() - f.first)))
}

// clear keeps the last segment for whoever comes next.
func (f *frozen) clear() {
	n := len(f.segments)
	last := f.segments[n-1]
	last.bytes = last.bytes[:0]
	clear(f.segments)
	f.segments = append(f.segments[:0], last)
	f.first += uint32(n - 1)
	f.head = 0
}

// advance moves the head to the first record that has not gone.
func (f *frozen) advance() {
	for {
		s := f.segments[0]
		if s.live == 0 && len(f.segments) > 1 {
			f.segments[0] = nil
			f.segments = f.segments[1:]
			f.first++
			f.head = 0
			continue
		}
		r, ok := s.frame(f.head)
		if !ok || r.state != placeGone {
			return
		}
		f.head = r.end
	}
}

// thinSparse copies what is alive in segment i to one of its size, if that is
// little. The first segment is about to go, the last to grow.
func (f *frozen) thinSparse(i int) {
	if i <= 0 || i >= len(f.segments)-1 || f.segments[i].live >= len(f.segments[i].bytes)/sparse {
		return
	}
	s, number := f.segments[i], f.first+uint32(i)
	alive := make([]byte, 0, s.live)
	for offset := 0; offset < len(s.bytes); {
		r, ok := s.frame(offset)
		if !ok {
			break
		}
		if r.state != placeGone {
			f.moved(positionOf(number, offset), positionOf(number, len(alive)), &r)
			alive = append(alive, s.bytes[offset:r.end]...)
		}
		offset = r.end
	}
	s.bytes = alive
}

// moved lets everything that leads to a record at from lead to it at to.
func (f *frozen) moved(from, to position, r *frame) {
	if from == to {
		return
	}
	if made := f.thawed[from]; made != nil {
		delete(f.thawed, from)
		f.thawed[to] = made
		made.left.place = to
		return
	}
	_, _ = visitKeys(r.form, func(k coldKey) bool {
		if hash := f.seeds.hash(k); f.positions[hash] == from {
			f.positions[hash] = to
		}
		return true
	})
}

// originTable numbers the origins that frozen requests came under, from 1; they
// are few. 0 is none.
type originTable struct {
	numbers map[*event.Origin]uint32
	held    []heldOrigin
	free    []uint32
}

type heldOrigin struct {
	origin *event.Origin
	by     int
}

// hold answers the number of an origin, for one request more.
func (t *originTable) hold(o *event.Origin) uint32 {
	if o == nil {
		return 0
	}
	n, known := t.numbers[o]
	if !known {
		if last := len(t.free) - 1; last >= 0 {
			n, t.free = t.free[last], t.free[:last]
		} else {
			t.held = append(t.held, heldOrigin{})
			n = uint32(len(t.held))
		}
		t.numbers[o] = n
		t.held[n-1].origin = o
	}
	t.held[n-1].by++
	return n
}

// of answers the origin of a number that is held.
func (t *originTable) of(n uint64) *event.Origin {
	if n == 0 || n > uint64(len(t.held)) {
		return nil
	}
	return t.held[n-1].origin
}

// release ends what hold began.
func (t *originTable) release(n uint64) {
	if n == 0 || n > uint64(len(t.held)) {
		return
	}
	h := &t.held[n-1]
	if h.by--; h.by > 0 {
		return
	}
	delete(t.numbers, h.origin)
	*h = heldOrigin{}
	t.free = append(t.free, uint32(n))
}
