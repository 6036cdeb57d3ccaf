package processor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
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
