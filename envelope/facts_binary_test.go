package envelope

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func anyFacts(t *rapid.T) (Facts, Known) {
	number := func(most int, name string) int { return rapid.IntRange(0, most).Draw(t, name) }
	ids := rapid.SampledFrom([]byte{0, 0, 1, 2})
	var texts factTexts
	for which := range textCount {
		texts.set(which, rapid.StringN(0, 300, 400).Draw(t, "text"))
	}
	f := Facts{
		text:          texts.pack(),
		startedAt:     pcommon.Timestamp(rapid.Uint64().Draw(t, "started")),
		endedAt:       pcommon.Timestamp(rapid.Uint64().Draw(t, "ended")),
		traceID:       pcommon.TraceID{3: ids.Draw(t, "trace")},
		spanID:        pcommon.SpanID{ids.Draw(t, "span")},
		primarySpanID: pcommon.SpanID{ids.Draw(t, "primary span")},
		flags:         rapid.Uint32().Draw(t, "flags"),
		primary:       primacy(number(int(primaryOwnerInference), "primary")),
		kind:          kindCode(number(len(semconv.Kinds), "kind")),
		ownerKind:     kindCode(number(len(semconv.Kinds), "owner's kind")),
		status:        status(number(int(statusError), "status")),
		owned:         rapid.Bool().Draw(t, "owned"),
		lossy:         rapid.Bool().Draw(t, "lossy"),
	}
	for range number(4, "counted") {
		f.counted = append(f.counted, counted(rapid.Uint64().Draw(t, "counted")))
	}
	known := Known{
		TraceID:    pcommon.TraceID{3: ids.Draw(t, "known trace")},
		SpanID:     pcommon.SpanID{ids.Draw(t, "known span")},
		ResponseID: rapid.SampledFrom([]string{"", "other", texts[textResponseID]}).Draw(t, "known response"),
	}
	return f, known
}

func TestFactsSurviveTheirBinaryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, known := anyFacts(t)
		f.origin = &event.Origin{}
		form := f.AppendBinary([]byte("before"), &known)
		require.Equal(t, "before", string(form[:6]))
		form = form[6:]
		var back Facts
		require.NoError(t, back.DecodeBinary(form, &known, f.origin))
		require.Equal(t, f, back)
		require.Same(t, f.origin, back.Origin())
		for n := range form {
			// A text that ends early is told from the whole by nothing but
			// the length of what holds it.
			if cut := new(Facts); cut.DecodeBinary(form[:n], &known, nil) == nil {
				require.True(t, strings.HasPrefix(f.text, cut.text), "cut at %d", n)
			}
		}
	})
}

func TestKnownOfFactsIsNotWritten(t *testing.T) {
	var texts factTexts
	texts[textResponseID] = "chatcmpl-1"
	f := Facts{text: texts.pack(), traceID: pcommon.TraceID{1}, spanID: pcommon.SpanID{2}, primarySpanID: pcommon.SpanID{2}}
	known := Known{TraceID: f.traceID, SpanID: f.spanID, ResponseID: "chatcmpl-1"}
	assert.Len(t, f.AppendBinary(nil, &known), 7)
	assert.Len(t, f.AppendBinary(nil, &Known{}), 7+16+8+1+len("chatcmpl-1"))
}

func TestCorruptFacts(t *testing.T) {
	for name, form := range map[string]string{
		"nothing":              "",
		"too short":            "\x00\x00\x00",
		"status":               "\x0c\x00\x00\x00\x00\x00",
		"trace id form":        "\x30\x00\x00\x00\x00\x00",
		"trace id cut":         "\x20\x00\x00\x00\x00\x00",
		"span id cut":          "\x80\x00\x00\x00\x00",
		"primacy":              "\x00\x14\x00\x00\x00\x00",
		"a bit of the future":  "\x00\x80\x00\x00\x00\x00",
		"kind":                 "\x00\x00\x0a\x00\x00\x00",
		"owner's kind":         "\x00\x00\x00\x0a\x00\x00",
		"flags":                "\x00\x00\x00\x00\xff\xff\xff\xff\x1f\x00",
		"start cut":            "\x00\x20\x00\x00\x00\x01\x02",
		"no end":               "\x00\x40\x00\x00\x00",
		"no number of counted": "\x00\x00\x00\x00\x00",
		"more counted than is": "\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"text of no kind":      "\x00\x00\x00\x00\x00\x00\x0c\x01x",
		"texts out of order":   "\x00\x00\x00\x00\x00\x00\x01\x01x\x00\x01x",
		"text twice":           "\x00\x00\x00\x00\x00\x00\x01\x01x\x01\x01x",
		"empty text":           "\x00\x00\x00\x00\x00\x00\x01\x00",
		"text cut":             "\x00\x00\x00\x00\x00\x00\x01\x02x",
		"text too long":        "\x00\x00\x00\x00\x00\x00\x01\x81\x02" + strings.Repeat("x", 257),
		"text is not UTF-8":    "\x00\x00\x00\x00\x00\x00\x01\x01\xff",
		"another known text":   "\x00\x00\x00\x00\x00\x00\x81",
		"unknown response id":  "\x00\x00\x00\x00\x00\x00\x84",
	} {
		var f Facts
		assert.ErrorIs(t, f.DecodeBinary([]byte(form), &Known{}, nil), errFacts, name)
	}
	var f Facts
	assert.NoError(t, f.DecodeBinary(make([]byte, 6), &Known{}, nil))
	assert.Equal(t, Facts{}, f)
}

func FuzzFactsBinary(f *testing.F) {
	known := Known{TraceID: pcommon.TraceID{1}, SpanID: pcommon.SpanID{2}, ResponseID: "known"}
	var texts factTexts
	texts[textOperation], texts[textResponseID], texts[textFinishReasons] = "chat", "known", "stop\x00length"
	for _, facts := range []Facts{
		{},
		{
			text: texts.pack(), counted: []counted{32, 65}, startedAt: 9, endedAt: 5, traceID: known.TraceID,
			spanID: known.SpanID, primarySpanID: pcommon.SpanID{3}, flags: 257, primary: primaryOwner, owned: true,
		},
		{traceID: pcommon.TraceID{4}, spanID: pcommon.SpanID{5}, status: statusError, lossy: true, kind: 9},
	} {
		f.Add(facts.AppendBinary(nil, &known))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		var facts, back Facts
		if facts.DecodeBinary(form, &known, nil) != nil {
			return
		}
		for _, k := range []*Known{&known, {}} {
			require.NoError(t, back.DecodeBinary(facts.AppendBinary(nil, k), k, nil))
			require.Equal(t, facts, back)
		}
		require.LessOrEqual(t, len(facts.text)+8*len(facts.counted), 2*len(form)+len(known.ResponseID))
		require.Equal(t, facts.text, func() string { texts := unpackFactTexts(facts.text); return texts.pack() }())
	})
}

func BenchmarkFactsBinary(b *testing.B) {
	texts := factTexts{
		textOperation: "chat", textProvider: "openai", textRequestModel: "gpt-4o-mini",
		textResponseModel: "gpt-4o-mini-2024-07-18", textResponseID: "chatcmpl-AYrvxn3vDvSqpZ9TWp8vJvq2NVCxB", textFinishReasons: "stop",
	}
	f := Facts{text: texts.pack(), counted: []counted{1, 2}, traceID: pcommon.TraceID{1}, spanID: pcommon.SpanID{2}, startedAt: 1, endedAt: 2}
	var form []byte
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			form = f.AppendBinary(form[:0], &Known{})
		}
		b.ReportMetric(float64(len(form)), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f.DecodeBinary(form, &Known{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
