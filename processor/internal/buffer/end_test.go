package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// processor.md, "When a request ends".

func TestRequestEnds(t *testing.T) {
	chat := key(t1, s1)
	for _, test := range []struct {
		name string
		opts Options
		in   func(*desk)
		want []string
	}{
		{
			name: "with its own span",
			opts: roomy(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.spans(call("chat", ids(t1, s1)))
			},
			want: []string{chat + " 1: span_end a#1 chat by chat"},
		},
		{
			name: "not with the entry span of its trace, when it has a span key",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.spans(root(foreign("root", t1, s3), 1))
			},
		},
		{
			name: "with an end event",
			opts: roomy(),
			in:   func(d *desk) { d.logs(log("a", response("r")), last("b", response("r"))) },
			want: []string{"r 1: end_event a#1 b#2"},
		},
		{
			name: "with an end event of a span",
			opts: byAttributes(),
			in: func(d *desk) {
				end := within("b", named("w", t1, s1))
				end.Ends = true
				d.spans(call("chat", named("v", t1, s1), within("a", named("v", t1, s1)), end))
			},
			want: []string{"w 1: end_event b#1"},
		},
		{
			name: "with the entry span of its trace, when an attribute names it",
			opts: byAttributes(),
			in: func(d *desk) {
				d.spans(call("chat", named("v", t1, s1)))
				d.spans(root(call("root", named("v", t1, s2)), 1))
			},
			want: []string{"v 1: span_end chat root by root"},
		},
		{
			name: "not with its own span, when an attribute names it",
			opts: byAttributes(),
			in:   func(d *desk) { d.spans(call("chat", named("v", t1, s1))) },
		},
		{
			name: "with the entry span of its trace, when that names it",
			opts: byTraces(),
			in: func(d *desk) {
				d.spans(call("chat", ids(t1, s1)))
				d.spans(root(call("root", ids(t1, s2)), 1))
			},
			want: []string{t1.String() + " 1: span_end chat root by root"},
		},
		{
			name: "with an entry span whose parent is remote",
			opts: byTraces(),
			in:   func(d *desk) { d.spans(call("chat", ids(t1, s1)), remote(call("server", ids(t1, s2)), 1)) },
			want: []string{t1.String() + " 1: span_end chat server by server"},
		},
		{
			name: "with an entry span that is not gathered, which is no call",
			opts: byTraces(),
			in: func(d *desk) {
				d.spans(call("chat", ids(t1, s1)))
				d.spans(root(foreign("root", t1, s2), 1))
			},
			want: []string{t1.String() + " 1: span_end chat by root"},
		},
		{
			name: "with an entry span that was seen within linger before",
			opts: byTraces(),
			in: func(d *desk) {
				d.spans(root(foreign("root", t1, s2), 1))
				d.wait(d.opts.Linger - time.Nanosecond)
				d.logs(log("a", ids(t1, s1)))
			},
			want: []string{t1.String() + " 1: span_end a#1 by root"},
		},
		{
			name: "not with one that was seen longer ago",
			opts: byTraces(),
			in: func(d *desk) {
				d.spans(root(foreign("root", t1, s2), 1))
				d.wait(d.opts.Linger)
				d.logs(log("a", ids(t1, s1)))
			},
		},
		{
			name: "not with the entry span of another trace",
			opts: byTraces(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.spans(root(foreign("root", t2, s2), 1))
			},
		},
		{
			name: "not with one of several traces",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", named("v", t1, s1)), log("b", named("v", t2, s2)))
				d.spans(root(foreign("second", t2, s3), 2))
			},
		},
		{
			name: "with the last entry span of several traces, and the earliest root owns",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", named("v", t1, s1)), log("b", named("v", t2, s2)))
				d.spans(root(foreign("second", t2, s3), 2))
				d.spans(root(foreign("first", t1, s3), 1))
			},
			want: []string{"v 1: span_end a#1 b#2 by first"},
		},
		{
			name: "and goes on when another trace comes in",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", named("v", t1, s1)))
				d.spans(root(foreign("first", t1, s3), 1))
				d.wait(time.Second)
				d.logs(log("b", named("v", t2, s2)))
			},
		},
		{
			name: "and goes on when another trace comes in with the same batch",
			opts: byAttributes(),
			in: func(d *desk) {
				d.spans(root(foreign("first", t1, s3), 1))
				d.logs(log("a", named("v", t1, s1)), log("b", named("v", t2, s2)))
			},
		},
		{
			name: "but not when an end event ended it",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(last("a", named("v", t1, s1)))
				d.logs(log("b", named("v", t2, s2)))
			},
			want: []string{"v 1: end_event a#1 b#2"},
		},
		{
			name: "for the first reason",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(last("a", named("v", t1, s1)), last("b", named("w", t2, s1)))
				d.spans(root(foreign("root", t1, s3), 1), root(foreign("other", t3, s3), 1))
				d.logs(log("c", named("x", t3, s1)), last("d", named("x", t3, s1)))
			},
			want: []string{
				"v 1: end_event a#1 by root", "w 1: end_event b#1", "x 1: span_end c#1 d#2 by other",
			},
		},
		{
			name: "after the batch that brings its end is in",
			opts: byTraces(),
			in: func(d *desk) {
				d.spans(root(foreign("root", t1, s3), 1), call("chat", ids(t1, s1), within("a", ids(t1, s1))))
			},
			want: []string{t1.String() + " 1: span_end a#1 chat by root"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, test.opts)
			test.in(d)
			d.wait(d.opts.Linger)
			for _, p := range d.Parts {
				assert.True(t, p.Ended)
			}
			assert.Equal(t, append([]string{}, test.want...), d.left())
		})
	}
}

