package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// brisk is a buffer that lets go of requests soon.
const brisk = "linger: 100ms\nttl: 2s\n" + hurriedRetry

// badDays are the ways in which a next consumer does not take what it is
// given, and may take it later.
var badDays = []struct {
	name string
	how  verdict
	// refuses says that exports fail, not only last.
	refuses bool
}{
	{"failing", unavailable, true},
	{"hanging", hang, true},
	{"slow", slowly(150 * time.Millisecond), false},
}

// exporters are the two OTLP exporters, which report refusals differently.
// They give up a call soon, so that a hanging sink is a failing one.
var exporters = []struct {
	name string
	to   func(*sink) string
}{
	{"grpc", func(s *sink) string { return "otlp_grpc/envelopes: " + grpcExporter(s.grpcAddress, "500ms") }},
	{"http", func(s *sink) string { return "otlp_http/envelopes: " + httpExporter(s.httpAddress, "500ms") }},
}

// startBad starts a collector whose envelopes go through exporter and whose
// spans go to a sink that always takes them.
func startBad(t *testing.T, settings, exporter string) *collector {
	t.Helper()
	spans := newSink(t)
	return start(t, launch{configs: []string{
		processorForm(settings, exporter, "otlp_grpc/spans: "+grpcExporter(spans.grpcAddress, "10s")),
	}})
}

func bothClients(t *testing.T, c *collector) []otlpClient {
	t.Helper()
	return []otlpClient{newHTTPClient(t, c.http), newGRPCClient(t, c.grpc)}
}

// TestNextConsumerRecovers: whatever the next consumer did for a while, it has
// everything that was acknowledged in the end.
func TestNextConsumerRecovers(t *testing.T) {
	t.Parallel()
	for _, day := range badDays {
		for _, exporter := range exporters {
			t.Run(day.name+"/"+exporter.name, func(t *testing.T) {
				t.Parallel()
				s := newSink(t)
				c := startBad(t, brisk, exporter.to(s))
				l := startLoad(t, bothClients(t, c)...)
				l.awaitSent(c, 20)

				s.set(day.how)
				l.awaitSent(c, 20)
				if day.refuses {
					s.awaitRefusals(3)
					c.awaitMetric(atLeast(1), "envelopes_retried")
				}
				s.set(accept)
				l.awaitSent(c, 20)
				l.end()
				c.awaitMetric(is(0), "requests_open")
				c.awaitMetric(is(0), "envelopes_undelivered")
				c.requireMetric(0, "envelopes_lost")
				c.stop()
				l.ledger.check(t, s.delivered())
			})
		}
	}
}

// TestShutdownOnABadDay: the same, the collector being told to end in the
// middle of it, with clients that go on sending.
func TestShutdownOnABadDay(t *testing.T) {
	t.Parallel()
	for _, day := range badDays {
		for _, exporter := range exporters {
			t.Run(day.name+"/"+exporter.name, func(t *testing.T) {
				t.Parallel()
				s := newSink(t)
				c := startBad(t, brisk, exporter.to(s))
				l := startLoad(t, bothClients(t, c)...)
				l.awaitSent(c, 20)
				s.set(day.how)
				l.awaitSent(c, 20)
				if day.refuses {
					s.awaitRefusals(2)
				}
				c.terminate()
				c.waitLog(shutdownLog, 1)
				if day.refuses {
					s.awaitRefusals(2)
					s.set(accept)
				}
				require.NoError(t, c.wait())
				l.end()
				l.ledger.check(t, s.delivered())
			})
		}
	}
}

// TestShutdownWithoutRecovery: what cannot be delivered before the process has
// to end is reported, each request by its id, and the process ends.
func TestShutdownWithoutRecovery(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := startBad(t, "linger: 50ms\n"+hurriedRetry, exporters[0].to(s))
	client := newHTTPClient(t, c.http)
	s.set(unavailable)
	b := newBatch()
	var requests []string
	for range 20 {
		of := newIDs()
		b.addSpan(of, "chat")
		requests = append(requests, of.requestID())
	}
	mustSendTraces(t, client, b.traces)
	s.awaitRefusals(2)
	c.terminate()
	_ = c.wait()
	for _, request := range requests {
		assert.Contains(t, c.output.String(), request, "a request that was lost is named")
	}
}

// TestRefusedForGood: a record that the next consumer will never take is lost
// alone, counted and named; all others of its batch arrive.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for _, exporter := range exporters {
		for _, atShutdown := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/at shutdown %v", exporter.name, atShutdown), func(t *testing.T) {
				t.Parallel()
				settings := "linger: 100ms\n" + hurriedRetry
				if atShutdown {
					settings = "linger: 5m\n" + hurriedRetry
				}
				s := newSink(t)
				c := startBad(t, settings, exporter.to(s))
				ledger := newLedger()
				b, events, offender := fiftyRequests()
				s.set(refuseFor(namesRequest(offender)))
				mustSendTraces(t, newHTTPClient(t, c.http), b.traces)
				for m, request := range events {
					if request != offender {
						ledger.note(acknowledged, map[string]string{m: request})
					}
				}
				if atShutdown {
					c.stop()
				} else {
					s.awaitEnvelopes(49)
					c.awaitMetric(is(1), "envelopes_lost")
					c.awaitMetric(is(0), "envelopes_undelivered")
					c.requireMetric(49, "envelopes_delivered")
					c.stop()
				}
				d := s.delivered()
				ledger.check(t, d)
				assert.Len(t, d.byID, 49)
				assert.Contains(t, c.output.String(), offender, "the request that was lost is named")
			})
		}
	}
}

// fiftyRequests are spans that end together, in one export, and the request
// among them that is going to be refused.
func fiftyRequests() (b batch, events map[string]string, offender string) {
	b, events = newBatch(), map[string]string{}
	for i := range 50 {
		of := newIDs()
		events[b.addSpan(of, "chat")] = of.requestID()
		if i == 23 {
			offender = of.requestID()
		}
	}
	return b, events, offender
}

// namesRequest finds the envelopes of a request.
func namesRequest(id string) func(plog.LogRecord) bool {
	return func(record plog.LogRecord) bool {
		v, ok := record.Attributes().Get("gen_ai_buffer.request_id")
		return ok && v.Str() == id
	}
}

// TestRefusedPassThrough: what the next consumer refuses for good although it
// was never gathered is not the buffer's to judge: the client hears that the
// batch was not taken, and the events in it come once when it goes through.
func TestRefusedPassThrough(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := startBad(t, brisk, exporters[0].to(s))
	s.set(refuseFor(func(record plog.LogRecord) bool { return strings.HasPrefix(record.Body().AsString(), "of no") }))
	l := newLedger()
	b, events := newBatch(), map[string]string{}
	of := newIDs()
	events[b.addLog(of, "gen_ai.user.message", "question")] = of.requestID()
	b.addOtherLog("of no request")
	client := newHTTPClient(t, c.http)
	result, _ := client.sendLogs(t.Context(), b.logs)
	require.Equal(t, refused, result)
	s.set(accept)
	mustSendLogs(t, client, b.logs)
	l.note(acknowledged, events)
	c.stop()
	d := s.delivered()
	l.check(t, d)
	assert.Len(t, d.one(t, of.requestID()).Events, 1)
	assert.Len(t, d.passed, 1)
}
