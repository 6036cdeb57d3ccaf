package processor_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/processor"
)

func TestWhicheverFaceStopsFirstNothingIsLost(t *testing.T) {
	t.Run("traces first", func(t *testing.T) {
		r := newRig(t, nil)
		r.sendSpans(spansOf(chat(1)))
		require.NoError(t, r.traces.Shutdown(bg))
		r.sendLogs(logsOf(message("gen_ai.user.message", "after", 1)))
		require.NoError(t, r.logs.Shutdown(bg))
		got := r.out.envelopes(t)
		require.Len(t, got, 1)
		assert.Equal(t, "shutdown", attr(got[0], "gen_ai_buffer.flush_reason"))
		assert.Equal(t, []string{"after"}, events(got[0]))
	})
	t.Run("logs first", func(t *testing.T) {
		r := newRig(t, nil)
		r.sendSpans(spansOf(chat(1)))
		require.NoError(t, r.logs.Shutdown(bg))
		require.Len(t, r.out.envelopes(t), 1)
		err := r.traces.ConsumeTraces(bg, spansOf(chat(2)))
		require.Error(t, err)
		assert.False(t, consumererror.IsPermanent(err))
		require.NoError(t, r.traces.ConsumeTraces(bg, spansOf(foreign(3))), "what is none of ours passes")
		require.NoError(t, r.traces.Shutdown(bg))
		assert.Len(t, r.out.envelopes(t), 1)
	})
}

func TestShutdownTwiceWithoutStartAndTooLate(t *testing.T) {
	r := newRig(t, nil)
	r.sendSpans(spansOf(chat(1)))
	expired, cancel := context.WithCancel(bg)
	cancel()
	r.out.tell(func(int, plog.Logs) error { return errPassing })
	require.NoError(t, r.logs.Shutdown(expired))
	require.NoError(t, r.logs.Shutdown(bg))
	require.NoError(t, r.traces.Shutdown(bg))
	require.NoError(t, r.traces.Shutdown(bg))
	assert.Equal(t, 1, r.metric("envelopes_lost"), "what could not be delivered is counted")

	never := processor.NewRegistry().NewLogs(r.settings(), processorConfig(nil), r.out)
	require.NoError(t, never.Shutdown(bg))
}

func TestShutdownUsesTheTimeThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		back := time.Now().Add(8 * time.Second)
		r.out.tell(func(int, plog.Logs) error {
			if time.Now().Before(back) {
				return errPassing
			}
			return nil
		})
		r.sendSpans(spansOf(chat(1)))
		r.stop()
		assert.Len(t, r.out.envelopes(t), 1)
	})
}

func TestShutdownEndsThoughTheNextConsumerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		release := make(chan struct{})
		r.out.tell(func(int, plog.Logs) error { <-release; return errors.New("too late") })
		r.sendSpans(spansOf(chat(1)))
		begun := time.Now()
		r.stop()
		assert.Less(t, time.Since(begun), time.Minute)
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		close(release)
	})
}

func TestShutdownWithManyOpenRequests(t *testing.T) {
	r := newRig(t, nil)
	const n = 20_000
	for i := 0; i < n; i += 100 {
		fill := make([]func(plog.LogRecord), 100)
		for j := range fill {
			fill[j] = func(log plog.LogRecord) {
				message("gen_ai.user.message", "x", 1)(log)
				log.SetTraceID([16]byte{1, byte(i >> 8), byte(i), byte(j)})
			}
		}
		r.sendLogs(logsOf(fill...))
	}
	assert.Equal(t, n, r.metric("requests_open"))
	r.stop()
	assert.Equal(t, n, r.metric("envelopes_delivered"))
	assert.Less(t, r.out.attempts, 100, "10,000 requests do not become 10,000 calls")
}

