package journal_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// damages are what may become of a value.
var damages = map[string]func(value []byte) []byte{
	"gone":         func([]byte) []byte { return nil },
	"empty":        func([]byte) []byte { return []byte{} },
	"foreign":      func([]byte) []byte { return []byte("not ours") },
	"cut":          func(value []byte) []byte { return value[:len(value)-1] },
	"cut head":     func(value []byte) []byte { return value[:20] },
	"longer":       func(value []byte) []byte { return append(bytes.Clone(value), 0) },
	"a bit":        func(value []byte) []byte { return with(value, len(value)-1, value[len(value)-1]^4) },
	"the checksum": func(value []byte) []byte { return with(value, 2, value[2]+1) },
	"the state":    func(value []byte) []byte { return with(value, 6, value[6]+1) },
	"magic":        func(value []byte) []byte { return with(value, 0, 'x') },
	"version":      func(value []byte) []byte { return with(value, 1, 200) },
}

func with(value []byte, at int, b byte) []byte {
	value = bytes.Clone(value)
	value[at] = b
	return value
}

// filled has entries a to h and chunks B, D, F and H of which the first were
// given up.
func filled(t *testing.T, m *memory) (*journal.Log, contents) {
	l, err := journal.Open(bg, m)
	require.NoError(t, err)
	for _, letter := range "abcdefgh" {
		past := ""
		if letter%2 == 0 {
			past = strings.ToUpper(string(letter))
		}
		mustWrite(t, l, string(letter), past)
		if letter == 'e' {
			l.Drop(3)
			l.DropPast(2)
		}
	}
	return l, contents{
		[]item{{3, "c"}, {4, "d"}, {5, "e"}, {6, "f"}, {7, "g"}, {8, "h"}},
		[]item{{2, "D"}, {3, "F"}, {4, "H"}},
	}
}

func TestOneDamagedRootCostsNothing(t *testing.T) {
	for name, damage := range damages {
		for _, root := range []string{"root/0", "root/1"} {
			for last, finish := range map[string]func(*journal.Log, *contents) error{
				"a write": func(*journal.Log, *contents) error { return nil },
				"a trim": func(l *journal.Log, c *contents) error {
					l.Drop(5)
					c.main = c.main[2:]
					return l.Trim(bg)
				},
				"a write that deletes": func(l *journal.Log, c *contents) error {
					l.Drop(8)
					l.DropPast(5)
					*c = contents{main: []item{{8, "h"}, {9, "i"}}}
					_, _, err := write(l, "i", "")
					return err
				},
			} {
				t.Run(fmt.Sprintf("%s %s after %s", name, root, last), func(t *testing.T) {
					m := newMemory()
					l, want := filled(t, m)
					require.NoError(t, finish(l, &want))
					for range 3 { // one after the other, again and again
						m.put(root, damage(m.values[root]))
						next, got, aside := reopen(t, m)
						require.Equal(t, want, got)
						require.Zero(t, aside)
						id, _ := mustWrite(t, next, "on", "")
						require.Equal(t, want.main[len(want.main)-1].id+1, id)
						want.main = append(want.main, item{id, "on"})
					}
					assertNoLeak(t, m, want)
				})
			}
		}
	}
}

func TestTheNewestRootAndTheLastEntryDamaged(t *testing.T) {
	m := newMemory()
	_, want := filled(t, m)
	m.put("root/0", damages["cut"](m.values["root/0"]))
	last := key("e/", 8)
	m.put(last, damages["a bit"](m.values[last]))
	raw := m.values[last]
	l, got, aside := reopen(t, m)
	assert.Equal(t, contents{want.main[:5], want.past}, got)
	assert.Equal(t, 1, aside)
	assert.Equal(t, raw, m.values["aside/"+last])
	id, _ := mustWrite(t, l, "i", "")
	assert.Equal(t, uint64(9), id, "an id is never used again")
}

// newestRoot is the key of the root with the highest sequence.
func newestRoot(m *memory) string {
	sequence := func(key string) uint64 { return binary.LittleEndian.Uint64(m.values[key][6:]) }
	if sequence("root/0") > sequence("root/1") {
		return "root/0"
	}
	return "root/1"
}

