package buffer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

func TestRopeIsWhatWasWrittenAndHardlyMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r rope
		var want []byte
		for i := range rapid.IntRange(0, 12).Draw(t, "writes") {
			size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(900, 1200), rapid.IntRange(0, 300_000)).Draw(t, "size")
			b := []byte(strings.Repeat(string(rune('a'+i)), size))
			r.write(b, rapid.SampledFrom([]int{0, size}).Draw(t, "coming"))
			want = append(want, b...)
		}
		require.Equal(t, len(want), r.length)
		taken := 0
		for _, p := range r.pages {
			taken += cap(p)
		}
		require.LessOrEqual(t, taken-len(want), 16, "unused")
		require.LessOrEqual(t, len(r.pages), 8+12*2+len(want)/longestPage*2, "pages")
		// However it is read, and though it is written on meanwhile.
		in := r.read()
		r.write([]byte("more"), 4)
		for len(want) > 0 {
			n := rapid.IntRange(0, min(len(want), 5000)).Draw(t, "taken")
			got, ok := in.take(uint64(n))
			require.True(t, ok)
			require.Equal(t, string(want[:n]), got)
			want = want[n:]
		}
		_, ok := in.take(1)
		require.False(t, ok)
	})
}

// What a small event takes beyond itself decides how many requests fit.
func TestHeldTakesLittleMoreThanItsText(t *testing.T) {
	var h held
	rec := log("gen_ai.user.message", ids(t1, s1))
	for range 100 {
		h.addRecord(rec.Packed, spanKey{t1, s1}, origin, 0)
	}
	assert.LessOrEqual(t, h.items.length, 100*(len(rec.Packed)+2)+24, "ids and origin stand once")
	records, spans, err := unpacked(&h, 7, true)
	require.NoError(t, err)
	require.Len(t, records, 100)
	assert.Empty(t, spans)
	assert.Equal(t, uint64(106), records[99].Seq)
	assert.True(t, records[99].Late)
	assert.Equal(t, t1, records[99].Log.TraceID())
	assert.Equal(t, "gen_ai.user.message", records[99].Name)
	assert.Same(t, origin, records[99].Origin)
}

func TestHeldKeepsIDsAndOriginsOfEachItem(t *testing.T) {
	other := &event.Origin{}
	at := []struct {
		key    spanKey
		origin *event.Origin
	}{{spanKey{t1, s1}, origin}, {spanKey{t1, s2}, other}, {spanKey{}, other}, {spanKey{t1, s2}, origin}}
	var first, h held
	span := call("chat", ids(t3, s3))
	first.addSpan(span.Packed, spanKey{t3, s3}, other, 0)
	for _, a := range at {
		h.addRecord(packed("a", event.SourceLog), a.key, a.origin, 0)
	}
	first.append(&h)
	records, spans, err := unpacked(&first, 1, false)
	require.NoError(t, err)
	require.Len(t, records, len(at))
	for i, a := range at {
		assert.Equal(t, a.key.trace, records[i].Log.TraceID())
		assert.Equal(t, a.key.span, records[i].Log.SpanID())
		assert.Same(t, a.origin, records[i].Origin)
	}
	require.Len(t, spans, 1)
	assert.Equal(t, "chat", spans[0].Data.Name())
	assert.Same(t, other, spans[0].Origin)
}

func TestHeldReportsBytesThatItDidNotWrite(t *testing.T) {
	for _, bytes := range []string{"\x00", "\x00\x05abc", "\x04\x00\x09", "\x02\x00short", "\x00\x01x"} {
		h := held{origins: []*event.Origin{origin}}
		h.items.write([]byte(bytes), 0)
		_, _, err := unpacked(&h, 1, false)
		assert.ErrorIs(t, err, event.ErrCorrupt, "%q", bytes)
	}
}
