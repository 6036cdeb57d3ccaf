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
