package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sampleFolder = "../../testdata/quickstart"

func TestSampleIsShiftedToNow(t *testing.T) {
	s, err := readSample(sampleFolder)
	require.NoError(t, err)
	times := func(r recording) (all []pcommon.Timestamp) {
		r.eachTime(func(at pcommon.Timestamp) pcommon.Timestamp { all = append(all, at); return at })
		return all
	}
	var before [][]pcommon.Timestamp
	for _, r := range s.recordings {
		before = append(before, times(r))
	}
	now := time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)
	s.shift(now)
	for n, r := range s.recordings {
		after := times(r)
		require.Len(t, after, len(before[n]))
		for i := range after {
			if before[n][i] == 0 {
				assert.Zero(t, after[i], "unknown stays unknown")
			} else {
				assert.Equal(t, before[n][i]-before[n][0], after[i]-after[0], "distances stay")
			}
		}
		assert.Equal(t, now, slices.Max(after).AsTime(), r.name)
	}
}

// The sample is what the README promises: several instrumentations, a tool, a
// failure, and logs whose span never comes.
func TestSampleHasWhatItShows(t *testing.T) {
	s, err := readSample(sampleFolder)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(s.recordings), 4, "instrumentations")
	var exports []export
	for _, r := range s.recordings {
		exports = append(exports, r.exports...)
	}
	ended := map[pcommon.SpanID]bool{}
	tools, failed := 0, 0
	for _, e := range exports {
		if e.signal != "traces" {
			continue
		}
		for _, rs := range e.traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					ended[span.SpanID()] = true
					if strings.HasPrefix(span.Name(), "execute_tool") {
						tools++
					}
					if span.Status().Code() == 2 {
						failed++
					}
				}
			}
		}
	}
	open := map[pcommon.SpanID]bool{}
	for _, e := range exports {
		if e.signal != "logs" {
			continue
		}
		for _, rl := range e.logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					if !ended[record.SpanID()] {
						open[record.SpanID()] = true
					}
				}
			}
		}
	}
	assert.Positive(t, tools, "tool executions")
	assert.Positive(t, failed, "failed calls")
	assert.Len(t, open, 1, "requests without a span")
}

func TestSampleIsSentAsRecorded(t *testing.T) {
	spans, records := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "application/x-protobuf", r.Header.Get("Content-Type"))
		switch r.URL.Path {
		case "/v1/traces":
			request := ptraceotlp.NewExportRequest()
			assert.NoError(t, request.UnmarshalProto(body))
			spans += request.Traces().SpanCount()
		case "/v1/logs":
			request := plogotlp.NewExportRequest()
			assert.NoError(t, request.UnmarshalProto(body))
			records += request.Logs().LogRecordCount()
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	t.Cleanup(server.Close)
	s, err := readSample(sampleFolder)
	require.NoError(t, err)
	require.NoError(t, s.send(t.Context(), server.Listener.Addr().String()))
	assert.Equal(t, s.spans, spans)
	assert.Equal(t, s.records, records)
	assert.Positive(t, spans)
	assert.Positive(t, records)
}

func TestSampleRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no room", http.StatusServiceUnavailable)
	}))
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	t.Cleanup(server.Close)
	s, err := readSample(sampleFolder)
	require.NoError(t, err)
	assert.ErrorContains(t, s.send(t.Context(), server.Listener.Addr().String()), "no room")
}

func TestBadSample(t *testing.T) {
	_, err := readSample(t.TempDir())
	require.ErrorContains(t, err, "no .jsonl file")
	for name, content := range map[string]string{
		"no JSON":        "{",
		"unknown signal": `{"signal":"metrics","request":{}}`,
		"no OTLP":        `{"signal":"traces","request":{"resourceSpans":3}}`,
	} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "x.jsonl"), []byte(content), 0o600))
		_, err := readSample(folder)
		assert.ErrorContains(t, err, "x.jsonl", name)
	}
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "envelopes.jsonl")
	add := func(path, text string) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		_, err = file.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	follow := func(f *follower) (lines []string) {
		require.NoError(t, f.lines(func(line []byte) error {
			lines = append(lines, string(line))
			return nil
		}))
		return lines
	}

	f, err := followFile(path)
	require.NoError(t, err)
	assert.Empty(t, follow(f), "no file yet")
	add(path, "one\ntw")
	assert.Equal(t, []string{"one"}, follow(f), "half a line waits")
	add(path, "o\n\nthree\n")
	assert.Equal(t, []string{"two", "three"}, follow(f))

	add(path, "four\n")
	require.NoError(t, os.Rename(path, path+".1"))
	add(path, "five\n")
	assert.Equal(t, []string{"four", "five"}, follow(f), "over a rotation")
	assert.Empty(t, follow(f))
	f.close()

	f, err = followFile(path)
	require.NoError(t, err)
	defer f.close()
	assert.Empty(t, follow(f), "what was there before is left out")
	add(path, "six\n")
	broken := errors.New("broken")
	require.ErrorIs(t, f.lines(func([]byte) error { return broken }), broken)
}

