package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mistake is a configuration that cannot work and the words that its refusal
// must hold: the key, the value and what is allowed.
type mistake struct {
	name, config string
	says         []string
}

// keyMistakes are wrong values of one key; settings go into the buffer.
var keyMistakes = []struct {
	name, settings string
	says           []string
}{
	{"ttl below linger", "linger: 20s\nttl: 5s", []string{"ttl", "5s", "linger", "20s"}},
	{"ttl below the default linger", "ttl: 1s", []string{"ttl", "1s", "linger", "10s"}},
	{"ttl of zero", "linger: 0s\nttl: 0s", []string{"ttl", "0s"}},
	{"negative linger", "linger: -1s", []string{"linger", "-1s", "0s or more"}},
	{"negative late window", "late_window: -2m", []string{"late_window", "-2m", "0s or more"}},
	{"max_age of zero", "max_age: 0s", []string{"max_age", "0s"}},
	{"no duration", "linger: soon", []string{"linger", "invalid duration"}},
	{"max_requests of zero", "limits: {max_requests: 0}", []string{"max_requests", "0"}},
	{"max_requests below zero", "limits: {max_requests: -5}", []string{"max_requests", "-5"}},
	{"max_remembered of zero", "limits: {max_remembered: 0}", []string{"max_remembered", "0"}},
	{"max_bytes of zero", "limits: {max_bytes: 0}", []string{"max_bytes", "0"}},
	{"max_request_events of zero", "limits: {max_request_events: 0}", []string{"max_request_events", "0"}},
	{"max_request_bytes of zero", "limits: {max_request_bytes: 0}", []string{"max_request_bytes", "0"}},
	{"max_event_bytes of zero", "limits: {max_event_bytes: 0}", []string{"max_event_bytes", "0"}},
	{"max_batch_bytes of zero", "envelope: {max_batch_bytes: 0}", []string{"max_batch_bytes", "0"}},
	{"no size", "limits: {max_bytes: plenty}", []string{"max_bytes", "plenty", "MiB"}},
	{"unknown kind", "kinds: [inference, llm]", []string{"kinds", "llm", "inference", "embeddings", "retrieval", "tool", "agent", "workflow", "memory", "mcp", "other", "all"}},
	{"unknown fallback", "request_id: {fallback: session}", []string{"fallback", "session", "span", "trace"}},
	{"unknown order", "order: random", []string{"order", "random", "time", "arrival"}},
	{"unknown body", "envelope: {body: xml}", []string{"body", "xml", "map", "json"}},
	{"unknown content", "traces: {content: drop}", []string{"content", "drop", "keep", "strip"}},
	{"unknown originals", "logs: {originals: copy}", []string{"originals", "copy", "absorb", "forward"}},
	{"unknown shutdown", "shutdown: wait", []string{"shutdown", "wait", "flush", "persist"}},
	{"persist without storage", "shutdown: persist", []string{"shutdown", "persist", "storage"}},
	{"no prefixes", "prefixes: []", []string{"prefixes"}},
	{"empty prefix", `prefixes: [""]`, []string{"prefixes"}},
	{"empty attribute", `request_id: {attributes: [""]}`, []string{"attributes"}},
	{"unknown key", "lingre: 3s", []string{"lingre"}},
	{"unknown limit", "limits: {max_request: 3}", []string{"max_request"}},
	{"wrong type", "limits: many", []string{"limits"}},
	{"retry without sense", "retry_on_failure: {initial_interval: -1s}", []string{"initial_interval"}},
}

