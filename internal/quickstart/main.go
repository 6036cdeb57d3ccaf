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
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the command line and the environment that the configuration
// reads as well.
type options struct {
	collector string
	config    string
	sample    string
	dir       string
	once      bool
	// pace is the time between two records of what is played on, 0 for not
	// playing on.
	pace time.Duration

	grpc, http, live, health, metrics string
}

func parse(arguments []string, env func(string) string) (options, error) {
	or := func(name, otherwise string) string {
		if value := env(name); value != "" {
			return value
		}
		return otherwise
	}
	o := options{
		grpc:    or("OTLP_GRPC_ENDPOINT", "localhost:4317"),
		http:    or("OTLP_HTTP_ENDPOINT", "localhost:4318"),
		live:    or("LIVE_ENDPOINT", "localhost:4321"),
		health:  or("HEALTH_ENDPOINT", "localhost:13133"),
		metrics: "localhost:" + or("METRICS_PORT", "8888"),
	}
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.StringVar(&o.collector, "collector", "dist/otelcol-genai", "the collector's binary")
	f.StringVar(&o.config, "config", "examples/quickstart.yaml", "its configuration")
	f.StringVar(&o.sample, "sample", "testdata/quickstart", "folder of recorded telemetry to play")
	f.StringVar(&o.dir, "dir", ".", "folder that the collector runs in; it writes to out/ there")
	f.BoolVar(&o.once, "once", false, "end once the sample was shown")
	f.DurationVar(&o.pace, "pace", 800*time.Millisecond, "time between two records of the sample that is played on, slowly; 0 plays it once only")
	if err := f.Parse(arguments); err != nil {
		return options{}, err
	}
	var errs [4]error
	o.collector, errs[0] = filepath.Abs(o.collector)
	o.config, errs[1] = filepath.Abs(o.config)
	o.sample, errs[2] = filepath.Abs(o.sample)
	o.dir, errs[3] = filepath.Abs(o.dir)
	return o, errors.Join(errs[:]...)
}

func main() {
	// The collector is tied to the thread that starts it, see newProcess.
	runtime.LockOSThread()
	o, err := parse(os.Args[1:], os.Getenv)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "quickstart:", err)
		}
		os.Exit(2)
	}
	// A reader that goes away (`make run | head`) ends the run in order.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = run(ctx, stop, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run does everything between start and interrupt. release gives signals back
// their usual effect, so that a second Ctrl-C ends at once.
func run(ctx context.Context, release func(), o options, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newScreen(w, cancel)
	started := time.Now()
	file := filepath.Join(o.dir, "out", "envelopes.jsonl")
	envelopes, err := followFile(file)
	if err != nil {
		return err
	}
	defer envelopes.close()
	if err := errors.Join(placeOf(envelopes).resume(envelopes), placeOf(envelopes).keep(envelopes)); err != nil {
		return err
	}

	c, err := startCollector(ctx, o)
	if err != nil {
		return err
	}
	defer c.kill()
	out.fact("collector", "%s", shortPath(o.collector))
	out.fact("listens", "OTLP on %s (gRPC) and %s (HTTP)", o.grpc, o.http)
	out.fact("watch", "http://%s in a browser, or curl -N http://%[1]s/api/v1/events", o.live)
	out.fact("its log", "%s", shortPath(c.logPath))

	show := &shown{out: out, file: envelopes}
	err = play(ctx, out, o, show)
	if err == nil {
		err = show.sample(ctx, c)
	}
	if err == nil && !o.once {
		out.print("\nSend your own telemetry, each envelope will be shown here. Ctrl-C ends.\n" +
			"  OTEL_EXPORTER_OTLP_ENDPOINT=http://" + o.http + "\n\n")
		err = followAndPlayOn(ctx, out, o, show, c)
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}

	release()
	taken := scrapeTaken(context.WithoutCancel(ctx), o.metrics)
	if stopErr := c.stop(); err == nil {
		err = stopErr
	}
	if restErr := show.rest(); err == nil {
		err = restErr
	}
	show.summary(time.Since(started), taken, shortPath(file))
	return errors.Join(err, out.err())
}

// followAndPlayOn shows what comes, and lets something come.
func followAndPlayOn(ctx context.Context, out *screen, o options, show *shown, c *collector) error {
	if o.pace <= 0 {
		return show.follow(ctx, c)
	}
	out.print("Meanwhile the sample is played on, slowly (RUNFLAGS=-pace=0 leaves that out).\n")
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- encore(ctx, o) }()
	err := show.follow(ctx, c)
	stop()
	if played := <-ended; err == nil {
		err = played
	}
	return err
}

// play sends the sample and says what it was.
func play(ctx context.Context, out *screen, o options, show *shown) error {
	sample, err := readSample(o.sample)
	if err != nil {
		return err
	}
	sample.shift(time.Now())
	sample.renew()
	if err := sample.send(ctx, o.http); err != nil {
		return err
	}
	show.played = time.Now()
	out.fact("played", "%d spans and %d log records, recorded from %s", sample.spans, sample.records, sample.names())
	return nil
}

// shortPath is a path as a person in the working directory writes it.
func shortPath(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