func TestReadEnvelopes(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Body().SetStr("something else")
	for _, form := range []string{"map", "json"} {
		record := records.AppendEmpty()
		record.SetEventName("gen_ai_buffer.request")
		record.Attributes().PutStr("gen_ai.request.model", "asked")
		record.Attributes().PutStr("gen_ai.response.model", "answered")
		reasons := record.Attributes().PutEmptySlice("gen_ai.response.finish_reasons")
		reasons.AppendEmpty().SetStr("stop")
		reasons.AppendEmpty().SetStr("length")
		const body = `{"request_id":"r","kind":"inference","part":2,"flush_reason":"late","duration_ns":1500000000,
			"started_at":"2026-01-02T03:04:05.000000006Z","status":"error","error":{"type":"429"},
			"usage":{"input_tokens":12},"counts":{"events":3}}`
		if form == "json" {
			record.Body().SetStr(body)
			continue
		}
		raw := map[string]any{
			"request_id": "r", "kind": "inference", "part": 2, "flush_reason": "late", "duration_ns": 1500000000,
			"started_at": "2026-01-02T03:04:05.000000006Z", "status": "error", "error": map[string]any{"type": "429"},
			"usage": map[string]any{"input_tokens": 12}, "counts": map[string]any{"events": 3},
		}
		require.NoError(t, record.Body().SetEmptyMap().FromRaw(raw))
	}
	line, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	require.NoError(t, err)

	found, others, err := readEnvelopes(line)
	require.NoError(t, err)
	assert.Equal(t, 1, others)
	require.Len(t, found, 2)
	assert.Equal(t, found[0], found[1], "both forms of the body read the same")
	e := found[0]
	assert.Equal(t, "answered", e.model)
	assert.Equal(t, "stop,length", e.finish)
	assert.Equal(t, "error: 429", e.outcome())
	assert.Equal(t, "late #2", e.flushed())
	assert.Equal(t, "12", count(e.Usage.InputTokens))
	assert.Empty(t, count(e.Usage.OutputTokens))
	assert.Equal(t, 3, e.Counts.Events)

	_, _, err = readEnvelopes([]byte("no JSON"))
	assert.Error(t, err)
}

func TestTable(t *testing.T) {
	n := int64(1021)
	envelopes := []envelope{
		{Kind: "inference", model: "gpt-4o-mini", provider: "openai", Usage: usage{InputTokens: &n}, Status: "ok", DurationNS: 1234567},
		{Kind: "tool", model: "hidden", tool: "get_weather_in_a_place_with_a_long_name", Status: "ok", DurationNS: 61e9},
		{Kind: "agent", agent: "Ä-agent", Status: "error", DurationNS: 2.34e9},
	}
	out := newScreen(io.Discard, nil)
	tab := newTable(envelopes)
	lines := []string{tab.header(out)}
	for i := range envelopes {
		lines = append(lines, tab.row(out, &envelopes[i]))
	}
	assert.Contains(t, lines[1], "1021")
	assert.Contains(t, lines[1], "1 ms")
	assert.Contains(t, lines[2], "get_weather_in_a_place_…")
	assert.Contains(t, lines[2], "1m1s")
	assert.Contains(t, lines[3], "Ä-agent")
	assert.Contains(t, lines[3], "2.3 s")
	at := strings.Index(lines[0], "status")
	for _, line := range lines[1:] {
		runes := []rune(line)
		assert.Equal(t, " ", string(runes[at-1]), "a gap before the column")
		assert.NotEqual(t, " ", string(runes[at]), "the column begins where its title does")
	}
}

