package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// alterJournal does something to the buffer's journal while no collector runs.
func alterJournal(t *testing.T, directory string, alter func(context.Context, storage.Client)) {
	t.Helper()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = directory
	ctx := t.Context()
	made, err := factory.Create(ctx, extension.Settings{
		ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}, config)
	require.NoError(t, err)
	require.NoError(t, made.Start(ctx, componenttest.NewNopHost()))
	client, err := made.(storage.Extension).GetClient(ctx, component.KindProcessor, component.MustNewID("gen_ai_buffer"), "")
	require.NoError(t, err)
	alter(ctx, client)
	require.NoError(t, client.Close(ctx))
	require.NoError(t, made.Shutdown(ctx))
}

// entryOf is the key and value of the entry that brought a request's event, the
// oldest that speaks of it.
func entryOf(ctx context.Context, t *testing.T, client storage.Client, of ids) (key string, value []byte) {
	t.Helper()
	require.NoError(t, client.(storage.Walker).Walk(ctx, func(k string, v []byte) ([]*storage.Operation, error) {
		if strings.HasPrefix(k, "e/") && bytes.Contains(v, of.trace[:]) && (key == "" || k < key) {
			key, value = k, slices.Clone(v)
		}
		return nil, nil
	}))
	require.NotEmpty(t, key, "an entry of request %s", of.requestID())
	return key, value
}

// openOneByOne sends n requests of one log each, each in an export of its own,
// and returns them.
func openOneByOne(t *testing.T, c *collector, n int, l *ledger) []ids {
	t.Helper()
	client, requests := newHTTPClient(t, c.http), make([]ids, n)
	for i := range requests {
		requests[i] = newIDs()
		b := newBatch()
		m := b.addLog(requests[i], "gen_ai.user.message", "question")
		mustSendLogs(t, client, b.logs)
		l.note(acknowledged, map[string]string{m: requests[i].requestID()})
	}
	return requests
}

// TestDamagedEntry: an entry that cannot be read is set aside, counted and
// reported; it stops neither the start nor the rest.
func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	const total, damaged = 6, 2
	for name, damage := range map[string]func([]byte) []byte{
		"flipped bits": func(v []byte) []byte { v = slices.Clone(v); v[len(v)/2] ^= 0x10; return v },
		"cut off":      func(v []byte) []byte { return v[:len(v)/2] },
		"foreign":      func([]byte) []byte { return []byte("what some other program left here") },
		"another version": func(v []byte) []byte {
			v = slices.Clone(v)
			v[1] = 200
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, directory := newSink(t), filepath.Join(t.TempDir(), "storage")
			configs := []string{toSink(s, "linger: 100ms\n"+hurriedRetry), withStorage(directory, "")}
			c, before := start(t, launch{configs: configs}), newLedger()
			requests := openOneByOne(t, c, total, before)
			c.stop()

			var hurt string
			alterJournal(t, directory, func(ctx context.Context, client storage.Client) {
				key, value := entryOf(ctx, t, client, requests[damaged])
				hurt = key
				require.NoError(t, client.Set(ctx, key, damage(value)))
			})
			c = start(t, launch{configs: configs})
			c.requireMetric(1, "journal_entries_set_aside")
			c.waitLog(damagedLog, 1)
			c.requireMetric(total-1, "requests_open")
			openOneByOne(t, c, 1, before)
			c.stop()
			alterJournal(t, directory, func(ctx context.Context, client storage.Client) {
				aside, err := client.Get(ctx, "aside/"+hurt)
				require.NoError(t, err)
				assert.NotEmpty(t, aside, "what was set aside can be looked at")
			})

			c = start(t, launch{configs: append(configs, shutdownFlush)})
			c.requireMetric(0, "journal_entries_set_aside")
			c.stop()
			assert.Zero(t, c.output.count(damagedLog), "it is reported once")
			d := s.delivered()
			for i, of := range requests {
				events := 0
				for _, part := range d.byRequest[of.requestID()] {
					events += len(part.Events)
				}
				if i == damaged {
					assert.Zero(t, events, "what was lost")
					assert.Equal(t, "recovered", d.one(t, of.requestID()).FlushReason, "its request says that it is not whole")
				} else {
					assert.Equal(t, 1, events, "events of request %d", i)
				}
			}
		})
	}
}

// TestDamagedFile: with a file that is no database any more, the collector says
// so and ends before it takes anything. Once the file is out of the way it
// starts.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, file string){
		"no database": func(t *testing.T, file string) {
			t.Helper()
			require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("garbage ", 4096)), 0o600))
		},
		"cut off": func(t *testing.T, file string) {
			t.Helper()
			require.NoError(t, os.Truncate(file, 100))
		},
		"cut in the middle": func(t *testing.T, file string) {
			t.Helper()
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(file, info.Size()/2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, directory := newSink(t), filepath.Join(t.TempDir(), "storage")
			configs := []string{toSink(s, "linger: 100ms\n"+hurriedRetry), withStorage(directory, "")}
			c := start(t, launch{configs: configs})
			openOneByOne(t, c, 3, newLedger())
			c.stop()
			files, err := filepath.Glob(filepath.Join(directory, "*"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			damage(t, files[0])

			output, err := launch{configs: configs}.runToEnd(t)
			require.ErrorContains(t, err, "exit status", "%s", output)
			assert.Zero(t, strings.Count(output, readyLog), "it takes nothing:\n%s", output)
			// What reads the pages in the background cannot be caught.
			assert.Regexp(t, `storage: "file_storage" gives no client|bbolt`, output)

			require.NoError(t, os.Rename(files[0], files[0]+".damaged"))
			c = start(t, launch{configs: configs})
			c.requireMetric(0, "requests_open")
			c.stop()
		})
	}
}
