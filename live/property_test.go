package live_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// reader checks what one reader is given, over any number of connections.
type reader struct {
	hub    *live.Hub
	random *rand.Rand
	filter live.Filter
	narrow bool
	at     uint64
	cursor string
	// wasLost says that the last frame told of a loss.
	wasLost bool
	given   uint64
	lost    uint64
}

// check holds a frame to what came before it.
func (r *reader) check(raw []byte) error {
	f, err := parseFrame(raw)
	if err != nil {
		return err
	}
	if f.name == "stream.lost" {
		from, to, count := f.number("from"), f.number("to"), f.number("count")
		switch {
		case r.wasLost && !r.narrow:
			return fmt.Errorf("two losses in a row at %d", f.position)
		case to != f.position || count != to-from+1 || from > to:
			return fmt.Errorf("a loss that does not add up: %v", f)
		case !r.narrow && from != r.at+1 || from <= r.at:
			return fmt.Errorf("lost from %d after %d", from, r.at)
		}
		r.lost += count
		r.at, r.wasLost, r.cursor = f.position, true, f.id
		return nil
	}
	if !r.narrow && f.position != r.at+1 || f.position <= r.at {
		return fmt.Errorf("%d after %d", f.position, r.at)
	}
	r.given++
	r.at, r.wasLost, r.cursor = f.position, false, f.id
	return nil
}

// read reads until the end of the log, leaving and coming back now and then.
func (r *reader) read(t *testing.T, finished *atomic.Bool, end *atomic.Uint64) error {
	for {
		s := r.hub.Subscribe(r.filter, live.Start{Cursor: r.cursor})
		for left := r.random.IntN(200) + 1; left > 0; left-- {
			if r.random.IntN(20) == 0 {
				for range r.random.IntN(3000) {
					runtime.Gosched()
				}
			}
			over := finished.Load()
			frames, err := s.Next(t.Context(), time.Millisecond, nil, 1+r.random.IntN(1<<14))
			for _, frame := range split(frames) {
				if err := r.check(frame); err != nil {
					s.Close()
					return err
				}
			}
			if err == live.ErrIdle {
				r.cursor = s.Cursor()
				if !r.narrow && len(frames) == 0 && s.Cursor() != r.hubCursor(r.at) {
					s.Close()
					return fmt.Errorf("idle at %s after %d", s.Cursor(), r.at)
				}
				if over && s.Cursor() == r.hubCursor(end.Load()) {
					s.Close()
					return nil
				}
			}
		}
		s.Close()
	}
}

func (r *reader) hubCursor(at uint64) string {
	cursor := r.hub.Cursor()
	return fmt.Sprintf("%s-%d", cursor[:16], at)
}

func TestEveryReaderSeesAllOrOneExactLoss(t *testing.T) {
	opts := options()
	opts.RingEvents, opts.RingBytes, opts.MaxRequests, opts.RetainedBytes = 512, 1<<20, 50, 1<<18
	opts.Coalesce = 100 * time.Microsecond
	h := newHub(t, opts)
	const publishers, batches, readers = 2, 20_000, 12

	var finished atomic.Bool
	var end atomic.Uint64
	var reading, publishing sync.WaitGroup
	failures := make([]error, readers)
	all := make([]reader, readers)
	for i := range all {
		// From before the first event, however late the reader starts.
		all[i] = reader{hub: h, random: rand.New(rand.NewPCG(1, uint64(i))), cursor: h.Cursor()}
		if i%3 == 2 {
			all[i].narrow = true
			all[i].filter = live.ParseFilter(map[string][]string{"name": {"gen_ai.choice"}, "processor": {"p0"}})
		}
		reading.Go(func() { failures[i] = all[i].read(t, &finished, &end) })
	}
	for p := range publishers {
		publishing.Go(func() { publishMany(h, p, batches) })
	}
	publishing.Wait()
	end.Store(h.Stats().Published)
	finished.Store(true)
	reading.Wait()
	given, lost := uint64(0), uint64(0)
	for i, err := range failures {
		require.NoError(t, err, "reader %d", i)
		if !all[i].narrow {
			require.Equal(t, end.Load(), all[i].given+all[i].lost)
		}
		given, lost = given+all[i].given, lost+all[i].lost
	}
	require.NotZero(t, given)
	require.NotZero(t, lost, "no reader fell behind")
	require.Equal(t, end.Load(), h.Stats().Published)
	require.Zero(t, h.Stats().Subscribers)
}

// publishMany publishes requests that live, merge, are flushed and come late.
func publishMany(h *live.Hub, p, batches int) {
	random := rand.New(rand.NewPCG(2, uint64(p)))
	to := h.Publisher(fmt.Sprintf("p%d", p))
	var open []*asked
	var batch []event.Fact
	for n := range batches {
		batch = batch[:0]
		for range 1 + random.IntN(8) {
			if len(open) < 10 {
				a := newAsked(uint64(p)<<40 | uint64(n)<<8 | uint64(len(batch)))
				open = append(open, a)
				batch = append(batch, a.opened())
			}
			i := random.IntN(len(open))
			a := open[i]
			switch random.IntN(12) {
			case 0:
				batch = append(batch, a.call("openai"), a.ended(), a.flushed(event.FlushSpanEnd))
				open = append(open[:i], open[i+1:]...)
			case 1:
				batch = append(batch, a.flushed(event.FlushSize))
			case 2:
				if j := random.IntN(len(open)); j != i && a.parts == 0 && open[j].parts == 0 {
					batch = append(batch, a.merged(open[j]))
					open = append(open[:i], open[i+1:]...)
				}
			case 3:
				batch = append(batch, a.record("gen_ai.choice", "yes"))
			default:
				batch = append(batch, a.record("gen_ai.user.message", "hello"))
			}
		}
		to.Publish(batch)
		if random.IntN(50) == 0 {
			runtime.Gosched()
		}
	}
}

func TestFilteredReaderMissesNothing(t *testing.T) {
	opts := options()
	opts.RingEvents, opts.MaxRequests = 1<<16, 10_000
	h := newHub(t, opts)
	const requests, records = 200, 50
	var reading sync.WaitGroup
	failures := make([]error, requests)
	for i := range requests {
		filter := live.ParseFilter(map[string][]string{"request_id": {newAsked(uint64(i)).ID}, "name": {"gen_ai."}})
		s := h.Subscribe(filter, live.Start{})
		reading.Go(func() {
			defer s.Close()
			for seq := uint64(1); seq <= records; {
				frames, err := s.Next(t.Context(), time.Minute, nil, 1<<16)
				if err != nil {
					failures[i] = err
					return
				}
				for _, raw := range split(frames) {
					f, err := parseFrame(raw)
					if err != nil || f.number("seq") != seq || f.text("request_id") != newAsked(uint64(i)).ID {
						failures[i] = fmt.Errorf("want %d: %v %w", seq, f, err)
						return
					}
					seq++
				}
			}
		})
	}
	to := h.Publisher("p")
	var all []*asked
	for i := range requests {
		all = append(all, newAsked(uint64(i)))
	}
	for range records {
		for _, a := range all {
			to.Publish([]event.Fact{a.record("gen_ai.user.message", "x")})
		}
	}
	reading.Wait()
	for _, err := range failures {
		require.NoError(t, err)
	}
}
