package liveextension_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// The reference parser is held to the rules and examples of the standard
// (https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.5, 9.2.6)
// before anything is held to it.
func TestReferenceParser(t *testing.T) {
	for stream, want := range map[string][]dispatched{
		"data: YHOO\ndata: +2\ndata: 10\n\n": {{"", "YHOO\n+2\n10", ""}},
		": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n": {{"", "first event", "1"}, {"", "second event", ""}, {"", " third event", ""}},
		"data\n\ndata\ndata\n\ndata:":                {{"", "", ""}, {"", "\n", ""}},
		"data:test\n\ndata: test\n\n":                {{"", "test", ""}, {"", "test", ""}},
		"event: a\n\ndata: x\n\n":                    {{"", "x", ""}},
		"event: a\ndata: x\n\ndata: y\n\n":           {{"a", "x", ""}, {"", "y", ""}},
		"\ufeffdata: bom\n\n":                        {{"", "bom", ""}},
		"\ufeff\ufeffdata: no\n\n":                   nil,
		"data: a\r\rdata: b\r\n\r\ndata: c\n\n":      {{"", "a", ""}, {"", "b", ""}, {"", "c", ""}},
		"id: 1\x00\ndata: x\n\n":                     {{"", "x", ""}},
		"id: 7\n\ndata: x\n\n":                       {{"", "x", "7"}},
		"id: 7\nid\ndata: x\n\n":                     {{"", "x", ""}},
		"Data: x\n\n data: y\n\nunknown: z\ndata: x": nil,
		"data: \u65e5\u672c\n\n":                     {{"", "\u65e5\u672c", ""}},
	} {
		for name, cut := range cuts {
			assert.Equal(t, want, newBrowser(t, cut(strings.NewReader(stream))).rest(), "%s, %q", name, stream)
		}
	}
	for text, want := range map[string]int{"retry: 10\n\n": 10, "retry: +1\n\n": 0, "retry: 1x\n\n": 0, "retry:5\r\r": 5, "retry\n\n": 0} {
		b := newBrowser(t, strings.NewReader(text))
		b.rest()
		assert.Equal(t, want, b.retry, "%q", text)
	}
}

// cuts are ways in which bytes arrive; some cut characters in two.
var cuts = map[string]func(io.Reader) io.Reader{
	"whole":      func(r io.Reader) io.Reader { return r },
	"one by one": iotest.OneByteReader,
	"in halves":  iotest.HalfReader,
	"at the end": iotest.DataErrReader,
}

// hostileTexts are what telemetry may have anywhere.
var hostileTexts = []string{
	"a\nb", "a\rb", "a\r\nb", "a\x00b", "\x00", "\ufeffbom", "", "data: x\n\nid: 9\n\nevent: stream.end\ndata: {}\n\n", ": c", "\n\n", "\r\r",
	"\u2028\u2029\u0085", "\xff\xfe", "\xed\xa0\x80", "\u65e5\u672c\U0001f600", "x\r\nevent: error\r\nid: 1\r\nretry: 1\r\n\r\n", "error", "open",
	"message", "\x1b[31m", `"},"x":{"`, "\\", "</script>", strings.Repeat("\u00e9", 5000), "name\nid: 3", "\v\f\x7f",
}

// hostileFacts have a text wherever text can be.
func hostileFacts(text string, n byte, into *event.Request) []event.Fact {
	of := &event.Request{ID: "id " + text, KeySource: text, Opening: [16]byte{n, 1}}
	log := plog.NewLogRecord()
	log.SetEventName(text)
	log.SetSeverityText(text)
	log.Body().SetEmptyMap().PutStr(text, text)
	log.Attributes().PutStr(text, text)
	log.Attributes().PutEmptySlice("gen_ai." + text).AppendEmpty().SetStr(text)
	log.Attributes().PutEmptyBytes("bytes").FromRaw([]byte(text))
	log.Attributes().PutStr(semconv.AttrConversationID, text)
	span := ptrace.NewSpan()
	span.SetName(text)
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Status().SetMessage(text)
	span.TraceState().FromRaw(text)
	for _, key := range []string{semconv.AttrProviderName, semconv.AttrOperationName, semconv.AttrRequestModel, "error.type", text} {
		span.Attributes().PutStr(key, text)
	}
	hostile := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	hostile.Resource.Attributes().PutStr("service.name", text)
	hostile.Scope.SetName(text)
	call := &event.Span{Data: span, Origin: hostile, Kind: semconv.KindInference, Gathered: true}
	return []event.Fact{
		{Kind: event.FactOpened, Request: of},
		{Kind: event.FactRecord, Request: of, Origin: hostile, Seq: 1, Packed: event.AppendRecord(nil, &event.Record{Log: log, Name: text, Origin: hostile})},
		{Kind: event.FactCall, Request: of, Origin: hostile, Packed: event.AppendSpan(nil, call)},
		{Kind: event.FactEnded, Request: of, Origin: hostile},
		{Kind: event.FactMerged, Request: of, Into: into},
	}
}

