package genaibufferconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	otelconnector "go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/connector/internal/metadata"
	"github.com/genaibuffer/genaibufferprocessor/processor"
)

// NewFactory makes the factory of the gen_ai_buffer connector. The faces that
// one factory makes for one component id share their buffer.
func NewFactory() otelconnector.Factory {
	registry := processor.NewRegistry()
	return otelconnector.NewFactory(
		metadata.Type,
		config.NewConnector,
		otelconnector.WithTracesToLogs(func(_ context.Context, set otelconnector.Settings, cfg component.Config, next consumer.Logs) (otelconnector.Traces, error) {
			return registry.NewConnectorTraces(settings(set), cfg.(*config.Connector), next), nil
		}, metadata.TracesToLogsStability),
		otelconnector.WithLogsToLogs(func(_ context.Context, set otelconnector.Settings, cfg component.Config, next consumer.Logs) (otelconnector.Logs, error) {
			return registry.NewConnectorLogs(settings(set), cfg.(*config.Connector), next), nil
		}, metadata.LogsToLogsStability),
	)
}

func settings(set otelconnector.Settings) processor.Settings {
	return processor.Settings{
		ID:        set.ID,
		Telemetry: set.TelemetrySettings,
		Version:   set.BuildInfo.Version,
		Kind:      component.KindConnector,
	}
}
