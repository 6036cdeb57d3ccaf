package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// example is a configuration from examples/, as far as a test has to know it.
type example struct {
	config map[string]any
	// buffer is the configuration of its first gen_ai_buffer.
	buffer exampleBuffer
	// locked says that its receiver wants authentication, presents that its
	// exporters show one.
	locked, presents bool
	// guarded says that viewers need authentication.
	guarded bool
	// http is where it receives OTLP over HTTP, live what it shows requests
	// on, a URL, files what it writes to, variables the environment variables
	// that it needs.
	http      string
	live      string
	files     []string
	variables []string
}

// exampleBuffer is what a test derives its expectations from.
type exampleBuffer struct {
	Storage   string   `yaml:"storage"`
	Shutdown  string   `yaml:"shutdown"`
	Prefixes  []string `yaml:"prefixes"`
	EndEvents []string `yaml:"end_events"`
	RequestID struct {
		Attributes []string `yaml:"attributes"`
	} `yaml:"request_id"`
	Traces struct {
		Content string `yaml:"content"`
	} `yaml:"traces"`
	Envelope struct {
		Messages *bool `yaml:"messages"`
	} `yaml:"envelope"`
}

// neededVariable finds ${env:NAME} without a default.
var neededVariable = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}`)

func readExample(t *testing.T, file string) example {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var e example
	require.NoError(t, yaml.Unmarshal(data, &e.config))
	for _, match := range neededVariable.FindAllStringSubmatch(string(data), -1) {
		e.variables = append(e.variables, match[1])
	}
	for _, section := range []string{"processors", "connectors"} {
		for id, settings := range e.section(section) {
			if componentType(id) == "gen_ai_buffer" {
				raw, err := yaml.Marshal(settings)
				require.NoError(t, err)
				require.NoError(t, yaml.Unmarshal(raw, &e.buffer))
			}
		}
	}
	return e
}

func (e example) section(name string) map[string]any {
	section, _ := e.config[name].(map[string]any)
	return section
}

func componentType(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}

// pipelines are the pipelines of a signal that have a component of a section
// ("receivers", "exporters") which fits.
func (e example) pipelines(signal, section string, fits func(id string) bool) bool {
	service, _ := e.config["service"].(map[string]any)
	pipelines, _ := service["pipelines"].(map[string]any)
	for id, pipeline := range pipelines {
		if componentType(id) != signal {
			continue
		}
		components, _ := pipeline.(map[string]any)[section].([]any)
		for _, component := range components {
			if name, _ := component.(string); fits(name) {
				return true
			}
		}
	}
	return false
}

// takes says whether the example receives a signal over OTLP.
func (e example) takes(signal string) bool {
	return e.pipelines(signal, "receivers", func(id string) bool { return componentType(id) == "otlp" })
}

// sends says whether it sends a signal to a place where a test can read it.
func (e example) sends(signal string) bool {
	return e.pipelines(signal, "exporters", func(id string) bool {
		kind := componentType(id)
		return kind == "file" || strings.HasPrefix(kind, "otlp")
	})
}

// persists says whether what is open stays in storage at shutdown.
func (b exampleBuffer) persists() bool { return b.Storage != "" && b.Shutdown != "flush" }

// override is a configuration to merge over the example, so that it listens on
// free ports, sends to the sink and writes below dir.
func (e *example) override(t *testing.T, s *sink, dir string) string {
	t.Helper()
	over := map[string]any{
		"receivers":  e.overReceivers(t),
		"exporters":  e.overExporters(s, dir),
		"extensions": e.overExtensions(t, dir),
		"service": map[string]any{
			"extensions": e.extensions(),
			"telemetry": map[string]any{"metrics": map[string]any{"readers": []any{
				map[string]any{"pull": map[string]any{"exporter": map[string]any{"prometheus": map[string]any{
					"host": "${env:E2E_METRICS_HOST}", "port": "${env:E2E_METRICS_PORT}",
				}}}},
			}}},
		},
	}
	for _, section := range []string{"receivers", "exporters", "extensions"} {
		if len(over[section].(map[string]any)) == 0 {
			delete(over, section)
		}
	}
	raw, err := yaml.Marshal(over)
	require.NoError(t, err)
	return string(raw)
}

func (e *example) overReceivers(t *testing.T) map[string]any {
	t.Helper()
	over := map[string]any{}
	for id, settings := range e.section("receivers") {
		require.Equal(t, "otlp", componentType(id), "an example with a receiver that this test does not know")
		protocols, _ := settings.(map[string]any)["protocols"].(map[string]any)
		moved := map[string]any{}
		for protocol, settings := range protocols {
			section, _ := settings.(map[string]any)
			e.locked = e.locked || section["auth"] != nil
			address := freeAddress(t)
			moved[protocol] = map[string]any{"endpoint": address}
			if protocol == "http" && e.http == "" {
				e.http = address
			}
		}
		if e.http == "" {
			e.http = freeAddress(t)
			moved["http"] = map[string]any{"endpoint": e.http}
		}
		over[id] = map[string]any{"protocols": moved}
	}
	return over
}

func (e *example) overExporters(s *sink, dir string) map[string]any {
	over := map[string]any{}
	for id, settings := range e.section("exporters") {
		section, _ := settings.(map[string]any)
		e.presents = e.presents || section["auth"] != nil
		switch kind := componentType(id); kind {
		case "otlp", "otlp_grpc":
			over[id] = map[string]any{"endpoint": s.grpcAddress, "compression": "none", "tls": map[string]any{"insecure": true}}
		case "otlphttp", "otlp_http":
			over[id] = map[string]any{"endpoint": "http://" + s.httpAddress, "compression": "none"}
		case "file":
			path, _ := section["path"].(string)
			if filepath.IsAbs(path) || strings.Contains(path, "${") {
				path = filepath.Join(dir, strings.ReplaceAll(id, "/", "-")+".jsonl")
				over[id] = map[string]any{"path": path}
			}
			e.files = append(e.files, path)
		}
	}
	return over
}

// extensions are those that the service has, and what tests ask for readiness.
func (e *example) extensions() []any {
	service, _ := e.config["service"].(map[string]any)
	extensions, _ := service["extensions"].([]any)
	return append(extensions[:len(extensions):len(extensions)], "pprof")
}

func (e *example) overExtensions(t *testing.T, dir string) map[string]any {
	t.Helper()
	over := map[string]any{"pprof": map[string]any{"endpoint": "${env:E2E_PPROF}"}}
	for id, settings := range e.section("extensions") {
		section, _ := settings.(map[string]any)
		switch componentType(id) {
		case "health_check", "zpages", "pprof":
			over[id] = map[string]any{"endpoint": freeAddress(t)}
		case "gen_ai_live":
			address := freeAddress(t)
			over[id] = map[string]any{"endpoint": address}
			e.live = "http://" + address
			if section["tls"] != nil {
				e.live = "https://" + address
			}
			e.guarded = section["auth"] != nil
		case "file_storage":
			if path, _ := section["directory"].(string); filepath.IsAbs(path) || strings.Contains(path, "${") {
				moved := filepath.Join(dir, strings.ReplaceAll(id, "/", "-"))
				over[id] = map[string]any{"directory": moved}
				if section["compaction"] != nil {
					over[id].(map[string]any)["compaction"] = map[string]any{"directory": moved}
				}
			}
		}
	}
	return over
}
