package envelope_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// arbitrary is telemetry as it can come from the wire and how it is gathered.
type arbitrary struct {
	logs   []byte
	traces []byte
	// bits choose the options, the owner and the division into parts.
	bits byte
}

const (
	bitEvents = 1 << iota
	bitMessages
	bitOrderTime
	bitOwner
	bitUngathered
	bitTwoParts
	bitLate
	bitTruncated
)

// parts decodes the telemetry into the parts of one request; none when it is
// not decodable.
func (a *arbitrary) parts() []*envelope.Part {
	logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(a.logs)
	if err != nil {
		return nil
	}
	traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(a.traces)
	if err != nil {
		return nil
	}
	var records []event.Record
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			origin := &event.Origin{Resource: rl.Resource(), Scope: sl.Scope()}
			for _, log := range sl.LogRecords().All() {
				records = append(records, event.Record{Log: log, Name: semconv.EventName(log, ""), Origin: origin})
			}
		}
	}
	var spans []*event.Span
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			origin := &event.Origin{Resource: rs.Resource(), Scope: ss.Scope()}
			for _, data := range ss.Spans().All() {
				for _, ev := range data.Events().All() {
					records = append(records, spanEventRecord(data, ev, origin))
				}
				data.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
				span := asGathered(data)
				span.Origin = origin
				spans = append(spans, span)
			}
		}
	}
	for i := range records {
		r := &records[i]
		r.Seq = uint64(i + 1)
		r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
		r.Late = a.bits&bitLate != 0 && i%2 == 1
		r.Truncated = a.bits&bitTruncated != 0 && i%3 == 0
	}
	return a.divide(records, spans)
}

func spanEventRecord(span ptrace.Span, ev ptrace.SpanEvent, origin *event.Origin) event.Record {
	log := plog.NewLogRecord()
	log.SetEventName(ev.Name())
	log.SetTimestamp(ev.Timestamp())
	log.SetTraceID(span.TraceID())
	log.SetSpanID(span.SpanID())
	log.SetDroppedAttributesCount(ev.DroppedAttributesCount())
	ev.Attributes().CopyTo(log.Attributes())
	return event.Record{Log: log, Name: ev.Name(), Origin: origin, Source: event.SourceSpanEvent}
}

func (a *arbitrary) divide(records []event.Record, spans []*event.Span) []*envelope.Part {
	whole := newPart(records, spans...)
	if len(spans) > 0 && a.bits&bitOwner != 0 {
		owned(whole, spans[0])
		if a.bits&bitUngathered != 0 {
			spans[0].Gathered = false
			whole.Spans = spans[1:]
		}
	}
	if a.bits&bitTwoParts == 0 {
		return []*envelope.Part{whole}
	}
	half := len(records) / 2
	first := newPart(records[:half:half])
	whole.Records, whole.Number, whole.Facts = records[half:], 2, first.Facts
	if a.bits&bitOrderTime == 0 {
		// The other way round: the spans come first.
		first.Spans, whole.Spans = whole.Spans, nil
		first.Owner, whole.Owner, first.Ended = whole.Owner, nil, whole.Ended
	}
	return []*envelope.Part{first, whole}
}

func (a *arbitrary) options(form envelope.BodyForm) envelope.Options {
	o := envelope.Options{
		Body:     form,
		Events:   a.bits&bitEvents != 0,
		Messages: a.bits&bitMessages != 0,
		Order:    envelope.OrderArrival,
	}
	if a.bits&bitOrderTime != 0 {
		o.Order, o.AllContent = envelope.OrderTime, true
	}
	return o
}

// build builds all parts in one form and holds each to its weight.
func (a *arbitrary) build(t testing.TB, form envelope.BodyForm) []plog.LogRecord {
	builder := envelope.NewBuilder(a.options(form))
	var out []plog.LogRecord
	for _, p := range a.parts() {
		bound := weigh(builder, p)
		dst := plog.NewLogRecord()
		builder.Build(p, dst)
		size := (&plog.ProtoMarshaler{}).LogRecordSize(dst)
		assert.LessOrEqual(t, size, bound, "%s: heavier than its weight", form)
		out = append(out, dst)
	}
	return out
}

func weigh(builder *envelope.Builder, p *envelope.Part) int {
	bound := builder.FixedWeight()
	for i := range p.Records {
		bound += builder.RecordWeight(&p.Records[i])
	}
	for _, span := range p.Spans {
		bound += builder.SpanWeight(span)
	}
	return bound
}