func TestWhatALostRootDeletedIsNotMissed(t *testing.T) {
	m := newMemory()
	l, want := filled(t, m)
	l.Drop(6)
	id, _ := mustWrite(t, l, "i", "")
	for _, key := range []string{newestRoot(m), key("e/", id)} {
		m.put(key, damages["cut"](m.values[key]))
	}
	_, got, aside := reopen(t, m)
	assert.Equal(t, contents{want.main[3:], want.past}, got)
	assert.Equal(t, 1, aside)
}

func TestTheNewestRootDamagedTwice(t *testing.T) {
	m := newMemory()
	filled(t, m)
	m.put(newestRoot(m), []byte("damaged"))
	l, _, _ := reopen(t, m)
	l.Drop(9)
	l.DropPast(5)
	mustWrite(t, l, "i", "I")
	m.put(newestRoot(m), []byte("damaged"))
	_, got, aside := reopen(t, m)
	assert.Equal(t, contents{[]item{{9, "i"}}, []item{{5, "I"}}}, got)
	assert.Zero(t, aside)
}

func loseRoots(m *memory) {
	m.put("root/0", damages["cut"](m.values["root/0"]))
	m.put("root/1", damages["foreign"](m.values["root/1"]))
}

func TestBothRootsLost(t *testing.T) {
	t.Run("in a storage that can be walked", func(t *testing.T) {
		m := newMemory()
		l, want := filled(t, m)
		l.Drop(5)
		require.NoError(t, l.Trim(bg))
		loseRoots(m)
		l, got, aside := reopen(t, walked{m})
		assert.Equal(t, contents{want.main[2:], want.past}, got)
		assert.Equal(t, 2, aside)
		id, pastID := mustWrite(t, l, "i", "I")
		assert.Equal(t, [2]uint64{9, 5}, [2]uint64{id, pastID})
		_, got, aside = reopen(t, m)
		assert.Len(t, got.main, 5)
		assert.Zero(t, aside)
	})
	t.Run("in one that cannot", func(t *testing.T) {
		m := newMemory()
		_, want := filled(t, m)
		for life := uint64(1); life < 4; life++ {
			loseRoots(m)
			broken := m.values["root/1"]
			kept := m.keys("e/")
			l, got, aside := reopen(t, m)
			assert.Equal(t, contents{}, got)
			assert.Equal(t, 2, aside)
			assert.Equal(t, broken, m.values[fmt.Sprintf("aside/root/1/%d", life)])
			id, pastID := mustWrite(t, l, "new", "NEW")
			assert.Equal(t, [2]uint64{life<<48 + 1, life<<48 + 1}, [2]uint64{id, pastID})
			assert.Subset(t, m.keys("e/"), kept, "the operator finds them there")
			_, got, aside = reopen(t, m)
			assert.Equal(t, contents{[]item{{id, "new"}}, []item{{id, "NEW"}}}, got)
			assert.Zero(t, aside)
		}
		assert.Len(t, m.keys("e/"), len(want.main)+3)
	})
	t.Run("with nothing to find", func(t *testing.T) {
		m := newMemory()
		m.put("root/0", []byte("someone else's"))
		m.put("e/0000000000000001", []byte("as well"))
		l, got, aside := reopen(t, walked{m})
		assert.Equal(t, contents{}, got)
		assert.Equal(t, 1, aside)
		id, _ := mustWrite(t, l, "a", "")
		assert.Equal(t, uint64(1<<48+1), id)
	})
	t.Run("in a full storage", func(t *testing.T) {
		m := newMemory()
		filled(t, m)
		loseRoots(m)
		m.limit = m.used
		l, got, aside := reopen(t, m)
		assert.Equal(t, contents{}, got)
		assert.Equal(t, 2, aside)
		m.limit = 0
		mustWrite(t, l, "a", "")
		_, got, _ = reopen(t, m)
		assert.Equal(t, []item{{1<<48 + 1, "a"}}, got.main)
	})
}

