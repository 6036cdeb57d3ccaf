package e2e

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const fullSize = 4 << 20

// TestFullStorage: with the sink down, the storage fills up. New data is then
// refused so that clients keep it, the process may even die, and everything
// that was taken arrives once the sink is back, which frees the storage by
// itself.
func TestFullStorage(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(*testing.T) string{
		"max_size":    limitedStorage,
		"file system": storageOnSmallFileSystem,
	} {
		for _, dies := range []bool{false, true} {
			t.Run(name+map[bool]string{false: "/goes on", true: "/dies while full"}[dies], func(t *testing.T) {
				t.Parallel()
				fillAndRecover(t, place(t), dies)
			})
		}
	}
}

func fillAndRecover(t *testing.T, storage string, dies bool) {
	t.Helper()
	s, spans, at := newSink(t), newSink(t), pickAddresses(t)
	life := launch{at: &at, configs: []string{
		processorForm("linger: 50ms\nttl: 500ms\n"+hurriedRetry,
			"otlp_grpc/envelopes: "+grpcExporter(s.grpcAddress, "1s"), "otlp_grpc/spans: "+grpcExporter(spans.grpcAddress, "10s")),
		storage,
	}}
	c := start(t, life)
	s.set(unavailable)
	client, l := newHTTPClient(t, c.http), newLedger()
	pending, pendingEvents := fillUntilRefused(t, client, l, 2*fullSize)
	failures, _ := c.metric("journal_errors")
	assert.Positive(t, failures, "journal_errors")
	if dies {
		c.kill()
		c = start(t, life)
		client = newHTTPClient(t, c.http)
	}
	s.awaitRefusals(3)

	s.set(accept)
	c.poll("room for the refused batch", func() bool {
		result, _ := client.sendLogs(t.Context(), pending.logs)
		if result == acknowledged {
			l.note(result, pendingEvents)
		}
		return result == acknowledged
	}, func() string { return "it is refused still" })
	c.awaitMetric(is(0), "requests_open")
	c.awaitMetric(is(0), "envelopes_undelivered")
	c.requireMetric(0, "envelopes_lost")
	c.requireMetric(0, "journal_entries_set_aside")
	c.stop()
	d := s.delivered()
	l.check(t, d)
	requireWhole(t, d)
}

// limitedStorage is full when its file has reached a size.
func limitedStorage(t *testing.T) string {
	t.Helper()
	return withStorage(filepath.Join(t.TempDir(), "storage"), fmt.Sprintf("max_size: %d", fullSize))
}

// storageOnSmallFileSystem is full when its file system is. Where no file
// system may be mounted, its own limit has to do.
func storageOnSmallFileSystem(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", fullSize))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Logf("mounting a file system: %v; max_size takes its place", err)
		return limitedStorage(t)
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return withStorage(filepath.Join(dir, "storage"), "")
}
