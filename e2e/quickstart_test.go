package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// TestQuickstart runs the program behind `make run` as it stands, in a folder
// of its own and on free ports.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	q := newQuickstart(t)
	shown := q.runOnce()
	for _, want := range []string{
		"inference", "embeddings", "tool", "agent", // kinds
		"error", "unknown", "tool_call", // a failure, a request without a span, a tool
		"One of them, read as a conversation", "→ get_weather(", "← ", "assistant",
		"Stopped after", "otelcol-genai",
	} {
		assert.Contains(t, shown, want)
	}
	rows, filed := rowsOf(shown), len(q.filed())
	assert.Equal(t, filed, rows, "a row for every envelope:\n%s", shown)
	assert.Greater(t, rows, 15)
	assert.NotContains(t, shown, "\x1b[", "no colour in a pipe")
	info, err := os.Stat(filepath.Join(q.dir, "out"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "the folder of what was said")
}

// TestQuickstartKilled kills the program behind `make run` and its collector
// in the middle of the sample. The next run shows every request of both.
func TestQuickstartKilled(t *testing.T) {
	t.Parallel()
	q := newQuickstart(t)
	output := newProcessOutput()
	run := q.command(t.Context())
	run.Stdout, run.Stderr = output, output
	require.NoError(t, run.Start())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	played := output.await(ctx, "played", 1)
	for _, child := range childrenOf(t, run.Process.Pid) {
		require.NoError(t, syscall.Kill(child, syscall.SIGKILL))
	}
	_ = run.Process.Kill()
	_ = run.Wait() // killed
	require.NoError(t, played, "%s", output)
	require.Zero(t, rowsOf(output.String()), "it was killed before it showed anything")
	q.awaitPorts()

	shown := q.runOnce()
	filed := q.filed()
	assert.Equal(t, len(filed), rowsOf(shown), "a row for every envelope:\n%s", shown)
	// Each run plays the same spans in traces of its own.
	runs := map[string]map[string]bool{}
	for _, request := range filed {
		_, span, _ := strings.Cut(request, "-")
		if runs[span] == nil {
			runs[span] = map[string]bool{}
		}
		runs[span][request] = true
	}
	assert.Greater(t, len(runs), 15)
	for span, requests := range runs {
		assert.Len(t, requests, 2, "runs that have the request of span %s", span)
	}
	info, err := os.Stat(filepath.Join(q.dir, "out", "storage"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "the folder of the journal")
	journals, err := filepath.Glob(filepath.Join(q.dir, "out", "storage", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, journals)
	for _, journal := range journals {
		info, err := os.Stat(journal)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), journal)
	}
}

// TestQuickstartPlaysOn: what `make run` leaves is alive: requests come, of every
// instrumentation of the sample, until Ctrl-C.
func TestQuickstartPlaysOn(t *testing.T) {
	t.Parallel()
	q := newQuickstart(t)
	output := newProcessOutput()
	run := q.command(t.Context(), "-pace=5ms")
	run.Stdout, run.Stderr = output, output
	require.NoError(t, run.Start())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, output.await(ctx, "Meanwhile", 1), "%s", output)
	v := watch(t, "http://"+q.live+"/api/v1/events", nil)
	services := map[string]bool{}
	for at := 0; len(services) < 5; {
		at = v.await(at, "a request of another service", func(f watchedFrame) bool {
			return f.Type == "request.open" && !services[f.read(t).Service]
		})
		services[v.seen()[at-1].read(t).Service] = true
	}
	require.NoError(t, run.Process.Signal(os.Interrupt))
	require.NoError(t, run.Wait(), "%s", output)
	assert.Contains(t, output.String(), "Stopped after")
	v.await(0, "the end of the stream", func(f watchedFrame) bool { return f.Type == "stream.end" })
}

// quickstart is the program behind `make run`, in a folder and on ports that
// its runs share.
type quickstart struct {
	t            *testing.T
	dir, program string
	live         string
	ports        []string
	env          []string
}

func newQuickstart(t *testing.T) *quickstart {
	t.Helper()
	q := &quickstart{t: t, dir: t.TempDir(), live: freeAddress(t)}
	q.program = filepath.Join(q.dir, "quickstart")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", q.program, "./internal/quickstart")
	build.Dir = repository(t)
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	grpc, http, health, metrics := freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	_, metricsPort, err := net.SplitHostPort(metrics)
	require.NoError(t, err)
	q.ports = []string{grpc, http, health, metrics, q.live}
	q.env = append(os.Environ(), "OTLP_GRPC_ENDPOINT="+grpc, "OTLP_HTTP_ENDPOINT="+http,
		"HEALTH_ENDPOINT="+health, "LIVE_ENDPOINT="+q.live, "METRICS_PORT="+metricsPort)
	return q
}

// awaitPorts waits until nobody listens on its ports: a killed process, which
// is not our child to wait for, holds them until the kernel has cleaned up.
func (q *quickstart) awaitPorts() {
	q.t.Helper()
	for _, address := range q.ports {
		require.Eventually(q.t, func() bool {
			listener, err := net.Listen("tcp", address)
			return err == nil && listener.Close() == nil
		}, patience, 10*time.Millisecond, "%s is still taken", address)
	}
}

func (q *quickstart) command(ctx context.Context, flags ...string) *exec.Cmd {
	q.t.Helper()
	run := exec.CommandContext(ctx, q.program, append(flags, "-dir", q.dir,
		"-collector", collectorBinary(q.t),
		"-config", filepath.Join(repository(q.t), "examples", "quickstart.yaml"),
		"-sample", filepath.Join(repository(q.t), "testdata", "quickstart"))...)
	run.Env, run.WaitDelay = q.env, 10*time.Second
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	return run
}

// runOnce runs until the sample was shown, and answers what was.
func (q *quickstart) runOnce() string {
	q.t.Helper()
	ctx, cancel := context.WithTimeout(q.t.Context(), 2*patience)
	defer cancel()
	run := q.command(ctx, "-once")
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	require.NoError(q.t, run.Run(), "%s%s", &stdout, &stderr)
	return stdout.String()
}

// filed are the requests of all envelopes in the file.
func (q *quickstart) filed() []string {
	q.t.Helper()
	var requests []string
	eachLine(q.t, filepath.Join(q.dir, "out", "envelopes.jsonl"), func(line []byte) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		require.NoError(q.t, err)
		for f := range logRecords(logs) {
			if id, ok := f.record.Attributes().Get("gen_ai_buffer.request_id"); ok && isEnvelope(f.record) {
				requests = append(requests, id.Str())
			}
		}
	})
	return requests
}

// rowsOf counts the envelopes that were shown: their rows begin with a time.
func rowsOf(shown string) int {
	rows := 0
	for line := range strings.Lines(shown) {
		if fields := strings.Fields(line); len(fields) > 3 && strings.Count(fields[0], ":") == 2 {
			rows++
		}
	}
	return rows
}

// childrenOf are the processes that a process started.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	var children []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		require.NoError(t, err)
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			require.NoError(t, err)
			children = append(children, child)
		}
	}
	return children
}
