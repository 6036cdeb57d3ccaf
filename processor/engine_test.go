package processor_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

func TestTwoSignalsMakeOneEnvelope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1), plain("mine")))
		r.sendSpans(spansOf(foreign(9), chat(1)))
		r.sendLogs(logsOf(message("gen_ai.choice", "late log", 1)))
		assert.Equal(t, 1, r.metric("requests_open"))

		time.Sleep(10*time.Second - time.Millisecond)
		synctest.Wait()
		assert.Empty(t, r.out.envelopes(t), "linger is not over: a deadline is never early")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()

		got := r.out.envelopes(t)
		require.Len(t, got, 1)
		assert.Equal(t, "0a010000000000000000000000000000-0b01000000000000", attr(got[0], "gen_ai_buffer.request_id"))
		assert.Equal(t, "span_end", attr(got[0], "gen_ai_buffer.flush_reason"))
		assert.Equal(t, true, attr(got[0], "gen_ai_buffer.complete"))
		assert.Equal(t, []string{"hello", "late log"}, events(got[0]))
		require.Len(t, r.out.passed(), 1, "what is none of ours passes")
		assert.Equal(t, "mine", r.out.passed()[0].Body().AsString())
		assert.Equal(t, 2, r.spans.SpanCount(), "all spans travel on")
		assert.Equal(t, 1, r.metric("requests_flushed", "reason", "span_end"))
		assert.Equal(t, 2, r.metric("events_appended", "source", "log"))
		assert.Equal(t, 1, r.metric("requests_remembered"))
		assert.Equal(t, 1, r.metric("flush_lateness"))
		r.stop()
	})
}

func TestFlushesByTTLAndMaxAgeInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sendLogs(logsOf(message("gen_ai.user.message", "orphan", 1)))
		for range 12 {
			r.sendLogs(logsOf(message("gen_ai.user.message", "chatty", 2)))
			time.Sleep(5*time.Minute + time.Second)
		}
		synctest.Wait()
		got := r.out.envelopes(t)
		require.Len(t, got, 2)
		assert.Equal(t, "ttl", attr(got[0], "gen_ai_buffer.flush_reason"))
		assert.Equal(t, "max_age", attr(got[1], "gen_ai_buffer.flush_reason"))
		assert.Len(t, events(got[1]), 12)
		r.sendLogs(logsOf(message("gen_ai.user.message", "chatty still", 2)))
		r.stop()
		last := r.out.envelopes(t)[2]
		assert.Equal(t, "late", attr(last, "gen_ai_buffer.flush_reason"))
		assert.Equal(t, int64(2), attr(last, "gen_ai_buffer.part"))
	})
}

func TestDeadlinesUnderLoadAreNeverEarlyAndAtMostHalfASecondLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *config.Processor) { c.Linger = 2 * time.Second })
		var mu sync.Mutex // guards both maps
		begun := map[string]time.Time{}
		late := map[string]time.Duration{}
		r.out.tell(func(_ int, ld plog.Logs) error {
			mu.Lock()
			defer mu.Unlock()
			for _, rl := range ld.ResourceLogs().All() {
				for _, log := range rl.ScopeLogs().At(0).LogRecords().All() {
					id := attr(log, "gen_ai_buffer.request_id").(string)
					late[id] = time.Since(begun[id]) - 2*time.Second
				}
			}
			return nil
		})
		for i := range 200 {
			n := byte(i + 1)
			trace, span := ids(n)
			mu.Lock()
			begun[fmt.Sprintf("%s-%s", trace, span)] = time.Now()
			mu.Unlock()
			r.sendSpans(spansOf(chat(n)))
			time.Sleep(37 * time.Millisecond)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Len(t, late, 200)
		for id, d := range late {
			assert.GreaterOrEqual(t, d, time.Duration(0), id)
			assert.LessOrEqual(t, d, 500*time.Millisecond, id)
		}
		assert.Less(t, r.out.attempts, 200, "what ends together leaves together")
		r.stop()
	})
}

func TestABatchIsTakenWholeOrLeftAsItWas(t *testing.T) {
	r := newRig(t, nil)
	batch := func() plog.Logs {
		return logsOf(plain("a"), message("gen_ai.user.message", "hello", 1), plain("b"), message("gen_ai.choice", "world", 1), plain("c"))
	}
	ld := batch()
	for _, shares := range []bool{false, true} {
		r.out.tell(func(_ int, rest plog.Logs) error {
			if shares {
				rest.MarkReadOnly() // as a fan-out does
			}
			return errPassing
		})
		require.ErrorIs(t, r.logs.ConsumeLogs(bg, ld), errPassing)
		assert.Equal(t, batch(), ld, "a batch that comes again is the same")
	}
	assert.Zero(t, r.metric("events_appended"))

	r.out.tell(nil)
	r.sendLogs(ld)
	r.stop()
	got := r.out.envelopes(t)
	require.Len(t, got, 1)
	assert.Equal(t, []string{"hello", "world"}, events(got[0]))
	var texts []string
	for _, log := range r.out.passed() {
		texts = append(texts, log.Body().AsString())
	}
	assert.Equal(t, []string{"a", "b", "c"}, texts)
}

