package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	"github.com/stretchr/testify/require"
	gosse "github.com/tmaxmax/go-sse"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// marker begins the data of each event.
const marker = `data: {`

// payload is the data of a peer's events: what ours is in size.
var payload = `{"x":"` + strings.Repeat("x", 404) + `"}`

// arrivals counts what readers were given.
type arrivals struct {
	count  atomic.Int64
	target atomic.Int64
	there  chan struct{}
}

func newArrivals() *arrivals { return &arrivals{there: make(chan struct{}, 1)} }

func (a *arrivals) add(n int) {
	if n > 0 && a.count.Add(int64(n)) >= a.target.Load() {
		select {
		case a.there <- struct{}{}:
		default:
		}
	}
}

// await answers whether all arrived.
func (a *arrivals) await(patience time.Duration) bool {
	deadline := time.After(patience)
	for a.count.Load() < a.target.Load() {
		select {
		case <-a.there:
		case <-deadline:
			return false
		}
	}
	return true
}

// server is one of those that are compared.
type server struct {
	name string
	// inProcess adds readers in the process.
	inProcess func(b *testing.B, readers int, got *arrivals) (publish func(burst int))
	// serve answers the address and path of a stream.
	serve func(b *testing.B) (address, path string, publish func(burst int))
}

var servers = []server{
	{"gen_ai_live", oursInProcess, oursServed},
	{"go-sse", goSSEInProcess, goSSEServed},
	{"r3labs", r3labsInProcess, r3labsServed},
}

func publishOurs(to live.Publisher) func(int) {
	origin := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	request := &live.Request{ID: "request"}
	log := plog.NewLogRecord()
	log.Body().SetStr(strings.Repeat("x", 290))
	packed := event.AppendRecord(nil, &event.Record{Log: log, Name: "gen_ai.user.message", Origin: origin})
	seq := uint64(0)
	var batch []live.Fact
	return func(burst int) {
		batch = batch[:0]
		for range burst {
			seq++
			batch = append(batch, live.Fact{Kind: live.Record, Request: request, Packed: packed, Origin: origin, Seq: seq})
		}
		to.Publish(batch)
	}
}

func oursInProcess(b *testing.B, readers int, got *arrivals) func(int) {
	h := live.NewHub(live.Options{
		RingEvents: 1 << 16, RingBytes: 64 << 20, Retention: time.Hour, RetainedBytes: 64 << 20, MaxRequests: 1000,
	})
	var reading sync.WaitGroup
	for range readers {
		s := h.Subscribe(live.Filter{}, live.Start{})
		reading.Go(func() {
			defer s.Close()
			var frames [][]byte
			for before := uint64(0); ; before = s.Delivered() {
				var err error
				if frames, err = s.Next(context.Background(), time.Hour, frames[:0], 64<<10); err != nil {
					return
				}
				for _, frame := range frames {
					_, _ = io.Discard.Write(frame)
				}
				got.add(int(s.Delivered() - before))
			}
		})
	}
	b.Cleanup(func() {
		h.Stop()
		reading.Wait()
	})
	return publishOurs(h.Publisher("p"))
}

func oursServed(b *testing.B) (address, path string, publish func(int)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	address = l.Addr().String()
	require.NoError(b, l.Close())
	cfg := liveextension.NewDefaultConfig()
	cfg.Server.NetAddr.Endpoint = address
	factory := liveextension.NewFactory()
	settings := extension.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	x, err := factory.Create(context.Background(), settings, cfg)
	require.NoError(b, err)
	require.NoError(b, x.Start(context.Background(), componenttest.NewNopHost()))
	b.Cleanup(func() { require.NoError(b, x.Shutdown(context.Background())) })
	return address, "/api/v1/events", publishOurs(x.(live.Publishers).Publisher("p"))
}

// counter is a reader of go-sse. As its session does, it writes what it is sent.
type counter struct{ got *arrivals }

func (c counter) Send(m *gosse.Message) error {
	_, err := m.WriteTo(io.Discard)
	c.got.add(1)
	return err
}

func (counter) Flush() error { return nil }

func goSSEMessage() *gosse.Message {
	m := &gosse.Message{Type: gosse.Type("gen_ai.user.message"), ID: gosse.ID("0123456789abcdef-1")}
	m.AppendData(payload)
	return m
}

func goSSEInProcess(b *testing.B, readers int, got *arrivals) func(int) {
	joe := &gosse.Joe{}
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			_ = joe.Subscribe(ctx, gosse.Subscription{Client: counter{got}, Topics: []string{gosse.DefaultTopic}})
		})
	}
	b.Cleanup(func() {
		cancel()
		reading.Wait()
		_ = joe.Shutdown(context.Background())
	})
	time.Sleep(time.Duration(readers) * 50 * time.Microsecond) // it does not say when readers are there
	return func(burst int) {
		for range burst {
			_ = joe.Publish(goSSEMessage(), []string{gosse.DefaultTopic})
		}
	}
}

