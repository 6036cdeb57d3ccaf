package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/gobench"
)

// openGrowth is the most that an append or a tick may cost at a million open
// requests, in times its cost at a thousand.
const openGrowth = 1.5

// goBenchmarks runs the Go benchmarks of the root module and compares them.
func (b *bench) goBenchmarks(w io.Writer) (violated int, err error) {
	results, err := gobench.Run(b.ctx, "..", b.options.benchtime, b.options.benchcount, os.Stderr,
		strings.Split(b.options.gobench, ",")...)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w, "\n### Go benchmarks, two cores\n\n| benchmark | ns per event | bytes | allocations |\n|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.Name, costOf(r),
			either(r, "B/event", "B/op"), either(r, "allocs/event", "allocs/op"))
	}
	fmt.Fprintln(w)
	for _, ratio := range gobench.Ratios(results, "open=1M", "open=1k") {
		verdict := "INFO"
		if bounded(ratio.Benchmark) {
			verdict = "PASS"
			if !(ratio.Factor <= openGrowth) {
				verdict = "OVER"
				violated++
			}
		}
		fmt.Fprintf(w, "%s  %s: %.2f×\n", verdict, ratio.Name, ratio.Factor)
	}
	for _, ratio := range gobench.Speedups(results) {
		fmt.Fprintf(w, "INFO  %s: two cores do %.2f× the work of one\n", ratio.Benchmark, ratio.Factor)
	}
	return violated, nil
}

// bounded says whether the growth of a benchmark has a bound: appends and ticks.
func bounded(benchmark string) bool {
	return strings.Contains(benchmark, "Append") || strings.Contains(benchmark, "Tick") || strings.Contains(benchmark, "Expire")
}

// costOf writes nanoseconds per event, or per operation where events are not told.
func costOf(r gobench.Result) string {
	nanoseconds := fmt.Sprintf("%.0f", r.Cost().Median()*1e9)
	if _, ok := r.Units["sec/event"]; ok {
		return nanoseconds
	}
	return nanoseconds + " per op"
}

func either(r gobench.Result, perEvent, perOp string) string {
	if s, ok := r.Units[perEvent]; ok {
		return s.Format(2)
	}
	return r.Units[perOp].Format(0) + " per op"
}
