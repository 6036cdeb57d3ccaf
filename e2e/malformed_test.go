package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// malformed are ways in which telemetry is not what it should be. Each spoils
// the log record and the span of one request.
var malformed = []struct {
	name  string
	spoil func(log plog.LogRecord, span ptrace.Span)
}{
	{"broken JSON", func(log plog.LogRecord, span ptrace.Span) {
		for _, text := range []string{`[{"role": "user", "parts": [{"ty`} {
			span.Attributes().PutStr("gen_ai.input.messages", text)
			span.Attributes().PutStr("gen_ai.output.messages", `{"a":1}{"b"`)
			log.Attributes().PutStr("gen_ai.input.messages", text)
			log.Body().SetStr(text)
		}
	}},
	{"JSON that nests without end", func(log plog.LogRecord, span ptrace.Span) {
		text := strings.Repeat("[", 200_000)
		span.Attributes().PutStr("gen_ai.input.messages", text)
		log.Attributes().PutStr("gen_ai.output.messages", strings.Repeat(`{"parts":[`, 50_000))
	}},
	{"values that nest", func(log plog.LogRecord, span ptrace.Span) {
		nest(log.Body(), 1_000)
		nest(span.Attributes().PutEmpty("gen_ai.input.messages"), 1_000)
	}},
	{"wrong types", func(log plog.LogRecord, span ptrace.Span) {
		for _, attributes := range []pcommon.Map{log.Attributes(), span.Attributes()} {
			attributes.PutStr("gen_ai.usage.input_tokens", "many")
			attributes.PutDouble("gen_ai.usage.output_tokens", math.NaN())
			attributes.PutInt("gen_ai.response.finish_reasons", 3)
			attributes.PutBool("gen_ai.response.model", true)
			attributes.PutEmptyMap("gen_ai.request.model").PutStr("a", "b")
			attributes.PutEmptyBytes("gen_ai.response.id").FromRaw([]byte{0, 255})
			attributes.PutEmptySlice("gen_ai.provider.name").AppendEmpty().SetDouble(math.Inf(1))
			attributes.PutInt("gen_ai.output.messages", -1)
			attributes.PutEmpty("gen_ai.input.messages")
			attributes.PutEmptySlice("gen_ai.tool.definitions").AppendEmpty().SetBool(false)
		}
		log.Body().SetDouble(math.Inf(-1))
	}},
	{"no UTF-8", func(log plog.LogRecord, span ptrace.Span) {
		const bad = "a\xff\xfe\xc3(\xed\xa0\x80b"
		log.Body().SetEmptyMap().PutStr(bad, bad)
		log.Attributes().PutStr(bad, bad)
		log.SetSeverityText(bad)
		span.SetName(bad)
		span.Status().SetMessage(bad)
		span.TraceState().FromRaw(bad)
		span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"`+bad+`","parts":[]}]`)
		span.Attributes().PutStr("gen_ai.response.model", bad)
	}},
	{"times far away", func(log plog.LogRecord, span ptrace.Span) {
		log.SetTimestamp(math.MaxUint64)
		log.SetObservedTimestamp(1)
		span.SetStartTimestamp(math.MaxUint64)
		span.SetEndTimestamp(1)
		span.Events().At(0).SetTimestamp(math.MaxInt64 + 7)
	}},
	{"no times", func(log plog.LogRecord, span ptrace.Span) {
		log.SetTimestamp(0)
		log.SetObservedTimestamp(0)
		span.SetStartTimestamp(0)
		span.SetEndTimestamp(0)
		span.Events().At(0).SetTimestamp(0)
	}},
	{"10 MiB in one string", func(log plog.LogRecord, span ptrace.Span) {
		log.Body().SetStr(strings.Repeat("é", 5<<20))
		span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"`+strings.Repeat("x", 10<<20)+`"}]}]`)
	}},
	{"many attributes", func(log plog.LogRecord, span ptrace.Span) {
		for i := range 20_000 {
			log.Attributes().PutInt(fmt.Sprintf("gen_ai.prompt.%d.content", i), 1)
			span.Attributes().PutStr(fmt.Sprintf("gen_ai.prompt.%d.content", math.MaxInt64-i), "")
		}
	}},
	{"numbers out of range", func(log plog.LogRecord, span ptrace.Span) {
		span.Attributes().PutInt("gen_ai.usage.input_tokens", math.MinInt64)
		span.Attributes().PutStr("gen_ai.prompt.99999999999999999999.content", "x")
		log.Attributes().PutStr("llm.input_messages.-1.message.content", "x")
		log.SetSeverityNumber(99)
		span.SetKind(77)
		span.Status().SetCode(9)
		span.SetFlags(math.MaxUint32)
		log.SetDroppedAttributesCount(math.MaxUint32)
	}},
}

