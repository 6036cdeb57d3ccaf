package envelope_test

import (
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// BenchmarkBuild builds envelopes of one span and five log events of 1 KB.
func BenchmarkBuild(b *testing.B) {
	for name, options := range benchOptions {
		b.Run(name, func(b *testing.B) {
			builder := envelope.NewBuilder(options)
			b.ReportAllocs()
			// Few enough to stay in the cache, as parts just flushed do not;
			// many enough for the timer's own cost not to count.
			const batch = 64
			parts := make([]*envelope.Part, batch)
			for n := 0; n < b.N; n += batch {
				b.StopTimer()
				for i := range parts {
					parts[i] = benchPart()
					weigh(builder, parts[i])
				}
				b.StartTimer()
				for _, p := range parts {
					builder.Build(p, plog.NewLogRecord())
				}
			}
		})
	}
}

// BenchmarkWeight weighs one such request, as it does on arrival.
func BenchmarkWeight(b *testing.B) {
	for name, options := range benchOptions {
		b.Run(name, func(b *testing.B) {
			builder := envelope.NewBuilder(options)
			p := benchPart()
			b.ReportAllocs()
			for b.Loop() {
				weigh(builder, p)
			}
		})
	}
}

// benchPart is a request as the traffic of `make bench` has it: five message
// logs of conventions v1.36 with 1 KB of text each, then their span.
func benchPart() *envelope.Part {
	const eventBytes = 1024
	const sentence = "The quick brown fox jumps over the lazy dog while the band plays on. "
	content := strings.Repeat(sentence, eventBytes/len(sentence)+1)[:eventBytes]
	records := make([]event.Record, 0, 5)
	for i, turn := range [...]struct{ name, role string }{
		{semconv.EventSystemMessage, "system"},
		{semconv.EventUserMessage, "user"},
		{semconv.EventAssistantMessage, "assistant"},
		{semconv.EventUserMessage, "user"},
		{semconv.EventChoice, "assistant"},
	} {
		log := plog.NewLogRecord()
		log.SetEventName(turn.name)
		log.SetTimestamp(at(time.Duration(i) * 10 * time.Millisecond))
		log.SetObservedTimestamp(log.Timestamp())
		log.SetSeverityNumber(plog.SeverityNumberInfo)
		log.SetSeverityText("INFO")
		log.SetTraceID(traceID)
		log.SetSpanID(spanID)
		log.SetFlags(1)
		setAttributes(log.Attributes(), semconv.AttrSystem, "openai")
		message := log.Body().SetEmptyMap()
		if turn.name == semconv.EventChoice {
			setAttributes(message, "index", 0, "finish_reason", "stop")
			message = message.PutEmptyMap("message")
		}
		setAttributes(message, "role", turn.role, "content", content)
		records = append(records, newRecord(uint64(i+1), log))
	}
	span := newSpan(spanID, "chat gpt-4o-mini", 0, 50*time.Millisecond,
		semconv.AttrOperationName, "chat",
		semconv.AttrProviderName, "openai",
		semconv.AttrRequestModel, "gpt-4o-mini",
		"gen_ai.request.temperature", 0.2,
		"gen_ai.request.max_tokens", 1024,
		semconv.AttrResponseModel, "gpt-4o-mini-2024-07-18",
		semconv.AttrResponseID, "chatcmpl-0123456789abcdef",
		semconv.AttrFinishReasons, []any{"stop"},
		semconv.AttrUsageInputTokens, 812,
		semconv.AttrUsageOutputTokens, 201,
		"server.address", "api.openai.com",
		"server.port", 443)
	span.Data.SetParentSpanID(pcommon.SpanID{0xba, 0xd0, 0xca, 0xfe, 1, 2, 3, 4})
	return owned(newPart(records, span), span)
}

var benchOptions = map[string]envelope.Options{
	"map":           {Body: envelope.BodyMap, Events: true, Order: envelope.OrderTime},
	"json":          {Body: envelope.BodyJSON, Events: true, Order: envelope.OrderTime},
	"map_messages":  full,
	"json_messages": {Body: envelope.BodyJSON, Events: true, Messages: true, Order: envelope.OrderTime},
}
