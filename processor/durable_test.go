package processor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
)

var storageID = component.MustNewID("file_storage")

// onDisk is a file_storage extension in a directory, as a new process starts it.
func onDisk(t testing.TB, directory string) (storage.Extension, func()) {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	ext, err := factory.Create(bg, extension.Settings{
		ID: storageID, TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}, cfg)
	require.NoError(t, err)
	require.NoError(t, ext.Start(bg, componenttest.NewNopHost()))
	return ext.(storage.Extension), func() { require.NoError(t, ext.Shutdown(bg)) }
}

// shelf is a storage that outlives the processes that use it, and dies with
// them when it is told to.
type shelf struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex // guards everything declared below
	values map[string][]byte
	calls  int
	// fails is asked before each call; after that the call has no effect.
	fails func(call int) error
	// refuses is asked about the operations of each call, likewise.
	refuses func(ops []*storage.Operation) error
	// hangs, when set, is what calls wait for.
	hangs chan struct{}
}

func newShelf() *shelf { return &shelf{values: map[string][]byte{}} }

func (s *shelf) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return s, nil
}

func (s *shelf) Batch(_ context.Context, ops ...*storage.Operation) error {
	s.mu.Lock()
	hangs := s.hangs
	s.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fails != nil {
		if err := s.fails(s.calls); err != nil {
			return err
		}
	}
	if s.refuses != nil {
		if err := s.refuses(ops); err != nil {
			return err
		}
	}
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = append([]byte(nil), s.values[op.Key]...)
			if _, has := s.values[op.Key]; !has {
				op.Value = nil
			}
		case storage.Set:
			s.values[op.Key] = append([]byte(nil), op.Value...)
		default:
			delete(s.values, op.Key)
		}
	}
	return nil
}

func (s *shelf) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := s.Batch(ctx, op)
	return op.Value, err
}

func (s *shelf) Set(ctx context.Context, key string, value []byte) error {
	return s.Batch(ctx, storage.SetOperation(key, value))
}

func (s *shelf) Delete(ctx context.Context, key string) error {
	return s.Batch(ctx, storage.DeleteOperation(key))
}

func (s *shelf) Close(context.Context) error {
	s.mu.Lock()
	hangs := s.hangs
	s.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	return nil
}

// hang lets calls wait from now on until release is called.
func (s *shelf) hang() (release func()) {
	hangs := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = hangs
	return func() {
		s.mu.Lock()
		s.hangs = nil
		s.mu.Unlock()
		close(hangs)
	}
}