func TestTranscript(t *testing.T) {
	weather := call{
		SystemInstructions: []part{{Type: "text", Content: "Be brief."}},
		InputMessages: []message{
			{Role: "user", Parts: []part{{Type: "text", Content: "weather " + strings.Repeat("please ", 80)}}},
			{Role: "assistant", Parts: []part{{Type: "tool_call", Name: "get_weather", Arguments: map[string]any{"city": "Oslo"}}}},
			{Role: "tool", Parts: []part{{Type: "tool_call_response", Response: "rain"}}},
		},
		OutputMessages: []message{{Role: "assistant", Parts: []part{{Type: "text", Content: "Rain."}}}},
	}
	plain := call{InputMessages: make([]message, 6), OutputMessages: make([]message, 1)}
	envelopes := []envelope{{}, {RequestID: "long", Calls: []call{plain}}, {RequestID: "tools", Calls: []call{weather}}}
	best := mostTelling(envelopes)
	require.NotNil(t, best)
	assert.Equal(t, "tools", best.RequestID)
	text := transcript(newScreen(io.Discard, nil), best)
	for _, want := range []string{"request tools", "system    Be brief.", `→ get_weather({"city":"Oslo"})`, "← rain", "assistant Rain.", " …"} {
		assert.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, len([]rune(line)), 110)
	}
	assert.Nil(t, mostTelling(envelopes[:1]), "nothing to read")
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{""}, wrap("", 5, 2))
	assert.Equal(t, []string{"ab cd", "ef"}, wrap("ab cd ef", 5, 2))
	assert.Equal(t, []string{"abcde", "fg hi"}, wrap("abcdefg hi", 5, 2))
	assert.Equal(t, []string{"a b c", "d e f …"}, wrap("a b c d e f g", 5, 2))
}

func TestParseTaken(t *testing.T) {
	text := "# HELP otelcol_receiver_accepted_spans x\n" +
		`otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} 3` + "\n" +
		`otelcol_receiver_accepted_spans_total{receiver="otlp",transport="http"} 4` + "\n" +
		`otelcol_receiver_accepted_log_records{receiver="otlp"} 1e+06` + "\n" +
		`otelcol_receiver_refused_spans{receiver="otlp"} 9` + "\n"
	assert.Equal(t, taken{spans: 7, logs: 1_000_000}, parseTaken(strings.NewReader(text)))
}

func TestBusyPort(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "localhost:0")
	require.NoError(t, err)
	defer listener.Close()
	o := options{grpc: "localhost:0", http: listener.Addr().String(), live: "localhost:0", health: "localhost:0", metrics: "localhost:0"}
	err = portsFree(t.Context(), o)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	assert.ErrorContains(t, err, "OTLP_HTTP_ENDPOINT=")
	assert.ErrorContains(t, err, listener.Addr().String())
}

func TestNoCollector(t *testing.T) {
	_, err := startCollector(t.Context(), options{collector: filepath.Join(t.TempDir(), "none")})
	assert.ErrorContains(t, err, "make build")
}

func TestCollectorThatDies(t *testing.T) {
	dir := t.TempDir()
	collector := filepath.Join(dir, "collector")
	require.NoError(t, os.WriteFile(collector, []byte("#!/bin/sh\necho my last words >&2\nexit 3\n"), 0o700)) //nolint:gosec // it has to be executable
	free := "localhost:0"
	_, err := startCollector(t.Context(), options{collector: collector, dir: dir, grpc: free, http: free, live: free, health: free, metrics: free})
	require.ErrorContains(t, err, "my last words")
	assert.ErrorContains(t, err, "exit status 3")
}

func TestScreenOfAReaderThatWentAway(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := newScreen(w, cancel)
	out.print("lost")
	assert.ErrorIs(t, ctx.Err(), context.Canceled, "the run ends")
	require.NoError(t, out.err(), "and it is no failure")

	var plain bytes.Buffer
	out = newScreen(&plain, nil)
	out.print(out.red("red"))
	assert.Equal(t, "red", plain.String(), "no colour in a pipe")
}

