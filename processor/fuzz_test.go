package processor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

// FuzzConsume sends whatever decodes as OTLP through both faces: nothing
// panics, every envelope is valid, and every appended event comes out once.
func FuzzConsume(f *testing.F) {
	var logs plog.ProtoMarshaler
	var traces ptrace.ProtoMarshaler
	for _, ld := range []plog.Logs{
		logsOf(message("gen_ai.user.message", "hello", 1), plain("mine"), message("gen_ai.choice", `{"broken`, 1)),
		logsOf(message("gen_ai.client.inference.operation.details", "", 2)),
	} {
		data, err := logs.MarshalLogs(ld)
		require.NoError(f, err)
		f.Add(data, true, byte(0))
	}
	data, err := traces.MarshalTraces(spansOf(chat(1), foreign(2), chat(1)))
	require.NoError(f, err)
	f.Add(data, false, byte(1))
	addCaptures(f)
	f.Fuzz(func(t *testing.T, data []byte, isLogs bool, variant byte) {
		r := newRig(t, func(c *config.Processor) { vary(c, variant) })
		if isLogs {
			if ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(data); err == nil {
				r.sendLogs(ld)
			}
		} else if td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(data); err == nil {
			r.sendSpans(td)
		}
		r.stop()
		out := 0
		for _, log := range r.out.envelopes(t) {
			if n, ok := attr(log, "gen_ai_buffer.event_count").(int64); ok {
				out += int(n)
			}
		}
		require.Equal(t, r.metric("events_appended"), out)
		require.Zero(t, r.metric("envelopes_lost"))
	})
}

// vary turns the bits of a byte into a configuration.
func vary(c *config.Processor, bits byte) {
	c.Linger = time.Millisecond
	if bits&1 != 0 {
		c.RequestID.Fallback = config.FallbackTrace
	}
	if bits&2 != 0 {
		c.Envelope.Body = config.BodyJSON
	}
	if bits&4 != 0 {
		c.RequestID.Attributes = []string{"gen_ai.operation.name", "content"}
	}
	if bits&8 != 0 {
		c.Limits.MaxEventBytes = 200
	}
	if bits&16 != 0 {
		c.Limits.MaxRequestEvents, c.Envelope.MaxBatchBytes = 2, 4096
	}
	if bits&32 != 0 {
		c.Traces.Content, c.Logs.Originals = config.ContentStrip, config.OriginalsForward
	}
	if bits&64 != 0 {
		c.Order, c.Kinds = config.OrderArrival, []string{"inference"}
	}
	if bits&128 != 0 {
		c.Limits.MaxRequests, c.Envelope.Messages = 1, false
	}
}

// addCaptures adds exports of real instrumentations, which are kept as
// OTLP-JSON, to the corpus.
func addCaptures(f *testing.F) {
	files, err := filepath.Glob("../testdata/captures/*/*.jsonl")
	require.NoError(f, err)
	for i, file := range files {
		name := filepath.Base(file)
		if name != "logs.jsonl" && name != "traces.jsonl" {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		line, _, _ := strings.Cut(string(text), "\n")
		if name == "logs.jsonl" {
			ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(line))
			require.NoError(f, err)
			data, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
			require.NoError(f, err)
			f.Add(data, true, byte(i*37))
			continue
		}
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(line))
		require.NoError(f, err)
		data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(f, err)
		f.Add(data, false, byte(i*37))
	}
}
