package liveextension_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// dial connects to the server; what is not read within a long time fails.
func (r *running) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(long)))
	return conn
}

// closedByServer says that a connection has ended, in whatever way.
func closedByServer(t testing.TB, in io.Reader) {
	t.Helper()
	_, err := io.Copy(io.Discard, in)
	var late net.Error
	require.False(t, errors.As(err, &late) && late.Timeout(), "it is still open")
}

// A body that is announced and never sent is not waited for, whoever asks.
func TestBodiesThatNeverCome(t *testing.T) {
	r := start(t, func(c *liveextension.Config) {
		withAuth(c)
		c.Server.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://a.example"}})
	}, host{authID: authenticator{}})
	asked := map[string]net.Conn{}
	for _, first := range []string{
		"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nabc",
		"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 10\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", // it does come, and the connection ends all the same
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
		"OPTIONS /api/v1/stats HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example\r\n" +
			"Access-Control-Request-Method: GET\r\nContent-Length: 10\r\n\r\n",
	} {
		conn := r.dial(t)
		_, err := io.WriteString(conn, first)
		require.NoError(t, err)
		asked[first] = conn
	}
	for first, conn := range asked {
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		require.NoError(t, err, first)
		assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode, first)
		assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
		assert.True(t, resp.Close)
		require.NoError(t, resp.Body.Close())
		closedByServer(t, in)
	}
}

// They take no stream of a connection either, of which there are 250.
func TestBodiesThatNeverComeOverHTTP2(t *testing.T) {
	r := startHTTP2(t, nil, nil)
	var connections atomic.Int64
	r.takesLittle(func(c net.Conn) net.Conn {
		connections.Add(1)
		return c
	})
	for range 300 {
		out, in := io.Pipe()
		t.Cleanup(func() { _ = in.Close() })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.scheme+"://"+r.address+"/api/v1/events", out)
		require.NoError(t, err)
		resp, err := r.client.Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	}
	assert.Equal(t, http.StatusOK, r.get(t, "/healthz").StatusCode)
	assert.EqualValues(t, 1, connections.Load())
}

// What a body is encoded with is nobody's business where there is none.
func TestContentEncodingOfNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, withAuth, host{authID: authenticator{}})
		for _, encoding := range []string{"gzip", "zstd", "none-such"} {
			encoded := []string{"Content-Encoding", encoding}
			assert.Equal(t, http.StatusOK, r.get(t, "/healthz", encoded...).StatusCode)
			for want, more := range map[int][]string{
				http.StatusUnauthorized: nil, http.StatusOK: {"Authorization", "Bearer token"}, http.StatusMisdirectedRequest: {"Host", "evil.example"},
			} {
				resp := r.get(t, "/api/v1/stats", append(encoded, more...)...)
				assert.Equal(t, want, resp.StatusCode)
				if want != http.StatusOK {
					assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
				}
			}
		}
	})
}

// Headers that never end do end the connection, and so does a greeting of TLS;
// nobody else waits for them.
func TestHeadersThatNeverEnd(t *testing.T) {
	assert.Positive(t, liveextension.NewDefaultConfig().Server.ReadHeaderTimeout)
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, func(c *liveextension.Config) { c.Server.ReadHeaderTimeout = 300 * time.Millisecond }, nil)
		conns := make([]net.Conn, 100)
		var dribblers sync.WaitGroup
		for i := range conns {
			conn := r.dial(t)
			conns[i] = conn
			first := "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
			if r.scheme == "https" {
				first = "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" // a record of which nearly all is missing
			}
			dribblers.Go(func() {
				_, err := io.WriteString(conn, first)
				for ; err == nil; time.Sleep(20 * time.Millisecond) {
					_, err = io.WriteString(conn, "X: y\r\n")
				}
			})
		}
		assert.Equal(t, http.StatusOK, r.get(t, "/healthz").StatusCode)
		for _, conn := range conns {
			closedByServer(t, conn)
			require.NoError(t, conn.Close())
		}
		dribblers.Wait()
	})
}

func TestHeadersAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, start starter) {
		r := start(t, nil, nil)
		fits := strings.Repeat("x", 16<<10)
		assert.Equal(t, http.StatusOK, r.get(t, "/healthz?q="+fits, "X-Any", strings.Repeat("x", 8<<10)).StatusCode)
		long := strings.Repeat("x", 64<<10)
		for _, path := range []string{"/healthz?q=" + long, "/healthz", "/api/v1/events?name=" + long, "/api/v1/requests/" + long} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.scheme+"://"+r.address+path, http.NoBody)
			require.NoError(t, err)
			if !strings.Contains(path, long) {
				req.Header.Set("X-Any", long)
			}
			resp, err := r.client.Do(req)
			if err != nil { // the client was told the bound, and keeps to it
				assert.ErrorContains(t, err, "larger than peer's advertised limit")
				continue
			}
			assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, resp.StatusCode, path[:8])
			require.NoError(t, resp.Body.Close())
		}
	})
}

// Answers that are asked for and never read are not kept for ever.
func TestAnswersThatNobodyReads(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.WriteTimeout = 200 * time.Millisecond }, nil)
	r.publishMuch(2000) // one request of eight megabytes
	conn := r.dial(t)
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(64<<10))
	_, err := io.WriteString(conn, strings.Repeat("GET /api/v1/requests/r HTTP/1.1\r\nHost: localhost\r\n\r\n", 20))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := io.WriteString(conn, "\r\n")
		return err != nil
	}, long/3, 20*time.Millisecond)
}

// Whoever is refused is told what is asked for; browsers are not to ask a person
// when a page does.
func TestChallenges(t *testing.T) {
	const (
		basic  = `Basic realm="gen_ai_live", charset="UTF-8"`
		bearer = `Bearer realm="gen_ai_live"`
		script = `xBasic realm="gen_ai_live"`
		chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
	)
	for kind, want := range map[string]struct{ others, script []string }{
		"basicauth/viewers": {[]string{basic}, []string{script}},
		"bearertokenauth":   {[]string{bearer}, []string{bearer}},
		"oidc/company":      {[]string{bearer}, []string{bearer}},
		"one_token":         {[]string{bearer, basic}, []string{bearer, script}},
	} {
		var id component.ID
		require.NoError(t, id.UnmarshalText([]byte(kind)))
		r := start(t, func(c *liveextension.Config) {
			withAuth(c)
			c.Server.Auth.Get().Config.AuthenticatorID = id
		}, host{id: authenticator{}})
		for _, headers := range [][]string{
			{"User-Agent", "curl/8.5.0", "Accept", "*/*"},
			{"User-Agent", chrome, "Accept", "text/html,*/*;q=0.8"},
			{"User-Agent", chrome, "Accept", "*/*", "Sec-Fetch-Mode", "navigate"},
		} {
			assert.Equal(t, want.others, r.get(t, "/api/v1/stats", headers...).Header.Values("WWW-Authenticate"), kind)
		}
		for _, headers := range [][]string{
			{"User-Agent", chrome, "Accept", "*/*"},
			{"User-Agent", chrome, "Accept", "text/event-stream", "Sec-Fetch-Mode", "cors"},
			{"User-Agent", chrome, "Accept", "text/html", "Sec-Fetch-Mode", "same-origin"},
		} {
			assert.Equal(t, want.script, r.get(t, "/api/v1/events", headers...).Header.Values("WWW-Authenticate"), kind)
		}
	}
}
