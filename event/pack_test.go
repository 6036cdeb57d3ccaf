package event

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Whatever is packed comes back as it was, whatever is in it.
func TestPackedRecordComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		packed := AppendRecord([]byte("before"), &want)
		require.Equal(t, "before", string(packed[:6]))

		got := Record{Log: plog.NewLogRecord()}
		require.NoError(t, UnpackRecord(string(packed[6:]), &got))
		requireSameLog(t, want.Log, got.Log)
		want.Log, got.Log = plog.LogRecord{}, plog.LogRecord{}
		require.Equal(t, want, got)
	})
}

func TestPackedSpanComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSpan(t)
		got := Span{Data: ptrace.NewSpan()}
		require.NoError(t, UnpackSpan(string(AppendSpan(nil, &want)), &got))
		requireSameSpan(t, want.Data, got.Data)
		want.Data, got.Data = ptrace.Span{}, ptrace.Span{}
		require.Equal(t, want, got)
	})
}

// A record that is cut off, or longer than one, is found out.
func TestUnpackFindsOutWhatIsNotWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, span := drawRecord(t), drawSpan(t)
		packed := AppendRecord(nil, &record)
		cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut")
		require.ErrorIs(t, UnpackRecord(string(packed[:cut]), &Record{Log: plog.NewLogRecord()}), ErrCorrupt)
		require.ErrorIs(t, UnpackRecord(string(packed)+"x", &Record{Log: plog.NewLogRecord()}), ErrCorrupt)
		packed = AppendSpan(nil, &span)
		cut = rapid.IntRange(0, len(packed)-1).Draw(t, "cut span")
		require.ErrorIs(t, UnpackSpan(string(packed[:cut]), &Span{Data: ptrace.NewSpan()}), ErrCorrupt)
	})
}

func TestUnpackRefusesVersionsToCome(t *testing.T) {
	record := Record{Log: plog.NewLogRecord(), Name: "gen_ai.choice"}
	packed := AppendRecord(nil, &record)
	packed[0]++
	assert.ErrorIs(t, UnpackRecord(string(packed), &Record{Log: plog.NewLogRecord()}), ErrCorrupt)
}

// What was packed by the first version is read for ever. The bytes are written
// out so that a change of the format or of the vocabulary shows.
func TestPackedFormIsFixed(t *testing.T) {
	record := Record{Log: plog.NewLogRecord(), Name: semconv.EventUserMessage, Truncated: true}
	record.Log.SetEventName(semconv.EventUserMessage)
	record.Log.SetTimestamp(0x0102030405060708)
	record.Log.SetSeverityText("INFO")
	record.Log.Body().SetEmptyMap().PutStr("content", "hi")
	record.Log.Attributes().PutInt("x", -1)
	want := "\x01\x01" + "\xa5\x06" + // version, truncated; name, timestamp, severity text, body, attributes
		"\x03" + "\x08\x07\x06\x05\x04\x03\x02\x01" + "\xe3\x01" +
		"\x07\x01\x65\x01\x04hi" + "\x01\x02x\x04\x01"
	assert.Equal(t, want, string(AppendRecord(nil, &record)))

	span := Span{Data: ptrace.NewSpan(), Kind: semconv.KindInference, Plain: true}
	span.Data.SetName("chat")
	span.Data.SetParentSpanID(pcommon.SpanID{1, 2, 3, 4, 5, 6, 7, 8})
	span.Data.Status().SetCode(ptrace.StatusCodeError)
	want = "\x01\x02" + "\x8a\x41" + "\x01\x02\x03\x04\x05\x06\x07\x08" + "\x08chat" + "\x04" + "\xd1\x01"
	assert.Equal(t, want, string(AppendSpan(nil, &span)))
}

func FuzzUnpack(f *testing.F) {
	record := Record{Log: plog.NewLogRecord(), Name: semconv.EventChoice}
	record.Log.Body().SetEmptyMap().PutEmptySlice("a").AppendEmpty().SetDouble(1.5)
	f.Add(string(AppendRecord(nil, &record)))
	span := Span{Data: ptrace.NewSpan(), Kind: semconv.KindTool}
	span.Data.Links().AppendEmpty().Attributes().PutEmptyBytes("b").FromRaw([]byte{1})
	span.Data.Events().AppendEmpty().SetName("exception")
	f.Add(string(AppendSpan(nil, &span)))
	f.Add("")
	f.Fuzz(func(t *testing.T, packed string) {
		got := Record{Log: plog.NewLogRecord()}
		if UnpackRecord(packed, &got) == nil {
			again := Record{Log: plog.NewLogRecord()}
			require.NoError(t, UnpackRecord(string(AppendRecord(nil, &got)), &again))
			requireSameLog(t, got.Log, again.Log)
		}
		call := Span{Data: ptrace.NewSpan()}
		if UnpackSpan(packed, &call) == nil {
			again := Span{Data: ptrace.NewSpan()}
			require.NoError(t, UnpackSpan(string(AppendSpan(nil, &call)), &again))
			requireSameSpan(t, call.Data, again.Data)
		}
	})
}

