package envelopetest

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// body is what the invariants are about.
type body struct {
	SchemaVersion  int64            `json:"schema_version"`
	ID             string           `json:"id"`
	RequestID      string           `json:"request_id"`
	Kind           string           `json:"kind"`
	Part           int64            `json:"part"`
	FlushReason    string           `json:"flush_reason"`
	Complete       bool             `json:"complete"`
	TraceID        string           `json:"trace_id"`
	SpanID         string           `json:"span_id"`
	ConversationID string           `json:"conversation_id"`
	StartedAt      string           `json:"started_at"`
	EndedAt        string           `json:"ended_at"`
	DurationNS     *int64           `json:"duration_ns"`
	Status         string           `json:"status"`
	Usage          map[string]int64 `json:"usage"`
	Calls          []struct {
		TraceID    string `json:"trace_id"`
		SpanID     string `json:"span_id"`
		StartedAt  string `json:"started_at"`
		EndedAt    string `json:"ended_at"`
		DurationNS *int64 `json:"duration_ns"`
	} `json:"calls"`
	Events []struct {
		Seq       uint64 `json:"seq"`
		Time      string `json:"time"`
		TraceID   string `json:"trace_id"`
		Late      bool   `json:"late"`
		Truncated bool   `json:"truncated"`
	} `json:"events"`
	Counts struct {
		Events    int64 `json:"events"`
		Calls     int64 `json:"calls"`
		Late      int64 `json:"late"`
		Truncated int64 `json:"truncated"`
		Dropped   int64 `json:"dropped"`
	} `json:"counts"`
}

func envelopeOf(t testing.TB, text []byte) *body {
	t.Helper()
	var e body
	require.NoError(t, json.Unmarshal(text, &e))
	return &e
}

func (e *body) assertCounts(t testing.TB) {
	t.Helper()
	assert.Len(t, e.Calls, int(e.Counts.Calls), "counts.calls")
	if e.Events == nil {
		// Without the option to carry them, events are only counted.
		return
	}
	assert.Len(t, e.Events, int(e.Counts.Events), "counts.events")
	var late, truncated int64
	for _, event := range e.Events {
		if event.Late {
			late++
		}
		if event.Truncated {
			truncated++
		}
	}
	assert.Equal(t, late, e.Counts.Late, "counts.late")
	// Spans are truncated as well.
	assert.GreaterOrEqual(t, e.Counts.Truncated, truncated, "counts.truncated")
	if e.Counts.Truncated > 0 || e.Counts.Dropped > 0 {
		assert.False(t, e.Complete, "complete although something was lost")
	}
}

// assertOrder: no seq twice, and events in order of arrival or of time.
func (e *body) assertOrder(t testing.TB) {
	t.Helper()
	seen := make(map[uint64]struct{}, len(e.Events))
	arrival, time := true, true
	for i, event := range e.Events {
		_, twice := seen[event.Seq]
		assert.False(t, twice, "seq %d is there once", event.Seq)
		seen[event.Seq] = struct{}{}
		if i > 0 {
			before := e.Events[i-1]
			arrival = arrival && before.Seq < event.Seq
			// An event without a time comes first: no time is less than any.
			time = time && before.Time <= event.Time
		}
	}
	assert.True(t, arrival || time, "events are in order of arrival or of time")
}

func (e *body) assertTimes(t testing.TB) {
	t.Helper()
	assertDuration(t, e.StartedAt, e.EndedAt, e.DurationNS)
	for i, call := range e.Calls {
		assertDuration(t, call.StartedAt, call.EndedAt, call.DurationNS)
		if call.TraceID != "" {
			assert.NotEqual(t, e.TraceID, call.TraceID, "calls[%d].trace_id differs when it is there", i)
		}
	}
	for i, event := range e.Events {
		if event.TraceID != "" {
			assert.NotEqual(t, e.TraceID, event.TraceID, "events[%d].trace_id differs when it is there", i)
		}
	}
}

