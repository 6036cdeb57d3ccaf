package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestKeyTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[ab.]{0,18}`)
		entries := rapid.MapOfN(key.Filter(func(s string) bool { return s != "" }), rapid.Int(), 0, 40).Draw(t, "entries")
		table := NewKeyTable(entries)
		for want, value := range entries {
			got, ok := table.Get(want)
			assert.True(t, ok, want)
			assert.Equal(t, value, got, want)
		}
		for _, asked := range rapid.SliceOf(key).Draw(t, "asked") {
			_, want := entries[asked]
			_, ok := table.Get(asked)
			assert.Equal(t, want, ok, asked)
		}
	})
}
