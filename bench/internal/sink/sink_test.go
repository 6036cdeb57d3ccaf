package sink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
)

func someLogs() plog.Logs {
	ld := plog.NewLogs()
	for range 2 {
		logs := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		logs.AppendEmpty().Body().SetStr("hello")
		logs.AppendEmpty().SetEventName("gen_ai.choice")
		envelope := logs.AppendEmpty()
		envelope.SetEventName("gen_ai_buffer.request")
		envelope.Attributes().PutStr("gen_ai_buffer.request_id", "r")
		envelope.Attributes().PutInt("gen_ai_buffer.event_count", 300)
		envelope.Attributes().PutInt("gen_ai.usage.input_tokens", 7)
		envelope.Body().SetEmptyMap().PutInt("schema_version", 1)
		// What only looks like an envelope is a log.
		logs.AppendEmpty().Attributes().PutInt("gen_ai_buffer.event_count", 5)
	}
	return ld
}

func someTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	for range 3 {
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		spans.AppendEmpty().SetName("a")
		spans.AppendEmpty().Events().AppendEmpty().SetName("not a span")
	}
	return td
}

func TestCountsWhatComes(t *testing.T) {
	for name, options := range map[string][]grpc.CallOption{
		"plain": nil,
		"gzip":  {grpc.UseCompressor(gzip.Name)},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Start()
			require.NoError(t, err)
			defer s.Stop()
			conn, err := grpc.NewClient(s.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			require.NoError(t, err)
			defer func() { assert.NoError(t, conn.Close()) }()

			for range 2 {
				_, err = plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(someLogs()), options...)
				require.NoError(t, err)
			}
			_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(someTraces()), options...)
			require.NoError(t, err)

			want := Counts{Logs: 12, Spans: 6, Envelopes: 4, Events: 1200, Exports: 3}
			assert.Equal(t, want, s.Counts())
			require.NoError(t, s.Wait(t.Context(), time.Minute, func(c Counts) bool { return c == want }))
			assert.Equal(t, Counts{Logs: 11, Exports: 3}, want.Minus(Counts{Logs: 1, Spans: 6, Envelopes: 4, Events: 1200}))
		})
	}
}

func TestWaitGivesUp(t *testing.T) {
	s, err := Start()
	require.NoError(t, err)
	defer s.Stop()
	assert.ErrorContains(t, s.Wait(t.Context(), time.Millisecond, func(Counts) bool { return false }), "nothing came")
}

func FuzzCount(f *testing.F) {
	logs, err := (&plog.ProtoMarshaler{}).MarshalLogs(someLogs())
	require.NoError(f, err)
	traces, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(someTraces())
	require.NoError(f, err)
	f.Add(logs)
	f.Add(traces)
	f.Add([]byte{0x0a, 0xff})
	f.Fuzz(func(t *testing.T, request []byte) {
		// Whatever comes is counted or refused; what pdata writes is counted
		// as pdata counts it.
		_, _ = countLogs(request)
		_, _ = countSpans(request)
		if ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(request); err == nil {
			written, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
			require.NoError(t, err)
			got, err := countLogs(written)
			require.NoError(t, err)
			require.EqualValues(t, ld.LogRecordCount(), got.logs+got.envelopes)
		}
		if td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(request); err == nil {
			written, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
			require.NoError(t, err)
			got, err := countSpans(written)
			require.NoError(t, err)
			require.EqualValues(t, td.SpanCount(), got)
		}
	})
}
