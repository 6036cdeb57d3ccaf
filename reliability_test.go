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

// Every test that the page on reliability names is there, and every row of its
// tables names one.
func TestReliabilityNamesTestsThatExist(t *testing.T) {
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
	page := readFile(t, "docs/reliability.md")
	rows := 0
	for line := range strings.Lines(page) {
		names := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(line, -1)
		for _, name := range names {
			assert.True(t, there[name[1]], "%s is no test", name[1])
		}
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|--") &&
			!strings.HasPrefix(line, "| fault |") && !strings.HasPrefix(line, "| exporterhelper |") {
			rows++
			assert.NotEmpty(t, names, "a row without a test: %s", line)
		}
	}
	assert.Greater(t, rows, 30)
}
