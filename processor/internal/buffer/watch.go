package buffer

import "github.com/genaibuffer/genaibufferprocessor/event"

// told answers the identity of a request for those who watch. It is the same one
// as long as the request holds something.
func (r *request) told() *event.Request {
	if r.content == nil {
		return r.describe()
	}
	if r.content.told == nil {
		r.content.told = r.describe()
	}
	return r.content.told
}

func (r *request) describe() *event.Request {
	return &event.Request{ID: r.identity.id(), KeySource: r.identity.keySource(), Opening: r.opening}
}

// tellOpened tells that a request is there, or open again.
func (s *Store) tellOpened(r *request, out *Outcome) {
	if s.opts.Watched {
		out.Facts = append(out.Facts, event.Fact{Kind: event.FactOpened, Request: r.told()})
	}
}

// tellRecord tells that a record joined a request as its last.
func (s *Store) tellRecord(r *request, rec *Record, out *Outcome) {
	if s.opts.Watched {
		out.Facts = append(out.Facts, event.Fact{
			Kind: event.FactRecord, Request: r.told(), Packed: rec.Packed,
			TraceID: rec.Trace, SpanID: rec.Span, Origin: rec.Origin, Seq: r.seq, Late: r.flushed,
		})
	}
}

// tellCall tells that a span joined a request.
func (s *Store) tellCall(r *request, in *Span, out *Outcome) {
	if s.opts.Watched {
		out.Facts = append(out.Facts, event.Fact{
			Kind: event.FactCall, Request: r.told(), Packed: in.Packed,
			TraceID: in.Trace, SpanID: in.Span, Origin: in.Origin, Late: r.flushed,
		})
	}
}

// tellEnded tells that a request has ended, and what span owns it if that is
// known.
func (s *Store) tellEnded(r *request, out *Outcome) {
	if !s.opts.Watched {
		return
	}
	named := spanKey{}
	if r.identity.found == bySpan {
		named = spanKey{r.identity.trace, r.identity.span}
	}
	out.Facts = append(out.Facts, endedFact(r.told(), r.flushed, r.content.owner, named))
	r.endUntold = false
}

// tellEnded tells that the request of a part had ended.
func (p *Part) tellEnded(out *Outcome) {
	out.Facts = append(out.Facts, endedFact(p.Told, p.Late, p.owner, p.named))
}

// endedFact names the span that owns a request: one that is held elsewhere, if
// at all, or the one that the request is named after.
func endedFact(told *event.Request, late bool, by *owner, named spanKey) event.Fact {
	f := event.Fact{Kind: event.FactEnded, Request: told, Late: late, TraceID: named.trace, SpanID: named.span}
	if by != nil {
		f.TraceID, f.SpanID, f.Origin, f.Packed = by.key.trace, by.key.span, by.origin, []byte(by.packed)
	}
	return f
}

// tellMerged tells that other is now part of r, whose last record had the given
// number.
func (s *Store) tellMerged(other, r *request, last uint64, out *Outcome) {
	if s.opts.Watched {
		out.Facts = append(out.Facts, event.Fact{Kind: event.FactMerged, Request: other.told(), Into: r.told(), Seq: last})
	}
}

// Watch tells everything that is held, as if it had just come: the parts that
// wait to leave, then open requests in the order in which they were opened. What
// tell is called with is valid until it returns.
func (s *Store) Watch(waiting []*Part, tell func([]event.Fact)) {
	var out Outcome
	telling := func() {
		tell(out.Facts)
		clear(out.Facts)
		out.Facts = out.Facts[:0]
	}
	told := map[[16]byte]bool{}
	for _, p := range waiting {
		p.watched()
		if !told[p.Opening] {
			told[p.Opening] = true
			out.Facts = append(out.Facts, event.Fact{Kind: event.FactOpened, Request: p.Told})
		}
		tellHeld(&p.held, p.Told, p.firstSeq, p.Late, &out)
		if p.Ended {
			p.tellEnded(&out)
		}
		telling()
	}
	for r := s.aged.head; r != nil; r = r.content.aged.after {
		s.watchOne(r, told, &out)
		telling()
	}
	for r := s.lingering.head; r != nil; r = r.queue.after {
		if r.flushed { // the others are aged as well
			s.watchOne(r, told, &out)
			telling()
		}
	}
}

func (s *Store) watchOne(r *request, told map[[16]byte]bool, out *Outcome) {
	if !told[r.opening] {
		s.tellOpened(r, out)
	}
	h := &r.content.held
	tellHeld(h, r.told(), r.seq-uint64(h.records)+1, r.flushed, out)
	if r.ended != notEnded {
		s.tellEnded(r, out)
	}
}

func tellHeld(h *held, told *event.Request, seq uint64, late bool, out *Outcome) {
	for i := h.read(); i.next(); {
		f := event.Fact{
			Kind: event.FactCall, Request: told, Packed: []byte(i.packed), TraceID: i.at.trace, SpanID: i.at.span,
			Origin: h.origins[i.at.origin], Late: late,
		}
		if i.kind&itemSpan == 0 {
			f.Kind, f.Seq = event.FactRecord, seq
			seq++
		}
		out.Facts = append(out.Facts, f)
	}
}

// watched prepares a part for those who want to know when it leaves.
func (p *Part) watched() {
	p.Told = &event.Request{ID: p.RequestID, KeySource: p.KeySource, Opening: p.Opening}
	p.Flush = &event.Flush{LastSeq: p.firstSeq + uint64(p.held.records) - 1, Spans: p.held.spans}
}
