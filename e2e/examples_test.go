package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestExamples starts the built collector with every configuration in
// examples/, plays real telemetry into it and requires what that configuration
// promises. The file is loaded as it stands; only the places that it listens
// on and sends to are merged over it.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(repository(t), "examples", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no examples")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			runExample(t, file)
		})
	}
}

func runExample(t *testing.T, file string) {
	t.Helper()
	e := readExample(t, file)
	s, dir := newSink(t), t.TempDir()
	override := e.override(t, s, dir)
	env := e.environ(t)
	output, err := launch{command: []string{"validate"}, files: []string{file}, env: env, dir: dir}.runToEnd(t)
	require.NoError(t, err, "validate %s:\n%s", filepath.Base(file), output)

	c := start(t, launch{files: []string{file}, configs: []string{override}, env: env, dir: dir})
	client := newHTTPClient(t, e.http)
	e.checkLocked(t, client)
	client.token = exampleToken
	for _, name := range []string{"otel-openai-smallbatch", "traceloop-openai-batch"} {
		sample := loadCapture(t, filepath.Join(repository(t), "testdata", "captures", name))
		for _, export := range sample.gathered() {
			if e.takes(export.Signal) {
				result, _, err := client.post(t.Context(), "/v1/"+export.Signal, "application/x-protobuf", export.proto(t))
				require.Equal(t, acknowledged, result, "%v", err)
			}
		}
	}
	e.checkLive(t)
	named := e.sendNamed(t, client)
	ended := e.sendEnding(t, client)
	c.stop()
	if e.buffer.persists() {
		// What is open there is flushed by a life that is told to.
		start(t, launch{files: []string{file}, configs: []string{override, shutdownFlush}, env: env, dir: dir}).stop()
	}

	d := collect(t, append(s.takenLogs(), e.filedLogs(t, dir)...))
	assert.NotEmpty(t, d.byID, "envelopes")
	if e.presents {
		assert.Equal(t, []string{"Bearer " + exampleToken}, s.presented(), "what the backend was shown")
	}
	e.checkNamed(t, d, named)
	e.checkEnding(t, d, ended)
	e.checkCalls(t, d)
	e.checkSpans(t, append(s.takenTraces(), e.filedTraces(t, dir)...))
}

// exampleToken is the value of every variable that an example needs.
const exampleToken = "e2e-token"

// checkLocked requires that an example with authentication takes nothing from
// a client without it.
func (e example) checkLocked(t *testing.T, stranger *httpClient) {
	t.Helper()
	if !e.locked {
		return
	}
	b := newBatch()
	b.addSpan(newIDs(), "chat")
	result, err := stranger.sendTraces(t.Context(), b.traces)
	assert.Equal(t, refusedForGood, result)
	assert.ErrorContains(t, err, "401")
}

// sendNamed sends, where the example names requests by an attribute, two log
// records of different spans that carry it, and returns their request.
func (e example) sendNamed(t *testing.T, client otlpClient) string {
	t.Helper()
	keys := e.buffer.RequestID.Attributes
	if len(keys) == 0 || !e.takes("logs") {
		return ""
	}
	const name = "run-42"
	b := newBatch()
	for range 2 {
		b.addLog(newIDs(), "gen_ai.user.message", "of one run")
	}
	for _, record := range b.record.All() {
		record.Attributes().PutStr(keys[0], name)
	}
	mustSendLogs(t, client, b.logs)
	return name
}

func (e example) checkNamed(t *testing.T, d delivery, name string) {
	t.Helper()
	if name == "" {
		return
	}
	found := d.one(t, name)
	assert.Equal(t, "attribute:"+e.buffer.RequestID.Attributes[0], found.KeySource)
	assert.Len(t, found.Events, 2)
}

// sendEnding sends, where the example ends requests by an event, a request
// that such an event ends, and returns its span ids.
func (e example) sendEnding(t *testing.T, client otlpClient) ids {
	t.Helper()
	if len(e.buffer.EndEvents) == 0 || !e.takes("logs") {
		return ids{}
	}
	b, of := newBatch(), newIDs()
	first := "gen_ai.user.message"
	if len(e.buffer.Prefixes) > 0 {
		first = e.buffer.Prefixes[0] + "user.message"
	}
	b.addLog(of, first, "question")
	b.addLog(of, e.buffer.EndEvents[0], "done")
	for _, record := range b.record.All() {
		for _, key := range e.buffer.RequestID.Attributes {
			record.Attributes().PutStr(key, of.requestID())
		}
	}
	mustSendLogs(t, client, b.logs)
	return of
}

