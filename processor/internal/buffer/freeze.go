package buffer

import "time"

// Built takes note that the envelopes of parts are built, so that nothing is to
// be added to their Facts any more. A request that is remembered, and has no
// other part under way, needs no longer be an object: it is frozen. Without this
// call nothing else changes.
func (s *Store) Built(parts []*Part) {
	var built, waiting []*request
	for _, p := range parts {
		r := p.request
		if r == nil {
			continue
		}
		p.request = nil
		if r.left.unbuilt--; r.left.unbuilt == 0 {
			built = append(built, r)
		} else if len(r.left.untold) > 0 {
			waiting = append(waiting, r)
		}
	}
	for _, r := range waiting {
		s.builtFacts(r)
	}
	for _, r := range built {
		r.left.untold = nil
		s.touched(r) // its facts are known now
		if r.state != remembered || r.left.place != 0 {
			continue
		}
		form := s.index.formOf(r)
		s.settledDown(r, form)
		if s.index.freeze(r, form) {
			s.past.remove(r)
		}
	}
}

// Frozen is how many of the remembered requests are frozen.
func (s *Store) Frozen() int { return s.index.frozen.length - len(s.index.frozen.thawed) }

// remember puts a request that was flushed behind all others that were.
func (s *Store) remember(r *request) {
	s.flushes++
	r.left.number = s.flushes
	r.state, r.since = remembered, s.now
	s.past.pushBack(r)
}

// recall takes a remembered request out of its place.
func (s *Store) recall(r *request) {
	if r.left.place == 0 {
		s.past.remove(r)
		return
	}
	s.index.frozen.leave(r.left.place)
	r.left.place = 0
}

// firstFlush is when the remembered request that is next to be forgotten was
// flushed.
func (s *Store) firstFlush() (since time.Duration, ok bool) {
	_, frozen, ok := s.index.frozen.oldest()
	r := s.past.head
	switch {
	case r == nil:
		return frozen.since, ok
	case ok && frozen.number < r.left.number:
		return frozen.since, true
	default:
		return r.since, true
	}
}

// Forget forgets the request that was flushed first, before its time. It
// answers false when none is remembered.
func (s *Store) Forget(out *Outcome) bool {
	if !s.forgetFirst() {
		return false
	}
	out.Forgotten++
	return true
}

func (s *Store) forgetFirst() bool {
	at, first, ok := s.index.frozen.oldest()
	r := s.past.head
	switch {
	case r == nil && !ok:
		return false
	case r != nil && (!ok || r.left.number < first.number):
		s.forget(r)
	case first.state == placeThawed:
		s.forget(s.index.frozen.thawed[at])
	default:
		s.index.extra -= s.index.frozen.drop(at, &first)
	}
	return true
}

// forget forgets a request that is an object.
func (s *Store) forget(r *request) {
	s.recall(r)
	s.index.drop(r)
	r.state = forgotten
}

// freeze makes bytes of a remembered request, unless it is too large or comes
// out of turn. Its keys then lead to those.
func (x *index) freeze(r *request, form []byte) bool {
	if !x.frozen.takes(r.left.number) || tooLarge(r, form) {
		return false
	}
	extra := x.extra
	x.drop(r)
	x.extra = extra // it lists them still
	x.frozen.push(r.left.number, r.since, r.left.facts.Origin(), form)
	return true
}

func tooLarge(r *request, form []byte) bool {
	return len(form) > largestFrozen || r.extraKeys() > mostFrozenKeys
}

// formOf is the frozen form of r, until the next call.
func (x *index) formOf(r *request) []byte {
	form := x.appendRequest(x.frozen.scratch[:0], r)
	if cap(form) <= 2*largestFrozen {
		x.frozen.scratch = form
	}
	return form
}

// thaw answers the frozen request that a key leads to, nil if none, as the
// object that it was before. It keeps its place among those remembered.
func (x *index) thaw(w wanted) *request {
	at, found, _, ok := x.frozen.find(&w)
	if !ok {
		return nil
	}
	r, err := decodeRequest(found.form, x.frozen.origins.of(found.origin))
	if err != nil {
		return nil // nothing but a broken memory
	}
	r.since = found.since
	r.left.number, r.left.place = found.number, at
	x.restore(r, found.form)
	x.frozen.thaw(at, &found, r)
	return r
}

// restore makes every key that leads to the frozen form of r lead to r.
func (x *index) restore(r *request, form []byte) {
	x.add(r)
	if r.response != "" {
		x.claims[r.response] = r
	}
	if r.extra == nil {
		return
	}
	for _, id := range r.extra.responses {
		x.claims[id] = r
	}
	_, _ = visitKeys(form, func(k coldKey) bool {
		switch {
		case k.kind == coldSpan && !r.namedAfter(k.spanKey()):
			x.aliases[k.spanKey()] = spanAlias{r, k.seen}
		case k.kind == coldTrace:
			x.traces[k.spanKey().trace] = r
		}
		return true
	})
}

// knows says whether a span key leads to a request, and whether the span was
// seen, without thawing.
func (x *index) knows(key spanKey) (known, seen bool) {
	if r, seen := x.warmSpan(key); r != nil {
		return true, seen
	}
	w := wantedSpan(key)
	_, _, seen, known = x.frozen.find(&w)
	return known, seen
}

// claimed says whether an inference span reported a response id.
func (x *index) claimed(id string) bool {
	return x.claims[id] != nil || x.cold(wantedText(coldClaim, id))
}

// cold says whether a key leads to a frozen request.
func (x *index) cold(w wanted) bool {
	_, _, _, ok := x.frozen.find(&w)
	return ok
}

// has says whether an identity leads to a request, without thawing it.
func (x *index) has(i *identity) bool {
	switch i.found {
	case byAttribute:
		return x.attributes[i.value] != nil || x.cold(wantedText(coldAttribute, i.value))
	case bySpan:
		known, _ := x.knows(spanKey{i.trace, i.span})
		return known
	case byTrace:
		return x.traces[i.trace] != nil || x.cold(wantedTrace(i.trace))
	case byResponse:
		return x.claimed(i.value) || x.responses[i.value] != nil || x.cold(wantedText(coldResponse, i.value))
	default:
		return false
	}
}
