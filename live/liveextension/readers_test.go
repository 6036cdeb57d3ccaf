package liveextension_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// A deadline is for what is being written: a stream on which nothing happens for
// longer goes on.
func TestQuietStreamsOutliveTheTimeouts(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) {
			c.Keepalive = time.Second
			c.WriteTimeout, c.Server.ReadTimeout = 300*time.Millisecond, 300*time.Millisecond
		}, nil)
		resp := r.get(t, "/api/v1/events")
		var got strings.Builder
		buffer := make([]byte, 256)
		for strings.Count(got.String(), ": keepalive\n") < 2 {
			n, err := resp.Body.Read(buffer)
			require.NoError(t, err)
			got.Write(buffer[:n])
		}
		r.Publish([]event.Fact{record(request("r", 1), 1, "gen_ai.a", "x")})
		assert.Equal(t, "gen_ai.a", newBrowser(t, resp.Body).must().name)
		assert.Zero(t, liveextension.Stats(r.Component).Disconnected)
	})
}

// A reader for whom there is always something does not stay for ever.
func TestMaxConnectionAgeOfABusyStream(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) { c.MaxConnectionAge = 20 * time.Millisecond }, nil)
		r.takesLittle(nil)
		const events = 8000
		r.publishMuch(events)
		all := newBrowser(t, slow{r.get(t, "/api/v1/events?since=begin").Body}).rest()
		assert.Less(t, len(all), events)
		last := all[len(all)-1]
		assert.Equal(t, "stream.end", last.name)
		assert.JSONEq(t, `{"reason":"max_connection_age"}`, last.data)
		assert.Zero(t, liveextension.Stats(r.Component).Disconnected)
	})
}

// Who leaves while something is written to it did not fail to take it.
func TestReadersThatLeaveAreNotDisconnected(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) { c.WriteTimeout = long }, nil)
		r.takesLittle(nil)
		r.publishMuch(4000)
		for range 10 {
			resp := r.get(t, "/api/v1/events?since=begin")
			newBrowser(t, resp.Body).must()
			require.NoError(t, resp.Body.Close())
		}
		require.Eventually(t, func() bool { return liveextension.Stats(r.Component).Subscribers == 0 }, long, 10*time.Millisecond)
		assert.Zero(t, liveextension.Stats(r.Component).Disconnected)
	})
}

func TestReadersThatTakeNothingAreDisconnected(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) { c.WriteTimeout = 200 * time.Millisecond }, nil)
		r.takesLittle(nil)
		r.publishMuch(8000)
		r.get(t, "/api/v1/events?since=begin")
		require.Eventually(t, func() bool { return liveextension.Stats(r.Component).Subscribers == 0 }, long, 10*time.Millisecond)
		assert.EqualValues(t, 1, liveextension.Stats(r.Component).Disconnected)
	})
}
