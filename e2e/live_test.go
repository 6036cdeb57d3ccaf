package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown is the configuration of a live extension; more are keys of it.
func shown(more string) string {
	return fmt.Sprintf(`
extensions:
  gen_ai_live:
    endpoint: ${env:E2E_LIVE}
%s
processors:
  gen_ai_buffer:
    live: gen_ai_live
service:
  extensions: [health_check, pprof, gen_ai_live]
`, indent(more, 4))
}

// TestLiveShowsARequestWhileItHappens: a stream that is open gets each event of
// a request when it arrives, and the envelope's id once it has left; the
// request's own stream ends then, and its snapshot is the envelope.
func TestLiveShowsARequestWhileItHappens(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 200ms"), shown("")}})
	base := "http://" + c.live
	all := watch(t, base+"/api/v1/events", nil)
	client, who := newHTTPClient(t, c.http), newIDs()

	b := newBatch()
	b.addLog(who, "gen_ai.user.message", "is anybody there?")
	mustSendLogs(t, client, b.logs)
	at := all.await(0, "the opening", eventOf(t, "request.open", who.requestID()))
	at = all.await(at, "the message", eventOf(t, "gen_ai.user.message", who.requestID()))
	assert.Equal(t, 1, all.seen()[at-1].read(t).Seq)
	assert.Contains(t, string(all.seen()[at-1].Data), "is anybody there?")
	assert.Equal(t, "gen_ai_buffer", all.seen()[at-1].read(t).Processor)
	one := watch(t, base+"/api/v1/requests/"+who.requestID()+"/events", nil)
	one.await(0, "the message", eventOf(t, "gen_ai.user.message", who.requestID()))
	var snapshot struct {
		State  string           `json:"state"`
		Events []map[string]any `json:"events"`
	}
	getJSON(t, base+"/api/v1/requests/"+who.requestID(), &snapshot, nil)
	assert.Equal(t, "open", snapshot.State)
	assert.Len(t, snapshot.Events, 1)

	b = newBatch()
	b.addSpan(who, "chat gpt-4o-mini")
	mustSendTraces(t, client, b.traces)
	at = all.await(at, "the call", eventOf(t, "request.call", who.requestID()))
	at = all.await(at, "the end", eventOf(t, "request.end", who.requestID()))
	at = all.await(at, "the flush", eventOf(t, "request.flush", who.requestID()))
	s.awaitEnvelopes(1)
	sent := s.delivered().one(t, who.requestID())
	assert.Equal(t, sent.ID, all.seen()[at-1].read(t).ID)
	one.await(0, "the flush", eventOf(t, "request.flush", who.requestID()))
	require.Eventually(t, func() bool {
		one.mu.Lock()
		defer one.mu.Unlock()
		return one.ended != nil
	}, patience, time.Millisecond, "the stream of one request ends with it")
	getJSON(t, base+"/api/v1/requests/"+who.requestID(), &snapshot, nil)
	assert.Equal(t, "flushed", snapshot.State)
	assert.Len(t, snapshot.Events, len(sent.Events))
	c.stop()
	all.await(at, "the end of the stream", func(f watchedFrame) bool { return f.Type == "stream.end" })
}

