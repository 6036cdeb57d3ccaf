package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// processor.md, "Merging".

func TestRequestsThatARecordShowsToBeOneAreMerged(t *testing.T) {
	t.Run("a span with an attribute after its logs", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
		d.spans(call("chat", named("v", t1, s1), within("e", named("v", t1, s1))))
		assert.Equal(t, []Merge{{From: key(t1, s1), Into: "v"}}, d.Merged)
		assert.Equal(t, 1, d.Open())
		assert.Equal(t, 130, d.Bytes())
		d.flushAll(event.FlushShutdown)
		require.Len(t, d.Parts, 1)
		assert.Equal(t, "attribute:session.id", d.Parts[0].KeySource, "the higher precedence stays")
		assert.Equal(t, 130, d.Parts[0].Bytes)
		assert.Equal(t, 260, d.Parts[0].Weight)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 e#3 chat"}, d.left())
	})
	t.Run("the other's events are numbered after the survivor's, in order of arrival", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", ids(t1, s1)), log("v", named("v", t2, s2)), log("b", ids(t1, s1)), log("w", named("v", t2, s2)))
		d.logs(log("c", named("v", t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown v#1 w#2 a#3 b#4 c#5"}, d.left())
	})
	t.Run("a span event with an attribute of its own", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.spans(call("chat", ids(t1, s1),
			within("a", ids(t1, s1)), within("b", named("v", t1, s1)), within("c", ids(t1, s1)), within("d", named("w", t1, s1))))
		assert.Equal(t, []Merge{{From: key(t1, s1), Into: "v"}}, d.Merged)
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 c#3 chat", "w 1: shutdown d#1"}, d.left())
	})
	t.Run("a span event of a span without an id", func(t *testing.T) {
		d := newDesk(t, byTraces())
		k := Keys{Trace: t1}
		d.spans(call("chat", k, within("a", k), within("b", named("v", t1, s3)), within("c", k)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 c#3 chat"}, d.left())
	})
	t.Run("everything that led to the other leads to the survivor", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", response("r")))
		d.spans(inference("chat", ids(t1, s1), "r"), inference("again", ids(t1, s1), "r2"))
		d.logs(log("b", named("v", t1, s1)))
		d.logs(log("c", response("r")), log("d", ids(t1, s1)))
		assert.Equal(t, []Merge{{From: "r", Into: key(t1, s1)}, {From: key(t1, s1), Into: "v"}}, d.Merged)
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 c#3 d#4 chat"}, d.left())
	})
	t.Run("a trace", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.spans(inference("chat", ids(t1, s1), "r"), inference("more", ids(t1, s2), "r2"), inference("last", ids(t1, s3), "r3"))
		d.logs(log("a", named("v", t1, s2)), log("b", ids(t1, s3)))
		d.logs(log("c", response("r")), log("d", response("r2")), log("e", response("r3")))
		d.spans(call("again", ids(t1, s2)))
		assert.Equal(t, 1, d.DuplicateSpans)
		assert.Equal(t, []Merge{{From: t1.String(), Into: "v"}}, d.Merged)
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 c#3 d#4 e#5 chat more last"}, d.left())
	})
}

func TestNothingIsMergedOnceAPartHasLeft(t *testing.T) {
	span := key(t1, s1)
	t.Run("of the weaker one", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", ids(t1, s1)))
		d.wait(d.opts.TTL)
		d.logs(log("b", named("v", t1, s1)), log("c", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{
			span + " 1: ttl a#1", "v 1: shutdown b#1 see " + span, span + " 2: late c#2(late) see v",
		}, d.left(), "both stay")
		assert.Empty(t, d.Merged)
	})
	t.Run("of the stronger one, for its size", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.opts.MaxRequestEvents = 1
		d.logs(log("a", named("v", t2, s2)), log("b", named("v", t2, s2)), log("c", ids(t1, s1)))
		d.logs(log("d", named("v", t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{
			"v 1: size a#1", "v 2: size b#2 see " + span, "v 3: shutdown d#3 see " + span, span + " 1: shutdown c#1 see v",
		}, d.left())
	})
	t.Run("and the span then ends the one that is named after it", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.opts.MaxRequestEvents = 1
		d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
		d.spans(call("chat", named("v", t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{span + " 1: size a#1", span + " 2: span_end b#2 by chat see v"}, d.left())
		d.wait(d.opts.TTL)
		assert.Equal(t, []string{"v 1: ttl chat see " + span}, d.left())
	})
	t.Run("and what is related stays so for whoever it is merged into", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", response("r")))
		d.wait(d.opts.TTL)
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.logs(log("b", named("v", t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"r 1: ttl a#1", "v 1: shutdown b#1 chat see r"}, d.left())
	})
}

func TestTheFirstRelatedRequestIsNamed(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s2)))
	d.wait(d.opts.TTL)
	d.left()
	d.logs(log("c", named("v", t1, s1)), log("d", named("v", t1, s2)))
	d.flushAll(event.FlushShutdown)
	assert.Equal(t, []string{"v 1: shutdown c#1 d#2 see " + key(t1, s1)}, d.left())
}

