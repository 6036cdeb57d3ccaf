package messages

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// recordedCall is a real call's telemetry, as recorded.
type recordedCall struct {
	span    *event.Span
	records []event.Record
}

func (c *recordedCall) sorted() []*event.Record {
	event.SortByTime(c.records)
	records := make([]*event.Record, len(c.records))
	for i := range c.records {
		records[i] = &c.records[i]
	}
	return records
}

// readRecorded reads OTLP-JSON: a span and log records in order of arrival.
func readRecorded(tb testing.TB, path string) *recordedCall {
	tb.Helper()
	data, err := os.ReadFile(path)
	require.NoError(tb, err)
	var file struct {
		Span json.RawMessage   `json:"span"`
		Logs []json.RawMessage `json:"logs"`
	}
	require.NoError(tb, json.Unmarshal(data, &file))
	call := &recordedCall{}
	for _, raw := range file.Logs {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + string(raw) + `]}]}]}`))
		require.NoError(tb, err)
		log := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		call.add(log, semconv.EventName(log, ""), event.SourceLog)
	}
	if file.Span != nil {
		call.readSpan(tb, file.Span)
	}
	return call
}

func (c *recordedCall) readSpan(tb testing.TB, raw []byte) {
	tb.Helper()
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + string(raw) + `]}]}]}`))
	require.NoError(tb, err)
	span := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	kind, _ := semconv.ClassifySpan(span, semconv.Prefixes{semconv.PrefixGenAI})
	c.span = &event.Span{Data: span, Kind: kind}
	for _, ev := range span.Events().All() {
		log := plog.NewLogRecord()
		log.SetEventName(ev.Name())
		log.SetTimestamp(ev.Timestamp())
		ev.Attributes().CopyTo(log.Attributes())
		c.add(log, ev.Name(), event.SourceSpanEvent)
	}
}

func (c *recordedCall) add(log plog.LogRecord, name string, source event.Source) {
	c.records = append(c.records, event.Record{Log: log, Name: name, Source: source, Seq: uint64(len(c.records) + 1)})
}

// TestRecordedCalls assembles real calls, one or more of every carrier and
// dialect that was recorded, and compares with golden files.
func TestRecordedCalls(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.json"))
	require.NoError(t, err)
	ran := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden.json") {
			continue
		}
		ran++
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			call := readRecorded(t, path)
			dst := pcommon.NewMap()
			result := Assemble(call.span, call.sorted(), dst)
			checkShape(t, dst)
			got := goldenOf(t, dst, result)
			golden := strings.TrimSuffix(path, ".json") + ".golden.json"
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		})
	}
	assert.GreaterOrEqual(t, ran, 30)
}

// goldenOf writes a result as readable JSON with the keys in the order in which
// they stand.
func goldenOf(t *testing.T, dst pcommon.Map, result Result) []byte {
	t.Helper()
	v := pcommon.NewValueMap()
	dst.CopyTo(v.Map())
	for name, list := range map[string][]string{"result.finish_reasons": result.FinishReasons, "result.left_over": result.LeftOver} {
		if len(list) == 0 {
			continue
		}
		s := v.Map().PutEmptySlice(name)
		for _, item := range list {
			s.AppendEmpty().SetStr(item)
		}
	}
	var compact, indented bytes.Buffer
	writeJSON(&compact, v)
	require.NoError(t, json.Indent(&indented, compact.Bytes(), "", " "))
	return append(indented.Bytes(), '\n')
}

func writeJSON(b *bytes.Buffer, v pcommon.Value) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		b.WriteByte('{')
		first := true
		for key, inner := range v.Map().All() {
			if !first {
				b.WriteByte(',')
			}
			first = false
			writeText(b, key)
			b.WriteByte(':')
			writeJSON(b, inner)
		}
		b.WriteByte('}')
	case pcommon.ValueTypeSlice:
		b.WriteByte('[')
		for i, inner := range v.Slice().All() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, inner)
		}
		b.WriteByte(']')
	case pcommon.ValueTypeStr:
		writeText(b, v.Str())
	case pcommon.ValueTypeEmpty:
		b.WriteString("null")
	default:
		b.WriteString(v.AsString())
	}
}

func writeText(b *bytes.Buffer, s string) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(err)
	}
	b.Truncate(b.Len() - 1)
}

// checkShape holds what was assembled to the shape of the convention: roles and
// parts with types, lists that are not empty, a source for each.
func checkShape(tb testing.TB, dst pcommon.Map) {
	tb.Helper()
	sources := map[string]any{}
	if v, ok := dst.Get(KeyContentSource); ok {
		sources = v.Map().AsRaw()
		require.NotEmpty(tb, sources)
	}
	lists := 0
	for key, v := range dst.All() {
		if key == KeyContentSource {
			continue
		}
		lists++
		require.Contains(tb, []string{KeySystemInstructions, KeyInputMessages, KeyOutputMessages, KeyToolDefinitions}, key)
		require.Equal(tb, pcommon.ValueTypeSlice, v.Type(), key)
		require.Positive(tb, v.Slice().Len(), key)
		require.Contains(tb, []any{SourceDetailsLog, SourceSpanAttribute, SourceSpanEvent, SourceMessageLog, SourceFlattenedAttribute}, sources[key], key)
		switch key {
		case KeySystemInstructions:
			checkParts(tb, v)
		case KeyToolDefinitions:
			for i, definition := range v.Slice().All() {
				where := fmt.Sprintf("%s[%d]", key, i)
				requireText(tb, definition, "type", where)
				requireText(tb, definition, "name", where)
			}
		default:
			for i, message := range v.Slice().All() {
				where := fmt.Sprintf("%s[%d]", key, i)
				requireText(tb, message, "role", where)
				parts, ok := message.Map().Get("parts")
				require.True(tb, ok, where)
				checkParts(tb, parts)
			}
		}
	}
	require.Len(tb, sources, lists)
}

func checkParts(tb testing.TB, parts pcommon.Value) {
	tb.Helper()
	require.Equal(tb, pcommon.ValueTypeSlice, parts.Type())
	for i, part := range parts.Slice().All() {
		requireText(tb, part, "type", fmt.Sprintf("part %d", i))
		if typ, _ := part.Map().Get("type"); typ.Str() == "text" || typ.Str() == "reasoning" {
			if v, ok := part.Map().Get("content"); ok {
				require.Equal(tb, pcommon.ValueTypeStr, v.Type())
			}
		}
	}
}

func requireText(tb testing.TB, v pcommon.Value, key, where string) {
	tb.Helper()
	require.Equal(tb, pcommon.ValueTypeMap, v.Type(), where)
	text, ok := v.Map().Get(key)
	require.True(tb, ok, "%s has no %s", where, key)
	require.Equal(tb, pcommon.ValueTypeStr, text.Type(), "%s.%s", where, key)
}
