package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// A span that is not gathered owns the request that events opened under its key,
// and is no call of it.

func TestSpanThatIsNotGatheredOwns(t *testing.T) {
	chat := key(t1, s1)
	for _, test := range []struct {
		name string
		opts Options
		in   func(*desk)
		want []string
	}{
		{
			name: "what is named after it",
			opts: roomy(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.spans(own("own", ids(t1, s1)))
				d.wait(d.opts.Linger)
			},
			want: []string{chat + " 1: span_end a#1 by own"},
		},
		{
			name: "also when it is late, which makes a part",
			opts: roomy(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.wait(d.opts.TTL)
				d.spans(own("own", ids(t1, s1)))
				d.wait(d.opts.Linger)
				d.logs(log("b", ids(t1, s1)))
				d.wait(d.opts.Linger)
			},
			want: []string{chat + " 1: ttl a#1", chat + " 2: late by own", chat + " 3: late b#2(late)"},
		},
		{
			name: "and what came late before it",
			opts: roomy(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.wait(d.opts.TTL)
				d.logs(log("b", ids(t1, s1)))
				d.spans(own("own", ids(t1, s1)))
				d.wait(d.opts.Linger)
			},
			want: []string{chat + " 1: ttl a#1", chat + " 2: late b#2(late) by own"},
		},
		{
			name: "what an end event ended",
			opts: roomy(),
			in: func(d *desk) {
				d.logs(last("a", ids(t1, s1)))
				d.wait(time.Second)
				d.spans(own("own", ids(t1, s1)))
				d.wait(d.opts.Linger - time.Second)
			},
			want: []string{chat + " 1: end_event a#1 by own"},
		},
		{
			name: "not what another key names",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", named("v", t1, s1)))
				d.spans(own("own", ids(t1, s1)))
				d.wait(d.opts.Linger)
				assert.Empty(t, d.Parts)
				d.flushAll(event.FlushShutdown)
			},
			want: []string{"v 1: shutdown a#1"},
		},
		{
			name: "unless it is the entry span of its trace",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", named("v", t1, s1)))
				d.spans(root(own("own", ids(t1, s1)), 1))
				d.wait(d.opts.Linger)
			},
			want: []string{"v 1: span_end a#1 by own"},
		},
		{
			name: "not what it is merged into",
			opts: byAttributes(),
			in: func(d *desk) {
				d.logs(log("a", ids(t1, s1)))
				d.spans(own("own", ids(t1, s1)))
				d.logs(log("b", named("v", t1, s1)))
				d.wait(d.opts.Linger)
				assert.Empty(t, d.Parts)
				d.spans(root(foreign("root", t1, s2), 1))
				d.wait(d.opts.Linger)
			},
			want: []string{"v 1: span_end a#1 b#2 by root"},
		},
		{
			name: "nothing that it was not opened for",
			opts: roomy(),
			in: func(d *desk) {
				d.spans(own("own", ids(t1, s1)), own("no ids", Keys{}))
				d.wait(d.opts.Linger)
				d.flushAll(event.FlushShutdown)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, test.opts)
			test.in(d)
			assert.Equal(t, append([]string{}, test.want...), d.left())
			assert.Zero(t, d.DuplicateSpans)
			assert.Zero(t, d.Bytes())
		})
	}
}

func TestOwnerThatComesAgainIsADuplicate(t *testing.T) {
	d := newDesk(t, roomy())
	d.logs(log("a", ids(t1, s1)))
	d.spans(own("own", ids(t1, s1)), own("own", ids(t1, s1)), call("chat", ids(t1, s1)))
	assert.Equal(t, 2, d.DuplicateSpans)
	assert.Equal(t, 110, d.Bytes())
	d.wait(d.opts.Linger)
	require.Len(t, d.Parts, 1)
	assert.Equal(t, 110, d.Parts[0].Bytes)
	assert.Equal(t, 20, d.Parts[0].Weight)
	d.builtAll()
	d.spans(own("own", ids(t1, s1)))
	assert.Equal(t, 3, d.DuplicateSpans)
	assert.Zero(t, d.Open(), "which opens nothing again")
	assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 by own"}, d.left())
}

// builtAll notes that what left is built, so that it is frozen.
func (d *desk) builtAll() {
	d.Built(d.Parts)
	require.Equal(d.t, d.Remembered(), d.Frozen())
}

