package liveextension_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// long is more than any machine takes.
const long = time.Minute

// slow is a reader that takes at most 4 KiB in a millisecond.
type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.Reader.Read(p[:min(len(p), 4<<10)])
}

// publishMuch publishes events of four kilobytes.
func (r *running) publishMuch(events int) {
	of, content := request("r", 1), strings.Repeat("x", 4000)
	for i := range events {
		r.Publish([]event.Fact{record(of, uint64(i+1), "gen_ai.a", content)})
	}
}

func TestReaderThatKeepsUpGetsEverythingBeforeTheStop(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, nil, nil)
		liveextension.StopIn(r.Component, long, long, long)
		const events = 2000
		r.publishMuch(events)
		b := newBrowser(t, r.get(t, "/api/v1/events?since=begin").Body)
		all := make(chan []dispatched)
		go func() { all <- b.rest() }()
		r.stop(t)
		got := <-all
		require.Len(t, got, events+1)
		assert.Equal(t, "stream.end", got[events].name)
	})
}

// A reader that is slow cannot have everything, and is told where it ends.
func TestSlowReaderIsToldOfTheStop(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, nil, nil)
		liveextension.StopIn(r.Component, 50*time.Millisecond, long, long)
		r.takesLittle(nil)
		const events = 8000
		r.publishMuch(events)
		b := newBrowser(t, slow{r.get(t, "/api/v1/events?since=begin").Body})
		all := make(chan []dispatched)
		go func() { all <- b.rest() }()
		r.stop(t)
		got := <-all
		assert.Less(t, len(got), events)
		assert.Equal(t, "stream.end", got[len(got)-1].name)
	})
}

// What a reader does not take is not waited for.
func TestStuckReaderDoesNotHoldUpTheStop(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) { c.WriteTimeout = long }, nil)
		liveextension.StopIn(r.Component, long, 100*time.Millisecond, long)
		r.takesLittle(nil)
		r.publishMuch(8000)
		stuck := r.get(t, "/api/v1/events?since=begin")
		begun := time.Now()
		r.stop(t)
		assert.Less(t, time.Since(begun), long/2)
		_, err := io.Copy(io.Discard, stuck.Body)
		require.Error(t, err, "it is cut off")
	})
}

// Start and stop leave nothing behind, and every reader that reads has a last event.
func TestStartAndStopWithReaders(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for range 1000 {
		require.True(t, t.Run("once", startAndStop)) // which lets go of all it had
	}
	goleak.VerifyNone(t, before)
}

func startAndStop(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.Ring.Events = 1024 }, nil)
	defer r.client.CloseIdleConnections()
	r.Publish([]event.Fact{opened(request("r", 1))})
	read := make(chan []dispatched)
	for _, path := range []string{"/api/v1/events", "/api/v1/events?name=none", "/api/v1/requests/r/events"} {
		resp := r.get(t, path)
		go func() {
			defer resp.Body.Close()
			read <- newBrowser(t, resp.Body).rest()
		}()
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range uint64(20) {
			r.Publish([]event.Fact{record(request("r", 1), i+1, "gen_ai.a", "x")})
		}
	}()
	r.stop(t)
	for range 3 {
		all := <-read
		require.NotEmpty(t, all)
		require.Equal(t, "stream.end", all[len(all)-1].name)
	}
	<-published
}

// gate is a connection that reads nothing once it is shut.
type gate struct {
	net.Conn
	shut, closed chan struct{}
	once         sync.Once
}

func (g *gate) Read(p []byte) (int, error) {
	select {
	case <-g.shut:
		<-g.closed
		return 0, net.ErrClosed
	default:
		return g.Conn.Read(p)
	}
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Conn.Close()
}

// A connection of HTTP/2 that takes nothing holds neither its streams nor a stop,
// also while TLS waits for it.
func TestStuckHTTP2Connection(t *testing.T) {
	for name, writeTimeout := range map[string]time.Duration{
		"write_timeout": 200 * time.Millisecond, "stop": long, "stop while it closes": 200 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			r := startHTTP2(t, func(c *liveextension.Config) { c.WriteTimeout = writeTimeout }, nil)
			shut := make(chan struct{})
			var gates []*gate
			r.takesLittle(func(c net.Conn) net.Conn {
				gates = append(gates, &gate{Conn: c, shut: shut, closed: make(chan struct{})})
				return gates[len(gates)-1]
			})
			const connections = 24
			for range connections {
				r.client.Transport = r.client.Transport.(*http.Transport).Clone()
				require.Equal(t, 2, r.get(t, "/api/v1/events?since=begin").ProtoMajor)
			}
			t.Cleanup(func() {
				for _, one := range gates {
					_ = one.Close()
				}
			})
			close(shut)
			r.publishMuch(8000)
			if name == "write_timeout" {
				require.Eventually(t, func() bool { return liveextension.Stats(r.Component).Subscribers == 0 }, long, 10*time.Millisecond)
				assert.Positive(t, liveextension.Stats(r.Component).Disconnected)
			}
			begun := time.Now()
			r.stop(t)
			const closeOfTLS = 5 * time.Second
			assert.Less(t, time.Since(begun), closeOfTLS*9/10)
		})
	}
}

// reporting is a host that is told of component status.
type reporting struct {
	host
	told chan *componentstatus.Event
}

func (r reporting) Report(event *componentstatus.Event) { r.told <- event }

// A server that fails is told to the collector; one that is stopped did not fail.
func TestStatus(t *testing.T) {
	factory := liveextension.NewFactory()
	for i := range 20 {
		broken := i == 0
		cfg := liveextension.NewDefaultConfig()
		cfg.Server.NetAddr.Endpoint = "127.0.0.1:0"
		x, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
		require.NoError(t, err)
		told := make(chan *componentstatus.Event, 1)
		require.NoError(t, x.Start(t.Context(), reporting{told: told}))
		if broken {
			require.NoError(t, liveextension.BreakListener(x))
			event := <-told
			assert.Equal(t, componentstatus.StatusFatalError, event.Status())
			require.ErrorIs(t, event.Err(), net.ErrClosed)
		}
		require.NoError(t, x.Shutdown(t.Context()))
		assert.Empty(t, told)
	}
}
