package messages

import (
	"strconv"
	"testing"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// numberedChunks are what Google's instrumentation says of a response: the n-th
// candidate that came has the index n, whichever choice it belongs to.
func numberedChunks(reasons ...string) []ev {
	evs := make([]ev, 0, len(reasons))
	for i, reason := range reasons {
		body := attrs{"index": i, "content": attrs{"role": "model", "parts": []any{attrs{"text": strconv.Itoa(i)}}}}
		if reason != "" {
			body["finish_reason"] = reason
		}
		evs = append(evs, ev{name: semconv.EventChoice, body: body})
	}
	return evs
}

func TestNumberedChunks(t *testing.T) {
	runRows(t, []row{
		{
			name:   "chunks that an index numbers",
			span:   attrs{semconv.AttrRequestModel: "gemini-2.5-flash"},
			events: numberedChunks("", "", "STOP"),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"012"}],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name:   "chunks that an index numbers, of a stream that was cut, without its span",
			events: numberedChunks("", ""),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"01"}]}]`,
		},
		{
			name: "the last numbered chunk has the reason alone, and came first",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 4, "finish_reason": "MAX_TOKENS"}},
				ev{name: semconv.EventChoice, body: attrs{"index": 3, "content": attrs{"role": "model", "parts": []any{attrs{"text": "lo", "thought": nil}}}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 2, "content": attrs{"role": "model", "parts": []any{attrs{"text": "Hel", "thought": nil}}}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"length"}]`,
			finish: []string{"length"},
		},
		{
			name:   "Gemini's parallel choices, with a reason each",
			events: numberedChunks("STOP", "STOP"),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"0"}],"finish_reason":"stop"},{"role":"assistant","parts":[{"type":"text","content":"1"}],"finish_reason":"stop"}]`,
			finish: []string{"stop", "stop"},
		},
		{
			name:   "chunks of several choices that one index numbers are not told apart",
			span:   attrs{"gen_ai.request.choice.count": 2},
			events: numberedChunks("", "STOP"),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"0"}]},{"role":"assistant","parts":[{"type":"text","content":"1"}],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name: "choices that say nothing are nobody's chunks",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0}},
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "finish_reason": "stop"}},
			),
			output: `[{"role":"assistant","parts":[]},{"role":"assistant","parts":[],"finish_reason":"stop"}]`,
			finish: []string{"stop"},
		},
		{
			name: "unfinished choices of another API are no chunks of one",
			events: logs(
				ev{name: semconv.EventChoice, body: attrs{"index": 0, "message": attrs{"role": "assistant", "content": "a"}}},
				ev{name: semconv.EventChoice, body: attrs{"index": 1, "message": attrs{"role": "assistant", "content": "b"}}},
			),
			output: `[{"role":"assistant","parts":[{"type":"text","content":"a"}]},{"role":"assistant","parts":[{"type":"text","content":"b"}]}]`,
		},
	})
}
