package envelope_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// vendorEvent is one log of a request: its name and attributes.
type vendorEvent struct {
	name       string
	attributes []any
}

func sent(bodyID, text string) vendorEvent {
	return vendorEvent{semconv.EventClaudeRequestBody, []any{
		"body", `{"model":"m","messages":[{"role":"user","content":"` + text + `"}]}`, "request_body_id", bodyID, "model", "m-" + text,
	}}
}

func counted(requestID string, tokens int) vendorEvent {
	return vendorEvent{semconv.EventClaudeAPIRequest, []any{"request_id", requestID, "model", "m-" + requestID, "output_tokens", tokens}}
}

func answered(requestID, bodyID, text string) vendorEvent {
	return vendorEvent{semconv.EventClaudeResponseBody, []any{
		"body", `{"role":"assistant","content":"` + text + `"}`, "request_id", requestID, "request_body_id", bodyID,
	}}
}

func failed400(attributes ...any) vendorEvent {
	return vendorEvent{semconv.EventClaudeAPIError, append(attributes, "error", "says 400")}
}

// told is what is looked at of a call: its ids and the texts of its messages.
type told struct {
	span, response string
	input, output  []string
	message        string
}

func tell(calls []map[string]any) []told {
	tellings := make([]told, len(calls))
	text := func(v any) string { s, _ := v.(string); return s }
	for i, c := range calls {
		t := &tellings[i]
		t.span, t.response = text(c["name"]), text(c["response_id"])
		for key, to := range map[string]*[]string{"input_messages": &t.input, "output_messages": &t.output} {
			for _, message := range list(c, key) {
				for _, part := range list(message, "parts") {
					*to = append(*to, text(part["content"]))
				}
			}
		}
		if failure, ok := c["error"].(map[string]any); ok {
			t.message = text(failure["message"])
		}
	}
	return tellings
}

func vendorRecords(span pcommon.SpanID, events []vendorEvent) []event.Record {
	records := make([]event.Record, len(events))
	for i, e := range events {
		records[i] = newLog(uint64(i+1), e.name, time.Duration(i)*time.Millisecond, nil, e.attributes...)
		records[i].Log.SetSpanID(span)
	}
	return records
}

// requestCases are what Claude Code logs of a prompt; with a span around it the
// calls are the same but that the prompt is the span's.
var requestCases = []struct {
	name   string
	events []vendorEvent
	want   []told
}{
	{"each call has what its response names", []vendorEvent{
		sent("b1", "one"), counted("req_1", 1), answered("req_1", "b1", "a1"),
		sent("b2", "two"), counted("req_2", 2), answered("req_2", "b2", "a2"),
	}, []told{
		{response: "req_1", input: []string{"one"}, output: []string{"a1"}},
		{response: "req_2", input: []string{"two"}, output: []string{"a2"}},
	}},
	{"also when they run side by side", []vendorEvent{
		sent("b1", "one"), sent("b2", "two"), answered("req_2", "b2", "a2"), counted("req_1", 1), answered("req_1", "b1", "a1"),
	}, []told{
		{response: "req_1", input: []string{"one"}, output: []string{"a1"}},
		{response: "req_2", input: []string{"two"}, output: []string{"a2"}},
	}},
	{"what no response names belongs to the next call", []vendorEvent{
		sent("b1", "one"), counted("req_1", 1), sent("b2", "two"), counted("req_2", 2),
	}, []told{
		{response: "req_1", input: []string{"one"}}, {response: "req_2", input: []string{"two"}},
	}},
	{"the last of several retries counts", []vendorEvent{
		sent("b1", "one"), sent("b2", "two"), sent("b3", "three"), failed400("request_id", "req_8"),
	}, []told{
		{response: "req_8", input: []string{"three"}, message: "says 400"},
	}},
	{"one that was not answered is no part of an earlier call", []vendorEvent{
		sent("b1", "one"), sent("b2", "two"), answered("req_1", "b1", "a1"),
	}, []told{
		{response: "req_1", input: []string{"one"}, output: []string{"a1"}},
		{input: []string{"two"}},
	}},
	{"nor when that call's input is unknown", []vendorEvent{
		counted("req_1", 1), sent("b2", "two"), answered("req_1", "b1", "a1"), sent("b3", "three"),
	}, []told{
		{response: "req_1", output: []string{"a1"}}, {input: []string{"three"}},
	}},
	{"without ids they may be of requests side by side", []vendorEvent{
		sent("", "one"), sent("", "two"), sent("", "two"), counted("req_1", 1), counted("req_2", 1),
	}, []told{
		{response: "req_1", input: []string{"one", "two"}}, {response: "req_2"},
	}},
	{"alone they are one call", []vendorEvent{sent("b1", "one"), sent("b2", "two")}, []told{{input: []string{"two"}}}},
	{"an error without an id is that of what was sent", []vendorEvent{
		sent("b1", "one"), answered("req_1", "b1", "a1"), sent("b2", "two"), failed400(), sent("b3", "three"), failed400(),
	}, []told{
		{response: "req_1", input: []string{"one"}, output: []string{"a1"}},
		{input: []string{"two"}, message: "says 400"},
		{input: []string{"three"}, message: "says 400"},
	}},
	{"without any id they follow each other", []vendorEvent{
		sent("", "one"), answered("", "", "a1"), sent("", "two"), answered("", "", "a2"),
	}, []told{
		{input: []string{"one"}, output: []string{"a1"}}, {input: []string{"two"}, output: []string{"a2"}},
	}},
}

