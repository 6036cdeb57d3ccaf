package live

import (
	"runtime"
	"strconv"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// filters is the CPU time of publishing to 10,000 readers that each want one
// request or conversation, of which one is there, or to that one reader alone.
func filters(variant string, scale float64) (figures, error) {
	readers, err := strconv.Atoi(variant)
	if err != nil {
		return nil, err
	}
	all := figures{}
	for _, key := range []string{"request_id", "conversation_id"} {
		h := hub(time.Millisecond)
		got := newArrivals()
		for i := range readers {
			value := "request"
			if i > 0 {
				value += strconv.Itoa(i)
			}
			go read(h.Subscribe(live.ParseFilter(map[string][]string{key: {value}}), live.Start{}), got)
		}
		to := h.Publisher("p")
		settle(readers)
		runtime.GC()
		events := int(100_000 * scale)
		used := cpu()
		for n := range events {
			request := &event.Request{ID: "request", Opening: [16]byte{byte(n >> 8 & 63)}}
			to.Publish([]event.Fact{fact(request, uint64(n), filling(290))})
			if n%64 == 63 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(100 * time.Millisecond)
		all[key] = float64((cpu() - used).Nanoseconds()) / float64(events)
		h.Stop()
	}
	return all, nil
}
