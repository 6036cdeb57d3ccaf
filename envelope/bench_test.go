package envelope_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

// BenchmarkBuild builds envelopes of one span and five log events of 1 KB.
func BenchmarkBuild(b *testing.B) {
	for name, options := range benchOptions {
		b.Run(name, func(b *testing.B) {
			builder := envelope.NewBuilder(options)
			b.ReportAllocs()
			// Few enough to stay in the cache, as parts just flushed do not;
			// many enough for the timer's own cost not to count.
			const batch = 64
			parts := make([]*envelope.Part, batch)
			for n := 0; n < b.N; n += batch {
				b.StopTimer()
				for i := range parts {
					parts[i] = chatPart(5, 1024)
				}
				b.StartTimer()
				for _, p := range parts {
					builder.Build(p, plog.NewLogRecord())
				}
			}
		})
	}
}

// BenchmarkWeight weighs one such request, as it does on arrival.
func BenchmarkWeight(b *testing.B) {
	for name, options := range benchOptions {
		b.Run(name, func(b *testing.B) {
			builder := envelope.NewBuilder(options)
			p := chatPart(5, 1024)
			b.ReportAllocs()
			for b.Loop() {
				weigh(builder, p)
			}
		})
	}
}

var benchOptions = map[string]envelope.Options{
	"map":           {Body: envelope.BodyMap, Events: true, Order: envelope.OrderTime},
	"json":          {Body: envelope.BodyJSON, Events: true, Order: envelope.OrderTime},
	"map_messages":  full,
	"json_messages": {Body: envelope.BodyJSON, Events: true, Messages: true, Order: envelope.OrderTime},
}
