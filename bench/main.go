// Command bench measures gen_ai_buffer beside a pipeline without a processor
// and beside groupbytrace: the same traffic, the same binary, rounds that
// alternate between the pipelines, the CPU time and memory of the whole
// collector process. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
	"github.com/genaibuffer/genaibufferprocessor/bench/live"
)

// options are the command line.
type options struct {
	collector   string
	configs     string
	dir         string
	only        string
	pipelines   *regexp.Regexp
	rounds      int
	scale       float64
	cpu         int
	compression string
	profile     string
	gobench     string
	benchtime   string
	benchcount  int
}

func parse(arguments []string) (options, error) {
	var o options
	all := scenarios()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.collector, "collector", "dist/collector/otelcol-bench", "the collector's binary")
	f.StringVar(&o.configs, "configs", "configs", "folder of the pipelines' configurations")
	f.StringVar(&o.dir, "dir", "dist", "folder for the collector's log")
	f.StringVar(&o.only, "only", strings.Join(names, ","), "scenarios to run, separated by commas")
	pipelines := f.String("pipelines", "", "pipelines to run, a regular expression on their names; empty for all")
	f.IntVar(&o.rounds, "rounds", 5, "how often every pipeline is measured")
	f.Float64Var(&o.scale, "scale", 1, "multiplies the traffic of a measurement")
	f.IntVar(&o.cpu, "cpu", 0, "the CPU that collectors are bound to; -1 for all")
	f.StringVar(&o.compression, "compression", "none", "compression of the collector's exporter: none or gzip")
	f.StringVar(&o.profile, "profile", "", "write CPU and allocation profiles to this folder instead of measuring")
	f.StringVar(&o.gobench, "gobench", "", "packages, separated by commas, whose Go benchmarks to run as well; relative to the folder above")
	f.StringVar(&o.benchtime, "benchtime", "300ms", "time of each Go benchmark")
	f.IntVar(&o.benchcount, "benchcount", 3, "repetitions of each Go benchmark")
	if err := f.Parse(arguments); err != nil {
		return o, err
	}
	for name := range strings.SplitSeq(o.only, ",") {
		if o.only != "" && !slices.Contains(names, name) {
			return o, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	var err error
	if o.pipelines, err = regexp.Compile(*pipelines); err != nil {
		return o, err
	}
	if o.rounds < 1 || o.scale <= 0 {
		return o, errors.New("-rounds and -scale must be above 0")
	}
	return o, nil
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == liveCommand {
		if err := live.Main(os.Args[2:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		os.Exit(0) // readers that no server ends are left behind
	}
	o, err := parse(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	b := &bench{ctx: ctx, options: o}
	violated, err := b.all(os.Stdout)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	case violated > 0 && os.Getenv("BENCH_ENFORCE") == "1":
		fmt.Fprintf(os.Stderr, "bench: %d bounds are violated\n", violated)
		os.Exit(1)
	}
}

// all runs what the options ask for and writes the report.
func (b *bench) all(w io.Writer) (violated int, err error) {
	for _, s := range scenarios() {
		s.variants = slices.DeleteFunc(s.variants, func(v variant) bool { return !b.options.pipelines.MatchString(v.name) })
		if len(s.variants) == 0 || !slices.Contains(strings.Split(b.options.only, ","), s.name) {
			continue
		}
		if b.options.profile != "" {
			if err = b.profiles(w, s); err != nil {
				return 0, err
			}
			continue
		}
		var n int
		if n, err = b.compare(w, s); err != nil {
			return violated, fmt.Errorf("%s: %w", s.name, err)
		}
		violated += n
	}
	if b.options.gobench == "" || b.options.profile != "" {
		return violated, nil
	}
	n, err := b.goBenchmarks(w)
	return violated + n, err
}

// compare measures every variant of a scenario in turn, round after round.
func (b *bench) compare(w io.Writer, s scenario) (violated int, err error) {
	table := report.NewTable(s.title, variantNames(s), s.metrics)
	rounds := b.options.rounds
	if s.rounds > 0 {
		rounds = min(rounds, s.rounds)
	}
	for round := range rounds {
		// Back and forth, so that no pipeline always comes after the same one.
		if round > 0 {
			slices.Reverse(s.variants)
		}
		for _, v := range s.variants {
			fmt.Fprintf(os.Stderr, "%s: round %d of %d, %s\n", s.name, round+1, rounds, v.name)
			figures, err := s.measure(b, v, unitOf(s, v), max(1, int(float64(s.count)*b.options.scale)))
			if err != nil {
				return 0, fmt.Errorf("%s: %w", v.name, err)
			}
			table.Add(v.name, figures)
		}
	}
	if err := table.WriteMarkdown(w); err != nil {
		return 0, err
	}
	return table.Judge(w, s.bounds)
}

// profiles profiles every variant of a scenario that measures work.
func (b *bench) profiles(w io.Writer, s scenario) error {
	if s.metrics[0].Key != costs[0].Key {
		return nil
	}
	for _, v := range s.variants {
		fmt.Fprintf(w, "profiling %s, %s\n", s.name, v.name)
		if err := b.profile(s, v, unitOf(s, v)); err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, v.name, err)
		}
	}
	_, err := fmt.Fprintf(w, "profiles are in %s\n", filepath.Clean(b.options.profile))
	return err
}

func unitOf(s scenario, v variant) load.Unit {
	if v.unit != nil {
		return v.unit()
	}
	return s.unit()
}

func variantNames(s scenario) []string {
	names := make([]string, len(s.variants))
	for i, v := range s.variants {
		names[i] = v.name
	}
	return names
}

// slug makes a file name of a title.
func slug(title string) string {
	return strings.Join(strings.FieldsFunc(title, func(r rune) bool {
		return r != '_' && (r < '0' || r > 'z' || (r > '9' && r < 'A') || (r > 'Z' && r < 'a'))
	}), "-")
}
