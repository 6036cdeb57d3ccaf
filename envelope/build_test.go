package envelope_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
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

// bodyOf builds the part and reads its body back.
func bodyOf(t testing.TB, o envelope.Options, p *envelope.Part) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(envelopetest.Body(t, build(t, o, p)), &body))
	return body
}

func list(body map[string]any, key string) []map[string]any {
	elements, _ := body[key].([]any)
	maps := make([]map[string]any, len(elements))
	for i, element := range elements {
		maps[i], _ = element.(map[string]any)
	}
	return maps
}

func column(maps []map[string]any, key string) []any {
	values := make([]any, len(maps))
	for i, m := range maps {
		values[i] = m[key]
	}
	return values
}

func TestID(t *testing.T) {
	sum := sha256.Sum256(append([]byte("run-7\x0012\x00"), opening[:]...))
	assert.Equal(t, hex.EncodeToString(sum[:])[:32], envelope.ID("run-7", 12, opening))
	assert.NotEqual(t, envelope.ID("run-7", 12, opening), envelope.ID("run-71", 2, opening), "fields are parted")
	assert.NotEqual(t, envelope.ID("run-7", 12, opening), envelope.ID("run-7", 12, [16]byte{}))
	long := fmt.Sprintf("%0500d", 7)
	assert.Len(t, envelope.ID(long, 1, opening), 32)
}

func TestOrder(t *testing.T) {
	records := func() []event.Record {
		return []event.Record{
			newLog(1, semconv.EventChoice, time.Second, nil),
			newLog(2, semconv.EventUserMessage, 0, nil),
			newLog(3, semconv.EventSystemMessage, 0, nil),
		}
	}
	arrival := bodyOf(t, envelope.Options{Events: true, Order: envelope.OrderArrival}, newPart(records()))
	assert.Equal(t, []any{1.0, 2.0, 3.0}, column(list(arrival, "events"), "seq"))
	assert.Equal(t, "2026-10-01T12:00:00.000000000Z", arrival["started_at"], "the earliest, not the first")
	byTime := bodyOf(t, full, newPart(records()))
	assert.Equal(t, []any{3.0, 2.0, 1.0}, column(list(byTime, "events"), "seq"))
}

func TestCallsAreInStartOrder(t *testing.T) {
	late := newSpan(pcommon.SpanID{1}, "late", 2*time.Second, 3*time.Second)
	inner := newSpan(pcommon.SpanID{2}, "inner", time.Second, 2*time.Second)
	outer := newSpan(pcommon.SpanID{3}, "outer", time.Second, 4*time.Second)
	log := newLog(1, semconv.EventUserMessage, 1500*time.Millisecond, nil)
	body := bodyOf(t, full, newPart([]event.Record{log}, late, inner, outer))
	assert.Equal(t, []any{"outer", "inner", nil, "late"}, column(list(body, "calls"), "name"))
	assert.Equal(t, []any{"ok", "ok", "unknown", "ok"}, column(list(body, "calls"), "status"))
}

