package journal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

func TestOneOperationPerWrite(t *testing.T) {
	m := newMemory()
	l, _, _ := reopen(t, m)
	for range 1000 {
		mustWrite(t, l, "entry", "chunk")
	}
	l.Drop(900)
	before := m.calls
	mustWrite(t, l, "entry", "chunk")
	mustWrite(t, l, "entry", "")
	assert.Equal(t, before+2, m.calls)
	require.NoError(t, l.Trim(bg))
	before = m.calls
	require.NoError(t, l.Trim(bg))
	assert.Equal(t, before, m.calls, "nothing to trim")
}

func TestABacklogIsDeletedBitByBit(t *testing.T) {
	m := newMemory()
	l, _, _ := reopen(t, m)
	for range 1000 {
		mustWrite(t, l, "entry", "chunk")
	}
	l.Drop(990)
	l.DropPast(990)
	for writes := 1; len(m.keys("")) > 11+11+writes+2; writes++ {
		before := len(m.keys(""))
		mustWrite(t, l, "entry", "")
		require.Less(t, len(m.keys("")), before)
		require.GreaterOrEqual(t, len(m.keys("")), before-128+1)
		require.Less(t, writes, 20)
		_, got, aside := reopen(t, m)
		require.Len(t, got.main, 11+writes, "what was given up stays so")
		require.Len(t, got.past, 11)
		require.Zero(t, aside)
	}
}

func TestAReopenedLogDeletesWhatWasGivenUp(t *testing.T) {
	m := newMemory()
	l, _, _ := reopen(t, m)
	for range 1000 {
		mustWrite(t, l, "entry", "chunk")
	}
	l.Drop(1000)
	mustWrite(t, l, "entry", "")
	bytes := l.Bytes()
	l, got, _ := reopen(t, m)
	assert.Equal(t, bytes, l.Bytes())
	require.NoError(t, l.Trim(bg))
	assertNoLeak(t, m, got)
}

func TestFullStorage(t *testing.T) {
	m := newMemory()
	l, _, _ := reopen(t, m)
	big := strings.Repeat("x", 1000)
	var want []item
	m.limit = 20_000
	for {
		id, _, err := write(l, big, "")
		if err != nil {
			require.ErrorIs(t, err, journal.ErrFull)
			break
		}
		want = append(want, item{id, big})
	}
	bytes, stored := l.Bytes(), m.used
	_, _, err := write(l, big, big)
	require.ErrorIs(t, err, journal.ErrFull)
	assert.Equal(t, bytes, l.Bytes())
	assert.Equal(t, stored, m.used)
	_, got, _ := reopen(t, m)
	assert.Equal(t, want, got.main, "nothing old is lost")

	l.Drop(4)
	require.NoError(t, l.Trim(bg))
	assert.Less(t, l.Bytes(), bytes)
	id, pastID := mustWrite(t, l, big, big)
	assert.Equal(t, uint64(1), pastID)
	want = append(want[3:], item{id, big})
	_, got, aside := reopen(t, m)
	assert.Equal(t, contents{want, []item{{1, big}}}, got)
	assert.Zero(t, aside)
}

func TestUnreadableInAFullStorageStays(t *testing.T) {
	m := newMemory()
	_, want := filled(t, m)
	m.put(key("e/", 4), []byte("foreign"))
	m.limit = m.used
	_, got, aside := reopen(t, m)
	assert.Equal(t, 1, aside)
	assert.Len(t, got.main, len(want.main)-1)
	assert.Equal(t, []byte("foreign"), m.values[key("e/", 4)])
	assert.Empty(t, m.keys("aside/"))
}

func TestReplayReadsABoundedNumberOfBytes(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		entries, size  int
		then, thenSize int
		bytes, calls   int
	}{
		"small":                       {2000, 10, 0, 0, 64 * 200, 2000/64 + 4},
		"usual":                       {300, 110 << 10, 0, 0, 8 * mib, 300/64 + 4},
		"large":                       {30, mib, 0, 0, 8 * mib, 30/7 + 4},
		"larger than a read, each":    {5, 9 * mib, 0, 0, 10 * mib, 5 + 4},
		"large ones after small ones": {100, 10, 20, 4 * mib, 64 * mib, 100/15 + 20/15 + 20},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			l, _, _ := reopen(t, m)
			for range c.entries {
				mustWrite(t, l, strings.Repeat("x", c.size), "")
			}
			for range c.then {
				mustWrite(t, l, strings.Repeat("x", c.thenSize), "")
			}
			m.calls, m.largest = 0, 0
			read := 0
			l, err := journal.Open(bg, m)
			require.NoError(t, err)
			aside, err := l.Replay(bg, func(_ uint64, payload []byte) error {
				read += len(payload)
				return nil
			}, nil)
			require.NoError(t, err)
			assert.Zero(t, aside)
			assert.Equal(t, c.entries*c.size+c.then*c.thenSize, read)
			assert.LessOrEqual(t, m.largest, c.bytes)
			assert.LessOrEqual(t, m.calls, c.calls)
		})
	}
}

func TestAStorageThatFails(t *testing.T) {
	m := newMemory()
	filled(t, m)
	loseRoots(m)
	for n := 1; ; n++ {
		m.failAt(n, true, nothing)
		_, err := journal.Open(bg, m)
		if err == nil {
			require.Greater(t, n, 3)
			break
		}
		require.ErrorIs(t, err, errDead)
	}
	m = newMemory()
	filled(t, m)
	m.put(key("e/", 4), []byte("foreign"))
	m.put(key("e/", 5), nil)
	for n := 1; ; n++ {
		m.fail = nil
		l, err := journal.Open(bg, m)
		require.NoError(t, err)
		m.failAt(n, true, nothing)
		if _, err = l.Replay(bg, collect(&[]item{}), nil); err == nil {
			require.Greater(t, n, 3)
			return
		}
		require.ErrorIs(t, err, errDead)
	}
}

func TestAnEntryWithoutAFrameIsRefused(t *testing.T) {
	m := newMemory()
	l, _, _ := reopen(t, m)
	for _, bad := range [][]byte{nil, {}, []byte(strings.Repeat("x", 200)), journal.Frame(nil)[:10]} {
		_, _, err := l.Write(bg, bad, nil)
		require.Error(t, err)
		if bad != nil {
			_, _, err = l.Write(bg, frame("a"), bad)
			require.Error(t, err)
		}
	}
	assert.Empty(t, m.values)
	id, pastID := mustWrite(t, l, "a", "")
	assert.Equal(t, [2]uint64{1, 0}, [2]uint64{id, pastID})
}
