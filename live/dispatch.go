package live

import (
	"runtime"
	"sync/atomic"
	"time"
)

// dispatcher wakes those who wait for what was published. Who wants everything
// may read what is released, which happens once it is encoded for all of them;
// for the others the dispatcher reads the log and wakes whom it matches.
//
//	published --coalesce--> encoded in blocks --> released --> the crowd wakes
//	                    \-> scanned --> groups that match wake
//
// The dispatcher is one goroutine; publishers do no more than signal it.
type dispatcher struct {
	hub  *Hub
	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	// finished is closed when all that was published is handed on, after stop.
	finished chan struct{}
	// asleep says that the dispatcher is to be woken.
	asleep atomic.Bool
	// members counts the subscriptions, so that nobody is woken for none;
	// broad counts those that want everything.
	members, broad atomic.Int64
	// takers counts how often those who want everything have read since the
	// last release. Who is stuck does not.
	takers atomic.Int64
	// released is the number of the first event that is not for those who
	// want everything yet. It only grows.
	released atomic.Uint64
	crowd    crowd
	// blocks is the dispatcher's own.
	blocks blocks

	mu mutex // guards everything declared below
	narrow
}

const (
	// sweepEvery is how often the hub looks for what is past its retention.
	sweepEvery = time.Second
	// releaseAtOnce is how many events are encoded before readers go on, and
	// releaseBytes about how many bytes.
	releaseAtOnce = 1024
	releaseBytes  = 1 << 20
	// quietRounds is how many times coalesce the dispatcher looks for events
	// in vain before it sleeps.
	quietRounds = 50
	// wakeAtOnce is how many readers are woken before others may run: a
	// publisher does not wait behind all of them.
	wakeAtOnce = 128
)

func (d *dispatcher) init(h *Hub) {
	d.hub = h
	d.wake, d.stop, d.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	d.finished = make(chan struct{})
	d.released.Store(1)
	d.blocks.hub = h
	d.narrow.init()
}

// signal is called by publishers after head has moved. Under load it does next to
// nothing: the dispatcher is awake and looks for itself.
func (d *dispatcher) signal() {
	if !d.asleep.Load() || !d.asleep.CompareAndSwap(true, false) {
		return
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatcher) stopped() bool { return closed(d.stop) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// finish hands on the last of what was published, and ends all waits.
func (d *dispatcher) finish() {
	d.round()
	close(d.finished)
	d.interruptAll()
}

func (d *dispatcher) run() {
	defer close(d.done)
	defer d.finish()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	coalesce, patience := d.hub.opts.Coalesce, quietRounds
	if coalesce == 0 {
		patience = 1
	}
	for {
		d.asleep.Store(true)
		if !d.due() {
			select {
			case <-d.stop:
				return
			case now := <-sweep.C:
				d.sweep(now)
				continue
			case <-d.wake:
			}
		}
		d.asleep.Store(false)
		for quiet := 0; quiet < patience; quiet++ {
			if coalesce > 0 {
				pause.Reset(coalesce)
				select {
				case <-d.stop:
					return
				case now := <-sweep.C:
					d.sweep(now)
					continue
				case <-pause.C:
				}
			}
			if d.round() {
				quiet = -1
			}
			if coalesce == 0 && d.stopped() {
				return
			}
		}
	}
}

// due says whether there is something to do. A publisher that does not signal
// has published before asleep was set, and is seen here.
func (d *dispatcher) due() bool {
	if d.members.Load() > 0 && d.hub.ring.head.Load() > d.released.Load() {
		return true
	}
	d.hub.mu.Lock()
	defer d.hub.mu.Unlock()
	return len(d.hub.dropped) > 0
}

func (d *dispatcher) sweep(now time.Time) {
	d.hub.expire(now)
	d.tellDropped()
	d.crowd.prune()
}

// round hands on what was published, and answers whether there was something.
func (d *dispatcher) round() bool {
	d.tellDropped()
	head := d.hub.ring.head.Load()
	if d.members.Load() == 0 || head <= d.released.Load() {
		return false
	}
	for more := true; more; {
		more = d.release(head)
		more = d.look(head) || more
	}
	return true
}

// release lets those who want everything go on, and answers whether there is
// more to release up to the number given.
func (d *dispatcher) release(upTo uint64) (more bool) {
	if upTo <= d.released.Load() {
		return false
	}
	first := max(d.released.Load(), d.hub.ring.tail.Load())
	last := min(upTo, first+releaseAtOnce)
	switch d.keen() {
	case 0:
		last = upTo
	case 1: // it makes the frames itself
	default:
		v := d.hub.ring.view()
		last = d.blocks.make(&v, first, last, min(releaseBytes, d.hub.opts.RingBytes/8+1))
		d.hub.fit()
	}
	d.releaseUpTo(last)
	woken := 0
	for s := range d.crowd.leave() {
		if s.state.CompareAndSwap(waiting, running) {
			s.wake <- struct{}{}
			if woken++; woken%wakeAtOnce == 0 {
				runtime.Gosched()
			}
		}
	}
	return last < upTo
}

// keen answers how many of those who want everything wait or have read of late: 2
// stands for any more. Nothing is encoded for viewers who do not keep up until
// they come for it.
func (d *dispatcher) keen() int {
	keen := int(d.takers.Swap(0))
	if d.broad.Load() == 0 {
		return 0
	}
	for s := d.crowd.top.Load(); s != nil && keen < 2; s = s.below {
		keen++
	}
	return min(keen, 2)
}

func (d *dispatcher) releaseUpTo(n uint64) {
	for {
		old := d.released.Load()
		if old >= n || d.released.CompareAndSwap(old, n) {
			return
		}
	}
}

// look wakes those who want some of the events, and answers whether there is
// more to look at up to the number given.
func (d *dispatcher) look(upTo uint64) (more bool) {
	d.woken, more = d.scan(d.woken[:0], upTo)
	for i, s := range d.woken {
		s.wake <- struct{}{}
		d.woken[i] = nil
		if i%wakeAtOnce == wakeAtOnce-1 {
			runtime.Gosched()
		}
	}
	return more
}

// interruptAll tells those who wait that the hub has stopped. Who comes to wait
// afterwards looks for that.
func (d *dispatcher) interruptAll() {
	for s := range d.crowd.leave() {
		s.interrupt(ErrStopped)
	}
	d.mu.Lock()
	woken := d.unparkEveryone(d.scanned, nil)
	d.mu.Unlock()
	for _, s := range woken {
		s.why = ErrStopped
		s.wake <- struct{}{}
	}
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
		s.wake <- struct{}{}
	}
}

// join enters a subscription.
func (d *dispatcher) join(s *Subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.members.Add(1) == 1 {
		// Nobody was told of anything while nobody was there. A publisher
		// moves head before it looks whether somebody is.
		head := d.hub.ring.head.Load()
		d.scanned = max(d.scanned, head)
		d.releaseUpTo(head)
	}
	if s.broad() {
		d.broad.Add(1)
		return
	}
	s.group = d.groupOf(s)
	s.group.members++
}

// leave takes a subscription out, and its group with the last.
func (d *dispatcher) leave(s *Subscription) {
	d.members.Add(-1)
	if s.broad() {
		d.broad.Add(-1)
		d.crowd.closed(s)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unpark(s)
	s.group.members--
	if s.group.members == 0 {
		d.disband(s.group)
	}
}
