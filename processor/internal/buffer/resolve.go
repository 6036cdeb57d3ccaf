package buffer

// resolve answers the request that keys lead to. It opens one if there is none
// and mayOpen says so, makes the other keys lead there too, and merges requests
// that the keys show to be one. nil: the keys lead nowhere.
func (s *Store) resolve(k *Keys, mayOpen bool, out *Outcome) *request {
	named := k.resolve(s.opts.Fallback)
	if named.found == unresolved {
		return nil
	}
	r := s.index.find(&named)
	if r == nil {
		if !mayOpen {
			return nil
		}
		r = s.open(&named, out)
	}
	s.touched(r)
	if named.found == byAttribute {
		s.leadFallback(r, k, out)
	}
	if s.opts.Entries && r.ownedByEntry() && !k.Trace.IsEmpty() {
		s.joinTrace(r, k.Trace, false, out)
	}
	return r
}

// leadFallback makes the key that the record would have without its attribute
// lead to the attribute's request.
func (s *Store) leadFallback(r *request, k *Keys, out *Outcome) {
	var other *request
	switch {
	case s.opts.Fallback == FallbackTrace && !k.Trace.IsEmpty():
		if !r.mayJoin(k.Trace) {
			return
		}
		if other = s.index.trace(k.Trace); other == nil && len(r.traces()) < maxTraces {
			s.index.traces[k.Trace] = r
		}
	case s.opts.Fallback == FallbackSpan && k.hasSpan():
		key := spanKey{k.Trace, k.Span}
		if other, _ = s.index.span(key); other == nil {
			s.index.leadSpan(key, r, false)
		}
	}
	if other != nil && other != r && other.identity.found != byAttribute {
		s.unite(r, other, out)
	}
}

// claimResponse notes that an inference span of r reports a response id. The
// first span to do so gets the records that know nothing else.
func (s *Store) claimResponse(r *request, id string, out *Outcome) {
	if s.index.claimed(id) {
		return
	}
	other := s.index.response(id)
	if other == r {
		return
	}
	if other != nil {
		s.unite(r, other, out)
	}
	s.index.claim(id, r)
}

// unite merges two requests that are one, if neither has left in part; else
// each tells of the other. The identity of r is the stronger one.
func (s *Store) unite(r, other *request, out *Outcome) {
	if r.parts > 0 || other.parts > 0 {
		r.relate(other.identity.id())
		other.relate(r.identity.id())
		s.touched(other)
		return
	}
	s.merge(r, other, out)
	out.Merged = append(out.Merged, Merge{From: other.identity.id(), Into: r.identity.id()})
}

// merge moves everything that other has into r.
func (s *Store) merge(r, other *request, out *Outcome) {
	s.index.move(other, r)
	s.queueOf(other).remove(other)
	last := s.mergeContent(r, other, out)
	s.tellMerged(other, r, last, out)
	s.mergeTraces(r, other, out)
	if other.ended == endedByEvent {
		s.ends(r, endedByEvent)
	}
	r.relate(other.related())
	s.left(other)
	other.state, other.content = merged, nil
	s.touch(r)
}

// mergeContent numbers what other holds after what r holds. Both together may
// be too large for one part, so that the first has to leave. It answers the number
// of the last record that r had before.
func (s *Store) mergeContent(r, other *request, out *Outcome) (last uint64) {
	c, from := r.content, other.content
	s.roomFor(r, from.bytes, from.weight, from.held.records, out)
	last = r.seq
	r.seq += uint64(from.held.records)
	held := c.held.items.length
	c.held.append(&from.held)
	s.adopted(r, from.held.records+from.held.spans, c.held.items.length-held-from.held.items.length)
	c.bytes += from.bytes
	c.weight += from.weight
	if from.openedAt < c.openedAt {
		c.openedAt = from.openedAt
		s.openedLike(r, other)
		s.aged.remove(r)
		s.aged.replace(other, r)
	} else {
		s.aged.remove(other)
	}
	return last
}

// mergeTraces lets r take part in the traces of other, and has it end, or not
// any more, as their entry spans say.
func (s *Store) mergeTraces(r, other *request, out *Outcome) {
	if !s.opts.Entries || !r.ownedByEntry() {
		return
	}
	for _, t := range other.traces() {
		s.joinTrace(r, t.id, t.entered, out)
	}
	if e := other.extra; e != nil && e.owner.before(r.extras().owner) {
		r.own(other.content.owner, e.owner)
	}
	if r.entered() {
		s.ends(r, endedBySpan)
	}
}