// copied is what is there now, for another process.
func (s *shelf) copied() *shelf {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &shelf{values: maps.Clone(s.values)}
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func durableRig(t testing.TB, on storage.Extension, change func(*config.Processor)) *rig {
	return newRigOn(t, &host{extensions: map[component.ID]component.Component{storageID: on}}, func(c *config.Processor) {
		c.Storage = &storageID
		c.Linger, c.TTL = time.Hour, 2*time.Hour
		c.MaxAge = 3 * time.Hour
		if change != nil {
			change(c)
		}
	})
}

// bodies are the envelopes by id, each with one content only.
func bodies(t testing.TB, into map[string]string, outs ...*outlet) map[string]string {
	t.Helper()
	for _, out := range outs {
		for _, log := range out.envelopes(t) {
			content := string(envelopetest.Body(t, log))
			id := attr(log, "gen_ai_buffer.id").(string)
			if before, again := into[id]; again {
				require.Equal(t, before, content, "two contents of one envelope")
			}
			into[id] = content
		}
	}
	return into
}

func TestOpenRequestsOutliveAShutdownThatPersists(t *testing.T) {
	directory := t.TempDir()
	on, stop := onDisk(t, directory)
	r := durableRig(t, on, nil)
	r.sendLogs(logsOf(text(1, "one"), text(2, "two")))
	r.stop()
	stop()
	assert.Empty(t, r.out.envelopes(t), "nothing is cut in two by a restart")

	on, stop = onDisk(t, directory)
	again := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
	assert.Equal(t, 2, again.metric("requests_open"))
	again.sendLogs(logsOf(text(1, "three")))
	again.stop()
	stop()
	found := again.out.envelopes(t)
	require.Len(t, found, 2)
	assert.Equal(t, []string{"text one end", "text three end"}, events(found[0]))
	assert.Contains(t, string(envelopetest.Body(t, found[0])), `"seq":2`)

	on, stop = onDisk(t, directory)
	empty := durableRig(t, on, nil)
	assert.Zero(t, empty.metric("requests_open"), "what was delivered is not there any more")
	assert.Equal(t, 2, empty.metric("requests_remembered"), "and is remembered")
	empty.stop()
	stop()
	assert.Empty(t, empty.out.envelopes(t))
}

// The process dies at every storage operation in turn, before or after it took
// effect. What had been accepted is in some envelope in the end, and no envelope
// has two contents.
func TestNothingAcceptedIsLostWhereverTheProcessDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errDead := errors.New("dead")
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				on := newShelf()
				var left *shelf
				on.fails = func(call int) error {
					if call < n {
						return nil
					}
					if left == nil && !after {
						left = &shelf{values: maps.Clone(on.values)}
					}
					if call > n || !after {
						return errDead
					}
					return nil
				}
				accepted := map[string]bool{}
				send := func(r *rig, n byte, words string) {
					if r.logs.ConsumeLogs(bg, logsOf(text(n, words))) == nil {
						accepted[words] = true
					}
				}
				h := &host{extensions: map[component.ID]component.Component{storageID: on}}
				r, err := tryRig(t, h, func(c *config.Processor) {
					c.Storage = &storageID
					c.Linger, c.TTL, c.MaxAge = time.Hour, 2*time.Hour, 3*time.Hour
					c.Shutdown = config.ShutdownFlush
					c.Limits.MaxRequestEvents = 2
				})
				if err == nil {
					for i := range 3 {
						send(r, 1, fmt.Sprintf("a%d", i))
						send(r, 2, fmt.Sprintf("b%d", i))
					}
					_ = r.traces.ConsumeTraces(bg, spansOf(chat(1)))
					send(r, 1, "late")
					_ = r.traces.Shutdown(bg)
					_ = r.logs.Shutdown(bg)
				}
				if on.count() < n {
					break
				}
				if left == nil {
					left = on.copied()
				}
				left.fails = nil
				again := durableRig(t, left, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
				again.stop()
				outs := []*outlet{again.out}
				if err == nil {
					outs = append(outs, r.out)
				}
				all := fmt.Sprint(bodies(t, map[string]string{}, outs...))
				for words := range accepted {
					assert.Contains(t, all, "text "+words+" end", "died at call %d, after its effect %t", n, after)
				}
			}
		}
	})
}

// A storage that is so full that nothing can be noted any more does not keep
// envelopes from leaving, which is what will free it.
func TestAFullStorageKeepsNothingFromLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger, c.Shutdown = time.Second, config.ShutdownFlush })
		for n := range byte(5) {
			r.sendLogs(logsOf(text(n+1, fmt.Sprint("before ", n))))
			r.sendSpans(spansOf(chat(n + 1)))
		}
		on.mu.Lock()
		on.refuses = func(ops []*storage.Operation) error {
			for _, op := range ops {
				if op.Type == storage.Set && strings.HasPrefix(op.Key, "e/") {
					return storage.ErrStorageFull
				}
			}
			return nil
		}
		on.mu.Unlock()
		time.Sleep(10 * time.Second) // virtual
		assert.Len(t, r.out.envelopes(t), 5)
		require.Error(t, r.logs.ConsumeLogs(bg, logsOf(text(9, "refused"))))
		on.mu.Lock()
		on.refuses = nil
		on.mu.Unlock()
		r.sendLogs(logsOf(text(9, "after")))
		r.stop()
		all := fmt.Sprint(bodies(t, map[string]string{}, r.out))
		assert.Contains(t, all, "text after end")
		again := durableRig(t, on, nil)
		again.stop()
		assert.Empty(t, again.out.envelopes(t))
	})
}

// A request that waits goes on where it stood: the time that the collector was
// up counts, down time does not.
func TestTimersGoOnWhereTheyStood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger, c.TTL = time.Second, 10*time.Minute })
		r.sendLogs(logsOf(text(1, "waits")))
		time.Sleep(6 * time.Minute) // virtual
		left := on.copied()         // the process dies
		r.stop()
		time.Sleep(time.Hour)
		again := durableRig(t, left, func(c *config.Processor) { c.Linger, c.TTL = time.Second, 10*time.Minute })
		time.Sleep(3 * time.Minute)
		assert.Empty(t, again.out.envelopes(t), "too early")
		time.Sleep(2 * time.Minute)
		assert.Len(t, again.out.envelopes(t), 1)
		again.stop()
	})
}

func TestOneStorageOperationForEachBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger = 5 * time.Second })
		before := on.count()
		for i := range 5 {
			r.sendLogs(logsOf(text(byte(i+1), "a"), text(byte(i+1), "b"), text(byte(i+100), "c")))
			r.sendSpans(spansOf(chat(byte(i+1)), chat(byte(i+100))))
		}
		assert.Equal(t, 10, on.count()-before, "one for each batch that comes")
		time.Sleep(3 * time.Second) // virtual
		before = on.count()
		time.Sleep(2*time.Second + 300*time.Millisecond)
		require.Len(t, r.out.envelopes(t), 10)
		assert.Equal(t, 1, on.count()-before, "one for the batch that leaves")
		before = on.count()
		time.Sleep(time.Minute)
		assert.Equal(t, 1, on.count()-before, "and one to note that it has left, as nothing comes")
		r.stop()
	})
}

func TestAStorageThatFailsRefusesAndRecovers(t *testing.T) {
	on := newShelf()
	r := durableRig(t, on, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
	r.sendLogs(logsOf(text(1, "before")))
	on.mu.Lock()
	on.fails = func(int) error { return storage.ErrStorageFull }
	on.mu.Unlock()
	err := r.logs.ConsumeLogs(bg, logsOf(text(2, "refused")))
	require.ErrorContains(t, err, "took nothing")
	require.ErrorIs(t, err, storage.ErrStorageFull)
	assert.Equal(t, 1, r.metric("journal_errors"))
	assert.Equal(t, 1, r.metric("records_refused"))
	on.mu.Lock()
	on.fails = nil
	on.mu.Unlock()
	r.sendLogs(logsOf(text(2, "again")))
	r.stop()
	all := fmt.Sprint(bodies(t, map[string]string{}, r.out))
	assert.Contains(t, all, "text before end")
	assert.Contains(t, all, "text again end")
	assert.NotContains(t, all, "refused")
}

// A note that still fits into a full storage is no reason to call it well.
func TestStatusStaysWhileAStorageTakesOnlyNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) { c.Linger, c.Shutdown = time.Second, config.ShutdownFlush })
		status := func() componentstatus.Status { return r.host.statuses[len(r.host.statuses)-1] }
		r.sendLogs(logsOf(text(1, "before")))
		r.sendSpans(spansOf(chat(1)))
		on.mu.Lock()
		on.refuses = func(ops []*storage.Operation) error {
			for _, op := range ops {
				if op.Type == storage.Set && len(op.Value) > 32<<10 {
					return storage.ErrStorageFull
				}
			}
			return nil
		}
		on.mu.Unlock()
		large := logsOf(text(2, strings.Repeat("large ", 16<<10)))
		require.ErrorIs(t, r.logs.ConsumeLogs(bg, large), storage.ErrStorageFull)
		before := on.count()
		time.Sleep(5 * time.Second) // virtual
		require.Greater(t, on.count(), before, "notes were written")
		assert.Equal(t, componentstatus.StatusRecoverableError, status())
		on.mu.Lock()
		on.refuses = nil
		on.mu.Unlock()
		r.sendLogs(large)
		assert.Equal(t, componentstatus.StatusOK, status())
		r.stop()
	})
}

// An old request stays open for days of traffic: what was delivered is given
// back, and the journal stays within twice of what is alive, plus a batch, plus
// what it takes however little is alive.
func TestTheJournalStaysSmallBesideAnOldRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const batch, atLeast = 40 << 10, 64 << 10
		on := newShelf()
		r := durableRig(t, on, func(c *config.Processor) {
			c.Linger, c.LateWindow = 10*time.Minute, time.Minute
			c.TTL, c.MaxAge = 1000*time.Hour, 1000*time.Hour
			c.Shutdown = config.ShutdownFlush
		})
		filler := strings.Repeat("filler ", 300)
		r.sendLogs(logsOf(text(1, "old")))
		for i := range 1500 { // 25 hours, 50 MB
			records := make([]func(plog.LogRecord), 16)
			for k := range records {
				records[k] = text(byte(2+(16*i+k)%200), filler)
			}
			r.sendLogs(logsOf(records...))
			spans := make([]func(ptrace.Span), 16)
			for k := range spans {
				spans[k] = chat(byte(2 + (16*i+k)%200))
			}
			r.sendSpans(spansOf(spans...))
			time.Sleep(time.Minute) // virtual
			if i%10 == 0 {
				live := r.metric("bytes_held")
				require.LessOrEqual(t, on.size(), 2*live+batch+atLeast, "%d bytes are alive", live)
			}
		}
		r.stop()
		assert.Contains(t, fmt.Sprint(bodies(t, map[string]string{}, r.out)), "text old end")
	})
}

func (s *shelf) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, value := range s.values {
		n += len(key) + len(value)
	}
	return n
}

// text is a user message of the n-th span, whose text is easily found.
func text(n byte, text string) func(plog.LogRecord) {
	return message("gen_ai.user.message", "text "+text+" end", n)
}
