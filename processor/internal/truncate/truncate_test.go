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
