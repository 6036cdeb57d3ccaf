package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// capture is one recorded instrumentation: what it exported and the truth.
type capture struct {
	// name is unique among the captures played, label is shown to people.
	name, label string
	exports     []captureExport
	expected    captureTruth
	// served has what the mock LLM server served, by its number.
	served map[int]servedReply
}

// captureExport is one recorded export request; Request is OTLP-JSON.
type captureExport struct {
	Seq      int             `json:"seq"`
	Signal   string          `json:"signal"`
	Encoding string          `json:"encoding"`
	Request  json.RawMessage `json:"request"`
}

type captureTruth struct {
	Requests             []expectedRequest `json:"requests"`
	LogGroupsWithoutSpan []struct {
		TraceID string   `json:"trace_id"`
		SpanID  string   `json:"span_id"`
		Kinds   []string `json:"kinds"`
	} `json:"log_groups_without_span"`
}

// expectedRequest is one inference span as the capture states it.
type expectedRequest struct {
	TraceID        string          `json:"trace_id"`
	SpanID         string          `json:"span_id"`
	ResponseID     *string         `json:"response_id"`
	ConversationID *string         `json:"conversation_id"`
	Model          *string         `json:"model"`
	NLogEvents     int             `json:"n_log_events"`
	NSpanEvents    int             `json:"n_span_events"`
	FinishReason   oneOrMore       `json:"finish_reason"`
	InputTokens    *int64          `json:"input_tokens"`
	OutputTokens   *int64          `json:"output_tokens"`
	LogEventKinds  []string        `json:"log_event_kinds"`
	SpanEventKinds []string        `json:"span_event_kinds"`
	WireEventKinds []string        `json:"wire_event_kinds"`
	Error          json.RawMessage `json:"error"`
	Truth          *struct {
		ServedN       []int     `json:"served_n"`
		ResponseID    *string   `json:"response_id"`
		FinishReasons oneOrMore `json:"finish_reasons"`
		Error         any       `json:"error"`
		InputRoles    []string  `json:"input_roles"`
	} `json:"truth"`
}

func (r expectedRequest) requestID() string { return r.TraceID + "-" + r.SpanID }

// failed says that the capture itself marks the call as failed, failedOnWire
// that the server answered with an error or cut the stream.
func (r expectedRequest) failed() bool {
	return len(r.Error) > 0 && !bytes.Equal(r.Error, []byte("null"))
}

func (r expectedRequest) failedOnWire() bool { return r.Truth != nil && r.Truth.Error != nil }

// servedReply is one request as the mock LLM server saw it.
type servedReply struct {
	N         int      `json:"n"`
	LastUser  string   `json:"last_user"`
	Text      string   `json:"text"`
	ToolCalls []string `json:"tool_calls"`
}

// oneOrMore is a list, also when written as one string.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && !bytes.Equal(data, []byte("null")) {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// captures are those of testdata and those of the fuller set beside the
// checkout. What both hold alike is played once.
func captures(t *testing.T) []capture {
	t.Helper()
	root := repository(t)
	sets := []struct{ label, dir string }{{"testdata", filepath.Join(root, "testdata", "captures")}}
	if dir := os.Getenv("GENAI_CAPTURES"); dir != "" {
		require.DirExists(t, dir, "GENAI_CAPTURES")
		sets = append(sets, struct{ label, dir string }{"full", dir})
	} else if dir := filepath.Join(root, "..", "shared", "captures"); isDir(dir) {
		sets = append(sets, struct{ label, dir string }{"full", dir})
	}
	var all []capture
	for _, set := range sets {
		folders, err := filepath.Glob(filepath.Join(set.dir, "*", "all.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, folders, "no captures in %s", set.dir)
		for _, file := range folders {
			c := loadCapture(t, filepath.Dir(file))
			c.name = c.label + "/" + set.label
			same := func(other capture) bool { return other.label == c.label && sameExports(other, c) }
			if !slices.ContainsFunc(all, same) {
				all = append(all, c)
			}
		}
	}
	return all
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func sameExports(a, b capture) bool {
	return slices.EqualFunc(a.gathered(), b.gathered(), func(x, y captureExport) bool {
		return x.Signal == y.Signal && x.Encoding == y.Encoding && bytes.Equal(x.Request, y.Request)
	})
}

// gathered are the exports of the two signals that the buffer reads.
func (c capture) gathered() []captureExport {
	return slices.DeleteFunc(slices.Clone(c.exports), func(e captureExport) bool { return e.Signal == "metrics" })
}

func loadCapture(t *testing.T, dir string) capture {
	t.Helper()
	c := capture{label: filepath.Base(dir), served: map[int]servedReply{}}
	eachLine(t, filepath.Join(dir, "all.jsonl"), func(line []byte) {
		var e captureExport
		require.NoError(t, json.Unmarshal(line, &e))
		c.exports = append(c.exports, e)
	})
	eachLine(t, filepath.Join(dir, "served.jsonl"), func(line []byte) {
		var s servedReply
		require.NoError(t, json.Unmarshal(line, &s))
		c.served[s.N] = s
	})
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &c.expected))
	return c
}

func eachLine(t *testing.T, file string, do func([]byte)) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) > 0 {
			do(bytes.Clone(lines.Bytes()))
		}
	}
	require.NoError(t, lines.Err())
}

