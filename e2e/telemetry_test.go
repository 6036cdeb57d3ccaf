package e2e

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// marker is the attribute by which a test finds an event again; no two events
// share its value.
const marker = "e2e.marker"

// batch is logs or spans under one resource and scope.
type batch struct {
	logs   plog.Logs
	traces ptrace.Traces
	record plog.LogRecordSlice
	span   ptrace.SpanSlice
}

func newBatch() batch {
	b := batch{logs: plog.NewLogs(), traces: ptrace.NewTraces()}
	rl := b.logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "e2e")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("e2e.load")
	b.record = sl.LogRecords()
	rs := b.traces.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "e2e")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("e2e.load")
	b.span = ss.Spans()
	return b
}

// ids names one request.
type ids struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func newIDs() ids {
	var i ids
	_, _ = rand.Read(i.trace[:])
	_, _ = rand.Read(i.span[:])
	return i
}

// numberedIDs are ids that are cheap to make by the hundred thousand.
func numberedIDs(n int) ids {
	var i ids
	binary.BigEndian.PutUint64(i.trace[:], 0xe2e)
	binary.BigEndian.PutUint64(i.trace[8:], uint64(n)+1)
	binary.BigEndian.PutUint64(i.span[:], uint64(n)+1)
	return i
}

func (i ids) requestID() string { return spanKey(i.trace, i.span) }

var markers atomic.Int64

func newMarker() string { return fmt.Sprintf("m%d", markers.Add(1)) }

// addLog appends a gen_ai log record of a request and returns its marker.
func (b batch) addLog(of ids, name, content string) string {
	record := b.record.AppendEmpty()
	record.SetEventName(name)
	record.SetTraceID(of.trace)
	record.SetSpanID(of.span)
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.Body().SetEmptyMap().PutStr("content", content)
	m := newMarker()
	record.Attributes().PutStr(marker, m)
	return m
}

// addOtherLog appends a log record that belongs to no request.
func (b batch) addOtherLog(text string) {
	record := b.record.AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.Body().SetStr(text)
}

// addSpan appends the inference span of a request with one gen_ai event and
// returns the event's marker.
func (b batch) addSpan(of ids, name string) string {
	span := b.span.AppendEmpty()
	span.SetName(name)
	span.SetKind(ptrace.SpanKindClient)
	span.SetTraceID(of.trace)
	span.SetSpanID(of.span)
	now := time.Now()
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.provider.name", "openai")
	span.Attributes().PutStr("gen_ai.request.model", "gpt-4o-mini")
	span.Attributes().PutInt("gen_ai.usage.input_tokens", 7)
	event := span.Events().AppendEmpty()
	event.SetName("gen_ai.choice")
	event.SetTimestamp(pcommon.NewTimestampFromTime(now))
	event.Attributes().PutStr("message", "done")
	m := newMarker()
	event.Attributes().PutStr(marker, m)
	return m
}

// markerOf is the marker of an event, empty when it has none.
func markerOf(e envelopeFact) string { m, _ := e.Attributes[marker].(string); return m }
