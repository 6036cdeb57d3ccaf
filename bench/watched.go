package main

import (
	"fmt"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/viewers"
)

const (
	notShown    = "not live"
	nobodyLooks = "live, no viewer"
	badViewers  = "live, 1,000 bad viewers"
)

// watched compares a live extension with none, and viewers that hinder where
// they can with no viewer: those that never read, that read a kilobyte a
// second, and that have gone.
func watched() scenario {
	off := variant{name: notShown, overlay: "gather", gathers: true, messages: true, compression: "gzip"}
	alone := off
	alone.name, alone.overlay = nobodyLooks, "live"
	looked := alone
	looked.name, looked.viewers = badViewers, viewers.Mix{Stalled: 600, Slow: 300, Vanished: 100}
	return scenario{
		name:     "live",
		title:    "requests shown while they happen, messages and the exporter's compression on, as they are by default",
		unit:     func() load.Unit { return load.Gathered(kilobyte) },
		variants: []variant{off, alone, looked},
		metrics:  costs,
		bounds: []report.Bound{
			{Title: "live with no viewer, CPU", Metric: "cpu", Variant: nobodyLooks, Against: notShown, Limit: 1.15},
			{Title: "1,000 bad viewers, CPU", Metric: "cpu", Variant: badViewers, Against: nobodyLooks, Limit: 1.10},
		},
		measure: (*bench).workWatched,
		count:   600,
	}
}

// workWatched is work with viewers on every request's events from before the
// warm-up on. That fills what is kept for viewers, 10,000 requests by default,
// and the socket buffers of those who do not read: what is measured is what
// every further request costs.
func (b *bench) workWatched(v variant, u load.Unit, units int) (map[string]float64, error) {
	r, err := b.start(v, u, lingering)
	if err != nil {
		return nil, err
	}
	defer r.close()
	crowd, err := viewers.Open(b.ctx, r.collector.LiveAddress(), "/api/v1/events", v.viewers)
	if err != nil {
		r.collector.Kill()
		return nil, fmt.Errorf("viewers: %w", err)
	}
	defer crowd.Close()
	figures, err := r.workload(b.ctx, units, units)
	r.collector.Kill() // its streams are of no interest any more
	return figures, err
}
