package envelope_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// situation is a request as it can reach the builder, in one or more parts.
type situation struct {
	name    string
	options envelope.Options
	// parts gets the facts that the parts before left.
	parts []func(testing.TB) *envelope.Part
}

var situations = []situation{
	{name: "message_logs_and_span", options: full, parts: []func(testing.TB) *envelope.Part{messageLogs}},
	{name: "message_logs_json_body", options: envelope.Options{Body: envelope.BodyJSON, Events: true, Messages: true, Order: envelope.OrderTime}, parts: []func(testing.TB) *envelope.Part{messageLogs}},
	{name: "message_logs_arrival_order", options: envelope.Options{Events: true, Order: envelope.OrderArrival}, parts: []func(testing.TB) *envelope.Part{messageLogs}},
	{name: "without_events", options: envelope.Options{Messages: true, Order: envelope.OrderTime}, parts: []func(testing.TB) *envelope.Part{messageLogs}},
	{name: "span_attributes", options: full, parts: []func(testing.TB) *envelope.Part{spanAttributes}},
	{name: "span_events", options: full, parts: []func(testing.TB) *envelope.Part{spanEvents}},
	{name: "details", options: full, parts: []func(testing.TB) *envelope.Part{details}},
	{name: "tool", options: full, parts: []func(testing.TB) *envelope.Part{tool}},
	{name: "two_parts", options: full, parts: []func(testing.TB) *envelope.Part{sizedPart, closingPart}},
	{name: "span_after_flush", options: full, parts: []func(testing.TB) *envelope.Part{withoutSpanYet, spanAfterFlush}},
	{name: "late_events", options: full, parts: []func(testing.TB) *envelope.Part{messageLogs, lateEvents}},
	{name: "error", options: full, parts: []func(testing.TB) *envelope.Part{failed}},
	{name: "orphan_logs", options: full, parts: []func(testing.TB) *envelope.Part{orphans}},
	{name: "response_id_logs", options: full, parts: []func(testing.TB) *envelope.Part{responseIDLogs}},
	{name: "ungathered_owner", options: full, parts: []func(testing.TB) *envelope.Part{ungatheredOwner}},
	{name: "hostile_values", options: full, parts: []func(testing.TB) *envelope.Part{hostile}},
	{name: "nothing_but_an_evaluation", options: full, parts: []func(testing.TB) *envelope.Part{evaluation}},
}

