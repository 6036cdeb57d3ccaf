package truncate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestSpan(t *testing.T) {
	span := ptrace.NewSpan()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	span.SetParentSpanID(pcommon.SpanID{3})
	span.SetName("chat " + strings.Repeat("n", 5_000))
	span.SetStartTimestamp(1)
	span.SetEndTimestamp(2)
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Status().SetMessage(strings.Repeat("m", 5_000))
	span.TraceState().FromRaw("a=1," + strings.Repeat("b=2,", 1_000) + "c=3")
	span.Attributes().PutStr("gen_ai.input.messages", `[{"content":"`+strings.Repeat("x", 10_000)+`"}]`)
	span.Attributes().PutStr("gen_ai.response.id", "resp_1")
	link := span.Links().AppendEmpty()
	link.SetSpanID(pcommon.SpanID{4})
	link.Attributes().PutStr("why", strings.Repeat("w", 5_000))
	require.True(t, Span(span, 6_000))

	assert.LessOrEqual(t, spanSize(span), 6_000)
	assert.Greater(t, spanSize(span), 5_900)
	assert.Equal(t, pcommon.SpanID{3}, span.ParentSpanID())
	assert.Equal(t, ptrace.StatusCodeError, span.Status().Code())
	assert.True(t, json.Valid([]byte(textOf(span.Attributes(), "gen_ai.input.messages"))))
	assert.Equal(t, "resp_1", textOf(span.Attributes(), "gen_ai.response.id"))
	for _, text := range []string{span.Name(), span.Status().Message(), textOf(span.Links().At(0).Attributes(), "why")} {
		assert.InDelta(t, len(span.Name()), len(text), 10)
		assert.Contains(t, text, "…[truncated")
	}
	assert.True(t, strings.HasSuffix(span.TraceState().AsRaw(), "b=2"), span.TraceState().AsRaw())
	assert.False(t, Span(span, 6_000))
}

func TestSpanLosesLinksAndTheirAttributes(t *testing.T) {
	span := ptrace.NewSpan()
	span.SetName("chat")
	span.SetDroppedLinksCount(1)
	for i := range 1_000 {
		link := span.Links().AppendEmpty()
		link.SetSpanID(pcommon.SpanID{byte(i >> 8), byte(i), 1})
		link.SetTraceID(pcommon.TraceID{1})
	}
	big := span.Links().At(0).Attributes()
	for i := range 1_000 {
		big.PutInt(fmt.Sprint(i), 1)
	}
	span.Attributes().PutStr("gen_ai.response.id", "resp_1")
	require.True(t, Span(span, 4_096))
	assert.LessOrEqual(t, spanSize(span), 4_096)
	assert.Greater(t, spanSize(span), 3_500)
	assert.EqualValues(t, 1_001-span.Links().Len(), span.DroppedLinksCount())
	assert.Equal(t, "resp_1", textOf(span.Attributes(), "gen_ai.response.id"))
	dropped := 0
	for _, link := range span.Links().All() {
		dropped += int(link.DroppedAttributesCount())
		if n := link.Attributes().Len(); n > 0 {
			assert.EqualValues(t, 1_000-n, link.DroppedAttributesCount())
		}
	}
	if span.Links().At(0).Attributes().Len() > 0 {
		assert.NotZero(t, dropped)
	}
}

func TestSpanLinkCountsKeysThatBecomeOne(t *testing.T) {
	prefix := strings.Repeat("k", 2_000)
	for limit := 6_000; limit < 6_050; limit++ {
		span := ptrace.NewSpan()
		for range 10 {
			attrs := span.Links().AppendEmpty().Attributes()
			attrs.PutInt(prefix+"a", 1)
			attrs.PutInt("k", 1)
			attrs.PutInt(prefix+"b", 1)
		}
		require.True(t, Span(span, limit))
		assert.LessOrEqual(t, spanSize(span), limit)
		assert.Equal(t, 10, span.Links().Len())
		assert.Zero(t, span.DroppedLinksCount())
		for _, link := range span.Links().All() {
			assert.EqualValues(t, 1, link.DroppedAttributesCount())
			assert.Equal(t, 2, link.Attributes().Len())
		}
	}
}

func TestSpanLinkCountsFit(t *testing.T) {
	for limit := 10_000; limit < 10_020; limit++ {
		span := ptrace.NewSpan()
		for range 10 {
			attrs := span.Links().AppendEmpty().Attributes()
			attrs.PutStr("gen_ai.text", strings.Repeat("x", 2_000))
			for i := range 300 {
				attrs.PutInt(fmt.Sprint(i), 1)
			}
		}
		require.True(t, Span(span, limit))
		require.LessOrEqual(t, spanSize(span), limit)
		assert.Equal(t, 10, span.Links().Len())
		for _, link := range span.Links().All() {
			assert.EqualValues(t, 301-link.Attributes().Len(), link.DroppedAttributesCount())
			assert.NotZero(t, link.DroppedAttributesCount())
		}
	}
}