func TestSharedDataIsNotTouched(t *testing.T) {
	r := newRig(t, nil)
	ld := logsOf(message("gen_ai.user.message", "hello", 1), plain("mine"))
	ld.MarkReadOnly()
	r.sendLogs(ld)
	td := spansOf(chat(1))
	td.MarkReadOnly()
	r.sendSpans(td)
	assert.Equal(t, 2, ld.LogRecordCount())
	r.stop()
	require.Len(t, r.out.envelopes(t), 1)
	assert.Equal(t, []string{"hello"}, events(r.out.envelopes(t)[0]))
	assert.Len(t, r.out.passed(), 1)
}

func TestContentIsStrippedFromForwardedSpansOnly(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Traces.Content = config.ContentStrip })
	td := spansOf(chat(1), foreign(2))
	r.sendSpans(td)
	r.stop()
	forwarded := r.spans.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	_, kept := forwarded.At(0).Attributes().Get("gen_ai.output.messages")
	assert.False(t, kept)
	_, kept = forwarded.At(0).Attributes().Get("gen_ai.request.model")
	assert.True(t, kept)
	_, kept = td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().Get("gen_ai.output.messages")
	assert.True(t, kept, "a batch that may come again keeps its content")
	calls, _ := r.out.envelopes(t)[0].Body().Map().Get("calls")
	_, has := calls.Slice().At(0).Map().Get("output_messages")
	assert.True(t, has)
}

// TestStrippedContentIsInTheEnvelope: also what lost against the content of a
// better carrier, and only once.
func TestStrippedContentIsInTheEnvelope(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Traces.Content = config.ContentStrip })
	r.sendLogs(logsOf(func(log plog.LogRecord) {
		message("gen_ai.client.inference.operation.details", "", 1)(log)
		log.Attributes().PutStr("gen_ai.input.messages", "the turn")
	}))
	r.sendSpans(spansOf(func(span ptrace.Span) {
		chat(1)(span)
		span.Attributes().PutStr("gen_ai.input.messages", "the history")
		span.Attributes().PutStr("gen_ai.output.messages", "the answer")
		span.Attributes().PutStr("output.value", "the response")
		span.Attributes().PutStr("llm.input_messages.0.message.content", "flattened")
		span.Attributes().PutStr("langfuse.observation.input", `{"messages":[{"role":"user","content":"the question"}],"tools":[{"type":"function","name":"get"}]}`)
	}))
	r.stop()
	calls, _ := r.out.envelopes(t)[0].Body().Map().Get("calls")
	call := calls.Slice().At(0).AsString()
	for _, text := range []string{"the turn", "the history", "the answer", "the response", "flattened", "the question"} {
		assert.Equal(t, 1, strings.Count(call, text), "%s in %s", text, call)
	}
	forwarded := r.spans.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	for key := range forwarded.Attributes().All() {
		assert.NotContains(t, []string{"gen_ai.input.messages", "gen_ai.output.messages", "output.value", "llm.input_messages.0.message.content", "langfuse.observation.input"}, key)
	}
}

// TestSpanEventsKeepWhatNoEnvelopeCarries: those that are not gathered always
// do, all others when envelopes carry no events.
func TestSpanEventsKeepWhatNoEnvelopeCarries(t *testing.T) {
	for _, carried := range []bool{true, false} {
		r := newRig(t, func(c *config.Processor) {
			c.Traces.Content, c.Envelope.Events = config.ContentStrip, carried
		})
		r.sendSpans(spansOf(func(span ptrace.Span) {
			chat(1)(span)
			for _, name := range []string{"gen_ai.user.message", "app.note"} {
				ev := span.Events().AppendEmpty()
				ev.SetName(name)
				ev.Attributes().PutStr("content", "the event")
				ev.Attributes().PutStr("input.value", "the value")
			}
		}))
		r.stop()
		span := r.spans.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		_, kept := span.Attributes().Get("gen_ai.output.messages")
		assert.False(t, kept)
		for i, want := range []bool{!carried, true} {
			for _, key := range []string{"content", "input.value"} {
				_, kept := span.Events().At(i).Attributes().Get(key)
				assert.Equal(t, want, kept, "%s of %s, carried %t", key, span.Events().At(i).Name(), carried)
			}
		}
	}
}

