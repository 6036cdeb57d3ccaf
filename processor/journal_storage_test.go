package processor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// disk is a file_storage extension on a directory of its own.
type disk struct {
	directory string
	configure func(*filestorage.Config)
}

// open starts the extension and answers a client, as a new process has it.
func (d *disk) open(t testing.TB) (client storage.Client, stop func()) {
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = d.directory
	if d.configure != nil {
		d.configure(cfg)
	}
	id := component.NewID(factory.Type())
	ext, err := factory.Create(t.Context(), extension.Settings{ID: id, TelemetrySettings: componenttest.NewNopTelemetrySettings()}, cfg)
	require.NoError(t, err)
	require.NoError(t, ext.Start(t.Context(), componenttest.NewNopHost()))
	client, err = ext.(storage.Extension).GetClient(t.Context(), component.KindProcessor, component.MustNewID("gen_ai_buffer"), "")
	require.NoError(t, err)
	return client, func() {
		require.NoError(t, client.Close(context.WithoutCancel(t.Context())))
		require.NoError(t, ext.Shutdown(context.WithoutCancel(t.Context())))
	}
}

type journaled struct {
	id      uint64
	payload string
}

func replayed(t testing.TB, client storage.Client) (l *journal.Log, main, past []journaled, aside int) {
	l, err := journal.Open(t.Context(), newJournalStorage(client))
	require.NoError(t, err)
	into := func(items *[]journaled) journal.Visit {
		return func(id uint64, payload []byte) error {
			*items = append(*items, journaled{id, string(payload)})
			return nil
		}
	}
	aside, err = l.Replay(t.Context(), into(&main), into(&past))
	require.NoError(t, err)
	return l, main, past, aside
}

func framed(payload string) []byte { return append(journal.Frame(nil), payload...) }

func TestJournalOnDisk(t *testing.T) {
	d := &disk{directory: t.TempDir()}
	var want, wantPast []journaled
	for life := range 5 {
		client, stop := d.open(t)
		l, main, past, aside := replayed(t, client)
		require.Equal(t, want, main)
		require.Equal(t, wantPast, past)
		require.Zero(t, aside)
		for n := range 50 {
			payload := strings.Repeat(fmt.Sprint(life, n), 1000)
			id, pastID, err := l.Write(t.Context(), framed(payload), framed(payload[:10]))
			require.NoError(t, err)
			want = append(want, journaled{id, payload})
			wantPast = append(wantPast, journaled{pastID, payload[:10]})
		}
		l.Drop(want[30].id)
		l.DropPast(wantPast[40].id)
		want, wantPast = want[30:], wantPast[40:]
		require.NoError(t, l.Trim(t.Context()))
		stop()
	}
}

func TestJournalOnDiskFindsItsWayWithoutRoots(t *testing.T) {
	d := &disk{directory: t.TempDir()}
	client, stop := d.open(t)
	l, _, _, _ := replayed(t, client)
	for n := range 10 {
		_, _, err := l.Write(t.Context(), framed(fmt.Sprint(n)), nil)
		require.NoError(t, err)
	}
	for _, key := range []string{"root/0", "root/1", "e/0000000000000004"} {
		require.NoError(t, client.Set(t.Context(), key, []byte("torn")))
	}
	stop()
	client, stop = d.open(t)
	defer stop()
	_, main, past, aside := replayed(t, client)
	assert.Len(t, main, 9)
	assert.Empty(t, past)
	assert.Equal(t, 3, aside)
	torn, err := client.Get(t.Context(), "aside/e/0000000000000004")
	require.NoError(t, err)
	assert.Equal(t, "torn", string(torn))
}

