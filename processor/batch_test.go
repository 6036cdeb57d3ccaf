package processor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Once its envelope is built, a request that was flushed costs a few bytes and
// nothing for the garbage collector: the store must be told.
func TestStoreIsToldOfBuiltEnvelopes(t *testing.T) {
	cfg := config.NewProcessor().(*config.Processor)
	e := newEngine(Settings{}, &cfg.Buffer)
	origin := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	var out buffer.Outcome
	for n := range byte(3) {
		e.store.AppendRecords(e.now(), time.Now(), []buffer.Record{{
			Keys:   buffer.Keys{Trace: pcommon.TraceID{1}, Span: pcommon.SpanID{n + 1}},
			Packed: event.AppendRecord(nil, &event.Record{Log: plog.NewLogRecord(), Name: "gen_ai.choice"}),
			Origin: origin,
		}}, &out)
	}
	e.store.FlushAll(e.now(), time.Now(), event.FlushShutdown, &out)
	require.Equal(t, 3, e.store.Remembered())
	b := assemble(e, out.Parts[:2])
	defer b.done()
	assert.Equal(t, 2, b.logs.LogRecordCount())
	assert.Equal(t, 2, e.store.Frozen())
	assert.Equal(t, 3, e.store.Remembered())
}

// Parts of one request stay in order within a batch, also when the resource of
// its span turns out to be another than that of its logs, and when the batch is
// split.
func TestPartsStayInOrderWithinABatch(t *testing.T) {
	cfg := config.NewProcessor().(*config.Processor)
	e := newEngine(Settings{}, &cfg.Buffer)
	origins := make([]*event.Origin, 2)
	for i := range origins {
		origins[i] = &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	}
	var out buffer.Outcome
	for _, of := range []struct {
		request byte
		origin  int
		span    bool
	}{{1, 0, false}, {2, 1, false}, {3, 1, false}, {2, 0, true}, {3, 0, true}, {1, 1, true}, {1, 0, false}, {4, 1, false}} {
		keys := buffer.Keys{Trace: pcommon.TraceID{1}, Span: pcommon.SpanID{of.request}}
		if of.span {
			span := ptrace.NewSpan()
			span.SetTraceID(keys.Trace)
			span.SetSpanID(keys.Span)
			e.store.AppendSpans(e.now(), time.Now(), []buffer.Span{{
				Keys: keys, Claim: buffer.ClaimMake, Origin: origins[of.origin],
				Packed: event.AppendSpan(nil, &event.Span{Data: span, Kind: semconv.KindInference, Gathered: true}),
			}}, &out)
		} else {
			e.store.AppendRecords(e.now(), time.Now(), []buffer.Record{{
				Keys: keys, Origin: origins[of.origin],
				Packed: event.AppendRecord(nil, &event.Record{Log: plog.NewLogRecord(), Name: "gen_ai.choice"}),
			}}, &out)
		}
		e.store.FlushAll(e.now(), time.Now(), event.FlushShutdown, &out)
	}
	whole := assemble(e, out.Parts)
	defer whole.done()
	first, second := whole.halves()
	defer first.done()
	defer second.done()
	assert.Len(t, first.sent, 4)
	assert.Len(t, second.sent, 4)
	for name, b := range map[string]*batch{"whole": whole, "first": first, "second": second} {
		parts := map[string]int64{}
		for _, rl := range b.logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				id, _ := record.Body().Map().Get("request_id")
				part, _ := record.Body().Map().Get("part")
				assert.Greater(t, part.Int(), parts[id.Str()], "%s: request %s", name, id.Str())
				parts[id.Str()] = part.Int()
			}
		}
		assert.Equal(t, len(b.sent), b.logs.LogRecordCount())
	}
	assert.Equal(t, 3, whole.logs.ResourceLogs().Len(), "one group more")
}
