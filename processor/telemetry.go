package processor

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/internal/metadata"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// telemetry is the engine's own metrics. It is safe for concurrent use.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	// plain names the component: without it, the series of two buffers of one
	// collector would be one.
	plain   metric.MeasurementOption
	reasons map[event.FlushReason]metric.MeasurementOption
	sources [len(event.Sources)]metric.MeasurementOption
}

func newTelemetry(e *Engine) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(e.set.Telemetry)
	if err != nil {
		return nil, err
	}
	with := func(extra ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(extra,
			attribute.String("otelcol.component.id", e.set.ID.String()),
			attribute.String("otelcol.component.kind", strings.ToLower(e.set.Kind.String())))...))
	}
	t := &telemetry{builder: builder, plain: with(), reasons: map[event.FlushReason]metric.MeasurementOption{}}
	for _, reason := range event.FlushReasons {
		t.reasons[reason] = with(attribute.String("reason", string(reason)))
	}
	for i, source := range event.Sources {
		t.sources[i] = with(attribute.String("source", source.String()))
	}
	t.zero()
	if err := t.observe(e); err != nil {
		builder.Shutdown()
		return nil, err
	}
	return t, nil
}

// zero makes every series there is, so that rates are right from the first
// event on.
func (t *telemetry) zero() {
	ctx, b := context.Background(), t.builder
	for _, o := range t.reasons {
		b.ProcessorGenAiBufferRequestsFlushed.Add(ctx, 0, o)
	}
	for _, o := range t.sources {
		b.ProcessorGenAiBufferEventsAppended.Add(ctx, 0, o)
	}
	for _, c := range []metric.Int64Counter{
		b.ProcessorGenAiBufferRequestsOpened, b.ProcessorGenAiBufferRequestsMerged,
		b.ProcessorGenAiBufferRequestsForgotten, b.ProcessorGenAiBufferEventsLate,
		b.ProcessorGenAiBufferEventsTruncated, b.ProcessorGenAiBufferRecordsUnresolved,
		b.ProcessorGenAiBufferRecordsRefused, b.ProcessorGenAiBufferSpansDuplicate,
		b.ProcessorGenAiBufferEnvelopesDelivered, b.ProcessorGenAiBufferEnvelopesRetried,
		b.ProcessorGenAiBufferEnvelopesLost, b.ProcessorGenAiBufferJournalEntriesSetAside,
		b.ProcessorGenAiBufferJournalErrors,
	} {
		c.Add(ctx, 0, t.plain)
	}
}

func (t *telemetry) observe(e *Engine) error {
	gauge := func(register func(metric.Int64Callback) error, read func() int) error {
		return register(func(_ context.Context, o metric.Int64Observer) error {
			e.mu.Lock()
			value := read()
			e.mu.Unlock()
			o.Observe(int64(value), t.plain)
			return nil
		})
	}
	b := t.builder
	return errors.Join(
		gauge(b.RegisterProcessorGenAiBufferRequestsOpenCallback, e.store.Open),
		gauge(b.RegisterProcessorGenAiBufferRequestsRememberedCallback, e.store.Remembered),
		gauge(b.RegisterProcessorGenAiBufferBytesHeldCallback, e.held),
		gauge(b.RegisterProcessorGenAiBufferEnvelopesUndeliveredCallback, func() int { return len(e.outbox) }),
		gauge(b.RegisterProcessorGenAiBufferJournalBytesCallback, e.journalBytes),
		b.RegisterProcessorGenAiBufferUndeliveredAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(e.undeliveredAge().Seconds(), t.plain)
			return nil
		}),
	)
}

// undeliveredAge is how long the oldest undelivered part has been waiting.
func (e *Engine) undeliveredAge() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.outbox) == 0 {
		return 0
	}
	return time.Since(e.outbox[0].FlushedAt)
}

// count adds what the store did to the counters.
func (t *telemetry) count(out *buffer.Outcome) {
	ctx, b := context.Background(), t.builder
	add := func(c metric.Int64Counter, n int, option metric.MeasurementOption) {
		if n > 0 {
			c.Add(ctx, int64(n), option)
		}
	}
	add(b.ProcessorGenAiBufferRequestsOpened, out.Opened, t.plain)
	add(b.ProcessorGenAiBufferRequestsMerged, len(out.Merged), t.plain)
	add(b.ProcessorGenAiBufferRequestsForgotten, out.Forgotten, t.plain)
	add(b.ProcessorGenAiBufferEventsLate, out.Late, t.plain)
	add(b.ProcessorGenAiBufferSpansDuplicate, out.DuplicateSpans, t.plain)
	add(b.ProcessorGenAiBufferRecordsUnresolved, out.Unresolved, t.plain)
	for i, n := range out.Appended {
		add(b.ProcessorGenAiBufferEventsAppended, n, t.sources[i])
	}
	flushed := map[event.FlushReason]int{}
	for _, p := range out.Parts {
		flushed[p.Reason]++
		if !p.Late {
			b.ProcessorGenAiBufferRequestAge.Record(ctx, p.Age.Seconds(), t.plain)
		}
		if p.Lateness >= 0 {
			b.ProcessorGenAiBufferFlushLateness.Record(ctx, p.Lateness.Seconds(), t.plain)
		}
	}
	for reason, n := range flushed {
		add(b.ProcessorGenAiBufferRequestsFlushed, n, t.reasons[reason])
	}
}

func (t *telemetry) unresolved(n int) {
	t.builder.ProcessorGenAiBufferRecordsUnresolved.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) refused(n int) {
	t.builder.ProcessorGenAiBufferRecordsRefused.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) truncated(n int) {
	t.builder.ProcessorGenAiBufferEventsTruncated.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) delivered(n int) {
	t.builder.ProcessorGenAiBufferEnvelopesDelivered.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) retried(n int) {
	t.builder.ProcessorGenAiBufferEnvelopesRetried.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) lost(n int) {
	t.builder.ProcessorGenAiBufferEnvelopesLost.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) setAside(n int) {
	t.builder.ProcessorGenAiBufferJournalEntriesSetAside.Add(context.Background(), int64(n), t.plain)
}

func (t *telemetry) journalFailed() {
	t.builder.ProcessorGenAiBufferJournalErrors.Add(context.Background(), 1, t.plain)
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }
