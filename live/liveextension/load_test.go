package liveextension_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// An event of any size is shown whole to who opens its request, and to who watches
// everything unless the ring cannot hold it, which is told.
func TestLargeEvents(t *testing.T) {
	whole := []string{"request.open", "gen_ai.a", "request.flush"}
	for name, c := range map[string]struct {
		ring config.Size
		want []string
	}{
		"fits": {64 << 20, whole}, "does not": {1 << 20, []string{"stream.lost", "request.flush"}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, start starter) {
				r := start(t, func(cfg *liveextension.Config) { cfg.Ring.Bytes = c.ring }, nil)
				of := request("r", 1)
				watching := newBrowser(t, r.get(t, "/api/v1/events").Body)
				const large = 8 << 20
				r.Publish([]event.Fact{opened(of), record(of, 1, "gen_ai.a", strings.Repeat("x", large)), flushed(of, 1)})
				one := newBrowser(t, r.get(t, "/api/v1/requests/r/events").Body)
				for b, want := range map[*browser][]string{watching: c.want, one: whole} {
					for _, name := range want {
						e := b.must()
						require.Equal(t, name, e.name)
						if name == "gen_ai.a" {
							var data struct{ Body string }
							require.NoError(t, json.Unmarshal([]byte(e.data), &data))
							assert.Len(t, data.Body, large)
						}
					}
				}
			})
		})
	}
}

// heap is what is alive, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A thousand readers, brisk, slow, filtered, stalled, leaving for good and coming
// back, while somebody publishes as fast as it can: who goes on is given or told
// of every event, who takes nothing is disconnected, and memory does not depend
// on what was published.
func TestAThousandReadersOfAllKinds(t *testing.T) {
	const (
		ring, retained = 256 << 10, 32 << 20
		// perConnection is what a reader costs with its client, perWrite what
		// it holds beside that while a write waits for it.
		perConnection, perWrite = 48 << 10, 192 << 10
		brisk, slow, filtered   = 200, 350, 100
		back, gone, stalled     = 150, 100, 100
	)
	r := start(t, func(c *liveextension.Config) {
		c.Ring.Events, c.Ring.Bytes, c.RetainedBytes, c.MaxRequests = 400, ring, retained, 100
		c.WriteTimeout = 2 * time.Second
	}, nil)
	liveextension.StopIn(r.Component, long, long, long)
	c := newCrowd(r)
	base := heap()

	big := c.publishBig()
	var viewers []*viewer
	for n := range brisk + slow + filtered + back {
		v := &viewer{crowd: c, random: rand.New(rand.NewPCG(1, uint64(n)))}
		v.stalls = n >= brisk && n < brisk+slow
		v.flushes = n >= brisk+slow && n < brisk+slow+filtered
		v.leaves = n >= brisk+slow+filtered
		if v.flushes {
			v.query = "?name=request.flush"
		}
		viewers = append(viewers, v)
	}
	var watching sync.WaitGroup
	failures := make([]error, len(viewers))
	c.subscribed.Add(len(viewers))
	c.arrived.Add(len(viewers))
	for i, v := range viewers {
		watching.Go(func() {
			if failures[i] = v.watch(); failures[i] != nil {
				c.broken.Store(true)
			}
		})
	}
	c.takeNothing(t, big, stalled)
	c.subscribed.Wait()
	watching.Go(func() { c.goForGood(gone) })

	peak := int64(0)
	c.publishUntil(func(requests int) bool {
		if requests%1000 == 0 {
			peak = max(peak, heap()-base)
		}
		return requests >= 3000 && c.fed.Load() >= brisk && c.behind.Load() == slow
	})
	c.arrived.Wait()
	// Those that took nothing are disconnected, those that left are not there.
	settled := func() bool {
		return c.broken.Load() || liveextension.Stats(r.Component).Subscribers == int64(len(viewers))
	}
	require.Eventually(t, settled, long, 10*time.Millisecond, "%+v", liveextension.Stats(r.Component))
	quiet := heap() - base
	r.stop(t)
	watching.Wait()
	for i, err := range failures {
		require.NoError(t, err, "reader %d", i)
	}
	c.account(t, viewers)
	stats := liveextension.Stats(r.Component)
	assert.GreaterOrEqual(t, stats.Disconnected, uint64(stalled))
	connections := int64(len(viewers) + gone + stalled)
	assert.Less(t, quiet, ring+retained+int64(len(viewers))*perConnection)
	assert.Less(t, peak, ring+retained+connections*(perConnection+perWrite))
	t.Logf("%d published, %d disconnected; bytes alive: %d quiet, %d at most", stats.Published, stats.Disconnected, quiet, peak)
}

// takeNothing opens streams of a request that nobody reads.
func (c *crowd) takeNothing(t *testing.T, id string, n int) {
	t.Helper()
	for range n {
		conn, err := net.Dial("tcp", c.address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
		_, err = io.WriteString(conn, "GET /api/v1/requests/"+id+"/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
	}
}

// goForGood opens streams, reads a little and is gone.
func (c *crowd) goForGood(n int) {
	for range n {
		conn, in, err := c.dial("?since=begin", "")
		if err == nil {
			_, _ = in.Discard(4 << 10)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// account adds up what everybody was given and told.
func (c *crowd) account(t *testing.T, viewers []*viewer) {
	t.Helper()
	var kinds = map[string][3]uint64{}
	for i, v := range viewers {
		assert.Equal(t, c.end.Load(), v.at, "reader %d", i)
		assert.Equal(t, "stream.end", v.last, "reader %d", i)
		kind := "brisk"
		switch {
		case v.flushes:
			kind = "filtered"
			assert.LessOrEqual(t, v.given, (v.at-c.before)/perRequest)
			assert.GreaterOrEqual(t, c.before+v.given*perRequest+v.missed, v.at, "reader %d", i)
		case v.query == "":
			assert.Equal(t, v.at, c.before+v.given+v.missed, "reader %d", i)
		}
		if v.stalls {
			kind = "slow"
			assert.NotZero(t, v.missed)
		}
		if v.connections > 1 {
			kind = strings.TrimSpace(kind + " in parts")
		}
		sum := kinds[kind]
		kinds[kind] = [3]uint64{sum[0] + 1, sum[1] + v.given, sum[2] + v.missed}
	}
	for kind, sum := range kinds {
		t.Logf("%d %s: %d given, %d lost", sum[0], kind, sum[1], sum[2])
	}
}
