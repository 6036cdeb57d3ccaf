package messages

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// benchSpan looks as the span of an instrumentation that logs its messages.
func benchSpan() *event.Span {
	data := ptrace.NewSpan()
	attrs := data.Attributes()
	for _, key := range []string{
		semconv.AttrOperationName, semconv.AttrProviderName, semconv.AttrRequestModel, semconv.AttrResponseModel,
		semconv.AttrResponseID, "server.address", "gen_ai.output.type", "gen_ai.request.seed",
	} {
		attrs.PutStr(key, "value")
	}
	attrs.PutInt(semconv.AttrUsageInputTokens, 1)
	attrs.PutInt(semconv.AttrUsageOutputTokens, 1)
	return &event.Span{Data: data, Kind: semconv.KindInference}
}

func benchLog(name string, fill func(body pcommon.Map)) *event.Record {
	log := plog.NewLogRecord()
	log.SetEventName(name)
	log.Attributes().PutStr(semconv.AttrSystem, "openai")
	fill(log.Body().SetEmptyMap())
	return &event.Record{Log: log, Name: name}
}

// benchMessageLogs is a request of five per-message logs of 1 KB each.
func benchMessageLogs() []*event.Record {
	kilobyte := strings.Repeat("lorem ipsum dolor sit amet, ", 36)
	content := func(body pcommon.Map) { body.PutStr("content", kilobyte) }
	return []*event.Record{
		benchLog(semconv.EventSystemMessage, content),
		benchLog(semconv.EventUserMessage, content),
		benchLog(semconv.EventAssistantMessage, content),
		benchLog(semconv.EventUserMessage, content),
		benchLog(semconv.EventChoice, func(body pcommon.Map) {
			body.PutInt("index", 0)
			body.PutStr("finish_reason", "stop")
			body.PutEmptyMap("message").PutStr("content", kilobyte)
		}),
	}
}

func BenchmarkAssemble(b *testing.B) {
	text := strings.Repeat("lorem ipsum dolor sit amet, ", 36)
	messages := `[{"role":"user","parts":[{"type":"text","content":"` + text + `"}]}]`
	json := benchSpan()
	json.Data.Attributes().PutStr(semconv.AttrInputMessages, messages)
	json.Data.Attributes().PutStr(semconv.AttrOutputMessages, messages)
	details := plog.NewLogRecord()
	for _, key := range []string{semconv.AttrInputMessages, semconv.AttrOutputMessages} {
		semconv.ParseJSON(messages, details.Attributes().PutEmpty(key))
	}
	flat := benchSpan()
	for _, key := range []string{"gen_ai.prompt.0.", "gen_ai.prompt.1.", "gen_ai.prompt.2.", "gen_ai.completion.0."} {
		flat.Data.Attributes().PutStr(key+"role", "user")
		flat.Data.Attributes().PutStr(key+"content", text)
	}
	for _, bench := range []struct {
		name    string
		span    *event.Span
		records []*event.Record
	}{
		{"message logs", benchSpan(), benchMessageLogs()},
		{"details log", benchSpan(), []*event.Record{{Log: details, Name: semconv.EventOperationDetails}}},
		{"JSON attributes", json, nil},
		{"flattened attributes", flat, nil},
		{"nothing", benchSpan(), nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Assemble(bench.span, bench.records, pcommon.NewMap())
			}
		})
	}
}
