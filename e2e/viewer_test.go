package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestViewer runs the tests of the web viewer (web/tests/browser) in Chromium on
// the built collector: what a user does with it, on a desk and on a phone, light
// and dark; content that is out to harm; connections and servers that go away.
func TestViewer(t *testing.T) {
	t.Parallel()
	web := filepath.Join(repository(t), "web")
	vitest := filepath.Join(web, "node_modules", "vitest", "vitest.mjs")
	require.FileExists(t, vitest, "`scripts/need.sh chromium npm:web` installs what this needs; `make test` runs it")
	collector, err := filepath.Abs(collectorBinary(t))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", vitest, "run", "--config", "vitest.browser.config.ts", "--no-color")
	cmd.Dir = web
	cmd.Env = append(os.Environ(), "OTELCOL_GENAI="+collector)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Logf("%s", output)
}
