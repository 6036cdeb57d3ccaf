package live

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Errors of Follow and Next.
var (
	// ErrUnknown: no request has this id, and none is known to have had it.
	ErrUnknown = errors.New("no such request")
	// ErrGone: the request is not kept any more.
	ErrGone = errors.New("the request is past its retention")
	// ErrNothing: the request is finished and the reader has seen it whole.
	ErrNothing = errors.New("nothing came after this")
	// ErrEnded: the stream is at its end.
	ErrEnded = errors.New("the stream has ended")
	// ErrStopped: the hub was stopped.
	ErrStopped = errors.New("the hub was stopped")
	// ErrIdle: nothing came in the time that the reader waits.
	ErrIdle = errors.New("nothing came")
)

// Subscription is one reader's way through the log. It is used by one goroutine,
// which must Close it.
type Subscription struct {
	hub *Hub
	// next is the number of the first event not read; lost are events that
	// were skipped and not told of.
	next uint64
	lost loss
	// delivered counts events.
	delivered uint64
	waiter
	// choice is nil for one that wants everything, of which there are many.
	*choice
}

// choice is what a subscription has that does not want everything.
type choice struct {
	// filter is what it wants, follows the one request that it wants.
	filter  Filter
	follows *request
	// history are events of before a merge, which are told without an id.
	history []*entry
	// warned says that a loss was told, and no record given since.
	warned bool

	// What follows is guarded by dispatcher.mu.

	group *group
	// at is the place among those who wait, -1 when not waiting; start is
	// where to go on after that.
	at    int
	start uint64
}

// broad says that it wants everything.
func (s *Subscription) broad() bool { return s.choice == nil }

// loss is what a reader was not given. from is 0 when it cannot be known; to is
// where the reader is then.
type loss struct {
	pending  bool
	from, to uint64
}

// Start says where a subscription begins.
type Start struct {
	// Cursor is where the reader was, as in the id of a frame; anything
	// that is no cursor of this hub has lost events.
	Cursor string
	// Begin says, without a cursor, to begin with the oldest event there
	// rather than with the next to come.
	Begin bool
}

// Subscribe opens a stream of everything that the filter wants.
func (h *Hub) Subscribe(filter Filter, start Start) *Subscription {
	s := h.newSubscription()
	if !filter.All() {
		s.choice = &choice{filter: filter, at: -1}
	}
	head := h.ring.head.Load()
	switch position, known := h.position(start.Cursor, head); {
	case known:
		s.next = position + 1
	case start.Cursor != "":
		s.next = h.ring.tail.Load()
		s.lost = loss{pending: true, to: s.next - 1}
	case start.Begin:
		s.next = h.ring.tail.Load()
	default:
		s.next = head
	}
	h.dispatch.join(s)
	return s
}

// Follow opens the stream of one request, from its first event or from what came
// after the cursor.
func (h *Hub) Follow(id, processor, cursor string) (*Subscription, error) {
	h.mu.Lock()
	r, err := h.find(id, processor)
	if err != nil {
		h.mu.Unlock()
		return nil, err
	}
	asked := r
	for r.mergedInto != nil {
		r = r.mergedInto
	}
	if r.dropped {
		h.mu.Unlock()
		return nil, ErrGone
	}
	s := h.newSubscription()
	s.choice = &choice{at: -1}
	position, known := h.position(cursor, h.ring.head.Load())
	switch {
	case known:
		s.next = position + 1
		// What was missed of it may have been between.
		s.lost = loss{pending: r.partial && r.after(s.next) == 0, to: position}
	case cursor != "" || r.partial:
		s.lost.pending = true
	}
	if known && r != asked {
		s.recall(r, asked)
	}
	if known && len(s.history) == 0 && r.done() && r.after(s.next) == len(r.events) {
		h.mu.Unlock()
		h.stats.subscribers.Add(-1)
		return nil, ErrNothing
	}
	s.follows = r
	r.followers.Add(1)
	h.mu.Unlock()
	h.dispatch.join(s)
	return s, nil
}

// recall has what a request had before another was merged into it told again,
// without ids, to a reader that knows the other only. The caller holds mu.
func (s *Subscription) recall(into, from *request) {
	for ; from != into; from = from.mergedInto {
		at := slices.IndexFunc(from.events, func(e *entry) bool { return e.kind == event.FactMerged })
		if at < 0 || s.next > from.events[at].n+1 {
			continue // it has gone on from there
		}
		s.history = into.events[:into.after(s.next):into.after(s.next)]
		if into.partial || into.cut > 0 {
			s.lost = loss{pending: true, to: s.next - min(s.next, 1)}
		}
		return
	}
}

