package truncate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func logSize(log plog.LogRecord) int        { return (&plog.ProtoMarshaler{}).LogRecordSize(log) }
func spanSize(span ptrace.Span) int         { return (&ptrace.ProtoMarshaler{}).SpanSize(span) }
func textOf(m pcommon.Map, k string) string { v, _ := m.Get(k); return v.Str() }

func newLog() plog.LogRecord {
	log := plog.NewLogRecord()
	log.SetTimestamp(1)
	log.SetObservedTimestamp(2)
	log.SetTraceID(pcommon.TraceID{1})
	log.SetSpanID(pcommon.SpanID{2})
	log.SetEventName("gen_ai.user.message")
	return log
}

// cutLog truncates and checks what holds of every record.
func cutLog(t *testing.T, log plog.LogRecord, limit int) {
	t.Helper()
	require.True(t, LogRecord(log, limit))
	require.LessOrEqual(t, logSize(log), limit)
	assert.Equal(t, pcommon.TraceID{1}, log.TraceID())
	assert.Equal(t, pcommon.SpanID{2}, log.SpanID())
	assert.Equal(t, pcommon.Timestamp(1), log.Timestamp())
	assert.Equal(t, pcommon.Timestamp(2), log.ObservedTimestamp())
	assert.Equal(t, "gen_ai.user.message", log.EventName())
	before := plog.NewLogRecord()
	log.CopyTo(before)
	assert.False(t, LogRecord(log, limit), "cut twice")
	assert.Equal(t, before, log)
}

func TestUnderLimitStays(t *testing.T) {
	log := newLog()
	log.Body().SetStr(` { "spaced" : 1 } `)
	size := logSize(log)
	assert.False(t, LogRecord(log, size))
	assert.Equal(t, ` { "spaced" : 1 } `, log.Body().Str())

	span := ptrace.NewSpan()
	span.Attributes().PutStr("json", "[1,"+strings.Repeat(" ", 300)+"2]")
	assert.False(t, Span(span, spanSize(span)))
	assert.Len(t, textOf(span.Attributes(), "json"), 305)
}

func TestLongStringsAreCutToOneCap(t *testing.T) {
	log := newLog()
	log.Body().SetStr(strings.Repeat("b", 100_000))
	log.Attributes().PutStr("long", strings.Repeat("l", 50_000))
	log.Attributes().PutStr("fits", strings.Repeat("f", 3_000))
	log.Attributes().PutStr("gen_ai.response.id", "resp_1")
	cutLog(t, log, 10_000)

	assert.Greater(t, logSize(log), 10_000-40, "bytes are left over")
	assert.Len(t, textOf(log.Attributes(), "fits"), 3_000)
	assert.Equal(t, "resp_1", textOf(log.Attributes(), "gen_ai.response.id"))
	body, long := log.Body().Str(), textOf(log.Attributes(), "long")
	assert.InDelta(t, len(body), len(long), 10)
	kept := strings.Count(body, "b") - 1 // one b is in "bytes"
	assert.True(t, strings.HasSuffix(body, fmt.Sprintf("…[truncated %d bytes]", 100_000-kept)), body[len(body)-40:])
	assert.Zero(t, log.DroppedAttributesCount())
}

func TestCutsBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		log := newLog()
		log.Body().SetStr(strings.Repeat("x", shift) + strings.Repeat("🙂", 5_000))
		cutLog(t, log, 1_000)
		assert.True(t, utf8.ValidString(log.Body().Str()))
		assert.Contains(t, log.Body().Str(), "🙂…[truncated")
	}
}

