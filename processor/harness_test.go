package processor_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/processor"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	bg         = context.Background()
	errPassing = errors.New("not now")
)

// outlet is the next consumer of the logs pipeline: it records what it
// accepted and answers what the test tells it to.
type outlet struct {
	mu       sync.Mutex
	answer   func(attempt int, ld plog.Logs) error
	attempts int
	accepted []plog.Logs
	mutates  bool
}

func (o *outlet) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: o.mutates}
}

func (o *outlet) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	o.mu.Lock()
	o.attempts++
	attempt, answer := o.attempts, o.answer
	o.mu.Unlock()
	if answer != nil {
		if err := answer(attempt, ld); err != nil {
			return err
		}
	}
	kept := plog.NewLogs()
	ld.CopyTo(kept)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accepted = append(o.accepted, kept)
	return ctx.Err()
}

func (o *outlet) tell(answer func(int, plog.Logs) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

// envelopes are the accepted ones, valid, in order of arrival.
func (o *outlet) envelopes(t testing.TB) []plog.LogRecord {
	var found []plog.LogRecord
	for _, log := range o.records() {
		if log.EventName() == semconv.EnvelopeEventName {
			envelopetest.Validate(t, log)
			found = append(found, log)
		}
	}
	return found
}

// passed are the accepted records that are no envelopes.
func (o *outlet) passed() []plog.LogRecord {
	var found []plog.LogRecord
	for _, log := range o.records() {
		if log.EventName() != semconv.EnvelopeEventName {
			found = append(found, log)
		}
	}
	return found
}

func (o *outlet) records() []plog.LogRecord {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []plog.LogRecord
	for _, ld := range o.accepted {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, log := range sl.LogRecords().All() {
					found = append(found, log)
				}
			}
		}
	}
	return found
}

// host records the status that the component reports.
type host struct {
	extensions map[component.ID]component.Component
	mu         sync.Mutex
	statuses   []componentstatus.Status
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h *host) Report(e *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.statuses = append(h.statuses, e.Status())
}

// rig is one processor id in one traces and one logs pipeline.
type rig struct {
	t        testing.TB
	registry *processor.Registry
	traces   *processor.Traces
	logs     *processor.Logs
	out      *outlet
	spans    *consumertest.TracesSink
	host     *host
	tel      *componenttest.Telemetry
}

func processorConfig(change func(*config.Processor)) *config.Processor {
	cfg := config.NewProcessor().(*config.Processor)
	if change != nil {
		change(cfg)
	}
	return cfg
}

func newRig(t testing.TB, change func(*config.Processor)) *rig {
	t.Helper()
	return newRigOn(t, &host{}, change)
}

func newRigOn(t testing.TB, h *host, change func(*config.Processor)) *rig {
	t.Helper()
	r, err := tryRig(t, h, change)
	require.NoError(t, err)
	return r
}

// tryRig answers the error of Start.
func tryRig(t testing.TB, h *host, change func(*config.Processor)) (*rig, error) {
	t.Helper()
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(bg)) })
	r := &rig{
		t: t, registry: processor.NewRegistry(), out: &outlet{}, spans: &consumertest.TracesSink{},
		host: h, tel: tel,
	}
	cfg := processorConfig(change)
	set := r.settings()
	r.traces = r.registry.NewTraces(set, cfg, r.spans)
	r.logs = r.registry.NewLogs(set, cfg, r.out)
	if err := r.traces.Start(bg, r.host); err != nil {
		return r, err
	}
	return r, r.logs.Start(bg, r.host)
}

func (r *rig) settings() processor.Settings {
	return processor.Settings{
		ID: component.MustNewID("gen_ai_buffer"), Telemetry: r.tel.NewTelemetrySettings(),
		Version: "test", Kind: component.KindProcessor,
	}
}

func (r *rig) stop() {
	r.t.Helper()
	require.NoError(r.t, r.traces.Shutdown(bg))
	require.NoError(r.t, r.logs.Shutdown(bg))
}

func (r *rig) sendLogs(ld plog.Logs) {
	r.t.Helper()
	require.NoError(r.t, r.logs.ConsumeLogs(bg, ld))
}

func (r *rig) sendSpans(td ptrace.Traces) {
	r.t.Helper()
	require.NoError(r.t, r.traces.ConsumeTraces(bg, td))
}

// metric sums a counter or gauge over its attributes, or over those given.
func (r *rig) metric(name string, attributes ...string) int {
	r.t.Helper()
	got, err := r.tel.GetMetric("otelcol_processor_gen_ai_buffer_" + name)
	require.NoError(r.t, err)
	return sum(r.t, got.Data, attributes...)
}

func ids(n byte) (pcommon.TraceID, pcommon.SpanID) {
	return pcommon.TraceID{0xa, n}, pcommon.SpanID{0xb, n}
}

var origin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func message(name, text string, n byte) func(plog.LogRecord) {
	return func(log plog.LogRecord) {
		trace, span := ids(n)
		log.SetTraceID(trace)
		log.SetSpanID(span)
		log.SetTimestamp(pcommon.NewTimestampFromTime(origin))
		log.SetEventName(name)
		log.Body().SetEmptyMap().PutStr("content", text)
	}
}

func plain(text string) func(plog.LogRecord) {
	return func(log plog.LogRecord) { log.Body().SetStr(text) }
}

func logsOf(records ...func(plog.LogRecord)) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "app")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("scope")
	for _, fill := range records {
		fill(sl.LogRecords().AppendEmpty())
	}
	return ld
}

func chat(n byte) func(ptrace.Span) {
	return func(span ptrace.Span) {
		trace, id := ids(n)
		span.SetTraceID(trace)
		span.SetSpanID(id)
		span.SetName("chat gpt-4o")
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(origin))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(origin.Add(time.Second)))
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		span.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"hi"}]}]`)
	}
}

func foreign(n byte) func(ptrace.Span) {
	return func(span ptrace.Span) {
		trace, id := ids(n)
		span.SetTraceID(trace)
		span.SetSpanID(id)
		span.SetName("GET /")
		span.Attributes().PutStr("http.request.method", "GET")
	}
}

func spansOf(spans ...func(ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "app")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("scope")
	for _, fill := range spans {
		fill(ss.Spans().AppendEmpty())
	}
	return td
}

func attr(log plog.LogRecord, key string) any {
	value, ok := log.Attributes().Get(key)
	if !ok {
		return nil
	}
	return value.AsRaw()
}

// events are the texts of an envelope's events, in its order.
func events(log plog.LogRecord) []string {
	var texts []string
	list, ok := log.Body().Map().Get("events")
	if !ok {
		return nil
	}
	for _, e := range list.Slice().All() {
		if body, ok := e.Map().Get("body"); ok {
			content, _ := body.Map().Get("content")
			texts = append(texts, content.AsString())
		}
	}
	return texts
}
