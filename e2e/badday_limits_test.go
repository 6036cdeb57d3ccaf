package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestMemoryLimit: with the sink down, the buffer fills to its limit and then
// refuses, so that the client knows; everything that it took arrives once the
// sink is back, and what it refused is taken then.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	s := newSink(t)
	c := startBad(t, "linger: 50ms\nttl: 1s\nlimits: {max_bytes: 4MiB}\n"+hurriedRetry, exporters[0].to(s))
	s.set(unavailable)
	client, l := newHTTPClient(t, c.http), newLedger()
	pending, pendingEvents := fillUntilRefused(t, client, l, limit)

	held, ok := c.metric("bytes_held")
	require.True(t, ok)
	assert.LessOrEqual(t, held, float64(limit), "bytes held at the limit")
	refusals, _ := c.metric("records_refused")
	assert.Positive(t, refusals, "records_refused")

	// Over gRPC the same refusal is UNAVAILABLE.
	denied := newBatch()
	deniedEvents := map[string]string{}
	of := newIDs()
	deniedEvents[denied.addLog(of, "gen_ai.user.message", strings.Repeat("x", 200<<10))] = of.requestID()
	_, err := newGRPCClient(t, c.grpc).sendLogs(t.Context(), denied.logs)
	require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	l.note(refused, deniedEvents)

	// What holds nothing to gather is never refused.
	plain := newBatch()
	span := plain.span.AppendEmpty()
	span.SetName("GET /")
	span.SetTraceID(of.trace)
	span.SetSpanID(newIDs().span)
	mustSendTraces(t, client, plain.traces)

	s.set(accept)
	c.poll("room for the refused batch", func() bool {
		result, _ := client.sendLogs(t.Context(), pending.logs)
		if result == acknowledged {
			l.note(result, pendingEvents)
		}
		return result == acknowledged
	}, func() string { return "it is refused still" })
	c.awaitMetric(is(0), "requests_open")
	c.awaitMetric(is(0), "envelopes_undelivered")
	c.requireMetric(0, "envelopes_lost")
	c.stop()
	l.check(t, s.delivered())
}

// fillUntilRefused sends new requests until the collector refuses a batch,
// which must be before it took twice the limit.
func fillUntilRefused(t *testing.T, client *httpClient, l *ledger, limit int) (batch, map[string]string) {
	t.Helper()
	const size = 10 << 10
	for sent := 0; sent < 2*limit; sent += 20 * size {
		b, events := newBatch(), map[string]string{}
		for range 20 {
			of := newIDs()
			events[b.addLog(of, "gen_ai.user.message", strings.Repeat("x", size))] = of.requestID()
		}
		result, err := client.sendLogs(t.Context(), b.logs)
		if result == refused {
			require.ErrorContains(t, err, "503")
			l.note(result, nil)
			return b, events
		}
		require.Equal(t, acknowledged, result, "%v", err)
		l.note(result, events)
	}
	t.Fatalf("the collector took %d bytes with a limit of %d", 2*limit, limit)
	return batch{}, nil
}

// TestLargeRequest: a request far larger than what a receiver takes in one
// message leaves in parts that a receiver with gRPC's default limit of 4 MiB
// takes, whatever the form of the body does to the size of its content.
func TestLargeRequest(t *testing.T) {
	t.Parallel()
	contents := map[string]string{
		"plain":   strings.Repeat("word ", 6<<10),
		"escaped": strings.Repeat("\"\\\n\x01", 8<<10),
	}
	for _, body := range []string{"map", "json"} {
		for name, content := range contents {
			t.Run(body+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newSink(t)
				c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\nenvelope: {body: "+body+"}\n"+hurriedRetry)}})
				client, l, of := newHTTPClient(t, c.http), newLedger(), newIDs()
				for range 10 {
					b, events := newBatch(), map[string]string{}
					for range 20 {
						events[b.addLog(of, "gen_ai.user.message", content)] = of.requestID()
					}
					mustSendLogs(t, client, b.logs)
					l.note(acknowledged, events)
				}
				b := newBatch()
				l.note(acknowledged, map[string]string{b.addSpan(of, "chat"): of.requestID()})
				mustSendTraces(t, client, b.traces)
				c.awaitMetric(is(0), "requests_open")
				c.awaitMetric(is(0), "envelopes_undelivered")
				c.requireMetric(0, "envelopes_lost")
				c.stop()
				d := s.delivered()
				l.check(t, d)
				parts, events := d.whole(t, of.requestID())
				assert.Len(t, events, 201)
				assert.Greater(t, len(parts), 1)
				assert.Equal(t, "size", parts[0].FlushReason)
				assert.True(t, parts[len(parts)-1].Complete)
			})
		}
	}
}

