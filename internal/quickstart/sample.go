package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sample is recorded telemetry.
type sample struct {
	recordings     []recording
	spans, records int
}

// recording is what was recorded from one instrumentation, in the order in
// which it arrived.
type recording struct {
	name    string
	exports []export
}

// export is one OTLP export request: spans or log records.
type export struct {
	signal string
	traces ptrace.Traces
	logs   plog.Logs
}

// readSample reads every .jsonl file of a folder, one instrumentation each. A
// line holds the signal and the export request as OTLP-JSON.
func readSample(folder string) (*sample, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no .jsonl file in %s", folder)
	}
	s := &sample{}
	for _, file := range files {
		r := recording{name: strings.TrimSuffix(filepath.Base(file), ".jsonl")}
		if err := s.read(file, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s.recordings = append(s.recordings, r)
	}
	return s, nil
}

func (s *sample) read(file string, r *recording) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var line struct {
			Signal  string          `json:"signal"`
			Request json.RawMessage `json:"request"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return err
		}
		e := export{signal: line.Signal}
		switch line.Signal {
		case "traces":
			e.traces, err = new(ptrace.JSONUnmarshaler).UnmarshalTraces(line.Request)
			if err == nil {
				s.spans += e.traces.SpanCount()
			}
		case "logs":
			e.logs, err = new(plog.JSONUnmarshaler).UnmarshalLogs(line.Request)
			if err == nil {
				s.records += e.logs.LogRecordCount()
			}
		default:
			err = fmt.Errorf("unknown signal %q", line.Signal)
		}
		if err != nil {
			return err
		}
		r.exports = append(r.exports, e)
	}
	return lines.Err()
}

// names are those of the instrumentations, for a sentence.
func (s *sample) names() string {
	names := make([]string, len(s.recordings))
	for i := range s.recordings {
		names[i] = s.recordings[i].name
	}
	return strings.Join(names, ", ")
}

// shift moves all times, so that the latest of each recording is now.
func (s *sample) shift(now time.Time) {
	for i := range s.recordings {
		s.recordings[i].shift(pcommon.NewTimestampFromTime(now))
	}
}

func (r *recording) shift(now pcommon.Timestamp) {
	var latest pcommon.Timestamp
	r.eachTime(func(t pcommon.Timestamp) pcommon.Timestamp {
		latest = max(latest, t)
		return t
	})
	r.eachTime(func(t pcommon.Timestamp) pcommon.Timestamp {
		if t == 0 {
			return 0 // unknown stays unknown
		}
		return t + now - latest
	})
}

// eachTime replaces every timestamp.
func (r *recording) eachTime(replace func(pcommon.Timestamp) pcommon.Timestamp) {
	for _, e := range r.exports {
		if e.signal == "traces" {
			eachSpanTime(e.traces, replace)
		} else {
			eachLogTime(e.logs, replace)
		}
	}
}

// renew gives all traces other ids, those of one trace the same: what was
// played before is remembered, and this is to be other requests.
func (s *sample) renew() {
	var mask pcommon.TraceID
	_, _ = rand.Read(mask[:]) // never fails, crypto/rand says
	other := func(id pcommon.TraceID) pcommon.TraceID {
		if id.IsEmpty() {
			return id
		}
		for i := range id {
			id[i] ^= mask[i]
		}
		return id
	}
	for i := range s.recordings {
		for _, e := range s.recordings[i].exports {
			e.eachTrace(other)
		}
	}
}

// eachTrace replaces every trace id.
func (e *export) eachTrace(replace func(pcommon.TraceID) pcommon.TraceID) {
	if e.signal == "logs" {
		for _, rl := range e.logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					record.SetTraceID(replace(record.TraceID()))
				}
			}
		}
		return
	}
	for _, rs := range e.traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				span.SetTraceID(replace(span.TraceID()))
				for _, link := range span.Links().All() {
					link.SetTraceID(replace(link.TraceID()))
				}
			}
		}
	}
}

func eachSpanTime(traces ptrace.Traces, replace func(pcommon.Timestamp) pcommon.Timestamp) {
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				span.SetStartTimestamp(replace(span.StartTimestamp()))
				span.SetEndTimestamp(replace(span.EndTimestamp()))
				for _, event := range span.Events().All() {
					event.SetTimestamp(replace(event.Timestamp()))
				}
			}
		}
	}
}

func eachLogTime(logs plog.Logs, replace func(pcommon.Timestamp) pcommon.Timestamp) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				record.SetTimestamp(replace(record.Timestamp()))
				record.SetObservedTimestamp(replace(record.ObservedTimestamp()))
			}
		}
	}
}

// send posts every export to an OTLP/HTTP receiver, as an SDK would.
func (s *sample) send(ctx context.Context, address string) error {
	for _, r := range s.recordings {
		for _, e := range r.exports {
			if err := e.send(ctx, address); err != nil {
				return fmt.Errorf("playing the sample: %w", err)
			}
		}
	}
	return nil
}

func (e *export) send(ctx context.Context, address string) error {
	var body []byte
	var err error
	if e.signal == "traces" {
		body, err = new(ptrace.ProtoMarshaler).MarshalTraces(e.traces)
	} else {
		body, err = new(plog.ProtoMarshaler).MarshalLogs(e.logs)
	}
	if err != nil {
		return err
	}
	return post(ctx, "http://"+address+"/v1/"+e.signal, body)
}

func post(ctx context.Context, url string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, response.Status, answer)
	}
	return nil
}

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
