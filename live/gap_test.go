package live_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// told are the names of what a reader is given of a request, with the numbers of
// records.
func told(t *testing.T, h *live.Hub, s *live.Subscription) []string {
	t.Helper()
	frames, _ := readAll(t, h, s)
	var all []string
	for _, f := range frames {
		name := f.name
		if f.data["seq"] != nil {
			name = f.text("request_id") + "#" + string('0'+rune(f.number("seq")))
		}
		all = append(all, name)
	}
	return all
}

// Who reads a request that has to leave is told so where its events are missing,
// and at the end.
func TestARequestThatLeavesWhileItIsRead(t *testing.T) {
	opts := options()
	opts.MaxRequests, opts.RingEvents = 1, 3
	h := newHub(t, opts)
	to, a := h.Publisher("p"), newAsked(1)
	to.Publish([]event.Fact{a.opened()})
	for range 4 {
		to.Publish([]event.Fact{a.record("gen_ai.choice", "x")})
	}
	s := follow(t, h, a.ID, "")
	to.Publish([]event.Fact{newAsked(2).opened()})
	assert.Equal(t, []string{"stream.lost", "r1#3", "r1#4", "stream.lost"}, told(t, h, s))
}

// Who comes back after two merges is given what the last request had before, once.
func TestComingBackAfterTwoMerges(t *testing.T) {
	h := newHub(t, options())
	to := h.Publisher("p")
	a, b, c := newAsked(1), newAsked(2), newAsked(3)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "x")})
	to.Publish([]event.Fact{c.opened(), c.record("gen_ai.choice", "x"), b.opened(), b.record("gen_ai.choice", "x")})
	before := h.Cursor()
	to.Publish([]event.Fact{c.record("gen_ai.choice", "x")})
	to.Publish([]event.Fact{a.merged(b)})
	between := h.Cursor()
	to.Publish([]event.Fact{c.record("gen_ai.choice", "x"), b.merged(c)})
	want := []string{"request.open", "r3#1", "r3#2", "r3#3", "r3#4", "r3#5"}
	for name, cursor := range map[string]string{"before both": before, "between": between, "after both": h.Cursor()} {
		got := told(t, h, follow(t, h, a.ID, cursor))
		if name == "after both" {
			assert.Empty(t, got)
			continue
		}
		assert.Equal(t, want, got, name)
	}
}

// A request that another is merged into of which events have left lacks them:
// nobody who watches is to think that the numbers go on.
func TestMergingWhatIsNotWhole(t *testing.T) {
	opts := options()
	opts.MaxRequests = 2
	h := newHub(t, opts)
	to := h.Publisher("p")
	a, b := newAsked(1), newAsked(2)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "x"), b.opened(), b.record("gen_ai.choice", "x")})
	watched := follow(t, h, b.ID, "")
	require.Equal(t, []string{"request.open", "r2#1"}, told(t, h, watched))
	to.Publish([]event.Fact{newAsked(3).opened()}) // a, the oldest, leaves
	to.Publish([]event.Fact{newAsked(3).flushed(event.FlushTTL), a.merged(b)})
	to.Publish([]event.Fact{b.record("gen_ai.choice", "x")})
	assert.Equal(t, []string{"stream.lost", "r2#3"}, told(t, h, watched))
	to.Publish([]event.Fact{b.flushed(event.FlushTTL)})
	assert.Equal(t, []string{"request.flush"}, told(t, h, watched))
}

// Who follows a request into one that is not whole is told.
func TestMergingIntoWhatIsNotWhole(t *testing.T) {
	h := newHub(t, options())
	to := h.Publisher("p")
	a, b := newAsked(1), newAsked(2)
	b.seq = 2 // they left in another life
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "x"), b.opened(), b.record("gen_ai.choice", "x")})
	watched := follow(t, h, a.ID, "")
	require.Equal(t, []string{"request.open", "r1#1"}, told(t, h, watched))
	to.Publish([]event.Fact{a.merged(b)})
	assert.Equal(t, []string{"request.merge", "stream.lost", "request.open", "r2#3", "r2#4"}, told(t, h, watched))
}

// A request that left and came back lacks what was between, also for those who
// know where they were.
func TestComingBackToWhatLeft(t *testing.T) {
	opts := options()
	opts.MaxRequests = 1
	h := newHub(t, opts)
	to, a := h.Publisher("p"), newAsked(1)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "x")})
	cursor := h.Cursor()
	to.Publish([]event.Fact{a.record("gen_ai.choice", "x"), newAsked(2).opened(), a.record("gen_ai.choice", "x")})
	s := follow(t, h, a.ID, cursor)
	assert.Equal(t, []string{"stream.lost", "r1#3"}, told(t, h, s))
	assert.Equal(t, h.Cursor(), s.Cursor())
}

// A part that left with events that were never shown says so.
func TestAPartOfWhatWasNeverShown(t *testing.T) {
	h := newHub(t, options())
	to, a := h.Publisher("p"), newAsked(1)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.choice", "x")})
	watched := follow(t, h, a.ID, "")
	require.Equal(t, []string{"request.open", "r1#1"}, told(t, h, watched))
	a.seq++
	to.Publish([]event.Fact{a.flushed(event.FlushTTL)})
	assert.Equal(t, []string{"stream.lost", "request.flush"}, told(t, h, watched))
}
