package live

import (
	"sync"
	"sync/atomic"
	"time"
)

// dispatcher wakes those who wait for what was published. It reads the log once
// for all of them; what they share, they wait for in one group.
//
//	parked --match--> woken --reads up to head--> parked
//
// A reader parks under mu, and only when the dispatcher has not gone beyond what
// the reader has read: nothing is missed between the two.
type dispatcher struct {
	hub  *Hub
	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	// waiting counts the subscriptions, so that nobody is woken for none.
	waiting atomic.Int64

	mu sync.Mutex // guards everything declared below
	// scanned is the number of the first event not looked at.
	scanned uint64
	groups  map[string]*group
	// all is the group that wants everything, filtered finds the others by
	// the leading key of their filter, followed those of one request.
	all      *group
	filtered [filterKeyCount]map[string][]*group
	followed map[*request]*group
	// asking counts the groups whose filters ask for what is known of a
	// request, narrow those that are filtered at all.
	asking, narrow int
}

// group is the subscriptions that want the same.
type group struct {
	filter  Filter
	key     string
	follows *request
	members int
	parked  []*Subscription
}

const (
	// sweepEvery is how often the hub looks for what is past its retention.
	sweepEvery = time.Second
	// scanAtOnce is how many events are looked at before readers may park.
	scanAtOnce = 1024
)

func (d *dispatcher) init(h *Hub) {
	d.hub = h
	d.wake, d.stop, d.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	d.scanned = 1
	d.groups, d.followed = map[string]*group{}, map[*request]*group{}
	for key := range d.filtered {
		d.filtered[key] = map[string][]*group{}
	}
}

func (d *dispatcher) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatcher) run() {
	defer close(d.done)
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	var woken []*Subscription
	for {
		select {
		case <-d.stop:
			return
		case now := <-sweep.C:
			d.hub.expire(now)
			d.tellDropped()
			continue
		case <-d.wake:
		}
		if d.hub.opts.Coalesce > 0 {
			pause.Reset(d.hub.opts.Coalesce)
			select {
			case <-d.stop:
				return
			case <-pause.C:
			}
		}
		d.tellDropped()
		for more := true; more; {
			var first, last uint64
			woken, first, last, more = d.scan(woken[:0])
			if len(woken) > 1 {
				d.encode(first, last)
			}
			for i, s := range woken {
				s.signal()
				woken[i] = nil
			}
		}
	}
}

// encode makes the frames that all who wait for everything would otherwise meet
// at, each standing in the others' way.
func (d *dispatcher) encode(first, last uint64) {
	v := d.hub.ring.view()
	for n := first; n < last; n++ {
		if e := v.at(n); e != nil {
			if frame, made := d.hub.frame(e); made {
				d.hub.keepFrame(e, len(frame))
			}
		}
	}
}

// scan looks at some events and answers whom to wake, what of the events they
// all want, and whether there is more.
func (d *dispatcher) scan(woken []*Subscription) (wake []*Subscription, first, last uint64, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.hub.ring.view()
	if v.head <= d.scanned {
		return woken, 0, 0, false
	}
	first = d.scanned
	woken = d.all.unparkAll(d.scanned, woken)
	if d.narrow == 0 {
		d.scanned = v.head
		return woken, first, v.head, false
	}
	broad := len(woken) > 1
	upTo := min(v.head, d.scanned+scanAtOnce)
	for n := d.scanned; n < upTo; n++ {
		e := v.at(n)
		if e == nil {
			// What is lost might have been for anyone.
			woken = d.unparkEveryone(n, woken)
			upTo = max(upTo, d.hub.ring.tail.Load())
			break
		}
		woken = d.match(e, woken)
	}
	d.scanned = upTo
	if !broad {
		return woken, 0, 0, upTo < v.head
	}
	return woken, first, upTo, upTo < v.head
}

func (d *dispatcher) unparkEveryone(n uint64, woken []*Subscription) []*Subscription {
	for _, g := range d.groups {
		woken = g.unparkAll(n, woken)
	}
	for _, g := range d.followed {
		woken = g.unparkAll(n, woken)
	}
	return woken
}

// match wakes those who want e.
func (d *dispatcher) match(e *entry, woken []*Subscription) []*Subscription {
	if g := d.followed[e.request]; g != nil {
		woken = g.unparkAll(e.n, woken)
	}
	if len(d.groups) == 0 {
		return woken
	}
	s := d.hub.seen(e, d.asking > 0)
	for key := range d.filtered {
		groups := d.filtered[key]
		if len(groups) == 0 {
			continue
		}
		if filterKey(key) == byName {
			for prefix, of := range groups {
				if len(prefix) <= len(s.name) && s.name[:len(prefix)] == prefix {
					woken = unparkMatching(of, &s, e.n, woken)
				}
			}
			continue
		}
		first, second := s.values(filterKey(key))
		if first != "" {
			woken = unparkMatching(groups[first], &s, e.n, woken)
		}
		if second != "" && second != first {
			woken = unparkMatching(groups[second], &s, e.n, woken)
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

// tellDropped wakes the readers of requests that left the index.
func (d *dispatcher) tellDropped() {
	d.hub.mu.Lock()
	dropped := d.hub.dropped
	d.hub.dropped = nil
	d.hub.mu.Unlock()
	if len(dropped) == 0 {
		return
	}
	var woken []*Subscription
	d.mu.Lock()
	for _, r := range dropped {
		woken = d.followed[r].unparkAll(d.scanned, woken)
	}
	d.mu.Unlock()
	for _, s := range woken {
		s.signal()
	}
}

// join enters a subscription into its group.
func (d *dispatcher) join(s *Subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting.Add(1) == 1 {
		// Nobody was told of anything while nobody was there. A publisher
		// moves head before it looks whether somebody is.
		d.scanned = max(d.scanned, d.hub.ring.head.Load())
	}
	s.group = d.groupOf(s)
	s.group.members++
}

func (d *dispatcher) groupOf(s *Subscription) *group {
	if s.follows != nil {
		g := d.followed[s.follows]
		if g == nil {
			g = &group{follows: s.follows}
			d.followed[s.follows] = g
			d.narrow++
		}
		return g
	}
	if s.filter.All() {
		if d.all == nil {
			d.all = &group{}
		}
		return d.all
	}
	key := s.filter.key()
	g := d.groups[key]
	if g != nil {
		return g
	}
	g = &group{filter: s.filter, key: key}
	d.groups[key] = g
	d.narrow++
	if g.filter.asks() {
		d.asking++
	}
	lead := g.filter.leading()
	for _, value := range g.filter.want[lead] {
		d.filtered[lead][value] = append(d.filtered[lead][value], g)
	}
	return g
}

// leave takes a subscription out of its group, and the group with the last.
func (d *dispatcher) leave(s *Subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unpark(s)
	d.waiting.Add(-1)
	g := s.group
	g.members--
	if g.members > 0 || g == d.all {
		return
	}
	d.narrow--
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
func (d *dispatcher) unpark(s *Subscription) bool {
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
