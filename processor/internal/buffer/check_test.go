package buffer

import (
	"fmt"
	"time"
)

// problems walks through a store's insides and answers what does not fit
// together. It knows nothing of the policy.
func problems(s *Store) []string {
	c := checker{store: s, alive: map[*request]bool{}, identities: map[identity]bool{}}
	c.queue("idle", &s.idle, open, func(r *request) time.Duration { return r.since })
	c.queue("lingering", &s.lingering, lingering, func(r *request) time.Duration { return r.since })
	c.queue("past", &s.past, remembered, func(r *request) time.Duration { return r.since })
	c.frozen()
	c.aged()
	c.entries()
	c.content()
	c.index()
	c.members()
	if len(s.ended) > 0 {
		c.report("%d ends were not looked at", len(s.ended))
	}
	return c.found
}

type checker struct {
	store      *Store
	alive      map[*request]bool
	identities map[identity]bool
	// extra is how many keys frozen requests list beyond one each.
	extra int
	found []string
}

func (c *checker) report(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// walk visits the members of a queue and checks its links and length.
func walk[T any](c *checker, name string, q *queue[T], visit func(*T)) {
	var before *T
	n := 0
	for m := q.head; m != nil; before, m = m, q.of(m).after {
		if q.of(m).before != before {
			c.report("%s: member %d has another one before it", name, n)
		}
		if n++; n > q.length {
			c.report("%s: more members than its length %d", name, q.length)
			return
		}
		visit(m)
	}
	if q.tail != before {
		c.report("%s: the tail is not its last member", name)
	}
	if n != q.length {
		c.report("%s: %d members, length %d", name, n, q.length)
	}
}

func (c *checker) queue(name string, q *queue[request], in state, since func(*request) time.Duration) {
	last := time.Duration(-1)
	walk(c, name, q, func(r *request) {
		if r.state != in {
			c.report("%s: %s has state %d", name, r.identity.id(), r.state)
		}
		if c.alive[r] {
			c.report("%s: %s stands in two queues", name, r.identity.id())
		}
		if since(r) < last {
			c.report("%s: %s is out of order", name, r.identity.id())
		}
		last = since(r)
		c.alive[r] = true
		c.only(name, r)
	})
}

// only checks that no other request has the same name.
func (c *checker) only(where string, r *request) {
	who := r.identity
	who.key = "" // only tells which was seen first
	if c.identities[who] {
		c.report("%s: a second request named %s", where, r.identity.id())
	}
	c.identities[who] = true
}

func (c *checker) aged() {
	seen := map[*request]bool{}
	last := time.Duration(-1)
	walk(c, "aged", &c.store.aged, func(r *request) {
		seen[r] = true
		if r.content.openedAt < last {
			c.report("aged: %s is out of order", r.identity.id())
		}
		last = r.content.openedAt
	})
	for r := range c.alive {
		if wants := r.content != nil && !r.flushed; wants != seen[r] {
			c.report("aged: %s in it %t, should be %t", r.identity.id(), seen[r], wants)
		}
		delete(seen, r)
	}
	if len(seen) > 0 {
		c.report("aged: %d requests that are in no other queue", len(seen))
	}
}

func (c *checker) entries() {
	e := &c.store.entries
	last := time.Duration(-1)
	walk(c, "entries", &e.queue, func(m *entry) {
		if e.byTrace[m.trace] != m {
			c.report("entries: trace %s leads elsewhere", m.trace)
		}
		if m.since < last {
			c.report("entries: trace %s is out of order", m.trace)
		}
		last = m.since
	})
	if len(e.byTrace) != e.queue.length {
		c.report("entries: %d by trace, %d in the queue", len(e.byTrace), e.queue.length)
	}
	if e.queue.length > c.store.opts.MaxRemembered {
		c.report("entries: %d are remembered", e.queue.length)
	}
}

func (c *checker) content() {
	bytes := 0
	for r := range c.alive {
		if (r.content == nil) != (r.state == remembered) {
			c.report("%s: state %d, content %v", r.identity.id(), r.state, r.content)
		}
		if r.content == nil {
			continue
		}
		records, spans, err := unpacked(&r.content.held, 1, false)
		if err != nil || len(records) != r.content.held.records || len(spans) != r.content.held.spans {
			c.report("%s: holds %d records and %d spans, counts %d and %d: %v",
				r.identity.id(), len(records), len(spans), r.content.held.records, r.content.held.spans, err)
		}
		if r.content.bytes < 0 || r.content.weight < 0 {
			c.report("%s: counts %d bytes, weight %d", r.identity.id(), r.content.bytes, r.content.weight)
		}
		bytes += r.content.bytes
	}
	if bytes != c.store.bytes {
		c.report("all hold %d bytes, the store counts %d", bytes, c.store.bytes)
	}
}

// index checks that keys and requests know each other, both ways.
func (c *checker) index() {
	x := &c.store.index
	known, extra := 0, c.extra // keys that a living request says lead to it
	for r := range c.alive {
		if !x.has(&r.identity) {
			c.report("%s cannot be found", r.identity.id())
		}
		// A claim goes first, which may be a frozen request's.
		if r.identity.found != byResponse && x.find(&r.identity) != r {
			c.report("%s leads elsewhere", r.identity.id())
		}
		known++
		known += c.aliases(r)
		if r.extra != nil {
			extra += r.extra.keys()
		}
	}
	all := len(x.attributes) + len(x.spans) + len(x.aliases) + len(x.traces) + len(x.responses) + len(x.claims)
	if all != known {
		c.report("%d keys in the index, %d of living requests", all, known)
	}
	if extra != c.store.Keys() {
		c.report("requests list %d extra keys, the index %d", extra, c.store.Keys())
	}
	for _, m := range []map[string]*request{x.attributes, x.responses, x.claims} {
		for id, r := range m {
			c.live(id, r)
		}
	}
	for id, r := range x.spans {
		c.live(id.span.String(), r)
	}
	for id, alias := range x.aliases {
		c.live(id.span.String(), alias.request)
		if x.spans[id] != nil {
			c.report("span %s is an alias and an identity", id.span)
		}
	}
	for id, r := range x.traces {
		c.live(id.String(), r)
	}
}

func (c *checker) live(key string, r *request) {
	if !c.alive[r] {
		c.report("key %s leads to a request that is gone", key)
	}
}

// aliases counts the keys beyond its identity that lead to r.
func (c *checker) aliases(r *request) (known int) {
	x := &c.store.index
	claims := []string{}
	if r.response != "" {
		claims = append(claims, r.response)
	}
	if r.extra != nil {
		claims = append(claims, r.extra.responses...)
		// A key that another request took over and gave back is listed twice.
		led := map[spanKey]bool{}
		for _, key := range r.extra.spans {
			if x.aliases[key].request == r {
				led[key] = true
			}
		}
		known += len(led)
		for _, t := range r.extra.traces {
			if x.traces[t.id] == r && r.identity.found != byTrace {
				known++
			}
		}
	}
	for _, id := range claims {
		if x.claims[id] != r {
			c.report("%s claims %s, which leads elsewhere", r.identity.id(), id)
		}
	}
	return known + len(claims)
}

func (c *checker) members() {
	x := &c.store.index
	expected := 0
	for r := range c.alive {
		for _, t := range r.traces() {
			m := x.members[t.id]
			switch {
			case r.content == nil && t.at == notMember:
			case r.content == nil:
				c.report("%s is remembered and a member of trace %s", r.identity.id(), t.id)
			case m == nil || int(t.at) >= len(m.requests) || t.at < 0 || m.requests[t.at] != r:
				c.report("%s is no member of trace %s", r.identity.id(), t.id)
			default:
				expected++
			}
		}
	}
	for id, m := range x.members {
		full := 0
		for _, r := range m.requests {
			if r != nil {
				full++
			}
		}
		expected -= full
		if full == 0 || full+m.gaps != len(m.requests) || m.gaps > full {
			c.report("trace %s: %d members, %d gaps of %d", id, full, m.gaps, len(m.requests))
		}
	}
	if expected != 0 {
		c.report("%d members too few in traces", expected)
	}
}

// leftovers answers what is still in the maps of an idle store.
func leftovers(s *Store) int {
	x := &s.index
	return len(x.attributes) + len(x.spans) + len(x.aliases) + len(x.traces) + len(x.responses) + len(x.claims) +
		len(x.members) + len(s.entries.byTrace) +
		len(x.frozen.positions) + len(x.frozen.thawed) + len(x.frozen.origins.numbers)
}
