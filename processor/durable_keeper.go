package processor

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

const (
	// keepEvery is half of how long the journal may lag behind what was
	// delivered while nothing comes; beat is how far its time may lag while
	// something is open.
	keepEvery = 500 * time.Millisecond
	beat      = 30 * time.Second
	// closePatience bounds the last operations at shutdown, and how long they
	// wait for the operation before; hungPatience is what is left of that for a
	// storage that did not answer in time before.
	closePatience = 10 * time.Second
	hungPatience  = time.Second
)

var errHangs = errors.New("the storage does not answer")

// turn is a lock that a waiter may give up on.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn; false when ctx is done before.
func (t turn) take(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t turn) giveBack() { <-t }

// startKeeping starts the keeper: a goroutine that writes to the journal what
// nothing else does. It is not the deliverer, which may wait for hours in a call
// of the next consumer, nor the timer, which must not wait for a storage. close
// ends it.
func (d *durable) startKeeping() {
	ctx, stop := context.WithCancel(context.Background())
	d.stopKeeping, d.kept = stop, make(chan struct{})
	d.written = time.Now()
	go d.keep(ctx)
}

func (d *durable) keep(ctx context.Context) {
	defer close(d.kept)
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	var lags bool
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !d.order.take(ctx) {
			return
		}
		d.keepUp(ctx, lags && d.written.Equal(since))
		lags, since = d.engine.untold(), d.written
		d.order.giveBack()
	}
}

// keepUp writes what the journal does not know if it lags behind, and the time
// alone while something waits for it. The caller holds order.
func (d *durable) keepUp(ctx context.Context, lags bool) {
	if lags || time.Since(d.written) >= beat && d.engine.open() > 0 {
		_ = d.write(context.WithoutCancel(ctx), nil) // counted, and reported as status
	}
}

// close ends the keeper, writes what is left to tell and gives the storage back.
// What is not delivered stays in the journal. A storage that does not answer is
// left behind.
func (d *durable) close(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	d.stopKeeping()
	closed := make(chan error, 1)
	go func() { closed <- d.closeNow(ctx) }()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return errHangs
	}
}

func (d *durable) closeNow(ctx context.Context) error {
	if !d.order.take(ctx) {
		return errHangs
	}
	defer d.order.giveBack()
	<-d.kept // it waits for nothing but its turn
	var err error
	if d.engine.untold() {
		err = d.write(ctx, nil)
	}
	if err == nil {
		err = d.log.Trim(ctx)
	}
	d.closed = true
	if open, waiting := d.engine.open(), d.engine.waiting(); open+waiting > 0 {
		d.engine.log.Warn("The journal is not empty: what is in it goes on with the next start",
			zap.Int("open", open), zap.Int("undelivered", waiting))
	}
	return errors.Join(err, d.client.Close(ctx))
}

// waiting is the number of envelopes that were neither delivered nor given up.
func (e *Engine) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, p := range e.outbox {
		if !p.Settled {
			n++
		}
	}
	return n
}

// inOrder does what must not come between an entry and its effects. It answers
// false, and does nothing, when the storage does not answer.
func (e *Engine) inOrder(do func()) bool {
	if e.durable != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		if !e.durable.order.take(ctx) {
			return false
		}
		defer e.durable.order.giveBack()
	}
	do()
	return true
}
