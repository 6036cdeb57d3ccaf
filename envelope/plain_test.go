package envelope_test

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestWeighingFindsOutWhatIsPlain(t *testing.T) {
	deep := func(v pcommon.Value) {
		for range 40 {
			v = v.SetEmptySlice().AppendEmpty()
		}
	}
	for _, c := range []struct {
		name  string
		plain bool
		spoil func(name *string, attrs pcommon.Map, value pcommon.Value)
	}{
		{"nothing", true, func(*string, pcommon.Map, pcommon.Value) {}},
		{"a nested map", true, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetEmptyMap().PutEmptyMap("a").PutDouble("é", 1.5) }},
		{"a text", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetStr("\xff") }},
		{"a long text", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetStr(strings.Repeat("a", 90) + "\xff") }},
		{"a text in a map", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetEmptyMap().PutStr("a", "\xff") }},
		{"a key in a map", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetEmptyMap().PutStr("\xff", "a") }},
		{"bytes in a list", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetEmptyBytes() }},
		{"no number", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { v.SetDouble(math.NaN()) }},
		{"nesting", false, func(_ *string, _ pcommon.Map, v pcommon.Value) { deep(v) }},
		{"a key", false, func(_ *string, attrs pcommon.Map, _ pcommon.Value) { attrs.PutStr("long enough \xff", "a") }},
		{"the name", false, func(name *string, _ pcommon.Map, _ pcommon.Value) { *name += "\xff" }},
	} {
		for _, options := range []envelope.Options{full, {Body: envelope.BodyMap, Events: true}, {Body: envelope.BodyJSON}} {
			builder := envelope.NewBuilder(options)
			for _, name := range []string{semconv.EventUserMessage, "gen_ai.evaluation.result"} {
				r := newLog(1, name, 0, "text", "key", "value")
				c.spoil(&r.Name, r.Log.Attributes(), r.Log.Attributes().PutEmpty("spoilt"))
				builder.RecordWeight(&r)
				assert.Equal(t, c.plain, r.Plain, "%s in the attributes of %s, %+v", c.name, name, options)

				r = newLog(1, name, 0, "text", "key", "value")
				c.spoil(&r.Name, r.Log.Attributes(), r.Log.Body())
				builder.RecordWeight(&r)
				assert.Equal(t, c.plain, r.Plain, "%s in the body of %s, %+v", c.name, name, options)
			}
			span := newSpan(spanID, "chat", 0, 1, chatAttributes()...)
			spanName := span.Data.Name()
			c.spoil(&spanName, span.Data.Attributes(), span.Data.Attributes().PutEmpty("spoilt"))
			span.Data.SetName(spanName)
			builder.SpanWeight(span)
			assert.Equal(t, c.plain, span.Plain, "%s in a span, %+v", c.name, options)

			span = newSpan(spanID, "chat", 0, 1, chatAttributes()...)
			link := span.Data.Links().AppendEmpty()
			spanName = span.Data.Name()
			c.spoil(&spanName, link.Attributes(), link.Attributes().PutEmpty("spoilt"))
			span.Data.SetName(spanName)
			builder.SpanWeight(span)
			assert.Equal(t, c.plain, span.Plain, "%s in a link, %+v", c.name, options)
		}
	}
}

// TestRepeatedKeysAreNotPlain: only what came from the wire has them.
func TestRepeatedKeysAreNotPlain(t *testing.T) {
	logs := plog.NewLogs()
	log := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.SetEventName(semconv.EventUserMessage)
	setAttributes(log.Attributes(), "first.key", 1, "other.key", 2)
	wire, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs([]byte(strings.ReplaceAll(string(wire), "other.key", "first.key")))
	require.NoError(t, err)
	r := newRecord(1, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0))
	envelope.NewBuilder(full).RecordWeight(&r)
	assert.False(t, r.Plain)
	envelope.NewBuilder(envelope.Options{}).RecordWeight(&r)
	assert.False(t, r.Plain)
}

// TestBuilderCarriesNothingOver: what a Builder built before changes nothing.
func TestBuilderCarriesNothingOver(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := []*arbitrary{drawArbitrary(rt), drawArbitrary(rt), drawArbitrary(rt)}
		used := envelope.NewBuilder(all[0].options(envelope.BodyMap))
		for _, a := range all {
			fresh, again := a.parts(), a.parts()
			for i := range fresh {
				want, got := plog.NewLogRecord(), plog.NewLogRecord()
				envelope.NewBuilder(all[0].options(envelope.BodyMap)).Build(fresh[i], want)
				used.Build(again[i], got)
				require.Equal(rt, marshal(testingOf{t, rt}, want), marshal(testingOf{t, rt}, got))
			}
		}
	})
}

// TestMessagesShareTheirText: what stands in an event and in a message is held
// once.
func TestMessagesShareTheirText(t *testing.T) {
	content := strings.Repeat("needle ", 20)
	span := newSpan(spanID, "chat", 0, 1, chatAttributes()...)
	p := owned(newPart([]event.Record{newLog(1, semconv.EventUserMessage, 0, map[string]any{"content": content})}, span), span)
	weigh(envelope.NewBuilder(full), p)
	dst := plog.NewLogRecord()
	envelope.NewBuilder(full).Build(p, dst)
	var found []*byte
	var look func(v pcommon.Value)
	look = func(v pcommon.Value) {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			if v.Str() == content {
				found = append(found, unsafe.StringData(v.Str()))
			}
		case pcommon.ValueTypeMap:
			for _, entry := range v.Map().All() {
				look(entry)
			}
		case pcommon.ValueTypeSlice:
			for _, element := range v.Slice().All() {
				look(element)
			}
		}
	}
	look(dst.Body())
	require.Len(t, found, 2, "in the event and in the message")
	assert.Same(t, found[0], found[1])
}
