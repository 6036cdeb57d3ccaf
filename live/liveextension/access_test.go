package liveextension_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// authenticator is a server authenticator with one token.
type authenticator struct {
	component.StartFunc
	component.ShutdownFunc
}

func (authenticator) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	for _, name := range []string{"Authorization", "access_token"} {
		if values := sources[name]; len(values) == 1 && values[0] == "Bearer token" {
			return ctx, nil
		}
	}
	return ctx, errors.New("the token is not token")
}

var authID = component.MustNewID("one_token")

func withAuth(c *liveextension.Config) {
	c.Server.Auth = configoptional.Some(confighttp.AuthConfig{
		Config: configauth.Config{AuthenticatorID: authID}, RequestParameters: []string{"access_token"},
	})
}

func TestEveryRouteButHealthNeedsCredentials(t *testing.T) {
	r := start(t, withAuth, host{authID: authenticator{}})
	for _, path := range []string{
		"/api/v1/events", "/api/v1/requests", "/api/v1/requests/x", "/api/v1/requests/x/events", "/api/v1/stats",
		"/api/v1/openapi.json", "/none", "//api/v1/events", "/api/v1/../v1/stats",
	} {
		resp := r.get(t, path)
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode, path)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NotContains(t, string(body), "not token", "what the authenticator said")
		require.NotEmpty(t, resp.Header.Get("WWW-Authenticate"))
	}
	assert.Equal(t, http.StatusOK, r.get(t, "/healthz").StatusCode)
	assert.Equal(t, http.StatusOK, r.get(t, "/api/v1/stats", "Authorization", "Bearer token").StatusCode)
	assert.Equal(t, http.StatusOK, r.get(t, "/api/v1/stats?access_token=Bearer+token").StatusCode)
	assert.Equal(t, http.StatusUnauthorized, r.get(t, "/api/v1/stats", "Authorization", "Bearer other").StatusCode)
}

func TestMissingAuthenticatorIsRefused(t *testing.T) {
	cfg := liveextension.NewDefaultConfig()
	withAuth(cfg)
	factory := liveextension.NewFactory()
	x, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, x.Start(t.Context(), host{}), "auth")
	require.NoError(t, x.Shutdown(t.Context()))
}

func TestLoopbackAnswersToLoopbackNamesOnly(t *testing.T) {
	r := start(t, nil, nil)
	for name, want := range map[string]int{
		"localhost": 200, "localhost:4321": 200, "127.0.0.1": 200, "[::1]:1": 200, "[::1]": 200, "LOCALHOST.": 200, "a.localhost": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:4321": 421, "10.0.0.1": 421, "evil-localhost": 421,
	} {
		assert.Equal(t, want, r.get(t, "/healthz", "Host", name).StatusCode, name)
		assert.Equal(t, want, r.get(t, "/api/v1/stats", "Host", name).StatusCode, name)
	}
}

func TestOpenToTheWorld(t *testing.T) {
	for _, endpoint := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.com:4321", "10.1.2.3:4321"} {
		cfg := liveextension.NewDefaultConfig()
		cfg.Server.NetAddr.Endpoint = endpoint
		require.ErrorContains(t, cfg.Validate(), "allow_unauthenticated: true", endpoint)
		cfg.AllowUnauthenticated = true
		require.NoError(t, cfg.Validate())
		cfg.AllowUnauthenticated = false
		withAuth(cfg)
		require.NoError(t, cfg.Validate())
	}
	// Whatever the configuration seemed to say, the address counts.
	cfg := liveextension.NewDefaultConfig()
	cfg.Server.NetAddr.Endpoint = ":0"
	factory := liveextension.NewFactory()
	x, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, x.Start(t.Context(), host{}), "allow_unauthenticated")

	r := start(t, func(c *liveextension.Config) {
		c.AllowUnauthenticated = true
		_, port, err := net.SplitHostPort(c.Server.NetAddr.Endpoint)
		require.NoError(t, err)
		c.Server.NetAddr.Endpoint = "0.0.0.0:" + port
	}, nil)
	assert.Equal(t, http.StatusOK, r.get(t, "/healthz", "Host", "any.example").StatusCode)
}

func TestNoCORSUnlessConfigured(t *testing.T) {
	r := start(t, nil, nil)
	assert.Empty(t, r.get(t, "/api/v1/stats", "Origin", "https://a.example").Header.Get("Access-Control-Allow-Origin"))
	r = start(t, func(c *liveextension.Config) {
		c.Server.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://a.example"}})
	}, nil)
	assert.Equal(t, "https://a.example", r.get(t, "/api/v1/stats", "Origin", "https://a.example").Header.Get("Access-Control-Allow-Origin"))
	assert.Empty(t, r.get(t, "/api/v1/stats", "Origin", "https://b.example").Header.Get("Access-Control-Allow-Origin"))
}

func TestHTTP2OverTLS(t *testing.T) {
	r := startHTTP2(t, nil, nil)
	resp := r.get(t, "/api/v1/events")
	require.Equal(t, 2, resp.ProtoMajor)
	b := newBrowser(t, resp.Body)
	r.Publish([]event.Fact{record(request("r", 1), 1, "gen_ai.a", "x")})
	assert.Equal(t, "gen_ai.a", b.must().name)
	begun := time.Now()
	r.stop(t)
	assert.Less(t, time.Since(begun), time.Second)
	all := b.rest()
	require.Len(t, all, 1)
	assert.Equal(t, "stream.end", all[0].name)
}

