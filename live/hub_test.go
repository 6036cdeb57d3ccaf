package live_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

func follow(t *testing.T, h *live.Hub, id, cursor string) *live.Subscription {
	t.Helper()
	s, err := h.Follow(id, "", cursor)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func TestOneRequestReplaysThenGoesOnThenEnds(t *testing.T) {
	h := newHub(t, options())
	to, a, other := h.Publisher("gen_ai_buffer"), newAsked(1), newAsked(2)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "hi"), other.opened()})
	s := follow(t, h, a.ID, "")
	assert.Equal(t, []string{"request.open", "gen_ai.user.message"}, names(readUntil(t, s, 2)))
	to.Publish([]event.Fact{other.record("gen_ai.choice", "no"), a.call("openai"), a.ended(), a.flushed(event.FlushSpanEnd)})
	frames := readUntil(t, s, 3)
	require.Equal(t, []string{"request.call", "request.end", "request.flush"}, names(frames))
	call := frames[0].data["call"].(map[string]any)
	assert.Equal(t, "openai", call["provider"])
	assert.Contains(t, call, "input_messages")
	assert.InDelta(t, 1e9, frames[1].data["duration_ns"], 0)
	assert.Equal(t, map[string]any{"input_tokens": 7.0}, frames[1].data["usage"])
	assert.Equal(t, "span_end", frames[2].text("flush_reason"))
	assert.Equal(t, "gen_ai_buffer", frames[2].text("processor"))
	_, err := s.Next(t.Context(), time.Nanosecond, nil, 1)
	require.ErrorIs(t, err, live.ErrEnded)

	_, err = h.Follow(a.ID, "", frames[2].id)
	require.ErrorIs(t, err, live.ErrNothing)
	whole, err := readAll(t, h, follow(t, h, a.ID, ""))
	require.ErrorIs(t, err, live.ErrEnded)
	assert.Len(t, whole, 5)

	to.Publish([]event.Fact{a.record("gen_ai.choice", "late")})
	late := follow(t, h, a.ID, frames[2].id)
	got := readUntil(t, late, 1)
	assert.Equal(t, true, got[0].data["late"])
	to.Publish([]event.Fact{a.flushed(event.FlushLate)})
	assert.Equal(t, []string{"request.flush"}, names(readUntil(t, late, 1)))
	_, err = late.Next(t.Context(), time.Nanosecond, nil, 1)
	require.ErrorIs(t, err, live.ErrEnded)
}

func TestPartForSizeDoesNotEndTheStream(t *testing.T) {
	h := newHub(t, options())
	to, a := h.Publisher("p"), newAsked(1)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x"), a.flushed(event.FlushSize)})
	s := follow(t, h, a.ID, "")
	require.Len(t, readUntil(t, s, 3), 3)
	_, err := s.Next(t.Context(), time.Millisecond, nil, 1)
	require.ErrorIs(t, err, live.ErrIdle)
	to.Publish([]event.Fact{a.record("gen_ai.choice", "y"), a.flushed(event.FlushTTL)})
	assert.Equal(t, []string{"gen_ai.choice", "request.flush"}, names(readUntil(t, s, 2)))
}

func TestMergeIsToldAndWhatWasMergedFollows(t *testing.T) {
	h := newHub(t, options())
	to, from, into := h.Publisher("p"), newAsked(1), newAsked(2)
	to.Publish([]event.Fact{into.opened(), into.record("gen_ai.system.message", "s")})
	to.Publish([]event.Fact{from.opened(), from.record("gen_ai.user.message", "a"), from.record("gen_ai.user.message", "b")})
	old, stays, all := follow(t, h, from.ID, ""), follow(t, h, into.ID, ""), h.Subscribe(live.Filter{}, live.Start{})
	t.Cleanup(all.Close)
	require.Len(t, readUntil(t, old, 3), 3)
	require.Len(t, readUntil(t, stays, 2), 2)

	to.Publish([]event.Fact{from.merged(into), into.record("gen_ai.choice", "c")})
	live := readUntil(t, all, 4)
	require.Equal(t, []string{"request.merge", "gen_ai.user.message", "gen_ai.user.message", "gen_ai.choice"}, names(live))
	assert.Equal(t, from.ID, live[0].text("request_id"))
	assert.Equal(t, into.ID, live[0].text("into"))
	for i, f := range live[1:] {
		assert.Equal(t, into.ID, f.text("request_id"))
		assert.Equal(t, uint64(i+2), f.number("seq"))
	}
	assert.Equal(t, live[1:], readUntil(t, stays, 3))
	followed := readUntil(t, old, 6)
	assert.Equal(t, live[0], followed[0])
	assert.Equal(t, []string{"request.open", "gen_ai.system.message"}, names(followed[1:3]))
	assert.Empty(t, followed[1].id, "older than where the reader is")
	assert.Equal(t, live[1:], followed[3:])

	again := readUntil(t, follow(t, h, from.ID, live[0].id), 5)
	assert.Equal(t, followed[1:], again)
	assert.Len(t, readUntil(t, follow(t, h, from.ID, ""), 5), 5, "all that is one request now")
}

