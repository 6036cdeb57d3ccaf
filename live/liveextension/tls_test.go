package liveextension_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// starter starts an extension whose client speaks one version of HTTP.
type starter func(t testing.TB, change func(*liveextension.Config), extensions host) *running

// onBoth runs a test over HTTP/1.1 and HTTP/2.
func onBoth(t *testing.T, test func(*testing.T, starter)) {
	t.Helper()
	t.Run("HTTP1", func(t *testing.T) { test(t, start) })
	t.Run("HTTP2", func(t *testing.T) { test(t, startHTTP2) })
}

// startHTTP2 starts an extension behind TLS, whose client speaks HTTP/2.
func startHTTP2(t testing.TB, change func(*liveextension.Config), extensions host) *running {
	t.Helper()
	certificate, key := writeCertificate(t)
	r := start(t, func(c *liveextension.Config) {
		c.Server.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certificate, KeyFile: key}})
		if change != nil {
			change(c)
		}
	}, extensions)
	pool := x509.NewCertPool()
	block, err := os.ReadFile(certificate)
	require.NoError(t, err)
	require.True(t, pool.AppendCertsFromPEM(block))
	transport := r.client.Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = true
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	r.scheme = "https"
	return r
}

// takesLittle has the client's connections hold little that nobody has read, and
// hands each to the function.
func (r *running) takesLittle(wrap func(net.Conn) net.Conn) {
	r.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
			return nil, err
		}
		if wrap == nil {
			return conn, nil
		}
		return wrap(conn), nil
	}
}

func writeCertificate(t testing.TB) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	directory := t.TempDir()
	certificate, key = filepath.Join(directory, "cert.pem"), filepath.Join(directory, "key.pem")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return certificate, key
}
