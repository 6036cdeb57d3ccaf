package genaibufferprocessor

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/genaibuffer/genaibufferprocessor/config"
	genaibufferconnector "github.com/genaibuffer/genaibufferprocessor/connector"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// The README's tables, the JSON schemas and metadata.yaml are held to the code,
// and every configuration that is shown is loaded as the collector would.

const telemetryPrefix = "processor_gen_ai_buffer_"

func TestReadmeKeysAreThoseOfTheConfig(t *testing.T) {
	defaults := schemaDefaults(t, "config.schema.json")
	documented := map[string]string{}
	for _, row := range readmeTable(t, "| key | default | meaning |") {
		documented[code(row[0])] = code(row[1])
	}
	keys := slices.Sorted(maps.Keys(documented))
	assert.Equal(t, configKeys(reflect.TypeFor[config.Processor](), ""), keys)
	for _, key := range keys {
		want := ""
		if value, ok := defaults[key]; ok {
			want = defaultText(value)
		}
		assert.Equal(t, want, documented[key], "default of %s", key)
	}
}

// The README's defaults, given to the extension, change nothing.
func TestReadmeKeysAreThoseOfTheLiveExtension(t *testing.T) {
	factory := liveextension.NewFactory()
	documented := []string{}
	for i, row := range readmeTable(t, "| key of gen_ai_live | default | meaning |") {
		if i == 0 {
			continue // those of the HTTP server
		}
		key, value := code(row[0]), code(row[1])
		documented = append(documented, key)
		cfg := factory.CreateDefaultConfig()
		var nested any
		require.NoError(t, yaml.Unmarshal([]byte(value), &nested))
		if nested == nil {
			nested = ""
		}
		path := strings.Split(key, ".")
		for _, step := range slices.Backward(path) {
			nested = map[string]any{step: nested}
		}
		require.NoError(t, confmap.NewFromStringMap(nested.(map[string]any)).Unmarshal(cfg), key)
		assert.Equal(t, factory.CreateDefaultConfig(), cfg, "default of %s", key)
	}
	slices.Sort(documented)
	assert.Equal(t, configKeys(reflect.TypeFor[liveextension.Own](), ""), documented)
}

func TestSchemasAreThoseOfTheConfig(t *testing.T) {
	for _, c := range []struct {
		file    string
		zero    component.Config
		factory component.Factory
	}{
		{"config.schema.json", &config.Processor{}, NewFactory()},
		{"connector/config.schema.json", &config.Connector{}, genaibufferconnector.NewFactory()},
	} {
		t.Run(c.file, func(t *testing.T) {
			assert.Equal(t, configKeys(reflect.TypeOf(c.zero).Elem(), ""), schemaKeys(t, c.file))

			// The schema's defaults, given to an empty configuration, make
			// the default one: none is missing and none is wrong.
			nested := map[string]any{}
			for key, value := range schemaDefaults(t, c.file) {
				at := nested
				path := strings.Split(key, ".")
				for _, step := range path[:len(path)-1] {
					if at[step] == nil {
						at[step] = map[string]any{}
					}
					at = at[step].(map[string]any)
				}
				at[path[len(path)-1]] = value
			}
			require.NoError(t, confmap.NewFromStringMap(nested).Unmarshal(c.zero))
			assert.Equal(t, c.factory.CreateDefaultConfig(), c.zero)
		})
	}
}

func TestReadmeMetricsAreThoseOfMetadata(t *testing.T) {
	for _, c := range []struct{ header, file string }{
		{"| metric | kind | meaning |", "metadata.yaml"},
		{"| metric of gen_ai_live | kind | meaning |", "live/liveextension/metadata.yaml"},
	} {
		requireDocumented(t, c.header, readMetadata(t, c.file))
	}
}

