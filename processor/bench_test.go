package processor_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/processor"
)

// traffic is what a pipeline gets in one go: 20 requests of 5 log events of
// 1 KB, and their spans.
type traffic struct {
	logs   []byte
	traces []byte
}

const requestsPerBatch, eventsPerRequest = 20, 5

// traffics marshals n batches, none with a request of another.
func traffics(b *testing.B, n int, own bool) []traffic {
	text := strings.Repeat("0123456789abcdef", 60)
	names := []string{"gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.user.message", "gen_ai.choice"}
	var made []traffic
	for i := range n {
		var logs []func(plog.LogRecord)
		var spans []func(ptrace.Span)
		for j := range requestsPerBatch {
			var trace [16]byte
			binary.BigEndian.PutUint64(trace[:], uint64(i*requestsPerBatch+j+1))
			for k := range eventsPerRequest {
				logs = append(logs, func(log plog.LogRecord) {
					message(names[k], text, 1)(log)
					log.SetTraceID(trace)
					if !own {
						log.SetEventName("app.event")
					}
				})
			}
			spans = append(spans, func(span ptrace.Span) {
				chat(1)(span)
				span.SetTraceID(trace)
				if !own {
					span.Attributes().Clear()
					span.Attributes().PutStr("http.request.method", "GET")
				}
			})
		}
		var t traffic
		var err error
		t.logs, err = (&plog.ProtoMarshaler{}).MarshalLogs(logsOf(logs...))
		require.NoError(b, err)
		t.traces, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(spansOf(spans...))
		require.NoError(b, err)
		made = append(made, t)
	}
	return made
}

// BenchmarkConsume is per event, decoding included: "bare" is decoding alone.
func BenchmarkConsume(b *testing.B) {
	for _, c := range []struct {
		name     string
		bare     bool
		own      bool
		messages bool
	}{
		{name: "bare", bare: true},
		{name: "none of ours"},
		{name: "gathered", own: true},
		{name: "gathered with messages", own: true, messages: true},
	} {
		b.Run(c.name, func(b *testing.B) { benchConsume(b, c.bare, c.own, c.messages, false) })
		b.Run(c.name+" parallel", func(b *testing.B) { benchConsume(b, c.bare, c.own, c.messages, true) })
	}
}

func benchConsume(b *testing.B, bare, own, messages, parallel bool) {
	cfg := processorConfig(func(c *config.Processor) {
		c.Linger, c.LateWindow, c.Envelope.Messages = 200*time.Millisecond, 0, messages
		c.Limits.MaxBytes = 4 << 30
	})
	registry := processor.NewRegistry()
	set := processor.Settings{
		ID: component.MustNewID("gen_ai_buffer"), Telemetry: componenttest.NewNopTelemetrySettings(), Kind: component.KindProcessor,
	}
	traces := registry.NewTraces(set, cfg, consumertest.NewNop())
	logs := registry.NewLogs(set, cfg, consumertest.NewNop())
	require.NoError(b, traces.Start(bg, componenttest.NewNopHost()))
	require.NoError(b, logs.Start(bg, componenttest.NewNopHost()))
	batches := traffics(b, b.N/(requestsPerBatch*eventsPerRequest)+1, own)
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(batches)); i = next.Add(1) - 1 {
			ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batches[i].logs)
			require.NoError(b, err)
			td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batches[i].traces)
			require.NoError(b, err)
			if bare {
				continue
			}
			require.NoError(b, logs.ConsumeLogs(bg, ld))
			require.NoError(b, traces.ConsumeTraces(bg, td))
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	var workers sync.WaitGroup
	for range map[bool]int{false: 1, true: runtime.GOMAXPROCS(0)}[parallel] {
		workers.Go(work)
	}
	workers.Wait()
	require.NoError(b, logs.Shutdown(bg))
	b.StopTimer()
	require.NoError(b, traces.Shutdown(bg))
}
