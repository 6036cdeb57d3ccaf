package buffer

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// spanKey is a span's place in the world.
type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func (k spanKey) valid() bool { return !k.trace.IsEmpty() && !k.span.IsEmpty() }

// spanAlias is what the key of a span leads to when no request is named after
// it.
type spanAlias struct {
	request *request
	// seen says that the span itself arrived, so that a second one is a
	// duplicate.
	seen bool
}

// index finds requests by everything that may name them. A key that is the
// identity of a request leads to that request as long as it is there.
type index struct {
	attributes map[string]*request
	spans      map[spanKey]*request
	aliases    map[spanKey]spanAlias
	traces     map[pcommon.TraceID]*request
	// responses are identities, claims the response ids that inference spans
	// report; a claim goes first.
	responses, claims map[string]*request
	// members are the unflushed requests that the entry span of a trace ends.
	members map[pcommon.TraceID]*members
	// frozen has the keys of the requests in it: a request has all of its keys
	// there or all of them in the maps above.
	frozen frozen
	// extra is how many keys the requests list beyond one each.
	extra int
}

// members are in order of joining. Who leaves leaves a gap, so that leaving
// needs no search; gaps are closed when they are the majority.
type members struct {
	requests []*request
	gaps     int
}

func newIndex() index {
	return index{
		attributes: map[string]*request{},
		spans:      map[spanKey]*request{},
		aliases:    map[spanKey]spanAlias{},
		traces:     map[pcommon.TraceID]*request{},
		responses:  map[string]*request{},
		claims:     map[string]*request{},
		members:    map[pcommon.TraceID]*members{},
		frozen:     newFrozen(),
	}
}

// find answers the request that an identity leads to, nil if none.
func (x *index) find(i *identity) *request {
	switch i.found {
	case byAttribute:
		if r := x.attributes[i.value]; r != nil {
			return r
		}
		return x.thaw(wantedText(coldAttribute, i.value))
	case bySpan:
		r, _ := x.span(spanKey{i.trace, i.span})
		return r
	case byTrace:
		return x.trace(i.trace)
	case byResponse:
		if r := x.claims[i.value]; r != nil {
			return r
		}
		if r := x.thaw(wantedText(coldClaim, i.value)); r != nil {
			return r
		}
		return x.response(i.value)
	default:
		return nil
	}
}

// add enters a request under its own identity, which leads nowhere yet.
func (x *index) add(r *request) {
	switch i := &r.identity; i.found {
	case byAttribute:
		x.attributes[i.value] = r
	case bySpan:
		x.spans[spanKey{i.trace, i.span}] = r
	case byTrace:
		x.traces[i.trace] = r
	case byResponse:
		x.responses[i.value] = r
	}
}

// span answers the request that a span key leads to, and whether the span was
// seen.
func (x *index) span(key spanKey) (r *request, seen bool) {
	if r, seen = x.warmSpan(key); r == nil && x.thaw(wantedSpan(key)) != nil {
		return x.warmSpan(key)
	}
	return r, seen
}

// warmSpan is span without the frozen requests.
func (x *index) warmSpan(key spanKey) (r *request, seen bool) {
	if r = x.spans[key]; r != nil {
		return r, r.seen
	}
	alias := x.aliases[key]
	return alias.request, alias.seen
}

// trace answers the request that a trace id leads to.
func (x *index) trace(id pcommon.TraceID) *request {
	if r := x.traces[id]; r != nil {
		return r
	}
	return x.thaw(wantedTrace(id))
}

// response answers the request that is named after a response id.
func (x *index) response(id string) *request {
	if r := x.responses[id]; r != nil {
		return r
	}
	return x.thaw(wantedText(coldResponse, id))
}

// leadSpan makes a span key lead to r, unless a request is named after it. It
// answers the request that the key leads to.
func (x *index) leadSpan(key spanKey, r *request, seen bool) *request {
	if named := x.spans[key]; named == nil && x.aliases[key].request == nil {
		x.thaw(wantedSpan(key))
	}
	if named := x.spans[key]; named != nil {
		named.seen = named.seen || seen
		return named
	}
	was := x.aliases[key]
	x.aliases[key] = spanAlias{r, seen || was.seen}
	if was.request != r {
		e := r.extras()
		e.spans = append(e.spans, key)
		x.extra++
	}
	return r
}

// claim makes a response id lead to r.
func (x *index) claim(id string, r *request) {
	x.claims[id] = r
	if r.response == "" {
		r.response = id
		return
	}
	e := r.extras()
	e.responses = append(e.responses, id)
	x.extra++
}

// move makes every key that leads to from lead to r, but for a response id,
// which r is about to claim.
func (x *index) move(from, r *request) {
	switch i := &from.identity; i.found {
	case bySpan:
		key := spanKey{i.trace, i.span}
		delete(x.spans, key)
		x.leadSpan(key, r, from.seen)
	case byTrace:
		x.traces[i.trace] = r
	case byResponse:
		delete(x.responses, i.value)
	}
	if from.response != "" {
		x.claim(from.response, r)
	}
	if from.extra == nil {
		return
	}
	for _, key := range from.extra.spans {
		if x.aliases[key].request == from {
			x.leadSpan(key, r, false)
		}
	}
	for _, id := range from.extra.responses {
		x.claim(id, r)
	}
	x.extra -= from.extra.keys()
	x.dismiss(from)
}

// drop removes every key that leads to r.
func (x *index) drop(r *request) {
	switch i := &r.identity; i.found {
	case byAttribute:
		delete(x.attributes, i.value)
	case bySpan:
		delete(x.spans, spanKey{i.trace, i.span})
	case byTrace:
		delete(x.traces, i.trace)
	case byResponse:
		delete(x.responses, i.value)
	}
	if r.response != "" {
		delete(x.claims, r.response)
	}
	if r.extra == nil {
		return
	}
	for _, key := range r.extra.spans {
		if x.aliases[key].request == r {
			delete(x.aliases, key)
		}
	}
	for _, id := range r.extra.responses {
		delete(x.claims, id)
	}
	for _, t := range r.extra.traces {
		if x.traces[t.id] == r {
			delete(x.traces, t.id)
		}
	}
	x.extra -= r.extra.keys()
	x.dismiss(r)
}

// enlist makes r a member of its trace t.
func (x *index) enlist(r *request, t *trace) {
	m := x.members[t.id]
	if m == nil {
		m = &members{}
		x.members[t.id] = m
	}
	t.at = int32(len(m.requests))
	m.requests = append(m.requests, r)
}

// dismiss ends r's membership in all of its traces.
func (x *index) dismiss(r *request) {
	traces := r.traces()
	for i := range traces {
		t := &traces[i]
		if t.at == notMember {
			continue
		}
		m := x.members[t.id]
		m.requests[t.at] = nil
		m.gaps++
		t.at = notMember
		switch {
		case m.gaps == len(m.requests):
			delete(x.members, t.id)
		case m.gaps > len(m.requests)/2:
			m.close(t.id)
		}
	}
}

// close closes the gaps.
func (m *members) close(id pcommon.TraceID) {
	m.requests = slices.DeleteFunc(m.requests, func(r *request) bool { return r == nil })
	m.gaps = 0
	for i, r := range m.requests {
		r.traceOf(id).at = int32(i)
	}
}
