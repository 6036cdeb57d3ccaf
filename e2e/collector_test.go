package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// patience ends a wait for something that a healthy run always brings.
	patience = 60 * time.Second
	readyLog = "Everything is ready. Begin running and processing data."
	// shutdownLog is written before the first component is stopped.
	shutdownLog = "Starting shutdown..."
)

// collectorBinary is the path of the built collector.
func collectorBinary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL_GENAI")
	if path == "" {
		path = filepath.Join(repository(t), "dist", "otelcol-genai")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no collector at %s (%v): run `make build`, or set OTELCOL_GENAI to a built one", path, err)
	}
	return path
}

// repository is the folder of the checkout.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	return filepath.Dir(dir)
}

// collector is one running collector process.
type collector struct {
	t       *testing.T
	cmd     *exec.Cmd
	output  *processOutput
	exited  chan struct{}
	exitErr error
	// addresses that the configuration was given.
	addresses
}

// launch says how to start a collector.
type launch struct {
	// configs are YAML documents, merged in order over the base.
	configs []string
	// files are configuration files, merged before configs; with files the
	// base is left out.
	files []string
	// env is added to the environment.
	env []string
	// command is a subcommand of the collector; args follow the configurations.
	command, args []string
	// dir is the working directory; the test's own when empty.
	dir string
	// at says where to listen, as another collector did before; nil picks
	// free places.
	at *addresses
}

// start runs a collector and waits until it is ready. It is stopped, and its
// output examined, when the test ends.
func start(t *testing.T, l launch) *collector {
	t.Helper()
	for attempt := 1; ; attempt++ {
		c := l.spawn(t)
		if c.waitReady() {
			t.Cleanup(c.cleanup)
			return c
		}
		// Another process took a port between choosing and listening.
		if attempt < 4 && strings.Contains(c.output.String(), "address already in use") {
			continue
		}
		t.Fatalf("the collector did not become ready (%v):\n%s", c.exitErr, c.output.tail())
	}
}

// spawn starts the process and returns at once.
func (l launch) spawn(t *testing.T) *collector {
	t.Helper()
	c := &collector{t: t, exited: make(chan struct{}), output: newProcessOutput()}
	if l.at != nil {
		c.addresses = *l.at
	} else {
		c.addresses = pickAddresses(t)
	}
	args := slices.Concat(l.command, l.configArgs(t), l.args)
	c.cmd = exec.Command(collectorBinary(t), args...)
	c.cmd.Dir = l.dir
	if c.cmd.Dir == "" {
		c.cmd.Dir = t.TempDir()
	}
	c.cmd.Env = append(append(os.Environ(), c.environ()...), l.env...)
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	// The pipes close with the process even if a child of it kept them open.
	c.cmd.WaitDelay = 5 * time.Second
	require.NoError(t, c.cmd.Start())
	go func() {
		c.exitErr = c.cmd.Wait()
		c.output.close()
		close(c.exited)
	}()
	return c
}

// configArgs writes the configurations to files and names them.
func (l launch) configArgs(t *testing.T) []string {
	t.Helper()
	var args []string
	for _, file := range l.files {
		args = append(args, "--config", file)
	}
	documents := l.configs
	if len(l.files) == 0 {
		documents = append([]string{baseConfig}, documents...)
	}
	dir := t.TempDir()
	for i, document := range documents {
		file := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
		args = append(args, "--config", file)
	}
	return args
}

// waitReady says whether the collector came up; it returns false when the
// process ended or did not become ready in time.
func (c *collector) waitReady() bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if c.output.await(ctx, readyLog, 1) != nil {
		c.kill()
		return false
	}
	// It says so just before it listens for signals, and one that comes in
	// between ends it.
	c.poll("readiness for signals", c.listensForSignals, func() string { return "not yet" })
	return true
}

// waitingForSignals is how the goroutine looks that waits for signals.
var waitingForSignals = regexp.MustCompile(`\[select[^]]*\]:\ngo\.opentelemetry\.io/collector/otelcol\.\(\*Collector\)\.Run`)

func (c *collector) listensForSignals() bool {
	response, err := askClient.Get("http://" + c.pprof + "/debug/pprof/goroutine?debug=2")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	stacks, err := io.ReadAll(response.Body)
	return err == nil && waitingForSignals.Match(stacks)
}

