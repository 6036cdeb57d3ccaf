package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// processor.md, "Which request: resolving the id".

func TestFirstMatchNamesTheRequest(t *testing.T) {
	none := pcommon.TraceID{}
	for _, test := range []struct {
		name   string
		keys   Keys
		id     string // by span, the default
		source string
		traced string // with fallback: trace
		basis  string
	}{
		{
			name:   "a configured attribute goes before everything",
			keys:   Keys{AttributeKey: "user.id", Attribute: "u", Trace: t1, Span: s1, ResponseID: "r"},
			id:     "u",
			source: "attribute:user.id",
			traced: "u",
			basis:  "attribute:user.id",
		},
		{
			name:   "context goes before a response id",
			keys:   Keys{Trace: t1, Span: s1, ResponseID: "r"},
			id:     "00000000000000000000000000000001-0000000000000001",
			source: "span",
			traced: "00000000000000000000000000000001",
			basis:  "trace",
		},
		{
			name:   "the span key wants both ids valid, the trace key one",
			keys:   Keys{Trace: t1, ResponseID: "r"},
			id:     "r",
			source: "response_id",
			traced: "00000000000000000000000000000001",
			basis:  "trace",
		},
		{
			name:   "a span id alone is nothing",
			keys:   Keys{Trace: none, Span: s1, ResponseID: "r"},
			id:     "r",
			source: "response_id",
			traced: "r",
			basis:  "response_id",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, d := range []*desk{newDesk(t, byAttributes()), newDesk(t, byTraces())} {
				d.logs(log("a", test.keys))
				require.True(t, test.keys.Resolvable(d.opts.Fallback))
				d.flushAll(event.FlushShutdown)
				require.Len(t, d.Parts, 1)
				id, source := test.id, test.source
				if d.opts.Fallback == FallbackTrace {
					id, source = test.traced, test.basis
				}
				assert.Equal(t, id, d.Parts[0].RequestID)
				assert.Equal(t, source, d.Parts[0].KeySource)
			}
		})
	}
}

func TestTimeAloneNeverDecides(t *testing.T) {
	d := newDesk(t, byTraces())
	d.logs(log("a", ids(t1, s1)), log("lost", Keys{Span: s1}))
	assert.Equal(t, 1, d.Unresolved)
	assert.Equal(t, 1, d.Appended[event.SourceLog])
	assert.False(t, (&Keys{Span: s1}).Resolvable(FallbackTrace))

	d.spans(call("lost", Keys{Span: s1}))
	assert.Equal(t, 1, d.Unresolved, "a span travels on with all it has")
	d.flushAll(event.FlushShutdown)
	assert.Equal(t, []string{t1.String() + " 1: shutdown a#1"}, d.left())
}

func TestSpanEventIsNamedByItsOwnAttributeThenByItsSpan(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.spans(call("chat", named("span's", t1, s1),
		within("a", named("span's", t1, s1)),
		within("b", named("event's", t1, s1)),
		within("c", named("span's", t1, s1))))
	d.flushAll(event.FlushShutdown)
	assert.Equal(t, []string{
		"span's 1: shutdown a#1 c#2 chat",
		"event's 1: shutdown b#1",
	}, d.left())
	assert.Equal(t, 3, d.Appended[event.SourceSpanEvent])
	assert.Empty(t, d.Merged, "two attributes are two requests, whatever they share")
}

func TestEventThatNamesItsRequestNeedsNoSpanThatDoes(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.spans(call("lost", Keys{}, within("a", Keys{}), within("b", named("x", pcommon.TraceID{}, pcommon.SpanID{}))))
	d.spans(claimed(ClaimJoin, call("of another kind", ids(t1, s1), within("c", named("y", t1, s1)))))
	d.flushAll(event.FlushShutdown)
	assert.Equal(t, []string{"x 1: shutdown b#1"}, d.left())
	assert.Zero(t, d.Unresolved)
}

func TestAttributesOfOneValueAreOneIdentity(t *testing.T) {
	d := newDesk(t, byAttributes())
	other := named("v", t2, s2)
	other.AttributeKey = "user.id"
	d.logs(log("a", named("v", t1, s1)), log("b", other))
	d.flushAll(event.FlushShutdown)
	require.Len(t, d.Parts, 1)
	assert.Equal(t, "attribute:session.id", d.Parts[0].KeySource, "the one that was seen first")
	assert.Equal(t, []string{"v 1: shutdown a#1 b#2"}, d.left())
}

func TestWhatTheAttributeCameWithLeadsToItsRequestAsWell(t *testing.T) {
	t.Run("span key", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", named("v", t1, s1)), log("b", ids(t1, s1)), log("c", ids(t1, s2)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2", key(t1, s2) + " 1: shutdown c#1"}, d.left())
	})
	t.Run("trace key", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", named("v", t1, s1)), log("b", ids(t1, s2)), log("c", ids(t2, s2)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2", t2.String() + " 1: shutdown c#1"}, d.left())
	})
	t.Run("the span itself", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.spans(call("chat", named("v", t1, s1)))
		d.logs(log("a", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 chat"}, d.left())
	})
	t.Run("also when it is remembered", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", named("v", t1, s1)))
		d.wait(d.opts.TTL)
		d.logs(log("b", ids(t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"v 1: ttl a#1", "v 2: late b#2(late)"}, d.left())
	})
	t.Run("the first one keeps it", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", named("v", t1, s1)), log("b", named("w", t1, s1)), log("c", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 c#2", "w 1: shutdown b#1"}, d.left())
	})
}

