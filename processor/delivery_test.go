package processor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/multierr"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestARetriedEnvelopeHasTheSameContent(t *testing.T) {
	for _, mutates := range []bool{false, true} {
		t.Run(fmt.Sprint("mutating next consumer: ", mutates), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				r.out.mutates = mutates
				var seen []plog.LogRecord
				r.out.tell(func(attempt int, ld plog.Logs) error {
					log := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
					kept := plog.NewLogRecord()
					log.CopyTo(kept)
					seen = append(seen, kept)
					if mutates {
						log.Body().SetStr("redacted")
					}
					if attempt < 4 {
						return errPassing
					}
					return nil
				})
				r.sendSpans(spansOf(chat(1)))
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Len(t, seen, 4)
				for _, again := range seen[1:] {
					assert.Equal(t, seen[0].Body().AsRaw(), again.Body().AsRaw())
					assert.Equal(t, seen[0].Attributes().AsRaw(), again.Attributes().AsRaw())
				}
				assert.Equal(t, 3, r.metric("envelopes_retried"))
				assert.Equal(t, 1, r.metric("envelopes_delivered"))
				assert.Zero(t, r.metric("envelopes_undelivered"))
				const stuck, ok = componentstatus.StatusRecoverableError, componentstatus.StatusOK
				assert.Equal(t, []componentstatus.Status{stuck, stuck, ok, ok}, r.host.statuses, "for both faces, once per change")
				r.stop()
			})
		})
	}
}

func TestOnlyTheOffendingEnvelopeIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.out.tell(func(_ int, ld plog.Logs) error {
			for _, rl := range ld.ResourceLogs().All() {
				for _, log := range rl.ScopeLogs().At(0).LogRecords().All() {
					if log.SpanID()[1] == 7 {
						return consumererror.NewPermanent(errors.New("no sevens"))
					}
				}
			}
			return nil
		})
		for n := range byte(20) {
			r.sendSpans(spansOf(chat(n + 1)))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		assert.Equal(t, 19, r.metric("envelopes_delivered"))
		got := r.out.envelopes(t)
		require.Len(t, got, 19)
		for i, log := range got[1:] {
			assert.Less(t, got[i].SpanID()[1], log.SpanID()[1], "splitting keeps the order")
		}
		r.stop()
	})
}

func TestAFanOutWithOneRetryableErrorIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		permanent := consumererror.NewPermanent(errors.New("never"))
		r.out.tell(func(attempt int, _ plog.Logs) error {
			switch attempt {
			case 1:
				return multierr.Combine(permanent, errPassing)
			case 2:
				return errors.Join(errPassing, permanent)
			}
			return nil
		})
		r.sendSpans(spansOf(chat(1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Len(t, r.out.envelopes(t), 1)
		assert.Zero(t, r.metric("envelopes_lost"))
		r.stop()
	})
}

func TestRetryGivesUpOnlyWhenToldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *config.Processor) { c.RetryOnFailure.MaxElapsedTime = time.Minute })
		r.out.tell(func(int, plog.Logs) error { return errPassing })
		r.sendSpans(spansOf(chat(1)))
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		r.stop()
	})
}

func TestOutgoingBatchesStayBelowTheirLimit(t *testing.T) {
	const limit = 64 << 10
	r := newRig(t, func(c *config.Processor) { c.Envelope.MaxBatchBytes = limit })
	text := make([]byte, 500)
	for i := range text {
		text[i] = 'y'
	}
	for i := range 3000 {
		r.sendLogs(logsOf(message("gen_ai.user.message", string(text), byte(min(i%300, 40)+1))))
	}
	r.stop()
	sizer := plog.ProtoMarshaler{}
	n := 0
	for _, ld := range r.out.accepted {
		assert.LessOrEqual(t, sizer.LogsSize(ld), limit)
		n += ld.LogRecordCount()
	}
	assert.Less(t, len(r.out.accepted), n, "more than one envelope in a batch")
	perRequest := map[any][]int64{}
	total := 0
	for _, log := range r.out.envelopes(t) {
		id := attr(log, semconv.AttrBufferRequestID)
		perRequest[id] = append(perRequest[id], attr(log, semconv.AttrBufferPart).(int64))
		total += len(events(log))
	}
	assert.Equal(t, 3000, total)
	for id, parts := range perRequest {
		for i, part := range parts {
			assert.Equal(t, int64(i+1), part, "parts of %v leave in order", id)
		}
	}
}

func TestPressureRefusesUntilTheNextConsumerKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *config.Processor) { c.Limits.MaxBytes = 10 << 10 })
		stuck := make(chan struct{})
		r.out.tell(func(int, plog.Logs) error { <-stuck; return nil })
		text := make([]byte, 2000)
		sent, refused := 0, 0
		for n := range byte(20) {
			err := r.logs.ConsumeLogs(bg, logsOf(message("gen_ai.user.message", string(text), n+1)))
			if err != nil {
				assert.False(t, consumererror.IsPermanent(err), "a client may retry")
				refused++
				continue
			}
			sent++
			assert.LessOrEqual(t, r.metric("bytes_held"), 10<<10)
		}
		assert.Positive(t, refused)
		assert.Equal(t, refused, r.metric("records_refused"))
		passing := spansOf(foreign(1))
		require.NoError(t, r.traces.ConsumeTraces(bg, passing), "a batch with nothing to gather is never refused")
		expired, cancel := context.WithCancel(bg)
		cancel()
		require.Error(t, r.logs.ConsumeLogs(expired, logsOf(message("gen_ai.user.message", string(text), 99))))

		close(stuck)
		synctest.Wait()
		require.NoError(t, r.logs.ConsumeLogs(bg, logsOf(message("gen_ai.user.message", string(text), 100))))
		r.stop()
		total := 0
		for _, log := range r.out.envelopes(t) {
			total += len(events(log))
		}
		assert.Equal(t, sent+1, total, "what was accepted is there, what was refused is not")
		assert.Positive(t, r.metric("requests_flushed", "reason", "evicted"))
	})
}

func TestABatchThatCanNeverFitIsRefusedForGood(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Limits.MaxBytes = 1 << 10 })
	err := r.logs.ConsumeLogs(bg, logsOf(message("gen_ai.user.message", string(make([]byte, 2000)), 1)))
	require.ErrorContains(t, err, "limits::max_bytes (1024)")
	assert.True(t, consumererror.IsPermanent(err))
	r.stop()
}
