package envelopetest_test

import (
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/envelope/envelopetest"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// recorder takes failures instead of failing.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) FailNow()              { r.failed = true; runtime.Goexit() }

func rejects(t *testing.T, record plog.LogRecord) bool {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		envelopetest.Validate(r, record)
	}()
	<-done
	return r.failed
}

func record(form envelope.BodyForm) plog.LogRecord {
	records := make([]event.Record, 2)
	for i := range records {
		log := plog.NewLogRecord()
		log.SetTimestamp(pcommon.Timestamp(i + 1))
		log.SetTraceID(pcommon.TraceID{1})
		log.SetSpanID(pcommon.SpanID{2})
		log.Attributes().PutInt(semconv.AttrUsageInputTokens, 7)
		records[i] = event.Record{Log: log, Name: semconv.EventOperationDetails, Seq: uint64(i + 1), Late: i == 1}
	}
	dst := plog.NewLogRecord()
	envelope.NewBuilder(envelope.Options{Body: form, Events: true}).Build(&envelope.Part{
		RequestID: "r", KeySource: "span", Number: 1, Reason: event.FlushTTL, Records: records,
		Facts: new(envelope.Facts), FlushedAt: time.Unix(9, 0),
	}, dst)
	return dst
}

func TestValidateAcceptsWhatIsBuilt(t *testing.T) {
	assert.False(t, rejects(t, record(envelope.BodyMap)))
	assert.False(t, rejects(t, record(envelope.BodyJSON)))
}

func TestValidateRejects(t *testing.T) {
	events := func(body pcommon.Map) pcommon.Slice { v, _ := body.Get("events"); return v.Slice() }
	for name, spoil := range map[string]func(plog.LogRecord, pcommon.Map){
		"no map":                func(r plog.LogRecord, _ pcommon.Map) { r.Body().SetInt(1) },
		"a missing key":         func(_ plog.LogRecord, b pcommon.Map) { b.Remove("counts") },
		"an empty string":       func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("conversation_id", "") },
		"null":                  func(_ plog.LogRecord, b pcommon.Map) { b.PutEmpty("started_at") },
		"an empty list":         func(_ plog.LogRecord, b pcommon.Map) { b.PutEmptySlice("calls") },
		"a wrong type":          func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("part", "1") },
		"an unknown reason":     func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("flush_reason", "whim") },
		"a time without digits": func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("started_at", "2026-01-01T00:00:00Z") },
		"a time that is none":   func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("ended_at", "2026-13-01T00:00:00.000000000Z") },
		"upper-case hex":        func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("id", strings.Repeat("A", 32)) },
		"an id that differs":    func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("id", strings.Repeat("a", 32)) },
		"a count that differs":  func(_ plog.LogRecord, b pcommon.Map) { events(b).RemoveIf(func(pcommon.Value) bool { return true }) },
		"an event too few": func(_ plog.LogRecord, b pcommon.Map) {
			n := 0
			events(b).RemoveIf(func(pcommon.Value) bool { n++; return n == 1 })
		},
		"a seq twice":      func(_ plog.LogRecord, b pcommon.Map) { events(b).At(1).Map().PutInt("seq", 1) },
		"late not counted": func(_ plog.LogRecord, b pcommon.Map) { events(b).At(0).Map().PutBool("late", true) },
		"neither order": func(_ plog.LogRecord, b pcommon.Map) {
			events(b).At(0).Map().PutInt("seq", 3)
			events(b).At(1).Map().Remove("time")
		},
		"the same trace id again": func(_ plog.LogRecord, b pcommon.Map) {
			v, _ := b.Get("trace_id")
			events(b).At(0).Map().PutStr("trace_id", v.Str())
		},
		"bytes":                  func(_ plog.LogRecord, b pcommon.Map) { b.PutEmptyBytes("more") },
		"NaN":                    func(_ plog.LogRecord, b pcommon.Map) { b.PutDouble("more", math.NaN()) },
		"text that is not UTF-8": func(_ plog.LogRecord, b pcommon.Map) { b.PutStr("more", "\xff") },
		"usage that differs":     func(_ plog.LogRecord, b pcommon.Map) { v, _ := b.Get("usage"); v.Map().PutInt("output_tokens", 1) },
		"another name":           func(r plog.LogRecord, _ pcommon.Map) { r.SetEventName("x") },
		"another trace":          func(r plog.LogRecord, _ pcommon.Map) { r.SetTraceID(pcommon.TraceID{9}) },
		"another time":           func(r plog.LogRecord, _ pcommon.Map) { r.SetTimestamp(99) },
		"another severity":       func(r plog.LogRecord, _ pcommon.Map) { r.SetSeverityNumber(plog.SeverityNumberError) },
		"a missing attribute":    func(r plog.LogRecord, _ pcommon.Map) { r.Attributes().Remove(semconv.AttrBufferPart) },
		"an attribute of a type": func(r plog.LogRecord, _ pcommon.Map) { r.Attributes().PutStr(semconv.AttrBufferEventCount, "2") },
		"an empty attribute":     func(r plog.LogRecord, _ pcommon.Map) { r.Attributes().PutStr(semconv.AttrProviderName, "") },
	} {
		r := record(envelope.BodyMap)
		spoil(r, r.Body().Map())
		assert.True(t, rejects(t, r), name)
	}
	broken := record(envelope.BodyJSON)
	broken.Body().SetStr(broken.Body().Str()[1:])
	assert.True(t, rejects(t, broken), "broken JSON")
}

// TestValidateIsOpenToMoreKeys: within version 1 keys may be added.
func TestValidateIsOpenToMoreKeys(t *testing.T) {
	r := record(envelope.BodyMap)
	r.Body().Map().PutEmptyMap("thread").PutStr("hash", "x")
	r.Attributes().PutStr("more", "x")
	assert.False(t, rejects(t, r))
}
