package liveextension

import (
	"context"

	"go.opentelemetry.io/otel/metric"

	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension/internal/metadata"
)

// report registers the extension's metrics.
func (x *liveExtension) report() error {
	t, err := metadata.NewTelemetryBuilder(x.set.TelemetrySettings)
	if err != nil {
		return err
	}
	x.telemetry = t
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
			o.Observe(one.value(&stats))
			return nil
		})
		if err != nil {
			t.Shutdown()
			return err
		}
	}
	for _, route := range []*streamRoute{&eventsRoute, &requestRoute} {
		t.ExtensionGenAiLiveBytesSent.Add(context.Background(), 0, route.options...)
	}
	return nil
}
