package load

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	// EventsPerRequest is how many events each request of a Unit has: system,
	// user, assistant and user message, and the choice.
	EventsPerRequest = 5
	// batchRecords is how many records an SDK's batch processor would send at
	// once, scaled down from its 512 to what the issue asks for.
	batchRecords = 100
)

// Unit is a fixed piece of work: batches sent one after the other, which
// together hold whole requests.
type Unit struct {
	Batches []Batch
	// Requests, Logs, Spans and Events count what one Unit holds; Events are
	// GenAI events, in whichever signal.
	Requests, Logs, Spans, Events int
	// Bytes is the OTLP size of all batches.
	Bytes int
}

// start is when everything in the traffic happened. Nothing in the product
// depends on it: deadlines run on the collector's own clock.
var start = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC)

// turn is one message event.
type turn struct{ name, role string }

var conversation = [EventsPerRequest]turn{
	{"gen_ai.system.message", "system"},
	{"gen_ai.user.message", "user"},
	{"gen_ai.assistant.message", "assistant"},
	{"gen_ai.user.message", "user"},
	{"gen_ai.choice", "assistant"},
}

// Gathered is traffic that is all to be gathered: 100 requests, each with five
// message logs of eventBytes of text and one inference span. The requests of a
// batch of logs run concurrently, so that neighbouring records belong to
// different requests; the spans come last.
func Gathered(eventBytes int) Unit {
	u := OpenLogs(eventBytes)
	td, spans := newTraces()
	for r := range u.Requests {
		inferenceSpan(spans.AppendEmpty(), r)
	}
	return u.with(tracesBatch(td, requestNumbers()))
}

// OpenLogs is the logs of Gathered without the spans that would end the
// requests. Batches hold 100 records, or as many as stay below 2 MB.
func OpenLogs(eventBytes int) Unit {
	u := Unit{Requests: batchRecords, Events: batchRecords * EventsPerRequest}
	content := text(eventBytes)
	perBatch := min(batchRecords, max(EventsPerRequest, 2_000_000/(eventBytes+200)))
	concurrent := perBatch / EventsPerRequest
	for group := range slices.Chunk(requestNumbers(), concurrent) {
		ld, logs := newLogs()
		for i, t := range conversation {
			for _, r := range group {
				messageLog(logs.AppendEmpty(), r, i, t, content)
			}
		}
		u = u.with(logsBatch(ld, group))
	}
	return u
}

// SpanEvents is traces only: 100 inference spans, each of a trace of its own
// and with five message events of eventBytes of text.
func SpanEvents(eventBytes int) Unit {
	u := Unit{Requests: batchRecords, Events: batchRecords * EventsPerRequest}
	content := text(eventBytes)
	td, spans := newTraces()
	for r := range u.Requests {
		span := spans.AppendEmpty()
		inferenceSpan(span, r)
		for i, t := range conversation {
			e := span.Events().AppendEmpty()
			e.SetName(t.name)
			e.SetTimestamp(at(i))
			e.Attributes().PutStr("gen_ai.system", "openai")
			e.Attributes().PutStr("role", t.role)
			e.Attributes().PutStr("content", content)
		}
	}
	return u.with(tracesBatch(td, requestNumbers()))
}

// Foreign is traffic of which nothing is to be gathered: as many logs and spans
// as Gathered has, of a web service, with eventBytes of text in each log.
func Foreign(eventBytes int) Unit {
	u := Unit{Requests: batchRecords}
	content := text(eventBytes)
	for group := range slices.Chunk(requestNumbers(), batchRecords/EventsPerRequest) {
		ld, logs := newLogs()
		for i := range EventsPerRequest {
			for _, r := range group {
				webLog(logs.AppendEmpty(), r, i, content)
			}
		}
		u = u.with(logsBatch(ld, group))
	}
	td, spans := newTraces()
	for r := range u.Requests {
		webSpan(spans.AppendEmpty(), r)
	}
	return u.with(tracesBatch(td, requestNumbers()))
}

func (u Unit) with(b Batch) Unit {
	u.Batches = append(u.Batches, b)
	u.Bytes += b.Bytes()
	if b.Signal == Logs {
		u.Logs += b.Records
	} else {
		u.Spans += b.Records
	}
	return u
}

func requestNumbers() []int {
	numbers := make([]int, batchRecords)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

// text is prose of exactly n bytes that parses as nothing but prose.
func text(n int) string {
	const sentence = "The quick brown fox jumps over the lazy dog while the band plays on. "
	return strings.Repeat(sentence, n/len(sentence)+1)[:n]
}

// at is the time of the i-th thing that happens in a request.
func at(i int) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(start.Add(time.Duration(i) * 10 * time.Millisecond))
}

func newLogs() (plog.Logs, plog.LogRecordSlice) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	resource(rl.Resource().Attributes())
	sl := rl.ScopeLogs().AppendEmpty()
	scope(sl.Scope())
	return ld, sl.LogRecords()
}

func newTraces() (ptrace.Traces, ptrace.SpanSlice) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	resource(rs.Resource().Attributes())
	ss := rs.ScopeSpans().AppendEmpty()
	scope(ss.Scope())
	return td, ss.Spans()
}

func resource(attributes pcommon.Map) {
	attributes.PutStr("service.name", "assistant")
	attributes.PutStr("service.version", "1.4.2")
	attributes.PutStr("telemetry.sdk.language", "python")
	attributes.PutStr("telemetry.sdk.name", "opentelemetry")
	attributes.PutStr("telemetry.sdk.version", "1.38.0")
}

func scope(s pcommon.InstrumentationScope) {
	s.SetName("bench.instrumentation")
	s.SetVersion("1.0.0")
}
