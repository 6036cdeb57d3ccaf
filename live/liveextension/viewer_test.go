package liveextension_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

func readBody(t *testing.T, resp *answer) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// links are the addresses that a page loads.
var links = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// TestViewerPagesLoadTheirAssets: wherever the page is, also under the prefix
// that a proxy takes off, and when it decoded the slashes of an id, the relative
// addresses of its assets lead to them.
func TestViewerPagesLoadTheirAssets(t *testing.T) {
	r := start(t, nil, nil)
	for _, path := range []string{
		"/", "/?q=x", "/r/abc", "/r/a%2Fb%22c'", "/r/a%2Fb%2F..%2F..", "/r/a/b", "/r/a/b/c?view=raw", "/r/%E2%80%AEabc", "/r/assets%2Fx.js",
	} {
		resp := r.get(t, path)
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
		assert.Equal(t, "no-cache", resp.Header.Get("Cache-Control"))
		body := readBody(t, resp)
		assert.NotContains(t, body, "<style", "nothing inline")
		assert.NotRegexp(t, `<script[^>]*>[^<]`, body, "nothing inline")
		assert.NotContains(t, body, "://", "no other host")
		found := links.FindAllStringSubmatch(body, -1)
		require.Len(t, found, 3, "script, style, icon")
		for _, link := range found {
			for prefix, at := range map[string]string{"": path, "/some/prefix": "/some/prefix" + path} {
				base, err := url.Parse("http://h" + at)
				require.NoError(t, err)
				to, err := base.Parse(link[1])
				require.NoError(t, err)
				below, has := strings.CutPrefix(to.Path, prefix)
				require.True(t, has, "%s from %s leaves the prefix", link[1], at)
				asset := r.get(t, below)
				require.Equal(t, http.StatusOK, asset.StatusCode, "%s from %s", below, at)
				assert.Equal(t, "public, max-age=31536000, immutable", asset.Header.Get("Cache-Control"))
				assert.Regexp(t, `^(text/javascript|text/css|image/svg)`, asset.Header.Get("Content-Type"))
			}
		}
	}
}

func TestViewerPolicy(t *testing.T) {
	r := start(t, nil, nil)
	for _, path := range []string{"/", "/r/x"} {
		header := r.get(t, path).Header
		assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", header.Get("Content-Security-Policy"))
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"))
		assert.Equal(t, "off", header.Get("X-DNS-Prefetch-Control"))
		assert.NotContains(t, header, "Server")
	}
	assert.Equal(t, http.StatusMethodNotAllowed, r.do(t, http.MethodPost, "/").StatusCode)
	assert.Equal(t, http.StatusMisdirectedRequest, r.get(t, "/", "Host", "evil.example").StatusCode)
	for _, path := range []string{"/assets/none.js", "/assets/", "/assets/..%2Findex.html", "/index.html", "/viewer/index.html", "/x"} {
		assert.Equal(t, http.StatusNotFound, r.get(t, path).StatusCode, path)
	}
}

func TestViewerFilesAreKeptAndCompressed(t *testing.T) {
	r := start(t, nil, nil)
	_, script, has := strings.Cut(readBody(t, r.get(t, "/")), "<script")
	require.True(t, has)
	path := strings.TrimPrefix(links.FindStringSubmatch(script)[1], ".")
	plain := r.get(t, path)
	body := readBody(t, plain)
	packed := r.get(t, path, "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	unzipped, err := gzip.NewReader(packed.Body)
	require.NoError(t, err)
	again, err := io.ReadAll(unzipped)
	require.NoError(t, err)
	assert.Equal(t, body, string(again))
	tag := plain.Header.Get("ETag")
	require.NotEmpty(t, tag)
	assert.Equal(t, http.StatusNotModified, r.get(t, path, "If-None-Match", tag).StatusCode)
	assert.Equal(t, http.StatusOK, r.get(t, path, "If-None-Match", `"other"`).StatusCode)
	head := r.do(t, http.MethodHead, path)
	assert.Equal(t, http.StatusOK, head.StatusCode)
	assert.Empty(t, readBody(t, head))
}

// TestViewerNeedsNoCredentialsAndHoldsNoData: what it has to know it asks for.
func TestViewerNeedsNoCredentialsAndHoldsNoData(t *testing.T) {
	r := start(t, func(c *liveextension.Config) {
		withAuth(c)
		c.TraceURL = "https://traces.example/{trace_id}"
	}, host{authID: authenticator{}})
	for _, path := range []string{"/", "/r/x"} {
		resp := r.get(t, path)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		assert.NotContains(t, readBody(t, resp), "traces.example")
	}
	assert.Equal(t, http.StatusUnauthorized, r.get(t, "/api/v1/config").StatusCode)
	resp := r.get(t, "/api/v1/config", "Authorization", "Bearer token")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	assert.JSONEq(t, `{"content": "show", "trace_url": "https://traces.example/{trace_id}", "authentication": true,
		"keepalive_ns": 15000000000, "retention_ns": 900000000000, "max_requests": 10000}`, readBody(t, resp))
}

func TestViewerSwitchedOff(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.Viewer = false }, nil)
	for _, path := range []string{"/", "/r/x", "/assets/x.js"} {
		assert.Equal(t, http.StatusNotFound, r.get(t, path).StatusCode, path)
	}
	assert.Equal(t, http.StatusOK, r.get(t, "/api/v1/config").StatusCode)
}
