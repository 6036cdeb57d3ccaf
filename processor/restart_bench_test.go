package processor_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

// BenchmarkRestart is the start on a journal with open requests of 10 KB, by
// their number: per request it should cost the same.
func BenchmarkRestart(b *testing.B) {
	for _, requests := range []int{1_000, 30_000} {
		b.Run(fmt.Sprint(requests, " open"), func(b *testing.B) { benchRestart(b, requests) })
	}
}

func benchRestart(b *testing.B, requests int) {
	directory := b.TempDir()
	long := func(c *config.Processor) {
		c.Storage = &storageID
		c.Linger, c.TTL, c.MaxAge = time.Hour, 2*time.Hour, 3*time.Hour
		c.Limits.MaxBytes, c.Limits.MaxRequests = 8<<30, 2_000_000
	}
	start := func() (*rig, func()) {
		on, stop := onDisk(b, directory)
		return newRigOn(b, &host{extensions: map[component.ID]component.Component{storageID: on}}, long), stop
	}
	r, stop := start()
	text := strings.Repeat("0123456789abcdef", 128)
	for from := 0; from < requests; from += requestsPerBatch {
		var logs []func(plog.LogRecord)
		for n := from; n < from+requestsPerBatch; n++ {
			var trace pcommon.TraceID
			binary.BigEndian.PutUint64(trace[:], uint64(n+1))
			for range eventsPerRequest {
				logs = append(logs, func(log plog.LogRecord) {
					message("gen_ai.user.message", text, 1)(log)
					log.SetTraceID(trace)
				})
			}
		}
		r.sendLogs(logsOf(logs...))
	}
	r.stop()
	stop()
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		r, stop := start()
		b.StopTimer()
		require.Equal(b, requests, r.metric("requests_open"))
		r.stop()
		stop()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*requests), "ns/request")
}