func TestEventsOfSeveralRequests(t *testing.T) {
	for _, c := range requestCases {
		t.Run(c.name, func(t *testing.T) {
			calls := list(bodyOf(t, full, newPart(vendorRecords(pcommon.SpanID{}, c.events))), "calls")
			assert.Equal(t, c.want, tell(calls))

			prompt := vendorEvent{semconv.EventClaudeUserPrompt, []any{"prompt", "do it"}}
			records := vendorRecords(spanID, append([]vendorEvent{prompt}, c.events...))
			span := newSpan(spanID, "claude_code.interaction", 0, time.Minute, "gen_ai.operation.name", "invoke_agent")
			body := bodyOf(t, full, owned(newPart(records, span), span))
			calls = list(body, "calls")
			require.Equal(t, append([]told{{span: "claude_code.interaction", input: []string{"do it"}}}, c.want...), tell(calls))
			for _, key := range []string{"request_model", "response_id", "usage", "error"} {
				assert.NotContains(t, calls[0], key, "it is no request")
			}
			assert.Equal(t, "ok", calls[0]["status"])
			for _, call := range calls[1:] {
				assert.Equal(t, "inference", call["kind"])
				assert.NotContains(t, call, "span_id")
			}
			assert.Len(t, list(body, "events"), len(records))
		})
	}
}

// Where envelopes have no events, a call has all that differs.
func TestWhatWasSentStaysWhereEventsAreNot(t *testing.T) {
	records := vendorRecords(pcommon.SpanID{}, []vendorEvent{sent("b1", "one"), sent("b2", "one"), sent("b3", "two"), counted("req_1", 1)})
	calls := list(bodyOf(t, envelope.Options{Messages: true}, newPart(records)), "calls")
	assert.Equal(t, []told{{response: "req_1", input: []string{"one", "two"}}}, tell(calls))
}