func TestWhatWasMergedCanBeOpenedForAsLongAsWhatHasEnded(t *testing.T) {
	h := newHub(t, options())
	to, from, into := h.Publisher("p"), newAsked(1), newAsked(2)
	to.Publish([]event.Fact{from.opened(), from.record("gen_ai.user.message", "a"), into.opened(), from.merged(into)})
	now := time.Now()
	h.Expire(now)
	one, err := h.Request(t.Context(), from.ID, "p")
	require.NoError(t, err)
	assert.Contains(t, string(one.JSON), into.ID)
	one.Release()
	h.Expire(now.Add(options().Retention + time.Minute))
	_, err = h.Request(t.Context(), from.ID, "p")
	require.ErrorIs(t, err, live.ErrGone)
}

func TestCursors(t *testing.T) {
	opts := options()
	opts.RingEvents = 8
	h := newHub(t, opts)
	to, a := h.Publisher("p"), newAsked(1)
	for range 20 {
		to.Publish([]event.Fact{a.record("gen_ai.user.message", "x")})
	}
	epoch := h.Cursor()[:16]
	read := func(start live.Start) []frame {
		s := h.Subscribe(live.Filter{}, start)
		defer s.Close()
		frames, err := readAll(t, h, s)
		require.ErrorIs(t, err, live.ErrIdle)
		return frames
	}
	assert.Empty(t, read(live.Start{}))
	assert.Empty(t, read(live.Start{Cursor: epoch + "-20"}))
	assert.Len(t, read(live.Start{Begin: true}), 8)
	assert.Len(t, read(live.Start{Cursor: epoch + "-12"}), 8, "the last evicted one is no loss")
	lost := read(live.Start{Cursor: epoch + "-11"})
	require.Len(t, lost, 9)
	assert.Equal(t, map[string]any{"from": 12.0, "to": 12.0, "count": 1.0}, lost[0].data)
	assert.Equal(t, epoch+"-12", lost[0].id)
	for _, unknown := range []string{
		epoch + "-21", epoch + "-", epoch, "0123456789abcdef-3", "x", epoch + "-+1", epoch + "-01", epoch + "--1",
		epoch + "-99999999999999999999999", strings.Repeat("9", 4096), epoch + "-1:2", "\x00",
	} {
		frames := read(live.Start{Cursor: unknown})
		require.Len(t, frames, 9, unknown)
		assert.Equal(t, "stream.lost", frames[0].name)
		assert.Empty(t, frames[0].data)
		assert.Equal(t, epoch+"-12", frames[0].id)

		s := follow(t, h, a.ID, unknown)
		frames, err := readAll(t, h, s)
		require.ErrorIs(t, err, live.ErrIdle)
		require.Len(t, frames, 21)
		assert.Equal(t, "stream.lost", frames[0].name)
	}
}