func TestJSONStaysJSON(t *testing.T) {
	for name, content := range map[string]string{
		"plain":            strings.Repeat("x", 50_000),
		"escapes":          strings.Repeat(`\"\\\n`, 10_000),
		"unicode escapes":  strings.Repeat(`\u00e9`, 10_000),
		"surrogate pairs":  strings.Repeat(`\ud83d\ude42`, 5_000),
		"lone surrogates":  strings.Repeat(`\ud83d`, 5_000),
		"two and two":      strings.Repeat(`\\ud83d`, 5_000),
		"raw characters":   strings.Repeat("é🙂", 9_000),
		"backslash at end": strings.Repeat("x", 50_000) + `\\`,
	} {
		t.Run(name, func(t *testing.T) {
			for limit := 600; limit < 616; limit++ {
				log := newLog()
				log.Attributes().PutStr("gen_ai.input.messages",
					` [ {"role":"user", "parts":[{"type":"text","content":"`+content+`"}], "n":1.50, "big":12345678901234567890} ] `)
				cutLog(t, log, limit)
				got := textOf(log.Attributes(), "gen_ai.input.messages")
				require.True(t, json.Valid([]byte(got)), got)
				assert.True(t, strings.HasPrefix(got, `[{"role":"user","parts":[{"type":"text","content":"`), got)
				assert.True(t, strings.HasSuffix(got, ` bytes]"}],"n":1.50,"big":12345678901234567890}]`), got)
				assert.Greater(t, logSize(log), limit-30)
				if name == "surrogate pairs" {
					assert.NotContains(t, decoded(t, got), "\ufffd")
				}
			}
		})
	}
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return fmt.Sprint(v)
}

func TestWhiteSpaceGoesFirst(t *testing.T) {
	log := newLog()
	log.Body().SetStr("[" + strings.Repeat(" ", 10_000) + `"` + strings.Repeat("x", 500) + `"]`)
	cutLog(t, log, 1_000)
	assert.Equal(t, `["`+strings.Repeat("x", 500)+`"]`, log.Body().Str())
}

func TestJSONOfStructureOnlyLosesItsTail(t *testing.T) {
	log := newLog()
	log.Attributes().PutStr("vector", "["+strings.Repeat("0.25,", 100_000)+"1]")
	log.Attributes().PutStr("messages", `["`+strings.Repeat("m", 2_000)+`"]`)
	cutLog(t, log, 10_000)
	var vector []float64
	require.NoError(t, json.Unmarshal([]byte(textOf(log.Attributes(), "vector")), &vector))
	assert.Greater(t, len(vector), 1_400)
	assert.Len(t, textOf(log.Attributes(), "messages"), 2_004, "strings pay for what structure takes")
}

func TestJSONInJSONStaysJSON(t *testing.T) {
	quote := func(s string) string { b, err := json.Marshal(s); require.NoError(t, err); return string(b) }
	document := `{"path":"a.txt","text":` + quote(strings.Repeat("line \"quoted\"\n", 3_000)) + `}`
	log := newLog()
	log.Body().SetStr(`[{"type":"tool_call","arguments":` + quote(`{"document":`+quote(document)+`}`) + `}]`)
	cutLog(t, log, 4_000)
	var calls []struct{ Arguments string }
	require.NoError(t, json.Unmarshal([]byte(log.Body().Str()), &calls))
	var arguments struct{ Document string }
	require.NoError(t, json.Unmarshal([]byte(calls[0].Arguments), &arguments), calls[0].Arguments)
	var got struct{ Path, Text string }
	require.NoError(t, json.Unmarshal([]byte(arguments.Document), &got), arguments.Document)
	assert.Equal(t, "a.txt", got.Path)
	assert.Contains(t, got.Text, "…[truncated")
	assert.Greater(t, logSize(log), 3_700)
}