func (e example) checkEnding(t *testing.T, d delivery, of ids) {
	t.Helper()
	if of == (ids{}) {
		return
	}
	found := d.one(t, of.requestID())
	assert.Len(t, found.Events, 2)
	assert.True(t, found.Complete, "the end event completes the request")
}

// checkCalls requires that the calls of the sample came with their messages,
// where the example reads traces and carries messages.
func (e example) checkCalls(t *testing.T, d delivery) {
	t.Helper()
	if !e.takes("traces") {
		return
	}
	calls, messages := 0, 0
	for _, found := range d.byID {
		for _, call := range found.Calls {
			calls++
			if len(call.InputMessages) > 0 && len(call.OutputMessages) > 0 {
				messages++
			}
		}
	}
	assert.Greater(t, calls, 40, "calls")
	if e.buffer.Envelope.Messages == nil || *e.buffer.Envelope.Messages {
		assert.Greater(t, messages, 20, "calls with messages")
	}
}

// checkSpans requires that spans travel on where the example sends them
// somewhere, without their content where it strips it.
func (e example) checkSpans(t *testing.T, exports []ptrace.Traces) {
	t.Helper()
	if !e.sends("traces") || !e.takes("traces") {
		return
	}
	total, withContent := 0, 0
	for _, traces := range exports {
		for f := range spans(traces) {
			total++
			for key := range f.span.Attributes().All() {
				if key == "gen_ai.input.messages" || key == "gen_ai.output.messages" || key == "gen_ai.system_instructions" {
					withContent++
				}
			}
		}
	}
	assert.Greater(t, total, 40, "spans that travel on")
	if e.buffer.Traces.Content == "strip" {
		assert.Zero(t, withContent, "content on spans that travel on")
	} else {
		assert.Positive(t, withContent, "content on spans that travel on")
	}
}

// filedLogs and filedTraces read what the example's file exporters wrote.
func (e example) filedLogs(t *testing.T, dir string) []plog.Logs {
	t.Helper()
	var all []plog.Logs
	e.eachFiled(t, dir, func(line []byte) {
		if strings.Contains(string(line), `"resourceLogs"`) {
			logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
			require.NoError(t, err)
			all = append(all, logs)
		}
	})
	return all
}

func (e example) filedTraces(t *testing.T, dir string) []ptrace.Traces {
	t.Helper()
	var all []ptrace.Traces
	e.eachFiled(t, dir, func(line []byte) {
		if strings.Contains(string(line), `"resourceSpans"`) {
			traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
			require.NoError(t, err)
			all = append(all, traces)
		}
	})
	return all
}

func (e example) eachFiled(t *testing.T, dir string, do func([]byte)) {
	t.Helper()
	for _, path := range e.files {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if _, err := os.Stat(path); err == nil {
			eachLine(t, path, do)
		}
	}
}

// environ gives every environment variable that the example names a value.
func (e example) environ(t *testing.T) []string {
	t.Helper()
	certificate, key := newCertificate(t)
	passwords := filepath.Join(t.TempDir(), "htpasswd")
	require.NoError(t, os.WriteFile(passwords, []byte("viewer:"+exampleToken+"\n"), 0o600))
	files := map[string]string{"LIVE_CERT_FILE": certificate, "LIVE_KEY_FILE": key, "LIVE_HTPASSWD": passwords}
	var env []string
	for _, name := range e.variables {
		value := files[name]
		if value == "" {
			value = exampleToken
		}
		env = append(env, name+"="+value)
	}
	return env
}

// checkLive requires that an example with a live extension shows what was sent,
// to those who may look.
func (e example) checkLive(t *testing.T) {
	t.Helper()
	if e.live == "" {
		return
	}
	if e.guarded {
		assert.Equal(t, http.StatusUnauthorized, getJSON(t, e.live+"/api/v1/requests", nil, nil))
	}
	var list struct {
		Requests []struct {
			State string `json:"state"`
		} `json:"requests"`
	}
	known := func(r *http.Request) {
		if e.guarded {
			r.SetBasicAuth("viewer", exampleToken)
		}
	}
	require.Equal(t, http.StatusOK, getJSON(t, e.live+"/api/v1/requests?limit=1000", &list, known))
	assert.Greater(t, len(list.Requests), 20)
	v := watch(t, e.live+"/api/v1/events?since=begin", known)
	v.await(0, "what was sent", func(f watchedFrame) bool { return f.Type == "request.call" })
}
