package buffer

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// rank decides which entry span owns a request: one without a parent goes
// before one whose parent is elsewhere, then the one that started first. It
// outlives the span, which leaves with a part. The zero value is nobody's.
type rank struct {
	start       pcommon.Timestamp
	known, root bool
}

func rankOf(span *Span) rank { return rank{span.Start, true, span.Root} }

// before says whether k owns rather than other.
func (k rank) before(other rank) bool {
	switch {
	case k.known != other.known:
		return k.known
	case k.root != other.root:
		return k.root
	default:
		return k.start < other.start
	}
}

// entry is an entry span that is remembered for linger: what it ends may come
// after it.
type entry struct {
	trace pcommon.TraceID
	owner *owner
	rank  rank
	since time.Duration
	queue links[entry]
	// holder is what the journal knows it by.
	holder holder
}

// entries has one entry span for each trace, and no more than most.
type entries struct {
	most    int
	byTrace map[pcommon.TraceID]*entry
	queue   queue[entry]
}

func newEntries(most int) entries {
	return entries{
		most:    most,
		byTrace: map[pcommon.TraceID]*entry{},
		queue:   queue[entry]{of: func(e *entry) *links[entry] { return &e.queue }},
	}
}

// putEntry remembers an entry span and answers the one that speaks for its trace.
func (s *Store) putEntry(span *Span) *entry {
	e := &s.entries
	id, k := span.Trace, rankOf(span)
	known := e.byTrace[id]
	if known == nil {
		known = &entry{trace: id}
		e.byTrace[id] = known
	}
	if k.before(known.rank) {
		known.owner = &owner{spanKey{span.Trace, span.Span}, span.Origin, string(span.Owner)}
		known.rank = k
	}
	e.queue.remove(known)
	known.since = s.now
	e.queue.pushBack(known)
	if e.queue.length > e.most {
		s.dropEntry(e.queue.head)
	}
	s.entered(known)
	return known
}

func (s *Store) expireEntry() bool {
	h := s.entries.queue.head
	if h == nil || h.since+s.opts.Linger > s.now {
		return false
	}
	s.dropEntry(h)
	return true
}

func (s *Store) dropEntry(known *entry) {
	s.entries.queue.remove(known)
	delete(s.entries.byTrace, known.trace)
	s.release(&known.holder)
}

// enter handles an entry span: it ends the requests of its trace.
func (s *Store) enter(span *Span) {
	if span.Trace.IsEmpty() {
		return
	}
	speaks := s.putEntry(span)
	members := s.index.members[speaks.trace]
	if members == nil {
		return
	}
	for _, r := range members.requests {
		if r != nil {
			s.enterRequest(r, r.traceOf(speaks.trace), speaks)
		}
	}
}

// enterRequest lets an entry span own r, and end it once all of its traces
// were entered. A second entry span ends it anew only if it takes over.
func (s *Store) enterRequest(r *request, t *trace, e *entry) {
	first := !t.entered
	t.entered = true
	s.touched(r)
	takesOver := e.rank.before(r.extra.owner)
	if takesOver {
		r.own(e.owner, e.rank)
	}
	if !r.entered() {
		return
	}
	if takesOver && !first && r.ended == endedBySpan {
		s.endsWithBatch(r)
	}
	s.ends(r, endedBySpan)
}

// own makes an entry span the owner.
func (r *request) own(by *owner, k rank) {
	r.content.owner, r.extra.owner = by, k
}

// appendOwner lets a span that is not gathered own and end the request that is
// named after it. A request with another name is ended by entry spans.
func (s *Store) appendOwner(in *Span, key spanKey, out *Outcome) {
	r, _ := s.index.span(key)
	if r == nil || !r.namedAfter(key) {
		return
	}
	s.roomFor(r, in.Bytes, 0, 0, out)
	s.awaken(r, out)
	s.index.leadSpan(key, r, true)
	r.content.owner = &owner{key, in.Origin, string(in.Owner)}
	s.grow(r.content, in.Bytes, 0)
	s.touched(r)
	if r.ended != notEnded {
		s.tellEnded(r, out) // by an end event; who owns it was not told
	}
	s.ends(r, endedBySpan)
}

// maxTraces is how many traces are looked at for the end of one request. They
// are searched one by one; who is in more is named by something that never
// ends, and leaves by ttl or max_age.
const maxTraces = 1024

// mayJoin says whether r takes part in a trace, or has room for it.
func (r *request) mayJoin(id pcommon.TraceID) bool {
	return len(r.traces()) < maxTraces || r.traceOf(id) != nil
}

// joinTrace notes that r takes part in a trace whose entry span ends it, and
// may have been seen already.
func (s *Store) joinTrace(r *request, id pcommon.TraceID, entered bool, out *Outcome) {
	if t := r.traceOf(id); t != nil {
		t.entered = t.entered || entered
		return
	}
	if !r.mayJoin(id) {
		return
	}
	s.index.extra++
	x := r.extras()
	x.traces = append(x.traces, trace{id: id, at: notMember})
	t := &x.traces[len(x.traces)-1]
	if r.content == nil {
		return // awaken does the rest
	}
	s.index.enlist(r, t)
	if e := s.entries.byTrace[id]; e != nil {
		s.enterRequest(r, t, e)
	}
	t.entered = t.entered || entered
	if !t.entered {
		s.continues(r, out)
	}
}

// rejoin makes a reopened request a member of its traces again.
func (s *Store) rejoin(r *request) {
	traces := r.traces()
	for i := range traces {
		t := &traces[i]
		s.index.enlist(r, t)
		if e := s.entries.byTrace[t.id]; e != nil {
			s.enterRequest(r, t, e)
		}
	}
}

// continues takes an ended request back among the open ones: it has entered a
// trace whose end is still to come.
func (s *Store) continues(r *request, out *Outcome) {
	if r.flushed || r.ended != endedBySpan {
		return
	}
	r.ended = notEnded
	s.touched(r)
	if r.state == lingering {
		s.lingering.remove(r)
		r.state, r.since = open, s.now
		s.idle.pushBack(r)
		s.placed(r)
		s.tellOpened(r, out)
	}
}
