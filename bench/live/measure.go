package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// figures are what a measurement says.
type figures = map[string]float64

// measure measures one variant; scale multiplies how long it takes.
type measure func(variant string, scale float64) (figures, error)

var measures = map[string]measure{
	"deliver":   deliver,
	"publish":   publishing,
	"http":      overHTTP,
	"sustained": sustained,
	"stuck":     stuck,
	"idle":      idle,
	"filters":   filters,
}

// Main makes one measurement, named by its arguments with its variant and scale,
// and writes the figures as one JSON object.
func Main(arguments []string, w io.Writer) error {
	if len(arguments) == 4 && arguments[0] == "hold" {
		return holdConnections(arguments[1], arguments[2], arguments[3])
	}
	if len(arguments) != 3 {
		return fmt.Errorf("want a measurement, a variant and a scale, not %q", arguments)
	}
	one, known := measures[arguments[0]]
	scale, err := strconv.ParseFloat(arguments[2], 64)
	if !known || err != nil {
		return fmt.Errorf("no such measurement: %q", arguments)
	}
	measured, err := one(arguments[1], scale)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(measured)
}

const patience = 60 * time.Second

// while repeats for about some time, at least once, and answers how often.
func while(total time.Duration, once func() error) (int, error) {
	begun := time.Now()
	for n := 1; ; n++ {
		if err := once(); err != nil {
			return n, err
		}
		if time.Since(begun) >= total {
			return n, nil
		}
	}
}

func scaled(d time.Duration, scale float64) time.Duration { return time.Duration(float64(d) * scale) }

// allThere publishes single events until one has reached every reader: a peer
// does not say when they are there.
func allThere(publish publish, readers int, got *arrivals) error {
	for range 20 {
		before := got.count.Load()
		got.target.Store(before + int64(readers))
		publish(time.Now())()
		if got.await(time.Second) == nil {
			return nil
		}
	}
	return errors.New("not every reader has come")
}

// DeliverKey names the figure for some readers and events at once.
func DeliverKey(readers, burst int) string {
	return fmt.Sprintf("%d readers, bursts of %d", readers, burst)
}

var (
	deliverReaders = []int{1, 100, 1000, 10_000}
	deliverBursts  = []int{1, 64}
)

// DeliverKeys are the keys of all figures of how fast readers in the process are
// served.
func DeliverKeys() []string {
	keys := make([]string, 0, len(deliverReaders)*len(deliverBursts))
	for _, readers := range deliverReaders {
		for _, burst := range deliverBursts {
			keys = append(keys, DeliverKey(readers, burst))
		}
	}
	return keys
}

// deliver is the time per event that a reader in the process is given.
func deliver(variant string, scale float64) (figures, error) {
	all := figures{}
	for _, readers := range deliverReaders {
		for _, burst := range deliverBursts {
			got := newArrivals()
			publish, err := servers[variant].inProcess(readers, 0, got)
			if err == nil {
				err = allThere(publish, readers, got)
			}
			if err != nil {
				return nil, err
			}
			round := func() error {
				got.target.Add(int64(readers * burst))
				for range burst {
					publish(time.Now())()
				}
				return got.await(patience)
			}
			if err := round(); err != nil {
				return nil, err
			}
			runtime.GC()
			begun := time.Now()
			n, err := while(scaled(400*time.Millisecond, scale), round)
			if err != nil {
				return nil, err
			}
			all[DeliverKey(readers, burst)] = float64(time.Since(begun).Nanoseconds()) / float64(n*readers*burst)
		}
	}
	return all, nil
}

// publishing is how long a caller waits for one Publish, with as many readers as
// the variant says, which were given all that came before each burst of 64.
func publishing(variant string, scale float64) (figures, error) {
	readers, err := strconv.Atoi(variant)
	if err != nil {
		return nil, err
	}
	all := figures{}
	for _, name := range []string{Ours, GoSSE, R3Labs} {
		got := newArrivals()
		publish, err := servers[name].inProcess(readers, time.Millisecond, got)
		if err == nil {
			err = allThere(publish, readers, got)
		}
		if err != nil {
			return nil, err
		}
		var took []time.Duration
		var events []func()
		at := time.Now()
		_, err = while(scaled(time.Second, scale), func() error {
			const burst = 64
			got.target.Add(int64(readers * burst))
			events = events[:0]
			for range burst {
				events = append(events, publish(at))
			}
			for _, send := range events {
				begun := time.Now()
				send()
				took = append(took, time.Since(begun))
			}
			return got.await(patience)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		total := time.Duration(0)
		for _, one := range took {
			total += one
		}
		slices.Sort(took)
		all[name] = float64(total.Nanoseconds()) / float64(len(took))
		all[name+" p99"] = float64(took[len(took)*99/100].Nanoseconds())
	}
	return all, nil
}

// cpu is the CPU time that the process has used.
func cpu() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0 // cannot be
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
