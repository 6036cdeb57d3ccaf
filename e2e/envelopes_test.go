package e2e

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
)

// envelopeEvent names the log records that the buffer makes.
const envelopeEvent = "gen_ai_buffer.request"

// envelope is the body of one record, as envelope.md draws it, and the record.
type envelope struct {
	ID               string          `json:"id"`
	RequestID        string          `json:"request_id"`
	KeySource        string          `json:"key_source"`
	RelatedRequestID string          `json:"related_request_id"`
	Kind             string          `json:"kind"`
	Part             int             `json:"part"`
	FlushReason      string          `json:"flush_reason"`
	Complete         bool            `json:"complete"`
	TraceID          string          `json:"trace_id"`
	SpanID           string          `json:"span_id"`
	ConversationID   string          `json:"conversation_id"`
	Status           string          `json:"status"`
	Error            *envelopeError  `json:"error"`
	Usage            envelopeUsage   `json:"usage"`
	Calls            []envelopeCall  `json:"calls"`
	Events           []envelopeFact  `json:"events"`
	Counts           *envelopeCounts `json:"counts"`

	record plog.LogRecord
	wire   string
}

type envelopeError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type envelopeUsage struct {
	InputTokens  *int64 `json:"input_tokens"`
	OutputTokens *int64 `json:"output_tokens"`
}

type envelopeCounts struct {
	Events    int `json:"events"`
	Calls     int `json:"calls"`
	Late      int `json:"late"`
	Truncated int `json:"truncated"`
	Dropped   int `json:"dropped"`
}

type envelopeCall struct {
	SpanID             string            `json:"span_id"`
	Name               string            `json:"name"`
	Kind               string            `json:"kind"`
	RequestModel       string            `json:"request_model"`
	ResponseModel      string            `json:"response_model"`
	ResponseID         string            `json:"response_id"`
	Status             string            `json:"status"`
	Error              *envelopeError    `json:"error"`
	FinishReasons      []string          `json:"finish_reasons"`
	Usage              envelopeUsage     `json:"usage"`
	Attributes         map[string]any    `json:"attributes"`
	SystemInstructions []messagePart     `json:"system_instructions"`
	InputMessages      []message         `json:"input_messages"`
	OutputMessages     []message         `json:"output_messages"`
	ToolDefinitions    []any             `json:"tool_definitions"`
	ContentSource      map[string]string `json:"content_source"`
}

type message struct {
	Role  string        `json:"role"`
	Parts []messagePart `json:"parts"`
}

// messagePart is a part of a message: its type, its text where it is one, and
// everything it holds.
type messagePart map[string]any

func (p messagePart) text() string {
	if p["type"] != "text" {
		return ""
	}
	s, _ := p["content"].(string)
	return s
}

type envelopeFact struct {
	Seq        int            `json:"seq"`
	Time       time.Time      `json:"time"`
	Name       string         `json:"name"`
	Source     string         `json:"source"`
	TraceID    string         `json:"trace_id"`
	SpanID     string         `json:"span_id"`
	Attributes map[string]any `json:"attributes"`
	Body       any            `json:"body"`
	Late       bool           `json:"late"`
	Truncated  bool           `json:"truncated"`
}

func isEnvelope(record plog.LogRecord) bool { return eventName(record) == envelopeEvent }

// validateAll is how many envelopes of one delivery are all held to the
// published schema; of those beyond, one in sampleEvery is.
const (
	validateAll = 2000
	sampleEvery = 50
)

// decodeEnvelope reads an envelope.
func decodeEnvelope(t *testing.T, f flatLog) envelope {
	t.Helper()
	var body []byte
	if f.record.Body().Type() == pcommon.ValueTypeStr {
		body = []byte(f.record.Body().Str())
	} else {
		var err error
		body, err = json.Marshal(f.record.Body().AsRaw())
		require.NoError(t, err)
	}
	e := envelope{record: f.record, wire: f.wire(t)}
	require.NoError(t, json.Unmarshal(body, &e))
	return e
}

// delivery is everything that arrived behind the buffer, an envelope that was
// delivered again counted once.
type delivery struct {
	// byID has every envelope, byRequest the parts of every request in order.
	byID      map[string]envelope
	byRequest map[string][]envelope
	// order has the ids in order of their first arrival.
	order []string
	// repeats counts deliveries of an id that was there already.
	repeats int
	// passed are the other log records, in order.
	passed []flatLog
}

// collect reads what was delivered and validates it. It fails the test when one id came with
// two contents or a request has a part twice.
func collect(t *testing.T, exports []plog.Logs) delivery {
	t.Helper()
	d := delivery{byID: map[string]envelope{}, byRequest: map[string][]envelope{}}
	for _, logs := range exports {
		for f := range logRecords(logs) {
			if !isEnvelope(f.record) {
				d.passed = append(d.passed, f)
				continue
			}
			if n := len(d.byID); n < validateAll || n%sampleEvery == 0 {
				envelopetest.Validate(t, f.record)
			}
			e := decodeEnvelope(t, f)
			require.NotEmpty(t, e.ID)
			if before, ok := d.byID[e.ID]; ok {
				d.repeats++
				if before.wire != e.wire {
					t.Errorf("id %s of request %s was delivered again with another content", e.ID, e.RequestID)
				}
				continue
			}
			d.byID[e.ID] = e
			d.order = append(d.order, e.ID)
			d.byRequest[e.RequestID] = append(d.byRequest[e.RequestID], e)
		}
	}
	for _, parts := range d.byRequest {
		slices.SortStableFunc(parts, func(a, b envelope) int { return cmp.Compare(a.Part, b.Part) })
	}
	return d
}

// one is the only record of a request.
func (d delivery) one(t *testing.T, requestID string) envelope {
	t.Helper()
	require.Len(t, d.byRequest[requestID], 1, "records of request %s", requestID)
	return d.byRequest[requestID][0]
}

// whole requires that the parts of a request are 1..n of one opening, their
// events numbered 1..m, and returns them with all events by number.
func (d delivery) whole(t *testing.T, requestID string) ([]envelope, []envelopeFact) {
	t.Helper()
	parts := d.byRequest[requestID]
	require.NotEmpty(t, parts, "records of request %s", requestID)
	var events []envelopeFact
	for i, part := range parts {
		require.Equal(t, i+1, part.Part, "parts of request %s", requestID)
		events = append(events, part.Events...)
	}
	slices.SortFunc(events, func(a, b envelopeFact) int { return cmp.Compare(a.Seq, b.Seq) })
	for i, e := range events {
		require.Equal(t, i+1, e.Seq, "numbers of the events of request %s", requestID)
	}
	return parts, events
}

// delivered collects what the sink took so far.
func (s *sink) delivered() delivery { s.t.Helper(); return collect(s.t, s.takenLogs()) }

// awaitEnvelopes waits until the sink took at least n different envelopes.
func (s *sink) awaitEnvelopes(n int) {
	s.t.Helper()
	ids := map[string]bool{}
	read := 0
	s.await("envelopes", func() bool {
		taken := s.takenLogs()
		for _, logs := range taken[read:] {
			for f := range logRecords(logs) {
				if id, ok := f.record.Attributes().Get("gen_ai_buffer.id"); ok && isEnvelope(f.record) {
					ids[id.Str()] = true
				}
			}
		}
		read = len(taken)
		return len(ids) >= n
	})
}
