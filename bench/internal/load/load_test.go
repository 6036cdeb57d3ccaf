package load_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
)

// sent is what a Sender brought to a real OTLP receiver.
type sent struct {
	logs  []plog.LogRecord
	spans []ptrace.Span
	bytes int
}

func send(t *testing.T, u load.Unit, units int) sent {
	t.Helper()
	var got sent
	address := receive(t, func(ld plog.Logs) {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					got.logs = append(got.logs, lr)
				}
			}
		}
		got.bytes += (&plog.ProtoMarshaler{}).LogsSize(ld)
	}, func(td ptrace.Traces) {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					got.spans = append(got.spans, span)
				}
			}
		}
		got.bytes += (&ptrace.ProtoMarshaler{}).TracesSize(td)
	})
	s, err := load.NewSender(address)
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	require.NoError(t, s.Send(t.Context(), u, 1, 1, load.Window{}))
	require.NoError(t, s.Send(t.Context(), u, units-1, 3, load.Window{}))
	return got
}

func TestUnitsCountWhatTheySend(t *testing.T) {
	for name, u := range map[string]load.Unit{
		"gathered":    load.Gathered(1024),
		"open logs":   load.OpenLogs(20 << 10),
		"span events": load.SpanEvents(1024),
		"foreign":     load.Foreign(200),
	} {
		t.Run(name, func(t *testing.T) {
			const units = 3
			got := send(t, u, units)
			assert.Len(t, got.logs, units*u.Logs)
			assert.Len(t, got.spans, units*u.Spans)
			assert.Equal(t, units*u.Bytes, got.bytes)
			events := 0
			for _, lr := range got.logs {
				if strings.HasPrefix(lr.EventName(), "gen_ai.") {
					events++
				}
			}
			for _, span := range got.spans {
				events += span.Events().Len()
			}
			assert.Equal(t, units*u.Events, events)
		})
	}
}

func TestEachRequestHasItsOwnIDs(t *testing.T) {
	const units = 4
	u := load.Gathered(100)
	got := send(t, u, units)

	owners := map[pcommon.SpanID]pcommon.TraceID{}
	traces := map[pcommon.TraceID]bool{}
	responses := map[string]bool{}
	for _, span := range got.spans {
		owners[span.SpanID()] = span.TraceID()
		traces[span.TraceID()] = true
		id, ok := span.Attributes().Get("gen_ai.response.id")
		require.True(t, ok)
		responses[id.Str()] = true
	}
	assert.Len(t, owners, units*u.Requests)
	assert.Len(t, traces, units*u.Requests)
	assert.Len(t, responses, units*u.Requests)

	events := map[pcommon.SpanID][]string{}
	for _, lr := range got.logs {
		assert.Equal(t, owners[lr.SpanID()], lr.TraceID())
		events[lr.SpanID()] = append(events[lr.SpanID()], lr.EventName())
	}
	assert.Len(t, events, units*u.Requests)
	for _, names := range events {
		assert.Equal(t, []string{"gen_ai.system.message", "gen_ai.user.message",
			"gen_ai.assistant.message", "gen_ai.user.message", "gen_ai.choice"}, names)
	}
}

func TestTextHasTheSizeAskedFor(t *testing.T) {
	for _, size := range []int{100, 1024, 20 << 10} {
		for _, lr := range send(t, load.OpenLogs(size), 2).logs {
			body := lr.Body().Map()
			if message, ok := body.Get("message"); ok {
				body = message.Map()
			}
			content, ok := body.Get("content")
			require.True(t, ok)
			require.Len(t, content.Str(), size)
		}
	}
}

func TestBatchesStayBelowTheLimitOfReceivers(t *testing.T) {
	const grpcDefault = 4 << 20
	for _, size := range []int{100, 1024, 200 << 10} {
		u := load.OpenLogs(size)
		records := 0
		for _, b := range u.Batches {
			assert.Less(t, b.Bytes(), grpcDefault)
			assert.LessOrEqual(t, b.Records, 100)
			records += b.Records
		}
		assert.Equal(t, u.Events, records)
	}
}

func TestForeignTrafficHasNothingToGather(t *testing.T) {
	got := send(t, load.Foreign(1024), 2)
	for _, lr := range got.logs {
		assert.Empty(t, lr.EventName())
		for key := range lr.Attributes().All() {
			assert.NotContains(t, key, "gen_ai")
			assert.NotContains(t, key, "event")
		}
	}
	entries := 0
	for _, span := range got.spans {
		assert.Zero(t, span.Events().Len())
		if span.ParentSpanID().IsEmpty() {
			entries++
		}
		for key := range span.Attributes().All() {
			assert.NotContains(t, key, "gen_ai")
		}
	}
	assert.Equal(t, len(got.spans)/5, entries)
}

func TestWindowLimitsWhatIsUnderWay(t *testing.T) {
	var arrived atomic.Int64
	u := load.SpanEvents(10)
	address := receive(t, func(plog.Logs) {}, func(td ptrace.Traces) { arrived.Add(int64(td.SpanCount())) })
	s, err := load.NewSender(address)
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()

	window := load.Window{Requests: 2 * u.Requests, Arrived: arrived.Load}
	require.NoError(t, s.Send(t.Context(), u, 5, 1, window))
	assert.EqualValues(t, 5*u.Requests, arrived.Load())

	// Nothing ever comes out: two units go, the third waits.
	var before = arrived.Load()
	window.Arrived = func() int64 { return 0 }
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Send(ctx, u, 5, 1, window), context.DeadlineExceeded)
	assert.EqualValues(t, 2*u.Requests, arrived.Load()-before)
}

func TestRefusalIsAnError(t *testing.T) {
	s, err := load.NewSender("127.0.0.1:1") // nobody listens there
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	assert.Error(t, s.Send(t.Context(), load.Foreign(10), 1, 2, load.Window{}))
}
