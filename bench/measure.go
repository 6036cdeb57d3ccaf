package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/process"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/sink"
)

const (
	// workers send concurrently: enough to keep one CPU of collector busy.
	workers = 4
	// underWay is how many requests may be in a collector at a time; at 200 ms
	// each that lets 20,000 through per second.
	underWay = 4000
	// lingering and holding are how long requests stay open: so short that the
	// flush is part of the work, or longer than any measurement.
	lingering = "200ms"
	holding   = "1h"
	// patience is how long nothing may come out of a collector.
	patience = 20 * time.Second
	megabyte = 1 << 20
	// heldBytes is how much OTLP the variants of bufferedBytes hold.
	heldBytes = 100 * megabyte
)

// bench is what all measurements share.
type bench struct {
	ctx     context.Context
	options options
}

// run is one collector with its generator and its sink.
type run struct {
	collector *process.Collector
	sender    *load.Sender
	sink      *sink.Sink
	unit      load.Unit
	// expects is what must reach the sink for some units sent, and requests how
	// many requests are through when that much has.
	expects  func(units int) sink.Counts
	requests func(sink.Counts) int64
	// storage is the folder of its storage; it goes with the run when scratch.
	storage string
	scratch bool
}

// start starts a fresh collector for one measurement of a variant.
func (b *bench) start(v variant, u load.Unit, hold string) (*run, error) {
	s, err := sink.Start()
	if err != nil {
		return nil, err
	}
	configs := []string{filepath.Join(b.options.configs, "base.yaml")}
	if v.overlay != "" {
		configs = append(configs, filepath.Join(b.options.configs, v.overlay+".yaml"))
	}
	_, sinkPort, err := net.SplitHostPort(s.Address())
	if err != nil {
		return nil, err
	}
	storage, scratch := v.storage, v.storage == ""
	if scratch {
		if storage, err = os.MkdirTemp(b.options.dir, "storage-"); err != nil {
			return nil, err
		}
	}
	c, err := process.Start(b.ctx, process.Spec{
		Binary:  b.options.collector,
		Configs: configs,
		Env: map[string]string{
			"BENCH_SINK_PORT":   sinkPort,
			"BENCH_COMPRESSION": cmp.Or(v.compression, b.options.compression),
			"BENCH_HOLD":        hold,
			"BENCH_MESSAGES":    strconv.FormatBool(v.messages),
			"BENCH_STORAGE":     storage,
			"BENCH_FSYNC":       strconv.FormatBool(v.fsync),
			"BENCH_COMPACTION":  strconv.FormatBool(v.compaction),
		},
		CPU: b.options.cpu,
		Dir: b.options.dir,
	})
	if err != nil {
		s.Stop()
		return nil, err
	}
	sender, err := load.NewSender(c.Address())
	if err != nil {
		c.Kill()
		s.Stop()
		return nil, err
	}
	return &run{
		collector: c, sender: sender, sink: s, unit: u, expects: expectation(v, u), requests: through(v, u),
		storage: storage, scratch: scratch,
	}, nil
}

// close ends the generator and the sink; the collector has to be gone already.
func (r *run) close() {
	_ = r.sender.Close() // nothing is under way
	r.sink.Stop()
	if r.scratch {
		_ = os.RemoveAll(r.storage) // at most litter in dist
	}
}

// expectation says what must reach the sink for some units sent.
func expectation(v variant, u load.Unit) func(units int) sink.Counts {
	return func(units int) sink.Counts {
		n := int64(units)
		c := sink.Counts{Logs: n * int64(u.Logs), Spans: n * int64(u.Spans)}
		if v.gathers && u.Events > 0 {
			c.Logs = 0
			c.Envelopes = n * int64(u.Requests)
			c.Events = n * int64(u.Events)
		}
		return c
	}
}

// through says how many requests are through the collector: each has one span,
// and an envelope when it is gathered.
func through(v variant, u load.Unit) func(sink.Counts) int64 {
	if v.gathers && u.Events > 0 {
		return func(c sink.Counts) int64 { return c.Envelopes }
	}
	return func(c sink.Counts) int64 { return c.Spans }
}

// transport sends units and waits until all of them have come out again.
func (r *run) transport(ctx context.Context, units int) error {
	before, want := r.sink.Counts(), r.expects(units)
	window := load.Window{Requests: underWay, Arrived: func() int64 { return r.requests(r.sink.Counts().Minus(before)) }}
	if err := r.sender.Send(ctx, r.unit, units, workers, window); err != nil {
		return err
	}
	var got sink.Counts
	err := r.sink.Wait(ctx, patience, func(c sink.Counts) bool {
		got = c.Minus(before)
		return got.Logs >= want.Logs && got.Spans >= want.Spans &&
			got.Envelopes >= want.Envelopes && got.Events >= want.Events
	})
	if err != nil {
		return fmt.Errorf("%w; expected %+v more than %+v", err, want, before)
	}
	if got.Exports = 0; got != want {
		return fmt.Errorf("came out %+v, expected %+v", got, want)
	}
	return nil
}

