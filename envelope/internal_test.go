package envelope

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestStringLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom([]byte("abcdefgh\"\\\n\x00\x1f\x20\x7f\x80\xc3\xa9\xe2\x80\xa8\xff"))).Draw(t, "s"))
		assertJSONString(t, s)
	})
}

func FuzzJSONString(f *testing.F) {
	for _, s := range []string{"", "plain text of more than eight bytes", "1234567\"", "12345678\xff", "\u2028", "\b\f\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { assertJSONString(t, s) })
}

func assertJSONString(t require.TestingT, s string) {
	text := appendJSONString([]byte("before"), s)
	require.Equal(t, "before", string(text[:6]))
	text = text[6:]
	require.Len(t, text, jsonStringLen(s), "length of %q", s)
	require.True(t, utf8.Valid(text))
	var back string
	require.NoError(t, json.Unmarshal(text, &back), "%q as %s", s, text)
	require.Equal(t, validText(s), back)
	require.Len(t, validText(s), len(s)+textGrowth(s))
}

func TestPlainPrefix(t *testing.T) {
	for i := range 256 {
		plain := i >= 0x20 && i < 0x80 && i != '"' && i != '\\'
		for at := range 20 {
			s := strings.Repeat("x", at) + string([]byte{byte(i)}) + "yyyyyyyyyyyyyyyyyyyy"
			want := at
			if plain {
				want = len(s)
			}
			require.Equal(t, want, plainPrefix(s), "byte %#x at %d", i, at)
		}
	}
}

func TestQuoteText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s") + string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		limit := rapid.IntRange(0, 40).Draw(t, "limit")
		got := quoteText(s, limit)
		assert.True(t, utf8.ValidString(got))
		assert.LessOrEqual(t, jsonStringLen(got)-2, limit)
		assert.True(t, strings.HasPrefix(validText(s), got) || strings.Contains(got, replacement), "%q of %q", got, s)
		if jsonStringLen(s)-2 <= limit {
			assert.Equal(t, validText(s), got, "nothing is cut that fits")
		}
	})
}

func TestFactTextsSurvivePacking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts factTexts
		for which := range textCount {
			texts.set(which, rapid.StringN(0, 300, 400).Draw(t, "text"))
			assert.LessOrEqual(t, len(texts[which]), maxFactText)
		}
		assert.Equal(t, texts, unpackFactTexts(texts.pack()))
	})
}

func TestUnpackingForeignTextDoesNotPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packed := string(rapid.SliceOf(rapid.ByteRange(0, 20)).Draw(t, "packed"))
		texts := unpackFactTexts(packed)
		total := 0
		for _, s := range texts {
			total += len(s)
		}
		assert.LessOrEqual(t, total, len(packed))
	})
}

// TestFactsAreCompact: a million may be remembered.
func TestFactsAreCompact(t *testing.T) {
	span := ptrace.NewSpan()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	for key, value := range map[string]string{
		semconv.AttrOperationName: "chat", semconv.AttrProviderName: "openai", semconv.AttrRequestModel: "gpt-4o-mini",
		semconv.AttrResponseModel: "gpt-4o-mini-2024-07-18", semconv.AttrResponseID: "chatcmpl-AYrvxn3vDvSqpZ9TWp8vJvq2NVCxB",
		semconv.AttrConversationID: "0c7a2b54-6f0e-4a53-8d2c-4f6de1b3a7c9", semconv.AttrFinishReasons: "stop",
	} {
		span.Attributes().PutStr(key, value)
	}
	span.Attributes().PutInt(semconv.AttrUsageInputTokens, 1)
	owner := &event.Span{Data: span, Origin: &event.Origin{}, Kind: semconv.KindInference, Gathered: true}
	var facts Facts
	NewBuilder(Options{}).Build(&Part{RequestID: "r", KeySource: "span", Number: 1, Spans: []*event.Span{owner}, Owner: owner, Facts: &facts}, plog.NewLogRecord())

	assert.Same(t, owner.Origin, facts.origin)
	assert.Len(t, facts.counted, 2, "a hash for the span and one for the response")
	bytes := int(unsafe.Sizeof(facts)) + len(facts.text) + 8*cap(facts.counted)
	assert.LessOrEqual(t, bytes, 300, "text %q", facts.text)
}