// TestPublishedClientsComeBack: a viewer that somebody else wrote goes on by
// itself after a restart of the collector, is told of the gap, and misses
// nothing after it.
func TestPublishedClientsComeBack(t *testing.T) {
	t.Parallel()
	certificate, key := newCertificate(t)
	secure := fmt.Sprintf("tls: {cert_file: %s, key_file: %s}", certificate, key)
	for _, kind := range []struct{ mode, scheme, more, protocol string }{
		{"eventsource", "http", "", ""},
		{"eventsource-h2", "https", secure, ""},
		{"browser", "http", "", "http/1.1"},
		{"browser", "https", secure, "h2"},
	} {
		t.Run(kind.mode+" "+kind.scheme, func(t *testing.T) {
			t.Parallel()
			s := newSink(t)
			l := launch{configs: []string{toSink(s, "linger: 200ms"), shown(kind.more)}}
			c := start(t, l)
			v := publishedClient(t, kind.mode, kind.scheme+"://"+c.live+"/api/v1/events?since=begin",
				"request.open", "gen_ai.user.message", "request.flush", "stream.lost", "stream.end")
			at := v.await(0, "the opening of the stream", func(f watchedFrame) bool { return f.Type == "open" })
			assert.Equal(t, kind.protocol, v.seen()[at-1].Protocol)

			before := newIDs()
			sendQuestion(t, c, before)
			at = v.await(at, "the first request", eventOf(t, "gen_ai.user.message", before.requestID()))
			require.NotEmpty(t, v.seen()[at-1].ID)
			c.stop()
			at = v.await(at, "the end of the stream", func(f watchedFrame) bool {
				// Undici drops what it has not handed on when GOAWAY comes.
				return f.Type == "stream.end" || kind.mode == "eventsource-h2" && f.Type == "error"
			})

			l.at = &c.addresses
			c = start(t, l)
			after := newIDs()
			sendQuestion(t, c, after)
			at = v.await(at, "word of what was lost", func(f watchedFrame) bool { return f.Type == "stream.lost" })
			lost := v.seen()[at-1].read(t)
			assert.Nil(t, lost.From, "of another life nothing is known")
			assert.Nil(t, lost.Count)
			at = v.await(at, "the opening of the second request", eventOf(t, "request.open", after.requestID()))
			v.await(at, "its message", eventOf(t, "gen_ai.user.message", after.requestID()))
			c.stop()
		})
	}
}

func sendQuestion(t *testing.T, c *collector, who ids) {
	t.Helper()
	b := newBatch()
	b.addLog(who, "gen_ai.user.message", "a question")
	mustSendLogs(t, newHTTPClient(t, c.http), b.logs)
}

// TestReloadsWithViewers: each of 20 reloads ends every stream with a final
// event, also beside a viewer that takes nothing, costs no acknowledged event,
// and leaves nothing behind.
func TestReloadsWithViewers(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, brisk), shown("")}})
	ours := c.goroutines("genaibufferprocessor")
	l := startLoad(t, bothClients(t, c)...)
	const reloads, viewers = 20, 5
	for range reloads {
		var watching []*viewer
		for i := range viewers {
			url := "http://" + c.live + "/api/v1/events"
			if i%2 == 1 {
				url += "?name=gen_ai.choice"
			}
			watching = append(watching, watch(t, url, nil))
		}
		askAndNeverRead(t, c.live)
		l.awaitSent(c, 5)
		for _, v := range watching {
			v.await(0, "something", func(watchedFrame) bool { return true })
		}
		c.reload()
		for _, v := range watching {
			v.await(0, "a final event", func(f watchedFrame) bool { return f.Type == "stream.end" })
		}
	}
	l.end()
	left := 0
	c.poll("the goroutines that there were at first", func() bool {
		left = c.goroutines("genaibufferprocessor")
		return left <= ours
	}, func() string { return fmt.Sprintf("%d, of %d", left, ours) })
	c.stop()
	l.ledger.check(t, s.delivered())
}

// askAndNeverRead opens a stream until the test ends.
func askAndNeverRead(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /api/v1/events?since=begin HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	require.NoError(t, err)
}

// goroutines counts those of the collector that have a text in their stack.
func (c *collector) goroutines(text string) int {
	c.t.Helper()
	response, err := askClient.Get("http://" + c.pprof + "/debug/pprof/goroutine?debug=2")
	require.NoError(c.t, err)
	defer response.Body.Close()
	stacks, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, text) {
			n++
		}
	}
	return n
}

