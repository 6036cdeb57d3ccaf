// Package gobench runs the Go benchmarks of the root module and compares them
// with each other: the cost at a million open requests with that at a thousand,
// two cores with one. It knows `go test -bench` and how these benchmarks name
// their cases, "/open=1k", "/open=1M" and "… parallel"; it must not know what
// they run. The bench command calls it.
package gobench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
)

// Result is one benchmark: every unit that it reports, once per repetition.
type Result struct {
	// Name is without "Benchmark" and without the number of CPUs.
	Name  string
	Units map[string]report.Series
}

// Cost is seconds per event where the benchmark reports ns/event, which the
// reader turns into seconds, else per operation.
func (r Result) Cost() report.Series {
	if perEvent := r.Units["sec/event"]; perEvent != nil {
		return perEvent
	}
	return r.Units["sec/op"]
}

// Run runs the benchmarks of packages in the module at dir, on two cores, count
// times each for the given time, and passes what they print to progress.
func Run(ctx context.Context, dir, benchtime string, count int, progress io.Writer, packages ...string) ([]Result, error) {
	arguments := append([]string{"test", "-run=^$", "-bench=.", "-benchmem", "-cpu=2", "-timeout=30m",
		"-benchtime=" + benchtime, fmt.Sprintf("-count=%d", count)}, packages...)
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.Dir = dir
	var output bytes.Buffer
	cmd.Stdout = io.MultiWriter(&output, progress)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go test -bench: %w", err)
	}
	return Parse(&output)
}

// Parse reads the output of go test -bench, joining repetitions.
func Parse(r io.Reader) ([]Result, error) {
	var results []Result
	reader := benchfmt.NewReader(r, "go test")
	for reader.Scan() {
		record, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue // a line that is none, such as ok or PASS
		}
		name := strings.TrimPrefix(fullName(record.Name), "Benchmark")
		i := slices.IndexFunc(results, func(r Result) bool { return r.Name == name })
		if i < 0 {
			i = len(results)
			results = append(results, Result{Name: name, Units: map[string]report.Series{}})
		}
		for _, value := range record.Values {
			results[i].Units[value.Unit] = append(results[i].Units[value.Unit], value.Value)
		}
	}
	return results, reader.Err()
}

// fullName is the name without the "-2" of the CPUs.
func fullName(name benchfmt.Name) string {
	base, parts := name.Parts()
	full := slices.Clone(base)
	for _, part := range parts {
		if part[0] == '/' {
			full = append(full, part...)
		}
	}
	return string(full)
}

// Ratio compares two cases of one benchmark.
type Ratio struct {
	// Name is the benchmark with the two cases, "Append 1M / 1k".
	Name string
	// Benchmark is the name without its case.
	Benchmark string
	// Factor is the ratio of costs.
	Factor float64
}

// Speedups finds every benchmark that has a case of the same name with
// " parallel" after it, and says how many times the work two cores do.
func Speedups(results []Result) []Ratio {
	var ratios []Ratio
	for _, parallel := range results {
		name, ok := strings.CutSuffix(parallel.Name, "_parallel")
		if !ok {
			continue
		}
		serial := find(results, name)
		if serial == nil {
			continue
		}
		ratios = append(ratios, Ratio{
			Name:      name + ", parallel to serial",
			Benchmark: name,
			Factor:    serial.Cost().Median() / parallel.Cost().Median(),
		})
	}
	return ratios
}

func find(results []Result, name string) *Result {
	i := slices.IndexFunc(results, func(r Result) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &results[i]
}

// Ratios finds every pair of cases that differ in nothing else: numerator and
// denominator are path elements such as "open=1M" and "open=1k".
func Ratios(results []Result, numerator, denominator string) []Ratio {
	var ratios []Ratio
	for _, top := range results {
		parts := strings.Split(top.Name, "/")
		i := slices.Index(parts, numerator)
		if i < 0 {
			continue
		}
		parts[i] = denominator
		below := find(results, strings.Join(parts, "/"))
		if below == nil {
			continue
		}
		benchmark := strings.Join(slices.Delete(parts, i, i+1), "/")
		ratios = append(ratios, Ratio{
			Name:      fmt.Sprintf("%s, %s to %s", benchmark, numerator, denominator),
			Benchmark: benchmark,
			Factor:    top.Cost().Median() / below.Cost().Median(),
		})
	}
	return ratios
}
