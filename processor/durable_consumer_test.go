package processor_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

// Whatever the next consumer does, and however the process then ends: with a
// journal, a consumer that takes things gets everything in the end, each part
// with one content.
func TestNothingIsLostWhateverTheNextConsumerDoes(t *testing.T) {
	away := errors.New("away")
	consumers := map[string]func(release chan struct{}, began time.Time) func(int, plog.Logs) error{
		"takes everything": func(chan struct{}, time.Time) func(int, plog.Logs) error { return nil },
		"fails": func(chan struct{}, time.Time) func(int, plog.Logs) error {
			return func(int, plog.Logs) error { return away }
		},
		"hangs": func(release chan struct{}, _ time.Time) func(int, plog.Logs) error {
			return func(int, plog.Logs) error { <-release; return away }
		},
		"is slow": func(chan struct{}, time.Time) func(int, plog.Logs) error {
			return func(int, plog.Logs) error { time.Sleep(3 * time.Second); return nil } // virtual
		},
		"is away for ten minutes": func(_ chan struct{}, began time.Time) func(int, plog.Logs) error {
			return func(int, plog.Logs) error {
				if time.Since(began) < 10*time.Minute {
					return away
				}
				return nil
			}
		},
	}
	for name, answer := range consumers {
		for _, shutdown := range []config.Shutdown{config.ShutdownFlush, config.ShutdownPersist} {
			for _, tight := range []bool{false, true} {
				for _, wait := range []time.Duration{0, 5 * time.Second, 15 * time.Minute} {
					t.Run(fmt.Sprintf("%s, %s, tight %t, after %s", name, shutdown, tight, wait), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							on, release := newShelf(), make(chan struct{})
							change := func(c *config.Processor) {
								c.Linger, c.Shutdown = time.Second, shutdown
								if tight {
									c.Limits.MaxRequests, c.Limits.MaxRequestEvents = 2, 2
								}
							}
							r := durableRig(t, on, change)
							r.out.tell(answer(release, time.Now()))
							accepted := sendSome(r, 0)
							time.Sleep(wait) // virtual
							accepted = append(accepted, sendSome(r, 50)...)
							require.NotEmpty(t, accepted)
							r.stop()
							close(release)
							time.Sleep(time.Minute) // virtual: calls left behind return

							again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
							again.stop()
							all := fmt.Sprint(bodies(t, map[string]string{}, r.out, again.out))
							for _, words := range accepted {
								assert.Contains(t, all, "text "+words+" end")
							}
							assert.Zero(t, again.metric("journal_entries_set_aside"))
						})
					})
				}
			}
		}
	}
}

// sendSome sends five requests of three events, of which three end, and answers
// what was accepted.
func sendSome(r *rig, from byte) (accepted []string) {
	for n := from; n < from+5; n++ {
		for i := range 3 {
			words := fmt.Sprintf("%d-%d", n, i)
			if r.logs.ConsumeLogs(bg, logsOf(text(n+1, words))) == nil {
				accepted = append(accepted, words)
			}
		}
		if n%2 == 0 {
			_ = r.traces.ConsumeTraces(bg, spansOf(chat(n+1)))
		}
	}
	return accepted
}

// What is refused for good is lost, counted, and not tried again by the next
// process.
func TestWhatIsRefusedForGoodDoesNotComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger = time.Second })
		r.out.tell(func(int, plog.Logs) error { return consumererror.NewPermanent(errors.New("never")) })
		r.sendLogs(logsOf(text(1, "refused")))
		r.sendSpans(spansOf(chat(1)))
		time.Sleep(5 * time.Second) // virtual
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		r.stop()
		again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
		again.stop()
		assert.Empty(t, again.out.envelopes(t))
	})
}
