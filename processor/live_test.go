package processor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

var liveID = component.MustNewID("gen_ai_live")

// window is a live extension without its server.
type window struct {
	component.StartFunc
	component.ShutdownFunc
	*live.Hub
}

func newWindow(t testing.TB) *window {
	t.Helper()
	w := &window{Hub: live.NewHub(live.Options{
		RingEvents: 1 << 16, RingBytes: 1 << 26, Retention: time.Hour, RetainedBytes: 1 << 26, MaxRequests: 1 << 16,
	})}
	t.Cleanup(w.Stop)
	return w
}

// seen is one frame as a viewer reads it.
type seen struct {
	name string
	data map[string]any
}

func (s seen) String() string {
	if seq, is := s.data["seq"]; is {
		return fmt.Sprintf("%s#%v", s.name, seq)
	}
	return s.name
}

// all are the frames from the beginning.
func (w *window) all(t testing.TB) []seen {
	t.Helper()
	s := w.Subscribe(live.Filter{}, live.Start{Begin: true})
	defer s.Close()
	var frames []seen
	for {
		raw, err := s.Poll(nil, 1<<20)
		require.NoError(t, err)
		if len(raw) == 0 {
			return frames
		}
		for _, frame := range raw {
			var one seen
			for line := range strings.Lines(string(frame)) {
				field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
				switch field {
				case "event":
					one.name = value
				case "data":
					require.NoError(t, json.Unmarshal([]byte(value), &one.data))
				}
			}
			frames = append(frames, one)
		}
	}
}

func (w *window) told(t testing.TB) []string {
	t.Helper()
	var lines []string
	for _, frame := range w.all(t) {
		lines = append(lines, frame.String())
	}
	return lines
}

func watchedBy(w *window, more map[component.ID]component.Component) *host {
	extensions := map[component.ID]component.Component{liveID: w}
	for id, extension := range more {
		extensions[id] = extension
	}
	return &host{extensions: extensions}
}

func TestWatchersSeeWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(t)
		r := newRigOn(t, watchedBy(w, nil), func(c *config.Processor) { c.Live = &liveID; c.Linger = time.Second })
		r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
		assert.Equal(t, []string{"request.open", "gen_ai.user.message#1"}, w.told(t), "before its span is there")

		r.sendLogs(logsOf(message("gen_ai.choice", "hi", 1)))
		r.sendSpans(spansOf(chat(1)))
		refused := false
		r.out.tell(func(int, plog.Logs) error {
			refused = true
			return errPassing
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.True(t, refused)
		before := []string{
			"request.open", "gen_ai.user.message#1", "gen_ai.choice#2", "request.call", "request.end",
		}
		assert.Equal(t, before, w.told(t), "its envelope has not left")

		r.out.tell(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		frames := w.all(t)
		assert.Equal(t, append(before, "request.flush"), w.told(t))
		last := frames[len(frames)-1].data
		sent := r.out.envelopes(t)
		require.Len(t, sent, 1)
		assert.Equal(t, attr(sent[0], "gen_ai_buffer.id"), last["id"])
		assert.Equal(t, attr(sent[0], "gen_ai_buffer.flush_reason"), last["flush_reason"])
		assert.Equal(t, attr(sent[0], "gen_ai_buffer.complete"), last["complete"])
		assert.Equal(t, "gen_ai_buffer", last["processor"])
		assert.EqualValues(t, 2, last["counts"].(map[string]any)["events"])

		r.sendLogs(logsOf(message("gen_ai.choice", "late", 1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, append(before, "request.flush", "gen_ai.choice#3", "request.flush"), w.told(t))
		r.stop()
		w.Stop()
	})
}

// What is refused for good is over all the same.
func TestWatchersAreNotKeptWaitingForWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(t)
		r := newRigOn(t, watchedBy(w, nil), func(c *config.Processor) { c.Live = &liveID; c.RetryOnFailure.Enabled = false })
		r.out.tell(func(int, plog.Logs) error { return errors.New("no") })
		r.sendSpans(spansOf(chat(1)))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"request.open", "request.call", "request.end", "request.flush"}, w.told(t))
		assert.Equal(t, 1, r.metric("envelopes_lost"))
		r.stop()
		w.Stop()
	})
}

func TestWatchersSeeWhatWasRestored(t *testing.T) {
	on := newShelf()
	w := newWindow(t)
	r := newRigOn(t, watchedBy(w, map[component.ID]component.Component{storageID: on}), func(c *config.Processor) {
		c.Live, c.Storage = &liveID, &storageID
		c.Linger = time.Hour
	})
	r.sendLogs(logsOf(message("gen_ai.user.message", "hello", 1)))
	r.sendSpans(spansOf(chat(1)))
	r.sendLogs(logsOf(message("gen_ai.user.message", "you", 2)))
	r.stop()

	again := newWindow(t)
	r = newRigOn(t, watchedBy(again, map[component.ID]component.Component{storageID: on}), func(c *config.Processor) {
		c.Live, c.Storage = &liveID, &storageID
		c.Linger = time.Hour
	})
	r.sendLogs(logsOf(message("gen_ai.choice", "more", 2)))
	assert.Equal(t, []string{
		"request.open", "gen_ai.user.message#1", "request.call", "request.end",
		"request.open", "gen_ai.user.message#1",
		"gen_ai.choice#2",
	}, again.told(t))
	body, err := again.Request(bg, strings.Repeat("0a020000", 1)+strings.Repeat("0", 24)+"-0b02000000000000", "")
	require.NoError(t, err)
	assert.Contains(t, string(body.JSON), `"more"`)
	body.Release()
	r.stop()
}