func TestEntrySpanWithoutParentTakesOver(t *testing.T) {
	t.Run("from one with a remote parent, and linger begins anew", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", ids(t1, s1)))
		d.spans(remote(foreign("server", t1, s2), 1))
		d.wait(d.opts.Linger - time.Second)
		d.spans(root(foreign("root", t1, s3), 2))
		d.wait(d.opts.Linger - time.Second)
		assert.Empty(t, d.Parts)
		d.wait(time.Second)
		assert.Equal(t, []string{t1.String() + " 1: span_end a#1 by root"}, d.left())
	})
	t.Run("not the other way round", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(log("a", ids(t1, s1)))
		d.spans(root(foreign("root", t1, s3), 2))
		d.wait(d.opts.Linger - time.Second)
		d.spans(remote(foreign("server", t1, s2), 1))
		d.wait(time.Second)
		assert.Equal(t, []string{t1.String() + " 1: span_end a#1 by root"}, d.left())
	})
	t.Run("and of two with remote parents the one that started first", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.spans(remote(call("second", ids(t1, s1)), 2), remote(call("first", ids(t1, s2)), 1), remote(call("third", ids(t1, s3)), 3))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{t1.String() + " 1: span_end second first third by first"}, d.left())
	})
	t.Run("what was remembered of both", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.spans(root(foreign("root", t1, s3), 2), remote(foreign("server", t1, s2), 1))
		d.logs(log("a", ids(t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{t1.String() + " 1: span_end a#1 by root"}, d.left())
	})
	t.Run("also when it is late, and only then", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.opts.LateWindow = d.opts.Linger * 3
		d.spans(remote(call("server", ids(t1, s1)), 2))
		d.wait(d.opts.Linger)
		d.spans(root(call("root", ids(t1, s2)), 3))
		d.wait(d.opts.Linger)
		d.spans(remote(call("client", ids(t1, s3)), 1))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{
			t1.String() + " 1: span_end server by server",
			t1.String() + " 2: late root(late) by root",
			t1.String() + " 3: late client(late)",
		}, d.left())
	})
	t.Run("does not make an end event a span's end", func(t *testing.T) {
		d := newDesk(t, byTraces())
		d.logs(last("a", ids(t1, s1)))
		d.spans(remote(foreign("server", t1, s2), 1))
		d.wait(d.opts.Linger - time.Second)
		d.spans(root(foreign("root", t1, s3), 2))
		d.wait(time.Second)
		assert.Equal(t, []string{t1.String() + " 1: end_event a#1 by root"}, d.left())
	})
}

func TestEntrySpanOwnsEachRequestOfItsTrace(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", named("v", t1, s1)), log("b", named("w", t1, s2)), log("c", ids(t1, s3)))
	d.spans(root(call("root", named("v", t1, spanID(9))), 1))
	d.wait(d.opts.Linger)
	assert.Equal(t, []string{"v 1: span_end a#1 root by root", "w 1: span_end b#1 by root"}, d.left())
}

func TestEntrySpanThatComesAfterTheFlushOwnsWhatIsLate(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", named("v", t1, s1)))
	d.wait(d.opts.TTL)
	d.spans(root(foreign("root", t1, s3), 1))
	d.logs(log("b", named("v", t1, s1)))
	d.wait(d.opts.Linger)
	require.Len(t, d.Parts, 2)
	assert.False(t, d.Parts[0].Ended)
	assert.True(t, d.Parts[1].Ended)
	assert.Equal(t, []string{"v 1: ttl a#1", "v 2: late b#2(late) by root"}, d.left())
}