func assertDuration(t testing.TB, start, end string, duration *int64) {
	t.Helper()
	if duration == nil {
		return
	}
	from, err := time.Parse(time.RFC3339Nano, start)
	require.NoError(t, err)
	to, err := time.Parse(time.RFC3339Nano, end)
	require.NoError(t, err)
	assert.Equal(t, to.Sub(from), time.Duration(*duration), "duration_ns is the time between")
}

func (e *body) assertHeader(t testing.TB, record plog.LogRecord) {
	t.Helper()
	assert.Equal(t, EventName, record.EventName())
	assert.Equal(t, e.TraceID, hexID(record.TraceID().IsEmpty(), record.TraceID()), "TraceID")
	spanID := record.SpanID()
	text := ""
	if !spanID.IsEmpty() {
		text = hex.EncodeToString(spanID[:])
	}
	assert.Equal(t, e.SpanID, text, "SpanID")
	started := ""
	if ts := record.Timestamp(); ts != 0 {
		started = time.Unix(int64(uint64(ts)/1e9), int64(uint64(ts)%1e9)).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
	}
	assert.Equal(t, e.StartedAt, started, "Timestamp")
	assert.NotZero(t, record.ObservedTimestamp(), "ObservedTimestamp")
	want := plog.SeverityNumberInfo
	if e.Status == "error" {
		want = plog.SeverityNumberError
	}
	assert.Equal(t, want, record.SeverityNumber(), "SeverityNumber")
}

func hexID(empty bool, id pcommon.TraceID) string {
	if empty {
		return ""
	}
	return hex.EncodeToString(id[:])
}

func (e *body) assertAttributes(t testing.TB, attrs pcommon.Map) {
	t.Helper()
	got := attrs.AsRaw()
	assert.Len(t, got, attrs.Len(), "attribute keys are unique")
	for key, want := range map[string]any{
		semconv.AttrBufferRequestID:     e.RequestID,
		semconv.AttrBufferID:            e.ID,
		semconv.AttrBufferKind:          e.Kind,
		semconv.AttrBufferSchemaVersion: e.SchemaVersion,
		semconv.AttrBufferPart:          e.Part,
		semconv.AttrBufferFlushReason:   e.FlushReason,
		semconv.AttrBufferComplete:      e.Complete,
		semconv.AttrBufferEventCount:    e.Counts.Events,
	} {
		assert.Equal(t, want, got[key], key)
	}
	conversation, _ := got[semconv.AttrConversationID].(string)
	assert.Equal(t, e.ConversationID, conversation, semconv.AttrConversationID)
	for key, attribute := range usageAttributes {
		want, known := e.Usage[key]
		value, told := attrs.Get(attribute)
		if assert.Equal(t, known, told, attribute) && known {
			assert.Equal(t, want, value.Int(), attribute)
		}
	}
	for _, key := range textAttributes {
		if value, told := attrs.Get(key); told {
			assert.NotEmpty(t, value.Str(), key)
		}
	}
	if reasons, told := attrs.Get(semconv.AttrFinishReasons); told && assert.Equal(t, pcommon.ValueTypeSlice, reasons.Type()) {
		assert.NotZero(t, reasons.Slice().Len())
		assert.False(t, slices.Contains(reasons.Slice().AsRaw(), any("")), "no finish reason is empty")
	}
}

var usageAttributes = map[string]string{
	"input_tokens":             semconv.AttrUsageInputTokens,
	"output_tokens":            semconv.AttrUsageOutputTokens,
	"cache_read_input_tokens":  semconv.AttrUsageCacheReadInputTokens,
	"cache_write_input_tokens": semconv.AttrUsageCacheWriteInputTokens,
	"reasoning_output_tokens":  semconv.AttrUsageReasoningOutputTokens,
}

// textAttributes are strings when they are there.
var textAttributes = []string{
	semconv.AttrOperationName, semconv.AttrProviderName, semconv.AttrRequestModel, semconv.AttrResponseModel,
	semconv.AttrResponseID, semconv.AttrConversationID, semconv.AttrAgentName, semconv.AttrToolName, semconv.AttrErrorType,
}
