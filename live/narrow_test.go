package live_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// While the hub finds out what a filter asks for, readers come, wait and go, and
// publishers publish. Those who come then miss nothing.
func TestNobodyWaitsForWhatFiltersAsk(t *testing.T) {
	h := newHub(t, options())
	to, a, b := h.Publisher("p"), newAsked(1), newAsked(2)
	to.Publish([]event.Fact{a.opened(), b.opened()})
	subscribe := func(key, value string) *live.Subscription {
		s := h.Subscribe(live.ParseFilter(map[string][]string{key: {value}}), live.Start{})
		t.Cleanup(s.Close)
		return s
	}
	wait := func(s *live.Subscription) <-chan [][]byte {
		read := make(chan [][]byte, 1)
		go func() {
			raw, err := s.Next(t.Context(), time.Hour, nil, 1<<20)
			assert.NoError(t, err)
			read <- raw
		}()
		return read
	}
	first := wait(subscribe("provider", "openai"))
	require.Eventually(t, func() bool { return h.Waiting() == 1 }, time.Minute, time.Microsecond)

	release := h.HoldKnowledge(a.ID)
	to.Publish([]event.Fact{a.call("openai")})
	stacks := make([]byte, 1<<20)
	require.Eventually(t, func() bool {
		return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "live.(*Hub).know(")
	}, time.Minute, time.Microsecond, "somebody finds out")

	meanwhile := make(chan (<-chan [][]byte), 1)
	go func() {
		going := h.Subscribe(live.ParseFilter(map[string][]string{"provider": {"x"}}), live.Start{})
		going.Close()
		staying := wait(subscribe("name", "gen_ai.choice"))
		to.Publish([]event.Fact{b.record("gen_ai.choice", "y")})
		meanwhile <- staying
	}()
	var second <-chan [][]byte
	select {
	case second = <-meanwhile:
		release()
	case <-time.After(10 * time.Second):
		release()
		t.Fatal("a reader waits for what a filter asks")
	}
	assert.Equal(t, []string{"request.call"}, names(parseFrames(t, <-first)))
	assert.Equal(t, []string{"gen_ai.choice"}, names(parseFrames(t, <-second)))
}
