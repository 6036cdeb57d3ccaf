package liveextension_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

func TestStreamConformsOnRawBytes(t *testing.T) {
	r := start(t, nil, nil)
	texts := []string{
		"a\nb", "a\rb", "a\r\nb", "a\x00b", "\ufeffbom", "", "data: x\n\nid: 9\n\nevent: y", ": c", "\u2028\u2029\u0085", "\xff\xfe", "日本\U0001f600",
	}
	resp := r.get(t, "/api/v1/events")
	b := newBrowser(t, resp.Body)
	for i, text := range texts {
		of := request("id "+text, byte(i))
		r.Publish([]event.Fact{record(of, 1, "gen_ai."+text, text)})
		got := b.must()
		require.NotContains(t, got.name, "\x00")
		require.True(t, strings.HasPrefix(got.name, "gen_ai."), got.name)
		data := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(got.data), &data))
		clean := strings.ToValidUTF8(text, "\ufffd")
		if text == "\xff\xfe" {
			clean = "\ufffd\ufffd"
		}
		require.Equal(t, "id "+clean, data["request_id"])
		if text != "" {
			require.Equal(t, clean, data["body"])
		}
		require.Regexp(t, `^[0-9a-f]{16}-[0-9]+$`, got.lastID)
	}
	assert.Equal(t, 2000, b.retry)
	assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	assert.Equal(t, "no", resp.Header.Get("X-Accel-Buffering"))
	assert.Empty(t, resp.Header.Get("Content-Encoding"))
}

func TestReconnectWithoutAGap(t *testing.T) {
	r := start(t, nil, nil)
	of := request("r", 1)
	first := r.get(t, "/api/v1/events")
	b := newBrowser(t, first.Body)
	r.Publish([]event.Fact{record(of, 1, "gen_ai.a", "x")})
	cursor := b.must().lastID
	require.NoError(t, first.Body.Close())
	r.Publish([]event.Fact{record(of, 2, "gen_ai.b", "x")})
	for _, again := range []*answer{
		r.get(t, "/api/v1/events", "Last-Event-ID", cursor),
		r.get(t, "/api/v1/events?since="+cursor),
		r.get(t, "/api/v1/events?since=begin", "Last-Event-ID", cursor),
	} {
		assert.Equal(t, "gen_ai.b", newBrowser(t, again.Body).must().name)
	}
	assert.Equal(t, "gen_ai.a", newBrowser(t, r.get(t, "/api/v1/events?since=begin").Body).must().name)

	// A client that reconnects before it was given anything knows where it was.
	silent := r.get(t, "/api/v1/events")
	head := make([]byte, 200)
	n, err := silent.Body.Read(head)
	require.NoError(t, err)
	assert.Contains(t, string(head[:n]), "\nid: "+strings.TrimSuffix(cursor, "-1")+"-2\n\n")

	// A cursor of another life of the server.
	old := newBrowser(t, r.get(t, "/api/v1/events", "Last-Event-ID", "0000000000000000-7").Body)
	lost := old.must()
	assert.Equal(t, "stream.lost", lost.name)
	assert.Equal(t, "{}", lost.data)
	assert.Equal(t, "gen_ai.a", old.must().name)
}

func TestOneRequest(t *testing.T) {
	r := start(t, nil, nil)
	of := request("a/b c", 1)
	r.Publish([]event.Fact{opened(of), record(of, 1, "gen_ai.a", "x"), flushed(of, 1)})
	path := "/api/v1/requests/a%2Fb%20c/events"
	all := newBrowser(t, r.get(t, path).Body).rest()
	require.Len(t, all, 3)
	assert.Equal(t, http.StatusNoContent, r.get(t, path, "Last-Event-ID", all[2].lastID).StatusCode)
	missing := r.get(t, "/api/v1/requests/none/events")
	assert.Equal(t, http.StatusNotFound, missing.StatusCode)
	assert.Equal(t, "application/problem+json", missing.Header.Get("Content-Type"))
	assert.Equal(t, "flushed", r.json(t, "/api/v1/requests/a%2Fb%20c")["state"])
}