func TestConcurrentUseLosesNothing(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Linger = time.Millisecond; c.LateWindow = time.Minute })
	var wg sync.WaitGroup
	for w := range byte(4) {
		wg.Go(func() {
			for i := range 200 {
				n := byte(i%20) + 20*w + 1
				assert.NoError(t, r.logs.ConsumeLogs(bg, logsOf(message("gen_ai.user.message", "m", n))))
				if i%10 == 9 {
					assert.NoError(t, r.traces.ConsumeTraces(bg, spansOf(chat(n))))
				}
			}
		})
	}
	wg.Wait()
	r.stop()
	total := 0
	for _, log := range r.out.envelopes(t) {
		total += len(events(log))
	}
	assert.Equal(t, 800, total)
}

func TestOutletsAreCheckedAtStart(t *testing.T) {
	set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: componenttest.NewNopTelemetrySettings(), Kind: component.KindProcessor}
	registry := processor.NewRegistry()
	traces := registry.NewTraces(set, processorConfig(nil), consumertest.NewNop())
	require.ErrorContains(t, traces.Start(bg, componenttest.NewNopHost()), "stands in no logs pipeline")

	registry = processor.NewRegistry()
	one := registry.NewLogs(set, processorConfig(nil), consumertest.NewNop())
	registry.NewLogs(set, processorConfig(nil), consumertest.NewNop())
	require.ErrorContains(t, one.Start(bg, componenttest.NewNopHost()), "stands in 2 logs pipelines")
}

func TestExtensionIDsAreChecked(t *testing.T) {
	id := component.MustNewID("health_check")
	for _, c := range []struct {
		change func(*config.Processor)
		host   *host
		want   string
	}{
		{func(c *config.Processor) { c.Storage = &id }, &host{}, `storage: "health_check" is no extension`},
		{func(c *config.Processor) { c.Storage = &id }, &host{extensions: map[component.ID]component.Component{id: nil}}, `"health_check" is no storage extension`},
		{func(c *config.Processor) { c.Live = &id }, &host{}, `live: "health_check" is no extension`},
		{func(c *config.Processor) { c.Live = &id }, &host{extensions: map[component.ID]component.Component{id: nil}}, `"health_check" is no gen_ai_live extension`},
	} {
		set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: componenttest.NewNopTelemetrySettings(), Kind: component.KindProcessor}
		logs := processor.NewRegistry().NewLogs(set, processorConfig(c.change), consumertest.NewNop())
		require.ErrorContains(t, logs.Start(bg, c.host), c.want)
	}
}

func TestTheConnectorEmitsEnvelopesOnly(t *testing.T) {
	out := &outlet{}
	registry := processor.NewRegistry()
	set := processor.Settings{ID: component.MustNewID("gen_ai_buffer"), Telemetry: componenttest.NewNopTelemetrySettings(), Kind: component.KindConnector}
	cfg := config.NewConnector().(*config.Connector)
	traces := registry.NewConnectorTraces(set, cfg, out)
	logs := registry.NewConnectorLogs(set, cfg, out)
	require.NoError(t, traces.Start(bg, componenttest.NewNopHost()))
	require.NoError(t, logs.Start(bg, componenttest.NewNopHost()))
	require.NoError(t, traces.ConsumeTraces(bg, spansOf(chat(1), foreign(2))))
	require.NoError(t, logs.ConsumeLogs(bg, logsOf(plain("mine"), message("gen_ai.user.message", "hello", 1), message("gen_ai_buffer.request", "upstream", 5))))
	require.NoError(t, logs.ConsumeLogs(bg, logsOf(plain("mine"))))
	require.NoError(t, logs.Shutdown(bg))
	require.NoError(t, traces.ConsumeTraces(bg, spansOf(chat(3))), "the other face still has the outlet")
	require.NoError(t, traces.Shutdown(bg))
	records := out.records()
	require.Len(t, records, 3)
	assert.Equal(t, "upstream", records[0].Body().Map().AsRaw()["content"])
	assert.Equal(t, []string{"hello"}, events(records[1]))
}