// TestTwoBuffersOnOneExtension: each event says whose it is, and viewers can
// choose.
func TestTwoBuffersOnOneExtension(t *testing.T) {
	t.Parallel()
	c := start(t, launch{configs: []string{`
receivers:
  otlp/2:
    protocols: {http: {endpoint: "${env:E2E_HTTP2}"}}
extensions:
  gen_ai_live: {endpoint: "${env:E2E_LIVE}"}
processors:
  gen_ai_buffer/one: {live: gen_ai_live}
  gen_ai_buffer/two: {live: gen_ai_live}
service:
  extensions: [health_check, pprof, gen_ai_live]
  pipelines:
    logs/one: {receivers: [otlp], processors: [gen_ai_buffer/one], exporters: [nop]}
    logs/two: {receivers: [otlp/2], processors: [gen_ai_buffer/two], exporters: [nop]}
`}})
	base := "http://" + c.live + "/api/v1/events"
	all, two := watch(t, base, nil), watch(t, base+"?processor=gen_ai_buffer/two", nil)
	// One request id in both: they are two requests.
	who := newIDs()
	for _, address := range []string{c.http, c.http2} {
		b := newBatch()
		b.addLog(who, "gen_ai.user.message", "from "+address)
		mustSendLogs(t, newHTTPClient(t, address), b.logs)
	}
	from := func(processor string) func(watchedFrame) bool {
		return func(f watchedFrame) bool {
			return f.Type == "gen_ai.user.message" && f.read(t).Processor == processor
		}
	}
	all.await(all.await(0, "one", from("gen_ai_buffer/one")), "two", from("gen_ai_buffer/two"))
	at := two.await(0, "two", from("gen_ai_buffer/two"))
	for _, f := range two.seen()[:at] {
		assert.Equal(t, "gen_ai_buffer/two", f.read(t).Processor)
	}
	assert.Equal(t, 1, two.seen()[at-1].read(t).Seq)
	c.stop()
}

// newCertificate makes a certificate for 127.0.0.1 and answers its files.
func newCertificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gen_ai_live"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, data []byte) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600))
		return file
	}
	return write("cert.pem", "CERTIFICATE", signed), write("key.pem", "PRIVATE KEY", encoded)
}

// TestBehindNginx: the configuration in examples/ passes streams on as they
// come, under its prefix.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 200ms"), shown("")}})
	outside := startNginx(t, c.live)
	v := watch(t, "http://"+outside+"/gen-ai/api/v1/events", func(r *http.Request) { r.Host = "prompts.example.com" })
	who := newIDs()
	sendQuestion(t, c, who)
	v.await(0, "the message", eventOf(t, "gen_ai.user.message", who.requestID()))
	var list struct {
		Requests []struct {
			RequestID string `json:"request_id"`
		} `json:"requests"`
	}
	require.Equal(t, http.StatusOK, getJSON(t, "http://"+outside+"/gen-ai/api/v1/requests", &list, nil))
	require.Len(t, list.Requests, 1)
	assert.Equal(t, who.requestID(), list.Requests[0].RequestID)
	const strange = "chat/../ü%2F?q=1#x"
	b := newBatch()
	b.addLog(ids{}, "gen_ai.choice", "an answer")
	b.record.At(0).Attributes().PutStr("gen_ai.response.id", strange)
	mustSendLogs(t, newHTTPClient(t, c.http), b.logs)
	v.await(0, "the answer", eventOf(t, "gen_ai.choice", strange))
	var one struct {
		RequestID string `json:"request_id"`
	}
	require.Equal(t, http.StatusOK, getJSON(t, "http://"+outside+"/gen-ai/api/v1/requests/"+url.PathEscape(strange), &one, nil))
	assert.Equal(t, strange, one.RequestID)
	var problem struct {
		Status int `json:"status"`
	}
	getJSON(t, "http://"+c.live+"/api/v1/requests", &problem, func(r *http.Request) { r.Host = "prompts.example.com" })
	assert.Equal(t, http.StatusMisdirectedRequest, problem.Status, "without the proxy another name is refused")
	c.stop()
	v.await(0, "the end of the stream", func(f watchedFrame) bool { return f.Type == "stream.end" })
}
