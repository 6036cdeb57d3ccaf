package liveextension_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// TestMetricsTellExtensionsApart: a collector may have several, and what one
// counts is not added to or hidden by what another does.
func TestMetricsTellExtensionsApart(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	factory := liveextension.NewFactory()
	for n, name := range []string{"", "b"} {
		cfg := liveextension.NewDefaultConfig()
		cfg.Server.NetAddr.Endpoint = freeAddress(t)
		set := extensiontest.NewNopSettings(factory.Type())
		set.ID = component.NewIDWithName(factory.Type(), name)
		set.TelemetrySettings = telemetry.NewTelemetrySettings()
		x, err := factory.Create(t.Context(), set, cfg)
		require.NoError(t, err)
		require.NoError(t, x.Start(t.Context(), host{}))
		t.Cleanup(func() { require.NoError(t, x.Shutdown(context.Background())) })
		of := request("a", 1)
		facts := []event.Fact{opened(of), record(of, 1, "gen_ai.a", "x"), flushed(of, 1)}
		x.(live.Publishers).Publisher("gen_ai_buffer").Publish(facts[:1+n])
	}
	for name, want := range map[string]map[string]int64{
		"otelcol_extension_gen_ai_live_events_published": {"gen_ai_live": 1, "gen_ai_live/b": 2},
		"otelcol_extension_gen_ai_live_subscribers":      {"gen_ai_live": 0, "gen_ai_live/b": 0},
		"otelcol_extension_gen_ai_live_bytes_sent":       {"gen_ai_live": 0, "gen_ai_live/b": 0},
	} {
		metric, err := telemetry.GetMetric(name)
		require.NoError(t, err)
		got := map[string]int64{}
		for _, point := range points(metric.Data) {
			id, _ := point.Attributes.Value("otelcol.component.id")
			got[id.AsString()] += point.Value
		}
		assert.Equal(t, want, got, name)
	}
}

func points(data metricdata.Aggregation) []metricdata.DataPoint[int64] {
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		return data.DataPoints
	case metricdata.Gauge[int64]:
		return data.DataPoints
	}
	return nil
}
