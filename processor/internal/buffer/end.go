package buffer

import (
	"time"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// ends notes that a request is over, once; lookAtEnds acts on it when the
// whole batch is in.
func (s *Store) ends(r *request, by ending) {
	if r.ended != notEnded {
		return
	}
	r.ended = by
	s.touched(r)
	s.endsWithBatch(r)
}

// endsWithBatch has lookAtEnds look at a request.
func (s *Store) endsWithBatch(r *request) {
	r.endUntold = true
	s.ended = append(s.ended, r)
}

func (s *Store) lookAtEnds(out *Outcome) {
	for _, r := range s.ended {
		if r.endUntold && r.content != nil && r.ended != notEnded {
			s.tellEnded(r, out)
		}
		r.endUntold = false
		switch {
		case r.content == nil || r.flushed || r.ended == notEnded:
			continue
		case r.state == open:
			s.idle.remove(r)
		default:
			s.lingering.remove(r)
		}
		r.state, r.since = lingering, s.now
		s.lingering.pushBack(r)
		s.placed(r)
	}
	clear(s.ended)
	s.ended = s.ended[:0]
}

func (s *Store) queueOf(r *request) *queue[request] {
	switch r.state {
	case open:
		return &s.idle
	case lingering:
		return &s.lingering
	default:
		return &s.past
	}
}

// Next is the next deadline, Never when there is none.
func (s *Store) Next() time.Duration {
	next := Never
	for _, d := range []struct {
		head  *request
		after time.Duration
	}{{s.lingering.head, s.opts.Linger}, {s.idle.head, s.opts.TTL}} {
		if d.head != nil {
			next = min(next, d.head.since+d.after)
		}
	}
	if since, ok := s.firstFlush(); ok {
		next = min(next, since+s.opts.LateWindow)
	}
	if h := s.aged.head; h != nil {
		next = min(next, h.content.openedAt+s.opts.MaxAge)
	}
	if h := s.entries.queue.head; h != nil {
		next = min(next, h.since+s.opts.Linger)
	}
	return next
}

// Tick acts on the deadlines that have come, on at most limit of them. It
// answers true when there are more, so that its owner may give up its lock in
// between.
func (s *Store) Tick(now time.Duration, wall time.Time, limit int, out *Outcome) (more bool) {
	s.at(now, wall)
	for ; limit > 0; limit-- {
		if !s.tickOne(out) {
			return false
		}
	}
	return s.Next() <= now
}

func (s *Store) tickOne(out *Outcome) bool {
	if r := s.lingering.head; r != nil && r.since+s.opts.Linger <= s.now {
		s.flush(r, r.reasonOr(""), s.now-r.since-s.opts.Linger, out)
		return true
	}
	if r := s.idle.head; r != nil && r.since+s.opts.TTL <= s.now {
		s.flush(r, event.FlushTTL, s.now-r.since-s.opts.TTL, out)
		return true
	}
	if r := s.aged.head; r != nil && r.content.openedAt+s.opts.MaxAge <= s.now {
		s.flush(r, r.reasonOr(event.FlushMaxAge), s.now-r.content.openedAt-s.opts.MaxAge, out)
		return true
	}
	if since, ok := s.firstFlush(); ok && since+s.opts.LateWindow <= s.now {
		s.forgetFirst()
		return true
	}
	return s.expireEntry()
}

// FlushAll flushes every open request, the oldest first.
func (s *Store) FlushAll(now time.Duration, wall time.Time, reason event.FlushReason, out *Outcome) {
	s.at(now, wall)
	for r := s.aged.head; r != nil; r = s.aged.head {
		s.flush(r, reason, -1, out)
	}
	for r := s.lingering.head; r != nil; r = s.lingering.head {
		s.flush(r, r.reasonOr(reason), -1, out)
	}
}

// flush lets a request leave and remembers it.
func (s *Store) flush(r *request, reason event.FlushReason, lateness time.Duration, out *Outcome) {
	if r.endUntold && r.ended != notEnded {
		s.tellEnded(r, out) // it leaves before the batch is looked at as a whole
	}
	s.queueOf(r).remove(r)
	s.aged.remove(r)
	s.emit(r, reason, lateness, out)
	s.left(r)
	s.index.dismiss(r)
	r.content = nil
	r.flushed = true
	s.remember(r)
	for s.Remembered() > s.opts.MaxRemembered {
		s.Forget(out)
	}
}

// emit hands out what a request holds as its next part.
func (s *Store) emit(r *request, reason event.FlushReason, lateness time.Duration, out *Outcome) {
	c := r.content
	r.parts++
	if r.left == nil {
		r.left = &departure{}
	}
	r.left.unbuilt++
	age := s.now - c.openedAt
	if r.flushed {
		age = 0
	}
	p := &Part{
		Part: envelope.Part{
			RequestID:        r.identity.id(),
			KeySource:        r.identity.keySource(),
			RelatedRequestID: r.related(),
			Opening:          r.opening,
			Number:           int(r.parts),
			Reason:           reason,
			Ended:            r.ended != notEnded,
			Facts:            &r.left.facts,
			FlushedAt:        s.wall,
		},
		held:     c.held,
		owner:    c.owner,
		firstSeq: r.seq - uint64(c.held.records) + 1,
		Bytes:    c.bytes,
		Weight:   c.weight,
		Age:      age,
		Late:     r.flushed,
		Lateness: lateness,
		request:  r,
	}
	s.bytes -= c.bytes
	if s.opts.Watched {
		p.watched()
	}
	if c.named {
		p.named = spanKey{r.identity.trace, r.identity.span}
	}
	c.held, c.owner, c.named, c.bytes, c.weight = held{}, nil, false, 0, 0
	s.closed(r, p)
	out.Parts = append(out.Parts, p)
}