func TestEventsJoinTheSpanOfTheirRequest(t *testing.T) {
	events := []vendorEvent{
		sent("b1", "one"), counted("req_1", 1), answered("req_1", "b1", "a1"),
		sent("b2", "two"), counted("req_2", 2), answered("req_2", "b2", "a2"),
	}
	request := func(id byte, response string) *event.Span {
		return newSpan(pcommon.SpanID{id}, "claude_code.llm_request", time.Second, 2*time.Second, "gen_ai.response.id", response)
	}
	around := newSpan(spanID, "claude_code.interaction", 0, time.Minute, "gen_ai.operation.name", "invoke_agent", "gen_ai.response.id", "req_2")
	calls := list(bodyOf(t, full, newPart(vendorRecords(spanID, events), around, request(1, "req_1"), request(2, "req_2"))), "calls")
	assert.Equal(t, []told{
		{span: "claude_code.interaction", response: "req_2"},
		{span: "claude_code.llm_request", response: "req_1", input: []string{"one"}, output: []string{"a1"}},
		{span: "claude_code.llm_request", response: "req_2", input: []string{"two"}, output: []string{"a2"}},
	}, tell(calls))

	// Under the span of one request they all are of that request.
	calls = list(bodyOf(t, full, newPart(vendorRecords(pcommon.SpanID{1}, events[:2]), request(1, "msg_1"))), "calls")
	assert.Equal(t, []told{{span: "claude_code.llm_request", response: "msg_1", input: []string{"one"}}}, tell(calls))
}

func TestCodexResponsesAreCalls(t *testing.T) {
	completed := func(input, output int) vendorEvent {
		return vendorEvent{semconv.EventCodexSSE, []any{
			"event.kind", "response.completed", "model", "gpt", "input_token_count", input, "output_token_count", output,
			"cached_token_count", 3, "reasoning_token_count", 2, "cache_write_token_count", 1,
		}}
	}
	records := vendorRecords(pcommon.SpanID{}, []vendorEvent{
		{semconv.EventCodexSSE, []any{"event.kind", "response.created", "model", "gpt"}},
		{semconv.EventCodexSSE, []any{"event.kind", "response.completed", "model", "gpt"}},
		completed(10, 5), completed(20, 6),
	})
	body := bodyOf(t, full, newPart(records))
	calls := list(body, "calls")
	require.Len(t, calls, 2)
	assert.Equal(t, []any{"gpt", "gpt"}, column(calls, "request_model"))
	assert.Equal(t, map[string]any{
		"input_tokens": 20.0, "output_tokens": 6.0, "cache_read_input_tokens": 3.0,
		"cache_write_input_tokens": 1.0, "reasoning_output_tokens": 2.0,
	}, calls[1]["usage"])
	assert.Equal(t, map[string]any{
		"input_tokens": 30.0, "output_tokens": 11.0, "cache_read_input_tokens": 6.0,
		"cache_write_input_tokens": 2.0, "reasoning_output_tokens": 4.0,
	}, body["usage"])
}

func TestGeminiRequestsFollowEachOther(t *testing.T) {
	asked := func(text string) vendorEvent {
		return vendorEvent{semconv.EventGeminiAPIRequest, []any{"request_text", `[{"role":"user","parts":[{"text":"` + text + `"}]}]`}}
	}
	said := func(text string) vendorEvent {
		return vendorEvent{semconv.EventGeminiAPIResponse, []any{"response_text", `[{"role":"model","parts":[{"text":"` + text + `"}]}]`, "output_token_count", 1}}
	}
	events := []vendorEvent{asked("one"), said("a1"), asked("two"), said("a2")}
	body := bodyOf(t, full, newPart(vendorRecords(pcommon.SpanID{}, events)))
	assert.Equal(t, []told{
		{input: []string{"one"}, output: []string{"a1"}}, {input: []string{"two"}, output: []string{"a2"}},
	}, tell(list(body, "calls")))
	assert.Equal(t, map[string]any{"output_tokens": 2.0}, body["usage"])

	// Those of one span are of one request: the last that was sent counts.
	calls := list(bodyOf(t, full, newPart(vendorRecords(spanID, append([]vendorEvent{asked("zero")}, events[:2]...)))), "calls")
	assert.Equal(t, []told{{input: []string{"one"}, output: []string{"a1"}}}, tell(calls))
}