func TestQuietFilteredReaderKeepsUp(t *testing.T) {
	opts := options()
	opts.RingEvents = 8
	h := newHub(t, opts)
	to, a, b := h.Publisher("p"), newAsked(1), newAsked(2)
	s := h.Subscribe(live.ParseFilter(map[string][]string{"request_id": {b.ID}}), live.Start{})
	t.Cleanup(s.Close)
	_, err := s.Next(t.Context(), time.Nanosecond, nil, 1)
	require.ErrorIs(t, err, live.ErrIdle)
	done := make(chan error)
	var raw [][]byte
	go func() {
		var err error
		raw, err = s.Next(t.Context(), time.Minute, nil, 1)
		done <- err
	}()
	require.Eventually(t, func() bool { return h.Waiting() == 1 }, time.Minute, time.Microsecond)
	for range 100 {
		to.Publish([]event.Fact{a.record("gen_ai.user.message", "x")})
		require.Eventually(t, func() bool { return h.Scanned() == h.Stats().Published+1 }, time.Minute, time.Microsecond)
	}
	to.Publish([]event.Fact{b.record("gen_ai.user.message", "x")})
	require.NoError(t, <-done)
	assert.Equal(t, []string{"gen_ai.user.message"}, names(parseFrames(t, raw)), "nothing for this reader was lost")
}

func TestFilters(t *testing.T) {
	h := newHub(t, options())
	a, b := newAsked(1), newAsked(2)
	for _, one := range []struct {
		to string
		*asked
		provider string
	}{{"p", a, "openai"}, {"q", b, "anthropic"}} {
		h.Publisher(one.to).Publish([]event.Fact{
			one.opened(), one.call(one.provider), one.ended(), one.record("gen_ai.choice", one.provider+" says"),
		})
	}
	for filter, want := range map[string]int{
		"processor=p": 4, "processor=p,q": 8, "processor=x": 0, "request_id=" + a.ID: 4, "trace_id=" + a.trace.String(): 4,
		"provider=openai": 4, "operation=chat": 8, "kind=inference": 8, "kind=tool": 0, "service=shop": 8, "status=unknown": 0,
		"status=ok": 8, "name=gen_ai.": 2, "name=request.": 6, "name=request.,gen_ai.": 8, "provider=openai&name=gen_ai.": 1, "model=x": 0,
		"provider=": 0, "service=shop&processor=q": 4,
	} {
		parameters := map[string][]string{}
		for pair := range strings.SplitSeq(filter, "&") {
			key, values, _ := strings.Cut(pair, "=")
			parameters[key] = strings.Split(values, ",")
		}
		s := h.Subscribe(live.ParseFilter(parameters), live.Start{Begin: true})
		frames, err := readAll(t, h, s)
		s.Close()
		require.ErrorIs(t, err, live.ErrIdle)
		assert.Len(t, frames, want, filter)
	}
}

func TestRequestsLeave(t *testing.T) {
	opts := options()
	opts.MaxRequests, opts.RingEvents = 100, 1000
	h := newHub(t, opts)
	to, old := h.Publisher("p"), newAsked(1<<40)
	to.Publish([]event.Fact{old.opened()})
	watched := follow(t, h, old.ID, "")
	require.Len(t, readUntil(t, watched, 1), 1)
	for i := range uint64(100_000) {
		a := newAsked(i)
		to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "x"), a.flushed(event.FlushTTL)})
	}
	stats := h.Stats()
	assert.Equal(t, 1, stats.RequestsOpen)
	assert.Equal(t, 99, stats.RequestsKept)
	assert.Equal(t, 1000, stats.Ring.Events)
	assert.Less(t, stats.RetainedBytes, 100_000)
	_, err := h.Follow(newAsked(0).ID, "", "")
	require.ErrorIs(t, err, live.ErrUnknown, "too long ago to be remembered")
	_, err = h.Follow(newAsked(99_800).ID, "", "")
	require.ErrorIs(t, err, live.ErrGone)
	_, err = h.Follow("none", "", "")
	require.ErrorIs(t, err, live.ErrUnknown)

	for i := range uint64(100) {
		to.Publish([]event.Fact{newAsked(1<<41 + i).opened()})
	}
	frames := readUntil(t, watched, 1)
	assert.Equal(t, []string{"stream.lost"}, names(frames), "an open request had to leave")
	_, err = h.Follow(old.ID, "", "")
	require.ErrorIs(t, err, live.ErrGone)
}