// buildUnknown is build without anything known about what is plain.
func (a *arbitrary) buildUnknown(form envelope.BodyForm) []plog.LogRecord {
	builder := envelope.NewBuilder(a.options(form))
	var out []plog.LogRecord
	for _, p := range a.parts() {
		dst := plog.NewLogRecord()
		builder.Build(p, dst)
		out = append(out, dst)
	}
	return out
}

// check: whatever comes in, a valid envelope comes out, the same each time, in
// both forms, and no heavier than announced.
func (a *arbitrary) check(t testing.TB) {
	maps := a.build(t, envelope.BodyMap)
	again := a.build(t, envelope.BodyMap)
	unknown := a.buildUnknown(envelope.BodyMap)
	texts := a.build(t, envelope.BodyJSON)
	require.Len(t, texts, len(maps))
	require.Len(t, unknown, len(maps))
	for i := range maps {
		envelopetest.Validate(t, maps[i])
		envelopetest.Validate(t, texts[i])
		require.True(t, json.Valid(envelopetest.Body(t, maps[i])))
		require.Equal(t, string(envelopetest.Body(t, maps[i])), texts[i].Body().Str(), "both forms carry the same JSON")
		require.Equal(t, marshal(t, maps[i]), marshal(t, again[i]), "the same content gives the same bytes")
		require.Equal(t, marshal(t, maps[i]), marshal(t, unknown[i]), "what is plain is what cleaning leaves as it is")
	}
}

func marshal(t testing.TB, record plog.LogRecord) []byte {
	t.Helper()
	logs := plog.NewLogs()
	record.CopyTo(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	text, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return text
}

func TestArbitraryTelemetry(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := drawArbitrary(rt)
		a.check(testingOf{t, rt})
	})
}

// testingOf lets helpers for testing.TB report to rapid, which shrinks.
type testingOf struct {
	testing.TB
	rt *rapid.T
}

func (t testingOf) Helper()                           {}
func (t testingOf) Errorf(format string, args ...any) { t.rt.Errorf(format, args...) }
func (t testingOf) FailNow()                          { t.rt.FailNow() }
func (t testingOf) Logf(format string, args ...any)   { t.rt.Logf(format, args...) }

func drawArbitrary(t *rapid.T) *arbitrary {
	a := &arbitrary{bits: rapid.Byte().Draw(t, "bits")}
	logs := plog.NewLogs()
	sl := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(drawText(t))
	sl.Scope().SetVersion(drawText(t))
	for range rapid.IntRange(0, 6).Draw(t, "logs") {
		drawLog(t, sl.LogRecords().AppendEmpty())
	}
	traces := ptrace.NewTraces()
	ss := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	for i := range rapid.IntRange(0, 3).Draw(t, "spans") {
		drawSpan(t, i, ss.Spans().AppendEmpty())
	}
	var err error
	if a.logs, err = (&plog.ProtoMarshaler{}).MarshalLogs(logs); err != nil {
		t.Fatal(err)
	}
	if a.traces, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(traces); err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "repeat keys") {
		// Keys of the same length become the same key.
		a.logs = bytes.ReplaceAll(a.logs, []byte("akey"), []byte("bkey"))
		a.traces = bytes.ReplaceAll(a.traces, []byte("akey"), []byte("bkey"))
	}
	return a
}

