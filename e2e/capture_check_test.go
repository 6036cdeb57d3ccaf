package e2e

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

// spelling maps what instrumentations call a finish reason to what the
// convention calls it: processor.md, "Assembling messages".
var spelling = map[string]string{
	"stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "completed": "stop",
	"length": "length", "max_tokens": "length", "max_output_tokens": "length",
	"tool_call": "tool_call", "tool_calls": "tool_call", "tool-calls": "tool_call", "tool_use": "tool_call", "function_call": "tool_call",
	"content_filter": "content_filter", "content-filter": "content_filter", "safety": "content_filter", "refusal": "content_filter",
	"error": "error",
}

func normalised(reasons []string) []string {
	var out []string
	for _, reason := range reasons {
		if known := spelling[strings.ToLower(reason)]; known != "" {
			reason = known
		}
		out = append(out, reason)
	}
	return out
}

// checkRequest holds what was delivered for one inference span to what the
// capture says about it.
func (r *captureReport) checkRequest(want expectedRequest) {
	id := want.requestID()
	parts := r.delivery.byRequest[id]
	if !assert.NotEmpty(r.t, parts, "records of request %s", id) {
		return
	}
	parts, events := r.delivery.whole(r.t, id)
	call, ok := r.callOf(want, parts)
	if !ok {
		return
	}
	last := parts[len(parts)-1]
	assert.Equal(r.t, want.TraceID, last.TraceID, "trace id of %s", id)
	assert.Equal(r.t, want.SpanID, last.SpanID, "span id of %s", id)
	assert.Contains(r.t, []string{"inference", "embeddings"}, last.Kind, "kind of %s", id)
	assert.True(r.t, last.Complete, "complete of %s", id)
	r.checkFacts(want, last, call)
	r.checkStatus(want, last, call)
	r.checkEvents(want, parts, events)
	r.checkMessages(want, call)
}

// callOf is the call of the request's own span, which must be there once.
func (r *captureReport) callOf(want expectedRequest, parts []envelope) (envelopeCall, bool) {
	var found []envelopeCall
	for _, part := range parts {
		for _, call := range part.Calls {
			// A part with messages of a span that came in another repeats what
			// is known of its call.
			if call.SpanID == want.SpanID && call.Name != "" {
				found = append(found, call)
			}
		}
	}
	if !assert.Len(r.t, found, 1, "calls of the span of request %s", want.requestID()) {
		return envelopeCall{}, false
	}
	return found[0], true
}

// checkFacts compares model, ids, tokens and finish reasons.
func (r *captureReport) checkFacts(want expectedRequest, e envelope, call envelopeCall) {
	id := want.requestID()
	model := call.ResponseModel
	if model == "" {
		model = call.RequestModel
	}
	assert.Equal(r.t, orEmpty(want.Model), model, "model of %s", id)
	if want.ResponseID != nil || !r.logsTellResponse(id) {
		assert.Equal(r.t, orEmpty(want.ResponseID), call.ResponseID, "response id of %s", id)
	}
	if want.ConversationID != nil {
		assert.Equal(r.t, *want.ConversationID, e.ConversationID, "conversation of %s", id)
	}
	assert.Equal(r.t, want.InputTokens, call.Usage.InputTokens, "input tokens of %s", id)
	assert.Equal(r.t, want.OutputTokens, call.Usage.OutputTokens, "output tokens of %s", id)
	switch {
	case want.FinishReason != nil:
		assert.Equal(r.t, normalised(want.FinishReason), call.FinishReasons, "finish reasons of %s", id)
	case len(call.FinishReasons) > 0:
		// The span does not state them; what its events do can only be the
		// truth.
		if assert.NotNil(r.t, want.Truth, "finish reasons of %s are %v, the truth is unknown", id, call.FinishReasons) {
			assert.Subset(r.t, normalised(want.Truth.FinishReasons), call.FinishReasons, "finish reasons of %s", id)
		}
	}
}

// logsTellResponse says that a log record of the request names its response.
func (r *captureReport) logsTellResponse(id string) bool {
	return slices.ContainsFunc(r.recording.logsOf[id], func(l flatLog) bool {
		_, ok := l.record.Attributes().Get("gen_ai.response.id")
		return ok
	})
}

// checkStatus compares the status. Where only the wire knows of an error, the
// envelope cannot, unless the instrumentation says so in its own way.
func (r *captureReport) checkStatus(want expectedRequest, e envelope, call envelopeCall) {
	id := want.requestID()
	switch {
	case want.failed():
		assert.Equal(r.t, "error", e.Status, "status of %s", id)
		assert.Equal(r.t, "error", call.Status, "status of the call of %s", id)
		assert.NotNil(r.t, e.Error, "error of %s", id)
		assert.Equal(r.t, plog.SeverityNumberError, e.record.SeverityNumber(), "severity of %s", id)
	case want.failedOnWire():
		r.except("%s failed on the wire (%v), the span does not say so: status %s", id, want.Truth.Error, e.Status)
	default:
		assert.Equal(r.t, "ok", e.Status, "status of %s", id)
		assert.Equal(r.t, plog.SeverityNumberInfo, e.record.SeverityNumber(), "severity of %s", id)
		assert.Equal(r.t, "ok", call.Status, "status of the call of %s", id)
	}
}

// checkEvents requires all events of the request, and their order wherever the
// capture decides it.
func (r *captureReport) checkEvents(want expectedRequest, parts []envelope, events []envelopeFact) {
	id := want.requestID()
	logs := r.recording.logsOf[id]
	var names []string
	for _, l := range logs {
		names = append(names, eventName(l.record))
	}
	assert.ElementsMatch(r.t, names, bare(kindsOf(events, "log")), "log events of %s", id)
	assert.ElementsMatch(r.t, r.recording.spanEvents(id), bare(kindsOf(events, "span_event")), "span events of %s", id)

	if missing := want.NLogEvents - len(logs); missing > 0 {
		r.except("%s: %d of its log records have neither context nor a response id that its span reports", id, missing)
	} else {
		assert.ElementsMatch(r.t, want.LogEventKinds, kindsOf(events, "log"), "kinds of the log events of %s", id)
	}
	foreign := func(name string) bool { return !strings.HasPrefix(name, "gen_ai.") }
	assert.ElementsMatch(r.t, slices.DeleteFunc(bare(want.SpanEventKinds), foreign),
		slices.DeleteFunc(bare(kindsOf(events, "span_event")), foreign), "kinds of the span events of %s", id)
	for _, part := range parts {
		assert.Equal(r.t, len(part.Events), part.Counts.Events, "count of events of %s", id)
		r.checkSorted(id, part.Events)
	}
	if len(events) == 0 {
		return
	}
	if len(parts) > 1 {
		r.undecidable++
		r.except("%s came in %d parts: each is in order", id, len(parts))
		return
	}
	r.checkWireOrder(want, parts[0].Events)
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// eventsFrom are the events that one source carried.
func eventsFrom(events []envelopeFact, source string) []envelopeFact {
	var out []envelopeFact
	for _, e := range events {
		if e.Source == source {
			out = append(out, e)
		}
	}
	return out
}

// kindsOf are the names of the events of one source, details events marked
// with what they carry, as the captures name them.
func kindsOf(events []envelopeFact, source string) []string {
	var kinds []string
	for _, e := range eventsFrom(events, source) {
		kinds = append(kinds, e.kind())
	}
	return kinds
}

// bare takes the marks off again.
func bare(kinds []string) []string {
	out := make([]string, len(kinds))
	for i, kind := range kinds {
		out[i], _, _ = strings.Cut(kind, "[")
	}
	return out
}
