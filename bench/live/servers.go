package live

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Names of the servers.
const (
	Ours   = "gen_ai_live"
	GoSSE  = "go-sse"
	R3Labs = "r3labs"
)

// publish makes an event, in which the time stands when it should have been
// published, and answers what publishes it.
type publish func(time.Time) func()

// server is one of those that are compared.
type server struct {
	// inProcess adds readers in the process, which count in got; coalesce is
	// for a server that has it.
	inProcess func(readers int, coalesce time.Duration, got *arrivals) (publish, error)
	// serve answers the address and path of a stream.
	serve func() (address, path string, to publish, err error)
}

var servers = map[string]server{
	Ours:   {oursInProcess, func() (string, string, publish, error) { return serveOurs(nil) }},
	GoSSE:  {goSSEInProcess, serveGoSSE},
	R3Labs: {r3labsInProcess, serveR3labs},
}

// stamp comes before the time in each event, in nanoseconds and stampDigits digits.
const (
	stamp       = "@@"
	stampDigits = 19
)

// filling makes the data of all servers as long.
func filling(n int) string { return strings.Repeat("x", n) }

func stamped(at time.Time) string { return fmt.Sprintf("%s%0*d", stamp, stampDigits, at.UnixNano()) }

var origin = &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}

// fact is a record of a request as an engine publishes it.
func fact(of *event.Request, seq uint64, body string) event.Fact {
	log := plog.NewLogRecord()
	log.Body().SetStr(body)
	log.Attributes().PutStr(semconv.AttrConversationID, of.ID)
	return event.Fact{
		Kind: event.FactRecord, Request: of, Origin: origin, Seq: seq,
		Packed: event.AppendRecord(nil, &event.Record{Log: log, Name: "gen_ai.user.message", Origin: origin}),
	}
}

func publishOurs(to live.Publisher) publish {
	request := &event.Request{ID: "request"}
	rest := filling(202)
	seq := uint64(0)
	return func(at time.Time) func() {
		seq++
		batch := []event.Fact{fact(request, seq, stamped(at)+rest)}
		return func() { to.Publish(batch) }
	}
}

// hub is one with bounds like those of the extension.
func hub(coalesce time.Duration) *live.Hub {
	return live.NewHub(live.Options{
		RingEvents: 1 << 16, RingBytes: 64 << 20, Retention: 15 * time.Minute, RetainedBytes: 64 << 20, MaxRequests: 10_000,
		Coalesce: coalesce,
	})
}

// read reads a subscription as the extension does, to nowhere.
func read(s *live.Subscription, got *arrivals) {
	var pieces [][]byte
	for before := uint64(0); ; before = s.Delivered() {
		var err error
		if pieces, err = s.Next(context.Background(), 15*time.Second, pieces[:0], 64<<10); err == live.ErrStopped {
			return
		}
		for _, piece := range pieces {
			_, _ = io.Discard.Write(piece)
		}
		got.add(int64(s.Delivered() - before))
	}
}

func oursInProcess(readers int, coalesce time.Duration, got *arrivals) (publish, error) {
	h := hub(coalesce)
	for range readers {
		go read(h.Subscribe(live.Filter{}, live.Start{}), got)
	}
	return publishOurs(h.Publisher("p")), nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func serveOurs(change func(*liveextension.Config)) (address, path string, to publish, err error) {
	if address, err = freeAddress(); err != nil {
		return "", "", nil, err
	}
	cfg := liveextension.NewDefaultConfig()
	cfg.Server.NetAddr.Endpoint = address
	if change != nil {
		change(cfg)
	}
	factory := liveextension.NewFactory()
	settings := extension.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	x, err := factory.Create(context.Background(), settings, cfg)
	if err != nil {
		return "", "", nil, err
	}
	if err := x.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return "", "", nil, err
	}
	return address, "/api/v1/events", publishOurs(x.(live.Publishers).Publisher("p")), nil
}

// counter is a reader of go-sse. As its session does, it writes what it is sent.
type counter struct{ got *arrivals }

func (c counter) Send(m *gosse.Message) error {
	_, err := m.WriteTo(io.Discard)
	c.got.add(1)
	return err
}

func (counter) Flush() error { return nil }

// peerData is the data of a peer's event, as long as ours.
func peerData(at time.Time) string { return `{"x":"` + stamped(at) + filling(383) + `"}` }

func goSSEMessage(at time.Time) *gosse.Message {
	m := &gosse.Message{Type: gosse.Type("gen_ai.user.message"), ID: gosse.ID("0123456789abcdef-1")}
	m.AppendData(peerData(at))
	return m
}

func goSSEInProcess(readers int, _ time.Duration, got *arrivals) (publish, error) {
	joe := &gosse.Joe{}
	subscribed := sync.WaitGroup{}
	for range readers {
		subscribed.Add(1)
		go func() {
			subscribed.Done()
			_ = joe.Subscribe(context.Background(), gosse.Subscription{Client: counter{got}, Topics: []string{gosse.DefaultTopic}})
		}()
	}
	subscribed.Wait()
	settle(readers)
	topics := []string{gosse.DefaultTopic}
	return func(at time.Time) func() {
		m := goSSEMessage(at)
		return func() { _ = joe.Publish(m, topics) } // fails once it is stopped
	}, nil
}

func serveGoSSE() (address, path string, to publish, err error) {
	s := &gosse.Server{}
	served := httptest.NewServer(s)
	return served.Listener.Addr().String(), "/", func(at time.Time) func() {
		m := goSSEMessage(at)
		return func() { _ = s.Publish(m) } // as above
	}, nil
}

// discard counts the events that r3labs writes; it has no other way in.
type discard struct {
	header http.Header
	got    *arrivals
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Flush()              {}
func (d *discard) Write(p []byte) (int, error) {
	if len(p) > 100 { // it writes data at once, and everything else on its own
		d.got.add(1)
	}
	return len(p), nil
}

func newR3labs() (*r3labs.Server, publish) {
	s := r3labs.New()
	s.AutoReplay = false
	s.CreateStream("all")
	return s, func(at time.Time) func() {
		e := &r3labs.Event{ID: []byte("0123456789abcdef-1"), Event: []byte("gen_ai.user.message"), Data: []byte(peerData(at))}
		return func() { s.Publish("all", e) }
	}
}

func r3labsInProcess(readers int, _ time.Duration, got *arrivals) (publish, error) {
	s, to := newR3labs()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?stream=all", http.NoBody)
	for range readers {
		go s.ServeHTTP(&discard{http.Header{}, got}, r)
	}
	settle(readers)
	return to, nil
}

func serveR3labs() (address, path string, to publish, err error) {
	s, to := newR3labs()
	served := httptest.NewServer(s)
	return served.Listener.Addr().String(), "/?stream=all", to, nil
}

// settle lets the readers of a server come in that does not say when they are
// there.
func settle(readers int) {
	time.Sleep(100*time.Millisecond + time.Duration(readers)*50*time.Microsecond)
}