// play sends the exports in recorded order, each when the one before it was
// acknowledged, in the encoding that was recorded.
func (c capture) play(t *testing.T, client *httpClient) {
	t.Helper()
	for _, e := range c.exports {
		body, contentType := []byte(e.Request), "application/json"
		if e.Encoding == "protobuf" && e.Signal != "metrics" {
			body, contentType = e.proto(t), "application/x-protobuf"
		}
		result, _, err := client.post(t.Context(), "/v1/"+e.Signal, contentType, body)
		require.Equal(t, acknowledged, result, "export %d of %s: %v", e.Seq, c.name, err)
	}
}

// proto is the request in protobuf.
func (e captureExport) proto(t *testing.T) []byte {
	t.Helper()
	var body []byte
	var err error
	if e.Signal == "logs" {
		request := plogotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalJSON(e.Request))
		body, err = request.MarshalProto()
	} else {
		request := ptraceotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalJSON(e.Request))
		body, err = request.MarshalProto()
	}
	require.NoError(t, err)
	return body
}

// recording is what a capture sends, read as processor.md tells to read it.
type recording struct {
	spans []flatSpan
	logs  []flatLog
	// logsOf has the log records that name a request by their trace and span
	// id, or by the response id of an expected span; spanOf the first arrival
	// of every span.
	logsOf map[string][]flatLog
	spanOf map[string]flatSpan
	// detached has the gathered log records that only name a response id that
	// no expected span reports, by that id.
	detached map[string][]flatLog
	// passed are the log records that are not gathered, in order.
	passed []flatLog
}

func (c capture) read(t *testing.T) recording {
	t.Helper()
	r := recording{logsOf: map[string][]flatLog{}, spanOf: map[string]flatSpan{}, detached: map[string][]flatLog{}}
	for _, e := range c.exports {
		switch e.Signal {
		case "logs":
			request := plogotlp.NewExportRequest()
			require.NoError(t, request.UnmarshalJSON(e.Request))
			r.logs = slices.AppendSeq(r.logs, logRecords(request.Logs()))
		case "traces":
			request := ptraceotlp.NewExportRequest()
			require.NoError(t, request.UnmarshalJSON(e.Request))
			r.spans = slices.AppendSeq(r.spans, spans(request.Traces()))
		}
	}
	for _, s := range r.spans {
		key := spanKey(s.span.TraceID(), s.span.SpanID())
		if _, again := r.spanOf[key]; !again {
			r.spanOf[key] = s
		}
	}
	reported := c.reportedResponses(r.spans)
	for _, l := range r.logs {
		response := ""
		if v, ok := l.record.Attributes().Get("gen_ai.response.id"); ok {
			response = v.AsString()
		}
		switch {
		case !strings.HasPrefix(eventName(l.record), "gen_ai."):
			r.passed = append(r.passed, l)
		case !l.record.TraceID().IsEmpty() && !l.record.SpanID().IsEmpty():
			key := spanKey(l.record.TraceID(), l.record.SpanID())
			r.logsOf[key] = append(r.logsOf[key], l)
		case response == "":
			r.passed = append(r.passed, l)
		case reported[response] != "":
			key := reported[response]
			r.logsOf[key] = append(r.logsOf[key], l)
		default:
			r.detached[response] = append(r.detached[response], l)
		}
	}
	return r
}

// reportedResponses maps a response id to the request of the first expected
// span that reports it.
func (c capture) reportedResponses(all []flatSpan) map[string]string {
	response := map[string]string{}
	for _, e := range c.expected.Requests {
		if e.ResponseID != nil && *e.ResponseID != "" {
			response[e.requestID()] = *e.ResponseID
		}
	}
	first := map[string]string{}
	for _, s := range all {
		key := spanKey(s.span.TraceID(), s.span.SpanID())
		if id := response[key]; id != "" && first[id] == "" {
			first[id] = key
		}
	}
	return first
}

// spanEvents are the events of a span that belong to its request.
func (r recording) spanEvents(requestID string) []string {
	var names []string
	s, ok := r.spanOf[requestID]
	if !ok {
		return nil
	}
	for _, e := range s.span.Events().All() {
		gathered := strings.HasPrefix(e.Name(), "gen_ai.")
		for key := range e.Attributes().All() {
			gathered = gathered || strings.HasPrefix(key, "gen_ai.")
		}
		if gathered {
			names = append(names, e.Name())
		}
	}
	return names
}

// haystack is everything that the capture says about one request, as text.
func (r recording) haystack(t *testing.T, requestID string) string {
	t.Helper()
	var b strings.Builder
	if s, ok := r.spanOf[requestID]; ok {
		fmt.Fprintln(&b, s.span.Attributes().AsRaw())
		for _, e := range s.span.Events().All() {
			fmt.Fprintln(&b, e.Attributes().AsRaw())
		}
	}
	for _, l := range r.logsOf[requestID] {
		fmt.Fprintln(&b, l.record.Attributes().AsRaw(), l.record.Body().AsString())
	}
	return b.String()
}
