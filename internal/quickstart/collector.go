package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// collector is the running collector process.
type collector struct {
	cmd     *exec.Cmd
	logPath string
	// exited is closed after exitErr is set.
	exited  chan struct{}
	exitErr error
}

// startCollector starts the collector and waits until it is ready.
func startCollector(ctx context.Context, o options) (*collector, error) {
	if _, err := os.Stat(o.collector); err != nil {
		return nil, fmt.Errorf("no collector at %s; `make build` builds it", o.collector)
	}
	if err := portsFree(ctx, o); err != nil {
		return nil, err
	}
	c := &collector{logPath: filepath.Join(o.dir, "out", "collector.log"), exited: make(chan struct{})}
	if err := os.MkdirAll(filepath.Dir(c.logPath), 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.cmd = newProcess(o.collector, "--config", o.config)
	c.cmd.Dir = o.dir
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", o.collector, err)
	}
	go func() {
		c.exitErr = c.cmd.Wait()
		close(c.exited)
	}()
	if err := c.ready(ctx, "http://"+o.health); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// portsFree says in good time, and in a way that helps, that something else
// listens where the collector wants to.
func portsFree(ctx context.Context, o options) error {
	for _, place := range []struct{ address, variable, other string }{
		{o.grpc, "OTLP_GRPC_ENDPOINT", "localhost:14317"},
		{o.http, "OTLP_HTTP_ENDPOINT", "localhost:14318"},
		{o.live, "LIVE_ENDPOINT", "localhost:14321"},
		{o.health, "HEALTH_ENDPOINT", "localhost:23133"},
		{o.metrics, "METRICS_PORT", "18888"},
	} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", place.address)
		if err != nil {
			return fmt.Errorf("cannot listen on %s (%w)\n"+
				"Perhaps another collector runs: stop it, or choose another place, for example\n"+
				"  %s=%s make run", place.address, errors.Unwrap(err), place.variable, place.other)
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until the collector says that it is up.
func (c *collector) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if get(ctx, url, io.Discard) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.exited:
			return c.died()
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("the collector did not become ready:\n%s", c.lastWords())
		}
	}
}

// died is the error of a collector that ended by itself.
func (c *collector) died() error {
	how := "exit status 0"
	if c.exitErr != nil {
		how = c.exitErr.Error()
	}
	return fmt.Errorf("the collector ended by itself (%s):\n%s", how, c.lastWords())
}

// lastWords are the last lines of the collector's log.
func (c *collector) lastWords() string {
	data, err := os.ReadFile(c.logPath)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// stop asks the collector to end, which flushes what is open, and waits.
func (c *collector) stop() error {
	select {
	case <-c.exited:
		return nil // said already
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	patience := time.NewTimer(30 * time.Second)
	defer patience.Stop()
	select {
	case <-c.exited:
		if c.exitErr != nil {
			return c.died()
		}
		return nil
	case <-patience.C:
		c.kill()
		return fmt.Errorf("the collector did not end and was killed; its log is %s", c.logPath)
	}
}

// kill ends the process if it still runs, and waits for it.
func (c *collector) kill() {
	select {
	case <-c.exited:
	default:
		_ = c.cmd.Process.Kill() // it may end by itself between the two lines
		<-c.exited
	}
}

// taken is what the collector's receivers accepted, in records.
type taken struct{ spans, logs int64 }

// scrapeTaken asks the collector's own metrics; it is zero when they do not
// answer.
func scrapeTaken(ctx context.Context, address string) taken {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var body strings.Builder
	if get(ctx, "http://"+address+"/metrics", &body) != nil {
		return taken{}
	}
	return parseTaken(strings.NewReader(body.String()))
}

// parseTaken reads the Prometheus text format.
func parseTaken(r io.Reader) taken {
	var t taken
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), "{")
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		switch {
		case err != nil:
		case strings.HasPrefix(name, "otelcol_receiver_accepted_spans"):
			t.spans += int64(value)
		case strings.HasPrefix(name, "otelcol_receiver_accepted_log_records"):
			t.logs += int64(value)
		}
	}
	return t
}

func get(ctx context.Context, url string, to io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(to, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
