package process

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// itself is this test as if it were a collector.
func itself(t *testing.T) *Collector {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	return &Collector{cmd: &exec.Cmd{Process: self}}
}

func TestCPUTimeIsThatOfAllThreads(t *testing.T) {
	usage := func() time.Duration {
		var r unix.Rusage
		require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &r))
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	c := itself(t)
	low := usage()
	got, err := c.CPUTime()
	require.NoError(t, err)
	high := usage()
	const rounding = 10 * time.Millisecond
	assert.GreaterOrEqual(t, got, low-rounding)
	assert.LessOrEqual(t, got, high+rounding)
	for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
		runtime.Gosched()
	}
	later, err := c.CPUTime()
	require.NoError(t, err)
	assert.Greater(t, later, got)
}

func TestPeakFollowsMemory(t *testing.T) {
	c := itself(t)
	before, err := c.PeakResident()
	require.NoError(t, err)
	const size = 64 << 20
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	after, err := c.PeakResident()
	require.NoError(t, err)
	runtime.KeepAlive(block)
	assert.Greater(t, before, int64(1<<20))
	assert.GreaterOrEqual(t, after, int64(size))
}

func TestStartOnBindsOnlyTheChild(t *testing.T) {
	var before, after unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &before))
	cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	var out strings.Builder
	cmd.Stdout = &out
	require.NoError(t, startOn(cmd, 0))
	require.NoError(t, cmd.Wait())
	assert.Equal(t, "0", strings.TrimSpace(strings.TrimPrefix(out.String(), "Cpus_allowed_list:")))
	require.NoError(t, unix.SchedGetaffinity(0, &after))
	assert.Equal(t, before, after)
}

func TestStartSaysWhereTheLogIs(t *testing.T) {
	binary, err := exec.LookPath("false")
	require.NoError(t, err)
	_, err = Start(t.Context(), Spec{Binary: binary, Env: map[string]string{}, CPU: -1, Dir: t.TempDir()})
	require.ErrorContains(t, err, "ended at start")
	assert.ErrorContains(t, err, "collector.log")
}