func requireDocumented(t *testing.T, header string, metadata metadataFile) {
	t.Helper()
	var documented []string
	for _, row := range readmeTable(t, header) {
		name, ok := strings.CutPrefix(code(row[0]), "otelcol_")
		assert.True(t, ok, row[0])
		documented = append(documented, name)
		m := metadata.Telemetry.Metrics[name]
		kind := "gauge"
		switch {
		case m.Sum != nil:
			kind = "counter"
		case m.Histogram != nil:
			kind = "histogram"
		}
		for _, attribute := range m.Attributes {
			if !strings.HasPrefix(attribute, "otelcol.component.") {
				kind += " by `" + attribute + "`"
			}
		}
		if m.Unit == "s" || m.Unit == "By" {
			kind += ", " + m.Unit
		}
		assert.Equal(t, kind, row[1], name)
	}
	slices.Sort(documented)
	assert.Equal(t, slices.Sorted(maps.Keys(metadata.Telemetry.Metrics)), documented)
}

// One name in the configuration, the metric's attribute and the envelope.
func TestMetadataSpeaksTheVocabulary(t *testing.T) {
	metadata := readMetadata(t, "metadata.yaml")
	var reasons, sources []string
	for _, reason := range event.FlushReasons {
		reasons = append(reasons, string(reason))
	}
	for _, source := range event.Sources {
		sources = append(sources, source.String())
	}
	assert.Equal(t, reasons, metadata.Attributes["reason"].Enum)
	assert.Equal(t, sources, metadata.Attributes["source"].Enum)
	for name := range metadata.Telemetry.Metrics {
		assert.True(t, strings.HasPrefix(name, telemetryPrefix), name)
	}
	for _, row := range readmeTable(t, "| metric | kind | meaning |") {
		if strings.Contains(row[1], "`reason`") {
			for _, reason := range reasons {
				assert.Contains(t, row[2], "`"+reason+"`")
			}
		}
	}
}

func TestReadmeConfigurationsLoad(t *testing.T) {
	readme := readFile(t, "README.md")
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	for i, block := range blocks {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			if strings.Contains(block[1], "gomod:") {
				requireInBuilderConfig(t, block[1])
				return
			}
			requireLoads(t, block[1])
		})
	}
}

func TestExamplesAreSafe(t *testing.T) {
	files, err := filepath.Glob("examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	readme := readFile(t, "README.md")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			assert.Contains(t, readme, "("+file+")", "the README lists it")
			conf := requireLoads(t, readFile(t, file))
			for _, section := range []string{"processors", "exporters"} {
				for id, settings := range sub(conf, section) {
					requireHoldsNothing(t, component.MustNewType(strings.Split(id, "/")[0]), settings)
				}
			}
		})
	}
}

// requireHoldsNothing refuses what would hold data in memory around the buffer.
func requireHoldsNothing(t *testing.T, kind component.Type, settings any) {
	t.Helper()
	conf, _ := settings.(map[string]any)
	switch kind.String() {
	case "batch":
		assert.Fail(t, "a batch processor holds data in memory")
	case "otlp", "otlp_grpc", "otlp_http":
		assert.Equal(t, map[string]any{"enabled": false}, conf["sending_queue"], "sending_queue")
	case "file":
		assert.Contains(t, conf, "rotation", "the file exporter buffers without")
	}
}

// requireLoads loads every gen_ai_buffer of a configuration as the collector
// would.
func requireLoads(t *testing.T, text string) map[string]any {
	t.Helper()
	var conf map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &conf))
	found := 0
	for section, factory := range map[string]component.Factory{
		"processors": NewFactory(), "connectors": genaibufferconnector.NewFactory(),
	} {
		for id, settings := range sub(conf, section) {
			var parsed component.ID
			require.NoError(t, parsed.UnmarshalText([]byte(id)))
			if parsed.Type() != factory.Type() {
				continue
			}
			found++
			values, _ := settings.(map[string]any)
			cfg := factory.CreateDefaultConfig()
			require.NoError(t, confmap.NewFromStringMap(values).Unmarshal(cfg), id)
			require.NoError(t, confmap.Validate(cfg), id)
		}
	}
	assert.Positive(t, found, "no gen_ai_buffer in\n%s", text)
	return conf
}

// requireInBuilderConfig holds what the README says about building to the
// configuration that is built.
func requireInBuilderConfig(t *testing.T, text string) {
	t.Helper()
	var shown, built map[string][]map[string]string
	require.NoError(t, yaml.Unmarshal([]byte(text), &shown))
	var all map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(readFile(t, "builder-config.yaml")), &all))
	delete(all, "dist")
	raw, err := yaml.Marshal(all)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &built))
	for section, entries := range shown {
		for _, entry := range entries {
			entry["gomod"] = strings.Fields(entry["gomod"])[0] + " v0.0.0"
			entry["path"] = "."
			assert.Contains(t, built[section], entry)
		}
	}
}