// TestJournalOnAFullDisk: however large entries are, a full storage refuses, has
// all that was written, and takes entries again once some were given up, which
// it must also be able to delete although it is full.
func TestJournalOnAFullDisk(t *testing.T) {
	for _, size := range []int{200, 500, 900, 1500, 3000, 10_000, 50_000, 110_000} {
		for _, chunk := range []int{0, 100, 3000} {
			t.Run(fmt.Sprintf("%d and %d", size, chunk), func(t *testing.T) {
				d := &disk{t.TempDir(), func(cfg *filestorage.Config) { cfg.MaxSize = 2 << 20 }}
				client, stop := d.open(t)
				l, _, _, _ := replayed(t, client)
				payload := strings.Repeat("x", size)
				write := func() (uint64, error) {
					if chunk == 0 {
						id, _, err := l.Write(t.Context(), framed(payload), nil)
						return id, err
					}
					id, _, err := l.Write(t.Context(), framed(payload), framed(payload[:min(size, chunk)]))
					return id, err
				}
				first, last := uint64(1), uint64(0)
				for range 10 {
					id, err := write()
					for ; err == nil; id, err = write() {
						last = id
					}
					require.ErrorIs(t, err, journal.ErrFull)
					require.ErrorIs(t, err, storage.ErrStorageFull)
					for range 3 {
						first++
						l.Drop(first)
						require.NoError(t, l.Trim(t.Context()))
					}
				}
				l.Drop(last - 1)
				l.DropPast(last / 2)
				require.NoError(t, l.Trim(t.Context()))
				last, err := write()
				require.NoError(t, err, "space was given back")
				stop()
				client, stop = d.open(t)
				defer stop()
				_, main, _, aside := replayed(t, client)
				assert.Zero(t, aside)
				assert.Equal(t, []journaled{{last - 2, payload}, {last - 1, payload}, {last, payload}}, main)
			})
		}
	}
}

func TestJournalStorageErrors(t *testing.T) {
	for _, full := range []error{
		storage.ErrStorageFull,
		fmt.Errorf("wrapped: %w", storage.ErrStorageFull),
		&fs.PathError{Op: "write", Path: "file", Err: syscall.ENOSPC},
		os.NewSyscallError("write", syscall.EDQUOT),
	} {
		require.ErrorIs(t, storageError(full), journal.ErrFull)
		require.ErrorIs(t, storageError(full), full)
	}
	other := errors.New("other")
	assert.Equal(t, other, storageError(other))
	assert.NoError(t, storageError(nil))
}

func TestJournalStorageWithoutAWalk(t *testing.T) {
	d := &disk{directory: t.TempDir()}
	client, stop := d.open(t)
	defer stop()
	assert.Implements(t, (*journal.Walker)(nil), newJournalStorage(client))
	assert.NotImplements(t, (*journal.Walker)(nil), newJournalStorage(struct{ storage.Client }{client}))
}

// BenchmarkJournalWrite writes entries of usual size on file_storage without
// fsync, of which 100 are open at a time.
func BenchmarkJournalWrite(b *testing.B) {
	for _, size := range []int{1 << 10, 110_000, 1 << 20} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			d := &disk{directory: b.TempDir()}
			client, stop := d.open(b)
			defer stop()
			l, _, _, _ := replayed(b, client)
			payload := []byte(strings.Repeat("x", size))
			var buffer []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				buffer = append(journal.Frame(buffer[:0]), payload...)
				id, _, err := l.Write(b.Context(), buffer, nil)
				if err != nil {
					b.Fatal(err)
				}
				if id > 100 {
					l.Drop(id - 100)
				}
			}
		})
	}
}

// BenchmarkJournalStorageSet is the least that BenchmarkJournalWrite can take:
// the same bytes as one set and one delete.
func BenchmarkJournalStorageSet(b *testing.B) {
	d := &disk{directory: b.TempDir()}
	client, stop := d.open(b)
	defer stop()
	payload := []byte(strings.Repeat("x", 110_000))
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		err := client.Batch(b.Context(),
			storage.SetOperation(fmt.Sprintf("e/%016x", n), payload),
			storage.DeleteOperation(fmt.Sprintf("e/%016x", n-100)))
		if err != nil {
			b.Fatal(err)
		}
	}
}
