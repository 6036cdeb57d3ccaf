package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// processor.md, "Limits, pressure, delivery".

func TestAtMaxRequestsLingeringOnesLeaveThenTheOldestOpenOnes(t *testing.T) {
	o := roomy()
	o.MaxRequests = 3
	d := newDesk(t, o)
	d.logs(log("a", ids(t1, s1)))
	d.wait(time.Second)
	d.logs(log("b", ids(t1, s2)))
	d.spans(call("chat", ids(t1, s3)))
	d.logs(log("a", ids(t1, s1)))

	d.logs(log("c", ids(t2, s1)))
	assert.Equal(t, []string{key(t1, s3) + " 1: span_end chat by chat"}, d.left(), "ended, so flushed early for that reason")
	d.logs(log("d", ids(t2, s2)))
	assert.Equal(t, []string{key(t1, s1) + " 1: evicted a#1 a#2"}, d.left(), "the oldest, although it is not idle")
	assert.Equal(t, 3, d.Open())

	d.logs(log("e", ids(t1, s1)))
	assert.Equal(t, []string{key(t1, s2) + " 1: evicted b#1"}, d.left(), "what is late needs room as well")
	d.logs(log("f", ids(t2, s3)))
	assert.Equal(t, []string{key(t1, s1) + " 2: late e#3(late)"}, d.left())
	assert.Equal(t, 3, d.Remembered())
}

func TestEvictSaysWhetherAnythingWasOpen(t *testing.T) {
	d := newDesk(t, roomy())
	assert.False(t, d.evict())
	d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s2)))
	d.spans(call("chat", ids(t1, s2)))
	assert.True(t, d.evict())
	assert.True(t, d.evict())
	assert.False(t, d.evict())
	assert.Equal(t, []string{
		key(t1, s2) + " 1: span_end b#1 chat by chat", key(t1, s1) + " 1: evicted a#1",
	}, d.left())
	assert.Zero(t, d.Bytes())
}

// A request that ends and has to make room with one and the same batch ended.
func TestRequestThatHasEndedIsNotEvicted(t *testing.T) {
	o := roomy()
	o.MaxRequests = 1
	d := newDesk(t, o)
	d.spans(call("chat", ids(t1, s1)), call("more", ids(t1, s2)))
	d.logs(last("a", response("r")), last("b", response("r2")))
	d.flushAll(event.FlushShutdown)
	require.Len(t, d.Parts, 4)
	for _, p := range d.Parts[:3] {
		assert.True(t, p.Ended)
	}
	assert.Equal(t, []string{
		key(t1, s1) + " 1: span_end chat by chat", key(t1, s2) + " 1: span_end more by more",
		"r 1: end_event a#1", "r2 1: shutdown b#1",
	}, d.left())
}

func TestSpanWhoseEventsDriveItOutIsWhole(t *testing.T) {
	span := key(t1, s1)
	t.Run("remembered", func(t *testing.T) {
		o := byAttributes()
		o.MaxRequests = 1
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1),
			within("a", ids(t1, s1)), within("b", named("v", t1, s1)), within("c", ids(t1, s1))))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{
			span + " 1: span_end a#1 chat by chat", "v 1: evicted b#1 see " + span, span + " 2: late c#2(late) see v",
		}, d.left())
	})
	t.Run("by the last one", func(t *testing.T) {
		o := byAttributes()
		o.MaxRequests = 1
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1), within("a", named("v", t1, s1))))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{span + " 1: span_end chat by chat", "v 1: shutdown a#1 see " + span}, d.left())
	})
	t.Run("forgotten", func(t *testing.T) {
		o := byAttributes()
		o.MaxRequests, o.MaxRemembered = 1, 1
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1),
			within("a", named("v", t1, s1)), within("b", named("w", t1, s1)), within("c", named("x", t1, s1)),
			within("d", ids(t1, s1))))
		d.flushAll(event.FlushShutdown)
		seen := map[string]bool{}
		for _, p := range d.Parts {
			for i := range opened(p).Records {
				seen[p.Records[i].Name] = true
			}
		}
		assert.Len(t, seen, 4, "nothing is dropped")
	})
}

