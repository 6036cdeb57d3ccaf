package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
)

// addresses are the places that one collector listens on. Configurations name
// them as ${env:…}.
type addresses struct {
	// grpc and http receive OTLP, grpc2 and http2 are for a second receiver.
	grpc, http, grpc2, http2 string
	// metrics serves the collector's own metrics, health its health, pprof
	// what its goroutines do, live the live extension.
	metrics, health, pprof, live string
}

func pickAddresses(t *testing.T) addresses {
	t.Helper()
	next := func() string { return freeAddress(t) }
	return addresses{grpc: next(), http: next(), grpc2: next(), http2: next(), metrics: next(), health: next(), pprof: next(), live: next()}
}

func (a addresses) environ() []string {
	metricsHost, metricsPort, _ := net.SplitHostPort(a.metrics)
	return []string{
		"E2E_GRPC=" + a.grpc, "E2E_HTTP=" + a.http, "E2E_GRPC2=" + a.grpc2, "E2E_HTTP2=" + a.http2,
		"E2E_METRICS_HOST=" + metricsHost, "E2E_METRICS_PORT=" + metricsPort, "E2E_HEALTH=" + a.health,
		"E2E_PPROF=" + a.pprof, "E2E_LIVE=" + a.live,
	}
}

var ports = struct {
	mu   sync.Mutex // guards next
	next int
}{next: 16000 + os.Getpid()%12000}

// freeAddress is an address nobody listens on and no other caller was given.
// It lies below the range that the kernel takes ports for connections from.
func freeAddress(t *testing.T) string {
	t.Helper()
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for ; ports.next < 32000; ports.next++ {
		address := fmt.Sprintf("127.0.0.1:%d", ports.next)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		_ = listener.Close()
		ports.next++
		return address
	}
	t.Fatal("no free port left")
	return ""
}

// baseConfig is what every collector of these tests shares: an OTLP receiver,
// its own metrics and its own log. Tests merge the rest over it.
const baseConfig = `
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: ${env:E2E_GRPC}
        max_recv_msg_size_mib: 64
      http:
        endpoint: ${env:E2E_HTTP}
        max_request_body_size: 67108864
exporters:
  nop:
extensions:
  health_check:
    endpoint: ${env:E2E_HEALTH}
  pprof:
    endpoint: ${env:E2E_PPROF}
service:
  extensions: [health_check, pprof]
  telemetry:
    logs:
      sampling:
        enabled: false
      disable_stacktrace: true
    metrics:
      level: detailed
      readers:
        - pull:
            exporter:
              prometheus:
                host: ${env:E2E_METRICS_HOST}
                port: ${env:E2E_METRICS_PORT}
`

// plainExporter hands every error on at once and holds nothing, as whatever
// stands behind the buffer must.
const plainExporter = `{endpoint: "%s", compression: none, timeout: %s, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}%s}`

// grpcExporter is the configuration of an otlp_grpc exporter to address that
// gives up a call after timeout.
func grpcExporter(address, timeout string) string {
	return fmt.Sprintf(plainExporter, address, timeout, ", tls: {insecure: true}")
}

// httpExporter is the configuration of an otlp_http exporter.
func httpExporter(address, timeout string) string {
	return fmt.Sprintf(plainExporter, "http://"+address, timeout, "")
}

// hurriedRetry is a retry_on_failure that a test need not wait for.
const hurriedRetry = `retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, randomization_factor: 0}`

// processorForm is a configuration with gen_ai_buffer in one traces and one
// logs pipeline, the buffer configured by settings, envelopes going to the
// exporter "envelopes" and spans to "spans".
func processorForm(settings, envelopes, spans string) string {
	return fmt.Sprintf(`
processors:
  gen_ai_buffer:
%s
exporters:
  %s
  %s
service:
  pipelines:
    traces: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [%s]}
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [%s]}
    metrics: {receivers: [otlp], exporters: [nop]}
`, indent(settings, 4), envelopes, spans, componentID(spans), componentID(envelopes))
}

// toSink is processorForm with both exporters sending to one sink over gRPC.
func toSink(s *sink, settings string) string {
	return processorForm(settings,
		"otlp_grpc/envelopes: "+grpcExporter(s.grpcAddress, "10s"),
		"otlp_grpc/spans: "+grpcExporter(s.grpcAddress, "10s"))
}

// componentID is the id in "id: configuration".
func componentID(component string) string {
	id, _, _ := strings.Cut(component, ":")
	return id
}

func indent(text string, by int) string {
	pad := strings.Repeat(" ", by)
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = pad + line
		}
	}
	return strings.Join(lines, "\n")
}
