package holdprocessor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
)

func TestHoldsEverythingForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		factory := NewFactory()
		set := processortest.NewNopSettings(component.MustNewType("hold"))
		cfg := &Config{For: 200 * time.Millisecond}
		var got consumertest.LogsSink
		var gotTraces consumertest.TracesSink
		l, err := factory.CreateLogs(t.Context(), set, cfg, &got)
		require.NoError(t, err)
		tr, err := factory.CreateTraces(t.Context(), set, cfg, &gotTraces)
		require.NoError(t, err)

		ld, td := plog.NewLogs(), ptrace.NewTraces()
		ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		require.NoError(t, l.ConsumeLogs(t.Context(), ld))
		require.NoError(t, tr.ConsumeTraces(t.Context(), td))

		time.Sleep(199 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		assert.Zero(t, got.LogRecordCount()+gotTraces.SpanCount())
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 1, got.LogRecordCount())
		assert.Equal(t, 1, gotTraces.SpanCount())

		// What is still held leaves before Shutdown returns.
		again := plog.NewLogs()
		again.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		require.NoError(t, l.ConsumeLogs(t.Context(), again))
		require.NoError(t, l.Shutdown(t.Context()))
		assert.Equal(t, 2, got.LogRecordCount())
		assert.NoError(t, tr.Shutdown(t.Context()))
	})
}
