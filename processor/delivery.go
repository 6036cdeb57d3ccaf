package processor

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// drainPatience is how long a shutdown without a deadline of its own waits for
// a consumer that takes nothing.
const drainPatience = 10 * time.Second

// durablePatience is the same for what is in the journal anyway.
const durablePatience = 2 * time.Second

// deliverer hands envelopes to the next consumer, one batch at a time and in
// the order in which their parts left the store, so that parts of one request
// stay in order. One goroutine, started by start, ended by drain.
type deliverer struct {
	engine *Engine
	next   consumer.Logs
	losses *zap.Logger
	// draining is closed when nothing more will come.
	draining chan struct{}
	done     chan struct{}
	// progress is signalled after each batch that was settled.
	progress chan struct{}
	ctx      context.Context
	cancel   context.CancelFunc
}

func newDeliverer(e *Engine, next consumer.Logs) *deliverer {
	d := &deliverer{
		engine:   e,
		next:     next,
		losses:   rateLimited(e.log),
		draining: make(chan struct{}),
		done:     make(chan struct{}),
		progress: make(chan struct{}, 1),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

func (d *deliverer) start() { go d.run() }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (d *deliverer) run() {
	defer close(d.done)
	for {
		parts := d.engine.peek()
		if len(parts) == 0 {
			select {
			case <-d.engine.wake:
				continue
			default:
			}
			select {
			case <-d.engine.wake:
			case <-d.draining:
				if d.engine.outboxEmpty() {
					return
				}
			}
			continue
		}
		b := assemble(d.engine, parts)
		if d.engine.durable != nil && !d.engine.durable.tell(d.ctx) {
			b.done()
			return
		}
		if !d.deliver(b) {
			return // given up at shutdown: the outbox keeps what is lost
		}
		d.engine.delivered(len(parts))
		signal(d.progress)
	}
}

// drain delivers what is left until ctx is done. Without a deadline it gives
// up when the consumer has taken nothing for drainPatience.
func (d *deliverer) drain(ctx context.Context) {
	close(d.draining)
	var patience <-chan time.Time
	long := drainPatience
	if d.engine.cfg.Persists() {
		long = durablePatience
	}
	timer := time.NewTimer(long)
	defer timer.Stop()
	if _, bounded := ctx.Deadline(); !bounded || d.engine.durable != nil {
		patience = timer.C
	}
	for {
		select {
		case <-d.done:
			d.cancel()
			return
		case <-d.progress:
			timer.Reset(long)
		case <-patience:
			d.giveUp()
			return
		case <-ctx.Done():
			d.giveUp()
			return
		}
	}
}

// giveUp cancels the call under way and waits for the consumer, or the storage,
// to return from it; one that ignores its context is left behind.
func (d *deliverer) giveUp() {
	d.cancel()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-d.done:
	case <-timer.C:
		d.engine.log.Error("The delivery under way does not end although its context was cancelled; it is left behind")
	}
}

// deliver hands a batch on until it is accepted, lost for good, or the time is
// up, which is the only case of false.
func (d *deliverer) deliver(b *batch) bool {
	defer b.done()
	var pause *backoff.ExponentialBackOff
	var since time.Time
	for {
		err := d.attempt(b)
		switch {
		case err == nil:
			d.engine.status.ok()
			d.engine.telemetry.delivered(d.engine.settleBatch(b))
			return true
		case d.ctx.Err() != nil:
			return false
		case refusedForGood(err):
			return d.split(b, err)
		}
		d.engine.status.stuck(err)
		if pause == nil {
			pause, since = d.newBackOff(), time.Now()
		}
		retry := d.engine.cfg.RetryOnFailure
		if !retry.Enabled || (retry.MaxElapsedTime > 0 && time.Since(since) > retry.MaxElapsedTime) {
			d.lose(b, err, "the next consumer refused it and retry_on_failure gave up")
			return true
		}
		d.engine.telemetry.retried(len(b.sent))
		if !d.pause(pause.NextBackOff()) {
			return false
		}
	}
}

func (d *deliverer) newBackOff() *backoff.ExponentialBackOff {
	retry := d.engine.cfg.RetryOnFailure
	return &backoff.ExponentialBackOff{
		InitialInterval:     retry.InitialInterval,
		RandomizationFactor: retry.RandomizationFactor,
		Multiplier:          retry.Multiplier,
		MaxInterval:         retry.MaxInterval,
	}
}

// pause waits before the next attempt; while draining not longer than needed
// to be polite, because the time is limited.
func (d *deliverer) pause(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.ctx.Done():
		return false
	case <-d.draining:
	}
	timer.Reset(min(wait, 200*time.Millisecond))
	select {
	case <-timer.C:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// attempt calls the next consumer once. A consumer that mutates what it gets
// is given a copy, so that a repetition has the same content.
func (d *deliverer) attempt(b *batch) error {
	return d.next.ConsumeLogs(d.ctx, b.payload(d.next.Capabilities().MutatesData))
}

// split isolates the records of a batch that was refused for good, so that
// only the offending ones are lost.
func (d *deliverer) split(b *batch, err error) bool {
	if len(b.sent) == 1 {
		d.lose(b, err, "the next consumer refused it for good")
		return true
	}
	first, second := b.halves()
	return d.deliver(first) && d.deliver(second)
}

func (d *deliverer) lose(b *batch, err error, why string) {
	d.engine.status.ok() // nothing is stuck any more
	d.engine.telemetry.lost(d.engine.settleBatch(b))
	for _, s := range b.sent {
		d.losses.Error("An envelope is lost: "+why,
			zap.String("request_id", s.part.RequestID), zap.Int("part", s.part.Number), zap.Error(err))
	}
}

// refusedForGood says whether no consumer behind a fan-out may take the batch
// later: one that may is worth another attempt for all.
func refusedForGood(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	switch wrapped := err.(type) { //nolint:errorlint // one level at a time
	case interface{ Unwrap() []error }:
		for _, each := range wrapped.Unwrap() {
			if !refusedForGood(each) {
				return false
			}
		}
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); consumererror.IsPermanent(inner) {
			return refusedForGood(inner)
		}
	}
	return true
}

// peek answers the parts that make the next batch: the oldest ones that stay
// within max_batch_bytes, at least one. They stay in the outbox.
func (e *Engine) peek() []*buffer.Part {
	e.mu.Lock()
	defer e.mu.Unlock()
	limit := int(e.cfg.Envelope.MaxBatchBytes)
	n, weight := 0, 0
	for _, p := range e.outbox {
		weight += p.Weight + e.builder.FixedWeight() + p.ResourceBytes()
		if n > 0 && weight > limit {
			break
		}
		n++
	}
	return e.outbox[:n:n]
}

func (e *Engine) outboxEmpty() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.outbox) == 0
}

// delivered takes the first n parts off the outbox and gives their room back.
func (e *Engine) delivered(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.outbox[:n] {
		e.undeliveredBytes -= p.Bytes
	}
	e.store.Settle(e.outbox[:n])
	clear(e.outbox[:n])
	e.outbox = e.outbox[n:]
	e.signalRoom()
}
