package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReloadUnderLoad: SIGHUP replaces every component while clients send;
// nothing that was acknowledged is lost and nothing comes twice.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, brisk)}})
	l := startLoad(t, bothClients(t, c)...)
	for range 4 {
		l.awaitSent(c, 20)
		c.reload()
	}
	l.awaitSent(c, 20)
	l.end()
	c.stop()
	l.ledger.check(t, s.delivered())
}

// TestStopAtOnce: a collector that got nothing ends at once.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "")}})
	c.stop()
	assert.Empty(t, s.takenLogs())
}

// TestTwoBuffersInSeries: what the first one gathered, the second passes
// through; each makes an envelope of what it sees.
func TestTwoBuffersInSeries(t *testing.T) {
	t.Parallel()
	t.Run("logs", func(t *testing.T) {
		t.Parallel()
		s := newSink(t)
		c := start(t, launch{configs: []string{fmt.Sprintf(`
processors:
  gen_ai_buffer/first: {ttl: 200ms, linger: 100ms, %[1]s}
  gen_ai_buffer/second: {ttl: 200ms, linger: 100ms, %[1]s}
exporters:
  otlp_grpc: %[2]s
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer/first, gen_ai_buffer/second], exporters: [otlp_grpc]}
`, hurriedRetry, grpcExporter(s.grpcAddress, "10s"))}})
		client, l := newHTTPClient(t, c.http), newLedger()
		for range 20 {
			b, events := newBatch(), map[string]string{}
			for range 10 {
				of := newIDs()
				events[b.addLog(of, "gen_ai.user.message", "question")] = of.requestID()
				events[b.addLog(of, "gen_ai.choice", "answer")] = of.requestID()
			}
			mustSendLogs(t, client, b.logs)
			l.note(acknowledged, events)
		}
		s.awaitEnvelopes(200)
		c.stop()
		d := s.delivered()
		l.check(t, d)
		assert.Len(t, d.byID, 200)
	})
	t.Run("both signals", func(t *testing.T) {
		t.Parallel()
		s := newSink(t)
		c := start(t, launch{configs: []string{fmt.Sprintf(`
processors:
  gen_ai_buffer/first: {linger: 100ms, %[1]s}
  gen_ai_buffer/second: {linger: 100ms, %[1]s}
exporters:
  otlp_grpc: %[2]s
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer/first, gen_ai_buffer/second], exporters: [otlp_grpc]}
    traces: {receivers: [otlp], processors: [gen_ai_buffer/first, gen_ai_buffer/second], exporters: [nop]}
`, hurriedRetry, grpcExporter(s.grpcAddress, "10s"))}})
		client := newHTTPClient(t, c.http)
		b, all := newBatch(), []ids{}
		for range 20 {
			of := newIDs()
			b.addLog(of, "gen_ai.user.message", "question")
			b.addSpan(of, "chat")
			all = append(all, of)
		}
		mustSendLogs(t, client, b.logs)
		mustSendTraces(t, client, b.traces)
		s.awaitEnvelopes(40)
		c.stop()
		d := s.delivered()
		for _, of := range all {
			both := d.byRequest[of.requestID()]
			require.Len(t, both, 2, "one envelope of each buffer")
			assert.NotEqual(t, both[0].ID, both[1].ID)
			withLog := len(eventsFrom(both[0].Events, "log")) + len(eventsFrom(both[1].Events, "log"))
			assert.Equal(t, 1, withLog, "the log is in the first buffer's envelope only")
		}
	})
}

// TestTwoTracesPipelines: spans of one request's trace come by several traces
// pipelines; they meet in the one buffer.
func TestTwoTracesPipelines(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{fmt.Sprintf(`
receivers:
  otlp/second: {protocols: {http: {endpoint: "${env:E2E_HTTP2}"}}}
processors:
  gen_ai_buffer: {linger: 100ms, ttl: 2s, %s}
exporters:
  otlp_grpc: %s
service:
  pipelines:
    logs: {receivers: [otlp, otlp/second], processors: [gen_ai_buffer], exporters: [otlp_grpc]}
    traces/first: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [otlp_grpc]}
    traces/second: {receivers: [otlp/second], processors: [gen_ai_buffer], exporters: [otlp_grpc]}
`, hurriedRetry, grpcExporter(s.grpcAddress, "10s"))}})
	first, second := newHTTPClient(t, c.http), newHTTPClient(t, c.http2)
	l := startLoad(t, first, second)
	crossed, of := newLedger(), newIDs()
	b := newBatch()
	crossed.note(acknowledged, map[string]string{b.addLog(of, "gen_ai.user.message", "question"): of.requestID()})
	crossed.note(acknowledged, map[string]string{b.addSpan(of, "chat"): of.requestID()})
	mustSendLogs(t, first, b.logs)
	mustSendTraces(t, second, b.traces)
	l.awaitSent(c, 60)
	l.end()
	c.stop()
	d := s.delivered()
	l.ledger.merge(crossed)
	l.ledger.check(t, d)
	assert.Len(t, d.one(t, of.requestID()).Events, 2)
}

