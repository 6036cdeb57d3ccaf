package semconv

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestParseJSON(t *testing.T) {
	for _, tt := range []struct {
		text string
		want any
	}{
		{`{"a":[1,-2.5,"x",true,null],"b":{}}`, map[string]any{"a": []any{int64(1), -2.5, "x", true, nil}, "b": map[string]any{}}},
		{" [ ] ", []any{}},
		{`"text"`, "text"},
		{`null`, nil},
		{`0`, int64(0)},
		{`-0`, math.Copysign(0, -1)},
		{`9223372036854775807`, int64(math.MaxInt64)},
		{`9223372036854775808`, "9223372036854775808"},
		{`123456789012345678901234567890`, "123456789012345678901234567890"},
		{`1e3`, 1000.0},
		{`1.50`, 1.5},
		{`0.10000000149011612`, 0.10000000149011612},
		{`0.1000000014901161193847`, "0.1000000014901161193847"},
		{`1e999`, "1e999"},
		{`1e-999`, "1e-999"},
		{`0e-999`, 0.0},
		{`{"a":1,"b":2,"a":3}`, map[string]any{"a": int64(3), "b": int64(2)}},
		{`{"":1}`, map[string]any{"": int64(1)}},
		{`"\u00e9\ud83d\ude00"`, "é😀"},
		{`"\ud800"`, "\ufffd"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got := pcommon.NewValueStr("before")
			require.True(t, ParseJSON(tt.text, got))
			assert.Equal(t, tt.want, got.AsRaw())
		})
	}
}

func TestParseJSONLeavesOtherTextAlone(t *testing.T) {
	for _, text := range []string{
		"", " ", "text", "{", "[1,]", `{"a":1,}`, `{"a" 1}`, "[1 2]", "{} x", "{}\x00", "01", "1.", ".5", "+1", "1e", "--1", "nul",
		`{"a":1,null:2}`, "\"\n\"", `"\x"`, "\"\xff\"", "NaN", "[Infinity]",
		strings.Repeat("[", 65) + strings.Repeat("]", 65),
		strings.Repeat("[", 1_000_000),
		strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
	} {
		got := pcommon.NewValueStr("before")
		assert.False(t, ParseJSON(text, got), "%.40q", text)
		assert.Equal(t, pcommon.ValueTypeEmpty, got.Type(), "%.40q", text)
	}
}

func TestParseJSONDepth(t *testing.T) {
	got := pcommon.NewValueEmpty()
	assert.True(t, ParseJSON(strings.Repeat("[", 64)+strings.Repeat("]", 64), got))
}

func TestParseJSONBoundsKeyComparisons(t *testing.T) {
	object := func(keys int) string {
		var b strings.Builder
		b.WriteByte('{')
		for i := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(strconv.Itoa(i)) + ":0")
		}
		return b.String() + "}"
	}
	got := pcommon.NewValueEmpty()
	require.True(t, ParseJSON(object(5_000), got))
	assert.Equal(t, 5_000, got.Map().Len())
	assert.False(t, ParseJSON(object(100_000), got))
}

func TestParseJSONContainer(t *testing.T) {
	got := pcommon.NewValueEmpty()
	assert.True(t, ParseJSONContainer(" \n{\"a\":1}", got))
	assert.True(t, ParseJSONContainer("[]", got))
	for _, text := range []string{"", "  ", "1", `"[]"`, "null", "true", "hello"} {
		assert.False(t, ParseJSONContainer(text, got), text)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{
		`{"role":"user","parts":[{"type":"text","content":"hi"}]}`, `[1,2.5,"x",null,true]`, `{"a":1,null:2}`,
		`1e400`, `123456789012345678901`, "\"\xff\"", `{"a":{"a":{"a":[[[]]]}}}`, `"\ud800\udc00"`, ` {} `, `{}{}`, "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := pcommon.NewValueEmpty()
		parsed := ParseJSON(text, got)
		if !parsed {
			require.Equal(t, pcommon.ValueTypeEmpty, got.Type())
			if json.Valid([]byte(text)) && utf8.ValidString(text) && strings.Count(text, "[")+strings.Count(text, "{") <= maxJSONDepth && len(text) < 10_000 {
				t.Fatalf("valid JSON refused: %q", text)
			}
			return
		}
		require.True(t, json.Valid([]byte(text)), "taken though it is no JSON: %q", text)
		var want any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&want))
		_, wantMap := want.(map[string]any)
		require.Equal(t, wantMap, got.Type() == pcommon.ValueTypeMap)
		if s, ok := want.(string); ok {
			require.Equal(t, s, got.Str())
		}
	})
}

func BenchmarkParseJSON(b *testing.B) {
	text := `[{"role":"user","parts":[{"type":"text","content":"` + strings.Repeat("lorem ipsum ", 80) + `"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","arguments":{"city":"Rome"}}]}]`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		v := pcommon.NewValueEmpty()
		if !ParseJSON(text, v) {
			b.Fatal("refused")
		}
	}
}