func goSSEServed(b *testing.B) (address, path string, publish func(int)) {
	s := &gosse.Server{}
	served := httptest.NewServer(s)
	b.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		served.CloseClientConnections()
		served.Close()
	})
	return served.Listener.Addr().String(), "/", func(burst int) {
		for range burst {
			_ = s.Publish(goSSEMessage())
		}
	}
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
	if bytes.HasPrefix(p, []byte(marker)) {
		d.got.add(1)
	}
	return len(p), nil
}

func newR3labs() (*r3labs.Server, func(int)) {
	s := r3labs.New()
	s.AutoReplay = false
	s.CreateStream("all")
	return s, func(burst int) {
		for range burst {
			s.Publish("all", &r3labs.Event{ID: []byte("0123456789abcdef-1"), Event: []byte("gen_ai.user.message"), Data: []byte(payload)})
		}
	}
}

func r3labsInProcess(b *testing.B, readers int, got *arrivals) func(int) {
	s, publish := newR3labs()
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	for range readers {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/?stream=all", http.NoBody)
		reading.Go(func() { s.ServeHTTP(&discard{http.Header{}, got}, r) })
	}
	b.Cleanup(func() {
		s.Close()
		cancel()
		reading.Wait()
	})
	time.Sleep(time.Duration(readers) * 50 * time.Microsecond) // as above
	return publish
}

func r3labsServed(b *testing.B) (address, path string, publish func(int)) {
	s, publish := newR3labs()
	served := httptest.NewServer(s)
	b.Cleanup(func() {
		s.Close()
		served.CloseClientConnections()
		served.Close()
	})
	return served.Listener.Addr().String(), "/?stream=all", publish
}

const patience = 30 * time.Second

// BenchmarkInProcess is the time per event that a reader in the process is given.
func BenchmarkInProcess(b *testing.B) {
	for _, readers := range []int{1, 100, 1000, 10_000} {
		for _, burst := range []int{1, 64} {
			for _, one := range servers {
				b.Run(fmt.Sprintf("readers=%d/burst=%d/%s", readers, burst, one.name), func(b *testing.B) {
					got := newArrivals()
					publish := one.inProcess(b, readers, got)
					for b.Loop() {
						got.target.Add(int64(readers * burst))
						publish(burst)
						if !got.await(patience) {
							b.Fatalf("%d of %d arrived", got.count.Load(), got.target.Load())
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(got.count.Load()), "ns/event")
				})
			}
		}
	}
}

// BenchmarkOverHTTP is how many events reach 1,000 clients per second.
func BenchmarkOverHTTP(b *testing.B) {
	const clients, burst = 1000, 500
	for _, one := range servers {
		b.Run(fmt.Sprintf("clients=%d/burst=%d/%s", clients, burst, one.name), func(b *testing.B) {
			address, path, publish := one.serve(b)
			got := newArrivals()
			var reading sync.WaitGroup
			b.Cleanup(reading.Wait) // once they are closed, which comes after and so goes first
			for range clients {
				conn := connect(b, address, path)
				reading.Go(func() { count(conn, got) })
				b.Cleanup(func() { _ = conn.Close() })
			}
			time.Sleep(200 * time.Millisecond) // a peer does not say when its readers are there
			for b.Loop() {
				got.target.Add(clients * burst)
				publish(burst)
				if !got.await(patience) {
					b.Fatalf("%d of %d arrived", got.count.Load(), got.target.Load())
				}
			}
			b.ReportMetric(float64(got.count.Load())/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

func connect(b *testing.B, address, path string) net.Conn {
	conn, err := net.Dial("tcp", address)
	require.NoError(b, err)
	_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
	require.NoError(b, err)
	return conn
}

// count reads a stream and counts its events.
func count(conn net.Conn, got *arrivals) {
	in := bufio.NewReaderSize(conn, 64<<10)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		waiting, _ := in.Peek(in.Buffered())
		got.add(bytes.Count(waiting, []byte(marker)))
		keep := 0 // a marker may be cut in two
		for n := min(len(marker)-1, len(waiting)); n > 0; n-- {
			if strings.HasPrefix(marker, string(waiting[len(waiting)-n:])) {
				keep = n
				break
			}
		}
		_, _ = in.Discard(len(waiting) - keep)
		if keep > 0 {
			if _, err := in.Peek(keep + 1); err != nil {
				return
			}
		}
	}
}