func messageLogs(testing.TB) *envelope.Part {
	// As exported: out of order, in one millisecond.
	records := []event.Record{
		newLog(1, semconv.EventChoice, 0, map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": "Paris."}}, "gen_ai.system", "openai"),
		newLog(2, semconv.EventUserMessage, 0, map[string]any{"content": "Capital of France?"}, "gen_ai.system", "openai"),
		newLog(3, semconv.EventSystemMessage, 0, map[string]any{"content": "Be brief."}, "gen_ai.system", "openai"),
	}
	records[1].Log.SetObservedTimestamp(at(3 * time.Second))
	records[2].Log.SetSeverityNumber(plog.SeverityNumberInfo)
	span := newSpan(spanID, "chat gpt-4o-mini", -time.Millisecond, time.Second, chatAttributes()...)
	span.Data.SetParentSpanID(parentID)
	link := span.Data.Links().AppendEmpty()
	link.SetTraceID(pcommon.TraceID{1})
	link.SetSpanID(pcommon.SpanID{2})
	link.TraceState().FromRaw("vendor=1")
	link.Attributes().PutStr("gen_ai.link", "previous turn")
	return owned(newPart(records, span), span)
}

func spanEvents(testing.TB) *envelope.Part {
	message := func(seq uint64, name string, pairs ...any) event.Record {
		r := newLog(seq, name, time.Duration(seq)*time.Millisecond, nil, pairs...)
		r.Source = event.SourceSpanEvent
		return r
	}
	records := []event.Record{
		message(1, semconv.EventSystemMessage, "content", `[{"text":"Be brief."}]`),
		message(2, semconv.EventUserMessage, "content", `[{"text":"Capital of France?"}]`),
		message(3, semconv.EventChoice, "finish_reason", "end_turn", "message", `[{"text":"Paris."}]`),
	}
	records[0].Log.SetDroppedAttributesCount(2)
	span := newSpan(spanID, "chat", 0, time.Second,
		"gen_ai.operation.name", "chat", "gen_ai.system", "strands-agents", "gen_ai.request.model", "gpt-4o-mini",
		"gen_ai.usage.prompt_tokens", 1001, "gen_ai.usage.completion_tokens", 27, "gen_ai.usage.input_tokens", 1001,
		"gen_ai.usage.cache_creation.input_tokens", 4, "gen_ai.usage.cache_read.input_tokens", 5, "gen_ai.usage.reasoning.output_tokens", 6,
		"gen_ai.response.time_to_first_chunk", 0.25, "gen_ai.agent.name", "helper", "gen_ai.conversation.id", "c-1")
	span.Data.SetDroppedEventsCount(3)
	return owned(newPart(records, span), span)
}

func spanAttributes(testing.TB) *envelope.Part {
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second, append(chatAttributes(),
		"gen_ai.system_instructions", `[{"type":"text","content":"Be brief."}]`,
		"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Weather in Paris?"}]}]`,
		"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}],"finish_reason":"tool_call"}]`,
		"gen_ai.tool.definitions", `[{"type":"function","name":"get_weather"}]`)...)
	return owned(newPart(nil, span), span)
}

// details are patches: input at the start, output and usage at the end.
func details(testing.TB) *envelope.Part {
	input := newLog(1, semconv.EventOperationDetails, 0, nil,
		"gen_ai.provider.name", "openai",
		"gen_ai.input.messages", []any{map[string]any{"role": "user", "parts": []any{map[string]any{"type": "text", "content": "Capital of France?"}}}})
	output := newLog(2, semconv.EventOperationDetails, time.Second, nil,
		"gen_ai.operation.name", "chat",
		"gen_ai.usage.input_tokens", 1001, "gen_ai.usage.output_tokens", 27,
		"gen_ai.output.messages", []any{map[string]any{"role": "assistant", "parts": []any{map[string]any{"type": "text", "content": "Paris."}}, "finish_reason": "stop"}})
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second,
		"gen_ai.operation.name", "chat", "gen_ai.request.model", "gpt-4o-mini", "gen_ai.response.id", "resp_1")
	return owned(newPart([]event.Record{input, output}, span), span)
}

func tool(testing.TB) *envelope.Part {
	span := newSpan(spanID, "execute_tool get_weather", 0, 20*time.Millisecond,
		"gen_ai.operation.name", "execute_tool", "gen_ai.tool.name", "get_weather", "gen_ai.tool.call.id", "call_1",
		"gen_ai.tool.type", "function",
		"gen_ai.tool.call.arguments", `{"city":"Paris","days":[1,2]}`,
		"gen_ai.tool.call.result", map[string]any{"sky": "clear"})
	return owned(newPart(nil, span), span)
}

// sizedPart is the first part of a request that outgrew a record.
func sizedPart(testing.TB) *envelope.Part {
	p := newPart([]event.Record{
		newLog(1, semconv.EventUserMessage, 0, map[string]any{"content": "Read these."}, "gen_ai.system", "openai"),
		newLog(2, semconv.EventUserMessage, time.Millisecond, map[string]any{"content": "long, cut"}, "gen_ai.system", "openai"),
	})
	p.Records[1].Truncated = true
	p.Reason = event.FlushSize
	return p
}

func closingPart(testing.TB) *envelope.Part {
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second, chatAttributes()...)
	p := owned(newPart([]event.Record{
		newLog(3, semconv.EventChoice, time.Second, map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"content": "Read."}}),
	}, span), span)
	p.Number = 2
	return p
}

