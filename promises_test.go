package genaibufferprocessor

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every test that the pages on reliability and on watching name is there, and
// every row of their tables names one.
func TestPromisesNameTestsThatExist(t *testing.T) {
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(text, -1) {
			there[string(match[1])] = true
		}
		return err
	}))
	for _, path := range []string{"docs/reliability.md", "docs/live.md"} {
		rows, body := 0, false
		for line := range strings.Lines(readFile(t, path)) {
			names := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(line, -1)
			for _, name := range names {
				assert.True(t, there[name[1]], "%s: %s is no test", path, name[1])
			}
			switch {
			case !strings.HasPrefix(line, "|"):
				body = false
			case strings.HasPrefix(line, "|--"):
				body = true
			case body:
				rows++
				assert.NotEmpty(t, names, "%s: a row without a test: %s", path, line)
			}
		}
		assert.Greater(t, rows, 30, path)
	}
}
