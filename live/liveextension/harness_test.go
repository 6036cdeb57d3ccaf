package liveextension_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// running is an extension that serves on a port of its own.
type running struct {
	component.Component
	live.Publisher
	address string
	scheme  string
	client  *http.Client
	shut    bool
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func start(t testing.TB, change func(*liveextension.Config), extensions host) *running {
	t.Helper()
	cfg := liveextension.NewDefaultConfig()
	cfg.Server.NetAddr.Endpoint = freeAddress(t)
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	factory := liveextension.NewFactory()
	x, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	if extensions == nil {
		extensions = host{}
	}
	require.NoError(t, x.Start(context.Background(), extensions))
	r := &running{
		Component: x, Publisher: x.(live.Publishers).Publisher("gen_ai_buffer"), scheme: "http",
		address: cfg.Server.NetAddr.Endpoint, client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
	}
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		r.stop(t)
	})
	return r
}

func (r *running) stop(t testing.TB) {
	if !r.shut {
		r.shut = true
		require.NoError(t, r.Shutdown(context.Background()))
	}
}

// answer is what a server says; its body is closed when the test ends.
type answer struct {
	StatusCode, ProtoMajor int
	Proto                  string
	Header                 http.Header
	Body                   io.ReadCloser
}

func (r *running) do(t testing.TB, method, path string, headers ...string) *answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.scheme+"://"+r.address+path, http.NoBody)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return &answer{resp.StatusCode, resp.ProtoMajor, resp.Proto, resp.Header, resp.Body}
}

func (r *running) get(t testing.TB, path string, headers ...string) *answer {
	t.Helper()
	return r.do(t, http.MethodGet, path, headers...)
}

func (r *running) json(t testing.TB, path string) map[string]any {
	t.Helper()
	resp := r.get(t, path)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	got := map[string]any{}
	require.NoError(t, json.Unmarshal(body, &got))
	return got
}

// dispatched is an event as a browser dispatches it.
type dispatched struct {
	name, data, lastID string
}

// browser reads a stream by the rules of the WHATWG, byte by byte.
type browser struct {
	t      testing.TB
	in     *bufio.Reader
	begun  bool
	lastID string
	retry  int
}

func newBrowser(t testing.TB, in io.Reader) *browser {
	return &browser{t: t, in: bufio.NewReader(in)}
}

// line reads up to LF, CR or CR LF.
func (b *browser) line() (string, error) {
	var line []byte
	for {
		if _, err := b.in.Peek(1); err != nil {
			return "", err
		}
		there, _ := b.in.Peek(b.in.Buffered())
		end := bytes.IndexAny(there, "\r\n")
		if end < 0 {
			line = append(line, there...)
			_, _ = b.in.Discard(len(there))
			continue
		}
		line = append(line, there[:end]...)
		crlf := there[end] == '\r'
		_, _ = b.in.Discard(end + 1)
		if !crlf {
			return string(line), nil
		}
		if next, err := b.in.Peek(1); err == nil && next[0] == '\n' {
			_, _ = b.in.Discard(1)
		}
		return string(line), nil
	}
}

// next answers the next event that has data.
func (b *browser) next() (dispatched, error) {
	if !b.begun {
		b.begun = true
		if bom, err := b.in.Peek(3); err == nil && bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
			_, _ = b.in.Discard(3)
		}
	}
	var name string
	var data []string
	id := b.lastID
	for {
		line, err := b.line()
		if err != nil {
			return dispatched{}, err
		}
		if line == "" {
			b.lastID = id
			if data != nil {
				return dispatched{name, strings.Join(data, "\n"), id}, nil
			}
			name = ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			data = append(data, value)
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if n, err := strconv.Atoi(value); err == nil && strings.Trim(value, "0123456789") == "" {
				b.retry = n
			}
		}
	}
}

func (b *browser) must() dispatched {
	b.t.Helper()
	e, err := b.next()
	require.NoError(b.t, err)
	return e
}

// rest reads to the end of the stream.
func (b *browser) rest() []dispatched {
	b.t.Helper()
	var all []dispatched
	for {
		e, err := b.next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return all
		}
		require.NoError(b.t, err)
		all = append(all, e)
	}
}

var origin = &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}

func request(id string, n byte) *event.Request {
	return &event.Request{ID: id, KeySource: "span", Opening: [16]byte{n}}
}

func record(of *event.Request, seq uint64, name, content string) event.Fact {
	log := plog.NewLogRecord()
	log.SetEventName(name)
	log.Body().SetStr(content)
	log.Attributes().PutStr(name, content)
	packed := event.AppendRecord(nil, &event.Record{Log: log, Name: name, Origin: origin})
	return event.Fact{Kind: event.FactRecord, Request: of, Packed: packed, Origin: origin, Seq: seq}
}

func opened(of *event.Request) event.Fact { return event.Fact{Kind: event.FactOpened, Request: of} }

func flushed(of *event.Request, last uint64) event.Fact {
	return event.Fact{Kind: event.FactFlushed, Request: of, Flush: &event.Flush{Part: 1, Reason: event.FlushTTL, LastSeq: last}}
}
