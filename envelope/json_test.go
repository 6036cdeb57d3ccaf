package envelope_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

func TestAppendJSON(t *testing.T) {
	for want, value := range map[string]any{
		`null`:                  nil,
		`true`:                  true,
		`-9223372036854775808`:  int64(math.MinInt64),
		`9007199254740993`:      int64(1<<53 + 1),
		`0`:                     0.0,
		`-0`:                    math.Copysign(0, -1),
		`1`:                     1.0,
		`0.1`:                   0.1,
		`0.000001`:              1e-6,
		`1e-7`:                  1e-7,
		`1.5e-10`:               1.5e-10,
		`100000000000000000000`: 1e20,
		`1e+21`:                 1e21,
		`1e-300`:                1e-300,
		`"NaN"`:                 math.NaN(),
		`"Infinity"`:            math.Inf(1),
		`"-Infinity"`:           math.Inf(-1),
		`""`:                    "",
		`"\"\\/\b\f\n\r\t\u0000\u001f` + "\u007f<>&é\u2028" + `"`: "\"\\/\b\f\n\r\t\x00\x1f\x7f<>&é\u2028",
		"\"a\uFFFD\uFFFDb\"":      "a\xff\xfeb",
		"\"\uFFFD\uFFFD\uFFFDx\"": "\xe2\x80\xffx",
		`"AAH/"`:                  []byte{0, 1, 255},
		`"AA=="`:                  []byte{0},
		`[]`:                      []any{},
		`[1,[null],{}]`:           []any{1, []any{nil}, map[string]any{}},
		`{"":{"a":"b"}}`:          map[string]any{"": map[string]any{"a": "b"}},
	} {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(value))
		assert.Equal(t, want, string(envelope.AppendJSON(nil, v)))
		assert.Equal(t, "x"+want, string(envelope.AppendJSON([]byte("x"), v)), "appends")
	}
}

func TestAppendJSONOfRepeatedKeys(t *testing.T) {
	m := repeatedKeys(t)
	assert.JSONEq(t, `{"once":0,"twice":"2"}`, string(envelope.AppendJSONMap(nil, m)))
	assert.Equal(t, 3, m.Len(), "the map is not modified")

	invalid := pcommon.NewMap()
	invalid.PutStr("\xff", "first")
	invalid.PutStr("\uFFFD", "second")
	assert.JSONEq(t, "{\"\uFFFD\":\"second\"}", string(envelope.AppendJSONMap(nil, invalid)), "keys that become the same")
}

func TestAppendJSONReadsBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := pcommon.NewValueEmpty()
		drawValue(rt, v, 4)
		var got any
		decoder := json.NewDecoder(strings.NewReader(string(envelope.AppendJSON(nil, v))))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			rt.Fatal(err)
		}
		assert.Equal(rt, rawJSON(v), got)
		assert.False(rt, decoder.More())
	})
}

// rawJSON is what decoding the JSON of v is to give.
func rawJSON(v pcommon.Value) any {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return toValid(v.Str())
	case pcommon.ValueTypeInt:
		return json.Number(strconv.FormatInt(v.Int(), 10))
	case pcommon.ValueTypeDouble:
		if text, err := json.Marshal(v.Double()); err == nil {
			return json.Number(text)
		}
		return map[bool]string{true: "NaN", false: "-Infinity"}[math.IsNaN(v.Double())]
	case pcommon.ValueTypeBytes:
		return base64.StdEncoding.EncodeToString(v.Bytes().AsRaw())
	case pcommon.ValueTypeSlice:
		list := []any{}
		for _, element := range v.Slice().All() {
			list = append(list, rawJSON(element))
		}
		return list
	case pcommon.ValueTypeMap:
		m := map[string]any{}
		for key, entry := range v.Map().All() {
			m[toValid(key)] = rawJSON(entry)
		}
		return m
	}
	return v.AsRaw()
}

func toValid(s string) string { return string([]rune(s)) }

func BenchmarkAppendJSON(b *testing.B) {
	b.ReportAllocs()
	dst := plog.NewLogRecord()
	envelope.NewBuilder(full).Build(chatPart(5, 1024), dst)
	var buffer []byte
	for b.Loop() {
		buffer = envelope.AppendJSON(buffer[:0], dst.Body())
	}
	b.SetBytes(int64(len(buffer)))
}
