package live_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// heap is what is alive, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// following reads now and then.
type following struct {
	*live.Subscription
	every             int
	at, given, missed uint64
}

// read reads all there is.
func (r *following) read(t *testing.T, h *live.Hub) {
	t.Helper()
	for {
		pieces, err := r.Next(t.Context(), time.Nanosecond, nil, 1<<16)
		require.NoError(t, glanceAt(pieces, func(g *glance) error {
			if g.name != "stream.lost" {
				r.given++
				r.at++
			} else {
				from, to, count, err := g.loss()
				if err != nil || from != r.at+1 || count != to-from+1 {
					return errors.New("not what was lost")
				}
				r.missed += count
				r.at = to
			}
			if g.position != r.at {
				return errors.New("not what comes next")
			}
			return nil
		}))
		if err != nil && r.Cursor() == h.Cursor() {
			require.ErrorIs(t, err, live.ErrIdle)
			return
		}
	}
}

// 100,000 requests through a ring of 1,000 events: what is held is bounded by the
// options and not by what came, and readers that read often, now and then,
// rarely and only at the end are told exactly what they missed.
func TestManyRequestsThroughASmallRing(t *testing.T) {
	opts := options()
	opts.RingEvents, opts.MaxRequests, opts.RetainedBytes, opts.RingBytes = 1000, 1000, 1<<20, 1<<20
	h := newHub(t, opts)
	to := h.Publisher("p")
	readers := []*following{{every: 200}, {every: 3000}, {every: 30_000}, {every: 200_000}}
	for _, r := range readers {
		r.Subscription = h.Subscribe(live.Filter{}, live.Start{})
		t.Cleanup(r.Close)
	}
	const requests = 100_000
	const filled = 20_000
	var steady int64
	batch := make([]event.Fact, 2)
	for n := range requests {
		if n == filled {
			steady = heap()
		}
		a := newAsked(uint64(n))
		batch[0], batch[1] = a.opened(), a.flushed(event.FlushTTL)
		to.Publish(batch)
		for _, r := range readers {
			if n%r.every == r.every-1 {
				r.read(t, h)
			}
		}
	}
	for i, r := range readers {
		r.read(t, h)
		assert.EqualValues(t, 2*requests, r.given+r.missed, "reader %d", i)
		assert.Equal(t, r.given, r.Delivered())
		assert.Equal(t, i > 0, r.missed > 0, "reader %d", i)
	}
	assert.Equal(t, 1000, h.Stats().Ring.Events)
	assert.Equal(t, 1000, h.Stats().RequestsKept)
	assert.Less(t, heap()-steady, int64(256<<10), "it grows with what comes")
}

// A ring that is full by its bytes stays so when frames are made.
func TestRingStaysWithinItsBytes(t *testing.T) {
	opts := options()
	opts.RingBytes = 1 << 16
	h := newHub(t, opts)
	to, a := h.Publisher("p"), newAsked(1)
	s, other := h.Subscribe(live.Filter{}, live.Start{}), h.Subscribe(live.Filter{}, live.Start{})
	t.Cleanup(s.Close)
	t.Cleanup(other.Close)
	for range 2000 {
		to.Publish([]event.Fact{a.record("gen_ai.user.message", "some content")})
		if _, err := s.Next(t.Context(), time.Minute, nil, 1<<16); err != nil && !errors.Is(err, live.ErrIdle) {
			require.NoError(t, err)
		}
		require.LessOrEqual(t, h.Stats().Ring.Bytes, 1<<16)
	}
	assert.Less(t, h.Stats().Ring.Events, 200)
	assert.Greater(t, h.Stats().Ring.Events, 20)
}
