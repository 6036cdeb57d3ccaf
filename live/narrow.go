package live

// narrow is the subscriptions that want some of the events. What they share,
// they wait for in one group.
//
//	parked --match--> woken --reads up to head--> parked
//
// A reader parks only when nothing was scanned beyond what it has read: nothing
// is missed between the two.
type narrow struct {
	// scanned is the number of the first event not looked at.
	scanned uint64
	groups  map[string]*group
	// filtered finds groups by the leading key of their filter, followed
	// those of one request.
	filtered [filterKeyCount]map[string][]*group
	followed map[*request]*group
	// asking counts the groups whose filters ask for what is known of a
	// request.
	asking int
	// woken and glances are the dispatcher's own.
	woken   []*Subscription
	glances []glance
}

// group is the subscriptions that want the same.
type group struct {
	filter  Filter
	key     string
	follows *request
	members int
	parked  []*Subscription
}

// scanAtOnce is how many events are looked at before readers may park.
const scanAtOnce = 1024

func (d *narrow) init() {
	d.scanned = 1
	d.groups, d.followed = map[string]*group{}, map[*request]*group{}
	for key := range d.filtered {
		d.filtered[key] = map[string][]*group{}
	}
}

// glance is an event and what filters look at.
type glance struct {
	*entry
	seen seen
}

// wanted is what the groups ask of events.
type wanted struct {
	// filters says that there are filters, knowledge that some of them ask
	// for what is known of a request.
	filters, knowledge bool
}

func (d *narrow) wants() wanted { return wanted{filters: len(d.groups) > 0, knowledge: d.asking > 0} }

// scan looks at some events and answers whom to wake, and whether there is more.
// What filters ask for is found out without the lock: that takes telemetry apart,
// and readers come, wait and go under the lock. (Publishers never take it.)
func (d *dispatcher) scan(woken []*Subscription, upTo uint64) (wake []*Subscription, more bool) {
	for {
		first, last, wants := d.ahead(upTo)
		if first == last {
			return woken, false
		}
		d.glanceAt(first, last, wants)
		wake, done := d.wakeMatching(woken, first, last, wants)
		clear(d.glances)
		if done {
			return wake, last < upTo
		}
	}
}

// ahead answers which events to look at next, and for what. There are none to look
// at when nobody is there.
func (d *dispatcher) ahead(upTo uint64) (first, last uint64, wants wanted) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if upTo > d.scanned && len(d.groups) == 0 && len(d.followed) == 0 {
		d.scanned = upTo
	}
	first = d.scanned
	return first, max(first, min(upTo, first+scanAtOnce)), d.wants()
}

// glanceAt looks at events up to the first one that is lost.
func (d *dispatcher) glanceAt(first, last uint64, wants wanted) {
	d.glances = d.glances[:0]
	v := d.hub.ring.view()
	for n := first; n < last; n++ {
		e := v.at(n)
		if e == nil {
			return
		}
		g := glance{entry: e}
		if wants.filters {
			g.seen = d.hub.seen(e, wants.knowledge)
		}
		d.glances = append(d.glances, g)
	}
}

// wakeMatching lets those go on who want what was looked at. It answers false when
// somebody came meanwhile who wants to know more of it.
func (d *dispatcher) wakeMatching(woken []*Subscription, first, last uint64, had wanted) (wake []*Subscription, done bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	wants := d.wants()
	if d.scanned != first || wants.filters && !had.filters || wants.knowledge && !had.knowledge {
		return woken, false
	}
	for i := range d.glances {
		woken = d.match(&d.glances[i], woken)
	}
	d.scanned = last
	if n := first + uint64(len(d.glances)); n < last {
		// What is lost might have been for anyone.
		woken = d.unparkEveryone(n, woken)
		d.scanned = max(last, d.hub.ring.tail.Load())
	}
	return woken, true
}

func (d *narrow) unparkEveryone(n uint64, woken []*Subscription) []*Subscription {
	for _, g := range d.groups {
		woken = g.unparkAll(n, woken)
	}
	for _, g := range d.followed {
		woken = g.unparkAll(n, woken)
	}
	return woken
}

// match wakes those who want e.
func (d *narrow) match(e *glance, woken []*Subscription) []*Subscription {
	if g := d.followed[e.request]; g != nil {
		woken = g.unparkAll(e.n, woken)
	}
	if len(d.groups) == 0 {
		return woken
	}
	s := &e.seen
	for key := range d.filtered {
		groups := d.filtered[key]
		if len(groups) == 0 {
			continue
		}
		if filterKey(key) == byName {
			for prefix, of := range groups {
				if len(prefix) <= len(s.name) && s.name[:len(prefix)] == prefix {
					woken = unparkMatching(of, s, e.n, woken)
				}
			}
			continue
		}
		first, second := s.values(filterKey(key))
		if first != "" {
			woken = unparkMatching(groups[first], s, e.n, woken)
		}
		if second != "" && second != first {
			woken = unparkMatching(groups[second], s, e.n, woken)
		}
	}
	return woken
}

func unparkMatching(groups []*group, s *seen, n uint64, woken []*Subscription) []*Subscription {
	for _, g := range groups {
		if len(g.parked) > 0 && g.filter.matches(s) {
			woken = g.unparkAll(n, woken)
		}
	}
	return woken
}

// unparkAll lets all that wait go on from n.
func (g *group) unparkAll(n uint64, woken []*Subscription) []*Subscription {
	if g == nil || len(g.parked) == 0 {
		return woken
	}
	for i, s := range g.parked {
		s.at, s.start = -1, n
		woken = append(woken, s)
		g.parked[i] = nil
	}
	g.parked = g.parked[:0]
	return woken
}

func (d *narrow) groupOf(s *Subscription) *group {
	if s.follows != nil {
		g := d.followed[s.follows]
		if g == nil {
			g = &group{follows: s.follows}
			d.followed[s.follows] = g
		}
		return g
	}
	key := s.filter.key()
	g := d.groups[key]
	if g != nil {
		return g
	}
	g = &group{filter: s.filter, key: key}
	d.groups[key] = g
	if g.filter.asks() {
		d.asking++
	}
	lead := g.filter.leading()
	for _, value := range g.filter.want[lead] {
		d.filtered[lead][value] = append(d.filtered[lead][value], g)
	}
	return g
}

// disband takes a group out.
func (d *narrow) disband(g *group) {
	if g.follows != nil {
		delete(d.followed, g.follows)
		return
	}
	delete(d.groups, g.key)
	if g.filter.asks() {
		d.asking--
	}
	lead := g.filter.leading()
	for _, value := range g.filter.want[lead] {
		groups := d.filtered[lead][value]
		for i := range groups {
			if groups[i] == g {
				groups[i] = groups[len(groups)-1]
				groups = groups[:len(groups)-1]
				break
			}
		}
		if len(groups) == 0 {
			delete(d.filtered[lead], value)
		} else {
			d.filtered[lead][value] = groups
		}
	}
}

// park lets a subscription that has read everything below next wait. It answers
// false when there is more to read already.
func (d *dispatcher) park(s *Subscription, next uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.scanned > next {
		return false
	}
	s.at = len(s.group.parked)
	s.group.parked = append(s.group.parked, s)
	return true
}

// unpark takes a subscription out of those who wait. It answers false when that
// was done already. The caller holds mu.
func (d *narrow) unpark(s *Subscription) bool {
	if s.at < 0 {
		return false
	}
	parked := s.group.parked
	last := len(parked) - 1
	parked[s.at] = parked[last]
	parked[s.at].at = s.at
	parked[last] = nil
	s.group.parked = parked[:last]
	s.at = -1
	return true
}
