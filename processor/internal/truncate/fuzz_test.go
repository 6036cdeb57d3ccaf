package truncate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func seedLogs() []plog.Logs {
	deep := `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`
	var all []plog.Logs
	for _, text := range []string{
		"plain " + strings.Repeat("é", 300),
		`[{"role":"user","parts":[{"type":"text","content":"` + strings.Repeat(`\ud83d\ude42\n`, 60) + `"}]}]`,
		`{"arguments":"{\"q\":\"` + strings.Repeat("w ", 400) + `\"}"}`,
		"[" + strings.Repeat("1.5, ", 400) + "2]",
		`{"` + strings.Repeat("k", 400) + `":null}`,
		`{"broken":"` + strings.Repeat("x", 500),
		strings.Repeat("\xff\x80", 300),
		deep,
	} {
		ld := plog.NewLogs()
		log := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		log.SetEventName("gen_ai.user.message")
		log.SetSeverityText(text)
		body := log.Body().SetEmptyMap()
		body.PutStr("content", text)
		body.PutEmptyBytes("bytes").FromRaw([]byte(text))
		list := body.PutEmptySlice("list")
		for range 200 {
			list.AppendEmpty().SetInt(3)
		}
		v := list.AppendEmpty()
		for range 80 {
			v = v.SetEmptySlice().AppendEmpty()
		}
		log.Attributes().PutStr(text, text)
		log.Attributes().PutStr("gen_ai.input.messages", text)
		log.Attributes().PutInt("gen_ai.usage.input_tokens", 5)
		all = append(all, ld)
	}
	return all
}

func FuzzLogRecord(f *testing.F) {
	var marshaler plog.ProtoMarshaler
	for _, ld := range seedLogs() {
		wire, err := marshaler.MarshalLogs(ld)
		require.NoError(f, err)
		for _, limit := range []int{0, 100, 900, 2_500} {
			f.Add(wire, limit)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte, limit int) {
		var unmarshaler plog.ProtoUnmarshaler
		ld, err := unmarshaler.UnmarshalLogs(wire)
		if err != nil {
			return
		}
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, log := range sl.LogRecords().All() {
					fuzzOne(t, log, limit)
				}
			}
		}
	})
}

func fuzzOne(t *testing.T, log plog.LogRecord, limit int) {
	before := plog.NewLogRecord()
	log.CopyTo(before)
	if !LogRecord(log, limit) {
		return
	}
	// What no limit can take away.
	least := plog.NewLogRecord()
	log.CopyTo(least)
	least.SetSeverityText("")
	least.Attributes().Clear()
	least.Body().SetStr("")
	bound := max(limit, logSize(least)+countBytes)
	require.LessOrEqual(t, logSize(log), bound)
	require.LessOrEqual(t, len(log.EventName()), max(maxShort, len(before.EventName())))
	require.Equal(t, before.Timestamp(), log.Timestamp())
	require.Equal(t, before.TraceID(), log.TraceID())

	again := plog.NewLogRecord()
	log.CopyTo(again)
	if LogRecord(again, limit) {
		require.Greater(t, logSize(log), limit, "cut twice")
	}
	// What is left can be sent, and reads back the same.
	LogRecord(log, limit/2)
	sent := plog.NewLogs()
	log.CopyTo(sent.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	wire, err := (&plog.ProtoMarshaler{}).MarshalLogs(sent)
	require.NoError(t, err)
	received, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(wire)
	require.NoError(t, err)
	require.Equal(t, logSize(log), logSize(received.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)))
}

func FuzzJSON(f *testing.F) {
	for _, ld := range seedLogs() {
		f.Add(ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SeverityText(), 300)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		log := plog.NewLogRecord()
		log.Body().SetStr(text)
		fits := logSize(log) <= limit
		if limit < 100 || !LogRecord(log, limit) {
			require.True(t, fits || limit < 100)
			return
		}
		require.LessOrEqual(t, logSize(log), limit)
		got := log.Body()
		if got.Str() == "" {
			return
		}
		if _, ok := compactJSON(text); ok && semconv.ParseJSONContainer(text, plog.NewLogRecord().Body()) {
			require.True(t, json.Valid([]byte(got.Str())), "%q became %q", text, got.Str())
		}
	})
}