func TestEntrySpansRememberedAreBounded(t *testing.T) {
	o := byTraces()
	o.MaxRemembered = 2
	d := newDesk(t, o)
	for n := range byte(5) {
		d.spans(root(foreign("root", traceID(n+1), s1), 1))
	}
	d.logs(log("a", ids(traceID(3), s1)), log("b", ids(traceID(4), s1)))
	d.wait(d.opts.Linger)
	assert.Equal(t, []string{traceID(4).String() + " 1: span_end b#1 by root"}, d.left())
}

func TestRequestIsFlushed(t *testing.T) {
	id := key(t1, s1)
	t.Run("linger after it ended, late logs or not", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.wait(time.Minute)
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger - time.Nanosecond)
		d.logs(log("a", ids(t1, s1)))
		d.tick()
		assert.Empty(t, d.Parts, "a deadline is never early")
		assert.Equal(t, time.Minute+d.opts.Linger, d.Next())
		d.wait(time.Nanosecond)
		require.Len(t, d.Parts, 1)
		assert.True(t, d.Parts[0].Ended)
		assert.Equal(t, d.opts.Linger, d.Parts[0].Age)
		assert.Equal(t, wall(d.now), d.Parts[0].FlushedAt)
		assert.Equal(t, []string{id + " 1: span_end a#1 chat by chat"}, d.left())
	})
	t.Run("ttl after its last event", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", ids(t1, s1)), log("x", ids(t1, s2)))
		d.wait(d.opts.TTL - time.Nanosecond)
		d.logs(log("b", ids(t1, s1)))
		d.wait(time.Nanosecond)
		assert.Equal(t, []string{key(t1, s2) + " 1: ttl x#1"}, d.left())
		d.wait(d.opts.TTL - 2*time.Nanosecond)
		assert.Empty(t, d.Parts)
		d.wait(time.Nanosecond)
		require.Len(t, d.Parts, 1)
		assert.False(t, d.Parts[0].Ended)
		assert.Equal(t, []string{id + " 1: ttl a#1 b#2"}, d.left())
	})
	t.Run("max_age after its first event", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", ids(t1, s1)))
		for d.now < d.opts.MaxAge-time.Minute {
			d.wait(time.Minute)
			d.logs(log("a", ids(t1, s1)))
		}
		assert.Equal(t, d.opts.MaxAge, d.Next())
		d.wait(time.Minute - time.Nanosecond)
		assert.Empty(t, d.Parts)
		d.wait(time.Nanosecond)
		require.Len(t, d.Parts, 1)
		assert.Equal(t, event.FlushMaxAge, d.Parts[0].Reason)
		assert.Len(t, opened(d.Parts[0]).Records, 60)
	})
	t.Run("max_age after its first event, also while it lingers", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.opts.MaxAge = 5 * time.Second
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.MaxAge)
		assert.Equal(t, []string{id + " 1: span_end chat by chat"}, d.left())
	})
	t.Run("at shutdown, the oldest first", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(call("late", ids(t3, s3)))
		d.wait(d.opts.Linger)
		d.left()
		d.logs(log("b", ids(t3, s3)), log("a", ids(t1, s1)))
		d.spans(call("chat", ids(t1, s2)))
		d.logs(log("c", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		assert.Equal(t, []string{
			id + " 1: shutdown a#1 c#2",
			key(t1, s2) + " 1: shutdown chat by chat",
			key(t3, s3) + " 2: late b#1(late)",
		}, d.left())
		assert.Zero(t, d.Open())
		assert.Zero(t, d.Bytes())
	})
}

func TestLatenessIsMeasuredFromTheDeadline(t *testing.T) {
	d := newDesk(t, roomy())
	d.opts.MaxAge = time.Minute
	d.opts.TTL = 30 * time.Second
	d.spans(call("chat", ids(t1, s1)))
	d.logs(log("ttl", ids(t1, s2)), log("age", ids(t1, s3)))
	d.now = 29 * time.Second
	d.logs(log("age", ids(t1, s3)))
	d.now = 61 * time.Second
	d.logs(log("evicted", ids(t2, s1)))
	d.now = 70 * time.Second
	d.tick()
	d.flushAll(event.FlushShutdown)
	lateness := map[event.FlushReason]time.Duration{}
	for _, p := range d.Parts {
		lateness[p.Reason] = max(lateness[p.Reason], p.Lateness)
	}
	assert.Equal(t, map[event.FlushReason]time.Duration{
		event.FlushSpanEnd: 60 * time.Second, event.FlushTTL: 40 * time.Second, event.FlushShutdown: 0,
	}, lateness)
	assert.Negative(t, d.Parts[len(d.Parts)-1].Lateness, "no timer flushed it")
}