// withoutSpanYet is flushed by its time to live, with tokens told by details.
func withoutSpanYet(testing.TB) *envelope.Part {
	return newPart([]event.Record{newLog(1, semconv.EventOperationDetails, 0, nil,
		"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.response.id", "chatcmpl-mock0001",
		"gen_ai.usage.input_tokens", 1001, "gen_ai.conversation.id", "c-1")})
}

func spanAfterFlush(testing.TB) *envelope.Part {
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second, chatAttributes()...)
	span.Late = true
	p := owned(newPart(nil, span), span)
	p.Number, p.Reason = 2, event.FlushLate
	return p
}

func lateEvents(testing.TB) *envelope.Part {
	p := newPart([]event.Record{
		newLog(4, semconv.EventAssistantMessage, time.Second, map[string]any{"content": "Paris?"}, "gen_ai.system", "openai"),
		newLog(5, semconv.EventEvaluationResult, time.Minute, nil, "gen_ai.evaluation.name", "relevance", "gen_ai.evaluation.score.value", 0.9),
	})
	for i := range p.Records {
		p.Records[i].Late = true
	}
	p.Number, p.Reason, p.Ended = 2, event.FlushLate, true
	p.RelatedRequestID = "run-7"
	return p
}

func failed(testing.TB) *envelope.Part {
	records := []event.Record{
		newLog(1, semconv.EventUserMessage, 0, map[string]any{"content": "Hello"}),
		newLog(2, semconv.EventOperationException, time.Second, nil, "exception.type", "openai.RateLimitError", "exception.message", "429: slow down"),
	}
	records[1].Log.SetSeverityText("Warning")
	span := newSpan(spanID, "chat gpt-4o-mini", 0, time.Second,
		"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4o-mini", "error.type", "429")
	span.Data.Status().SetCode(ptrace.StatusCodeError)
	// A span event that is not gathered, from a retry before.
	exception := span.Data.Events().AppendEmpty()
	exception.SetName(semconv.EventException)
	setAttributes(exception.Attributes(), "exception.type", "TimeoutError", "exception.message", "first try timed out")
	return owned(newPart(records, span), span)
}

func orphans(testing.TB) *envelope.Part {
	return newPart([]event.Record{
		newLog(1, semconv.EventSystemMessage, time.Millisecond, map[string]any{"content": "Be brief."}, "gen_ai.system", "openai"),
		newLog(2, semconv.EventUserMessage, 0, map[string]any{"content": "Capital of France?"}, "gen_ai.system", "openai"),
	})
}