func TestAttributesNeverMerge(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", named("v", t1, s1)), log("b", named("w", t1, s1)), log("c", named("v", t1, s1)))
	d.spans(call("chat", named("w", t1, s1)))
	d.logs(log("d", ids(t1, s1)))
	assert.Empty(t, d.Merged)
	d.flushAll(event.FlushShutdown)
	assert.Equal(t, []string{"v 1: shutdown a#1 c#2", "w 1: shutdown b#1 d#2 chat"}, d.left(),
		"what the span says of itself counts more than what a log said of it")
}

func TestMergedRequestIsAsOldAsTheOlder(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second Keys
	}{
		{"other first", ids(t1, s1), named("v", t2, s2)},
		{"survivor first", named("v", t2, s2), ids(t1, s1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, byAttributes())
			d.opts.TTL = d.opts.MaxAge * 2
			d.logs(log("a", test.first))
			d.wait(time.Minute)
			d.logs(log("x", ids(t3, s3)))
			d.logs(log("b", test.second))
			d.logs(log("c", named("v", t1, s1)))
			d.wait(d.opts.MaxAge - time.Minute)
			require.Len(t, d.Parts, 1)
			assert.Equal(t, "v", d.Parts[0].RequestID)
			assert.Equal(t, event.FlushMaxAge, d.Parts[0].Reason)
			assert.Equal(t, d.opts.MaxAge, d.Parts[0].Age)
			d.wait(time.Minute)
			assert.Len(t, d.Parts, 2)
		})
	}
}

func TestMergeIsSomethingThatHappened(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", named("v", t2, s2)))
	d.wait(time.Minute)
	d.logs(log("b", ids(t1, s1)))
	d.wait(time.Minute)
	d.spans(claimed(ClaimPending, call("pending", named("v", t1, s1))))
	assert.Len(t, d.Merged, 1)
	d.wait(d.opts.TTL - time.Second)
	assert.Empty(t, d.Parts)
	d.wait(time.Second)
	assert.Equal(t, []string{"v 1: ttl a#1 b#2"}, d.left())
}

// What both know of their end holds for the whole.
func TestMergedRequestEndsAsTheTwoWould(t *testing.T) {
	t.Run("an end event ended the other", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(last("a", ids(t1, s1)))
		d.logs(log("b", named("v", t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: end_event a#1 b#2"}, d.left())
	})
	t.Run("its own span ended the other, but does not own the whole", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.spans(call("chat", ids(t1, s1)))
		d.logs(log("b", named("v", t1, s1)))
		d.wait(d.opts.Linger)
		assert.Empty(t, d.Parts)
		d.spans(root(foreign("root", t1, s3), 1))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: span_end b#1 chat by root"}, d.left())
	})
	t.Run("its entry span was seen", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", ids(t1, s1)))
		d.spans(root(foreign("root", t1, s3), 1))
		d.wait(time.Second)
		d.logs(log("b", named("v", t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: span_end a#1 b#2 by root"}, d.left())
	})
	t.Run("its entry span was seen and has been forgotten since", func(t *testing.T) {
		o := byTraces()
		o.MaxRemembered = 1
		d := newDesk(t, o)
		d.logs(log("a", ids(t1, s1)))
		d.spans(root(foreign("root", t1, s3), 1), root(foreign("elsewhere", t2, s3), 1))
		d.logs(log("b", named("v", t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: span_end a#1 b#2 by root"}, d.left())
	})
	t.Run("the survivor's end was seen, the other's is to come", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", named("v", t1, s1)), log("b", ids(t2, s2)))
		d.spans(root(foreign("root", t1, s3), 2))
		d.logs(log("c", named("v", t2, s2)))
		d.wait(d.opts.Linger)
		assert.Empty(t, d.Parts)
		d.spans(root(foreign("first", t2, s3), 1))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: span_end a#1 b#2 c#3 by first"}, d.left())
	})
	t.Run("the survivor saw an entry span that the other did not", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.opts.LateWindow = time.Second
		d.logs(log("a", named("w", t1, s1)), log("b", named("v", t1, s1)), log("c", named("v", t2, s1)))
		d.spans(root(foreign("root", t1, s3), 1))
		d.wait(d.opts.Linger + d.opts.LateWindow)
		assert.Equal(t, []string{"w 1: span_end a#1 by root"}, d.left())
		d.logs(log("d", ids(t1, s1)))
		d.logs(log("e", named("v", t1, s1)))
		assert.Equal(t, []Merge{{From: t1.String(), Into: "v"}}, d.Merged)
		d.spans(root(foreign("second", t2, s3), 2))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: span_end b#1 c#2 d#3 e#4 by root"}, d.left())
	})
}

func TestMergedRequestKeepsTheLimits(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit func(*Options)
	}{
		{"events", func(o *Options) { o.MaxRequestEvents = 3 }},
		{"bytes", func(o *Options) { o.MaxRequestBytes = 30 }},
		{"weight", func(o *Options) { o.MaxPartWeight = 60 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := byAttributes()
			test.limit(&o)
			d := newDesk(t, o)
			d.logs(log("a", named("v", t2, s2)), log("b", named("v", t2, s2)))
			d.logs(log("c", ids(t1, s1)), log("d", ids(t1, s1)))
			d.logs(log("e", named("v", t1, s1)))
			d.flushAll(event.FlushShutdown)
			assert.Equal(t, []string{"v 1: size a#1 b#2", "v 2: shutdown c#3 d#4 e#5"}, d.left())
		})
	}
}
