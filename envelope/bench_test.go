package envelope_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

func BenchmarkBuild(b *testing.B) {
	for _, form := range []struct {
		name    string
		options envelope.Options
	}{
		{"map", envelope.Options{Body: envelope.BodyMap, Events: true, Order: envelope.OrderTime}},
		{"json", envelope.Options{Body: envelope.BodyJSON, Events: true, Order: envelope.OrderTime}},
		{"map_messages", full},
	} {
		b.Run(form.name, func(b *testing.B) {
			builder := envelope.NewBuilder(form.options)
			b.ReportAllocs()
			const batch = 256
			for i := 0; i < b.N; i += batch {
				b.StopTimer()
				parts := make([]*envelope.Part, batch)
				for j := range parts {
					parts[j] = chatPart(5, 1024)
				}
				b.StartTimer()
				for _, p := range parts {
					builder.Build(p, plog.NewLogRecord())
				}
			}
		})
	}
}