// responseIDLogs have no context: what they share is the response.
func responseIDLogs(testing.TB) *envelope.Part {
	records := []event.Record{
		newLog(1, semconv.EventOperationDetails, 0, nil, "gen_ai.response.id", "resp_9", "gen_ai.operation.name", "chat",
			"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"Paris."}],"finish_reason":"stop"}]`),
		newLog(2, semconv.EventEvaluationResult, time.Second, nil, "gen_ai.response.id", "resp_9", "gen_ai.evaluation.name", "relevance"),
	}
	for i := range records {
		records[i].Log.SetTraceID(pcommon.TraceID{})
		records[i].Log.SetSpanID(pcommon.SpanID{})
	}
	p := newPart(records)
	p.RequestID, p.KeySource = "resp_9", "response_id"
	return p
}

// ungatheredOwner is a run: its entry span is an HTTP server's, below it an
// agent, two layers that report the same response, and a call in another trace.
func ungatheredOwner(testing.TB) *envelope.Part {
	entry := newSpan(parentID, "POST /chat", -time.Second, 5*time.Second, "http.request.method", "POST", "error.type", "500")
	entry.Gathered = false
	entry.Origin = originOf("http-server")
	agent := newSpan(pcommon.SpanID{0xa}, "invoke_agent helper", 0, 3*time.Second,
		"gen_ai.operation.name", "invoke_agent", "gen_ai.agent.name", "helper", "gen_ai.conversation.id", "c-1",
		"gen_ai.usage.input_tokens", 1001, "gen_ai.usage.output_tokens", 27)
	agent.Data.SetParentSpanID(parentID)
	wrapper := newSpan(pcommon.SpanID{0xb}, "ChatOpenAI", time.Second, 3*time.Second, chatAttributes()...)
	wrapper.Data.SetParentSpanID(pcommon.SpanID{0xa})
	inner := newSpan(pcommon.SpanID{0xc}, "chat gpt-4o-mini", time.Second, 2*time.Second,
		append(chatAttributes(), "gen_ai.usage.reasoning.output_tokens", 9)...)
	inner.Data.SetParentSpanID(pcommon.SpanID{0xb})
	elsewhere := newSpan(pcommon.SpanID{0xd}, "embeddings text-embedding-3", 2*time.Second, 3*time.Second,
		"gen_ai.operation.name", "embeddings", "gen_ai.request.model", "text-embedding-3", "gen_ai.usage.input_tokens", 5)
	elsewhere.Data.SetTraceID(pcommon.TraceID{9})
	// Inner spans arrive first.
	p := newPart(nil, elsewhere, inner, wrapper, agent)
	p.Owner, p.Ended, p.Reason = entry, true, event.FlushSpanEnd
	p.RequestID, p.KeySource = "run-7", "attribute:gen_ai.agent.call.id"
	return p
}

func hostile(t testing.TB) *envelope.Part {
	r := newLog(1, semconv.EventUserMessage, 0, map[string]any{
		"content": "line\nquote\" back\\ tab\t bell\a nul\x00 bad\xff end \u2028 😀",
	}, "bad\xfekey", "bad\xffvalue", "empty", nil, "blank", "", "big", int64(math.MaxInt64), "small", int64(math.MinInt64),
		"nan", math.NaN(), "inf", math.Inf(1), "-inf", math.Inf(-1), "tiny", 1e-7, "huge", 1e21, "-0", math.Copysign(0, -1),
		"bytes", []byte{0, 1, 0xfe}, "list", []any{nil, "", map[string]any{}, []any{}}, "", "no key")
	deep := r.Log.Attributes().PutEmpty("deep")
	for range 40 {
		deep = deep.SetEmptySlice().AppendEmpty()
	}
	deep.SetStr("\xff bottom")
	r.Log.SetSeverityText("nö\xfft")
	r.Log.SetSeverityNumber(99)
	r.Log.SetTimestamp(math.MaxUint64)
	r.Log.SetObservedTimestamp(1)
	repeatedKeys(t).MoveTo(r.Log.Attributes().PutEmptyMap("repeated"))
	r = newRecord(1, r.Log)
	r.Name = "gen_ai.\xff"
	span := newSpan(spanID, "", 2*time.Second, time.Second,
		"gen_ai.operation.name", 7, "gen_ai.request.model", []any{"a"}, "gen_ai.usage.input_tokens", -5,
		"gen_ai.usage.output_tokens", "many", "gen_ai.response.finish_reasons", []any{1, "stop"},
		"gen_ai.conversation.id", strings.Repeat("x", 300), "gen_ai.provider.name", "a", "gen_ai.system", "b")
	span.Truncated = true
	p := owned(newPart([]event.Record{r}, span), span)
	p.RequestID, p.KeySource = "id\xff", "attribute:\xff"
	return p
}

// repeatedKeys is a map with a key twice, as it can come from the wire.
func repeatedKeys(t testing.TB) pcommon.Map {
	logs := plog.NewLogs()
	attrs := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Attributes()
	setAttributes(attrs, "twice", "1", "once", 0, "twicf", "2")
	text, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(bytes.Replace(text, []byte("twicf"), []byte("twice"), 1))
	require.NoError(t, err)
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
}

func evaluation(testing.TB) *envelope.Part {
	return newPart([]event.Record{newLog(1, semconv.EventEvaluationResult, 0, nil, "gen_ai.evaluation.name", "relevance")})
}

func (s *situation) build(t testing.TB) []plog.LogRecord {
	t.Helper()
	var facts envelope.Facts
	records := make([]plog.LogRecord, 0, len(s.parts))
	for _, part := range s.parts {
		p := part(t)
		p.Facts = &facts
		records = append(records, build(t, s.options, p))
	}
	return records
}

func TestGolden(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			var got bytes.Buffer
			for _, record := range s.build(t) {
				require.NoError(t, json.Indent(&got, recordJSON(t, record), "", "  "))
				got.WriteByte('\n')
			}
			compareGolden(t, s.name+".json", got.String())
		})
	}
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to write golden files")
	assert.Equal(t, string(want), got)
}

