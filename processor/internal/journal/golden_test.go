package journal_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

var update = flag.Bool("update", false, "rewrite testdata of the current version")

// TestVersion1IsRead reads what version 1 wrote, forever.
func TestVersion1IsRead(t *testing.T) {
	m := newMemory()
	for key, value := range golden(t, "testdata/version1.txt") {
		m.put(key, value)
	}
	l, got, aside := reopen(t, m)
	assert.Equal(t, contents{[]item{{2, "second"}, {3, ""}, {4, "fourth"}}, []item{{1, "SECOND"}, {2, "FOURTH"}}}, got)
	assert.Zero(t, aside)
	id, pastID := mustWrite(t, l, "fifth", "FIFTH")
	assert.Equal(t, [2]uint64{5, 3}, [2]uint64{id, pastID})
}

// TestTheCurrentVersionWrites says that the bytes did not change by accident.
// For another version, keep the file and begin one of its own.
func TestTheCurrentVersionWrites(t *testing.T) {
	m := newMemory()
	l, err := journal.Open(bg, m)
	require.NoError(t, err)
	mustWrite(t, l, "first", "")
	mustWrite(t, l, "second", "SECOND")
	l.Drop(2)
	mustWrite(t, l, "", "")
	mustWrite(t, l, "fourth", "FOURTH")
	const file = "testdata/version1.txt"
	if *update {
		var lines strings.Builder
		for _, key := range m.keys("") {
			lines.WriteString(key + " " + hex.EncodeToString(m.values[key]) + "\n")
		}
		require.NoError(t, os.WriteFile(file, []byte(lines.String()), 0o600))
	}
	want := golden(t, file)
	require.Len(t, m.values, len(want))
	for key, value := range want {
		assert.True(t, bytes.Equal(value, m.values[key]), key)
	}
}

// golden reads lines of a key and a value in hexadecimal digits.
func golden(t *testing.T, file string) map[string][]byte {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	values := map[string][]byte{}
	for line := range strings.Lines(string(content)) {
		key, digits, ok := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, ok, line)
		values[key], err = hex.DecodeString(digits)
		require.NoError(t, err)
	}
	return values
}
