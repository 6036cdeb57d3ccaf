package liveextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension/internal/metadata"
)

// streamRoute is what the metrics say of a route.
type streamRoute struct{ options []metric.AddOption }

// labels are what the extension's metrics say beside their values: which
// component it is, since a collector may have several.
type labels struct {
	plain           metric.MeasurementOption
	events, request streamRoute
}

func newLabels(id component.ID) labels {
	with := func(extra ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(extra, attribute.String("otelcol.component.id", id.String()))...))
	}
	return labels{
		plain:   with(),
		events:  streamRoute{[]metric.AddOption{with(attribute.String("route", "events"))}},
		request: streamRoute{[]metric.AddOption{with(attribute.String("route", "request"))}},
	}
}

// report registers the extension's metrics.
func (x *liveExtension) report() error {
	t, err := metadata.NewTelemetryBuilder(x.set.TelemetrySettings)
	if err != nil {
		return err
	}
	x.telemetry, x.labels = t, newLabels(x.set.ID)
	for _, one := range []struct {
		register func(metric.Int64Callback) error
		value    func(*live.Stats) int64
	}{
		{t.RegisterExtensionGenAiLiveSubscribersCallback, func(s *live.Stats) int64 { return s.Subscribers }},
		{t.RegisterExtensionGenAiLiveEventsPublishedCallback, func(s *live.Stats) int64 { return int64(s.Published) }},
		{t.RegisterExtensionGenAiLiveEventsDeliveredCallback, func(s *live.Stats) int64 { return int64(s.Delivered) }},
		{t.RegisterExtensionGenAiLiveEventsLostCallback, func(s *live.Stats) int64 { return int64(s.Lost) }},
		{t.RegisterExtensionGenAiLiveStreamsDisconnectedCallback, func(s *live.Stats) int64 { return int64(s.Disconnected) }},
	} {
		err := one.register(func(_ context.Context, o metric.Int64Observer) error {
			stats := x.hub.Stats()
			o.Observe(one.value(&stats), x.labels.plain)
			return nil
		})
		if err != nil {
			t.Shutdown()
			return err
		}
	}
	for _, route := range []*streamRoute{&x.labels.events, &x.labels.request} {
		t.ExtensionGenAiLiveBytesSent.Add(context.Background(), 0, route.options...)
	}
	return nil
}