func nest(v pcommon.Value, depth int) {
	for range depth {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr("bottom")
}

// TestMalformed: what is malformed is never lost and never harms another
// request, and the collector stays up.
func TestMalformed(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	// Spans travel on whole, so they need a way that takes them; envelopes go
	// where gRPC's default limit stands.
	c := start(t, launch{configs: []string{processorForm("linger: 200ms\nttl: 20s\n"+hurriedRetry,
		"otlp_grpc/envelopes: "+grpcExporter(s.grpcAddress, "10s"), "otlp_http/spans: "+httpExporter(s.httpAddress, "30s"))}})
	client, l := newHTTPClient(t, c.http), newLedger()
	bystanders := map[string]string{}
	for _, m := range malformed {
		b, of, near := newBatch(), newIDs(), newIDs()
		events := map[string]string{}
		events[b.addLog(of, "gen_ai.user.message", "question")] = of.requestID()
		events[b.addLog(near, "gen_ai.user.message", "of the neighbour")] = near.requestID()
		events[b.addSpan(of, "chat")] = of.requestID()
		events[b.addSpan(near, "chat")] = near.requestID()
		m.spoil(b.record.At(0), b.span.At(0))
		mustSendLogs(t, client, b.logs)
		mustSendTraces(t, client, b.traces)
		l.note(acknowledged, events)
		bystanders[near.requestID()] = m.name
	}
	s.awaitEnvelopes(2 * len(malformed))
	c.awaitMetric(is(0), "requests_open")
	c.awaitMetric(is(0), "envelopes_undelivered")
	c.requireMetric(0, "envelopes_lost")
	c.stop()
	d := s.delivered()
	l.check(t, d)
	for id, beside := range bystanders {
		e := d.one(t, id)
		assert.Equal(t, "ok", e.Status, "the neighbour of %q", beside)
		assert.True(t, e.Complete, "the neighbour of %q", beside)
		require.Len(t, e.Events, 2, "the neighbour of %q", beside)
		require.Len(t, e.Calls, 1, "the neighbour of %q", beside)
		assert.True(t, hasText(e.Calls[0].InputMessages, "user", "of the neighbour"), "the neighbour of %q", beside)
	}
}

// TestZeroIDs: records that name no request pass through, counted; a response
// id alone makes a request.
func TestZeroIDs(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\nttl: 200ms\n"+hurriedRetry)}})
	b, whole := newBatch(), newIDs()
	unresolved := []string{
		b.addLog(ids{}, "gen_ai.user.message", "no ids"),
		b.addLog(ids{trace: whole.trace}, "gen_ai.user.message", "no span id"),
		b.addLog(ids{span: whole.span}, "gen_ai.user.message", "no trace id"),
	}
	answered := b.addLog(ids{}, "gen_ai.choice", "a response id")
	b.record.At(3).Attributes().PutStr("gen_ai.response.id", "chatcmpl-1")
	client := newHTTPClient(t, c.http)
	mustSendLogs(t, client, b.logs)
	spans := newBatch()
	spans.addSpan(ids{}, "chat without ids")
	spans.addSpan(ids{trace: whole.trace}, "chat without span id")
	mustSendTraces(t, client, spans.traces)
	c.awaitMetric(is(0), "requests_open")
	c.requireMetric(3, "records_unresolved")
	c.stop()
	d := s.delivered()
	var passed []string
	for _, f := range d.passed {
		m, _ := f.record.Attributes().Get(marker)
		passed = append(passed, m.Str())
	}
	assert.Equal(t, unresolved, passed)
	found := 0
	for _, e := range d.byID {
		if e.KeySource == "response_id" {
			found++
			require.Len(t, e.Events, 1)
			assert.Equal(t, answered, markerOf(e.Events[0]))
		}
	}
	assert.Equal(t, 1, found, "requests named by a response id")
	out := 0
	for _, traces := range s.takenTraces() {
		out += traces.SpanCount()
	}
	assert.Equal(t, 2, out, "spans travel on")
}

// TestRepeatedKeys: attribute keys that repeat, which OTLP forbids and
// producers send, cost neither the event nor the envelope.
func TestRepeatedKeys(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\nttl: 200ms\n"+hurriedRetry)}})
	of, m := newIDs(), newMarker()
	repeated := fmt.Sprintf(`{"key":"k","value":{"stringValue":"first"}},{"key":"k","value":{"intValue":"2"}},{"key":"k","value":{}},{"key":%q,"value":{"stringValue":%q}}`, marker, m)
	body := fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[%[1]s]},"scopeLogs":[{"logRecords":[
		{"eventName":"gen_ai.user.message","traceId":%[2]q,"spanId":%[3]q,"attributes":[%[1]s],"body":{"kvlistValue":{"values":[
			{"key":"content","value":{"stringValue":"one"}},{"key":"content","value":{"stringValue":"two"}}]}}}]}]}]}`,
		repeated, of.trace.String(), of.span.String())
	require.NoError(t, plogotlp.NewExportRequest().UnmarshalJSON([]byte(body)))
	result, _, err := newHTTPClient(t, c.http).post(t.Context(), "/v1/logs", "application/json", []byte(body))
	require.Equal(t, acknowledged, result, "%v", err)
	s.awaitEnvelopes(1)
	c.stop()
	e := s.delivered().one(t, of.requestID())
	require.Len(t, e.Events, 1)
	assert.Equal(t, m, markerOf(e.Events[0]))
}

// TestIncomingEnvelope: an envelope is never gathered again.
func TestIncomingEnvelope(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	c := start(t, launch{configs: []string{toSink(s, "linger: 100ms\nprefixes: [gen_ai]\n"+hurriedRetry)}})
	b, of := newBatch(), newIDs()
	b.addLog(of, envelopeEvent, "from elsewhere")
	client := newHTTPClient(t, c.http)
	mustSendLogs(t, client, b.logs)
	c.requireMetric(0, "requests_opened")
	c.stop()
	taken := s.takenLogs()
	require.Len(t, taken, 1)
	for f := range logRecords(taken[0]) {
		assert.Equal(t, "from elsewhere", f.record.Body().Map().AsRaw()["content"])
	}
}