var (
	eventNames = []string{
		semconv.EventSystemMessage, semconv.EventUserMessage, semconv.EventAssistantMessage, semconv.EventToolMessage,
		semconv.EventChoice, semconv.EventOperationDetails, semconv.EventOperationException, semconv.EventEvaluationResult,
		semconv.EventContentPrompt, semconv.EventContentCompletion, semconv.EventException,
		semconv.EventClaudeUserPrompt, semconv.EventClaudeAPIRequest, semconv.EventClaudeResponseBody, semconv.EventGeminiAPIResponse,
		semconv.EventClaudeRequestBody, semconv.EventClaudeAPIError, semconv.EventCodexSSE, semconv.EventCodexUserPrompt,
		"", "gen_ai.\xff",
	}
	attributeKeys = []string{
		"akey", "bkey", "", "\xff", semconv.AttrOperationName, semconv.AttrProviderName, semconv.AttrSystem,
		semconv.AttrRequestModel, semconv.AttrResponseModel, semconv.AttrResponseID, semconv.AttrFinishReasons,
		semconv.AttrConversationID, semconv.AttrAgentName, semconv.AttrToolName, semconv.AttrToolCallID,
		semconv.AttrToolCallArguments, semconv.AttrToolCallResult, semconv.AttrUsageInputTokens, semconv.AttrUsageOutputTokens,
		semconv.AttrUsagePromptTokens, semconv.AttrTimeToFirstChunk, semconv.AttrErrorType, semconv.AttrErrorMessage,
		semconv.AttrExceptionType, semconv.AttrExceptionMessage,
		semconv.AttrInputMessages, semconv.AttrOutputMessages, semconv.AttrSystemInstructions, semconv.AttrToolDefinitions,
		semconv.AttrPrompt, semconv.AttrCompletion, semconv.AttrEventContent, "gen_ai.prompt.0.content", "gen_ai.prompt.0.role",
		"gen_ai.completion.0.content", "llm.input_messages.0.message.content", "llm.output_messages.0.message.role",
		"llm.input_messages.0.message.contents.0.message_content.type", "llm.tools.0.tool.json_schema",
		"llm.request.functions.0.name", semconv.AttrAIPromptMessages, semconv.AttrAIResponseText, semconv.AttrAIResponseToolCalls,
		semconv.AttrLFInput, semconv.AttrLFOutput, semconv.AttrADKRequest, semconv.AttrADKResponse, semconv.AttrGenkitInput,
		semconv.AttrOIInputValue, semconv.AttrOIOutputValue, semconv.AttrOISpanKind, semconv.AttrPydanticAll,
		semconv.FieldContent, semconv.FieldRole, semconv.FieldMessage, semconv.FieldToolCalls, semconv.FieldFinishReason,
		semconv.FieldID, semconv.FieldParts, semconv.AttrClaudeBody, semconv.AttrClaudePrompt, "error",
		semconv.AttrClaudeRequestID, semconv.AttrClaudeRequestBodyID, semconv.AttrCodexEventKind, semconv.AttrCodexInputTokens,
		semconv.AttrTLSpanKind, semconv.AttrTLEntityName, semconv.AttrTLEntityInput, semconv.AttrTLEntityOutput,
		semconv.AttrOIModelName, semconv.AttrOIInvocation, semconv.AttrOIMetadata,
	}
	fieldKeys = []string{
		"role", "content", "parts", "type", "text", "tool_calls", "function", "name", "arguments", "id", "index",
		"finish_reason", "message", "response", "image_url", "url", "input_audio", "data", "akey", "bkey", "\xff", "",
		"messages", "contents", "tools", "parameters", "functionCall", "toolUse", "toolResult", "reasoning",
	}
	texts = []string{
		"", "chat", "execute_tool", "gpt-4o-mini", "user", "assistant", "tool", "text", "stop", "tool_calls", "safety", "function",
		"a \"quoted\"\nline\\", "\xff\xfe", "\x00\x01\x02", "Grüße 世界 😀", "[]", "{}", "[", "[-1,-1,-1,-1,1e20,0.5]", `["a","b",["c"]]`,
		`[{},{},{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\"a\":[1,2]}"}}]}]`,
		`{"messages":[{"role":"user","parts":[{"type":"text","content":"x"}]}],"tools":[{"name":"f"}]}`,
		`[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"t"}]}]`,
		`{"contents":[{"role":"model","parts":[{"text":"x"},{"function_call":{"name":"f","args":{}}}]}],"config":{"system_instruction":"s"}}`,
		`[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]`,
		`[{"role":"user","content":"[{\"text\":\"x\"},{\"toolUse\":{\"name\":\"f\",\"input\":{},\"toolUseId\":\"1\"}}]"}]`,
		`[{"role":"user","content":"\ud800x\udc00","\ud800":1,"\ud801":2}]`, `{"role":"user","parts":[{"type":"blob","content":"\udfff","data":1e999}]}`,
		`[[{"lc":1,"type":"constructor","id":["m","ToolMessage"],"kwargs":{"content":"[1]","tool_call_id":"1","additional_kwargs":{"a":{}}}}]]`,
		"response.completed", `{"model":"x","ls_provider":"y"}`, "undefined", `"text"`, "null", "data:image/png;base64,AAAA", "https://example.com/x.png", "LLM", "TOOL",
	}
)

func drawText(t *rapid.T) string {
	text := rapid.SampledFrom(texts).Draw(t, "text")
	if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
		text += string(bytes.Repeat([]byte{rapid.SampledFrom([]byte("a\"\x01\xff,[{")).Draw(t, "byte")}, rapid.IntRange(100, 3000).Draw(t, "n")))
	}
	return text
}