func TestResponseIDJoinsTheFirstInferenceSpanThatReportsIt(t *testing.T) {
	span := key(t1, s1)
	t.Run("that is open", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.logs(log("a", response("r")), log("b", response("other")))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{span + " 1: span_end a#1 chat by chat"}, d.left())
	})
	t.Run("that is remembered", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.wait(d.opts.Linger)
		d.logs(log("a", response("r")))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{span + " 1: span_end chat by chat", span + " 2: late a#1(late)"}, d.left())
	})
	t.Run("that comes while it is open", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", response("r")))
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.logs(log("b", response("r")))
		assert.Equal(t, []Merge{{From: "r", Into: span}}, d.Merged)
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{span + " 1: span_end a#1 b#2 chat by chat"}, d.left())
	})
	t.Run("in a request that an attribute names", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", response("r")))
		d.spans(inference("chat", named("v", t1, s1), "r"), inference("more", named("v", t1, s2), "r2"))
		d.logs(log("b", response("r")), log("c", response("r2")))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2 c#3 chat more"}, d.left())
	})
	t.Run("not one that comes later", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(inference("chat", ids(t1, s1), "r"), inference("again", ids(t1, s2), "r"))
		d.logs(log("a", response("r")))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{span + " 1: span_end a#1 chat by chat", key(t1, s2) + " 1: span_end again by again"}, d.left())
	})
	t.Run("not a span that is no inference", func(t *testing.T) {
		d := newDesk(t, roomy())
		embeddings := inference("embed", ids(t1, s1), "r")
		embeddings.Inference = false
		d.spans(embeddings)
		d.logs(log("a", response("r")))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{span + " 1: shutdown embed by embed", "r 1: shutdown a#1"}, d.left())
	})
	t.Run("else it is a request of its own", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", response("r")))
		d.wait(d.opts.TTL)
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.logs(log("b", response("r")))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{"r 1: ttl a#1", span + " 1: span_end b#1 chat by chat see r"}, d.left())
		assert.Empty(t, d.Merged)
	})
	t.Run("which is known again once the span is forgotten", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.opts.LateWindow = time.Second
		d.opts.MaxRequestEvents = 1
		d.logs(log("a", response("r")), log("b", response("r")))
		d.spans(inference("chat", ids(t1, s1), "r"))
		d.wait(d.opts.Linger + d.opts.LateWindow)
		d.logs(log("c", response("r")))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{
			"r 1: size a#1", span + " 1: span_end chat by chat see r",
			"r 2: size b#2 see " + span, "r 3: shutdown c#3 see " + span,
		}, d.left(), "never two openings open for one id")
	})
}

func TestSpanOfAnotherKindMakesNoRequest(t *testing.T) {
	t.Run("but joins and ends the one that events opened for it", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(claimed(ClaimJoin, call("other", ids(t1, s2))))
		assert.Zero(t, d.Opened)
		d.logs(log("a", ids(t1, s1)))
		d.spans(claimed(ClaimJoin, call("tool", ids(t1, s1))))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 tool by tool"}, d.left())
		assert.Zero(t, d.Unresolved)
	})
	t.Run("nor does one that is none of ours", func(t *testing.T) {
		d := newDesk(t, roomy())
		assert.False(t, d.Knows(t1, s1))
		d.logs(log("a", ids(t1, s1)))
		assert.True(t, d.Knows(t1, s1))
		assert.False(t, d.Knows(t1, s2))
		d.spans(foreign("f", t1, s1))
		d.spans(own("own", ids(t1, s1)), own("other", ids(t1, s2)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 by own"}, d.left())
	})
	t.Run("and one whose attribute names no request joins its own", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", ids(t1, s1)), log("b", named("v", t2, s2)))
		d.spans(claimed(ClaimJoin, call("tool", named("w", t1, s1))), claimed(ClaimJoin, call("mcp", named("v", t2, s3))))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 tool by tool"}, d.left())
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown b#1 mcp"}, d.left())
	})
}

func TestPendingSpanOpensTheRequestItAnnouncesAndIsNoCall(t *testing.T) {
	pending := func(keys Keys) Span {
		return root(claimed(ClaimPending, call("pending", keys)), 1)
	}
	t.Run("and ends nothing", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(pending(ids(t1, s1)))
		assert.Equal(t, 1, d.Open())
		d.wait(d.opts.Linger)
		assert.Equal(t, 1, d.Open())
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{key(t1, s1) + " 1: span_end chat by chat"}, d.left())
	})
	t.Run("not even as the entry of its trace", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.spans(pending(ids(t1, s1)))
		d.wait(d.opts.TTL)
		assert.Equal(t, []string{t1.String() + " 1: ttl"}, d.left())
	})
	t.Run("and its attribute names it", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.logs(log("a", ids(t1, s1)))
		d.spans(pending(named("v", t1, s1)))
		d.logs(log("b", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{"v 1: shutdown a#1 b#2"}, d.left())
	})
}

func TestSpanThatArrivesTwiceIsCountedOnce(t *testing.T) {
	for _, o := range []Options{roomy(), byAttributes(), byTraces()} {
		d := newDesk(t, o)
		d.spans(call("chat", ids(t1, s1)), call("again", ids(t1, s1), within("e", ids(t1, s1))))
		d.flushAll(event.FlushShutdown)
		require.Len(t, d.Parts, 1)
		assert.Len(t, opened(d.Parts[0]).Spans, 1)
		d.spans(call("late", ids(t1, s1)))
		assert.Equal(t, 2, d.DuplicateSpans)
		assert.Zero(t, d.Open(), "nothing late came")
	}
	t.Run("also after a merge", func(t *testing.T) {
		d := newDesk(t, byAttributes())
		d.spans(call("chat", ids(t1, s1)))
		d.logs(log("a", named("v", t1, s1)))
		d.spans(call("again", ids(t1, s1)))
		assert.Equal(t, 1, d.DuplicateSpans)
		assert.Len(t, d.Merged, 1)
	})
}
