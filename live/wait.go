package live

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"
)

// States of a subscription. Whoever moves it from waiting to running wakes it,
// and nobody else does.
const (
	running uint32 = iota
	waiting
)

// waiter is how a subscription waits. It is made so that a wait under load costs
// a push and a receive: what may end it beside an event is set up once.
type waiter struct {
	// wake has room for the one who may wake; why is set before, nil for
	// events.
	wake chan struct{}
	why  error
	// timer runs from a wait to its deadline or an earlier one, then on if
	// there is a later wait: armed says until when, 0 for not at all. Both
	// are nanoseconds since epoch.
	timer           *time.Timer
	deadline, armed atomic.Int64

	// What follows is for those who want everything.

	state atomic.Uint32
	// queued says that it is in the crowd, where below comes after it.
	queued, closed atomic.Bool
	below          *Subscription
}

// epoch is what deadlines count from.
var epoch = time.Now()

// Wait waits until there may be something to poll, after a Poll that found
// nothing. It fails when ctx is done, with ErrStopped, and after the given time
// with ErrIdle: the reader's Cursor may have moved meanwhile.
func (s *Subscription) Wait(ctx context.Context, wait time.Duration) error {
	s.arm(wait)
	if !s.park() {
		return ctx.Err() // there is something to poll
	}
	if err := s.over(ctx); err != nil && s.take() {
		s.unparked()
		return err
	}
	err := s.await(ctx.Done())
	s.unparked()
	if err == nil {
		err, s.why = s.why, nil
	}
	if err == errDone {
		err = ctx.Err()
	}
	return err
}

// errDone stands for the error of a context.
var errDone = errors.New("done")

// await waits to be woken or for done.
func (s *Subscription) await(done <-chan struct{}) error {
	select {
	case <-s.wake:
		return nil
	case <-done:
	}
	if s.take() {
		return errDone
	}
	<-s.wake // somebody is at it
	return nil
}

// over says whether there is no point in waiting.
func (s *Subscription) over(ctx context.Context) error {
	if closed(s.hub.dispatch.finished) {
		return ErrStopped
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.armed.Load() == 0 && int64(time.Since(epoch)) >= s.deadline.Load() {
		return ErrIdle // the timer ran out before anybody waited
	}
	return nil
}

// park begins to wait, unless there is something to poll.
func (s *Subscription) park() bool {
	d := &s.hub.dispatch
	if !s.broad() {
		return d.park(s, s.next)
	}
	s.state.Store(waiting)
	if !s.queued.Load() {
		d.crowd.enter(s)
	}
	// Who released before this was there did not see it.
	if d.released.Load() <= s.next {
		return true
	}
	if s.take() {
		return false
	}
	return true
}

// take answers whether the caller, and nobody else, may and must wake.
func (s *Subscription) take() bool {
	if s.broad() {
		return s.state.CompareAndSwap(waiting, running)
	}
	d := &s.hub.dispatch
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.unpark(s) {
		return false
	}
	// What was scanned while it waited was not for this reader.
	s.start = d.scanned
	return true
}

// unparked goes on where the wait has led to.
func (s *Subscription) unparked() {
	if !s.broad() {
		s.next = max(s.next, s.start)
	}
}

// interrupt ends a wait, if there is one.
func (s *Subscription) interrupt(why error) {
	if s.take() {
		s.why = why
		s.wake <- struct{}{}
	}
}

// arm has a wait end after the given time.
func (s *Subscription) arm(wait time.Duration) {
	deadline := int64(time.Since(epoch) + wait)
	s.deadline.Store(deadline)
	if armed := s.armed.Load(); armed != 0 && armed <= deadline {
		return // it goes on from there
	}
	s.armed.Store(deadline)
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, s.elapsed)
		return
	}
	s.timer.Reset(wait)
}

// elapsed is called when the timer has run out.
func (s *Subscription) elapsed() {
	s.armed.Store(0) // before the deadline is looked at: arm does it the other way round
	left := time.Duration(s.deadline.Load()) - time.Since(epoch)
	if left <= 0 {
		s.interrupt(ErrIdle)
		return
	}
	if s.armed.CompareAndSwap(0, s.deadline.Load()) {
		s.timer.Reset(left)
	}
}

// end lets go of what a wait set up.
func (s *Subscription) end() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// crowd is those who wait for everything: a stack that they enter, and that the
// dispatcher takes as a whole. One whose wait has ended otherwise stays in it
// until then.
type crowd struct {
	top atomic.Pointer[Subscription]
	// gone counts those in it that are closed.
	gone atomic.Int64
}

func (c *crowd) enter(s *Subscription) {
	s.queued.Store(true)
	c.push(s)
}

func (c *crowd) push(s *Subscription) {
	for {
		top := c.top.Load()
		s.below = top
		if c.top.CompareAndSwap(top, s) {
			return
		}
	}
}

// leave takes out all who are there.
func (c *crowd) leave() iter.Seq[*Subscription] {
	return func(yield func(*Subscription) bool) {
		c.gone.Store(0)
		for s := c.top.Swap(nil); s != nil; {
			below := s.below
			s.below = nil
			s.queued.Store(false) // from here on it may enter again
			if !yield(s) {
				return
			}
			s = below
		}
	}
}

// closed notes that a subscription is not to wait any more.
func (c *crowd) closed(s *Subscription) {
	s.closed.Store(true)
	if s.queued.Load() {
		c.gone.Add(1)
	}
}

// prune takes out those that are closed, once they are many.
func (c *crowd) prune() {
	const many = 64
	if c.gone.Load() < many {
		return
	}
	c.gone.Store(0)
	for s := c.top.Swap(nil); s != nil; {
		below := s.below
		if !s.closed.Load() {
			c.push(s)
		}
		s = below
	}
}