func drawLog(t *rapid.T, log plog.LogRecord) {
	log.SetEventName(rapid.SampledFrom(eventNames).Draw(t, "event name"))
	log.SetTimestamp(drawTime(t))
	log.SetObservedTimestamp(drawTime(t))
	log.SetTraceID(drawTraceID(t))
	log.SetSpanID(drawSpanID(t))
	log.SetSeverityNumber(plog.SeverityNumber(rapid.Int32Range(-1, 30).Draw(t, "severity")))
	log.SetSeverityText(rapid.SampledFrom([]string{"", "WARN", "\xff"}).Draw(t, "severity text"))
	log.SetDroppedAttributesCount(rapid.Uint32Range(0, 1).Draw(t, "dropped"))
	drawMap(t, log.Attributes(), attributeKeys, 2)
	drawValue(t, log.Body(), 3)
}

func drawSpan(t *rapid.T, i int, span ptrace.Span) {
	span.SetName(rapid.SampledFrom([]string{"", "chat", "claude_code.llm_request", "ai.generateText.doGenerate", "\xff"}).Draw(t, "name"))
	span.SetTraceID(drawTraceID(t))
	span.SetSpanID(pcommon.SpanID{byte(i + 1)})
	span.SetParentSpanID(drawSpanID(t))
	span.SetStartTimestamp(drawTime(t))
	span.SetEndTimestamp(drawTime(t))
	span.Status().SetCode(ptrace.StatusCode(rapid.Int32Range(0, 2).Draw(t, "status")))
	span.Status().SetMessage(drawText(t))
	drawMap(t, span.Attributes(), attributeKeys, 2)
	for range rapid.IntRange(0, 2).Draw(t, "span events") {
		ev := span.Events().AppendEmpty()
		ev.SetName(rapid.SampledFrom(eventNames).Draw(t, "event name"))
		ev.SetTimestamp(drawTime(t))
		drawMap(t, ev.Attributes(), attributeKeys, 2)
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		link := span.Links().AppendEmpty()
		link.SetTraceID(drawTraceID(t))
		link.TraceState().FromRaw(drawText(t))
		drawMap(t, link.Attributes(), attributeKeys, 1)
	}
}

func drawTime(t *rapid.T) pcommon.Timestamp {
	return rapid.SampledFrom([]pcommon.Timestamp{0, 1, at(0), at(time.Second), math.MaxInt64, math.MaxUint64}).Draw(t, "time")
}

func drawTraceID(t *rapid.T) pcommon.TraceID {
	return rapid.SampledFrom([]pcommon.TraceID{{}, traceID, {2}}).Draw(t, "trace id")
}

func drawSpanID(t *rapid.T) pcommon.SpanID {
	return pcommon.SpanID{rapid.ByteRange(0, 4).Draw(t, "span id")}
}

func drawMap(t *rapid.T, m pcommon.Map, keys []string, depth int) {
	for range rapid.IntRange(0, 6).Draw(t, "entries") {
		drawValue(t, m.PutEmpty(rapid.SampledFrom(keys).Draw(t, "key")), depth)
	}
}

func drawValue(t *rapid.T, v pcommon.Value, depth int) {
	kinds := 10
	if depth == 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
	case 1:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case 2:
		v.SetDouble(rapid.SampledFrom([]float64{0, 1.5, -2.2250738585072014e-308, 1e20, math.NaN(), math.Inf(-1)}).Draw(t, "double"))
	case 3:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case 4:
		v.SetEmptyBytes().FromRaw(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"))
	case 8:
		drawMap(t, v.SetEmptyMap(), fieldKeys, depth-1)
	case 9:
		list := v.SetEmptySlice()
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			drawValue(t, list.AppendEmpty(), depth-1)
		}
	case 10:
		for range rapid.IntRange(20, 40).Draw(t, "levels") {
			v = v.SetEmptySlice().AppendEmpty()
		}
		drawValue(t, v, 0)
	default:
		v.SetStr(drawText(t))
	}
}

func FuzzBuild(f *testing.F) {
	for i := range situations {
		for _, part := range situations[i].parts {
			p := part(f)
			logs := plog.NewLogs()
			sl := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
			for _, r := range p.Records {
				r.Log.CopyTo(sl.LogRecords().AppendEmpty())
			}
			traces := ptrace.NewTraces()
			ss := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
			for _, s := range p.Spans {
				s.Data.CopyTo(ss.Spans().AppendEmpty())
			}
			logText, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
			require.NoError(f, err)
			traceText, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
			require.NoError(f, err)
			for _, bits := range []byte{bitEvents | bitMessages | bitOwner, bitEvents | bitTwoParts | bitOrderTime, 0xff} {
				f.Add(logText, traceText, bits)
			}
		}
	}
	f.Fuzz(func(t *testing.T, logs, traces []byte, bits byte) {
		(&arbitrary{logs: logs, traces: traces, bits: bits}).check(t)
	})
}
