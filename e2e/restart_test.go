package e2e

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRestartUnderLoad ends and begins the collector in order, as a rolling
// restart or a new configuration does, while clients go on sending. No request
// is cut in two by it: what is open goes on with its numbers.
func TestRestartUnderLoad(t *testing.T) {
	t.Parallel()
	const restarts = 5
	for name, restart := range map[string]func(*testing.T, *collector, launch) *collector{
		"SIGTERM": func(t *testing.T, c *collector, l launch) *collector {
			t.Helper()
			c.stop()
			return start(t, l)
		},
		"SIGHUP": func(t *testing.T, c *collector, _ launch) *collector {
			t.Helper()
			c.reload()
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, at := newSink(t), pickAddresses(t)
			configs := []string{toSink(s, crashing), withStorage(filepath.Join(t.TempDir(), "storage"), "")}
			life := launch{configs: configs, at: &at}
			c := start(t, life)
			k := &killer{}
			l := startLoad(t, watchedClients(t, at, k)...)
			long := startLongRequests(t, watchedClient{newHTTPClient(t, at.http), k}, l.ledger)
			for range restarts {
				l.awaitSent(c, 30)
				c = restart(t, c, life)
			}
			l.awaitSent(c, 30)
			l.end()
			long.end()
			c.stop()
			for id, e := range s.delivered().byID {
				assert.NotEqual(t, "shutdown", e.FlushReason, "envelope %s of request %s", id, e.RequestID)
			}

			start(t, launch{configs: append(configs, shutdownFlush), at: &at}).stop()
			d := s.delivered()
			l.ledger.check(t, d)
			requireWhole(t, d)
			requirePassed(t, l.ledger, d, s)
		})
	}
}

// TestRestartInTheMiddle: a request whose halves came before and after a
// restart leaves once, whole, as if there had been none.
func TestRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	configs := []string{
		toSink(s, "linger: 100ms\nshutdown: persist\n"+hurriedRetry),
		withStorage(filepath.Join(t.TempDir(), "storage"), ""),
	}
	c, l := start(t, launch{configs: configs}), newLedger()
	requests := make([]ids, 50)
	first, firstEvents := newBatch(), map[string]string{}
	for i := range requests {
		requests[i] = newIDs()
		firstEvents[first.addLog(requests[i], "gen_ai.user.message", "question")] = requests[i].requestID()
	}
	mustSendLogs(t, newHTTPClient(t, c.http), first.logs)
	l.note(acknowledged, firstEvents)
	c.stop()
	require.Empty(t, s.takenLogs(), "a restart does not cut a request in two")

	c = start(t, launch{configs: configs})
	c.requireMetric(float64(len(requests)), "requests_open")
	client := newHTTPClient(t, c.http)
	second, secondEvents := newBatch(), map[string]string{}
	for _, of := range requests {
		secondEvents[second.addLog(of, "gen_ai.choice", "answer")] = of.requestID()
		secondEvents[second.addSpan(of, "chat")] = of.requestID()
	}
	mustSendLogs(t, client, second.logs)
	mustSendTraces(t, client, second.traces)
	l.note(acknowledged, secondEvents)
	s.awaitEnvelopes(len(requests))
	c.stop()
	d := s.delivered()
	l.check(t, d)
	assert.Zero(t, d.repeats, "after an orderly restart nothing is delivered again")
	for _, of := range requests {
		parts, events := d.whole(t, of.requestID())
		require.Len(t, parts, 1)
		assert.Len(t, events, 3)
		assert.Equal(t, "span_end", parts[0].FlushReason)
		assert.True(t, parts[0].Complete)
	}

	c = start(t, launch{configs: configs})
	c.requireMetric(0, "requests_open")
	c.requireMetric(float64(len(requests)), "requests_remembered")
	late := newBatch()
	late.addLog(requests[0], "gen_ai.evaluation.result", "good")
	mustSendLogs(t, newHTTPClient(t, c.http), late.logs)
	s.awaitEnvelopes(len(requests) + 1)
	c.stop()
	parts, events := s.delivered().whole(t, requests[0].requestID())
	require.Len(t, parts, 2)
	assert.Len(t, events, 4)
	assert.Equal(t, "late", parts[1].FlushReason, "what was delivered before the restart is remembered")
}
