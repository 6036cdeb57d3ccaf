package live_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// BenchmarkPublish is the time to publish one event, whoever reads.
func BenchmarkPublish(b *testing.B) {
	for _, subscribers := range []int{0, 1, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			opts := options()
			opts.RingEvents, opts.RingBytes, opts.Coalesce = 1<<16, 64<<20, time.Millisecond
			h := newHub(b, opts)
			var reading sync.WaitGroup
			for range subscribers {
				s := h.Subscribe(live.Filter{}, live.Start{})
				reading.Go(func() {
					defer s.Close()
					var frames [][]byte
					for {
						var err error
						if frames, err = s.Next(b.Context(), time.Hour, frames[:0], 1<<16); err != nil {
							return
						}
					}
				})
			}
			to, a := h.Publisher("p"), newAsked(1)
			batch := []event.Fact{a.record("gen_ai.user.message", strings.Repeat("x", 400))}
			spent := time.Duration(0)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				begun := time.Now()
				to.Publish(batch)
				spent += time.Since(begun)
				if i%64 == 63 {
					b.StopTimer()
					time.Sleep(2 * time.Millisecond) // a load that readers keep up with
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/publish")
			b.StopTimer()
			h.Stop()
			reading.Wait()
		})
	}
}

// BenchmarkDeliver is the time per delivered event of 512 bytes.
func BenchmarkDeliver(b *testing.B) {
	for _, subscribers := range []int{1, 100, 1000, 10_000} {
		for _, burst := range []int{1, 64} {
			b.Run(fmt.Sprintf("subscribers=%d/burst=%d", subscribers, burst), func(b *testing.B) {
				opts := options()
				opts.RingEvents, opts.RingBytes = 1<<16, 64<<20
				h := newHub(b, opts)
				var reading sync.WaitGroup
				var delivered atomic.Int64
				turn := make(chan struct{}, 1)
				want := int64(subscribers * burst)
				for range subscribers {
					s := h.Subscribe(live.Filter{}, live.Start{})
					reading.Go(func() {
						defer s.Close()
						var frames [][]byte
						for before := uint64(0); ; before = s.Delivered() {
							var err error
							if frames, err = s.Next(b.Context(), time.Hour, frames[:0], 1<<16); err != nil {
								return
							}
							if delivered.Add(int64(s.Delivered()-before))%want == 0 {
								turn <- struct{}{}
							}
						}
					})
				}
				to, a := h.Publisher("p"), newAsked(1)
				var batch []event.Fact
				for range burst {
					batch = append(batch, a.record("gen_ai.user.message", strings.Repeat("x", 280)))
				}
				for b.Loop() {
					to.Publish(batch)
					<-turn
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(delivered.Load()), "ns/event")
				b.StopTimer()
				h.Stop()
				reading.Wait()
			})
		}
	}
}

// BenchmarkSearch is the time to look for a text through 16 MiB of content that
// does not have it.
func BenchmarkSearch(b *testing.B) {
	const prose = "The quick brown fox jumps over the lazy dog, as it were, in every instance that is interesting. "
	h := newHub(b, options())
	a := newAsked(1)
	content := strings.Repeat(prose, (16<<20)/len(prose))
	h.Publisher("p").Publish([]event.Fact{a.record("gen_ai.user.message", content)})
	for _, text := range []string{"interested", "xylophone", "été", "日本語"} {
		b.Run(text, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				list, err := h.List(b.Context(), &live.Query{Limit: 1, Text: text})
				if err != nil {
					b.Fatal(err)
				}
				list.Release()
			}
		})
	}
}

// BenchmarkRequest is the time to publish a request of five events of 1 KB, a
// hundred events in a batch, nobody looking.
func BenchmarkRequest(b *testing.B) {
	const requests, events = 20, 5
	opts := options()
	opts.RingEvents, opts.RingBytes, opts.RetainedBytes, opts.MaxRequests = 1<<16, 64<<20, 64<<20, 10_000
	to := newHub(b, opts).Publisher("p")
	record := newAsked(0).record("gen_ai.user.message", strings.Repeat("x", 1000))
	began, ended := make([]event.Fact, 0, requests*(1+events)), make([]event.Fact, 0, 2*requests)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		if n%requests != 0 {
			continue
		}
		began, ended = began[:0], ended[:0]
		var batch [requests]*asked
		for i := range batch {
			batch[i] = newAsked(n + uint64(i))
			began = append(began, batch[i].opened())
		}
		for seq := range events {
			for _, a := range batch {
				f := record
				f.Request, f.TraceID, f.SpanID, f.Seq = a.Request, a.trace, a.span, uint64(seq+1)
				began = append(began, f)
				a.seq++
			}
		}
		for _, a := range batch {
			ended = append(ended, a.ended(), a.flushed(event.FlushSpanEnd))
		}
		to.Publish(began)
		to.Publish(ended)
	}
}
