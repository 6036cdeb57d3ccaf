package envelope_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// excepted is a span with an exception event and no status.
func excepted(attributes ...any) *event.Span {
	span := newSpan(spanID, "chat", 0, time.Second, append([]any{semconv.AttrRequestModel, "m"}, attributes...)...)
	ev := span.Data.Events().AppendEmpty()
	ev.SetName(semconv.EventException)
	ev.Attributes().PutStr(semconv.AttrExceptionType, "RateLimitError")
	ev.Attributes().PutStr(semconv.AttrExceptionMessage, "429")
	return span
}

func TestExceptionOfACallWithoutAnswer(t *testing.T) {
	for _, c := range []struct {
		name       string
		attributes []any
		answered   bool
		want       string
	}{
		{name: "nothing came", want: "error"},
		{name: "no tokens came", attributes: []any{semconv.AttrUsageInputTokens, 5, semconv.AttrUsageOutputTokens, 0}, want: "error"},
		{name: "it ended with an error", attributes: []any{semconv.AttrFinishReasons, []any{"error"}}, want: "error"},
		{name: "tokens came", attributes: []any{semconv.AttrUsageOutputTokens, 5}, want: "ok"},
		{name: "it ended", attributes: []any{semconv.AttrFinishReasons, []any{"stop"}}, want: "ok"},
		{name: "messages came", attributes: []any{semconv.AttrOutputMessages, `[{"role":"assistant","parts":[{"type":"text","content":"hi"}]}]`}, want: "ok"},
		{name: "a completion came", attributes: []any{"gen_ai.completion.0.content", "hi"}, want: "ok"},
		{name: "an event came", answered: true, want: "ok"},
		{name: "a tool's", attributes: []any{semconv.AttrOperationName, "execute_tool"}, want: "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range []envelope.Options{full, {Events: true}} {
				span := excepted(append(slices.Clone(c.attributes), semconv.AttrSystem, "openai")...)
				var records []event.Record
				if c.answered {
					records = append(records, newLog(1, semconv.EventChoice, 0, map[string]any{"finish_reason": "stop", "message": map[string]any{"content": "hi"}}))
				}
				body := bodyOf(t, o, owned(newPart(records, span), span))
				assert.Equal(t, c.want, body["status"])
				if c.want == "error" {
					assert.Equal(t, map[string]any{"type": "RateLimitError", "message": "429"}, body["error"])
					assert.Equal(t, body["error"], list(body, "calls")[0]["error"])
				} else {
					assert.NotContains(t, body, "error")
				}
			}
		})
	}
	fine := excepted(semconv.AttrSystem, "openai")
	fine.Data.Status().SetCode(ptrace.StatusCodeOk)
	assert.Equal(t, "ok", bodyOf(t, full, owned(newPart(nil, fine), fine))["status"], "the application says so")
	quiet := newSpan(spanID, "chat", 0, time.Second, semconv.AttrOperationName, "chat")
	assert.Equal(t, "ok", bodyOf(t, full, owned(newPart(nil, quiet), quiet))["status"])
	later := newPart(nil, excepted(semconv.AttrSystem, "openai"))
	later.Number = 2
	assert.Equal(t, "ok", list(bodyOf(t, full, later), "calls")[0]["status"], "the answer may have been there before")
}

func TestWhatIsNoErrorText(t *testing.T) {
	for _, nothing := range []string{"undefined", "null", "[object Object]"} {
		span := excepted(semconv.AttrOperationName, "chat", semconv.AttrErrorType, nothing, semconv.AttrUsageOutputTokens, 1)
		assert.Equal(t, "ok", bodyOf(t, full, owned(newPart(nil, span), span))["status"], nothing)

		span = excepted(semconv.AttrOperationName, "chat", semconv.AttrErrorType, nothing, semconv.AttrErrorMessage, nothing)
		span.Data.Status().SetCode(2)
		span.Data.Status().SetMessage(nothing)
		body := bodyOf(t, full, owned(newPart(nil, span), span))
		assert.Equal(t, map[string]any{"type": "RateLimitError", "message": "429"}, body["error"])
		assert.Equal(t, nothing, list(body, "calls")[0]["attributes"].(map[string]any)[semconv.AttrErrorType], "nothing is lost")

		for key, want := range map[string]map[string]any{
			semconv.AttrExceptionType:    {"message": "429"},
			semconv.AttrExceptionMessage: {"type": "RateLimitError"},
		} {
			span = excepted(semconv.AttrOperationName, "chat")
			span.Data.Status().SetCode(2)
			span.Data.Events().At(0).Attributes().PutStr(key, nothing)
			assert.Equal(t, want, bodyOf(t, full, owned(newPart(nil, span), span))["error"])
		}
	}
}