func TestEventsFindTheirCall(t *testing.T) {
	named := newSpan(pcommon.SpanID{1}, "chat", 0, time.Second, "gen_ai.response.id", "resp_1", "gen_ai.operation.name", "chat")
	noContext := func(seq uint64, name string, attributes ...any) event.Record {
		r := newLog(seq, name, 0, nil, attributes...)
		r.Log.SetSpanID(pcommon.SpanID{})
		return r
	}
	t.Run("by the response id that the span reports", func(t *testing.T) {
		body := bodyOf(t, full, newPart([]event.Record{
			noContext(1, semconv.EventOperationDetails, "gen_ai.response.id", "resp_1", "gen_ai.usage.output_tokens", 3),
		}, named))
		calls := list(body, "calls")
		require.Len(t, calls, 1)
		assert.Equal(t, map[string]any{"output_tokens": 3.0}, calls[0]["usage"])
	})
	t.Run("else as one call without ids", func(t *testing.T) {
		body := bodyOf(t, full, newPart([]event.Record{
			noContext(1, semconv.EventUserMessage),
			noContext(2, semconv.EventOperationDetails, "gen_ai.response.id", "resp_2", "gen_ai.operation.name", "embeddings"),
		}))
		calls := list(body, "calls")
		require.Len(t, calls, 1)
		assert.NotContains(t, calls[0], "span_id")
		assert.Equal(t, "embeddings", calls[0]["kind"])
		assert.Equal(t, "resp_2", calls[0]["response_id"])
	})
	t.Run("one for each response that they report", func(t *testing.T) {
		body := bodyOf(t, full, newPart([]event.Record{
			noContext(1, semconv.EventClaudeUserPrompt, "prompt", "hi"),
			noContext(2, semconv.EventClaudeAPIRequest, "request_id", "req_1", "input_tokens", 10, "output_tokens", 5),
			noContext(3, semconv.EventOperationDetails, "gen_ai.response.id", "resp_2", "gen_ai.usage.input_tokens", 20, "gen_ai.output.messages", "two"),
			noContext(4, semconv.EventClaudeAPIRequest, "request_id", "req_3", "output_tokens", 1),
			noContext(5, semconv.EventOperationDetails, "gen_ai.response.id", "resp_2", "gen_ai.usage.output_tokens", 6),
			noContext(6, semconv.EventClaudeAssistantResponse, "response", "yo"),
		}))
		calls := list(body, "calls")
		assert.Equal(t, []any{"req_1", "req_3", "resp_2"}, column(calls, "response_id"))
		assert.Equal(t, map[string]any{"input_tokens": 30.0, "output_tokens": 12.0}, body["usage"])
		assert.Equal(t, map[string]any{"input_tokens": 20.0, "output_tokens": 6.0}, calls[2]["usage"])
		assert.Contains(t, calls[0], "input_messages", "of the events without an id")
		assert.Equal(t, []any{map[string]any{"role": "assistant", "parts": []any{map[string]any{"type": "text", "content": "yo"}}}}, calls[0]["output_messages"])
		assert.Equal(t, []any{map[string]any{"role": "assistant", "parts": []any{map[string]any{"type": "text", "content": "two"}}}}, calls[2]["output_messages"])
	})
	t.Run("or none when they carry no content", func(t *testing.T) {
		body := bodyOf(t, full, newPart([]event.Record{noContext(1, semconv.EventEvaluationResult)}))
		assert.NotContains(t, body, "calls")
		assert.Equal(t, "other", body["kind"])
	})
}

func TestConversationOfAnEvent(t *testing.T) {
	for _, name := range []string{semconv.EventUserMessage, semconv.EventEvaluationResult, "codex.sse_event"} {
		log := newLog(1, name, 0, nil, "conversation.id", "talk")
		assert.Equal(t, "talk", bodyOf(t, full, newPart([]event.Record{log}))["conversation_id"], name)
		chat := newSpan(spanID, "chat", 0, time.Second, "gen_ai.conversation.id", "told by the span")
		assert.Equal(t, "told by the span", bodyOf(t, full, newPart([]event.Record{log}, chat))["conversation_id"], name)
	}
}

// TestToolToldByEvents: Strands has a tool's arguments and result in events
// that look like messages.
func TestToolToldByEvents(t *testing.T) {
	told := func(seq uint64, name string, attributes ...any) event.Record {
		r := newLog(seq, name, 0, nil, attributes...)
		r.Source = event.SourceSpanEvent
		return r
	}
	records := func() []event.Record {
		return []event.Record{
			told(1, semconv.EventToolMessage, "role", "tool", "content", `{"city":"Rome"}`, "id", "c1"),
			told(2, semconv.EventChoice, "message", `[{"text":"21C"}]`, "id", "c1"),
		}
	}
	tool := func(attributes ...any) *event.Span {
		return newSpan(spanID, "execute_tool get", 0, time.Second,
			append([]any{"gen_ai.operation.name", "execute_tool", "gen_ai.tool.name", "get", "gen_ai.tool.call.id", "c1"}, attributes...)...)
	}
	body := bodyOf(t, full, newPart(records(), tool("gen_ai.input.messages", "stays")))
	call := list(body, "calls")[0]
	assert.Equal(t, map[string]any{
		"name": "get", "call_id": "c1", "arguments": map[string]any{"city": "Rome"}, "result": []any{map[string]any{"text": "21C"}},
	}, call["tool"])
	assert.NotContains(t, call, "output_messages")
	assert.Contains(t, call, "input_messages", "of the span's attribute")
	events := list(body, "events")
	assert.JSONEq(t, `{"city":"Rome"}`, events[0]["attributes"].(map[string]any)["content"].(string), "the event keeps it")
	assert.JSONEq(t, `[{"text":"21C"}]`, events[1]["attributes"].(map[string]any)["message"].(string), "the event keeps it")

	call = list(bodyOf(t, full, newPart(records(), tool("gen_ai.tool.call.arguments", "{}", "gen_ai.tool.call.result", "told by the span"))), "calls")[0]
	assert.Equal(t, "told by the span", call["tool"].(map[string]any)["result"])
}