func TestSplitTokensAcrossReports(t *testing.T) {
	count := func(n int64) semconv.TokenCount { return semconv.TokenCount{N: n, Known: true} }
	report := func(responseID string, span byte, u semconv.Usage) *call {
		return &call{kind: semconv.KindInference, spanID: pcommon.SpanID{span}, facts: semconv.CallFacts{ResponseID: responseID, Usage: u}}
	}
	var first tally
	first.add(report("r1", 1, semconv.Usage{InputTokens: count(10)}))
	first.add(report("r1", 2, semconv.Usage{InputTokens: count(10), OutputTokens: count(5)}))
	first.add(report("r2", 3, semconv.Usage{OutputTokens: count(7), CacheReadInputTokens: count(-1)}))
	first.add(&call{kind: semconv.KindAgent, spanID: pcommon.SpanID{4}, facts: semconv.CallFacts{Usage: semconv.Usage{InputTokens: count(99)}}})
	assert.Equal(t, tokens{count: [tokenKinds]int64{10, 12}, known: 0b11}, first.total)

	second := tally{seen: first.seen}
	second.add(report("", 2, semconv.Usage{InputTokens: count(10)}))
	second.add(report("r2", 9, semconv.Usage{OutputTokens: count(7), ReasoningOutputTokens: count(3)}))
	second.add(report("", 0, semconv.Usage{InputTokens: count(1)}))
	second.add(report("", 0, semconv.Usage{InputTokens: count(1)}))
	assert.Equal(t, tokens{count: [tokenKinds]int64{2, 0, 0, 0, 3}, known: 0b10001}, second.total)
}

func TestTotalsStayAtTheLargestNumber(t *testing.T) {
	var sum tokens
	most := tokens{count: [tokenKinds]int64{math.MaxInt64}, known: 1}
	sum.add(most, 1)
	sum.add(most, 1)
	assert.Equal(t, int64(math.MaxInt64), sum.count[0])
}

func TestTallyOfManyCallsMatchesTallyOfFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got tally
		want := map[string]int64{}
		for range rapid.IntRange(0, 200).Draw(t, "calls") {
			id := rapid.StringMatching(`[a-e][0-9]{0,2}`).Draw(t, "id")
			n := rapid.Int64Range(0, 100).Draw(t, "tokens")
			got.add(&call{kind: semconv.KindEmbeddings, facts: semconv.CallFacts{ResponseID: id, Usage: semconv.Usage{InputTokens: semconv.TokenCount{N: n, Known: true}}}})
			if _, counted := want[id]; !counted {
				want[id] = n
			}
		}
		sum := int64(0)
		for _, n := range want {
			sum += n
		}
		assert.Equal(t, sum, got.total.count[0])
		assert.Len(t, got.seen, len(want))
	})
}

func TestTimes(t *testing.T) {
	var s scribe
	for _, ts := range []pcommon.Timestamp{0, 1, 999_999_999, 1_000_000_000, 1_792_756_800_123_456_789, math.MaxInt64, math.MaxUint64} {
		want := time.Unix(int64(uint64(ts)/1e9), int64(uint64(ts)%1e9)).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
		assert.Equal(t, want, s.time(ts))
		assert.Equal(t, want, s.time(ts), "from what is kept")
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		start, end pcommon.Timestamp
		want       int64
		known      bool
	}{
		{1, 1, 0, true},
		{1, 5, 4, true},
		{0, 5, 0, false},
		{5, 1, 0, false},
		{5, 0, 0, false},
		{1, math.MaxUint64, 0, false},
	} {
		got, known := duration(c.start, c.end)
		assert.Equal(t, c.known, known, "%d to %d", c.start, c.end)
		assert.Equal(t, c.want, got, "%d to %d", c.start, c.end)
	}
}

func TestSeverityNames(t *testing.T) {
	for number, want := range map[plog.SeverityNumber]string{
		plog.SeverityNumberTrace: "TRACE", plog.SeverityNumberInfo: "INFO", plog.SeverityNumberInfo2: "INFO2",
		plog.SeverityNumberWarn: "WARN", plog.SeverityNumberError: "ERROR", plog.SeverityNumberFatal4: "FATAL4",
		plog.SeverityNumberUnspecified: "", 25: "", -1: "",
	} {
		assert.Equal(t, want, severityName(number))
	}
}

func TestCleaningManyInvalidKeys(t *testing.T) {
	m := pcommon.NewMap()
	const n = 3 * maxRenamedKeys
	m.EnsureCapacity(n)
	for i := range n {
		m.PutInt("\xff"+string(rune('a'+i%26))+string(rune('a'+i/26)), int64(i))
	}
	m.PutStr("valid", "kept")
	cleanMap(m, 0)
	assert.Equal(t, 1+maxRenamedKeys+1, m.Len())
	rest, ok := m.Get(replacement)
	require.True(t, ok)
	var others map[string]int
	require.NoError(t, json.Unmarshal([]byte(rest.Str()), &others))
	assert.Len(t, others, n-maxRenamedKeys)
	for k := range m.All() {
		assert.True(t, utf8.ValidString(k))
	}
}

// TestMapsOfManyKeys: cleaning looks at each key a few times, not at each key
// for each key.
func TestMapsOfManyKeys(t *testing.T) {
	const n = 200_000
	raw := make(map[string]any, n)
	for i := range n {
		raw[string(rune(0x10000+i))] = i
	}
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(raw))
	cleanMap(m, 0)
	assert.Equal(t, n, m.Len())
}
