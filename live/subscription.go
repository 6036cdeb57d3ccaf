package live

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
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
	hub     *Hub
	filter  Filter
	follows *request
	// next is the number of the first event not read; lost are events that
	// were skipped and not told of.
	next uint64
	lost loss
	wake chan struct{}
	idle *time.Timer
	// history are events of before a merge, which are told without an id.
	history []*entry

	// What follows is guarded by dispatcher.mu.

	group *group
	// at is the place among those who wait, -1 when not waiting; start is
	// where to go on after that.
	at    int
	start uint64
}

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
	s.filter = filter
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
	position, known := h.position(cursor, h.ring.head.Load())
	switch {
	case known:
		s.next = position + 1
	case cursor != "":
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
// without ids, to a reader that knows the other only.
func (s *Subscription) recall(into, from *request) {
	at := slices.IndexFunc(from.events, func(e *entry) bool { return e.kind == Merged })
	if at < 0 || s.next > from.events[at].n+1 {
		return // it has gone on from there
	}
	merged := from.events[at]
	for _, e := range into.events {
		if e.n < merged.n {
			s.history = append(s.history, e)
		}
	}
}

func (h *Hub) newSubscription() *Subscription {
	h.stats.subscribers.Add(1)
	return &Subscription{hub: h, wake: make(chan struct{}, 1), at: -1}
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
	if s.follows != nil {
		s.follows.followers.Add(-1)
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	s.hub.stats.subscribers.Add(-1)
}

// Cursor is the reader's place: everything up to it that is wanted was given. It
// is empty while there is something to tell that has no place of its own.
func (s *Subscription) Cursor() string {
	if s.lost.pending || len(s.history) > 0 {
		return ""
	}
	return s.hub.cursor(s.next - min(s.next, 1))
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next is Poll, and Wait while there is nothing. Frames that were read come with
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

// Poll appends the frames that are there to dst and answers it: at most about
// maxBytes more than it takes to have one. It does not wait; with ErrEnded come
// the last frames. Frames are shared and must not be changed.
func (s *Subscription) Poll(dst [][]byte, maxBytes int) ([][]byte, error) {
	if s.follows != nil {
		return s.readRequest(dst, maxBytes)
	}
	return s.readLog(dst, maxBytes)
}

// Wait waits until there may be something to poll, after a Poll that found
// nothing. It fails when ctx is done, with ErrStopped, and after the given time
// with ErrIdle: the reader's Cursor may have moved meanwhile.
func (s *Subscription) Wait(ctx context.Context, wait time.Duration) error {
	if s.hub.dispatch.park(s, s.next) {
		return s.await(ctx, wait)
	}
	select {
	case <-s.hub.dispatch.stop:
		return ErrStopped
	default:
		return ctx.Err()
	}
}

// await waits for the dispatcher.
func (s *Subscription) await(ctx context.Context, wait time.Duration) error {
	if s.idle == nil {
		s.idle = time.NewTimer(wait)
	} else {
		s.idle.Reset(wait)
	}
	var err error
	select {
	case <-s.wake:
	case <-s.idle.C:
		err = ErrIdle
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.hub.dispatch.stop:
		err = ErrStopped
	}
	d := &s.hub.dispatch
	d.mu.Lock()
	if d.unpark(s) {
		// What was looked at while it waited was not for this reader.
		s.next = max(s.next, d.scanned)
	} else {
		s.next = max(s.next, s.start)
	}
	d.mu.Unlock()
	return err
}

// readLog reads on in the ring.
func (s *Subscription) readLog(dst [][]byte, maxBytes int) ([][]byte, error) {
	h := s.hub
	v := h.ring.view()
	all := s.filter.All()
	asks := s.filter.asks()
	given := 0
	for room := maxBytes; s.next < v.head && room > 0; {
		e := v.at(s.next)
		if e == nil {
			s.skip()
			continue
		}
		s.next++
		if !all {
			seen := h.seen(e, asks)
			if !s.filter.matches(&seen) {
				continue
			}
		}
		if s.lost.pending {
			dst = s.tell(dst)
		}
		frame, made := h.frame(e)
		if made {
			h.keepFrame(e, len(frame))
		}
		dst = append(dst, frame)
		room -= len(frame)
		given++
	}
	h.stats.delivered.Add(uint64(given))
	if s.lost.pending && given == 0 {
		dst = s.tell(dst)
	}
	return dst, nil
}

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
		dst = s.tell(dst)
	}
	h := s.hub
	for room := maxBytes; room > 0 && len(s.history) > 0; s.history = s.history[1:] {
		frame, _ := h.frame(s.history[0])
		frame = frame[bytes.IndexByte(frame, '\n')+1:] // without its id
		dst = append(dst, frame)
		room -= len(frame)
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
	done, merged, dropped := r.done(), r.mergedInto != nil, r.dropped
	h.mu.Unlock()

	room := maxBytes
	for i, e := range batch[:n] {
		if room <= 0 {
			n, rest = i, true
			break
		}
		s.next = e.n + 1
		frame, made := h.frame(e)
		if made {
			h.keepFrame(e, len(frame))
		}
		dst = append(dst, frame)
		room -= len(frame)
	}
	h.stats.delivered.Add(uint64(n))
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

// after is the place of the first event from a number on.
func (r *request) after(n uint64) int {
	low, high := 0, len(r.events)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if r.events[middle].n < n {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
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
