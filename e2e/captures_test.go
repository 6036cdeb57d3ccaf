package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCaptures plays every recording through the built collector and holds
// what comes out to the truth that was recorded with it.
func TestCaptures(t *testing.T) {
	t.Parallel()
	playAll(t, launch{})
}

// TestCapturesWithProtoPooling plays them where pdata reuses the memory of
// what was handed on.
func TestCapturesWithProtoPooling(t *testing.T) {
	t.Parallel()
	playAll(t, launch{args: []string{"--feature-gates=pdata.useProtoPooling"}})
}

func playAll(t *testing.T, l launch) {
	t.Helper()
	var mu sync.Mutex
	var reports []*captureReport
	t.Run("of", func(t *testing.T) {
		for _, c := range captures(t) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				r := playCapture(t, c, l)
				mu.Lock()
				defer mu.Unlock()
				reports = append(reports, r)
			})
		}
	})
	t.Log("\n" + table(reports))
}

// playCapture plays one recording and checks everything that came out.
func playCapture(t *testing.T, c capture, l launch) *captureReport {
	t.Helper()
	s := newSink(t)
	// The log is as talkative as it gets: no content may be in it.
	l.configs = []string{toSink(s, "linger: 1s\n"+hurriedRetry), "service: {telemetry: {logs: {level: debug}}}"}
	col := start(t, l)
	c.play(t, newHTTPClient(t, col.http))

	// Requests that end leave by themselves; the others leave at shutdown.
	s.awaitFor(patience, func() bool { return c.allArrived(s) })
	col.stop()

	r := &captureReport{t: t, capture: c, recording: c.read(t), delivery: s.delivered(), roles: map[string]int{}}
	for _, e := range c.expected.Requests {
		r.checkRequest(e)
	}
	r.checkOrphans()
	r.checkDetached()
	r.checkNothingElse()
	r.checkPassedOn(s)
	r.checkQuiet(col.output.String())
	return r
}

// allArrived says whether a record of every expected request was delivered.
func (c capture) allArrived(s *sink) bool {
	arrived := map[string]bool{}
	for _, logs := range s.takenLogs() {
		for f := range logRecords(logs) {
			if id, ok := f.record.Attributes().Get("gen_ai_buffer.request_id"); ok {
				arrived[id.Str()] = true
			}
		}
	}
	return !slices.ContainsFunc(c.expected.Requests, func(e expectedRequest) bool { return !arrived[e.requestID()] })
}

// captureReport compares one recording with what was delivered.
type captureReport struct {
	t         *testing.T
	capture   capture
	recording recording
	delivery  delivery

	// decidable and undecidable count requests by whether times and kinds
	// alone decide the order of all their events.
	decidable, undecidable int
	orphans, detached      int
	// texts counts requests whose messages were compared with the wire.
	texts int
	// roles counts pairs of what roles messages had on the wire and have in
	// the envelope, where they differ.
	roles map[string]int
	// exceptions are what is counted and listed instead of failed.
	exceptions []string
}

func (r *captureReport) except(format string, args ...any) {
	r.exceptions = append(r.exceptions, fmt.Sprintf(format, args...))
}

// checkOrphans requires one request for the logs of every span that never
// came.
func (r *captureReport) checkOrphans() {
	for _, group := range r.capture.expected.LogGroupsWithoutSpan {
		id := group.TraceID + "-" + group.SpanID
		if !assert.Len(r.t, r.delivery.byRequest[id], 1, "records of the orphan %s", id) {
			continue
		}
		r.orphans++
		e := r.delivery.byRequest[id][0]
		assert.Equal(r.t, "unknown", e.Status, "status of the orphan %s", id)
		assert.False(r.t, e.Complete, "complete of the orphan %s", id)
		assert.Equal(r.t, "shutdown", e.FlushReason, "flush reason of the orphan %s", id)
		assert.ElementsMatch(r.t, group.Kinds, kindsOf(e.Events, "log"), "events of the orphan %s", id)
	}
}