func TestBrokenJSONIsText(t *testing.T) {
	for _, text := range []string{
		`[{"role":"user","content":"` + strings.Repeat("x", 10_000),
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"b":"` + strings.Repeat("x", 10_000) + `"}`,
		"[" + strings.Repeat("[", 50_000),
		"{" + strings.Repeat("\xff", 5_000),
	} {
		log := newLog()
		log.Body().SetStr(text)
		cutLog(t, log, 1_000)
		assert.Regexp(t, `…\[truncated \d+ bytes\]$`, log.Body().Str())
		assert.Greater(t, logSize(log), 990)
	}
}

func TestNestedValues(t *testing.T) {
	log := newLog()
	body := log.Body().SetEmptyMap()
	body.PutStr("role", "user")
	parts := body.PutEmptySlice("parts")
	part := parts.AppendEmpty().SetEmptyMap()
	part.PutStr("content", strings.Repeat("x", 10_000))
	part.PutEmptyBytes("blob").FromRaw(bytes.Repeat([]byte{7}, 10_000))
	cutLog(t, log, 4_000)
	assert.Equal(t, "user", textOf(log.Body().Map(), "role"))
	got := mustGet(t, log.Body().Map(), "parts").Slice().At(0).Map()
	content, blob := textOf(got, "content"), mustGet(t, got, "blob").Bytes().AsRaw()
	assert.InDelta(t, len(content), len(blob), 10)
	assert.Equal(t, bytes.Repeat([]byte{7}, len(blob)), blob)
}

func mustGet(t *testing.T, m pcommon.Map, key string) pcommon.Value {
	t.Helper()
	v, ok := m.Get(key)
	require.True(t, ok, key)
	return v
}

func TestManyTinyElements(t *testing.T) {
	log := newLog()
	list := log.Body().SetEmptySlice()
	for i := range 1_000_000 {
		list.AppendEmpty().SetInt(int64(i))
	}
	log.Attributes().PutStr("content", strings.Repeat("x", 300))
	cutLog(t, log, 10_000)
	assert.Greater(t, logSize(log), 10_000-maxShort-2*countBytes)
	for i, v := range log.Body().Slice().All() {
		require.Equal(t, int64(i), v.Int())
	}
	assert.Len(t, textOf(log.Attributes(), "content"), 300)
}

func TestManyTinyAttributes(t *testing.T) {
	log := newLog()
	log.SetDroppedAttributesCount(5)
	attrs := log.Attributes()
	attrs.EnsureCapacity(8_004)
	for i := range 8_000 {
		attrs.PutInt(fmt.Sprintf("attribute.%d", i), int64(i))
	}
	attrs.PutStr("gen_ai.response.id", "resp_1")
	attrs.PutStr("event.name", "gen_ai.user.message")
	attrs.PutStr("bulk", strings.Repeat("x", 5_000))
	attrs.PutStr("gen_ai.request.stop", strings.Repeat("s", 200))
	cutLog(t, log, 10_000)
	attrs = log.Attributes()
	assert.Equal(t, "resp_1", textOf(attrs, "gen_ai.response.id"))
	assert.Equal(t, "gen_ai.user.message", textOf(attrs, "event.name"))
	assert.Len(t, textOf(attrs, "gen_ai.request.stop"), 200)
	assert.NotContains(t, attrs.AsRaw(), "bulk")
	assert.EqualValues(t, 5+8_004-attrs.Len(), log.DroppedAttributesCount())
	for i := range attrs.Len() - 3 {
		assert.Contains(t, attrs.AsRaw(), fmt.Sprintf("attribute.%d", i), "not removed from the tail")
		if i > 20 {
			break
		}
	}
}

func TestLongKeys(t *testing.T) {
	log := newLog()
	attrs := log.Attributes()
	attrs.PutStr(strings.Repeat("é", 10_000), "value")
	attrs.PutStr("text", strings.Repeat("x", 10_000))
	attrs.PutStr("json", `{"`+strings.Repeat("k", 10_000)+`":"`+strings.Repeat("v", 10_000)+`"}`)
	cutLog(t, log, 4_000)
	require.Equal(t, 3, log.Attributes().Len())
	assert.True(t, json.Valid([]byte(textOf(log.Attributes(), "json"))))
	found := false
	for k, v := range log.Attributes().All() {
		if strings.HasPrefix(k, "éé") {
			found = true
			assert.Equal(t, "value", v.Str())
			assert.Contains(t, k, "é…[truncated")
		}
	}
	assert.True(t, found)
	assert.Zero(t, log.DroppedAttributesCount())
}

func TestKeysThatBecomeOneAreCounted(t *testing.T) {
	log := newLog()
	prefix := strings.Repeat("k", 10_000)
	log.Attributes().PutStr(prefix+"a", "first")
	log.Attributes().PutStr(prefix+"b", "second")
	cutLog(t, log, 2_000)
	require.Equal(t, 1, log.Attributes().Len())
	assert.EqualValues(t, 1, log.DroppedAttributesCount())
}

func TestDeepNesting(t *testing.T) {
	for name, below := range map[string]func(pcommon.Value) pcommon.Value{
		"lists": func(v pcommon.Value) pcommon.Value { return v.SetEmptySlice().AppendEmpty() },
		"maps":  func(v pcommon.Value) pcommon.Value { return v.SetEmptyMap().PutEmpty("k") },
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog()
			v := log.Body()
			for range 5_000 {
				v = below(v)
			}
			v.SetStr(strings.Repeat("x", 10_000))
			log.Attributes().PutStr("text", strings.Repeat("x", 1_000))
			cutLog(t, log, 3_000)
			assert.Contains(t, log.Body().AsString(), deepMark)
			assert.Len(t, textOf(log.Attributes(), "text"), 1_000)
		})
	}
}

func TestEventNameIsOnlyCut(t *testing.T) {
	log := newLog()
	log.SetEventName("gen_ai." + strings.Repeat("n", 10_000))
	for i := range 1_000 {
		log.Attributes().PutInt(fmt.Sprint(i), 1)
	}
	require.True(t, LogRecord(log, 2_048))
	assert.LessOrEqual(t, logSize(log), 2_048)
	assert.True(t, strings.HasPrefix(log.EventName(), "gen_ai.nnnnnnnnn"))
	assert.NotZero(t, log.Attributes().Len())
}

func TestLimitsThatCannotBeKept(t *testing.T) {
	for limit := -1; limit < 200; limit++ {
		log := newLog()
		log.SetSeverityText(strings.Repeat("s", 300))
		log.Body().SetStr(strings.Repeat("x", 10_000))
		log.Attributes().PutStr("a", "b")
		require.True(t, LogRecord(log, limit))
		least := newLog()
		least.SetDroppedAttributesCount(1)
		assert.LessOrEqual(t, logSize(log), max(limit, logSize(least)))
		assert.Equal(t, "gen_ai.user.message", log.EventName())
		before := plog.NewLogRecord()
		log.CopyTo(before)
		LogRecord(log, limit)
		assert.Equal(t, before, log)
	}
}

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

func TestLongKeysBeyondReasonGoWithTheirValues(t *testing.T) {
	log := newLog()
	attrs := log.Attributes()
	attrs.EnsureCapacity(5_000)
	for i := range 5_000 {
		attrs.PutInt(fmt.Sprintf("%05d", i)+strings.Repeat("k", 300), 1)
	}
	cutLog(t, log, logSize(log)-50_000)
	kept := log.Attributes().Len()
	assert.Greater(t, kept, 3_000)
	assert.Less(t, kept, 5_000, "the work of renaming is not bounded")
	assert.EqualValues(t, 5_000-kept, log.DroppedAttributesCount())
}

func TestLongKeyOfAValueThatCannotBeCut(t *testing.T) {
	for limit := 400; limit < 2_600; limit += 50 {
		log := newLog()
		text := `{"` + strings.Repeat("k", 250) + `":"` + strings.Repeat("v", 150) + `"}`
		log.Body().SetStr("[" + strings.Repeat(text+",", 5) + text + "]")
		before := plog.NewLogRecord()
		log.CopyTo(before)
		if logSize(log) <= limit {
			break
		}
		cutLog(t, log, limit)
		assert.True(t, log.Body().Type() == pcommon.ValueTypeEmpty || json.Valid([]byte(log.Body().Str())), log.Body().Str())
	}
}

func TestListsLoseNoElementBeforeTheirTail(t *testing.T) {
	list := make([]string, 40)
	for i := range list {
		list[i] = strings.Repeat(string(rune('a'+i%26)), 50+(i*97)%190)
	}
	whole, err := json.Marshal(list)
	require.NoError(t, err)
	for limit := 300; limit < 3_000; limit += 100 {
		log := newLog()
		log.Body().SetStr(string(whole))
		cutLog(t, log, limit)
		var got []string
		require.NoError(t, json.Unmarshal([]byte(log.Body().Str()), &got))
		require.Less(t, len(got), len(list))
		for i := range got {
			assert.Equal(t, list[i][:10], got[i][:min(10, len(got[i]))], "limit %d, element %d", limit, i)
		}
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

func TestJSONInJSONWithUnevenEscapes(t *testing.T) {
	inner, err := json.Marshal(map[string]string{"text": strings.Repeat(`"`, 3_000) + strings.Repeat("x", 30_000)})
	require.NoError(t, err)
	outer, err := json.Marshal([]string{string(inner)})
	require.NoError(t, err)
	for limit := 1_000; limit < 20_000; limit += 1_000 {
		log := newLog()
		log.Body().SetStr(string(outer))
		cutLog(t, log, limit)
		var got []string
		require.NoError(t, json.Unmarshal([]byte(log.Body().Str()), &got))
		assert.True(t, json.Valid([]byte(got[0])), "limit %d: %.100s", limit, got[0])
		assert.Greater(t, logSize(log), limit*95/100)
	}
}
