package live_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// Two processors may have requests with one id: they stay two, each of which is
// found by its processor, and the newest without.
func TestOneIDInTwoProcessors(t *testing.T) {
	opts := options()
	opts.MaxRequests = 2
	h := newHub(t, opts)
	p, q := h.Publisher("p"), h.Publisher("q")
	a, b := newAsked(1), newAsked(2)
	b.ID = a.ID
	p.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x")})
	q.Publish([]event.Fact{b.opened(), b.record("gen_ai.choice", "y")})
	named := func(processor string) []string {
		s, err := h.Follow(a.ID, processor, "")
		if err != nil {
			return []string{err.Error()}
		}
		defer s.Close()
		frames, _ := readAll(t, h, s)
		for _, f := range frames {
			if processor != "" {
				assert.Equal(t, processor, f.text("processor"))
			}
		}
		return names(frames)
	}
	assert.Equal(t, []string{"request.open", "gen_ai.user.message"}, named("p"))
	assert.Equal(t, []string{"request.open", "gen_ai.choice"}, named("q"))
	assert.Equal(t, named("q"), named(""), "the newest")

	// What happens to one does not happen to the other.
	q.Publish([]event.Fact{b.flushed(event.FlushTTL)})
	s, err := h.Follow(a.ID, "p", "")
	require.NoError(t, err)
	defer s.Close()
	_, err = readAll(t, h, s)
	require.ErrorIs(t, err, live.ErrIdle, "that of p is open")
	p.Publish([]event.Fact{newAsked(3).opened()}) // that of q, which is finished, leaves
	assert.Equal(t, []string{live.ErrGone.Error()}, named("q"))
	assert.Equal(t, []string{"request.open", "gen_ai.user.message"}, named(""), "the one that is left")
}

// Two processors publish at once while somebody watches each of them and both:
// the events of each are in its order, and together they are all there are.
func TestTwoProcessorsAtOnce(t *testing.T) {
	opts := options()
	opts.RingEvents, opts.MaxRequests = 1<<16, 10_000
	h := newHub(t, opts)
	const requests, records = 100, 50
	var running sync.WaitGroup
	follow := func(processor string) (*live.Subscription, int) {
		if processor == "" {
			return h.Subscribe(live.Filter{}, live.Start{}), 2 * requests * (records + 2)
		}
		return h.Subscribe(live.ParseFilter(map[string][]string{"processor": {processor}}), live.Start{}), requests * (records + 2)
	}
	seqs := make([]map[string]uint64, 3)
	counts := make([]int, 3)
	for i, processor := range []string{"", "p", "q"} {
		s, want := follow(processor)
		seqs[i] = map[string]uint64{}
		running.Go(func() {
			defer s.Close()
			for _, f := range readUntil(t, s, want) {
				counts[i]++
				key := f.text("processor") + " " + f.text("request_id")
				if processor != "" && f.text("processor") != processor {
					counts[i] = -want
				}
				if seq := f.number("seq"); seq > 0 && seq == seqs[i][key]+1 {
					seqs[i][key] = seq
				}
			}
		})
	}
	for n, processor := range []string{"p", "q"} {
		to := h.Publisher(processor)
		running.Go(func() {
			for i := range uint64(requests) {
				a := newAsked(uint64(n)<<32 | i)
				a.ID = fmt.Sprint("r", i) // the same in both
				to.Publish([]event.Fact{a.opened()})
				for range records {
					to.Publish([]event.Fact{a.record("gen_ai.choice", "x")})
				}
				to.Publish([]event.Fact{a.flushed(event.FlushTTL)})
			}
		})
	}
	running.Wait()
	assert.Equal(t, []int{2 * requests * (records + 2), requests * (records + 2), requests * (records + 2)}, counts)
	for i, requestsOf := range []int{2 * requests, requests, requests} {
		require.Len(t, seqs[i], requestsOf)
		for key, last := range seqs[i] {
			assert.EqualValues(t, records, last, key)
		}
	}
}
