package envelope_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

var (
	traceID   = pcommon.TraceID{0xdc, 0xbe, 0x64, 0xc0, 0x16, 0x0a, 0x9e, 0x82, 0x41, 0x63, 0x97, 0x17, 0x52, 0xbd, 0xd2, 0x0b}
	spanID    = pcommon.SpanID{0x37, 0x56, 0xf7, 0xe4, 0x8b, 0xb4, 0x97, 0x7b}
	parentID  = pcommon.SpanID{1, 2, 3, 4, 5, 6, 7, 8}
	opening   = [16]byte{0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0}
	epoch     = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	requestID = "dcbe64c0160a9e824163971752bdd20b-3756f7e48bb4977b"
)

func at(d time.Duration) pcommon.Timestamp { return pcommon.NewTimestampFromTime(epoch.Add(d)) }

func originOf(scope string) *event.Origin {
	o := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	o.Resource.Attributes().PutStr("service.name", "shop")
	o.Scope.SetName(scope)
	o.Scope.SetVersion("1.2.3")
	return o
}

var origin = originOf("openai-instrumentation")

// setAttributes sets attributes in the given order: key, value, key, value.
func setAttributes(m pcommon.Map, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		setValue(m.PutEmpty(pairs[i].(string)), pairs[i+1])
	}
}

// setValue is FromRaw with maps in the order of their keys.
func setValue(v pcommon.Value, raw any) {
	switch raw := raw.(type) {
	case map[string]any:
		m := v.SetEmptyMap()
		for _, key := range slices.Sorted(maps.Keys(raw)) {
			setValue(m.PutEmpty(key), raw[key])
		}
	case []any:
		list := v.SetEmptySlice()
		for _, element := range raw {
			setValue(list.AppendEmpty(), element)
		}
	default:
		if err := v.FromRaw(raw); err != nil {
			panic(err)
		}
	}
}

// newLog is a log record in the context of the span.
func newLog(seq uint64, name string, d time.Duration, body any, attributes ...any) event.Record {
	log := plog.NewLogRecord()
	log.SetEventName(name)
	log.SetTimestamp(at(d))
	log.SetTraceID(traceID)
	log.SetSpanID(spanID)
	log.SetFlags(1)
	setValue(log.Body(), body)
	setAttributes(log.Attributes(), attributes...)
	return newRecord(seq, log)
}

func newRecord(seq uint64, log plog.LogRecord) event.Record {
	return event.Record{
		Log:    log,
		Name:   semconv.EventName(log, ""),
		Origin: origin,
		Seq:    seq,
		Bytes:  (&plog.ProtoMarshaler{}).LogRecordSize(log),
	}
}

func newSpan(id pcommon.SpanID, name string, start, end time.Duration, attributes ...any) *event.Span {
	span := ptrace.NewSpan()
	span.SetTraceID(traceID)
	span.SetSpanID(id)
	span.SetFlags(0x101)
	span.SetName(name)
	span.SetKind(ptrace.SpanKindClient)
	span.SetStartTimestamp(at(start))
	span.SetEndTimestamp(at(end))
	setAttributes(span.Attributes(), attributes...)
	return asGathered(span)
}

func asGathered(span ptrace.Span) *event.Span {
	kind, _ := semconv.ClassifySpan(span, semconv.Prefixes{semconv.PrefixGenAI})
	return &event.Span{
		Data:     span,
		Origin:   origin,
		Kind:     kind,
		Bytes:    (&ptrace.ProtoMarshaler{}).SpanSize(span),
		Gathered: true,
	}
}

func newPart(records []event.Record, spans ...*event.Span) *envelope.Part {
	p := &envelope.Part{
		RequestID: requestID,
		KeySource: "span",
		Opening:   opening,
		Number:    1,
		Reason:    event.FlushTTL,
		Records:   records,
		Spans:     spans,
		Facts:     new(envelope.Facts),
		FlushedAt: epoch.Add(10 * time.Second),
	}
	return p
}

// owned makes the span the owner of its part.
func owned(p *envelope.Part, span *event.Span) *envelope.Part {
	p.Owner, p.Ended, p.Reason = span, true, event.FlushSpanEnd
	return p
}

func build(t testing.TB, o envelope.Options, p *envelope.Part) plog.LogRecord {
	t.Helper()
	dst := plog.NewLogRecord()
	envelope.NewBuilder(o).Build(p, dst)
	envelopetest.Validate(t, dst)
	return dst
}

var full = envelope.Options{Body: envelope.BodyMap, Events: true, Messages: true, Order: envelope.OrderTime}

func chatAttributes() []any {
	return []any{
		"gen_ai.operation.name", "chat",
		"gen_ai.provider.name", "openai",
		"gen_ai.request.model", "gpt-4o-mini",
		"gen_ai.response.model", "gpt-4o-mini-2026-01-01",
		"gen_ai.response.id", "chatcmpl-mock0001",
		"gen_ai.response.finish_reasons", []any{"stop"},
		"gen_ai.usage.input_tokens", 1001,
		"gen_ai.usage.output_tokens", 27,
		"gen_ai.request.temperature", 0.7,
		"server.address", "api.openai.com",
		"server.port", 443,
	}
}

// chatPart is a request of n per-message logs and their span, as default
// instrumentations report it.
func chatPart(n, contentBytes int) *envelope.Part {
	text := strings.Repeat("The quick brown fox, jumps over the lazy dog. ", contentBytes/46+1)[:contentBytes]
	records := make([]event.Record, 0, n)
	for i := range n {
		name, body := semconv.EventUserMessage, map[string]any{"content": text}
		if i == n-1 {
			name = semconv.EventChoice
			body = map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": text}}
		}
		records = append(records, newLog(uint64(i+1), name, time.Duration(i)*time.Millisecond, body, "gen_ai.system", "openai", "event.name", name))
	}
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second, chatAttributes()...)
	return owned(newPart(records, span), span)
}
