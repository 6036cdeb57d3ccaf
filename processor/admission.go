package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

const (
	// rememberedBytes is what a remembered request counts against max_bytes.
	rememberedBytes = 128
	// keyBytes is what a further key counts: a request named by an attribute
	// may take part in any number of traces.
	keyBytes = 64
	// admissionPatience is how long a batch waits for capacity before it is
	// refused: long enough for a delivery that is under way, short enough for
	// a client to hear of it.
	admissionPatience = time.Second
)

// errStopping is retryable: another collector, or this one after its restart,
// takes the data.
var errStopping = errors.New("gen_ai_buffer is not running and takes nothing; send it again")

// reserve admits bytes of gathered data, so that the batch that brings them is
// taken whole or refused whole. Whoever reserved calls append or release.
//
// At the limit, requests leave early to make room; while the next consumer
// does not take them the batch is refused with a retryable error.
func (e *Engine) reserve(ctx context.Context, bytes int) error {
	limit := int(e.cfg.Limits.MaxBytes)
	if bytes > limit {
		return consumererror.NewPermanent(fmt.Errorf(
			"the batch brings %d bytes for gen_ai_buffer, more than limits::max_bytes (%d) can ever hold: send smaller batches or raise it", bytes, limit))
	}
	var patience <-chan time.Time
	for {
		var out buffer.Outcome
		e.mu.Lock()
		if e.closed || !e.running {
			e.mu.Unlock()
			return errStopping
		}
		e.press(bytes, limit, &out)
		fits := bytes == 0 || e.held()+bytes <= limit && len(e.outbox) <= e.cfg.Limits.MaxRequests
		if fits {
			e.reserved += bytes
			e.inflight++
		}
		held, waiting, room := e.held(), len(e.outbox), e.room
		e.mu.Unlock()
		e.telemetry.count(&out)
		e.wakeIf(len(out.Parts) > 0)
		if fits {
			return nil
		}
		if patience == nil {
			timer := time.NewTimer(admissionPatience)
			defer timer.Stop()
			patience = timer.C
		}
		refused := fmt.Errorf(
			"gen_ai_buffer holds %d of %d bytes and %d undelivered envelopes, and the next consumer does not keep up: send it again later", held, limit, waiting)
		select {
		case <-room:
		case <-patience:
			return refused
		case <-ctx.Done():
			return refused
		}
	}
}

// press lets open requests leave until what is not yet on its way fits beside
// the new bytes, then forgets flushed ones. The caller holds mu.
func (e *Engine) press(bytes, limit int, out *buffer.Outcome) {
	for e.held()-e.undeliveredBytes+bytes > limit {
		if !e.store.Evict(e.now(), time.Now(), out) && !e.store.Forget(out) {
			break
		}
	}
	e.settle(out)
}

// held is everything that counts against max_bytes. The caller holds mu.
func (e *Engine) held() int {
	return e.store.Bytes() + e.undeliveredBytes + e.reserved +
		rememberedBytes*e.store.Remembered() + keyBytes*e.store.Keys()
}

// release gives a reservation back unused.
func (e *Engine) release(bytes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.free(bytes)
	e.signalRoom()
}

// free ends a reservation. The caller holds mu.
func (e *Engine) free(bytes int) {
	e.reserved -= bytes
	e.inflight--
	if e.closed && e.inflight == 0 {
		close(e.idle)
	}
}

// signalRoom wakes those who wait for capacity. The caller holds mu.
func (e *Engine) signalRoom() {
	close(e.room)
	e.room = make(chan struct{})
}

// retryable makes an error that a client may retry out of any: what was
// gathered was not taken, so the batch must come again.
func retryable(err error) error {
	if !consumererror.IsPermanent(err) {
		return err
	}
	return fmt.Errorf("a consumer behind gen_ai_buffer refused what passes through, and nothing of the batch was taken: %v", err) //nolint:errorlint // wrapping would make it permanent again
}
