package e2e

import (
	"iter"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// flatLog is one log record with what it stands under.
type flatLog struct {
	resource plog.ResourceLogs
	scope    plog.ScopeLogs
	record   plog.LogRecord
}

// flatSpan is one span with what it stands under.
type flatSpan struct {
	resource ptrace.ResourceSpans
	scope    ptrace.ScopeSpans
	span     ptrace.Span
}

func logRecords(logs plog.Logs) iter.Seq[flatLog] {
	return func(yield func(flatLog) bool) {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					if !yield(flatLog{resource: resource, scope: scope, record: record}) {
						return
					}
				}
			}
		}
	}
}

func spans(traces ptrace.Traces) iter.Seq[flatSpan] {
	return func(yield func(flatSpan) bool) {
		for _, resource := range traces.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					if !yield(flatSpan{resource: resource, scope: scope, span: span}) {
						return
					}
				}
			}
		}
	}
}

// wire is the record with everything it stands under, in a form that two equal
// records share whatever batch they travel in.
func (f flatLog) wire(t *testing.T) string {
	t.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	f.resource.Resource().CopyTo(resource.Resource())
	resource.SetSchemaUrl(f.resource.SchemaUrl())
	scope := resource.ScopeLogs().AppendEmpty()
	f.scope.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(f.scope.SchemaUrl())
	f.record.CopyTo(scope.LogRecords().AppendEmpty())
	data, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(data)
}

// wire is what flatLog.wire is, for a span.
func (f flatSpan) wire(t *testing.T) string {
	t.Helper()
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	f.resource.Resource().CopyTo(resource.Resource())
	resource.SetSchemaUrl(f.resource.SchemaUrl())
	scope := resource.ScopeSpans().AppendEmpty()
	f.scope.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(f.scope.SchemaUrl())
	f.span.CopyTo(scope.Spans().AppendEmpty())
	data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	return string(data)
}

// eventName is the name of a log record's event: processor.md, "What belongs
// to a request".
func eventName(record plog.LogRecord) string {
	if name := record.EventName(); name != "" {
		return name
	}
	for _, key := range []string{"event.name", "event_name"} {
		if v, ok := record.Attributes().Get(key); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			return v.Str()
		}
	}
	if record.Body().Type() == pcommon.ValueTypeMap {
		if v, ok := record.Body().Map().Get("event.name"); ok && v.Type() == pcommon.ValueTypeStr {
			return v.Str()
		}
	}
	return ""
}

// spanKey is the id that the default key gives a request.
func spanKey(trace pcommon.TraceID, span pcommon.SpanID) string {
	return trace.String() + "-" + span.String()
}