// Every direct dependency has its reason in the decision about dependencies.
func TestDependenciesHaveReasons(t *testing.T) {
	var reasons []string
	for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(readFile(t, "docs/adr/0005-dependencies.md"), -1) {
		reasons = append(reasons, strings.TrimPrefix(name[1], "…"))
	}
	for line := range strings.Lines(readFile(t, "go.mod")) {
		name, version, found := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "require ")), " v")
		if !found || strings.Contains(version, "// indirect") {
			continue
		}
		known := slices.ContainsFunc(reasons, func(reason string) bool {
			return name == reason || strings.HasPrefix(reason, "/") && strings.HasSuffix(name, reason)
		})
		assert.True(t, known, "%s has no reason in docs/adr/0005-dependencies.md", name)
	}
}

func sub(conf map[string]any, key string) map[string]any {
	section, _ := conf[key].(map[string]any)
	return section
}

// readmeTable answers the cells of the table under a header.
func readmeTable(t *testing.T, header string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(readFile(t, "README.md"), header+"\n")
	require.True(t, found, header)
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		if strings.HasPrefix(line, "|--") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	require.NotEmpty(t, rows)
	return rows
}

func code(cell string) string { return strings.Trim(cell, "`") }

// configKeys are the dotted paths of a configuration's keys.
func configKeys(of reflect.Type, under string) []string {
	var keys []string
	for i := range of.NumField() {
		field := of.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		inner := field.Type
		nested := inner.Kind() == reflect.Struct && inner != reflect.TypeFor[component.ID]()
		switch {
		case !field.IsExported():
		case options == "squash":
			keys = append(keys, configKeys(inner, under)...)
		case nested:
			keys = append(keys, configKeys(inner, under+name+".")...)
		default:
			keys = append(keys, under+name)
		}
	}
	slices.Sort(keys)
	return keys
}

type schema struct {
	Type       string            `json:"type"`
	Default    any               `json:"default"`
	Properties map[string]schema `json:"properties"`
}

func (s *schema) each(under string, do func(string, schema)) {
	for name, property := range s.Properties {
		if property.Type == "object" {
			property.each(under+name+".", do)
			continue
		}
		do(under+name, property)
	}
}

func readSchema(t *testing.T, file string) *schema {
	t.Helper()
	var s schema
	require.NoError(t, json.Unmarshal([]byte(readFile(t, file)), &s))
	return &s
}

func schemaKeys(t *testing.T, file string) []string {
	t.Helper()
	var keys []string
	readSchema(t, file).each("", func(key string, _ schema) { keys = append(keys, key) })
	slices.Sort(keys)
	return keys
}

func schemaDefaults(t *testing.T, file string) map[string]any {
	t.Helper()
	defaults := map[string]any{}
	readSchema(t, file).each("", func(key string, s schema) {
		if s.Default != nil {
			defaults[key] = s.Default
		}
	})
	return defaults
}

// defaultText is a default as the README writes it.
func defaultText(value any) string {
	switch v := value.(type) {
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = fmt.Sprint(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case float64:
		encoded, _ := json.Marshal(v) // a number in JSON is one
		return string(encoded)
	}
	return fmt.Sprint(value)
}

type metadataFile struct {
	Attributes map[string]struct {
		Enum []string `yaml:"enum"`
	} `yaml:"attributes"`
	Telemetry struct {
		Metrics map[string]struct {
			Unit       string         `yaml:"unit"`
			Sum        map[string]any `yaml:"sum"`
			Histogram  map[string]any `yaml:"histogram"`
			Attributes []string       `yaml:"attributes"`
		} `yaml:"metrics"`
	} `yaml:"telemetry"`
}

func readMetadata(t *testing.T, file string) metadataFile {
	t.Helper()
	var m metadataFile
	require.NoError(t, yaml.Unmarshal([]byte(readFile(t, file)), &m))
	require.NotEmpty(t, m.Telemetry.Metrics)
	return m
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
