package live

import (
	"crypto/rand"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Options bound a Hub. All sizes are bytes.
type Options struct {
	// RingEvents and RingBytes bound what late readers can replay over all
	// requests, encoded forms included. Both are at least 1.
	RingEvents, RingBytes int
	// Retention is how long a finished request can be opened.
	Retention time.Duration
	// RetainedBytes and MaxRequests bound the requests that can be opened:
	// finished ones leave first, then the oldest. MaxRequests is at least 1.
	RetainedBytes, MaxRequests int
	// Hide replaces message content by its size in everything that is shown.
	Hide bool
	// Coalesce is how long events are gathered before readers are woken.
	Coalesce time.Duration
}

// Hub is the log of everything published and the index of requests. It is safe
// for concurrent use. NewHub starts its one goroutine, Stop ends it.
type Hub struct {
	opts     Options
	epoch    string
	ring     *ring
	encoder  encoder
	dispatch dispatcher
	stats    counters
	// snapshots bounds them.
	snapshots snapshots

	mu mutex // guards everything declared below, and the ring's writing side
	index
	// dropped are followed requests that left the index; their readers are
	// to be told.
	dropped []*request
	stopped bool
}

// NewHub makes a hub and starts it.
func NewHub(opts Options) *Hub {
	var drawn [8]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand says
	h := &Hub{
		opts:  opts,
		epoch: hex.EncodeToString(drawn[:]),
		ring:  newRing(opts.RingEvents, opts.RingBytes),
		index: newIndex(opts.MaxRequests, opts.RetainedBytes),

		snapshots: newSnapshots(),
	}
	h.encoder.init(h)
	h.dispatch.init(h)
	go h.dispatch.run()
	return h
}

// Stop ends every subscription and waits for the hub's goroutine. What is
// published afterwards goes nowhere. It may be called more than once.
func (h *Hub) Stop() {
	h.mu.Lock()
	first := !h.stopped
	h.stopped = true
	h.mu.Unlock()
	if first {
		close(h.dispatch.stop)
	}
	<-h.dispatch.done
}

// Publisher implements Publishers.
func (h *Hub) Publisher(processor string) Publisher {
	return &publisher{hub: h, processor: processor}
}

// publisher is one component's way into the hub.
type publisher struct {
	hub       *Hub
	processor string
}

// Publish implements Publisher.
func (p *publisher) Publish(batch []event.Fact) {
	if len(batch) == 0 {
		return
	}
	h := p.hub
	// Copies are made before the lock is taken.
	copies := make([]string, len(batch))
	for i := range batch {
		copies[i] = string(batch[i].Packed)
	}
	now := time.Now()
	h.mu.Lock()
	if h.stopped {
		h.mu.Unlock()
		return
	}
	n := h.ring.head.Load()
	from := n
	for i := range batch {
		n = h.place(p.processor, &batch[i], copies[i], n, now)
	}
	h.ring.head.Store(n)
	tell := len(h.dropped) > 0
	h.mu.Unlock()
	h.stats.published.Add(n - from)
	if tell || h.dispatch.members.Load() > 0 {
		h.dispatch.signal()
	}
}

// place numbers one fact, and what follows from it, and puts it into the log and
// the index. It answers the next number. The caller holds mu.
func (h *Hub) place(processor string, f *event.Fact, packed string, n uint64, now time.Time) uint64 {
	r, entered := h.index.of(processor, f.Request)
	r.partial = r.partial || entered && f.Kind != event.FactOpened
	e := r.newEntry(packed)
	e.kind, e.late, e.seq, e.trace, e.span, e.origin, e.flush = f.Kind, f.Late, f.Seq, f.TraceID, f.SpanID, f.Origin, f.Flush
	if f.Kind == event.FactMerged {
		return h.merge(processor, f, e, n, now)
	}
	h.ring.add(e, n)
	h.index.add(r, e, now)
	h.trim()
	return n + 1
}

// merge lets what a request has follow under the id that stays.
func (h *Hub) merge(processor string, f *event.Fact, e *entry, n uint64, now time.Time) uint64 {
	from := e.request
	into, entered := h.index.of(processor, f.Into)
	into.partial = into.partial || entered
	e.into = into
	h.ring.add(e, n)
	n++
	moved := from.events
	h.index.add(from, e, now)
	h.index.mergedInto(from, into, now)
	for _, old := range moved {
		if old.kind == event.FactOpened || old.kind == event.FactEnded {
			continue // the end of a part is not the end of the whole
		}
		again := into.newEntry(old.packed)
		again.kind, again.late, again.seq, again.trace, again.span, again.origin = old.kind, old.late, old.seq, old.trace, old.span, old.origin
		if old.kind == event.FactRecord {
			again.seq = max(into.lastSeq, f.Seq) + 1
		}
		h.ring.add(again, n)
		h.index.add(into, again, now)
		n++
	}
	h.trim()
	return n
}

// trim brings the index within its bounds. The caller holds mu.
func (h *Hub) trim() {
	for h.index.over() {
		h.drop(h.index.victim())
	}
}

func (h *Hub) drop(r *request) {
	h.index.drop(r)
	// What the ring still has can be told with what is known of the request.
	if tail := h.ring.tail.Load(); r.last < tail {
		r.events = nil
	} else {
		if at := r.after(tail); at > 0 {
			r.cut = r.events[at-1].n
			r.events = r.events[at:]
		}
	}
	if r.followers.Load() > 0 {
		h.dropped = append(h.dropped, r)
	}
}

// expire drops what is past its retention, a few at a time.
func (h *Hub) expire(now time.Time) {
	const atOnce = 256
	for more := true; more; {
		h.mu.Lock()
		more = false
		for i := range atOnce {
			r := h.index.oldestFinished()
			if r == nil || now.Sub(r.finishedAt) < h.opts.Retention {
				break
			}
			h.drop(r)
			more = i == atOnce-1
		}
		h.mu.Unlock()
	}
}

// counters only grow, but for subscribers.
type counters struct {
	published, delivered, lost, disconnected atomic.Uint64
	subscribers                              atomic.Int64
}

// Stats are the hub's numbers. Counters only grow; they name no request.
type Stats struct {
	Published     uint64 `json:"published"`
	Delivered     uint64 `json:"delivered"`
	Lost          uint64 `json:"lost"`
	Disconnected  uint64 `json:"disconnected"`
	Subscribers   int64  `json:"subscribers"`
	RequestsOpen  int    `json:"requests_open"`
	RequestsKept  int    `json:"requests_kept"`
	RetainedBytes int    `json:"retained_bytes"`
	Ring          Fill   `json:"ring"`
	Limits        Limits `json:"limits"`
}

// Fill is what the ring holds.
type Fill struct {
	Events int `json:"events"`
	Bytes  int `json:"bytes"`
}

// Limits are the bounds of Options.
type Limits struct {
	RingEvents    int `json:"ring_events"`
	RingBytes     int `json:"ring_bytes"`
	RetainedBytes int `json:"retained_bytes"`
	MaxRequests   int `json:"max_requests"`
}

// Stats answers the numbers as they are.
func (h *Hub) Stats() Stats {
	s := Stats{
		Published:    h.stats.published.Load(),
		Delivered:    h.stats.delivered.Load(),
		Lost:         h.stats.lost.Load(),
		Disconnected: h.stats.disconnected.Load(),
		Subscribers:  h.stats.subscribers.Load(),
		Limits: Limits{
			RingEvents: h.opts.RingEvents, RingBytes: h.opts.RingBytes,
			RetainedBytes: h.opts.RetainedBytes, MaxRequests: h.opts.MaxRequests,
		},
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.RequestsKept = h.index.finished.Len()
	s.RequestsOpen = h.index.open.Len()
	s.RetainedBytes = h.index.bytes
	s.Ring = Fill{Events: int(h.ring.head.Load() - h.ring.tail.Load()), Bytes: int(h.ring.bytes.Load())}
	return s
}

// Disconnected counts a reader that was disconnected because it took nothing.
func (h *Hub) Disconnected() { h.stats.disconnected.Add(1) }

// Cursor is where to go on to see everything that is published from now on.
func (h *Hub) Cursor() string { return h.cursor(h.ring.head.Load() - 1) }