// work measures what it costs to take units in and deliver all that comes of
// them, once the collector is warm.
func (b *bench) work(v variant, u load.Unit, units int) (map[string]float64, error) {
	r, err := b.start(v, u, lingering)
	if err != nil {
		return nil, err
	}
	defer r.close()
	figures, err := r.workload(b.ctx, units/10, units)
	if err != nil {
		r.collector.Kill()
		return nil, err
	}
	return figures, r.collector.Stop()
}

// workload measures what units cost after others that only warm the collector.
func (r *run) workload(ctx context.Context, warmUp, units int) (map[string]float64, error) {
	if err := r.transport(ctx, max(1, warmUp)); err != nil {
		return nil, fmt.Errorf("warm-up: %w", err)
	}
	if err := r.collector.Settle(ctx); err != nil {
		return nil, err
	}
	warm, err := r.collector.Memory(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	before, err := r.collector.CPUTime()
	if err != nil {
		return nil, err
	}
	if err = r.transport(ctx, units); err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, err := r.collector.CPUTime()
	if err != nil {
		return nil, err
	}
	peak, err := r.collector.PeakResident()
	if err != nil {
		return nil, err
	}
	done, err := r.collector.Memory(ctx)
	requests := float64(units * r.unit.Requests)
	return map[string]float64{
		"cpu":  float64((after - before).Nanoseconds()) / 1000 / requests,
		"peak": float64(peak) / megabyte,
		"left": float64(done.LiveHeap-warm.LiveHeap) / requests,
		"rate": requests / took.Seconds(),
		"time": float64(took.Microseconds()) / requests,
		"file": fileBytes(r.storage) / megabyte,
	}, err
}

// hold measures what a collector holds for requests that stay open.
func (b *bench) hold(v variant, u load.Unit, units int) (map[string]float64, error) {
	r, err := b.start(v, u, holding)
	if err != nil {
		return nil, err
	}
	defer r.close()
	defer r.collector.Kill() // it would flush at its end what nobody needs
	empty, err := r.memoryAfter(b.ctx, 0)
	if err != nil {
		return nil, err
	}
	full, err := r.memoryAfter(b.ctx, units)
	if err != nil {
		return nil, err
	}
	if c := r.sink.Counts(); c.Envelopes > 0 {
		return nil, fmt.Errorf("%d requests were flushed that should have stayed open", c.Envelopes)
	}
	requests, bytes := float64(units*u.Requests), float64(units*u.Bytes)
	heap := float64(full.LiveHeap - empty.LiveHeap)
	resident := float64(full.Resident - empty.Resident)
	return map[string]float64{
		"heap":          heap / requests,
		"heap/byte":     heap / bytes,
		"resident":      resident / requests,
		"resident/byte": resident / bytes,
		"bytes":         bytes / requests,
	}, nil
}

// memoryAfter sends units and reads the memory once all is digested.
func (r *run) memoryAfter(ctx context.Context, units int) (process.Memory, error) {
	if err := r.sender.Send(ctx, r.unit, units, workers, load.Window{}); err != nil {
		return process.Memory{}, err
	}
	if err := r.collector.Settle(ctx); err != nil {
		return process.Memory{}, err
	}
	return r.collector.Memory(ctx)
}

// holdBytes is hold for a number of bytes instead of units.
func (b *bench) holdBytes(v variant, u load.Unit, _ int) (map[string]float64, error) {
	return b.hold(v, u, max(1, int(b.options.scale*heldBytes)/u.Bytes))
}

// profile writes CPU and allocation profiles of a variant under steady load.
func (b *bench) profile(s scenario, v variant, u load.Unit) error {
	r, err := b.start(v, u, lingering)
	if err != nil {
		return err
	}
	defer r.close()
	defer r.collector.Kill() // its numbers do not count
	if err := r.transport(b.ctx, s.count/10); err != nil {
		return err
	}
	base := filepath.Join(b.options.profile, s.name+"-"+slug(v.name))
	if err := os.MkdirAll(b.options.profile, 0o755); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- r.collector.Profile(b.ctx, base+".cpu.pb.gz", 8*time.Second) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
			return r.collector.Allocations(b.ctx, base+".allocs.pb.gz")
		default:
			if err := r.transport(b.ctx, max(1, s.count/10)); err != nil {
				return err
			}
		}
	}
}
