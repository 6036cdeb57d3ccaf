package semconv

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Places in the vocabulary are on users' disks: testdata/vocabulary.txt has
// those that were released, and only ever grows.
func TestVocabularyOnlyGrowsAtItsEnd(t *testing.T) {
	text, err := os.ReadFile("testdata/vocabulary.txt")
	require.NoError(t, err)
	released := strings.Fields(string(text))
	require.NotEmpty(t, released)
	require.GreaterOrEqual(t, len(vocabulary), len(released))
	assert.Equal(t, released, vocabulary[:len(released)])
}

func TestWordsAreFoundByTheirPlaceAndBack(t *testing.T) {
	for place, text := range vocabulary {
		found, known := WordIndex(text)
		require.True(t, known)
		require.Equal(t, place, found, "%q stands twice", text)
		word, known := Word(place)
		require.True(t, known)
		require.Equal(t, text, word)
	}
	_, known := WordIndex("no such word")
	assert.False(t, known)
	for _, place := range []int{-1, len(vocabulary)} {
		_, known = Word(place)
		assert.False(t, known)
	}
}
