package truncate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// drawn makes values of all kinds and sizes.
type drawn struct{ *rapid.T }

func (d drawn) n(upTo int, what string) int { return rapid.IntRange(0, upTo).Draw(d.T, what) }

func (d drawn) size() int { return d.n([]int{3, 40, 300, 5_000}[d.n(3, "scale")], "size") }

func (d drawn) text() string {
	return strings.Repeat(rapid.SampledFrom([]string{"x", "é", "🙂", "a\"b\\", "\n\t", "\x00", "日本 "}).Draw(d.T, "unit"), d.size())
}

func (d drawn) key() string {
	if d.n(30, "long key") == 0 {
		return d.text()
	}
	return fmt.Sprintf("key.%d", d.n(1_000, "key"))
}

// raw is a value as encoding/json sees it.
func (d drawn) raw(depth int) any {
	switch k := d.n(9, "json kind"); {
	case k < 2 && depth > 0:
		list := []any{}
		for range d.n(5, "elements") {
			list = append(list, d.raw(depth-1))
		}
		if d.n(10, "many") == 0 {
			for range d.size() {
				list = append(list, 1.5)
			}
		}
		return list
	case k < 5 && depth > 0:
		object := map[string]any{}
		for range d.n(5, "members") {
			object[d.key()] = d.raw(depth - 1)
		}
		return object
	case k == 5:
		return d.n(1_000_000, "number")
	case k == 6:
		return nil
	case k == 7 && depth > 0:
		return d.json(depth - 1)
	}
	return d.text()
}

func (d drawn) json(depth int) string {
	v := d.raw(depth)
	if d.n(4, "indent") == 0 {
		b, _ := json.MarshalIndent(v, "", "  ")
		return string(b)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func (d drawn) value(v pcommon.Value, depth int) {
	switch k := d.n(10, "kind"); {
	case k < 2 && depth > 0:
		d.entries(v.SetEmptyMap(), 6, depth-1)
	case k < 4 && depth > 0:
		s := v.SetEmptySlice()
		for range d.n(6, "elements") {
			d.value(s.AppendEmpty(), depth-1)
		}
		if d.n(8, "many") == 0 {
			for range d.size() {
				s.AppendEmpty().SetInt(7)
			}
		}
	case k == 4:
		v.SetInt(rapid.Int64().Draw(d.T, "int"))
	case k == 5:
		v.SetDouble(0.5)
	case k == 6:
		v.SetEmptyBytes().FromRaw(make([]byte, d.size()))
	case k < 9:
		v.SetStr(d.json(4))
	default:
		v.SetStr(d.text())
	}
}

func (d drawn) entries(m pcommon.Map, upTo, depth int) {
	for range d.n(upTo, "entries") {
		d.value(m.PutEmpty(d.key()), depth)
	}
	if d.n(8, "many") == 0 {
		for i := range d.size() / 4 {
			m.PutInt(fmt.Sprintf("many.%d", i), 1)
		}
	}
}

func (d drawn) log() plog.LogRecord {
	log := newLog()
	if d.n(10, "severity") == 0 {
		log.SetSeverityText(d.text())
	}
	d.value(log.Body(), 4)
	d.entries(log.Attributes(), 8, 3)
	return log
}

func (d drawn) span() ptrace.Span {
	span := ptrace.NewSpan()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	span.SetName("chat")
	span.Status().SetMessage(d.text())
	span.TraceState().FromRaw(strings.Repeat("a=b,", d.size()))
	d.entries(span.Attributes(), 8, 3)
	for range d.n(4, "links") {
		link := span.Links().AppendEmpty()
		link.SetFlags(uint32(d.n(1, "flags")))
		link.SetDroppedAttributesCount(uint32(d.n(300, "dropped")))
		link.TraceState().FromRaw(strings.Repeat("a=b,", d.size()))
		d.entries(link.Attributes(), 4, 2)
	}
	return span
}

func (d drawn) limit(size int) int {
	return 160 + d.n(max(size-1, 0), "limit")
}

// checkTexts holds after to what must be true of every text in it, before
// being the same value untouched.
func checkTexts(t require.TestingT, before, after pcommon.Value) {
	require.True(t, utf8.ValidString(after.Str()))
	switch after.Type() {
	case pcommon.ValueTypeStr:
		if before.Type() == pcommon.ValueTypeStr && len(after.Str()) > 64 && parses(before.Str()) {
			require.True(t, parses(after.Str()), "%s\nbecame\n%s", before.Str(), after.Str())
		}
	case pcommon.ValueTypeSlice:
		if before.Slice() == (pcommon.Slice{}) || after.Slice() == (pcommon.Slice{}) {
			return // pdata has it for one that came without its list
		}
		require.LessOrEqual(t, after.Slice().Len(), before.Slice().Len())
		for i, v := range after.Slice().All() {
			checkTexts(t, before.Slice().At(i), v)
		}
	case pcommon.ValueTypeMap:
		if before.Map() != (pcommon.Map{}) && after.Map() != (pcommon.Map{}) {
			checkMap(t, before.Map(), after.Map())
		}
	}
}

func checkMap(t require.TestingT, before, after pcommon.Map) {
	require.LessOrEqual(t, after.Len(), before.Len())
	for k, v := range after.All() {
		require.True(t, utf8.ValidString(k))
		if was, ok := before.Get(k); ok {
			checkTexts(t, was, v)
		}
	}
}

func parses(s string) bool {
	return semconv.ParseJSONContainer(s, pcommon.NewValueEmpty())
}

// checkShort says that no short attribute went while there was room for all of
// them, twice over.
func checkShort(t require.TestingT, before, after pcommon.Map, limit, fixed int) {
	short := fixed
	least := newTree(limit).short
	measure := func(k string, v pcommon.Value) int {
		one := plog.NewLogRecord()
		v.CopyTo(one.Attributes().PutEmpty(k))
		return logSize(one) - logSize(plog.NewLogRecord())
	}
	for k, v := range before.All() {
		short += min(least, measure(k, v))
	}
	if short > limit/2 {
		return
	}
	for k, v := range before.All() {
		if measure(k, v) <= least {
			got, ok := after.Get(k)
			require.True(t, ok, "lost %s", k)
			require.True(t, v.Equal(got))
		}
	}
}

func TestAnyLogRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{t}
		log := d.log()
		log.Attributes().PutStr("gen_ai.response.id", "resp_1")
		before := plog.NewLogRecord()
		log.CopyTo(before)
		size := logSize(log)
		limit := d.limit(size)

		truncated := LogRecord(log, limit)
		require.Equal(t, size > limit, truncated)
		if !truncated {
			require.Equal(t, before, log)
			return
		}
		require.LessOrEqual(t, logSize(log), limit)
		require.Equal(t, before.EventName(), log.EventName())
		require.Equal(t, before.TraceID(), log.TraceID())
		require.Equal(t, "resp_1", textOf(log.Attributes(), "gen_ai.response.id"))
		require.EqualValues(t, before.Attributes().Len()-log.Attributes().Len(), log.DroppedAttributesCount())
		checkTexts(t, before.Body(), log.Body())
		checkMap(t, before.Attributes(), log.Attributes())
		checkShort(t, before.Attributes(), log.Attributes(), limit, 600)

		again := plog.NewLogRecord()
		log.CopyTo(again)
		require.False(t, LogRecord(again, limit))
		require.Equal(t, log, again)
	})
}

func TestAnySpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{t}
		span := d.span()
		before := ptrace.NewSpan()
		span.CopyTo(before)
		size := spanSize(span)
		limit := d.limit(size)

		truncated := Span(span, limit)
		require.Equal(t, size > limit, truncated)
		if !truncated {
			require.Equal(t, before, span)
			return
		}
		require.LessOrEqual(t, spanSize(span), limit)
		require.Equal(t, "chat", span.Name())
		require.True(t, utf8.ValidString(span.Status().Message()))
		require.EqualValues(t, before.Links().Len()-span.Links().Len(), span.DroppedLinksCount())
		require.EqualValues(t, before.Attributes().Len()-span.Attributes().Len(), span.DroppedAttributesCount())
		checkMap(t, before.Attributes(), span.Attributes())
		require.False(t, Span(span, limit))
	})
}

// TestSizesAreExact holds the arithmetic of the tree to that of pdata: what the
// nodes do not account for must be the fields that always stay.
func TestSizesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn{t}
		log := d.log()
		tree := newTree(1)
		tree.open()
		tree.text(log.SeverityText(), rankOther)
		tree.name(log.EventName())
		body := tree.nodes[tree.value(log.Body(), 1)].size
		tree.attributes(log.Attributes())
		rest := logSize(log)
		for i := 1; i < len(tree.nodes); i = tree.nodes[i].next {
			rest -= tree.nodes[i].size
		}
		// Two times, trace id, span id, and what is in front of the body.
		require.Equal(t, 9+9+18+10+field(body)-body, rest)

		span := d.span()
		tree = newTree(1)
		tree.open()
		tree.name(span.Name())
		tree.text(span.TraceState().AsRaw(), rankOther)
		message := tree.nodes[tree.text(span.Status().Message(), rankOther)].size
		tree.attributes(span.Attributes())
		_, reserve := tree.links(span.Links())
		rest = spanSize(span) + reserve
		for i := 1; i < len(tree.nodes); i = tree.nodes[i].next {
			rest -= tree.nodes[i].size
		}
		// Trace id, span id, no parent, and what is in front of the status.
		require.Equal(t, 18+10+2+field(message)-message, rest)
	})
}