func TestSnapshotRoutes(t *testing.T) {
	r := start(t, nil, nil)
	of := request("r", 1)
	r.Publish([]event.Fact{record(of, 1, "gen_ai.a", strings.Repeat("long ", 1000))})
	page := r.json(t, "/api/v1/requests?limit=1")
	require.Len(t, page["requests"], 1)
	r.Publish([]event.Fact{record(of, 2, "gen_ai.b", "x")})
	b := newBrowser(t, r.get(t, "/api/v1/events?since="+page["cursor"].(string)).Body)
	assert.Equal(t, "gen_ai.b", b.must().name, "list and stream meet")
	for _, bad := range []string{"limit=0", "limit=x", "limit=1001", "page_token=x"} {
		resp := r.get(t, "/api/v1/requests?"+bad)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode, bad)
		assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	}
	plain := r.json(t, "/api/v1/requests/r")
	resp := r.get(t, "/api/v1/requests/r", "Accept-Encoding", "br, gzip")
	require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	unzipped, err := gzip.NewReader(resp.Body)
	require.NoError(t, err)
	got := map[string]any{}
	require.NoError(t, json.NewDecoder(unzipped).Decode(&got))
	assert.Equal(t, plain, got)
	stats := r.json(t, "/api/v1/stats")
	assert.InDelta(t, 2, stats["published"], 0)
	assert.NotContains(t, stats, "ids")
}

func TestOpenAPISaysWhatIsServed(t *testing.T) {
	r := start(t, nil, nil)
	document := r.json(t, "/api/v1/openapi.json")
	assert.Equal(t, "3.1.0", document["openapi"])
	var documented []string
	for path, operations := range document["paths"].(map[string]any) {
		documented = append(documented, path)
		for method := range operations.(map[string]any) {
			resp := r.do(t, strings.ToUpper(method), strings.ReplaceAll(path, "{request_id}", "none"))
			responses := operations.(map[string]any)[method].(map[string]any)["responses"]
			assert.Contains(t, responses, json.Number(jsonInt(resp.StatusCode)).String(), method+" "+path)
			require.NoError(t, resp.Body.Close())
		}
	}
	assert.ElementsMatch(t, liveextension.Patterns(), documented)
	assert.Equal(t, http.StatusNotFound, r.get(t, "/api/v1/none").StatusCode)
}

func TestConfigFromYAML(t *testing.T) {
	cfg := liveextension.NewDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{}).Unmarshal(cfg))
	assert.Equal(t, liveextension.NewDefaultConfig(), cfg)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"endpoint": "127.0.0.1:9", "ring": map[string]any{"events": 5, "bytes": "1MiB"}, "keepalive": "5s", "write_timeout": "3s",
		"read_header_timeout": "2s", "content": "hide", "auth": map[string]any{"authenticator": "basicauth"},
	}).Unmarshal(cfg))
	assert.Equal(t, "127.0.0.1:9", cfg.Server.NetAddr.Endpoint)
	assert.Equal(t, 5, cfg.Ring.Events)
	assert.EqualValues(t, 1<<20, cfg.Ring.Bytes)
	assert.Equal(t, 5*time.Second, cfg.Keepalive)
	assert.Equal(t, 3*time.Second, cfg.WriteTimeout)
	assert.Equal(t, 2*time.Second, cfg.Server.ReadHeaderTimeout)
	assert.Equal(t, "basicauth", cfg.Server.Auth.Get().Config.AuthenticatorID.String())
	for _, unknown := range []map[string]any{{"rnig": 1}, {"ring": map[string]any{"size": 1}}, {"tls": map[string]any{"cret": 1}}} {
		require.Error(t, confmap.NewFromStringMap(unknown).Unmarshal(liveextension.NewDefaultConfig()), unknown)
	}
}

func TestWrongValuesAreNamed(t *testing.T) {
	for want, change := range map[string]func(*liveextension.Config){
		"ring::events: 0":               func(c *liveextension.Config) { c.Ring.Events = 0 },
		"ring::bytes: 5":                func(c *liveextension.Config) { c.Ring.Bytes = 5 },
		"retained_bytes: 0":             func(c *liveextension.Config) { c.RetainedBytes = 0 },
		"max_requests: -1":              func(c *liveextension.Config) { c.MaxRequests = -1 },
		"max_subscribers: 0":            func(c *liveextension.Config) { c.MaxSubscribers = 0 },
		"retention: -1ns":               func(c *liveextension.Config) { c.Retention = -1 },
		"keepalive: 0s":                 func(c *liveextension.Config) { c.Keepalive = 0 },
		"write_timeout: 0s":             func(c *liveextension.Config) { c.WriteTimeout = 0 },
		"coalesce: 2s":                  func(c *liveextension.Config) { c.Coalesce = 2 * time.Second },
		"max_connection_age: -1ns":      func(c *liveextension.Config) { c.MaxConnectionAge = -1 },
		`content: "none" is neither`:    func(c *liveextension.Config) { c.Content = "none" },
		`trace_url: "javascript:x"`:     func(c *liveextension.Config) { c.TraceURL = "javascript:x" },
		`endpoint: "x" is no host:port`: func(c *liveextension.Config) { c.Server.NetAddr.Endpoint = "x" },
	} {
		cfg := liveextension.NewDefaultConfig()
		change(cfg)
		assert.ErrorContains(t, cfg.Validate(), want)
	}
	assert.NoError(t, liveextension.NewDefaultConfig().Validate())
}