func TestParse(t *testing.T) {
	env := map[string]string{"OTLP_HTTP_ENDPOINT": "localhost:14318", "METRICS_PORT": "18888"}
	o, err := parse([]string{"-once"}, func(name string) string { return env[name] })
	require.NoError(t, err)
	assert.True(t, o.once)
	assert.Equal(t, "localhost:4317", o.grpc)
	assert.Equal(t, "localhost:14318", o.http)
	assert.Equal(t, "localhost:18888", o.metrics)
	assert.True(t, filepath.IsAbs(o.config))
}

// What is played twice is two times other requests, each in one piece.
func TestSampleIsRenewed(t *testing.T) {
	traces := func() (all []pcommon.TraceID) {
		s, err := readSample(sampleFolder)
		require.NoError(t, err)
		s.renew()
		for i := range s.recordings {
			for _, e := range s.recordings[i].exports {
				e.eachTrace(func(id pcommon.TraceID) pcommon.TraceID { all = append(all, id); return id })
			}
		}
		return all
	}
	first, second := traces(), traces()
	require.Len(t, second, len(first))
	renamed := map[pcommon.TraceID]pcommon.TraceID{}
	for i, id := range first {
		if before, known := renamed[id]; known {
			assert.Equal(t, before, second[i], "one trace stays one")
		}
		renamed[id] = second[i]
		assert.NotEqual(t, id, second[i])
	}
	assert.Greater(t, len(renamed), 5)
}

// A run goes on showing where the one before was, unless the file is another.
func TestPlaceOutlivesARun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out", "envelopes.jsonl")
	follow := func() (*follower, []string) {
		f, err := followFile(path)
		require.NoError(t, err)
		t.Cleanup(f.close)
		require.NoError(t, placeOf(f).resume(f))
		var lines []string
		require.NoError(t, f.lines(func(line []byte) error { lines = append(lines, string(line)); return nil }))
		return f, lines
	}
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }

	f, lines := follow()
	assert.Empty(t, lines)
	require.NoError(t, placeOf(f).keep(f))
	write("one\ntwo\nthr")
	f, lines = follow()
	assert.Equal(t, []string{"one", "two"}, lines)
	_, lines = follow()
	assert.Equal(t, []string{"one", "two"}, lines, "nothing was shown yet")
	require.NoError(t, placeOf(f).keep(f))
	write("one\ntwo\nthree\n")
	_, lines = follow()
	assert.Equal(t, []string{"three"}, lines)
	write("new\n")
	_, lines = follow()
	assert.Equal(t, []string{"new"}, lines, "the file was begun anew")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), ".shown"), []byte("nonsense"), 0o600))
	_, lines = follow()
	assert.Empty(t, lines, "at the end")
}

// What is played on is all of the sample, a record at a time, each trace's
// together, and lasts as long as it took to send.
func TestTurns(t *testing.T) {
	s, err := readSample(sampleFolder)
	require.NoError(t, err)
	records, spans := 0, 0
	met := map[pcommon.TraceID]bool{}
	for _, turn := range s.turns() {
		traces := map[pcommon.TraceID]bool{}
		note := func(id pcommon.TraceID) pcommon.TraceID { traces[id] = true; return id }
		for _, e := range turn.logs {
			records += e.logs.LogRecordCount()
			assert.Equal(t, 1, e.logs.LogRecordCount())
			e.eachTrace(note)
		}
		for _, e := range turn.traces {
			spans += e.traces.SpanCount()
			e.eachTrace(note)
		}
		assert.Len(t, traces, 1)
		for id := range traces {
			assert.False(t, met[id], "in two turns")
			met[id] = true
		}
		if len(turn.traces) == 0 {
			continue
		}
		from := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		to := from.Add(7 * time.Second)
		stretch(turn.traces, from, to)
		first, last := to, from
		for _, e := range turn.traces {
			eachSpanTime(e.traces, func(at pcommon.Timestamp) pcommon.Timestamp {
				if at != 0 {
					first, last = earlier(first, at.AsTime()), later(last, at.AsTime())
				}
				return at
			})
		}
		assert.Equal(t, from, first)
		assert.WithinDuration(t, to, last, time.Microsecond)
	}
	assert.Equal(t, s.records, records)
	assert.Equal(t, s.spans, spans)
	assert.Greater(t, len(met), 5)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Playing nothing again and again would be a busy loop.
func TestNothingToPlayOn(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "empty.jsonl"), nil, 0o600))
	err := encore(t.Context(), options{sample: folder})
	require.ErrorContains(t, err, folder+": no span and no log record to play")
}