func TestManyCalls(t *testing.T) {
	const n = 500
	var records []event.Record
	var spans []*event.Span
	for i := range n {
		id := pcommon.SpanID{byte(i), byte(i >> 8), 1}
		r := newLog(uint64(i+1), semconv.EventOperationDetails, time.Duration(i), nil, "gen_ai.response.id", fmt.Sprint("r", i))
		r.Log.SetSpanID(id)
		if i%3 == 0 {
			r.Log.SetSpanID(pcommon.SpanID{})
		}
		records = append(records, r)
		if i%2 == 0 || i%3 == 0 {
			spans = append(spans, newSpan(id, fmt.Sprint("span ", i), time.Duration(i), time.Second, "gen_ai.response.id", fmt.Sprint("r", i)))
		}
	}
	calls := list(bodyOf(t, full, newPart(records, spans...)), "calls")
	require.Len(t, calls, n)
	for i, call := range calls {
		assert.Equal(t, fmt.Sprint("r", i), call["response_id"])
	}
}

func TestPrimaryCall(t *testing.T) {
	agent := func() *event.Span {
		return newSpan(pcommon.SpanID{1}, "invoke_agent a", 0, time.Minute, "gen_ai.operation.name", "invoke_agent", "gen_ai.conversation.id", "c", "gen_ai.request.model", "of the agent")
	}
	chat := func(id byte, model string) *event.Span {
		return newSpan(pcommon.SpanID{id}, "chat", time.Duration(id)*time.Second, time.Minute, "gen_ai.operation.name", "chat", "gen_ai.request.model", model)
	}
	t.Run("the owner's inference", func(t *testing.T) {
		owner := chat(3, "owner's")
		record := build(t, full, owned(newPart(nil, chat(2, "first"), owner), owner))
		assertAttribute(t, record, semconv.AttrRequestModel, "owner's")
	})
	t.Run("else the first inference", func(t *testing.T) {
		owner := agent()
		record := build(t, full, owned(newPart(nil, chat(3, "second"), chat(2, "first"), owner), owner))
		assertAttribute(t, record, semconv.AttrRequestModel, "first")
		assertAttribute(t, record, semconv.AttrBufferKind, "inference")
		assertAttribute(t, record, semconv.AttrConversationID, "c")
	})
	t.Run("else the owner's", func(t *testing.T) {
		owner := agent()
		record := build(t, full, owned(newPart(nil, newSpan(pcommon.SpanID{7}, "t", 0, 1, "gen_ai.operation.name", "execute_tool"), owner), owner))
		assertAttribute(t, record, semconv.AttrBufferKind, "agent")
	})
	t.Run("what its events were taken for is corrected by its span", func(t *testing.T) {
		log := newLog(1, semconv.EventUserMessage, 0, nil)
		log.Log.SetSpanID(pcommon.SpanID{1})
		first := newPart([]event.Record{log})
		assertAttribute(t, build(t, full, first), semconv.AttrBufferKind, "inference")
		owner := agent()
		second := owned(newPart(nil, owner), owner)
		second.Facts, second.Number = first.Facts, 2
		assertAttribute(t, build(t, full, second), semconv.AttrBufferKind, "agent")
	})
}

func assertAttribute(t testing.TB, record plog.LogRecord, key, want string) {
	t.Helper()
	got, ok := record.Attributes().Get(key)
	if assert.True(t, ok, key) {
		assert.Equal(t, want, got.Str(), key)
	}
}

