package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// What is published before the hub stops reaches those who wait, whoever comes
// first.
func TestTheLastEventsAreHandedOn(t *testing.T) {
	for _, filter := range []map[string][]string{nil, {"processor": {"p"}}} {
		for range 50 {
			o := options()
			o.Coalesce = time.Millisecond
			h := live.NewHub(o)
			s := h.Subscribe(live.ParseFilter(filter), live.Start{})
			read := make(chan int)
			go func() {
				seen := 0
				for {
					frames, err := s.Next(context.Background(), time.Minute, nil, 1<<20)
					for _, piece := range frames {
						seen += strings.Count(string(piece), "\n\n")
					}
					if err != nil {
						read <- seen
						return
					}
				}
			}()
			a := newAsked(1)
			h.Publisher("p").Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x"), a.flushed(event.FlushShutdown)})
			h.Stop()
			require.Equal(t, 3, <-read)
			s.Close()
		}
	}
}

// The ring outlives the index: what it has of a request that cannot be opened any
// more is told as before, and filters know whose it is.
func TestTheRingKnowsRequestsThatLeftTheIndex(t *testing.T) {
	o := options()
	o.MaxRequests = 1
	h := newHub(t, o)
	to := h.Publisher("p")
	a, b := newAsked(1), newAsked(2)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x"), a.call("openai"), a.ended(), a.flushed(event.FlushSpanEnd)})
	to.Publish([]event.Fact{b.opened()})
	_, err := shown(h, a.ID)
	require.ErrorIs(t, err, live.ErrGone)

	s := h.Subscribe(live.ParseFilter(map[string][]string{"provider": {"openai"}}), live.Start{Begin: true})
	defer s.Close()
	frames, _ := readAll(t, h, s)
	require.Equal(t, []string{"request.open", "gen_ai.user.message", "request.call", "request.end", "request.flush"}, names(frames))
	assert.Equal(t, "ok", frames[3].text("status"))
	assert.EqualValues(t, time.Second, frames[3].number("duration_ns"))
	assert.NotEmpty(t, frames[0].text("service"))
}

// A request whose first events were never here, or are gone, does not look whole.
func TestRequestsThatAreNotWhole(t *testing.T) {
	complete := func(t *testing.T, h *live.Hub, id string) bool {
		t.Helper()
		raw, err := shown(h, id)
		require.NoError(t, err)
		var body struct {
			Complete bool `json:"complete"`
		}
		require.NoError(t, json.Unmarshal(raw, &body))
		return body.Complete
	}
	follow := func(t *testing.T, h *live.Hub, id string) []string {
		t.Helper()
		s, err := h.Follow(id, "", "")
		require.NoError(t, err)
		defer s.Close()
		frames, _ := readAll(t, h, s)
		return names(frames)
	}
	t.Run("evicted while open", func(t *testing.T) {
		o := options()
		o.MaxRequests = 1
		h := newHub(t, o)
		to := h.Publisher("p")
		a, b := newAsked(1), newAsked(2)
		to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x")})
		to.Publish([]event.Fact{b.opened()})
		to.Publish([]event.Fact{a.record("gen_ai.choice", "y"), a.ended(), a.flushed(event.FlushEndEvent)})
		assert.Equal(t, []string{"stream.lost", "gen_ai.choice", "request.end", "request.flush"}, follow(t, h, a.ID))
		assert.False(t, complete(t, h, a.ID))
	})
	t.Run("restored in part", func(t *testing.T) {
		h := newHub(t, options())
		a := newAsked(1)
		a.seq = 5 // they left with a part, in another life
		h.Publisher("p").Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "y"), a.flushed(event.FlushEndEvent)})
		assert.Equal(t, []string{"stream.lost", "request.open", "gen_ai.choice", "request.flush"}, follow(t, h, a.ID))
		assert.False(t, complete(t, h, a.ID))
	})
	t.Run("whole", func(t *testing.T) {
		h := newHub(t, options())
		a := newAsked(1)
		h.Publisher("p").Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "y"), a.flushed(event.FlushEndEvent)})
		assert.Equal(t, []string{"request.open", "gen_ai.choice", "request.flush"}, follow(t, h, a.ID))
		assert.True(t, complete(t, h, a.ID))
	})
}

// The end of a request that became a part of another is not that other's end.
func TestMergingEndsNothing(t *testing.T) {
	h := newHub(t, options())
	to := h.Publisher("p")
	a, x := newAsked(1), newAsked(2)
	to.Publish([]event.Fact{x.opened(), a.opened(), a.call("openai"), a.ended(), a.merged(x)})
	s, err := h.Follow(x.ID, "", "")
	require.NoError(t, err)
	defer s.Close()
	frames, _ := readAll(t, h, s)
	assert.Equal(t, []string{"request.open", "request.call"}, names(frames))
	raw, err := shown(h, x.ID)
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"state":"open"`)
}

// A span that comes while a part is on its way is not taken for a part of it.
func TestALateCallKeepsTheStreamOpen(t *testing.T) {
	h := newHub(t, options())
	to := h.Publisher("p")
	a := newAsked(1)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x")})
	first := a.flushed(event.FlushTTL)
	to.Publish([]event.Fact{a.call("openai")})
	to.Publish([]event.Fact{first})
	s, err := h.Follow(a.ID, "", "")
	require.NoError(t, err)
	defer s.Close()
	frames, err := readAll(t, h, s)
	require.ErrorIs(t, err, live.ErrIdle, "more is to come")
	require.Equal(t, []string{"request.open", "gen_ai.user.message", "request.call", "request.flush"}, names(frames))
	to.Publish([]event.Fact{a.flushed(event.FlushLate)})
	frames, err = readAll(t, h, s)
	require.ErrorIs(t, err, live.ErrEnded)
	assert.Equal(t, []string{"request.flush"}, names(frames))
}

// A burst of half the ring is not thrown out by its own encoded form before
// anybody could read it.
func TestABurstIsReadInPieces(t *testing.T) {
	o := options()
	o.RingBytes = 1 << 20
	h := newHub(t, o)
	var readers []*live.Subscription
	for range 2 {
		readers = append(readers, h.Subscribe(live.Filter{}, live.Start{}))
	}
	const events = 40
	a := newAsked(1)
	batch := []event.Fact{a.opened()}
	for i := range events {
		batch = append(batch, a.record("gen_ai.choice", strings.Repeat(fmt.Sprint(i%10), 4<<10)))
	}
	h.Publisher("p").Publish(batch)
	for _, s := range readers {
		for _, f := range readUntil(t, s, events+1) {
			assert.NotEqual(t, "stream.lost", f.name)
		}
		s.Close()
	}
}