func TestSnapshotAndList(t *testing.T) {
	h := newHub(t, options())
	to, a, b := h.Publisher("p"), newAsked(1), newAsked(2)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "a \"needle\""), a.call("openai"), a.ended()})
	raw, err := shown(h, a.ID)
	require.NoError(t, err)
	got := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &got))
	assert.Equal(t, "ended", got["state"])
	assert.Equal(t, a.ID, got["request_id"])
	assert.Len(t, got["events"], 1)
	assert.NotContains(t, got, "flush_reason")
	to.Publish([]event.Fact{a.flushed(event.FlushSpanEnd), b.opened(), b.record("gen_ai.user.message", "x")})

	list := func(q live.Query) (page struct {
		Requests []map[string]any `json:"requests"`
		Cursor   string           `json:"cursor"`
		Next     string           `json:"next_page_token"`
	}) {
		raw, err := listed(h, &q)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &page))
		return page
	}
	page := list(live.Query{Limit: 10})
	require.Len(t, page.Requests, 2)
	assert.Equal(t, h.Cursor(), page.Cursor)
	assert.Equal(t, []any{"open", "flushed"}, []any{page.Requests[0]["state"], page.Requests[1]["state"]})
	assert.NotContains(t, page.Requests[1], "events")
	summary := page.Requests[1]["calls"].([]any)[0].(map[string]any)
	assert.NotContains(t, summary, "input_messages")
	assert.NotContains(t, summary, "attributes")
	assert.Equal(t, "span_end", page.Requests[1]["flush_reason"])
	assert.Empty(t, page.Next)

	page = list(live.Query{Limit: 1})
	require.NotEmpty(t, page.Next)
	page = list(live.Query{Limit: 1, PageToken: page.Next})
	require.Len(t, page.Requests, 1)
	assert.Equal(t, a.ID, page.Requests[0]["request_id"])
	assert.Len(t, list(live.Query{Limit: 9, Text: `"needle"`}).Requests, 1)
	assert.Len(t, list(live.Query{Limit: 9, Filter: live.ParseFilter(map[string][]string{"provider": {"openai"}})}).Requests, 1)
	_, err = listed(h, &live.Query{Limit: 1, PageToken: "x"})
	require.ErrorIs(t, err, live.ErrPageToken)
}

func TestHiddenContentIsNowhere(t *testing.T) {
	opts := options()
	opts.Hide = true
	h := newHub(t, opts)
	to, a := h.Publisher("p"), newAsked(1)
	to.Publish([]event.Fact{a.opened(), a.record("gen_ai.user.message", "a secret"), a.call("openai"), a.ended(), a.flushed(event.FlushSpanEnd)})
	raw, err := shown(h, a.ID)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "secret")
	assert.Contains(t, string(raw), `"hidden_bytes":`)
	s := follow(t, h, a.ID, "")
	frames, err := s.Next(t.Context(), time.Nanosecond, nil, 1<<20)
	require.ErrorIs(t, err, live.ErrEnded)
	for _, f := range frames {
		assert.NotContains(t, string(f), "secret")
	}
	raw, err = listed(h, &live.Query{Limit: 1, Text: "secret"})
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"requests":[]`)
}

func TestHostileNames(t *testing.T) {
	h := newHub(t, options())
	a := newAsked(1)
	a.ID = "r\r\nid: 7\n\nevent: x\x00"
	hostile := map[string]string{
		"error": "telemetry.error", "open": "telemetry.open", "request.flush": "telemetry.request.flush",
		"stream.end": "telemetry.stream.end", "gen_ai.a\nid: 3\rdata: x\x00": "gen_ai.a\ufffdid: 3\ufffddata: x\ufffd",
		"gen_ai.\xff": "gen_ai.\ufffd", "\ufeffgen_ai": "\ufffdgen_ai",
	}
	for name, want := range hostile {
		s := h.Subscribe(live.Filter{}, live.Start{})
		h.Publisher("p\nq").Publish([]event.Fact{a.record(name, "c\r\nd")})
		got := readUntil(t, s, 1)
		s.Close()
		assert.Equal(t, want, got[0].name)
		assert.Equal(t, a.ID, got[0].text("request_id"))
	}
}

func TestStopEndsEverySubscription(t *testing.T) {
	h := live.NewHub(options())
	s := h.Subscribe(live.Filter{}, live.Start{})
	defer s.Close()
	done := make(chan error)
	go func() {
		_, err := s.Next(t.Context(), time.Hour, nil, 1)
		done <- err
	}()
	h.Stop()
	require.ErrorIs(t, <-done, live.ErrStopped)
	h.Stop()
	h.Publisher("p").Publish([]event.Fact{newAsked(1).opened()})
	assert.Zero(t, h.Stats().Published)
}
