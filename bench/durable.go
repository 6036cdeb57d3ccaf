package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
)

const (
	inMemory  = "in memory"
	onDisk    = "file_storage"
	fsynced   = "file_storage, fsync"
	compacted = "file_storage, compaction on rebound"
	tenth     = "10,000 open requests"
	openCrowd = "100,000 open requests"
)

// durable compares a journal on disk with none.
func durable() scenario {
	memory := variant{name: inMemory, overlay: "gather", gathers: true}
	disk := variant{name: onDisk, overlay: "durable", gathers: true}
	synced, smaller := disk, disk
	synced.name, synced.fsync = fsynced, true
	smaller.name, smaller.compaction = compacted, true
	return scenario{
		name:     "durable",
		title:    "storage against none, batches of 100, messages off",
		unit:     func() load.Unit { return load.GatheredInBatches(kilobyte, 100) },
		variants: []variant{memory, disk, synced, smaller},
		metrics:  append(relativeRate(), report.Metric{Key: "file", Title: "storage file MB"}),
		bounds: []report.Bound{
			{Title: "storage, batches of 100, CPU", Metric: "cpu", Variant: onDisk, Against: inMemory, Limit: 1.6},
			{Title: "storage, batches of 100, time per request", Metric: "time", Variant: onDisk, Against: inMemory, Limit: 1.6},
		},
		measure: (*bench).work,
		count:   300,
	}
}

// durableInBatches is durable for other sizes of batches, which are reported.
func durableInBatches(records, count int) scenario {
	s := durable()
	s.name = fmt.Sprintf("durable-%d", records)
	s.title = fmt.Sprintf("storage against none, batches of %d, messages off", records)
	s.unit = func() load.Unit { return load.GatheredInBatches(kilobyte, records) }
	s.variants, s.bounds = s.variants[:2], nil
	s.count, s.rounds = count, 3
	return s
}

// relativeRate are the costs with the time per request beside its rate.
func relativeRate() []report.Metric {
	return []report.Metric{
		{Key: "cpu", Title: "CPU µs per request", Decimals: 1, Relative: true},
		{Key: "time", Title: "time µs per request", Decimals: 1, Relative: true},
		{Key: "peak", Title: "peak memory MB", Decimals: 0, Relative: true},
	}
}

// restart measures how long a collector takes to be ready that comes back to
// open requests after kill -9, and what memory that takes.
func restart() scenario {
	of := func(name string, events int) variant {
		return variant{name: name, overlay: "durable", gathers: true, share: events}
	}
	return scenario{
		name:     "restart",
		title:    "kill -9 and restart with open requests of five events of 2 KB",
		unit:     func() load.Unit { return load.OpenLogs(2 * kilobyte) },
		variants: []variant{of(tenth, 10), of(openCrowd, 1)},
		metrics: []report.Metric{
			{Key: "ready", Title: "time to ready, ms", Relative: true},
			{Key: "peak", Title: "peak memory MB", Relative: true},
			{Key: "live", Title: "live heap MB", Relative: true},
			{Key: "file", Title: "storage file MB", Relative: true},
		},
		measure: (*bench).comeBack,
		count:   1000,
		rounds:  1,
	}
}

// comeBack fills a collector, kills it, and starts another on its storage.
func (b *bench) comeBack(v variant, u load.Unit, units int) (map[string]float64, error) {
	storage, err := os.MkdirTemp(b.options.dir, "storage-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(storage)
	v.storage = storage
	if err := b.fill(v, u, max(1, units/max(1, v.share))); err != nil {
		return nil, err
	}
	began := time.Now()
	r, err := b.start(v, u, holding)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	defer r.close()
	defer r.collector.Kill()
	peak, err := r.collector.PeakResident()
	if err != nil {
		return nil, err
	}
	want := float64(max(1, units/max(1, v.share)) * u.Requests)
	open, err := r.collector.Metric(b.ctx, "otelcol_processor_gen_ai_buffer_requests_open")
	if err != nil {
		return nil, err
	}
	if open != want {
		return nil, fmt.Errorf("%.0f requests are open after the restart, expected %.0f", open, want)
	}
	memory, err := r.collector.Memory(b.ctx)
	if err != nil {
		return nil, err
	}
	return map[string]float64{
		"ready": float64(took.Milliseconds()),
		"peak":  float64(peak) / megabyte,
		"live":  float64(memory.LiveHeap) / megabyte,
		"file":  fileBytes(storage) / megabyte,
	}, nil
}

func (b *bench) fill(v variant, u load.Unit, units int) error {
	r, err := b.start(v, u, holding)
	if err != nil {
		return err
	}
	defer r.close()
	defer r.collector.Kill() // kill -9 is what is measured
	return r.sender.Send(context.WithoutCancel(b.ctx), u, units, workers, load.Window{})
}

// fileBytes is what the files of a folder take.
func fileBytes(folder string) float64 {
	total := int64(0)
	entries, _ := os.ReadDir(folder) // an empty sum shows in the report
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(folder, entry.Name())); err == nil {
			total += info.Size()
		}
	}
	return float64(total)
}
