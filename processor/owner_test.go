package processor_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
)

// processor.md: the span that a request is named after ends it, gathered or not;
// one that is not gathered gives ids, times, status and resource, and is no call.

// failing is somebody else's span, which says that it failed and why.
func failing(n byte) func(ptrace.Span) {
	return func(span ptrace.Span) {
		foreign(n)(span)
		span.SetParentSpanID(pcommon.SpanID{0xc})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(origin.Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(origin.Add(time.Second)))
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Attributes().PutStr("error.type", "500")
		span.Attributes().PutStr("input.value", "somebody else's")
		ev := span.Events().AppendEmpty()
		ev.SetName("exception")
		ev.Attributes().PutStr("exception.message", "out of order")
	}
}

// ofServer puts the spans under another resource than the logs.
func ofServer(td ptrace.Traces) ptrace.Traces {
	td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", "server")
	return td
}

// told is what an envelope says of its request and of its calls.
func told(log plog.LogRecord) (request map[string]any, calls []any) {
	body := log.Body().Map().AsRaw()
	request = map[string]any{}
	for _, key := range []string{
		"kind", "part", "flush_reason", "complete", "trace_id", "span_id", "started_at", "ended_at", "duration_ns", "status", "error",
	} {
		if value, has := body[key]; has {
			request[key] = value
		}
	}
	calls, _ = body["calls"].([]any)
	return request, calls
}

// failed is what a request says that was owned by the failing span.
func failed(kind string, part int64, reason string) map[string]any {
	return map[string]any{
		"kind": kind, "part": part, "flush_reason": reason, "complete": true,
		"trace_id": "0a010000000000000000000000000000", "span_id": "0b01000000000000",
		"started_at": "2026-01-02T03:04:04.000000000Z", "ended_at": "2026-01-02T03:04:06.000000000Z", "duration_ns": int64(2 * time.Second),
		"status": "error", "error": map[string]any{"type": "500", "message": "out of order"},
	}
}

// spoken is the call that a message makes without its span.
func spoken(text string) map[string]any {
	return map[string]any{
		"span_id": "0b01000000000000", "kind": "inference", "status": "unknown",
		"input_messages": []any{map[string]any{
			"role": "user", "parts": []any{map[string]any{"type": "text", "content": text}},
		}},
		"content_source": map[string]any{"input_messages": "message_log"},
	}
}

func withoutThread(calls []any) []any {
	for _, c := range calls {
		delete(c.(map[string]any), "thread")
	}
	return calls
}

func TestSpanThatIsNotGatheredOwnsItsRequestAndIsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *config.Processor) { c.Traces.Content = config.ContentStrip })
		r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
		sent := ofServer(spansOf(failing(1)))
		r.sendSpans(sent)
		r.sendSpans(ofServer(spansOf(failing(1), chat(1))))
		assert.Equal(t, 2, r.metric("spans_duplicate"))
		time.Sleep(11 * time.Second)
		synctest.Wait()

		got := r.out.envelopes(t)
		require.Len(t, got, 1)
		request, calls := told(got[0])
		assert.Equal(t, failed("inference", 1, "span_end"), request)
		assert.Equal(t, []any{spoken("hello")}, withoutThread(calls))
		assert.Equal(t, "inference", attr(got[0], "gen_ai_buffer.kind"))
		assert.Equal(t, "ERROR", got[0].SeverityText())
		assert.NotContains(t, string(envelopetest.Body(t, got[0])), "http.request.method")
		server, _ := r.out.accepted[0].ResourceLogs().At(0).Resource().Attributes().Get("service.name")
		assert.Equal(t, "server", server.Str())
		assert.Equal(t, ofServer(spansOf(failing(1))), sent)
		assert.Equal(t, sent, r.spans.AllTraces()[0], "no envelope has its content, so that it travels on whole")
		r.stop()
	})
}

func TestLateSpanThatIsNotGatheredGivesItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		flushed := func() plog.LogRecord {
			time.Sleep(11 * time.Minute)
			synctest.Wait()
			got := r.out.envelopes(t)
			return got[len(got)-1]
		}
		r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
		request, _ := told(flushed())
		assert.Equal(t, "ttl", request["flush_reason"])
		assert.Equal(t, "unknown", request["status"])

		r.sendSpans(spansOf(failing(1)))
		late := flushed()
		request, calls := told(late)
		assert.Equal(t, failed("inference", 2, "late"), request)
		assert.Empty(t, calls)
		assert.Equal(t, "inference", attr(late, "gen_ai_buffer.kind"))
		assert.Zero(t, r.metric("events_late"), "a span is no event")

		r.sendLogs(logsOf(message("gen_ai.user.message", "still there?", 1)))
		request, calls = told(flushed())
		assert.Equal(t, failed("inference", 3, "late"), request)
		assert.Equal(t, []any{spoken("still there?")}, withoutThread(calls), "what owns and is no call tells nothing of one")
		r.stop()
		assert.Len(t, r.out.envelopes(t), 3)
	})
}