// TestDamagedValues damages any values, or swaps two, and expects all others.
func TestDamagedValues(t *testing.T) {
	names := make([]string, 0, len(damages))
	for name := range damages {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		l, err := journal.Open(bg, m)
		require.NoError(t, err)
		var want contents
		for i := range rapid.IntRange(2, 200).Draw(t, "entries") {
			entry, past := strings.Repeat("e", i), fmt.Sprint(i)
			_, _, err := write(l, entry, past)
			require.NoError(t, err)
			want.main = append(want.main, item{uint64(i + 1), entry})
			want.past = append(want.past, item{uint64(i + 1), past})
		}
		intact := m.keys("")
		all := slices.Concat(m.keys("e/"), m.keys("p/"))
		damaged := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all)/2, rapid.ID).Draw(t, "damaged")
		missing := 0
		raw := map[string][]byte{}
		for i, key := range damaged {
			if i > 0 && rapid.Bool().Draw(t, "swap") {
				other := damaged[i-1]
				m.values[key], m.values[other] = m.values[other], m.values[key]
				continue
			}
			if len(m.values[key]) > 20 {
				m.put(key, damages[rapid.SampledFrom(names).Draw(t, "damage")](m.values[key]))
			}
		}
		count := 0
		for _, key := range damaged {
			raw[key] = m.values[key]
		}
		stands := func(prefix string, items []item) (left []item) {
			for _, i := range items {
				k := key(prefix, i.id)
				value, isDamaged := raw[k]
				if !isDamaged || readable(k, value, i.payload) {
					left = append(left, i)
					continue
				}
				count++
				if value == nil {
					missing++
				}
			}
			return left
		}
		want.main, want.past = stands("e/", want.main), stands("p/", want.past)

		l, got, aside := reopen(t, m)
		require.Equal(t, want, got)
		require.Equal(t, count, aside)
		require.Len(t, m.keys("aside/"), count-missing)
		for _, key := range m.keys("aside/") {
			require.Equal(t, raw[strings.TrimPrefix(key, "aside/")], m.values[key], "as it was")
		}
		require.Subset(t, intact, slices.Concat(m.keys("e/"), m.keys("p/"), m.keys("root/")))
		require.Equal(t, sizesOf(want.main)+sizesOf(want.past), l.Bytes())

		_, got, aside = reopen(t, m)
		require.Equal(t, want, got)
		require.Equal(t, missing, aside, "what was set aside is known")
	})
}

// readable is whether a damaged value stands where it stood again, by another
// swap: it asks a log that has nothing else.
func readable(key string, value []byte, payload string) bool {
	m := newMemory()
	m.put("root/0", []byte("lost"))
	m.put(key, value)
	l, err := journal.Open(bg, walked{m})
	if err != nil {
		return false
	}
	found := false
	see := func(_ uint64, got []byte) error {
		found = found || string(got) == payload
		return nil
	}
	_, err = l.Replay(bg, see, see)
	return err == nil && found
}

func TestWhatTheCallerCannotReadIsSetAside(t *testing.T) {
	m := newMemory()
	_, want := filled(t, m)
	l, err := journal.Open(bg, m)
	require.NoError(t, err)
	var main, past []item
	aside, err := l.Replay(bg, func(id uint64, payload []byte) error {
		if id == 5 {
			return fmt.Errorf("of another time: %w", journal.ErrUnreadable)
		}
		return collect(&main)(id, payload)
	}, collect(&past))
	require.NoError(t, err)
	assert.Equal(t, 1, aside)
	assert.Equal(t, slices.Delete(slices.Clone(want.main), 2, 3), main)
	assert.Equal(t, want.past, past)
	assert.Equal(t, []string{"aside/" + key("e/", 5)}, m.keys("aside/"))

	l, err = journal.Open(bg, m)
	require.NoError(t, err)
	_, err = l.Replay(bg, nil, func(uint64, []byte) error { return errDead })
	assert.ErrorIs(t, err, errDead, "any other error ends it")
	main, past = nil, nil
	_, err = l.Replay(bg, nil, collect(&past))
	require.NoError(t, err)
	_, err = l.Replay(bg, collect(&main), nil)
	require.NoError(t, err)
	assert.Equal(t, want.past, past)
	assert.Len(t, main, 5)
}