func TestPastRetentionIsGone(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.MaxRequests = 1 }, nil)
	for i := range byte(3) {
		of := request("r"+string('0'+rune(i)), i)
		r.Publish([]event.Fact{record(of, 1, "gen_ai.a", "x"), flushed(of, 1)})
	}
	assert.Equal(t, http.StatusGone, r.get(t, "/api/v1/requests/r0/events").StatusCode)
	assert.Equal(t, http.StatusGone, r.get(t, "/api/v1/requests/r0").StatusCode)
}

func TestHeadAnswersAtOnce(t *testing.T) {
	r := start(t, nil, nil)
	resp := r.do(t, http.MethodHead, "/api/v1/events")
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	assert.Equal(t, http.StatusMethodNotAllowed, r.do(t, http.MethodPost, "/api/v1/events").StatusCode)
}

func TestQuietStreamsKeepTheirPlace(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.Keepalive = time.Second }, nil)
	resp := r.get(t, "/api/v1/events?request_id=other")
	r.Publish([]event.Fact{record(request("r", 1), 1, "gen_ai.a", "x")})
	var got strings.Builder
	buffer := make([]byte, 256)
	for !strings.Contains(got.String(), ": keepalive\n") {
		n, err := resp.Body.Read(buffer)
		require.NoError(t, err)
		got.Write(buffer[:n])
	}
	_, after, _ := strings.Cut(got.String(), ": keepalive\n")
	assert.Regexp(t, `^id: [0-9a-f]{16}-1\n\n$`, after)
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	r := start(t, nil, nil)
	streams := []*browser{
		newBrowser(t, r.get(t, "/api/v1/events").Body),
		newBrowser(t, r.get(t, "/api/v1/events?name=x").Body),
	}
	stuck, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	defer stuck.Close()
	_, err = io.WriteString(stuck, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	begun := time.Now()
	r.stop(t)
	assert.Less(t, time.Since(begun), time.Second)
	for _, b := range streams {
		all := b.rest()
		require.Len(t, all, 1)
		assert.Equal(t, "stream.end", all[0].name)
		assert.JSONEq(t, `{"reason":"shutdown"}`, all[0].data)
	}
	r.Publish([]event.Fact{record(request("r", 1), 1, "gen_ai.a", "x")})
}

func TestMaxConnectionAge(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.MaxConnectionAge = 20 * time.Millisecond }, nil)
	all := newBrowser(t, r.get(t, "/api/v1/events").Body).rest()
	require.Len(t, all, 1)
	assert.Contains(t, all[0].data, "max_connection_age")
}

func TestTooManyStreams(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.MaxSubscribers = 1 }, nil)
	newBrowser(t, r.get(t, "/api/v1/events").Body)
	resp := r.get(t, "/api/v1/events")
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	assert.Equal(t, "2", resp.Header.Get("Retry-After"))
}

// A client that never reads is disconnected; the others see everything.
func TestClientThatNeverReads(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.WriteTimeout = 2 * time.Second }, nil)
	conn, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	_, err = io.WriteString(conn, "GET /api/v1/events?since=begin HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	b := newBrowser(t, r.get(t, "/api/v1/events?since=begin").Body)
	of := request("r", 1)
	const events = 1500
	content := strings.Repeat("x", 4000)
	go func() {
		for i := range events {
			r.Publish([]event.Fact{record(of, uint64(i+1), "gen_ai.a", content)})
		}
	}()
	for i := range events {
		got := b.must()
		require.Equal(t, "gen_ai.a", got.name)
		require.True(t, strings.HasSuffix(got.lastID, "-"+json.Number(jsonInt(i+1)).String()))
	}
	require.Eventually(t, func() bool { return r.json(t, "/api/v1/stats")["disconnected"] == 1.0 }, 10*time.Second, 20*time.Millisecond)
}

func jsonInt(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}