func TestOrigin(t *testing.T) {
	mine, other := originOf("mine"), originOf("other")
	span := func() *event.Span {
		s := newSpan(spanID, "chat", 0, time.Second, chatAttributes()...)
		s.Origin = mine
		return s
	}
	log := newLog(1, semconv.EventUserMessage, 0, nil)
	log.Origin = other
	builder := envelope.NewBuilder(full)

	first := newPart([]event.Record{log})
	assert.Same(t, other, builder.Build(first, plog.NewLogRecord()), "the first event's until the owner is known")
	owner := span()
	second := owned(newPart(nil, owner), owner)
	second.Facts = first.Facts
	assert.Same(t, mine, builder.Build(second, plog.NewLogRecord()))
	third := newPart([]event.Record{newLog(2, semconv.EventUserMessage, 0, nil)})
	third.Facts = first.Facts
	assert.Same(t, mine, builder.Build(third, plog.NewLogRecord()), "the owner's of an earlier part")
	assert.Same(t, mine, builder.Build(newPart(nil, span()), plog.NewLogRecord()), "without owner and events the first call's")
	assert.Nil(t, builder.Build(newPart(nil), plog.NewLogRecord()))
}

func TestIDsOfFirstEventThatHasThem(t *testing.T) {
	bare := newLog(1, semconv.EventUserMessage, 0, nil)
	bare.Log.SetTraceID(pcommon.TraceID{})
	bare.Log.SetSpanID(pcommon.SpanID{})
	traceOnly := newLog(2, semconv.EventUserMessage, time.Second, nil)
	traceOnly.Log.SetSpanID(pcommon.SpanID{})
	both := newLog(3, semconv.EventUserMessage, 2*time.Second, nil)
	both.Log.SetFlags(3)

	record := build(t, full, newPart([]event.Record{bare, traceOnly, both}))
	assert.Equal(t, traceID, record.TraceID())
	assert.Equal(t, spanID, record.SpanID())
	assert.Equal(t, plog.LogRecordFlags(3), record.Flags())

	record = build(t, full, newPart([]event.Record{newLog(1, semconv.EventEvaluationResult, 0, nil)}))
	assert.Equal(t, traceID, record.TraceID())
}

func TestOutcome(t *testing.T) {
	exception := func(name string) event.Record {
		return newLog(1, name, time.Second, nil, "exception.type", "E", "exception.message", "m")
	}
	for name, c := range map[string]struct {
		code       ptrace.StatusCode
		message    string
		attributes []any
		records    []event.Record
		status     string
		failure    any
	}{
		"ok":                            {status: "ok"},
		"status":                        {code: ptrace.StatusCodeError, message: "boom", status: "error", failure: map[string]any{"message": "boom"}},
		"status without a word":         {code: ptrace.StatusCodeError, status: "error"},
		"error.type":                    {attributes: []any{"error.type", "500"}, status: "error", failure: map[string]any{"type": "500"}},
		"error.type despite status ok":  {code: ptrace.StatusCodeOk, attributes: []any{"error.type", "500"}, status: "error", failure: map[string]any{"type": "500"}},
		"a dialect's mark":              {attributes: []any{"langfuse.observation.level", "ERROR", "langfuse.observation.status_message", "bad"}, status: "error", failure: map[string]any{"message": "bad"}},
		"exception explains":            {code: ptrace.StatusCodeError, records: []event.Record{exception(semconv.EventException)}, status: "error", failure: map[string]any{"type": "E", "message": "m"}},
		"exception that was handled":    {records: []event.Record{exception(semconv.EventException)}, status: "ok"},
		"exception of the operation":    {records: []event.Record{exception(semconv.EventOperationException)}, status: "error", failure: map[string]any{"type": "E", "message": "m"}},
		"message without error is none": {message: "fine", status: "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			span := newSpan(spanID, "chat", 0, time.Second, c.attributes...)
			span.Data.Status().SetCode(c.code)
			span.Data.Status().SetMessage(c.message)
			record := build(t, full, owned(newPart(c.records, span), span))
			var body map[string]any
			require.NoError(t, json.Unmarshal(envelopetest.Body(t, record), &body))
			assert.Equal(t, c.status, body["status"])
			assert.Equal(t, c.failure, body["error"])
			call := list(body, "calls")[0]
			assert.Equal(t, c.status, call["status"])
			assert.Equal(t, c.failure, call["error"])
			wantSeverity := map[string]string{"ok": "INFO", "error": "ERROR"}[c.status]
			assert.Equal(t, wantSeverity, record.SeverityText())
		})
	}
	t.Run("without a span it is unknown, and explained", func(t *testing.T) {
		body := bodyOf(t, full, newPart([]event.Record{exception(semconv.EventOperationException)}))
		assert.Equal(t, "unknown", body["status"])
		assert.Equal(t, map[string]any{"type": "E", "message": "m"}, body["error"])
	})
	t.Run("an error before the span came is forgotten when it went well", func(t *testing.T) {
		first := newPart([]event.Record{exception(semconv.EventException)})
		build(t, full, first)
		span := newSpan(spanID, "chat", 0, time.Second)
		second := owned(newPart(nil, span), span)
		second.Facts = first.Facts
		assert.NotContains(t, bodyOf(t, full, second), "error")
	})
}

