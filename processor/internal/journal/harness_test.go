package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

var (
	bg      = context.Background()
	errDead = errors.New("the storage is gone")
)

// memory is a storage in memory. It can be told to fail an operation.
type memory struct {
	values map[string][]byte
	// used is the size of keys and values.
	used  int
	calls int
	// largest is that of the bytes that one call read.
	largest int
	// limit of the bytes of keys and values, 0 for none.
	limit int
	// fail, when set, says how many operations of a call happen before it
	// fails, or that it does not.
	fail func(ops []journal.Op) (happen int, fails bool)
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (m *memory) Do(_ context.Context, ops []journal.Op) error {
	m.calls++
	happen, fails := len(ops), false
	if m.fail != nil {
		happen, fails = m.fail(ops)
	}
	read, before := 0, m.used
	var undo []journal.Op
	for i := range ops[:happen] {
		switch op := &ops[i]; op.Kind {
		case journal.OpGet:
			op.Value = slices.Clone(m.values[op.Key])
			read += len(op.Value)
		case journal.OpSet:
			undo = append(undo, m.put(op.Key, append([]byte{}, op.Value...)))
		case journal.OpDelete:
			undo = append(undo, m.put(op.Key, nil))
		}
	}
	m.largest = max(m.largest, read)
	if m.limit > 0 && m.used > m.limit && m.used > before {
		for _, op := range slices.Backward(undo) {
			m.put(op.Key, op.Value)
		}
		return fmt.Errorf("no: %w", journal.ErrFull)
	}
	if fails {
		return errDead
	}
	return nil
}

// put sets or deletes, and answers what undoes it.
func (m *memory) put(key string, value []byte) journal.Op {
	old := m.values[key]
	if old != nil {
		m.used -= len(key) + len(old)
		delete(m.values, key)
	}
	if value != nil {
		m.used += len(key) + len(value)
		m.values[key] = value
	}
	return journal.Op{Key: key, Value: old}
}

// failAt makes the n-th call from now on fail, and all after it when it dies.
// Of that call as many operations happen as happen says.
func (m *memory) failAt(n int, dies bool, happen func(ops int) int) {
	m.fail = func(ops []journal.Op) (int, bool) {
		n--
		switch {
		case n == 0:
			return happen(len(ops)), true
		case n < 0 && dies:
			return 0, true
		default:
			return len(ops), false
		}
	}
}

func nothing(int) int        { return 0 }
func everything(ops int) int { return ops }

// keys are those that begin with a prefix, sorted.
func (m *memory) keys(prefix string) []string {
	var keys []string
	for key := range m.values {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// usedBut is the size of all but what begins with a prefix.
func (m *memory) usedBut(prefix string) int {
	size := m.used
	for _, key := range m.keys(prefix) {
		size -= len(key) + len(m.values[key])
	}
	return size
}

// walked is a memory that can be walked.
type walked struct{ *memory }

func (w walked) Walk(_ context.Context, visit func(key string, value []byte)) error {
	for key, value := range w.values {
		visit(key, value)
	}
	return nil
}

// item is an entry or chunk as it was written or read.
type item struct {
	id      uint64
	payload string
}

// contents is what a log has.
type contents struct{ main, past []item }

func collect(into *[]item) journal.Visit {
	return func(id uint64, payload []byte) error {
		*into = append(*into, item{id, string(payload)})
		return nil
	}
}

// reopen reads a storage as a new process would.
func reopen(t require.TestingT, s journal.Storage) (*journal.Log, contents, int) {
	l, err := journal.Open(bg, s)
	require.NoError(t, err)
	var got contents
	aside, err := l.Replay(bg, collect(&got.main), collect(&got.past))
	require.NoError(t, err)
	return l, got, aside
}

func frame(payload string) []byte { return append(journal.Frame(nil), payload...) }

// write writes an entry, and a chunk unless past is empty.
func write(l *journal.Log, entry, past string) (id, pastID uint64, err error) {
	if past == "" {
		return l.Write(bg, frame(entry), nil)
	}
	return l.Write(bg, frame(entry), frame(past))
}

func mustWrite(t testing.TB, l *journal.Log, entry, past string) (id, pastID uint64) {
	t.Helper()
	id, pastID, err := write(l, entry, past)
	require.NoError(t, err)
	return id, pastID
}

func key(prefix string, id uint64) string { return fmt.Sprintf("%s%016x", prefix, id) }

// spacersOf are the keys that a large value is followed by.
func spacersOf(prefix string, i item) []string {
	if journal.HeadSize+len(i.payload) < 1024 {
		return nil
	}
	k := key(prefix, i.id)
	return []string{k + "/1", k + "/2", k + "/3"}
}

// assertNoLeak says that nothing is stored but what contents has, and roots.
func assertNoLeak(t assert.TestingT, m *memory, has contents) {
	want := map[string]bool{"root/0": true, "root/1": true}
	for prefix, items := range map[string][]item{"e/": has.main, "p/": has.past} {
		for _, i := range items {
			want[key(prefix, i.id)] = true
			for _, spacer := range spacersOf(prefix, i) {
				want[spacer] = true
			}
		}
	}
	leaked := slices.DeleteFunc(m.keys(""), func(key string) bool { return want[key] })
	assert.Empty(t, leaked)
}
