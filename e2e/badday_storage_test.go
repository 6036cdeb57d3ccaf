package e2e

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRestartOnABadDay: the collector is told to end while the next consumer
// does not take what it is given. What could not be delivered stays in the
// journal, whatever the shutdown tries, and arrives after the restart.
func TestRestartOnABadDay(t *testing.T) {
	t.Parallel()
	for i, day := range badDays {
		for _, shutdown := range []string{"flush", "persist"} {
			t.Run(day.name+"/"+shutdown, func(t *testing.T) {
				t.Parallel()
				s, passed, at := newSink(t), newSink(t), pickAddresses(t)
				configs := []string{
					processorForm(brisk+"\nshutdown: "+shutdown, exporters[i%len(exporters)].to(s),
						"otlp_grpc/spans: "+grpcExporter(passed.grpcAddress, "10s")),
					withStorage(filepath.Join(t.TempDir(), "storage"), ""),
				}
				c := start(t, launch{configs: configs, at: &at})
				l := startLoad(t, watchedClients(t, at, &killer{})...)
				l.awaitSent(c, 20)
				s.set(day.how)
				l.awaitSent(c, 20)
				if day.refuses {
					s.awaitRefusals(2)
				}
				c.stop()
				assert.Zero(t, c.output.count("Envelopes are lost"))

				c = start(t, launch{configs: configs, at: &at})
				l.awaitSent(c, 20)
				s.set(accept)
				l.awaitSent(c, 20)
				l.end()
				c.awaitMetric(is(0), "envelopes_undelivered")
				c.requireMetric(0, "envelopes_lost")
				c.stop()
				start(t, launch{configs: append(configs, shutdownFlush), at: &at}).stop()
				d := s.delivered()
				l.ledger.check(t, d)
				requireWhole(t, d)
				requirePassed(t, l.ledger, d, passed)
			})
		}
	}
}

// TestRestartWithLowerLimits: limits below what the journal brings back let
// requests leave early; none is refused, cut off or lost.
func TestRestartWithLowerLimits(t *testing.T) {
	t.Parallel()
	const total, limit = 200, 10
	s := newSink(t)
	configs := []string{toSink(s, hurriedRetry), withStorage(filepath.Join(t.TempDir(), "storage"), "")}
	c, l := start(t, launch{configs: configs}), newLedger()
	openOneByOne(t, c, total, l)
	c.stop()
	require.Empty(t, s.takenLogs())

	lower := "processors: {gen_ai_buffer: {limits: {max_requests: 10, max_remembered: 5, max_bytes: 64KiB, max_request_bytes: 16KiB, max_event_bytes: 8KiB}}}"
	c = start(t, launch{configs: append(configs, lower)})
	openOneByOne(t, c, 1, l)
	c.awaitMetric(func(open float64) bool { return open <= limit }, "requests_open")
	c.stop()
	start(t, launch{configs: append(configs, shutdownFlush)}).stop()
	d := s.delivered()
	l.check(t, d)
	requireWhole(t, d)
	assert.Len(t, d.byRequest, total+1)
}