// recordJSON is an envelope's record as a person reads it.
func recordJSON(t testing.TB, record plog.LogRecord) []byte {
	t.Helper()
	header := pcommon.NewMap()
	header.PutStr("EventName", record.EventName())
	header.PutStr("Timestamp", record.Timestamp().AsTime().Format(time.RFC3339Nano))
	header.PutStr("ObservedTimestamp", record.ObservedTimestamp().AsTime().Format(time.RFC3339Nano))
	header.PutStr("TraceID", record.TraceID().String())
	header.PutStr("SpanID", record.SpanID().String())
	header.PutInt("Flags", int64(record.Flags()))
	header.PutStr("SeverityText", record.SeverityText())
	header.PutInt("SeverityNumber", int64(record.SeverityNumber()))
	header.PutStr("BodyType", record.Body().Type().String())
	record.Attributes().CopyTo(header.PutEmptyMap("Attributes"))
	text := envelope.AppendJSONMap(nil, header)
	text = append(text[:len(text)-1], `,"Body":`...)
	return append(append(text, envelopetest.Body(t, record)...), '}')
}

// TestShape pins every key that the situations bring out and its JSON types:
// within version 1 keys are added, never renamed, retyped or removed.
func TestShape(t *testing.T) {
	shape := map[string]map[string]struct{}{}
	for i := range situations {
		for _, record := range situations[i].build(t) {
			var body any
			require.NoError(t, json.Unmarshal(envelopetest.Body(t, record), &body))
			addShape(shape, "", body)
		}
	}
	lines := make([]string, 0, len(shape))
	for path, types := range shape {
		names := make([]string, 0, len(types))
		for name := range types {
			names = append(names, name)
		}
		sort.Strings(names)
		lines = append(lines, path+": "+strings.Join(names, "|"))
	}
	sort.Strings(lines)
	compareGolden(t, "shape.txt", strings.Join(lines, "\n")+"\n")
}

// usersKeys hold values whose shape is the user's.
var usersKeys = []string{
	".attributes", ".body", ".tool.arguments", ".tool.result", ".input_messages[]", ".output_messages[]",
	".system_instructions[]", ".tool_definitions[]",
}

func addShape(shape map[string]map[string]struct{}, path string, v any) {
	name := "null"
	users := false
	for _, key := range usersKeys {
		users = users || strings.HasSuffix(path, key)
	}
	switch v := v.(type) {
	case map[string]any:
		name = "object"
		for key, entry := range v {
			if !users {
				addShape(shape, path+"."+key, entry)
			}
		}
	case []any:
		name = "array"
		for _, element := range v {
			if !users {
				addShape(shape, path+"[]", element)
			}
		}
	case string:
		name = "string"
	case float64:
		name = "number"
	case bool:
		name = "boolean"
	}
	if users {
		name = "any"
	}
	if shape[path] == nil {
		shape[path] = map[string]struct{}{}
	}
	shape[path][name] = struct{}{}
}