func (h *Hub) newSubscription() *Subscription {
	h.stats.subscribers.Add(1)
	return &Subscription{hub: h, waiter: waiter{wake: make(chan struct{}, 1)}}
}

// find answers the request with an id. The caller holds mu.
func (h *Hub) find(id, processor string) (*request, error) {
	if r := h.index.named(id, processor); r != nil {
		return r, nil
	}
	if h.index.gone.has(id) {
		return nil, ErrGone
	}
	return nil, ErrUnknown
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.dispatch.leave(s)
	if !s.broad() && s.follows != nil {
		s.follows.followers.Add(-1)
	}
	s.end()
	s.hub.stats.subscribers.Add(-1)
}

// Position is the reader's place: everything up to the event with this number
// that is wanted was given, or told to be lost. It says nothing while there is
// something to tell that has no place of its own.
func (s *Subscription) Position() uint64 {
	next := s.next
	if s.lost.pending {
		next = s.lost.from
	}
	return next - min(next, 1)
}

// Cursor is Position as it stands in the id of a frame, empty while that says
// nothing.
func (s *Subscription) Cursor() string {
	if s.lost.pending && s.lost.from == 0 || !s.broad() && len(s.history) > 0 {
		return ""
	}
	return s.hub.cursor(s.Position())
}

// Next is Poll, and Wait while there is nothing. What was read comes with
// ErrEnded.
func (s *Subscription) Next(ctx context.Context, wait time.Duration, dst [][]byte, maxBytes int) ([][]byte, error) {
	before := len(dst)
	for {
		dst, err := s.Poll(dst, maxBytes)
		if len(dst) > before || err != nil {
			return dst, err
		}
		if err := s.Wait(ctx, wait); err != nil {
			return dst, err
		}
	}
}

// Poll appends what is there for the reader to dst and answers it: pieces of one
// or more whole frames, at most about maxBytes or one frame. It does not wait;
// with ErrEnded come the last frames. Pieces are shared and must not be changed.
func (s *Subscription) Poll(dst [][]byte, maxBytes int) ([][]byte, error) {
	switch {
	case s.broad():
		return s.readAll(dst, maxBytes), nil
	case s.follows != nil:
		return s.readRequest(dst, maxBytes)
	}
	return s.readLog(dst, maxBytes), nil
}

// readAll reads on in what is released.
func (s *Subscription) readAll(dst [][]byte, maxBytes int) [][]byte {
	h := s.hub
	h.dispatch.takers.Add(1)
	released := h.dispatch.released.Load() // before the ring is looked at, which then has all of it
	v := h.ring.view()
	given, anyMade := uint64(0), false
	for room := maxBytes; s.next < released && room > 0; {
		e := v.at(s.next)
		if e == nil {
			s.skip()
			continue
		}
		f, made := h.frame(e)
		anyMade = anyMade || made
		piece, next := f.bytes, e.n+1
		if f.block != nil {
			rest := f.block.bytes[f.at:]
			if len(rest) > room && len(rest) <= maxBytes {
				break // it is whole the next time
			}
			if len(rest) <= room {
				piece, next = rest, f.block.end
			}
		}
		if s.lost.pending {
			dst = s.tell(dst)
		}
		dst = append(dst, piece)
		room -= len(piece)
		given += next - s.next
		s.next = next
	}
	if anyMade {
		h.fit()
	}
	s.count(given)
	if s.lost.pending && s.lost.from == 0 {
		dst = s.tell(dst) // any other loss might still grow, and an event will follow
	}
	return dst
}

// readLog reads on in the ring.
func (s *Subscription) readLog(dst [][]byte, maxBytes int) [][]byte {
	h := s.hub
	v := h.ring.view()
	asks := s.filter.asks()
	given, anyMade := uint64(0), false
	for room := maxBytes; s.next < v.head && room > 0; {
		e := v.at(s.next)
		if e == nil {
			s.skip()
			continue
		}
		s.next++
		seen := h.seen(e, asks)
		if !s.filter.matches(&seen) {
			continue
		}
		if s.lost.pending {
			dst = s.tell(dst)
		}
		f, made := h.frame(e)
		anyMade = anyMade || made
		dst = append(dst, f.bytes)
		room -= len(f.bytes)
		given++
	}
	if anyMade {
		h.fit()
	}
	s.count(given)
	if s.lost.pending && given == 0 {
		dst = s.tell(dst)
	}
	return dst
}

