package truncate

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

func benchmark(b *testing.B, fill func(plog.LogRecord)) {
	original := plog.NewLogRecord()
	original.SetEventName("gen_ai.user.message")
	fill(original)
	b.SetBytes(int64(logSize(original)))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		log := plog.NewLogRecord()
		original.CopyTo(log)
		b.StartTimer()
		if !LogRecord(log, 1<<20) {
			b.Fatal("not cut")
		}
	}
}

func BenchmarkText10MiB(b *testing.B) {
	benchmark(b, func(log plog.LogRecord) { log.Body().SetStr(strings.Repeat("lorem ipsum ", 10<<20/12)) })
}

func BenchmarkJSON10MiB(b *testing.B) {
	benchmark(b, func(log plog.LogRecord) {
		log.Attributes().PutStr("gen_ai.input.messages",
			`[{"role":"user","parts":[{"type":"text","content":"`+strings.Repeat(`lorem \"ipsum\" `, 10<<20/16)+`"}]}]`)
	})
}

func BenchmarkJSONManyMessages10MiB(b *testing.B) {
	benchmark(b, func(log plog.LogRecord) {
		message := `{"role":"user","parts":[{"type":"text","content":"` + strings.Repeat("lorem ipsum ", 80) + `"}]}`
		log.Attributes().PutStr("gen_ai.input.messages", "["+strings.Repeat(message+",", 10<<20/len(message))+message+"]")
	})
}

func BenchmarkMillionElements(b *testing.B) {
	benchmark(b, func(log plog.LogRecord) {
		list := log.Body().SetEmptySlice()
		for i := range 1_000_000 {
			list.AppendEmpty().SetInt(int64(i))
		}
	})
}

// BenchmarkUnderLimit is what the check costs that callers make themselves.
func BenchmarkUnderLimit(b *testing.B) {
	log := newLog()
	log.Body().SetStr(strings.Repeat("x", 1_000))
	b.ReportAllocs()
	for b.Loop() {
		if LogRecord(log, 1<<20) {
			b.Fatal("cut")
		}
	}
}
