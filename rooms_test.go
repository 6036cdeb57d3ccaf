package genaibufferprocessor

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/genaibuffer/genaibufferprocessor"

// rooms is who may import whom within the module, tests aside. A package that
// is not listed has no place in the house yet: give it one here.
var rooms = map[string][]string{
	".":                                    {"config", "internal/metadata", "processor"},
	"config":                               {"semconv"},
	"connector":                            {"config", "connector/internal/metadata", "processor"},
	"connector/internal/metadata":          {},
	"e2e":                                  {},
	"envelope":                             {"envelope/messages", "event", "semconv"},
	"envelope/envelopetest":                {"envelope", "semconv"},
	"envelope/messages":                    {"event", "semconv"},
	"event":                                {"semconv"},
	"internal/contentdoc":                  {"semconv"},
	"internal/metadata":                    {},
	"internal/metadatatest":                {},
	"internal/quickstart":                  {},
	"live":                                 {"envelope", "event", "semconv"},
	"live/liveextension":                   {"config", "event", "live", "live/liveextension/internal/metadata"},
	"live/liveextension/internal/metadata": {},
	"live/liveextension/internal/metadatatest": {},
	"processor":                   {"config", "envelope", "event", "internal/metadata", "live", "processor/internal/buffer", "processor/internal/journal", "processor/internal/truncate", "semconv"},
	"processor/internal/buffer":   {"envelope", "event", "semconv"},
	"processor/internal/journal":  {},
	"processor/internal/truncate": {"envelope", "semconv"},
	"semconv":                     {},
}

// pure rooms know nothing of the collector but pdata, and no clock, goroutine,
// logger or I/O.
var pureRooms = []string{
	"envelope", "envelope/messages", "event", "processor/internal/buffer", "processor/internal/journal",
	"processor/internal/truncate", "semconv",
}

// outsiders see what any user sees; of the collector they know pdata alone.
var outsiders = []string{"e2e", "internal/quickstart"}

type room struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func (r *room) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.ImportPath, module), "/")
}

func listRooms(t *testing.T) map[string]room {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	out, err := cmd.Output()
	require.NoError(t, err)
	found := map[string]room{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var r room
		err := decoder.Decode(&r)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		name := r.name()
		if name == "" {
			name = "."
		}
		found[name] = r
	}
}

func TestRoomsImportDownwards(t *testing.T) {
	for name, r := range listRooms(t) {
		allowed, known := rooms[name]
		if !assert.True(t, known, "%s has no place in the table of rooms", name) {
			continue
		}
		for _, imported := range r.Imports {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				assert.Contains(t, allowed, strings.TrimPrefix(inside, "/"), "imported by %s", name)
			}
		}
	}
}

func TestNoRoomWithoutName(t *testing.T) {
	for name := range listRooms(t) {
		for _, bad := range []string{"util", "utils", "common", "helper", "helpers", "misc", "shared"} {
			assert.NotEqual(t, bad, filepath.Base(name), name)
		}
	}
}

func TestPureRooms(t *testing.T) {
	impure := []string{"log", "log/slog", "net", "net/http", "os", "os/exec", "os/signal", "math/rand", "crypto/rand"}
	all := listRooms(t)
	for _, name := range append(slices.Clone(pureRooms), outsiders...) {
		r, ok := all[name]
		require.True(t, ok, name)
		pure := slices.Contains(pureRooms, name)
		for _, imported := range r.Imports {
			if strings.HasPrefix(imported, "go.opentelemetry.io/") || strings.HasPrefix(imported, "go.uber.org/") {
				assert.True(t, strings.HasPrefix(imported, "go.opentelemetry.io/collector/pdata/"), "%s imports %s", name, imported)
			}
			if pure {
				assert.NotContains(t, impure, imported, name)
			}
		}
		if pure {
			requireNoClockNorGoroutine(t, r)
		}
	}
}

// requireNoClockNorGoroutine looks at the code itself: `time` is needed for
// durations, and `go` needs no import.
func requireNoClockNorGoroutine(t *testing.T, r room) {
	t.Helper()
	clock := []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep"}
	for _, file := range r.GoFiles {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(r.Dir, file), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.GoStmt:
				assert.Fail(t, "a goroutine in a pure room", "%s/%s", r.name(), file)
			case *ast.SelectorExpr:
				if of, ok := n.X.(*ast.Ident); ok && of.Name == "time" {
					assert.NotContains(t, clock, n.Sel.Name, "%s/%s", r.name(), file)
				}
			}
			return true
		})
	}
}