// Many callers at once: each request's events are published in the order of
// their numbers, without a gap.
func TestFactsKeepTheirOrder(t *testing.T) {
	w := newWindow(t)
	r := newRigOn(t, watchedBy(w, nil), func(c *config.Processor) { c.Live = &liveID })
	const callers, batches, requests = 8, 60, 5
	var sending sync.WaitGroup
	for range callers {
		sending.Go(func() {
			for range batches {
				var records []func(plog.LogRecord)
				for n := range requests {
					records = append(records, message("gen_ai.choice", "x", byte(n)))
				}
				assert.NoError(t, r.logs.ConsumeLogs(bg, logsOf(records...)))
			}
		})
	}
	sending.Wait()
	last := map[string]int{}
	for _, frame := range w.all(t) {
		id := frame.data["request_id"].(string)
		if frame.name == "request.open" {
			continue
		}
		require.Equal(t, last[id]+1, int(frame.data["seq"].(float64)), "of %s", id)
		last[id]++
	}
	require.Len(t, last, requests)
	for id, n := range last {
		assert.Equal(t, callers*batches, n, id)
	}
	r.stop()
}

// Whatever comes, in whatever order: what viewers see of a request is what its
// envelopes have, number by number, merges and late parts included.
func TestWhatIsShownIsWhatLeaves(t *testing.T) {
	merged := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := newWindow(t)
		r := newRigOn(t, watchedBy(w, nil), func(c *config.Processor) {
			c.Live = &liveID
			c.RequestID.Attributes = []string{"session.id"}
			c.Limits.MaxRequestEvents = rapid.SampledFrom([]int{3, 1000}).Draw(rt, "max_request_events")
			c.Limits.MaxRequests = rapid.SampledFrom([]int{2, 1000}).Draw(rt, "max_requests")
		})
		for range rapid.IntRange(1, 12).Draw(rt, "batches") {
			if rapid.Bool().Draw(rt, "spans") {
				r.sendSpans(spansOf(anySpan(rt)))
				continue
			}
			records := make([]func(plog.LogRecord), rapid.IntRange(1, 4).Draw(rt, "records"))
			for i := range records {
				records[i] = anyLog(rt)
			}
			r.sendLogs(logsOf(records...))
		}
		r.stop()

		sent := map[string]map[float64]any{}
		for _, log := range r.out.envelopes(t) {
			body := log.Body().Map().AsRaw()
			id := body["request_id"].(string)
			if sent[id] == nil {
				sent[id] = map[float64]any{}
			}
			events, _ := body["events"].([]any)
			for _, e := range events {
				fields := e.(map[string]any)
				sent[id][float64(fields["seq"].(int64))] = fields["body"]
			}
		}
		for id, events := range sent {
			raw, err := w.Request(bg, id, "")
			require.NoError(rt, err, id)
			var shown struct {
				State  string           `json:"state"`
				Events []map[string]any `json:"events"`
			}
			require.NoError(rt, json.Unmarshal(raw.JSON, &shown))
			raw.Release()
			require.Equal(rt, "flushed", shown.State, id)
			found := map[float64]any{}
			for _, e := range shown.Events {
				found[e["seq"].(float64)] = e["body"]
			}
			require.Equal(rt, events, found, id)
		}
		for _, line := range w.told(t) {
			if line == "request.merge" {
				merged++
			}
		}
		w.Stop()
	})
	assert.Positive(t, merged, "nothing was ever merged")
}

func anyLog(t *rapid.T) func(plog.LogRecord) {
	n := byte(rapid.IntRange(1, 3).Draw(t, "span"))
	session := rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "session")
	response := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "response")
	bare := rapid.Bool().Draw(t, "without context")
	text := rapid.StringMatching("[a-z]{3}").Draw(t, "text")
	return func(log plog.LogRecord) {
		message("gen_ai.choice", text, n)(log)
		if bare {
			log.SetTraceID(pcommon.NewTraceIDEmpty())
			log.SetSpanID(pcommon.NewSpanIDEmpty())
		}
		if session != "" {
			log.Attributes().PutStr("session.id", session)
		}
		if response != "" {
			log.Attributes().PutStr("gen_ai.response.id", response)
		}
	}
}

func anySpan(t *rapid.T) func(ptrace.Span) {
	n := byte(rapid.IntRange(1, 3).Draw(t, "span"))
	session := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "session")
	response := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "response")
	if rapid.IntRange(0, 3).Draw(t, "none of ours") == 0 {
		return foreign(n)
	}
	return func(span ptrace.Span) {
		chat(n)(span)
		if session != "" {
			span.Attributes().PutStr("session.id", session)
		}
		if response != "" {
			span.Attributes().PutStr("gen_ai.response.id", response)
		}
	}
}