// line is what any line of a stream looks like.
var line = regexp.MustCompile(`^(|retry: \d+|: [a-z_]+|id: [0-9a-f]{16}-\d+|event: [^\x00-\x1f\x7f\x{feff}]+|data: \{[^\x00-\x1f]*\})$`)

func TestHostileTelemetryInjectsNothing(t *testing.T) {
	r := start(t, nil, nil)
	into := request("stays", 255)
	want := []string{"request.open"}
	r.Publish([]event.Fact{{Kind: event.FactOpened, Request: into}})
	for i, text := range hostileTexts {
		r.Publish(hostileFacts(text, byte(i), into))
		want = append(want, "request.open", "*", "request.call", "request.end", "request.merge", "*", "request.call")
	}
	r.Publish([]event.Fact{flushed(into, uint64(len(hostileTexts)))})
	want = append(want, "request.flush")
	all := r.get(t, "/api/v1/events?since=begin")
	one := r.get(t, "/api/v1/requests/stays/events")
	seen := newBrowser(t, all.Body)
	raw := &bytes.Buffer{}
	seen.in.Reset(io.TeeReader(all.Body, raw))
	for range want {
		seen.must()
	}
	r.stop(t)
	seen.rest()
	of, err := io.ReadAll(one.Body)
	require.NoError(t, err)

	checkRaw(t, of)
	events := checkRaw(t, raw.Bytes())
	require.Len(t, events, len(want)+1)
	assert.Equal(t, "stream.end", events[len(want)].name)
	for i, e := range events[:len(want)] {
		if want[i] != "*" {
			require.Equal(t, want[i], e.name, i)
		} else {
			require.NotRegexp(t, `^(error|open|request\..*|stream\..*)$`, e.name)
		}
		require.True(t, strings.HasSuffix(e.lastID, fmt.Sprintf("-%d", i+1)), "%d: %s", i, e.lastID)
	}
	for i, text := range hostileTexts {
		opened, merged := map[string]any{}, map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(events[1+7*i].data), &opened))
		require.NoError(t, json.Unmarshal([]byte(events[1+7*i+5].data), &merged))
		assert.Equal(t, "id "+asJSON(t, text), opened["request_id"])
		assert.Equal(t, map[string]any{asJSON(t, text): asJSON(t, text)}, merged["body"])
	}
}

// asJSON is a text as it comes back from JSON.
func asJSON(t *testing.T, text string) string {
	t.Helper()
	var back strings.Builder
	for rest := text; rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		back.WriteRune(r)
		rest = rest[n:]
	}
	return back.String()
}

// checkRaw holds the bytes of a stream to what may be in them, and answers its
// events, the same however the bytes are cut and whatever ends lines.
func checkRaw(t *testing.T, raw []byte) []dispatched {
	t.Helper()
	require.True(t, utf8.Valid(raw))
	for text := range strings.SplitSeq(string(raw), "\n") {
		require.Regexp(t, line, text)
	}
	events := newBrowser(t, bytes.NewReader(raw)).rest()
	for name, cut := range cuts {
		require.Equal(t, events, newBrowser(t, cut(bytes.NewReader(raw))).rest(), name)
	}
	for _, end := range []string{"\r", "\r\n"} {
		ended := bytes.ReplaceAll(raw, []byte("\n"), []byte(end))
		require.Equal(t, events, newBrowser(t, iotest.OneByteReader(bytes.NewReader(ended))).rest(), "%q", end)
	}
	return events
}
