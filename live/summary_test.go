package live_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestSummariesSayWhatListsShow: the service and how many tool calls there are,
// of content that they do not have, hidden or not.
func TestSummariesSayWhatListsShow(t *testing.T) {
	for _, hide := range []bool{false, true} {
		opts := options()
		opts.Hide = hide
		h := newHub(t, opts)
		a := newAsked(1)
		span := ptrace.NewSpan()
		span.SetName("chat")
		span.Attributes().PutStr(semconv.AttrOperationName, "chat")
		span.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[
			{"type":"text","content":"let me look"},
			{"type":"tool_call","id":"1","name":"look","arguments":{}},
			{"type":"tool_call","id":"2","name":"look","arguments":{}}]}]`)
		h.Publisher("p").Publish([]event.Fact{a.opened(), {
			Kind: event.FactCall, Request: a.Request, TraceID: a.trace, SpanID: a.span, Origin: origin,
			Packed: event.AppendSpan(nil, &event.Span{Data: span, Origin: origin, Kind: semconv.KindInference, Gathered: true}),
		}, a.ended()})
		raw, err := listed(h, &live.Query{Limit: 10})
		require.NoError(t, err)
		var page struct{ Requests []map[string]any }
		require.NoError(t, json.Unmarshal(raw, &page))
		require.Len(t, page.Requests, 1)
		assert.Equal(t, "shop", page.Requests[0]["service"])
		assert.EqualValues(t, 2, page.Requests[0]["tool_calls"])
		assert.NotContains(t, string(raw), "output_messages")
		assert.NotContains(t, string(raw), "let me look")
		raw, err = shown(h, a.ID)
		require.NoError(t, err)
		whole := map[string]any{}
		require.NoError(t, json.Unmarshal(raw, &whole))
		assert.Equal(t, "shop", whole["service"])
		assert.NotContains(t, whole, "tool_calls")
	}
}

// TestSummariesHaveNoAttributes: those of links neither.
func TestSummariesHaveNoAttributes(t *testing.T) {
	h := newHub(t, options())
	a := newAsked(1)
	span := ptrace.NewSpan()
	span.Attributes().PutStr("of.the.span", "x")
	for i := range 2 {
		link := span.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID{15: byte(i + 1)})
		link.Attributes().PutStr("of.the.link", "x")
	}
	h.Publisher("p").Publish([]event.Fact{a.opened(), {
		Kind: event.FactCall, Request: a.Request, TraceID: a.trace, SpanID: a.span, Origin: origin,
		Packed: event.AppendSpan(nil, &event.Span{Data: span, Origin: origin, Kind: semconv.KindInference, Gathered: true}),
	}})
	raw, err := shown(h, a.ID)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "of.the.link")
	raw, err = listed(h, &live.Query{Limit: 10})
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "of.the")
	assert.NotContains(t, string(raw), "attributes")
	assert.Contains(t, string(raw), `"links":[{"trace_id":"00000000000000000000000000000001"},{"trace_id":"00000000000000000000000000000002"}]`)
}
