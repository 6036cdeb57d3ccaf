package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Memory is what a collector holds, in bytes.
type Memory struct {
	// LiveHeap is what is reachable: the heap's objects right after a
	// garbage collection.
	LiveHeap int64
	// HeapInUse is the memory of the spans that these objects lie in.
	HeapInUse int64
	// Resident is what the process occupies now.
	Resident int64
}

// CPUTime is the user and system time that all threads of the process have
// used, to the nanosecond: the process's CPU-time clock, which, unlike
// /proc/<pid>/stat, does not count in ticks of 10 ms.
func (c *Collector) CPUTime() (time.Duration, error) {
	// CPUCLOCK_SCHED of another process, clock_getcpuclockid(3).
	const schedClock = 2
	clock := int32(^c.cmd.Process.Pid)<<3 | schedClock
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("CPU time of the collector: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

// PeakResident is the most memory that the process has occupied so far.
func (c *Collector) PeakResident() (int64, error) { return c.status("VmHWM") }

// Memory collects garbage until nothing more comes free, and reads what stays.
func (c *Collector) Memory(ctx context.Context) (Memory, error) {
	// The first collection moves pools to their victim caches, the second
	// empties these, the third frees what finalizers and cleanups let go.
	var m Memory
	for range 3 {
		var err error
		if m, err = c.heap(ctx); err != nil {
			return m, err
		}
	}
	var err error
	m.Resident, err = c.status("VmRSS")
	return m, err
}

// Settle waits until the collector has nothing left to do: it used less than
// 2 % of a CPU for a quarter of a second.
func (c *Collector) Settle(ctx context.Context) error {
	const interval = 250 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	last, err := c.CPUTime()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		var now time.Duration
		if now, err = c.CPUTime(); err == nil && now-last < interval/50 {
			return nil
		}
		last = now
	}
	return err
}

// Profile writes the collector's CPU profile of the coming time to a file.
func (c *Collector) Profile(ctx context.Context, path string, d time.Duration) error {
	return c.save(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))), path)
}

// Allocations writes the profile of all allocations so far to a file.
func (c *Collector) Allocations(ctx context.Context, path string) error {
	return c.save(ctx, "allocs", path)
}

func (c *Collector) save(ctx context.Context, profile, path string) error {
	body, err := c.get(ctx, profile)
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = io.Copy(file, body); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// heap collects garbage once and reads the statistics that pprof appends to a
// heap profile in text form, "# HeapAlloc = 1234".
func (c *Collector) heap(ctx context.Context) (m Memory, err error) {
	body, err := c.get(ctx, "heap?gc=1&debug=1")
	if err != nil {
		return m, err
	}
	defer body.Close()
	found := 0
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "# "), " = ")
		if !ok {
			continue
		}
		into := map[string]*int64{"HeapAlloc": &m.LiveHeap, "HeapInuse": &m.HeapInUse}[key]
		if into == nil {
			continue
		}
		if *into, err = strconv.ParseInt(value, 10, 64); err != nil {
			return m, err
		}
		found++
	}
	if err := lines.Err(); err != nil {
		return m, err
	}
	if found != 2 {
		return m, fmt.Errorf("heap statistics not found in the profile")
	}
	return m, nil
}

func (c *Collector) get(ctx context.Context, profile string) (io.ReadCloser, error) {
	url := "http://" + address(c.ports.pprof) + "/debug/pprof/" + profile
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return response.Body, nil
}

// status reads a size from /proc/<pid>/status, "VmHWM:   1234 kB".
func (c *Collector) status(key string) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		value, ok := strings.CutPrefix(line, key+":")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		return kb << 10, err
	}
	return 0, fmt.Errorf("no %s in the status of the collector", key)
}