// TestFanOut: two exporters behind one buffer, one of them on a bad day. Both
// have everything in the end; what the good one got again is the same record.
func TestFanOut(t *testing.T) {
	t.Parallel()
	startFan := func(t *testing.T, settings string) (good, bad *sink, c *collector) {
		t.Helper()
		good, bad = newSink(t), newSink(t)
		c = start(t, launch{configs: []string{fmt.Sprintf(`
processors:
  gen_ai_buffer: {%s, %s}
exporters:
  otlp_grpc/good: %s
  otlp_http/bad: %s
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [otlp_grpc/good, otlp_http/bad]}
    traces: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, settings, hurriedRetry, grpcExporter(good.grpcAddress, "1s"), httpExporter(bad.httpAddress, "1s"))}})
		return good, bad, c
	}
	t.Run("one fails for a while", func(t *testing.T) {
		t.Parallel()
		good, bad, c := startFan(t, "linger: 100ms, ttl: 2s")
		l := startLoad(t, bothClients(t, c)...)
		l.awaitSent(c, 20)
		bad.set(unavailable)
		l.awaitSent(c, 20)
		bad.awaitRefusals(3)
		bad.set(accept)
		l.awaitSent(c, 20)
		l.end()
		c.stop()
		l.ledger.check(t, good.delivered())
		l.ledger.check(t, bad.delivered())
	})
	t.Run("one refuses a record for good", func(t *testing.T) {
		t.Parallel()
		good, bad, c := startFan(t, "linger: 100ms")
		b, events, offender := fiftyRequests()
		bad.set(refuseFor(namesRequest(offender)))
		mustSendTraces(t, newHTTPClient(t, c.http), b.traces)
		bad.awaitEnvelopes(49)
		c.awaitMetric(is(0), "envelopes_undelivered")
		c.stop()
		everything, rest := newLedger(), newLedger()
		for m, request := range events {
			everything.note(acknowledged, map[string]string{m: request})
			if request != offender {
				rest.note(acknowledged, map[string]string{m: request})
			}
		}
		everything.check(t, good.delivered())
		rest.check(t, bad.delivered())
	})
	t.Run("one refuses for good what the other does not take yet", func(t *testing.T) {
		t.Parallel()
		good, bad, c := startFan(t, "linger: 100ms")
		b, events, offender := fiftyRequests()
		bad.set(refuseFor(namesRequest(offender)))
		good.set(unavailable)
		mustSendTraces(t, newHTTPClient(t, c.http), b.traces)
		good.awaitRefusals(3)
		good.set(accept)
		good.awaitEnvelopes(49)
		bad.awaitEnvelopes(49)
		c.awaitMetric(is(0), "envelopes_undelivered")
		c.stop()
		everything := newLedger()
		everything.note(acknowledged, events)
		everything.check(t, good.delivered())
	})
}

// TestConnectorForm: traces only, the connector giving the envelopes a
// pipeline of their own.
func TestConnectorForm(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{fmt.Sprintf(`
connectors:
  gen_ai_buffer: {linger: 100ms, ttl: 2s, %s}
exporters:
  otlp_grpc: %s
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs/envelopes: {receivers: [gen_ai_buffer], exporters: [otlp_grpc]}
`, hurriedRetry, grpcExporter(s.grpcAddress, "1s"))}})
	l := startLoad(t, bothClients(t, c)...)
	l.awaitSent(c, 20)
	s.set(unavailable)
	l.awaitSent(c, 20)
	s.awaitRefusals(2)
	c.terminate()
	c.waitLog(shutdownLog, 1)
	s.awaitRefusals(1)
	s.set(accept)
	require.NoError(t, c.wait())
	l.end()
	d := s.delivered()
	l.ledger.check(t, d)
	assert.Empty(t, d.passed, "a connector emits envelopes only")
}

// TestOriginalsForwarded: gathered log records travel on as they came and are
// in their envelope as well.
func TestOriginalsForwarded(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\nlogs: {originals: forward}\n"+hurriedRetry)}})
	client, of := newHTTPClient(t, c.http), newIDs()
	b := newBatch()
	b.addLog(of, "gen_ai.user.message", "question")
	b.addOtherLog("of no request")
	b.addSpan(of, "chat")
	mustSendLogs(t, client, b.logs)
	mustSendTraces(t, client, b.traces)
	s.awaitEnvelopes(1)
	c.stop()
	d := s.delivered()
	assert.Len(t, d.one(t, of.requestID()).Events, 2)
	require.Len(t, d.passed, 2)
	i := 0
	for f := range logRecords(b.logs) {
		assert.Equal(t, f.wire(t), d.passed[i].wire(t))
		i++
	}
}