// requireSameLog compares what is sent: NaN is not equal to itself.
func requireSameLog(t require.TestingT, want, got plog.LogRecord) {
	bytes := func(log plog.LogRecord) []byte {
		ld := plog.NewLogs()
		log.CopyTo(ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
		b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, bytes(want), bytes(got))
}

func requireSameSpan(t require.TestingT, want, got ptrace.Span) {
	bytes := func(span ptrace.Span) []byte {
		td := ptrace.NewTraces()
		span.CopyTo(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)
		return b
	}
	require.Equal(t, bytes(want), bytes(got))
}

func drawRecord(t *rapid.T) Record {
	r := Record{
		Log:       plog.NewLogRecord(),
		Name:      drawText(t),
		Source:    rapid.SampledFrom(Sources[:]).Draw(t, "source"),
		Truncated: rapid.Bool().Draw(t, "truncated"),
		Plain:     rapid.Bool().Draw(t, "plain"),
	}
	r.Log.SetEventName(rapid.SampledFrom([]string{"", r.Name, "gen_ai.choice", "else"}).Draw(t, "event name"))
	r.Log.SetTimestamp(drawTime(t))
	r.Log.SetObservedTimestamp(drawTime(t))
	r.Log.SetSeverityNumber(plog.SeverityNumber(rapid.Int32Range(-1, 30).Draw(t, "severity")))
	r.Log.SetSeverityText(drawText(t))
	r.Log.SetFlags(plog.LogRecordFlags(drawCount(t)))
	r.Log.SetDroppedAttributesCount(drawCount(t))
	drawValue(t, r.Log.Body(), 0)
	drawMap(t, r.Log.Attributes(), 0)
	return r
}

func drawSpan(t *rapid.T) Span {
	s := Span{
		Data:      ptrace.NewSpan(),
		Kind:      rapid.SampledFrom(semconv.Kinds[:]).Draw(t, "kind"),
		Gathered:  true,
		Truncated: rapid.Bool().Draw(t, "truncated"),
		Plain:     rapid.Bool().Draw(t, "plain"),
	}
	data := s.Data
	data.TraceState().FromRaw(drawText(t))
	data.SetParentSpanID(pcommon.SpanID{rapid.Byte().Draw(t, "parent")})
	data.SetFlags(drawCount(t))
	data.SetName(drawText(t))
	data.SetKind(ptrace.SpanKind(rapid.Int32Range(-1, 6).Draw(t, "span kind")))
	data.SetStartTimestamp(drawTime(t))
	data.SetEndTimestamp(drawTime(t))
	data.Status().SetCode(ptrace.StatusCode(rapid.Int32Range(0, 3).Draw(t, "status")))
	data.Status().SetMessage(drawText(t))
	drawMap(t, data.Attributes(), 0)
	data.SetDroppedAttributesCount(drawCount(t))
	data.SetDroppedEventsCount(drawCount(t))
	data.SetDroppedLinksCount(drawCount(t))
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		link := data.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID{rapid.Byte().Draw(t, "link trace")})
		link.SetSpanID(pcommon.SpanID{7: rapid.Byte().Draw(t, "link span")})
		link.TraceState().FromRaw(drawText(t))
		link.SetFlags(drawCount(t))
		drawMap(t, link.Attributes(), 1)
		link.SetDroppedAttributesCount(drawCount(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		ev := data.Events().AppendEmpty()
		ev.SetName(drawText(t))
		ev.SetTimestamp(drawTime(t))
		drawMap(t, ev.Attributes(), 1)
		ev.SetDroppedAttributesCount(drawCount(t))
	}
	return s
}

func drawText(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "gen_ai.choice", "role", "\xff", "INFO", "日本"}), rapid.String(),
	).Draw(t, "text")
}

func drawTime(t *rapid.T) pcommon.Timestamp {
	return pcommon.Timestamp(rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "time"))
}

func drawCount(t *rapid.T) uint32 {
	return rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32()).Draw(t, "count")
}

func drawMap(t *rapid.T, m pcommon.Map, depth int) {
	// Keys may repeat on the wire; Put would look for them.
	var b xpdata.MapBuilder
	for range rapid.IntRange(0, 3).Draw(t, "entries") {
		drawValue(t, b.AppendEmpty(drawText(t)), depth+1)
	}
	b.UnsafeIntoMap(m)
}

func drawValue(t *rapid.T, v pcommon.Value, depth int) {
	kinds := 8
	if depth > 3 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		v.SetStr(drawText(t))
	case 1:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case 2:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case 3:
		v.SetDouble(rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Inf(-1))).Draw(t, "double"))
	case 4:
		v.SetEmptyBytes().FromRaw(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case 5, 6: // empty
	case 7:
		drawMap(t, v.SetEmptyMap(), depth+1)
	case 8:
		s := v.SetEmptySlice()
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			drawValue(t, s.AppendEmpty(), depth+1)
		}
	}
}
