package buffer

import (
	"cmp"
	"slices"
	"time"
)

// The model: who leaves, when, and is forgotten.

func (m *model) all(fits func(*modelRequest) bool) []*modelRequest {
	var found []*modelRequest
	for _, r := range m.requests {
		if fits(r) {
			found = append(found, r)
		}
	}
	return found
}

// first answers the one that stands first, by time and then by ticket.
func first(requests []*modelRequest, by func(*modelRequest) (time.Duration, int)) *modelRequest {
	if len(requests) == 0 {
		return nil
	}
	return slices.MinFunc(requests, func(a, b *modelRequest) int {
		timeA, ticketA := by(a)
		timeB, ticketB := by(b)
		return cmp.Or(cmp.Compare(timeA, timeB), cmp.Compare(ticketA, ticketB))
	})
}

func (m *model) firstIn(phase string) *modelRequest {
	in := m.all(func(r *modelRequest) bool { return r.phase == phase })
	return first(in, func(r *modelRequest) (time.Duration, int) { return r.since, r.ticket })
}

func (m *model) oldest() *modelRequest {
	in := m.all(func(r *modelRequest) bool {
		return !r.flushed && (r.phase == phaseOpen || r.phase == phaseLingering)
	})
	return first(in, func(r *modelRequest) (time.Duration, int) { return r.opened, r.born })
}

func (m *model) count(phases ...string) int {
	return len(m.all(func(r *modelRequest) bool { return slices.Contains(phases, r.phase) }))
}

func (m *model) openCount() int { return m.count(phaseOpen, phaseLingering) }

func (m *model) bytes() int {
	sum := 0
	for _, r := range m.requests {
		sum += r.bytes
	}
	return sum
}

func (m *model) makeRoom() {
	for m.openCount() >= m.opts.MaxRequests && m.evict() {
	}
}

func (m *model) evict() bool {
	r := m.firstIn(phaseLingering)
	if r == nil {
		r = m.oldest()
	}
	if r == nil {
		return false
	}
	m.flush(r, r.reasonOr("evicted"), -1)
	return true
}

func (r *modelRequest) reasonOr(reason string) string {
	if r.flushed {
		return "late"
	}
	return cmp.Or(r.ended, reason)
}

func (m *model) flushAll(now time.Duration, reason string) {
	m.now = now
	for r := m.oldest(); r != nil; r = m.oldest() {
		m.flush(r, reason, -1)
	}
	for r := m.firstIn(phaseLingering); r != nil; r = m.firstIn(phaseLingering) {
		m.flush(r, "late", -1)
	}
}

func (m *model) flush(r *modelRequest, reason string, lateness time.Duration) {
	m.emit(r, reason, lateness)
	r.flushed = true
	r.phase, r.since, r.ticket = phaseRemembered, m.now, m.next()
	for m.count(phaseRemembered) > m.opts.MaxRemembered {
		m.forget()
	}
}

func (m *model) emit(r *modelRequest, reason string, lateness time.Duration) {
	r.parts++
	p := modelPart{
		ID: r.id, Source: r.source, Related: r.related, Reason: reason,
		Opening: r.opening, Number: r.parts, Bytes: r.bytes, Weight: r.weight,
		Ended: r.ended != "", Records: r.records, Spans: r.spans,
		Lateness: lateness, FlushedAt: wall(m.now),
	}
	if !r.flushed {
		p.Age = m.now - r.opened
	}
	if r.owner != nil {
		p.Owner = r.owner.name()
	}
	m.out.Parts = append(m.out.Parts, p)
	r.records, r.unnumbered, r.spans, r.owner, r.bytes, r.weight = nil, nil, nil, nil, 0, 0
}

func (m *model) forget() bool {
	r := m.firstIn(phaseRemembered)
	if r == nil {
		return false
	}
	m.remove(r)
	m.out.Forgotten++
	return true
}

func (m *model) remove(r *modelRequest) {
	r.gone = true
	m.requests = slices.DeleteFunc(m.requests, func(x *modelRequest) bool { return x == r })
	m.leads = slices.DeleteFunc(m.leads, func(l *lead) bool { return l.to == r })
}

// Time.

func (m *model) deadline() time.Duration {
	next := Never
	for _, r := range m.requests {
		after := map[string]time.Duration{
			phaseOpen: m.opts.TTL, phaseLingering: m.opts.Linger, phaseRemembered: m.opts.LateWindow,
		}[r.phase]
		next = min(next, r.since+after)
		if !r.flushed && r.phase != phaseRemembered {
			next = min(next, r.opened+m.opts.MaxAge)
		}
	}
	for _, e := range m.entries {
		next = min(next, e.since+m.opts.Linger)
	}
	return next
}

func (m *model) tick(now time.Duration, limit int) bool {
	m.now = now
	for range limit {
		if !m.tickOne() {
			return false
		}
	}
	return m.deadline() <= now
}

func (m *model) tickOne() bool {
	over := func(since, after time.Duration) (time.Duration, bool) {
		return m.now - since - after, m.now >= since+after
	}
	if r := m.firstIn(phaseLingering); r != nil {
		if late, is := over(r.since, m.opts.Linger); is {
			m.flush(r, r.reasonOr(""), late)
			return true
		}
	}
	if r := m.firstIn(phaseOpen); r != nil {
		if late, is := over(r.since, m.opts.TTL); is {
			m.flush(r, "ttl", late)
			return true
		}
	}
	if r := m.oldest(); r != nil {
		if late, is := over(r.opened, m.opts.MaxAge); is {
			m.flush(r, r.reasonOr("max_age"), late)
			return true
		}
	}
	if r := m.firstIn(phaseRemembered); r != nil {
		if _, is := over(r.since, m.opts.LateWindow); is {
			m.remove(r)
			return true
		}
	}
	for i, e := range m.entries {
		if _, is := over(e.since, m.opts.Linger); is {
			m.entries = slices.Delete(m.entries, i, i+1)
			return true
		}
	}
	return false
}