func TestWhatComesAfterTheFlushIsAFurtherPart(t *testing.T) {
	id := key(t1, s1)
	t.Run("flushed linger after it came, and seq goes on", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", ids(t1, s1)))
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger)
		d.wait(d.opts.LateWindow - time.Nanosecond)
		d.logs(log("b", ids(t1, s1)))
		assert.Equal(t, 1, d.Open())
		assert.Zero(t, d.Remembered())
		d.wait(d.opts.Linger - time.Nanosecond)
		d.logs(last("c", ids(t1, s1)))
		require.Len(t, d.Parts, 1)
		d.wait(time.Nanosecond)
		require.Len(t, d.Parts, 2)
		assert.Equal(t, d.Parts[0].Opening, d.Parts[1].Opening)
		assert.Same(t, d.Parts[0].Facts, d.Parts[1].Facts)
		assert.True(t, d.Parts[1].Ended, "its span was seen in an earlier part")
		assert.Equal(t, d.opts.Linger, d.Parts[0].Age)
		assert.Zero(t, d.Parts[1].Age)
		assert.Equal(t, []string{id + " 1: span_end a#1 chat by chat", id + " 2: late b#2(late) c#3(late)"}, d.left())
		assert.Equal(t, 2, d.Late)
		assert.Equal(t, 1, d.Opened)
	})
	t.Run("its span, when that is late", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", ids(t1, s1)))
		d.wait(d.opts.TTL)
		d.logs(log("b", ids(t1, s1)))
		d.wait(d.opts.Linger / 2)
		d.spans(call("chat", ids(t1, s1), within("e", ids(t1, s1))))
		d.wait(d.opts.Linger / 2)
		require.Len(t, d.Parts, 2)
		assert.True(t, d.Parts[1].Ended)
		assert.Equal(t, []string{id + " 1: ttl a#1", id + " 2: late b#2(late) e#3(late) chat(late) by chat"}, d.left())
	})
	t.Run("and is remembered anew", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.spans(call("chat", ids(t1, s1)))
		for range 3 {
			d.wait(d.opts.Linger + d.opts.LateWindow - time.Nanosecond)
			d.logs(log("a", ids(t1, s1)))
		}
		assert.Equal(t, 1, d.Opened)
	})
	t.Run("but not once late_window is over", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.logs(log("a", ids(t1, s1)))
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger + d.opts.LateWindow)
		assert.Zero(t, d.Remembered())
		assert.Zero(t, d.Forgotten, "only what is forgotten before its time is counted")
		assert.Equal(t, Never, d.Next())
		assert.Zero(t, leftovers(d.Store))
		d.logs(log("b", ids(t1, s1)))
		d.flushAll(event.FlushShutdown)
		require.Len(t, d.Parts, 2)
		assert.NotEqual(t, d.Parts[0].Opening, d.Parts[1].Opening)
		assert.NotSame(t, d.Parts[0].Facts, d.Parts[1].Facts)
		assert.Equal(t, []string{id + " 1: span_end a#1 chat by chat", id + " 1: shutdown b#1"}, d.left())
	})
	t.Run("no part is late for its size alone", func(t *testing.T) {
		d := newDesk(t, roomy())
		d.opts.MaxRequestEvents = 1
		d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
		d.spans(call("chat", ids(t1, s1)))
		d.wait(d.opts.Linger)
		assert.Equal(t, []string{id + " 1: size a#1", id + " 2: span_end b#2 chat by chat"}, d.left())
		assert.Zero(t, d.Late)
	})
}

func TestTickActsOnAFewDeadlinesAtATime(t *testing.T) {
	d := newDesk(t, roomy())
	for n := range byte(5) {
		d.logs(log("a", ids(t1, spanID(n+1))))
	}
	d.now = d.opts.TTL
	assert.True(t, d.Tick(d.now, wall(d.now), 2, &d.Outcome))
	assert.Len(t, d.Parts, 2)
	assert.True(t, d.Tick(d.now, wall(d.now), 2, &d.Outcome))
	assert.False(t, d.Tick(d.now, wall(d.now), 1, &d.Outcome))
	assert.Len(t, d.Parts, 5)
	assert.Zero(t, d.Open())
}
