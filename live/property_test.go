package live_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// Two publishers publish at full speed while readers of every kind read in pieces
// of any size, stall, leave and come back: who wants everything is given every
// event once and in order, or one exact stream.lost; who wants some is given
// each of them or told; who follows a request is given its events by their
// numbers up to its end; and an event is the same to all.
func TestEveryReaderSeesAllOrOneExactLoss(t *testing.T) {
	for name, maxRequests := range map[string]int{"finished requests leave": 100, "open requests leave": 18} {
		t.Run(name, func(t *testing.T) {
			opts := options()
			opts.RingEvents, opts.RingBytes, opts.MaxRequests, opts.RetainedBytes = 2048, 1<<20, maxRequests, 3<<18
			opts.Coalesce = 100 * time.Microsecond
			watchAndPublish(t, newHub(t, opts))
		})
	}
}

func watchAndPublish(t *testing.T, h *live.Hub) {
	t.Helper()
	const events, publishers = 500_000, 2
	wides, narrows, followers := make([]wide, 4), make([]narrow, 2), make([]follower, 3)
	l := newLoad(h, events, publishers, len(wides)+len(narrows)+len(followers))
	var reading sync.WaitGroup
	failures := make([]error, len(l.leaving))
	n := 0
	begin := func(r *reader, read func() error) {
		at := n
		n++
		*r = l.newReader(t.Context(), at)
		r.sets = at == 0
		reading.Go(func() {
			failures[at] = read()
			if r.sets {
				l.setPace(1 << 62) // nobody waits for it any more
			}
		})
	}
	for i := range wides {
		begin(&wides[i].reader, wides[i].read)
	}
	for i := range narrows {
		begin(&narrows[i].reader, narrows[i].read)
	}
	for i := range followers {
		begin(&followers[i].reader, followers[i].read)
	}
	l.run()
	reading.Wait()
	for i, err := range failures {
		require.NoError(t, err, "reader %d", i)
	}
	stats := h.Stats()
	require.Zero(t, stats.Subscribers)
	account(t, wides, narrows, followers, l.end.Load())
	t.Logf("%d published, %d delivered, %d lost", stats.Published, stats.Delivered, stats.Lost)
}

// account adds up what readers were given, and that all of it happened.
func account(t *testing.T, wides []wide, narrows []narrow, followers []follower, end uint64) {
	t.Helper()
	var given, missed, connections uint64
	for i := range wides {
		w := &wides[i]
		require.Equal(t, end, w.given+w.missed+w.passed, "reader %d", i)
		given, missed = given+w.given, missed+w.missed
		connections += uint64(w.connections)
		t.Logf("wants everything: %d given, %d lost, %d passed over, %d connections", w.given, w.missed, w.passed, w.connections)
	}
	assert.NotZero(t, given)
	assert.NotZero(t, missed, "no reader fell behind")
	assert.Greater(t, connections, uint64(len(wides)), "no reader came back")
	for i := range narrows {
		wanted, err := narrows[i].account()
		require.NoError(t, err)
		assert.Positive(t, wanted)
		t.Logf("wants some: %d of %d known given, %d at most lost in %d", len(narrows[i].seen), wanted, narrows[i].missed, len(narrows[i].lost))
	}
	ended, merged := 0, 0
	for i := range followers {
		f := &followers[i]
		ended, merged = ended+f.ended, merged+f.merged
		t.Logf("follows: %d frames, %d requests to their end, %d left before, %d merges, %d losses", f.given, f.ended, f.forgotten, f.merged, f.missed)
	}
	assert.Positive(t, ended)
	assert.Positive(t, merged)
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