// count counts events that the reader was given.
func (s *Subscription) count(given uint64) {
	if given > 0 {
		s.delivered += given
		s.hub.stats.delivered.Add(given)
	}
}

// Delivered is how many events the reader was given.
func (s *Subscription) Delivered() uint64 { return s.delivered }

// skip goes on from the oldest event there.
func (s *Subscription) skip() {
	tail := s.hub.ring.tail.Load()
	if !s.lost.pending {
		s.lost = loss{pending: true, from: s.next}
	}
	s.hub.stats.lost.Add(tail - s.next)
	s.lost.to = tail - 1
	s.next = tail
}

// tell appends the stream.lost event of what was skipped.
func (s *Subscription) tell(dst [][]byte) [][]byte {
	lost := s.lost
	s.lost = loss{}
	return append(dst, s.hub.lostFrame(lost))
}

// readRequest reads on in a request's own events.
func (s *Subscription) readRequest(dst [][]byte, maxBytes int) ([][]byte, error) {
	if s.lost.pending {
		dst, s.warned = s.tell(dst), true
	}
	h := s.hub
	for room := maxBytes; room > 0 && len(s.history) > 0; s.history = s.history[1:] {
		dst = s.warn(dst, s.history[0], s.next-min(s.next, 1))
		f, _ := h.frame(s.history[0])
		piece := f.bytes[bytes.IndexByte(f.bytes, '\n')+1:] // without its id
		dst = append(dst, piece)
		room -= len(piece)
	}
	if len(s.history) > 0 {
		return dst, nil
	}
	const atOnce = 64
	var batch [atOnce]*entry
	h.mu.Lock()
	r := s.follows
	head := h.ring.head.Load()
	n := 0
	for i := r.after(s.next); i < len(r.events) && n < atOnce; i++ {
		batch[n] = r.events[i]
		n++
	}
	rest := len(r.events) > 0 && n > 0 && r.events[len(r.events)-1] != batch[n-1]
	done, merged, dropped, cut := r.done(), r.mergedInto != nil, r.dropped, r.cut
	h.mu.Unlock()
	if cut > 0 && s.next <= cut {
		dst, s.warned = append(dst, h.lostFrame(loss{to: cut})), true
		s.next = cut + 1
	}

	room, anyMade := maxBytes, false
	for i, e := range batch[:n] {
		if room <= 0 {
			n, rest = i, true
			break
		}
		s.next = e.n + 1
		dst = s.warn(dst, e, e.n-1)
		f, made := h.frame(e)
		anyMade = anyMade || made
		dst = append(dst, f.bytes)
		room -= len(f.bytes)
	}
	if anyMade {
		h.fit()
	}
	s.count(uint64(n))
	switch {
	case rest:
	case dropped:
		return append(dst, h.lostFrame(loss{to: s.next - min(s.next, 1)})), ErrEnded
	case merged:
		s.goOn(r)
		return s.readRequest(dst, room)
	case done:
		return dst, ErrEnded
	default:
		s.next = max(s.next, head)
	}
	return dst, nil
}

// warn tells that events are missing before one, unless that was told.
func (s *Subscription) warn(dst [][]byte, e *entry, position uint64) [][]byte {
	if e.gap && !s.warned {
		dst = append(dst, s.hub.lostFrame(loss{to: position}))
	}
	s.warned = s.warned && e.kind != event.FactRecord
	return dst
}

// goOn follows the request that another became a part of.
func (s *Subscription) goOn(from *request) {
	h := s.hub
	h.dispatch.leave(s)
	h.mu.Lock()
	into := from.mergedInto
	s.recall(into, from)
	s.follows = into
	into.followers.Add(1)
	from.followers.Add(-1)
	h.mu.Unlock()
	h.dispatch.join(s)
}

// cursor writes a position.
func (h *Hub) cursor(position uint64) string {
	return h.epoch + "-" + strconv.FormatUint(position, 10)
}

// maxCursor bounds what is looked at as a cursor, in bytes.
const maxCursor = 128

// position reads a cursor; known is false for one that is not of this hub.
func (h *Hub) position(cursor string, head uint64) (position uint64, known bool) {
	if len(cursor) > maxCursor {
		return 0, false
	}
	text, ours := strings.CutPrefix(cursor, h.epoch+"-")
	if !ours {
		return 0, false
	}
	position, err := strconv.ParseUint(text, 10, 64)
	return position, err == nil && position < head && text == strconv.FormatUint(position, 10)
}
