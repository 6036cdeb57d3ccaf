package processor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// A storage that does not answer any more holds up neither the shutdown nor a
// client beyond its patience. What was accepted is in the journal.
func TestShutdownEndsThoughTheStorageHangs(t *testing.T) {
	type stuck struct {
		*rig
		calls chan error
	}
	for name, meanwhile := range map[string]func(*stuck){
		"at the last entry": func(*stuck) {},
		"in a call that brings data": func(s *stuck) {
			go func() { s.calls <- s.logs.ConsumeLogs(bg, logsOf(text(2, "under way"))) }()
			synctest.Wait()
			// A client that waits for its turn is answered in time.
			patience, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			began := time.Now()
			require.ErrorIs(s.t, s.logs.ConsumeLogs(patience, logsOf(text(3, "waits"))), context.DeadlineExceeded)
			assert.Equal(s.t, time.Second, time.Since(began))
		},
		"while time is kept":        func(*stuck) { time.Sleep(time.Minute) },
		"before an envelope leaves": func(*stuck) { time.Sleep(2 * time.Hour) },
	} {
		for _, shutdown := range []config.Shutdown{config.ShutdownFlush, config.ShutdownPersist} {
			t.Run(fmt.Sprint(name, ", ", shutdown), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					on := newShelf()
					s := &stuck{durableRig(t, on, func(c *config.Processor) { c.Shutdown = shutdown }), make(chan error, 1)}
					s.sendLogs(logsOf(text(1, "accepted")))
					release := on.hang()
					meanwhile(s)
					began := time.Now()
					require.NoError(t, s.traces.Shutdown(bg))
					require.ErrorContains(t, s.logs.Shutdown(bg), "the storage does not answer")
					assert.Less(t, time.Since(began), 30*time.Second)
					left := on.copied()
					release()
					synctest.Wait()
					brought := len(s.calls)
					if brought > 0 {
						require.Error(t, <-s.calls, "it came too late")
					}

					for _, on := range []*shelf{left, on} {
						again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
						again.stop()
						all := bodies(t, map[string]string{}, s.out, again.out)
						assert.Contains(t, fmt.Sprint(all), "text accepted end")
						assert.LessOrEqual(t, len(all), 1+brought, "one for each request")
					}
				})
			})
		}
	}
}

// Calls that are under way when a shutdown begins are taken, or refused: what is
// taken leaves, what is refused is nowhere, in the journal neither.
func TestAnEntryThatIsWrittenWhileAShutdownBegins(t *testing.T) {
	for _, shutdown := range []config.Shutdown{config.ShutdownFlush, config.ShutdownPersist} {
		for _, long := range []time.Duration{0, 5 * time.Second, 12 * time.Second} {
			t.Run(fmt.Sprint(shutdown, ", after ", long), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					on := newShelf()
					r := durableRig(t, on, func(c *config.Processor) { c.Shutdown = shutdown })
					release := on.hang()
					calls := make([]chan error, 3)
					for i := range calls {
						calls[i] = make(chan error, 1)
						go func() { calls[i] <- r.logs.ConsumeLogs(bg, logsOf(text(byte(i+1), fmt.Sprint("call ", i)))) }()
						synctest.Wait() // the first is writing, the others wait
					}
					stopped := make(chan struct{})
					go func() { r.stop(); close(stopped) }()
					time.Sleep(long) // virtual
					synctest.Wait()
					release()
					<-stopped

					again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
					again.stop()
					all := fmt.Sprint(bodies(t, map[string]string{}, r.out, again.out))
					taken := 0
					for i, call := range calls {
						err := <-call
						if err == nil {
							taken++
						}
						assert.Equal(t, err == nil, strings.Contains(all, fmt.Sprint("text call ", i, " end")), "call %d: %v", i, err)
					}
					assert.NotZero(t, taken)
				})
			})
		}
	}
}

// A call that comes to its turn when the shutdown has begun is refused, and
// writes nothing.
func TestAnEntryThatWouldBeWrittenTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger = time.Second })
		r.sendLogs(logsOf(text(1, "stays open")))
		r.sendSpans(spansOf(chat(3)))
		passing, leaving := make(chan struct{}), make(chan struct{})
		r.out.tell(func(_ int, ld plog.Logs) error {
			if ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).EventName() == semconv.EnvelopeEventName {
				<-leaving
			} else {
				<-passing
			}
			return nil
		})
		call, stopped := make(chan error, 1), make(chan struct{})
		go func() { call <- r.logs.ConsumeLogs(bg, logsOf(plain("passes"), text(2, "too late"))) }()
		time.Sleep(5 * time.Second) // virtual: an envelope is on its way
		go func() { r.stop(); close(stopped) }()
		time.Sleep(11 * time.Second) // the shutdown waits for that alone
		close(passing)
		require.Error(t, <-call)
		close(leaving)
		<-stopped

		again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
		assert.Equal(t, 1, again.metric("requests_open"))
		again.stop()
		all := fmt.Sprint(bodies(t, map[string]string{}, r.out, again.out))
		assert.Contains(t, all, "text stays open end")
		assert.NotContains(t, all, "text too late end")
	})
}

// However long the next consumer does not take what it is offered: the time that
// has passed counts after a crash too.
func TestTimeIsKeptWhileTheNextConsumerIsStuck(t *testing.T) {
	for name, hangs := range map[string]bool{"it fails": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				on, release := newShelf(), make(chan struct{})
				times := func(c *config.Processor) { c.Linger, c.TTL = time.Second, 2*time.Hour }
				r := durableRig(t, on, times)
				r.out.tell(func(int, plog.Logs) error {
					if hangs {
						<-release
					}
					return errPassing
				})
				r.sendLogs(logsOf(text(1, "waits")))
				r.sendSpans(spansOf(chat(2))) // leaves after a second
				time.Sleep(119 * time.Minute) // virtual
				left := on.copied()           // the process dies
				close(release)
				r.stop()

				again := durableRig(t, left, times)
				time.Sleep(time.Second)
				assert.Len(t, again.out.envelopes(t), 1, "what could not leave does at once")
				time.Sleep(time.Minute + 30*time.Second)
				assert.Len(t, again.out.envelopes(t), 2, "the other one when its time is up")
				again.stop()
			})
		})
	}
}

// Of a batch with something that is refused for good, what was accepted is not
// delivered again by the next process, after a crash neither.
func TestHalfABatchIsNotDeliveredAgain(t *testing.T) {
	for name, crashes := range map[string]bool{"after a restart": false, "after a crash": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				on := newShelf()
				r := durableRig(t, on, func(c *config.Processor) { c.Linger = time.Second })
				r.out.tell(func(_ int, ld plog.Logs) error {
					switch n := ld.LogRecordCount(); {
					case n > 2:
						return consumererror.NewPermanent(errors.New("one of them never"))
					case len(r.out.records()) > 0:
						return errPassing
					default:
						return nil
					}
				})
				r.sendSpans(spansOf(chat(1), chat(2), chat(3), chat(4)))
				time.Sleep(10 * time.Second) // virtual
				require.Len(t, r.out.envelopes(t), 2)
				left := on.copied()
				r.stop()
				if !crashes {
					left = on
				}
				again := durableRig(t, left, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
				again.stop()
				assert.Len(t, again.out.envelopes(t), 2)
				assert.Len(t, bodies(t, map[string]string{}, r.out, again.out), 4)
			})
		})
	}
}