// waitLog waits until text was written n times.
func (c *collector) waitLog(text string, n int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.output.await(ctx, text, n); err != nil {
		c.t.Fatalf("the collector did not write %q %d times (%v):\n%s", text, n, err, c.output.tail())
	}
}

// reload makes the collector load its configuration again and waits until the
// new service runs.
func (c *collector) reload() {
	c.t.Helper()
	n := c.output.count(readyLog)
	c.signal(syscall.SIGHUP)
	c.waitLog(readyLog, n+1)
}

func (c *collector) signal(s syscall.Signal) {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Signal(s))
}

// terminate asks the collector to end and returns at once.
func (c *collector) terminate() { c.t.Helper(); c.signal(syscall.SIGTERM) }

// stop asks the collector to end, waits for it and requires a clean exit.
func (c *collector) stop() {
	c.t.Helper()
	c.terminate()
	require.NoError(c.t, c.wait(), "exit of the collector:\n%s", c.output.tail())
}

// wait waits for the end of the process and returns what it ended with.
func (c *collector) wait() error {
	c.t.Helper()
	select {
	case <-c.exited:
		return c.exitErr
	case <-time.After(2 * patience):
		_ = c.cmd.Process.Signal(syscall.SIGQUIT)
		<-c.exited
		c.t.Fatalf("the collector did not end; its goroutines:\n%s", c.output.tail())
		return nil
	}
}

// kill ends the process without asking.
func (c *collector) kill() {
	_ = c.cmd.Process.Kill()
	<-c.exited
}

func (c *collector) running() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// cleanup ends what still runs and examines what the process wrote.
func (c *collector) cleanup() {
	if c.running() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-c.exited:
		case <-time.After(patience):
			c.kill()
			c.t.Errorf("the collector did not end after SIGTERM:\n%s", c.output.tail())
		}
	}
	for _, sign := range []string{"panic:", "DATA RACE", "fatal error:", "[recovered]"} {
		if strings.Contains(c.output.String(), sign) {
			c.t.Errorf("the collector wrote %q:\n%s", sign, c.output.around(sign))
		}
	}
	if c.t.Failed() {
		c.t.Logf("output of the collector:\n%s", c.output.tail())
	}
}

// runToEnd starts a collector command that ends by itself, such as `validate`,
// and returns what it wrote and its exit error.
func (l launch) runToEnd(t *testing.T) (string, error) {
	t.Helper()
	c := l.spawn(t)
	t.Cleanup(func() {
		if c.running() {
			c.kill()
		}
	})
	select {
	case <-c.exited:
		return c.output.String(), c.exitErr
	case <-time.After(patience):
		c.kill()
		return c.output.String(), errors.New("the process did not end by itself")
	}
}

// processOutput keeps what a process writes and wakes those who wait for it.
// It may be used by several goroutines.
type processOutput struct {
	mu sync.Mutex // guards everything declared below
	// buf is all that was written.
	buf    bytes.Buffer
	grown  chan struct{}
	closed bool
}

func newProcessOutput() *processOutput { return &processOutput{grown: make(chan struct{})} }

var _ io.Writer = (*processOutput)(nil)

func (o *processOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.grown)
	o.grown = make(chan struct{})
	return o.buf.Write(p)
}

func (o *processOutput) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	close(o.grown)
	o.grown = make(chan struct{})
}

func (o *processOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *processOutput) count(text string) int { return strings.Count(o.String(), text) }

// await returns nil once text was written n times, an error when the process
// ended before or ctx is done.
func (o *processOutput) await(ctx context.Context, text string, n int) error {
	for {
		o.mu.Lock()
		found := bytes.Count(o.buf.Bytes(), []byte(text)) >= n
		grown, closed := o.grown, o.closed
		o.mu.Unlock()
		switch {
		case found:
			return nil
		case closed:
			return errors.New("the process ended")
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tail is the last part of the output.
func (o *processOutput) tail() string {
	const most = 8 << 10
	s := o.String()
	if len(s) > most {
		s = "…" + s[len(s)-most:]
	}
	return s
}

// around is the output from the first line that holds sign.
func (o *processOutput) around(sign string) string {
	var out strings.Builder
	found := 0
	lines := bufio.NewScanner(strings.NewReader(o.String()))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() && found < 60 {
		if found > 0 || strings.Contains(lines.Text(), sign) {
			found++
			out.WriteString(lines.Text() + "\n")
		}
	}
	return out.String()
}