// pipelineMistakes are configurations that no single key makes wrong.
var pipelineMistakes = []mistake{
	{"no logs pipeline", `
processors: {gen_ai_buffer: }
service:
  pipelines:
    traces: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"gen_ai_buffer", "logs pipeline", "connector"}},
	{"two logs pipelines", `
processors: {gen_ai_buffer: }
service:
  pipelines:
    logs/a: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
    logs/b: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"gen_ai_buffer", "logs pipeline", "gen_ai_buffer/"}},
	{"storage that does not exist", `
processors: {gen_ai_buffer: {storage: file_storage/none}}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"storage", "file_storage/none"}},
	{"storage that is no storage", `
processors: {gen_ai_buffer: {storage: health_check}}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"storage", "health_check"}},
	{"live that does not exist", `
processors: {gen_ai_buffer: {live: gen_ai_live}}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"live", "gen_ai_live"}},
	{"live that is no live extension", `
processors: {gen_ai_buffer: {live: health_check}}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`, []string{"live", "health_check"}},
	{"connector with traces", `
connectors: {gen_ai_buffer: {traces: {content: keep}}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs: {receivers: [gen_ai_buffer], exporters: [nop]}
`, []string{"traces"}},
	{"connector with logs", `
connectors: {gen_ai_buffer: {logs: {originals: forward}}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs: {receivers: [gen_ai_buffer], exporters: [nop]}
`, []string{"logs"}},
	{"connector with a bad key", `
connectors: {gen_ai_buffer: {order: random}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs: {receivers: [gen_ai_buffer], exporters: [nop]}
`, []string{"order", "random", "time", "arrival"}},
}

// onlyLogs is a good configuration around the settings of the buffer.
func onlyLogs(settings string) string {
	return `
processors:
  gen_ai_buffer:
` + indent(settings, 4) + `
service:
  pipelines:
    logs: {receivers: [otlp], processors: [gen_ai_buffer], exporters: [nop]}
`
}

// TestConfigurationMistakes: what cannot work is refused, by `validate` where
// the configuration alone shows it, else at start, in words that help.
func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range keyMistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			refusedBy(t, mistake{m.name, onlyLogs(m.settings), m.says}, "validate")
		})
	}
	for _, m := range pipelineMistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			refusedBy(t, m)
		})
	}
}

// refusedBy runs a command (the collector itself when none is given) that must
// end by itself with an error that says what the mistake asks for.
func refusedBy(t *testing.T, m mistake, command ...string) {
	t.Helper()
	output, err := launch{configs: []string{m.config}, command: command}.runToEnd(t)
	require.Error(t, err, "the configuration was accepted:\n%s", output)
	require.ErrorContains(t, err, "exit status 1", "%s", output)
	assert.NotContains(t, output, "panic")
	for _, word := range m.says {
		assert.Contains(t, output, word)
	}
}

// TestGoodConfigurations are accepted by `validate`, which starts nothing.
func TestGoodConfigurations(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"defaults":  onlyLogs(""),
		"every key": onlyLogs(everyKey),
		"processor": processorForm("", "nop/a:", "nop/b:"),
		"connector": `
connectors: {gen_ai_buffer: }
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [gen_ai_buffer]}
    logs: {receivers: [gen_ai_buffer], exporters: [nop]}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := launch{configs: []string{config}, command: []string{"validate"}}.runToEnd(t)
			require.NoError(t, err, "%s", output)
			assert.NotContains(t, strings.ToLower(output), "error")
		})
	}
}

// everyKey sets every key that needs no other component to a value that is
// not its default.
const everyKey = `
prefixes: [gen_ai., claude_code.]
kinds: [inference, embeddings]
request_id: {attributes: [gen_ai.agent.call.id], fallback: trace}
end_events: [claude_code.api_request]
order: arrival
linger: 3s
ttl: 1m
max_age: 10m
late_window: 1m
limits: {max_requests: 10, max_remembered: 20, max_bytes: 64MiB, max_request_events: 5, max_request_bytes: 1MiB, max_event_bytes: 64KiB}
traces: {content: strip}
logs: {originals: forward}
envelope: {body: json, events: false, messages: true, max_batch_bytes: 1MiB}
retry_on_failure: {initial_interval: 1s, max_interval: 10s, max_elapsed_time: 1m}
shutdown: flush
`
