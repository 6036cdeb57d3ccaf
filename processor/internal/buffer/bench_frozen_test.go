package buffer

import (
	"fmt"
	"runtime/metrics"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// passing is a crowd of requests that come as one span each, and leave at once.
type passing struct {
	*crowd
	builder *envelope.Builder
	freezes bool
	// parts are built, and kept for a call of Built when it is not to freeze.
	parts []*Part
	spans int
}

func newPassing(n int, freezes bool) *passing {
	return &passing{crowd: newCrowd(benchOptions(), n), builder: envelope.NewBuilder(envelope.Options{}), freezes: freezes}
}

// pass lets n requests come, leave and be built.
func (p *passing) pass(n int) {
	for range n {
		p.now += time.Microsecond
		p.spans++
		p.out.Parts = p.out.Parts[:0]
		p.AppendSpans(p.now, midnight, []Span{chat(p.key(), p.spans)}, &p.out)
		p.Evict(p.now, midnight, &p.out)
		for _, part := range p.out.Parts {
			p.builder.Build(&opened(part).Part, plog.NewLogRecord())
		}
		if p.freezes {
			p.Built(p.out.Parts)
		} else {
			p.parts = append(p.parts, p.out.Parts...)
		}
	}
}

// chat is the span of a typical call.
func chat(k *Keys, i int) Span {
	in := inference("chat gpt-4o-mini", *k, fmt.Sprintf("chatcmpl-%020d", i))
	data := ptrace.NewSpan()
	data.SetName("chat gpt-4o-mini")
	data.SetStartTimestamp(1_772_323_200_000_000_000)
	data.SetEndTimestamp(1_772_323_201_234_567_890)
	data.SetFlags(257)
	attributes := data.Attributes()
	attributes.PutStr(semconv.AttrOperationName, "chat")
	attributes.PutStr(semconv.AttrProviderName, "openai")
	attributes.PutStr(semconv.AttrRequestModel, "gpt-4o-mini")
	attributes.PutStr(semconv.AttrResponseModel, "gpt-4o-mini-2024-07-18")
	attributes.PutStr(semconv.AttrResponseID, in.ResponseID)
	attributes.PutStr(semconv.AttrFinishReasons, "stop")
	attributes.PutInt(semconv.AttrUsageInputTokens, 1200)
	attributes.PutInt(semconv.AttrUsageOutputTokens, 340)
	in.Packed = event.AppendSpan(nil, &event.Span{Data: data, Kind: semconv.KindInference})
	return in
}

// BenchmarkFreeze freezes one request among n others that are, and forgets one.
func BenchmarkFreeze(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		const some = 1000
		p := newPassing(n+2*some, true)
		p.pass(n)
		p.freezes = false
		for b.Loop() {
			if len(p.parts) == 0 {
				b.StopTimer()
				p.pass(some)
				b.StartTimer()
			}
			p.Built(p.parts[:1])
			p.parts = p.parts[1:]
			p.Forget(&p.out)
		}
	})
}

// BenchmarkRemember lets requests pass through among n that are remembered, as
// objects or frozen, and reports what one costs the garbage collector: CPU time
// that ns/op shows in part only, since it runs beside.
func BenchmarkRemember(b *testing.B) {
	for _, as := range []string{"objects", "frozen"} {
		b.Run(as, func(b *testing.B) {
			each(b, func(b *testing.B, n int) {
				p := newPassing(n+1000, as == "frozen")
				p.pass(n)
				p.parts = nil
				heap()
				before := collected()
				for b.Loop() {
					p.pass(1)
					p.parts = p.parts[:0]
					p.Forget(&p.out)
				}
				heap()
				b.ReportMetric(1e9*(collected()-before)/float64(b.N), "gc-ns/op")
			})
		})
	}
}

// collected is the CPU time in seconds that the garbage collector has taken.
func collected() float64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64() - sample[1].Value.Float64()
}
