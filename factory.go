package genaibufferprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	otelprocessor "go.opentelemetry.io/collector/processor"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/internal/metadata"
	"github.com/genaibuffer/genaibufferprocessor/processor"
)

// NewFactory makes the factory of the gen_ai_buffer processor. The faces that
// one factory makes for one component id share their buffer.
func NewFactory() otelprocessor.Factory {
	registry := processor.NewRegistry()
	return otelprocessor.NewFactory(
		metadata.Type,
		config.NewProcessor,
		otelprocessor.WithTraces(func(_ context.Context, set otelprocessor.Settings, cfg component.Config, next consumer.Traces) (otelprocessor.Traces, error) {
			return registry.NewTraces(settings(set), cfg.(*config.Processor), next), nil
		}, metadata.TracesStability),
		otelprocessor.WithLogs(func(_ context.Context, set otelprocessor.Settings, cfg component.Config, next consumer.Logs) (otelprocessor.Logs, error) {
			return registry.NewLogs(settings(set), cfg.(*config.Processor), next), nil
		}, metadata.LogsStability),
	)
}

func settings(set otelprocessor.Settings) processor.Settings {
	return processor.Settings{
		ID:        set.ID,
		Telemetry: set.TelemetrySettings,
		Version:   set.BuildInfo.Version,
		Kind:      component.KindProcessor,
	}
}
