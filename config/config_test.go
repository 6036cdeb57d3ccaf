package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func load(t *testing.T, cfg component.Config, text string) error {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &raw))
	if err := confmap.NewFromStringMap(raw).Unmarshal(cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}

func TestEveryKeyCanBeSet(t *testing.T) {
	cfg := config.NewProcessor().(*config.Processor)
	require.NoError(t, load(t, cfg, `
prefixes: [gen_ai., claude_code.]
kinds: [inference, tool]
request_id: {attributes: [prompt.id], fallback: trace}
end_events: [claude_code.api_response]
order: arrival
linger: 1s
ttl: 2s
max_age: 3s
late_window: 0s
limits:
  max_requests: 1
  max_remembered: 2
  max_bytes: 1GiB
  max_request_events: 3
  max_request_bytes: 1000000
  max_event_bytes: 64KiB
traces: {content: strip}
logs: {originals: forward}
envelope: {body: json, events: false, messages: false, max_batch_bytes: 2MiB}
retry_on_failure: {enabled: false, max_elapsed_time: 5m}
storage: file_storage
shutdown: persist
live: gen_ai_live/2
`))
	storage, live := component.MustNewID("file_storage"), component.MustNewIDWithName("gen_ai_live", "2")
	want := config.NewProcessor().(*config.Processor)
	want.Prefixes = []string{"gen_ai.", "claude_code."}
	want.Kinds = []string{"inference", "tool"}
	want.RequestID = config.RequestID{Attributes: []string{"prompt.id"}, Fallback: config.FallbackTrace}
	want.EndEvents = []string{"claude_code.api_response"}
	want.Order = config.OrderArrival
	want.Linger, want.TTL, want.MaxAge, want.LateWindow = time.Second, 2*time.Second, 3*time.Second, 0
	want.Limits = config.Limits{
		MaxRequests: 1, MaxRemembered: 2, MaxBytes: 1 << 30,
		MaxRequestEvents: 3, MaxRequestBytes: 1_000_000, MaxEventBytes: 64 << 10,
	}
	want.Traces.Content, want.Logs.Originals = config.ContentStrip, config.OriginalsForward
	want.Envelope = config.Envelope{Body: config.BodyJSON, MaxBatchBytes: 2 << 20}
	want.RetryOnFailure.Enabled, want.RetryOnFailure.MaxElapsedTime = false, 5*time.Minute
	want.Storage, want.Shutdown, want.Live = &storage, config.ShutdownPersist, &live
	assert.Equal(t, want, cfg)
	assert.True(t, cfg.MakesRequest(semconv.KindTool))
	assert.False(t, cfg.MakesRequest(semconv.KindAgent))
}

func TestDefaultsAreValidAndNeverGiveUp(t *testing.T) {
	for _, cfg := range []component.Config{config.NewProcessor(), config.NewConnector()} {
		require.NoError(t, confmap.Validate(cfg))
	}
	cfg := config.Defaults()
	assert.True(t, cfg.RetryOnFailure.Enabled)
	assert.Zero(t, cfg.RetryOnFailure.MaxElapsedTime)
	assert.Equal(t, config.Size(512<<20), cfg.Limits.MaxBytes)
	assert.True(t, cfg.MakesRequest(semconv.KindOther))
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	for _, c := range []struct {
		yaml string
		want []string // key, value, what is allowed
	}{
		{"ttl: 5s", []string{"ttl", "5s", "linger (10s)"}},
		{"ttl: 0s", []string{"ttl", "0s", "above 0s"}},
		{"max_age: 0s", []string{"max_age", "0s", "above 0s"}},
		{"linger: -1s", []string{"linger", "-1s", "0s or more"}},
		{"late_window: -1s", []string{"late_window", "-1s", "0s or more"}},
		{"prefixes: []", []string{"prefixes", "[]", "at least one"}},
		{"prefixes: ['']", []string{"prefixes::0", `""`, "give a name"}},
		{"kinds: [chat]", []string{"kinds", `"chat"`, "inference"}},
		{"kinds: []", []string{"kinds", "[]", "at least one"}},
		{"order: newest", []string{"order", `"newest"`, "time, arrival"}},
		{"request_id: {fallback: log}", []string{"request_id::fallback", `"log"`, "span, trace"}},
		{"request_id: {attributes: ['']}", []string{"request_id::attributes::0", `""`, "give a name"}},
		{"end_events: ['']", []string{"end_events::0", `""`, "give a name"}},
		{"traces: {content: drop}", []string{"traces::content", `"drop"`, "keep, strip"}},
		{"logs: {originals: drop}", []string{"logs::originals", `"drop"`, "absorb, forward"}},
		{"envelope: {body: xml}", []string{"envelope::body", `"xml"`, "map, json"}},
		{"envelope: {max_batch_bytes: 0}", []string{"envelope::max_batch_bytes", "0", "above 0"}},
		{"limits: {max_requests: 0}", []string{"limits::max_requests", "0", "above 0"}},
		{"limits: {max_remembered: -1}", []string{"limits::max_remembered", "-1", "above 0"}},
		{"limits: {max_bytes: 0}", []string{"limits::max_bytes", "0", "above 0"}},
		{"limits: {max_request_events: 0}", []string{"limits::max_request_events", "0", "above 0"}},
		{"limits: {max_request_bytes: 0}", []string{"limits::max_request_bytes", "0", "above 0"}},
		{"limits: {max_event_bytes: -5}", []string{"limits::max_event_bytes", "-5", "above 0"}},
		{"limits: {max_bytes: lots}", []string{"max_bytes", `"lots"`, "MiB"}},
		{"shutdown: keep", []string{"shutdown", `"keep"`, "flush, persist"}},
		{"shutdown: persist", []string{"shutdown", `"persist"`, "storage"}},
		{"retry_on_failure: {multiplier: -1}", []string{"retry_on_failure", "multiplier"}},
		{"retry_on_failure: {initial_interval: 0s}", []string{"retry_on_failure::initial_interval", "0s", "above 0s"}},
		{"limits: {max_bytes: 12XB}", []string{"max_bytes", `"12XB"`, "MiB"}},
		{"tll: 5s", []string{"tll"}},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			err := load(t, config.NewProcessor(), c.yaml)
			require.Error(t, err)
			for _, part := range c.want {
				assert.ErrorContains(t, err, part)
			}
			if c.want[0] != "retry_on_failure" { // the collector's own check
				assert.NotContains(t, err.Error(), "buffer:", "a key that is not there")
			}
		})
	}
}

func TestTheConnectorRefusesWhatPasses(t *testing.T) {
	for _, key := range []string{"traces: {content: keep}", "logs: {originals: absorb}"} {
		require.ErrorContains(t, load(t, config.NewConnector(), key), key[:4])
	}
	err := load(t, config.NewConnector(), "ttl: 1s")
	require.ErrorContains(t, err, "ttl")
}

func TestSizesAreWrittenAsTheyAreRead(t *testing.T) {
	for text, want := range map[string]config.Size{"512MiB": 512 << 20, "1536KiB": 1536 << 10, "1GiB": 1 << 30, "1000": 1000} {
		var s config.Size
		require.NoError(t, s.UnmarshalText([]byte(text)))
		assert.Equal(t, want, s)
		back, err := s.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, text, string(back))
	}
}
