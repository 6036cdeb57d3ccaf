package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestQuickstart runs the program behind `make run` as it stands, in a folder
// of its own and on free ports.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "quickstart")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./internal/quickstart")
	build.Dir = repository(t)
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	_, metricsPort, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	run := exec.CommandContext(ctx, program, "-once", "-dir", dir,
		"-collector", collectorBinary(t),
		"-config", filepath.Join(repository(t), "examples", "quickstart.yaml"),
		"-sample", filepath.Join(repository(t), "testdata", "quickstart"))
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = 10 * time.Second
	run.Env = append(os.Environ(), "OTLP_GRPC_ENDPOINT="+freeAddress(t), "OTLP_HTTP_ENDPOINT="+freeAddress(t),
		"HEALTH_ENDPOINT="+freeAddress(t), "METRICS_PORT="+metricsPort)
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	require.NoError(t, run.Run(), "%s%s", &stdout, &stderr)

	shown := stdout.String()
	for _, want := range []string{
		"inference", "embeddings", "tool", "agent", // kinds
		"error", "unknown", "tool_call", // a failure, a request without a span, a tool
		"One of them, read as a conversation", "→ get_weather(", "← ", "assistant",
		"Stopped after", "otelcol-genai",
	} {
		assert.Contains(t, shown, want)
	}
	rows := 0
	for line := range strings.Lines(shown) {
		if fields := strings.Fields(line); len(fields) > 3 && strings.Count(fields[0], ":") == 2 {
			rows++
		}
	}
	filed := 0
	eachLine(t, filepath.Join(dir, "out", "envelopes.jsonl"), func(line []byte) {
		filed += bytes.Count(line, []byte(`"gen_ai_buffer.request"`))
	})
	assert.Equal(t, filed, rows, "a row for every envelope:\n%s", shown)
	assert.Greater(t, rows, 15)
	assert.NotContains(t, shown, "\x1b[", "no colour in a pipe")
	info, err := os.Stat(filepath.Join(dir, "out"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "the folder of what was said")
}