// TestLateEvent: what comes after the flush is a further part of the request
// as long as it is remembered, and a request of its own after that.
func TestLateEvent(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, settings string) (*sink, *collector, *httpClient, ids) {
		t.Helper()
		s := newSink(t)
		c := start(t, launch{configs: []string{toSink(s, settings+"\n"+hurriedRetry)}})
		client, of := newHTTPClient(t, c.http), newIDs()
		b := newBatch()
		b.addSpan(of, "chat")
		mustSendTraces(t, client, b.traces)
		s.awaitEnvelopes(1)
		return s, c, client, of
	}
	late := func(t *testing.T, client *httpClient, of ids) {
		t.Helper()
		b := newBatch()
		b.addLog(of, "gen_ai.evaluation.result", "good")
		mustSendLogs(t, client, b.logs)
	}
	t.Run("within the window", func(t *testing.T) {
		t.Parallel()
		s, c, client, of := send(t, "linger: 100ms")
		late(t, client, of)
		s.awaitEnvelopes(2)
		c.requireMetric(1, "events_late")
		c.stop()
		parts, events := s.delivered().whole(t, of.requestID())
		require.Len(t, parts, 2)
		assert.Equal(t, "span_end", parts[0].FlushReason)
		assert.Equal(t, "late", parts[1].FlushReason)
		assert.True(t, parts[1].Complete)
		assert.NotEqual(t, parts[0].ID, parts[1].ID)
		require.Len(t, events, 2)
		assert.True(t, events[1].Late)
		assert.Equal(t, 1, parts[1].Counts.Late)
	})
	t.Run("after the window", func(t *testing.T) {
		t.Parallel()
		s, c, client, of := send(t, "linger: 100ms\nttl: 300ms\nlate_window: 300ms")
		c.awaitMetric(is(0), "requests_remembered")
		late(t, client, of)
		s.awaitEnvelopes(2)
		c.stop()
		d := s.delivered()
		require.Len(t, d.byRequest[of.requestID()], 2)
		first, second := d.byID[d.order[0]], d.byID[d.order[1]]
		assert.Equal(t, "span_end", first.FlushReason)
		assert.Equal(t, "ttl", second.FlushReason)
		assert.Equal(t, 1, second.Part)
		assert.Equal(t, 1, second.Events[0].Seq)
		assert.False(t, second.Complete)
		assert.Equal(t, "unknown", second.Status)
	})
}

// TestManyEvents: a request with more events than an envelope holds leaves in
// parts, its events numbered through.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	const total, perExport = 110_000, 10_000
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\n"+hurriedRetry)}})
	client, of := newHTTPClient(t, c.http), newIDs()
	for range total / perExport {
		b := newBatch()
		for range perExport {
			b.addLog(of, "gen_ai.token", "t")
		}
		mustSendLogs(t, client, b.logs)
	}
	bystander := newBatch()
	other := newIDs()
	bystander.addSpan(other, "chat")
	mustSendTraces(t, client, bystander.traces)
	c.stop()
	d := s.delivered()
	parts, events := d.whole(t, of.requestID())
	assert.Len(t, events, total)
	for _, part := range parts {
		assert.LessOrEqual(t, len(part.Events), 10_000)
	}
	assert.True(t, d.one(t, other.requestID()).Complete, "another request")
}

// TestShutdownWithManyOpenRequests: every request that is open at the end is
// delivered before the process ends.
func TestShutdownWithManyOpenRequests(t *testing.T) {
	t.Parallel()
	const total, perExport = 100_000, 2_000
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, hurriedRetry)}})
	client := newHTTPClient(t, c.http)
	for n := 0; n < total; n += perExport {
		b := newBatch()
		for i := range perExport {
			b.addLog(numberedIDs(n+i), "gen_ai.user.message", "still open")
		}
		mustSendLogs(t, client, b.logs)
	}
	c.requireMetric(total, "requests_open")
	c.stop()
	requests, exports := map[string]bool{}, s.takenLogs()
	repeats := 0
	for _, logs := range exports {
		for f := range logRecords(logs) {
			id, ok := f.record.Attributes().Get("gen_ai_buffer.request_id")
			require.True(t, ok)
			if requests[id.Str()] {
				repeats++
			}
			requests[id.Str()] = true
		}
	}
	assert.Len(t, requests, total)
	assert.Zero(t, repeats)
	assert.Less(t, len(exports), total/10, "envelopes leave in batches")
	d := collect(t, []plog.Logs{exports[0], exports[len(exports)-1]})
	for _, e := range d.byID {
		assert.Equal(t, "shutdown", e.FlushReason, fmt.Sprint(e.RequestID))
	}
}