func TestOversizedRequestLeavesInParts(t *testing.T) {
	id := key(t1, s1)
	for _, test := range []struct {
		name  string
		limit func(*Options)
	}{
		{"events", func(o *Options) { o.MaxRequestEvents = 2 }},
		{"bytes", func(o *Options) { o.MaxRequestBytes = 20 }},
		{"weight", func(o *Options) { o.MaxPartWeight = 40 }},
	} {
		t.Run("by "+test.name, func(t *testing.T) {
			o := roomy()
			test.limit(&o)
			d := newDesk(t, o)
			d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
			assert.Empty(t, d.Parts, "what fits exactly stays")
			d.wait(time.Minute)
			d.logs(log("c", ids(t1, s1)), log("d", ids(t1, s1)), log("e", ids(t1, s1)))
			assert.Equal(t, 10, d.Bytes())
			require.Len(t, d.Parts, 2)
			assert.Equal(t, 20, d.Parts[0].Bytes)
			assert.Equal(t, 40, d.Parts[0].Weight)
			assert.Equal(t, time.Minute, d.Parts[0].Age)
			assert.Negative(t, d.Parts[0].Lateness)
			d.wait(d.opts.TTL)
			assert.Equal(t, []string{id + " 1: size a#1 b#2", id + " 2: size c#3 d#4", id + " 3: ttl e#5"}, d.left())
		})
	}
	t.Run("a span counts by its bytes and weight", func(t *testing.T) {
		o := roomy()
		o.MaxRequestBytes = 105
		d := newDesk(t, o)
		d.logs(log("a", ids(t1, s1)))
		d.spans(call("chat", ids(t1, s1)))
		o.MaxRequestBytes, o.MaxPartWeight = 1000, 210
		heavy := newDesk(t, o)
		heavy.logs(log("a", ids(t1, s1)))
		heavy.spans(call("chat", ids(t1, s1)))
		assert.Equal(t, []string{id + " 1: size a#1"}, d.left())
		assert.Equal(t, []string{id + " 1: size a#1"}, heavy.left())
	})
	t.Run("a piece that is too large by itself leaves alone", func(t *testing.T) {
		o := roomy()
		o.MaxRequestBytes = 5
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1), within("a", ids(t1, s1))))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{id + " 1: size chat by chat", id + " 2: shutdown a#1"}, d.left())
	})
	t.Run("what is late as well", func(t *testing.T) {
		o := roomy()
		o.MaxRequestEvents = 1
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger)
		d.logs(log("a", ids(t1, s1)))
		d.wait(time.Second)
		d.logs(log("b", ids(t1, s1)))
		require.Len(t, d.Parts, 2)
		assert.Zero(t, d.Parts[1].Age)
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{
			id + " 1: span_end chat by chat", id + " 2: size a#1(late)", id + " 3: late b#2(late)",
		}, d.left())
	})
	t.Run("whose owner left with the first needs no other", func(t *testing.T) {
		o := byTraces()
		o.MaxRequestEvents = 1
		d := newDesk(t, o)
		d.spans(root(call("root", ids(t1, s1)), 1))
		d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
		d.spans(remote(call("server", ids(t1, s2)), 1))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{
			t1.String() + " 1: size a#1 root by root", t1.String() + " 2: span_end b#2 server",
		}, d.left())
	})
}

func TestAtMaxRememberedTheOldestIsForgottenFirstAndCounted(t *testing.T) {
	o := roomy()
	o.MaxRemembered = 2
	d := newDesk(t, o)
	for _, s := range []byte{1, 2, 3} {
		d.logs(log("a", ids(t1, spanID(s))))
		d.flushAll(event.FlushShutdown)
	}
	assert.Equal(t, 2, d.Remembered())
	assert.Equal(t, 1, d.Forgotten)
	d.left()
	d.logs(log("b", ids(t1, s1)), log("b", ids(t1, s2)))
	assert.Equal(t, 4, d.Opened)
	assert.Equal(t, 1, d.Remembered())
	assert.True(t, d.Forget(&d.Outcome))
	assert.False(t, d.Forget(&d.Outcome))
	assert.Equal(t, 2, d.Forgotten)
	assert.False(t, d.Knows(t1, s3))
	assert.True(t, d.Knows(t1, s1))
}

func TestBytesAreWhatOpenRequestsHold(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", ids(t1, s1)), log("b", ids(t2, s2)))
	assert.Equal(t, 20, d.Bytes())
	d.spans(call("chat", named("v", t1, s1), within("c", named("v", t1, s1))))
	assert.Equal(t, 130, d.Bytes())
	d.flushAll(event.FlushShutdown)
	assert.Zero(t, d.Bytes())
	d.logs(log("late", ids(t1, s1)))
	assert.Equal(t, 10, d.Bytes())
}

// A conversation of thousands of traces takes part in so many of them.
func TestTracesOfOneRequestAreBounded(t *testing.T) {
	for _, o := range []Options{byAttributes(), byTraces()} {
		o.MaxRequestEvents = 2 * maxTraces
		d := newDesk(t, o)
		trace := func(n int) pcommon.TraceID { return pcommon.TraceID{0: 1, 14: byte(n >> 8), 15: byte(n)} }
		for n := range maxTraces + 10 {
			d.AppendRecords(d.now, wall(d.now), []Record{log("a", named("v", trace(n), s1))}, &d.Outcome)
		}
		d.spans(root(foreign("root", trace(maxTraces+1), s2), 1), call("chat", ids(trace(maxTraces+2), s3)))
		d.logs(log("b", named("v", trace(maxTraces+2), s3)))
		assert.Len(t, d.index.attributes["v"].traces(), maxTraces)
		assert.Equal(t, FallbackTrace == o.Fallback, len(d.Merged) == 0)
		d.wait(d.opts.TTL)
		require.NotEmpty(t, d.Parts)
		assert.Equal(t, event.FlushTTL, d.Parts[len(d.Parts)-1].Reason)
	}
}

// Many requests in one trace come and go without a trace of them.
func TestMembersOfATraceLeaveInAnyOrder(t *testing.T) {
	d := newDesk(t, byAttributes())
	values := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for _, v := range values {
		d.logs(log(v, named(v, t1, s1)))
	}
	for _, v := range []string{"c", "a", "h", "e", "f", "b"} {
		d.logs(last("end", named(v, t1, s1)))
		d.wait(d.opts.Linger)
	}
	assert.Equal(t, 2, d.Open())
	d.left()
	d.logs(log("late", named("c", t1, s1)))
	d.spans(root(foreign("root", t1, s3), 1))
	d.wait(d.opts.Linger)
	assert.Equal(t, []string{
		"c 2: late late#3(late) by root", "d 1: span_end d#1 by root", "g 1: span_end g#1 by root",
	}, d.left())
	d.wait(d.opts.LateWindow)
	assert.Zero(t, leftovers(d.Store))
}
