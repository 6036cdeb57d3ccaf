package processor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// lostIDsLogged bounds the ids in the log entry about a loss at shutdown.
const lostIDsLogged = 100

// stop takes a face out. What was gathered leaves with the last face that
// offers an outlet, before its Shutdown returns; a face that still runs then
// refuses what it would have to gather.
func (e *Engine) stop(ctx context.Context, f *face) error {
	if !e.closeFor(f) {
		return nil
	}
	waiting, stopWaiting := context.WithTimeout(ctx, drainPatience)
	defer stopWaiting()
	select {
	case <-e.idle:
	case <-waiting.Done(): // what is still on its way through will be refused
	}
	if e.stopTimer == nil {
		return nil // never started: nothing was taken
	}
	e.stopTimer()
	<-e.timer

	var out buffer.Outcome
	ordered := e.inOrder(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.flushed = true
		if !e.cfg.Persists() {
			e.store.FlushAll(e.now(), time.Now(), event.FlushShutdown, &out)
		}
		e.settle(&out)
	})
	patience := closePatience
	if !ordered {
		// What is open stays in the journal, and what would leave could not
		// be told.
		patience, ctx = hungPatience, e.hung(ctx)
	}
	e.telemetry.count(&out)
	e.wakeIf(true)
	if e.deliverer != nil {
		e.deliverer.drain(ctx)
	}
	var err error
	if e.durable == nil {
		e.reportLoss()
	} else if err = e.durable.close(ctx, patience); err != nil {
		err = fmt.Errorf("the journal of %q could not be closed in order; what it has stays there: %w", e.set.ID, err)
	}
	e.telemetry.shutdown()
	return err
}

// hung takes nothing more although an entry may be under way, whose call is
// refused then. It answers a context for what must not take time.
func (e *Engine) hung(ctx context.Context) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flushed = true
	over, cancel := context.WithCancelCause(ctx)
	cancel(errHangs)
	return over
}

// closeFor notes that a face has gone. It answers whether that was the last one
// with an outlet, and takes no more data if so.
func (e *Engine) closeFor(gone *face) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faces = slices.DeleteFunc(e.faces, func(f *face) bool { return f == gone })
	others := slices.ContainsFunc(e.faces, func(f *face) bool { return f.outlet != nil })
	if gone.outlet == nil || others || e.closed {
		return false
	}
	e.closed = true
	if e.inflight == 0 {
		close(e.idle)
	}
	e.signalRoom()
	return true
}

// reportLoss counts and names what could not be delivered in time.
func (e *Engine) reportLoss() {
	e.mu.Lock()
	var ids []string
	var left []*buffer.Part
	for _, p := range e.outbox {
		if p.Settled {
			continue
		}
		p.Settled = true
		left = append(left, p)
		if len(ids) < lostIDsLogged {
			ids = append(ids, p.RequestID)
		}
	}
	at, facts := e.publishing.queue(len(left)), e.publishing.leftFacts(left)
	e.mu.Unlock()
	e.publishing.publish(at, facts)
	lost := len(left)
	if lost == 0 {
		return
	}
	e.telemetry.lost(lost)
	e.status.lost(lost)
	e.log.Error("Envelopes are lost: the next consumer did not take them before the end of the shutdown",
		zap.Int("envelopes", lost), zap.Strings("request_ids", ids))
}