// TestWhatWasCutIsNotStripped: the envelope does not have all of it.
func TestWhatWasCutIsNotStripped(t *testing.T) {
	r := newRig(t, func(c *config.Processor) {
		c.Traces.Content, c.Limits.MaxEventBytes = config.ContentStrip, 2048
	})
	long := strings.Repeat("x", 10_000)
	r.sendSpans(spansOf(func(span ptrace.Span) {
		chat(1)(span)
		span.Attributes().PutStr("gen_ai.input.messages", long)
	}, func(span ptrace.Span) {
		chat(2)(span)
		ev := span.Events().AppendEmpty()
		ev.SetName("gen_ai.user.message")
		ev.Attributes().PutStr("content", long)
	}, chat(3)))
	r.stop()
	spans := r.spans.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i, want := range []bool{true, true, false} {
		_, kept := spans.At(i).Attributes().Get("gen_ai.output.messages")
		assert.Equal(t, want, kept, i)
	}
}

func TestOriginalsTravelOnWhenForwarded(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Logs.Originals = config.OriginalsForward })
	assert.False(t, r.logs.Capabilities().MutatesData)
	r.sendLogs(logsOf(plain("mine"), message("gen_ai.user.message", "hello", 1)))
	r.stop()
	assert.Len(t, r.out.passed(), 2)
	assert.Len(t, r.out.envelopes(t), 1)
}

func TestEnvelopesAndUnresolvedRecordsPass(t *testing.T) {
	r := newRig(t, nil)
	r.sendLogs(logsOf(
		message("gen_ai_buffer.request", "an envelope", 1),
		func(log plog.LogRecord) { log.SetEventName("gen_ai.user.message") },
	))
	r.stop()
	assert.Len(t, r.out.records(), 2)
	assert.Equal(t, 1, r.metric("records_unresolved"))
	assert.Zero(t, r.metric("requests_opened"))
}

// Claude Code leaves its prefix to the scope, and Rust's tracing puts the place
// in the source where the name belongs.
func TestEventsAreFoundByTheNameThatTheyMean(t *testing.T) {
	r := newRig(t, func(c *config.Processor) {
		c.Prefixes = []string{"gen_ai.", "claude_code.", "codex."}
		c.RequestID.Attributes = []string{"prompt.id"}
		c.EndEvents = []string{"claude_code.assistant_response"}
	})
	claude := logsOf(
		func(log plog.LogRecord) {
			log.Attributes().PutStr("event.name", "user_prompt")
			log.Attributes().PutStr("prompt.id", "p")
			log.Attributes().PutStr("prompt", "hello")
		},
		func(log plog.LogRecord) {
			log.Attributes().PutStr("event.name", "assistant_response")
			log.Attributes().PutStr("prompt.id", "p")
			log.Attributes().PutStr("response", "hi")
		},
	)
	claude.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("com.anthropic.claude_code.events")
	r.sendLogs(claude)
	r.sendLogs(logsOf(func(log plog.LogRecord) {
		log.SetEventName("event otel/src/events/session_telemetry.rs:1200")
		log.Attributes().PutStr("event.name", "codex.user_prompt")
		log.Attributes().PutStr("prompt.id", "q")
	}))
	r.stop()
	assert.Empty(t, r.out.passed())
	got := r.out.envelopes(t)
	require.Len(t, got, 2)
	text := got[0].Body().AsString() + got[1].Body().AsString()
	for _, name := range []string{"claude_code.user_prompt", "claude_code.assistant_response", "codex.user_prompt"} {
		assert.Contains(t, text, name)
	}
}

func TestOversizedEventsAreCutAndMarked(t *testing.T) {
	r := newRig(t, func(c *config.Processor) { c.Limits.MaxEventBytes = 2048 })
	big := make([]byte, 10_000)
	for i := range big {
		big[i] = 'x'
	}
	r.sendLogs(logsOf(message("gen_ai.user.message", string(big), 1)))
	r.sendSpans(spansOf(func(span ptrace.Span) {
		chat(1)(span)
		span.Attributes().PutStr("gen_ai.input.messages", string(big))
	}))
	r.stop()
	got := r.out.envelopes(t)
	require.Len(t, got, 1)
	assert.Equal(t, false, attr(got[0], "gen_ai_buffer.complete"))
	assert.Equal(t, 2, r.metric("events_truncated"))
	assert.Less(t, len(events(got[0])[0]), 2048)
}

func TestAnExceptionTellsTheError(t *testing.T) {
	r := newRig(t, nil)
	r.sendSpans(spansOf(func(span ptrace.Span) {
		chat(1)(span)
		span.Status().SetCode(ptrace.StatusCodeError)
		ev := span.Events().AppendEmpty()
		ev.SetName("exception")
		ev.Attributes().PutStr("exception.type", "APICallError")
		ev.Attributes().PutStr("exception.message", "mock error 429")
		ev.Attributes().PutStr("exception.stacktrace", "at …")
	}))
	r.stop()
	failure, _ := r.out.envelopes(t)[0].Body().Map().Get("error")
	assert.Equal(t, map[string]any{"type": "APICallError", "message": "mock error 429"}, failure.Map().AsRaw())
}