func TestOwnerExplainsBetterThanWhatCameBefore(t *testing.T) {
	first := newPart([]event.Record{newLog(1, semconv.EventException, 0, nil, "exception.type", "E", "exception.message", "m")})
	build(t, full, first)
	span := newSpan(spanID, "chat", 0, time.Second, "error.type", "500")
	span.Data.Status().SetCode(ptrace.StatusCodeError)
	span.Data.Status().SetMessage("boom")
	second := owned(newPart(nil, span), span)
	second.Facts = first.Facts
	want := map[string]any{"type": "500", "message": "boom"}
	assert.Equal(t, want, bodyOf(t, full, second)["error"])
	third := newPart([]event.Record{newLog(2, semconv.EventException, time.Minute, nil, "exception.type", "E", "exception.message", "m")})
	third.Facts = first.Facts
	assert.Equal(t, want, bodyOf(t, full, third)["error"], "and better than what comes after")
}

// What the events of a span tell is the same call in each part, whether the span
// owns the request or not, as long as it is no call itself.
func TestOwnerThatIsNoCallMakesNoneOfEvents(t *testing.T) {
	var facts envelope.Facts
	calls := func(number int, owner *event.Span) (map[string]any, []map[string]any) {
		p := newPart([]event.Record{newLog(uint64(number), semconv.EventUserMessage, 0, nil)})
		p.Number, p.Facts, p.Owner = number, &facts, owner
		body := bodyOf(t, envelope.Options{}, p)
		return body, list(body, "calls")
	}
	owner := newSpan(spanID, "POST /chat", -time.Second, time.Second, "error.type", "500")
	owner.Gathered, owner.Kind = false, ""
	_, before := calls(1, nil)
	assert.Equal(t, []map[string]any{{"span_id": spanID.String(), "kind": "inference", "status": "unknown"}}, before)
	for number, owner := range []*event.Span{owner, nil} {
		body, now := calls(number+2, owner)
		assert.Equal(t, before, now)
		assert.Equal(t, "inference", body["kind"])
		assert.Equal(t, "error", body["status"])
		assert.Equal(t, map[string]any{"type": "500"}, body["error"])
		assert.EqualValues(t, 2*time.Second, body["duration_ns"])
	}
}

func TestLastDetailsWin(t *testing.T) {
	details := func(seq uint64, id string, attributes ...any) event.Record {
		return newLog(seq, semconv.EventOperationDetails, time.Duration(seq), nil, append(attributes, "gen_ai.response.id", id)...)
	}
	call := list(bodyOf(t, full, newPart([]event.Record{
		details(1, "first", "gen_ai.request.model", "m", "gen_ai.usage.output_tokens", 1), details(2, "last", "gen_ai.usage.output_tokens", 7),
	})), "calls")[0]
	assert.Equal(t, "last", call["response_id"])
	assert.Equal(t, map[string]any{"output_tokens": 7.0}, call["usage"])
	assert.Equal(t, "m", call["request_model"], "a patch takes nothing away")
}

func TestObservedTimeWhenItDiffers(t *testing.T) {
	same, differs, only := newLog(1, "gen_ai.x", 0, nil), newLog(2, "gen_ai.x", time.Second, nil), newLog(3, "gen_ai.x", 0, nil)
	same.Log.SetObservedTimestamp(at(0))
	differs.Log.SetObservedTimestamp(at(2 * time.Second))
	only.Log.SetTimestamp(0)
	only.Log.SetObservedTimestamp(at(time.Minute))
	events := list(bodyOf(t, full, newPart([]event.Record{same, differs, only})), "events")
	assert.Equal(t, []any{nil, "2026-10-01T12:00:02.000000000Z", nil}, column(events, "observed_time"))
	assert.Equal(t, "2026-10-01T12:01:00.000000000Z", events[2]["time"])
}

