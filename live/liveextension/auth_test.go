package liveextension_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oidcauthextension"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// issuer is an OpenID provider with one key.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func startIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &issuer{key: key}
	mux := http.NewServeMux()
	answer := func(path string, body func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(body())
		})
	}
	answer("/.well-known/openid-configuration", func() any {
		return map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/none", "token_endpoint": i.URL + "/none",
			"jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		}
	})
	answer("/keys", func() any {
		return map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}}
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// token is a signed one for an audience (RFC 7519).
func (i *issuer) token(t *testing.T, audience string, expires time.Time) string {
	t.Helper()
	part := func(claims map[string]any) string {
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]any{"alg": "RS256", "kid": "1", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": i.URL, "sub": "a developer", "aud": audience, "exp": expires.Unix(), "iat": time.Now().Add(-time.Hour).Unix(),
	})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TestCollectorAuthenticators is with the authenticators that collectors have,
// over TLS, with HTTP/1.1 and HTTP/2: each lets streams and snapshots be read
// with its credentials and not without.
func TestCollectorAuthenticators(t *testing.T) {
	provider := startIssuer(t)
	basic := func(credentials string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
	}
	for name, c := range map[string]struct {
		factory extension.Factory
		config  map[string]any
		good    []string
		bad     []string
	}{
		"basic": {
			basicauthextension.NewFactory(),
			map[string]any{"htpasswd": map[string]any{"inline": "ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}}, // password
			[]string{basic("ann:password")},
			[]string{basic("ann:other"), basic("bob:password"), basic("ann"), "Basic !", "Bearer ann:password"},
		},
		"bearer": {
			bearertokenauthextension.NewFactory(), map[string]any{"tokens": []any{"one", "two"}},
			[]string{"Bearer one", "Bearer two"}, []string{"Bearer on", "Bearer onee", "Bearer", "Bearer ", "one"},
		},
		"oidc": {
			oidcauthextension.NewFactory(),
			map[string]any{"providers": []any{map[string]any{"issuer_url": provider.URL, "audience": "viewers"}}},
			[]string{"Bearer " + provider.token(t, "viewers", time.Now().Add(time.Hour))},
			[]string{
				"Bearer " + provider.token(t, "others", time.Now().Add(time.Hour)),
				"Bearer " + provider.token(t, "viewers", time.Now().Add(-time.Minute)),
				"Bearer " + provider.token(t, "viewers", time.Now().Add(time.Hour)) + "x", "Bearer x.y.z",
			},
		},
	} {
		for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				r := startGuarded(t, c.factory, c.config, http2)
				of := request("r", 1)
				r.Publish([]event.Fact{opened(of), record(of, 1, "gen_ai.a", "x")})
				for _, path := range []string{"/api/v1/events?since=begin", "/api/v1/requests/r/events", "/api/v1/requests"} {
					for _, authorization := range append([]string{""}, c.bad...) {
						resp := r.get(t, path, "Authorization", authorization)
						require.Equal(t, http.StatusUnauthorized, resp.StatusCode, "%s %q", path, authorization)
						assert.NotEmpty(t, resp.Header.Get("WWW-Authenticate"))
						require.NoError(t, resp.Body.Close())
					}
					for _, authorization := range c.good {
						resp := r.get(t, path, "Authorization", authorization)
						require.Equal(t, http.StatusOK, resp.StatusCode, "%s %q", path, authorization)
						assert.Equal(t, protocol, resp.Proto)
						if path != "/api/v1/requests" {
							assert.Equal(t, "request.open", newBrowser(t, resp.Body).must().name)
						}
						require.NoError(t, resp.Body.Close())
					}
				}
				assert.Equal(t, http.StatusOK, r.get(t, "/healthz").StatusCode)
			})
		}
	}
}

// startGuarded starts an extension with TLS behind an authenticator.
func startGuarded(t *testing.T, factory extension.Factory, config map[string]any, http2 bool) *running {
	t.Helper()
	guardConfig := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(config).Unmarshal(guardConfig))
	guard, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), guardConfig)
	require.NoError(t, err)
	require.NoError(t, guard.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, guard.Shutdown(t.Context())) })

	id := component.NewID(factory.Type())
	certificate, key := writeCertificate(t)
	r := start(t, func(c *liveextension.Config) {
		c.Server.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}})
		c.Server.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certificate, KeyFile: key}})
	}, host{id: guard})
	r.scheme = "https"
	pool := x509.NewCertPool()
	text, err := os.ReadFile(certificate)
	require.NoError(t, err)
	require.True(t, pool.AppendCertsFromPEM(text))
	trust := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if !http2 {
		trust.NextProtos = []string{"http/1.1"}
	}
	r.client.Transport = &http.Transport{ForceAttemptHTTP2: http2, TLSClientConfig: trust}
	return r
}