func TestOwnersTakeTheirRoom(t *testing.T) {
	o := roomy()
	o.MaxRequestBytes = 109
	d := newDesk(t, o)
	d.logs(log("a", ids(t1, s1)))
	d.spans(own("own", ids(t1, s1)))
	assert.Equal(t, 100, d.Bytes())
	d.wait(d.opts.Linger)
	assert.Equal(t, []string{key(t1, s1) + " 1: size a#1", key(t1, s1) + " 2: span_end by own"}, d.left())
}

func TestWatchersHearWhoOwns(t *testing.T) {
	for name, first := range map[string]Record{
		"what its span ends":     log("a", ids(t1, s1)),
		"what had ended already": last("a", ids(t1, s1)),
	} {
		t.Run(name, func(t *testing.T) {
			o := roomy()
			o.Watched = true
			d := newDesk(t, o)
			d.logs(first)
			d.spans(own("own", ids(t1, s1)))
			for _, facts := range [][]event.Fact{d.Facts, d.watched()} {
				told := facts[len(facts)-1]
				require.Equal(t, event.FactEnded, told.Kind)
				assert.Equal(t, spanKey{t1, s1}, spanKey{told.TraceID, told.SpanID})
				assert.Same(t, origin, told.Origin)
				in := Span{Packed: told.Packed}
				require.NotEmpty(t, told.Packed, "it is no call")
				assert.Equal(t, "own", in.name())
				for i := range facts {
					assert.NotEqual(t, event.FactCall, facts[i].Kind)
				}
			}
		})
	}
}

// watched is what somebody hears who begins to watch.
func (d *desk) watched() (facts []event.Fact) {
	d.Watch(d.Parts, func(more []event.Fact) { facts = append(facts, more...) })
	return facts
}

func TestOwnersOutliveTheProcess(t *testing.T) {
	spans := func(d *diary, spans ...Span) {
		in := Input{Spans: spans}
		d.write(&in)
		d.Append(time.Second, wall(time.Second), in, &d.Outcome)
	}
	leaves := func(t *testing.T, s *Store, parts []*Part) []string {
		t.Helper()
		out := Outcome{Parts: parts}
		for s.Evict(time.Second, wall(time.Second), &out) {
		}
		lines := make([]string, 0, len(out.Parts))
		for _, p := range out.Parts {
			lines = append(lines, describe(p))
		}
		return lines
	}
	for name, effects := range map[string]bool{"when its effects are told": true, "when they are not": false} {
		t.Run(name, func(t *testing.T) {
			d := newDiary(t, roomy())
			d.takes(log("a", ids(t1, s1)))
			spans(d, own("own", ids(t1, s1)))
			if effects {
				d.write(nil)
			}
			s, parts := d.restored()
			require.Empty(t, problems(s))
			assert.Equal(t, 110, s.Bytes())
			var out Outcome
			s.AppendSpans(time.Second, wall(time.Second), []Span{own("own", ids(t1, s1))}, &out)
			assert.Equal(t, 1, out.DuplicateSpans, "it was seen")
			assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 by own"}, leaves(t, s, parts))
		})
		t.Run("late, "+name, func(t *testing.T) {
			d := newDiary(t, roomy())
			d.takes(log("a", ids(t1, s1)))
			require.True(t, d.Evict(time.Second, wall(time.Second), &d.Outcome))
			d.builds(d.Parts...)
			d.write(nil)
			spans(d, own("own", ids(t1, s1)))
			if effects {
				d.write(nil)
			}
			s, parts := d.restored()
			require.Empty(t, problems(s))
			assert.Equal(t, []string{key(t1, s1) + " 1: evicted a#1", key(t1, s1) + " 2: late by own"}, leaves(t, s, parts))
		})
	}
	t.Run("in a part that waits", func(t *testing.T) {
		d := newDiary(t, roomy())
		d.takes(log("a", ids(t1, s1)))
		spans(d, own("own", ids(t1, s1)))
		require.True(t, d.Evict(time.Second, wall(time.Second), &d.Outcome))
		d.write(nil)
		s, parts := d.restored()
		assert.Equal(t, []string{key(t1, s1) + " 1: span_end a#1 by own"}, leaves(t, s, parts))
	})
}