func TestComplete(t *testing.T) {
	part := func(change func(*envelope.Part)) *envelope.Part {
		p := chatPart(2, 10)
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		part *envelope.Part
		want bool
	}{
		"ended":             {part(func(*envelope.Part) {}), true},
		"not ended":         {part(func(p *envelope.Part) { p.Ended = false }), false},
		"truncated event":   {part(func(p *envelope.Part) { p.Records[0].Truncated = true }), false},
		"truncated span":    {part(func(p *envelope.Part) { p.Spans[0].Truncated = true }), false},
		"dropped attribute": {part(func(p *envelope.Part) { p.Spans[0].Data.SetDroppedAttributesCount(1) }), false},
		"dropped event":     {part(func(p *envelope.Part) { p.Spans[0].Data.SetDroppedEventsCount(1) }), false},
		"dropped of a log":  {part(func(p *envelope.Part) { p.Records[1].Log.SetDroppedAttributesCount(1) }), false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, bodyOf(t, full, c.part)["complete"])
			next := newPart(nil)
			next.Facts, next.Ended = c.part.Facts, c.part.Ended
			assert.Equal(t, c.want, bodyOf(t, full, next)["complete"], "nor is any part after it")
		})
	}
}

// TestNothingIsTakenFromEventsThatStay: what a call quotes from an event is
// still in the event.
func TestNothingIsTakenFromEventsThatStay(t *testing.T) {
	record := build(t, full, newPart([]event.Record{newLog(1, semconv.EventOperationDetails, 0, nil,
		"gen_ai.tool.call.arguments", `{"a":1}`, "gen_ai.response.finish_reasons", []any{"stop"},
		"gen_ai.input.messages", []any{map[string]any{"role": "user", "parts": []any{map[string]any{"type": "text", "content": "hi"}}}})}))
	var body map[string]any
	require.NoError(t, json.Unmarshal(envelopetest.Body(t, record), &body))
	assert.Equal(t, map[string]any{
		"gen_ai.tool.call.arguments":     `{"a":1}`,
		"gen_ai.response.finish_reasons": []any{"stop"},
		"gen_ai.input.messages":          []any{map[string]any{"role": "user", "parts": []any{map[string]any{"type": "text", "content": "hi"}}}},
	}, list(body, "events")[0]["attributes"])
}

// TestSpanAttributesAreNotLost: each is in the call once, under its own key or
// another.
func TestSpanAttributesAreNotLost(t *testing.T) {
	attributes := append(chatAttributes(), "gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"needle"}]}]`,
		"gen_ai.system", "another", "gen_ai.usage.prompt_tokens", 999, "custom", []any{"x", nil},
		"gen_ai.tool.call.arguments", `{"a":1}`, "gen_ai.tool.call.result", "text")
	for _, messages := range []bool{false, true} {
		span := newSpan(spanID, "chat", 0, time.Second, attributes...)
		body := bodyOf(t, envelope.Options{Messages: messages}, owned(newPart(nil, span), span))
		call := list(body, "calls")[0]
		assert.NotContains(t, call, "tool", "of a call that is none of a tool")
		kept, _ := call["attributes"].(map[string]any)
		want := map[string]any{
			"gen_ai.request.temperature": 0.7, "server.address": "api.openai.com", "server.port": 443.0,
			"gen_ai.system": "another", "gen_ai.usage.prompt_tokens": 999.0, "custom": []any{"x", nil},
			"gen_ai.tool.call.arguments": `{"a":1}`, "gen_ai.tool.call.result": "text",
		}
		if !messages {
			want["gen_ai.input.messages"] = `[{"role":"user","parts":[{"type":"text","content":"needle"}]}]`
		}
		assert.Equal(t, want, kept, "messages %t", messages)
	}
}

func TestBuilderIsSafeForConcurrentUse(t *testing.T) {
	builder := envelope.NewBuilder(envelope.Options{Body: envelope.BodyJSON, Events: true, Messages: true, Order: envelope.OrderTime})
	want := plog.NewLogRecord()
	builder.Build(chatPart(5, 100), want)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				got := plog.NewLogRecord()
				builder.Build(chatPart(5, 100), got)
				assert.Equal(t, want.Body().Str(), got.Body().Str())
			}
		})
	}
	group.Wait()
}

func TestScope(t *testing.T) {
	scope := pcommon.NewInstrumentationScope()
	envelope.NewBuilder(envelope.Options{Version: "1.2.3"}).Scope(scope)
	assert.Equal(t, envelope.ScopeName, scope.Name())
	assert.Equal(t, "1.2.3", scope.Version())
}
