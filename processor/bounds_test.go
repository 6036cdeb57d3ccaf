package processor_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/processor"
)

func agent(n byte) func(ptrace.Span) {
	return func(span ptrace.Span) {
		chat(n)(span)
		span.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
	}
}

func inferenceOnly(c *config.Processor) { c.Kinds = []string{"inference"} }

func TestAScrapeDuringStartHangsNothing(t *testing.T) {
	tel := componenttest.NewTelemetry()
	stop := make(chan struct{})
	var scraper sync.WaitGroup
	scraper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				assert.NoError(t, tel.Reader.Collect(bg, &metricdata.ResourceMetrics{}))
			}
		}
	})
	for range 50 {
		set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: tel.NewTelemetrySettings(), Kind: component.KindProcessor}
		logs := processor.NewRegistry().NewLogs(set, processorConfig(nil), consumertest.NewNop())
		require.NoError(t, logs.Start(bg, componenttest.NewNopHost()))
		require.NoError(t, logs.Shutdown(bg))
	}
	close(stop)
	scraper.Wait()
	require.NoError(t, tel.Shutdown(bg))
}

func TestSpansOfOtherKindsMakeNothing(t *testing.T) {
	r := newRig(t, inferenceOnly)
	r.sendSpans(spansOf(agent(1), func(span ptrace.Span) { // Logfire announces an agent span
		agent(2)(span)
		_, parent := ids(3)
		span.SetParentSpanID(parent)
		span.Attributes().PutStr("logfire.span_type", "pending_span")
	}))
	assert.Zero(t, r.metric("requests_opened"))
	r.sendLogs(logsOf(message("gen_ai.user.message", "of the agent", 4)))
	r.sendSpans(spansOf(agent(4)))
	require.NoError(t, r.logs.Shutdown(bg))
	require.Len(t, r.out.envelopes(t), 1, "one that events opened is joined and ended")
	assert.Equal(t, true, attr(r.out.envelopes(t)[0], "gen_ai_buffer.complete"))
	require.NoError(t, r.traces.ConsumeTraces(bg, spansOf(agent(5))), "a batch with nothing to gather is never refused")
	require.NoError(t, r.traces.Shutdown(bg))
}

func TestOnlyContentThatAnEnvelopeHasIsStripped(t *testing.T) {
	r := newRig(t, func(c *config.Processor) {
		inferenceOnly(c)
		c.Traces.Content = config.ContentStrip
	})
	r.sendSpans(spansOf(agent(1), chat(2)))
	r.stop()
	spans := r.spans.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i, want := range []bool{true, false} {
		_, has := spans.At(i).Attributes().Get("gen_ai.output.messages")
		assert.Equal(t, want, has, spans.At(i).Attributes().AsRaw())
	}
}

func TestShutdownDoesNotWaitForAHangingPipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel := componenttest.NewTelemetry()
		set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: tel.NewTelemetrySettings(), Kind: component.KindProcessor}
		registry, out, release := processor.NewRegistry(), &outlet{}, make(chan struct{})
		hangs, err := consumer.NewTraces(func(context.Context, ptrace.Traces) error { <-release; return nil })
		require.NoError(t, err)
		traces := registry.NewTraces(set, processorConfig(nil), hangs)
		logs := registry.NewLogs(set, processorConfig(nil), out)
		require.NoError(t, traces.Start(bg, componenttest.NewNopHost()))
		require.NoError(t, logs.Start(bg, componenttest.NewNopHost()))
		answer := make(chan error, 1)
		go func() { answer <- traces.ConsumeTraces(bg, spansOf(chat(1))) }()
		synctest.Wait()
		begun := time.Now()
		require.NoError(t, logs.Shutdown(bg))
		assert.Less(t, time.Since(begun), time.Minute)
		close(release)
		assert.Error(t, <-answer, "what came too late is refused, not lost")
		require.NoError(t, traces.Shutdown(bg))
		require.NoError(t, tel.Shutdown(bg))
	})
}

func TestErrorsOfForeignTrafficStayWhatTheyAre(t *testing.T) {
	cfg := processorConfig(func(c *config.Processor) { c.RequestID.Fallback = config.FallbackTrace })
	set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: componenttest.NewNopTelemetrySettings(), Kind: component.KindProcessor}
	registry := processor.NewRegistry()
	traces := registry.NewTraces(set, cfg, consumertest.NewErr(consumererror.NewPermanent(errors.New("never"))))
	logs := registry.NewLogs(set, cfg, &outlet{})
	require.NoError(t, traces.Start(bg, componenttest.NewNopHost()))
	require.NoError(t, logs.Start(bg, componenttest.NewNopHost()))
	assert.True(t, consumererror.IsPermanent(traces.ConsumeTraces(bg, spansOf(foreign(1)))))
	assert.False(t, consumererror.IsPermanent(traces.ConsumeTraces(bg, spansOf(chat(2)))), "what was gathered was not taken and must come again")
	require.NoError(t, logs.Shutdown(bg))
	require.NoError(t, traces.Shutdown(bg))
}

func TestLongIDsAreCutAndStayDifferent(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.RequestID.Attributes = []string{"turn"} })
	long := strings.Repeat("é", 1<<20)
	for _, suffix := range []string{"a", "b", "a"} {
		r.sendLogs(logsOf(func(log plog.LogRecord) {
			message("gen_ai.user.message", "m", 1)(log)
			log.Attributes().PutStr("turn", long+suffix)
		}))
	}
	assert.Equal(t, 2, r.metric("requests_open"))
	r.stop()
	for _, log := range r.out.envelopes(t) {
		assert.LessOrEqual(t, len(attr(log, "gen_ai_buffer.request_id").(string)), 256)
	}
}

func TestARequestWithoutEndIsAccountedFor(t *testing.T) {
	r := newRig(t, func(c *config.Processor) {
		c.RequestID.Attributes = []string{"session.id"}
		c.Limits.MaxBytes = 256 << 10
	})
	for i := range 5000 {
		r.sendSpans(spansOf(func(span ptrace.Span) {
			chat(1)(span)
			var trace [16]byte
			binary.BigEndian.PutUint64(trace[:], uint64(i+1))
			span.SetTraceID(trace)
			span.SetParentSpanID([8]byte{1})
			span.Attributes().PutStr("session.id", "default")
		}))
		if i%500 == 0 {
			assert.LessOrEqual(t, r.metric("bytes_held"), 256<<10)
		}
	}
	assert.Positive(t, r.metric("requests_forgotten"))
	r.stop()
}

func TestStatusIsOKWhenNothingIsStuckAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.out.tell(func(attempt int, _ plog.Logs) error {
			if attempt == 1 {
				return errPassing
			}
			return consumererror.NewPermanent(errors.New("never"))
		})
		r.sendSpans(spansOf(chat(1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		assert.Equal(t, componentstatus.StatusOK, r.host.statuses[len(r.host.statuses)-1])
		r.stop()
	})
}
