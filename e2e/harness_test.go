package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHarness holds the tools of the other tests to a pipeline without a
// buffer: what the clients call acknowledged is what the sink took.
func TestHarness(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{fmt.Sprintf(`
exporters:
  otlp_grpc: %s
  otlp_http: %s
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
`, grpcExporter(s.grpcAddress, "1s"), httpExporter(s.httpAddress, "300ms"))}})

	web, rpc := newHTTPClient(t, c.http), newGRPCClient(t, c.grpc)
	healthy, err := web.client.Get("http://" + c.health + "/")
	require.NoError(t, err)
	require.NoError(t, healthy.Body.Close())
	assert.Equal(t, http.StatusOK, healthy.StatusCode)

	b := newBatch()
	b.addOtherLog("hello")
	b.addSpan(newIDs(), "chat")
	mustSendLogs(t, web, b.logs)
	mustSendTraces(t, rpc, b.traces)
	for _, bad := range []verdict{unavailable, hang} {
		s.set(bad)
		webResult, webErr := web.sendLogs(t.Context(), b.logs)
		assert.Equal(t, refused, webResult, "%v", webErr)
		rpcResult, rpcErr := rpc.sendLogs(t.Context(), b.logs)
		assert.Equal(t, unknown, rpcResult, "%v", rpcErr)
	}
	s.set(accept)
	families, err := c.scrape()
	require.NoError(t, err)
	assert.Contains(t, families, "otelcol_receiver_accepted_log_records")
	_, ok := c.metric("requests_open")
	assert.False(t, ok, "there is no buffer")

	c.reload()
	mustSendLogs(t, web, b.logs)
	c.stop()
	result, err := web.sendLogs(t.Context(), b.logs)
	assert.Equal(t, unreachable, result, "%v", err)
	assert.Len(t, s.takenLogs(), 2)
	assert.Len(t, s.takenTraces(), 1)
	assert.Equal(t, 4, s.refusals())
	assert.Len(t, s.delivered().passed, 2)
}
