package liveextension

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension/internal/metadata"
)

// maxHeaderBytes bounds a request's line and headers, the query included.
const maxHeaderBytes = 32 << 10

// answerWithin is how long a client has to take its answer, unless whoever answers
// says otherwise, as streams and snapshots do.
const answerWithin = 30 * time.Second

// stopTimes are how long a stop takes at most, from its beginning. There is time
// for what was published last, then for the last event, and all ends within a
// second.
type stopTimes struct{ drain, write, all time.Duration }

var usualStop = stopTimes{drain: 400 * time.Millisecond, write: 600 * time.Millisecond, all: 700 * time.Millisecond}

// ending is when a stop has streams end: what is published is written until
// drained, and nothing is written after written.
type ending struct{ drained, written time.Time }

// liveExtension is the component. It is inert until Start.
type liveExtension struct {
	set       extension.Settings
	cfg       *Config
	hub       *live.Hub
	telemetry *metadata.TelemetryBuilder
	labels    labels
	server    *http.Server
	listener  net.Listener
	address   net.Addr
	// authenticator is nil without auth.
	authenticator extensionauth.Server
	loopback      bool
	// stopping is done when streams have to end, which ending is set before.
	stopping context.Context
	stop     context.CancelFunc
	stopIn   stopTimes
	ending   ending
	served   chan struct{}
	streams  atomic.Int64
	handlers sync.WaitGroup
	sinks    sinks
	conns    conns
	// quiet is signalled when the last stream ends.
	quiet chan struct{}
}

var (
	_ extension.Extension = (*liveExtension)(nil)
	_ live.Publishers     = (*liveExtension)(nil)
)

func newExtension(set extension.Settings, cfg *Config) *liveExtension {
	return &liveExtension{set: set, cfg: cfg, stopIn: usualStop, quiet: make(chan struct{}, 1)}
}

// Publisher implements live.Publishers. It is to be called after Start; what is
// published to an extension that does not run goes nowhere.
func (x *liveExtension) Publisher(processor string) live.Publisher {
	if x.hub == nil {
		return nowhere{}
	}
	return x.hub.Publisher(processor)
}

type nowhere struct{}

func (nowhere) Publish([]event.Fact) {}

// Start implements component.Component.
func (x *liveExtension) Start(ctx context.Context, host component.Host) (err error) {
	extensions := host.GetExtensions()
	server := x.cfg.Server
	if auth := server.Auth.Get(); auth != nil {
		if x.authenticator, err = auth.Config.GetServerAuthenticator(ctx, extensions); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
	}
	// confighttp would guard the static files and /healthz as well.
	server.Auth = configoptional.None[confighttp.AuthConfig]()
	server.WriteTimeout = answerWithin
	// No route reads a body, nor is one to be unpacked before anything is looked at.
	server.CompressionAlgorithms = []string{}
	x.stopping, x.stop = context.WithCancel(context.Background())
	x.server, err = server.ToServer(ctx, extensions, x.set.TelemetrySettings, x.routes())
	if err != nil {
		x.stop()
		return err
	}
	x.server.Handler = x.bounded(x.server.Handler)
	x.server.MaxHeaderBytes = maxHeaderBytes
	// A connection of HTTP/2 that takes nothing cannot even be told that its
	// streams are reset. They are to run out of time first, to be counted.
	x.server.HTTP2 = &http.HTTP2Config{WriteByteTimeout: x.cfg.WriteTimeout + x.cfg.WriteTimeout/4}
	x.server.ConnState = x.conns.changed
	listener, err := server.ToListener(ctx)
	if err != nil {
		x.stop()
		return fmt.Errorf("endpoint: %w", err)
	}
	x.address = listener.Addr()
	x.loopback = reachesOnlyLoopback(x.address)
	_, unix := x.address.(*net.UnixAddr)
	if !x.loopback && !unix && !x.cfg.mayServeTheWorld() {
		x.stop()
		return errors.Join(x.cfg.errOpenToTheWorld(), listener.Close())
	}
	x.hub = live.NewHub(x.cfg.hub())
	if err := x.report(); err != nil {
		x.stop()
		x.hub.Stop()
		x.hub = nil
		return errors.Join(err, listener.Close())
	}
	x.listener, x.served = listener, make(chan struct{})
	go x.serve(listener, host)
	return nil
}

func (x *liveExtension) serve(listener net.Listener, host component.Host) {
	defer close(x.served)
	if err := x.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) && x.stopping.Err() == nil {
		componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
	}
}

// Shutdown implements component.Component: every stream gets its last event and
// ends within a second.
func (x *liveExtension) Shutdown(ctx context.Context) error {
	if x.hub == nil {
		return nil
	}
	begun := time.Now()
	x.ending = ending{drained: begun.Add(x.stopIn.drain), written: begun.Add(x.stopIn.write)}
	x.stop()
	// Whoever comes back from here on tries again until somebody listens; an
	// answer of 503 would end an EventSource for good.
	_ = x.listener.Close() // a second close is harmless
	x.hub.Stop()
	patience, done := context.WithDeadline(ctx, begun.Add(x.stopIn.all))
	defer done()
	cut := context.AfterFunc(patience, x.conns.cut)
	defer cut()
	x.sinks.hurry()
	x.awaitQuiet(patience)
	err := x.server.Shutdown(patience)
	if err != nil {
		err = x.server.Close()
	}
	<-x.served
	x.handlers.Wait()
	x.telemetry.Shutdown()
	return err
}

// awaitQuiet waits until all streams have ended. HTTP/2 says goodbye after that:
// there are clients that drop what they have not read by then.
func (x *liveExtension) awaitQuiet(patience context.Context) {
	for x.streams.Load() > 0 {
		select {
		case <-x.quiet:
		case <-patience.Done():
			return
		}
	}
}

func (c *Config) hub() live.Options {
	return live.Options{
		RingEvents:    c.Ring.Events,
		RingBytes:     int(c.Ring.Bytes),
		Retention:     c.Retention,
		RetainedBytes: int(c.RetainedBytes),
		MaxRequests:   c.MaxRequests,
		Hide:          c.Content == ContentHide,
		Coalesce:      c.Coalesce,
	}
}

func reachesOnlyLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
