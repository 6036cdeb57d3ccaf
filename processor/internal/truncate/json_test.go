package truncate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

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

func TestStructureInJSONInJSON(t *testing.T) {
	outer, err := json.Marshal([]string{`[["` + strings.Repeat("x", 300) + `"],[` + strings.Repeat("1,", 5_000) + "1]]"})
	require.NoError(t, err)
	log := newLog()
	log.Body().SetStr(string(outer))
	cutLog(t, log, 5_000)
	var got []string
	require.NoError(t, json.Unmarshal([]byte(log.Body().Str()), &got))
	var inner []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(got[0]), &inner))
	assert.Len(t, inner[0], 304)
	assert.Greater(t, len(inner[1]), 4_200)
}