func TestSpanThatIsNotGatheredOwnsNothingThatAnotherKeyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *config.Processor) { c.RequestID.Attributes = []string{"session.id"} })
		r.sendLogs(logsOf(func(log plog.LogRecord) {
			message("gen_ai.user.message", "hello", 1)(log)
			log.Attributes().PutStr("session.id", "s")
		}))
		r.sendSpans(spansOf(failing(1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, r.out.envelopes(t))

		r.sendSpans(spansOf(func(span ptrace.Span) {
			failing(1)(span)
			span.SetSpanID(pcommon.SpanID{0xc})
			span.SetParentSpanID(pcommon.SpanID{})
			span.Status().SetCode(ptrace.StatusCodeOk)
		}))
		time.Sleep(11 * time.Second)
		synctest.Wait()
		got := r.out.envelopes(t)
		require.Len(t, got, 1)
		request, calls := told(got[0])
		assert.Equal(t, "span_end", request["flush_reason"])
		assert.Equal(t, "0c00000000000000", request["span_id"], "its trace's entry span owns it")
		assert.Equal(t, "ok", request["status"])
		assert.Equal(t, []any{spoken("hello")}, withoutThread(calls))
		r.stop()
	})
}

// What it tells is held, so that it is taken like everything that is gathered.
func TestOwnerThatIsNotGatheredIsAdmitted(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Limits.MaxBytes = 4096 })
	r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1), message("gen_ai.user.message", "hello", 2)))
	before := r.metric("bytes_held")
	r.sendSpans(spansOf(failing(1)))
	assert.Greater(t, r.metric("bytes_held"), before)
	err := r.traces.ConsumeTraces(bg, spansOf(func(span ptrace.Span) {
		failing(2)(span)
		for range 10 {
			span.Events().At(0).CopyTo(span.Events().AppendEmpty())
			span.Events().At(0).Attributes().PutStr("exception.message", strings.Repeat("x", 10_000))
		}
	}))
	require.ErrorContains(t, err, "limits::max_bytes")
	assert.Equal(t, 1, r.metric("records_refused"))

	require.NoError(t, r.logs.Shutdown(bg))
	require.Error(t, r.traces.ConsumeTraces(bg, spansOf(failing(2))))
	assert.Equal(t, 2, r.metric("records_refused"))
	require.NoError(t, r.traces.ConsumeTraces(bg, spansOf(foreign(9))), "a batch with nothing to gather is never refused")
	require.NoError(t, r.traces.Shutdown(bg))
}

func TestOwnerThatIsNotGatheredIsJournaled(t *testing.T) {
	on := newShelf()
	r := durableRig(t, on, nil)
	r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
	r.sendSpans(spansOf(failing(1)))
	last := on.copied()
	r.sendLogs(logsOf(message("gen_ai.user.message", "another request", 2)))
	for name, left := range map[string]*shelf{"in the last entry": last, "in one before": on.copied()} {
		t.Run(name, func(t *testing.T) {
			again := durableRig(t, left, func(c *config.Processor) { c.Shutdown = config.ShutdownFlush })
			again.sendSpans(spansOf(failing(1)))
			assert.Equal(t, 1, again.metric("spans_duplicate"))
			again.stop()
			request, calls := told(again.out.envelopes(t)[0])
			assert.Equal(t, failed("inference", 1, "shutdown"), request)
			assert.Equal(t, []any{spoken("hello")}, withoutThread(calls))
		})
	}
	r.stop()
}

func TestWatchersSeeNoCallOfAnOwnerThatIsNotGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(t)
		r := newRigOn(t, watchedBy(w, nil), func(c *config.Processor) { c.Live = &liveID; c.Linger = time.Second })
		r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
		r.sendSpans(spansOf(failing(1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"request.open", "gen_ai.user.message#1", "request.end", "request.flush"}, w.told(t))
		end := w.all(t)[2].data
		assert.Equal(t, "error", end["status"])
		assert.Equal(t, map[string]any{"type": "500", "message": "out of order"}, end["error"])
		assert.EqualValues(t, 2*time.Second, end["duration_ns"])

		raw, err := w.Request(bg, "0a010000000000000000000000000000-0b01000000000000", "")
		require.NoError(t, err)
		var shown map[string]any
		require.NoError(t, json.Unmarshal(raw.JSON, &shown))
		raw.Release()
		assert.Equal(t, "2026-01-02T03:04:04.000000000Z", shown["started_at"])
		assert.Equal(t, "error", shown["status"])
		assert.Equal(t, "inference", shown["kind"])
		assert.Len(t, shown["calls"], 1)
		r.stop()
		w.Stop()
	})
}