// checkDetached requires that records without context whose response id no
// span reports are in requests of their own.
func (r *captureReport) checkDetached() {
	found := map[string]int{}
	requests := 0
	for _, parts := range r.delivery.byRequest {
		if parts[0].KeySource != "response_id" {
			continue
		}
		requests++
		for _, part := range parts {
			for _, e := range part.Events {
				id, _ := e.Attributes["gen_ai.response.id"].(string)
				found[id]++
			}
		}
	}
	for id, records := range r.recording.detached {
		assert.Equal(r.t, len(records), found[id], "events of response %s, which no span reports", id)
		r.except("response %s without context and span: a request of its own", id)
	}
	r.detached = len(r.recording.detached)
	assert.Equal(r.t, r.detached, requests, "requests named by a response id")
}

// checkNothingElse requires that every request stands for something recorded,
// that every gathered log record is one event and that no span made two
// requests.
func (r *captureReport) checkNothingElse() {
	logEvents := 0
	for id, parts := range r.delivery.byRequest {
		_, isSpan := r.recording.spanOf[id]
		assert.True(r.t, isSpan || len(r.recording.logsOf[id]) > 0 || parts[0].KeySource == "response_id",
			"request %s stands for nothing recorded", id)
		for _, part := range parts {
			logEvents += len(eventsFrom(part.Events, "log"))
		}
	}
	assert.Equal(r.t, len(r.recording.logs)-len(r.recording.passed), logEvents, "log events over all requests")
	for id, s := range r.recording.spanOf {
		gathered := false
		for key := range s.span.Attributes().All() {
			gathered = gathered || strings.HasPrefix(key, "gen_ai.")
		}
		if gathered {
			assert.NotEmpty(r.t, r.delivery.byRequest[id], "records of span %s %q", id, s.span.Name())
		}
	}
}

// checkPassedOn requires that all spans and all other log records left as they
// came, in their order.
func (r *captureReport) checkPassedOn(s *sink) {
	var got, want []string
	for _, traces := range s.takenTraces() {
		for f := range spans(traces) {
			got = append(got, f.wire(r.t))
		}
	}
	for _, f := range r.recording.spans {
		want = append(want, f.wire(r.t))
	}
	assert.True(r.t, slices.Equal(want, got), "%d spans went in, %d came out, not all of them unchanged and in order", len(want), len(got))

	got, want = nil, nil
	for _, f := range r.delivery.passed {
		got = append(got, f.wire(r.t))
	}
	for _, f := range r.recording.passed {
		want = append(want, f.wire(r.t))
	}
	assert.True(r.t, slices.Equal(want, got), "%d log records are not gathered, %d came out, not all of them unchanged and in order", len(want), len(got))
}

// checkQuiet requires that the collector's own log holds no content.
func (r *captureReport) checkQuiet(output string) {
	for _, reply := range r.capture.served {
		for _, text := range []string{reply.Text, plainPrefix(reply.LastUser)} {
			if len(text) >= 10 {
				assert.NotContains(r.t, output, text, "the collector's own log")
			}
		}
	}
}

// table shows the reports to a person.
func table(reports []*captureReport) string {
	slices.SortFunc(reports, func(a, b *captureReport) int { return strings.Compare(a.capture.name, b.capture.name) })
	var b strings.Builder
	fmt.Fprintf(&b, "%-36s %8s %9s %9s %11s %7s %8s %7s %6s\n",
		"capture", "requests", "envelopes", "decidable", "undecidable", "orphans", "detached", "texts", "listed")
	for _, r := range reports {
		fmt.Fprintf(&b, "%-36s %8d %9d %9d %11d %7d %8d %7d %6d\n", r.capture.name, len(r.capture.expected.Requests),
			len(r.delivery.byID), r.decidable, r.undecidable, r.orphans, r.detached, r.texts, len(r.exceptions))
	}
	for _, r := range reports {
		for _, e := range r.exceptions {
			fmt.Fprintf(&b, "  %s: %s\n", r.capture.name, e)
		}
		for _, pair := range slices.Sorted(maps.Keys(r.roles)) {
			fmt.Fprintf(&b, "  %s: %d times %s\n", r.capture.name, r.roles[pair], pair)
		}
	}
	return b.String()
}
