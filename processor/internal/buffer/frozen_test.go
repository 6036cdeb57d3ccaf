package buffer

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// built builds what left and tells the store.
func (d *desk) built() {
	d.t.Helper()
	builder := envelope.NewBuilder(envelope.Options{})
	for _, p := range d.Parts {
		builder.Build(&opened(p).Part, plog.NewLogRecord())
	}
	d.Built(d.Parts)
	d.Parts = nil
	d.check()
}

// settle flushes and builds all.
func (d *desk) settle() {
	d.t.Helper()
	d.flushAll(event.FlushShutdown)
	d.built()
}

func TestBuiltRequestIsFrozenUntilSomethingLateComes(t *testing.T) {
	d := newDesk(t, roomy())
	d.spans(call("chat", ids(t1, s1), within("a", ids(t1, s1))))
	d.logs(log("b", ids(t1, s2)))
	d.wait(d.opts.Linger)
	assert.Zero(t, d.Frozen(), "the facts may still change")
	opening := d.Parts[0].Opening
	d.built()
	assert.Equal(t, 1, d.Frozen())
	assert.Equal(t, 1, d.past.length+d.Frozen())
	assert.Empty(t, d.index.frozen.thawed)
	assert.Len(t, d.index.spans, 1, "only the open one is an object")

	d.logs(log("late", ids(t1, s1)))
	assert.Zero(t, d.Frozen())
	d.wait(d.opts.Linger)
	require.Len(t, d.Parts, 1)
	assert.Equal(t, opening, d.Parts[0].Opening)
	assert.Same(t, origin, d.Parts[0].Facts.Origin())
	assert.Equal(t, []string{key(t1, s1) + " 2: late late#2(late)"}, d.left())
}

func TestRequestWithAPartUnderWayIsNotFrozen(t *testing.T) {
	o := roomy()
	o.MaxRequestEvents = 1
	d := newDesk(t, o)
	d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
	d.flushAll(event.FlushShutdown)
	parts := d.Parts
	require.Len(t, parts, 2)
	d.Built(parts[1:])
	assert.Zero(t, d.Frozen())
	d.Built(parts)
	assert.Equal(t, 1, d.Frozen())
	d.Built(parts)
	assert.Equal(t, 1, d.Frozen(), "what is told twice is told once")
}

func TestLookingAtAFrozenRequestDoesNotThawIt(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.spans(inference("chat", ids(t1, s1), "r"), call("named", named("v", t2, s2)))
	d.logs(log("a", response("q")), log("b", named("v", t2, s3)))
	d.settle()
	require.Equal(t, 3, d.Frozen())

	assert.True(t, d.Knows(t1, s1))
	assert.True(t, d.Knows(t2, s2))
	assert.True(t, d.Knows(t2, s3))
	assert.False(t, d.Knows(t1, s2))
	for _, k := range []Keys{ids(t1, s1), response("r"), response("q"), named("v", t3, s3), named("w", t2, s2)} {
		assert.True(t, d.Leads(&k), "%+v", k)
	}
	for _, k := range []Keys{response("v"), named("q", t3, s3), {}} {
		assert.False(t, d.Leads(&k), "%+v", k)
	}
	d.spans(call("again", ids(t1, s1)), call("again", named("v", t2, s2)))
	assert.Equal(t, 2, d.DuplicateSpans)
	d.spans(inference("other", ids(t3, s3), "r"))
	assert.Equal(t, 3, d.Frozen())
}

func TestForgettingIsInOrderOfFlushWhateverTheForm(t *testing.T) {
	o := roomy()
	d := newDesk(t, o)
	span := func(i int) pcommon.SpanID { return spanID(byte(i)) }
	for i := 1; i <= 6; i++ {
		d.logs(log("a", ids(t1, span(i))))
		d.flushAll(event.FlushShutdown)
	}
	parts := d.Parts
	d.Parts = nil
	d.Built([]*Part{parts[1], parts[3], parts[2], parts[5]})
	assert.Equal(t, 3, d.Frozen(), "who comes out of turn stays what it is")
	d.spans(claimed(ClaimPending, call("pending", ids(t1, span(4)))))
	assert.Equal(t, 2, d.Frozen(), "thawed, yet as old as before")
	d.check()
	assert.Equal(t, 6, d.Remembered())
	for i := 1; i <= 6; i++ {
		for j := 1; j <= 6; j++ {
			assert.Equal(t, j >= i, d.Knows(t1, span(j)), "%d when %d is the first", j, i)
		}
		assert.True(t, d.Forget(&d.Outcome))
		d.check()
	}
	assert.False(t, d.Forget(&d.Outcome))
}

func TestLargeRequestStaysAnObject(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.logs(log("a", named(strings.Repeat("v", largestFrozen), t1, s1)))
	for i := range mostFrozenKeys {
		d.logs(log("b", named("w", t2, spanID(byte(i+1)))))
	}
	d.logs(log("c", named("x", t3, s1)))
	keys := d.Keys()
	d.settle()
	assert.Equal(t, 1, d.Frozen())
	assert.Equal(t, keys, d.Keys())
	assert.True(t, d.Knows(t1, s1))
}

func TestKeysThatShareAHash(t *testing.T) {
	d := newDesk(t, roomy())
	d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s2)))
	d.settle()
	require.Equal(t, 2, d.Frozen())
	f := &d.index.frozen
	w, other := wantedSpan(spanKey{t1, s1}), wantedSpan(spanKey{t1, s2})
	hash, second := f.seeds.hashWanted(&w), f.positions[f.seeds.hashWanted(&other)]
	f.positions[hash] = second
	assert.False(t, d.Knows(t1, s1), "never another one's request")
	assert.True(t, d.Forget(&d.Outcome))
	assert.Equal(t, second, f.positions[hash], "the second one's entry stays")
	delete(f.positions, hash)
	assert.True(t, d.Knows(t1, s2))
}

func TestOriginsOfFrozenRequestsAreHeldOnce(t *testing.T) {
	d := newDesk(t, roomy())
	f := &d.index.frozen
	origins := []*event.Origin{{Bytes: 1}, {Bytes: 2}, {Bytes: 3}}
	for round := range 3 {
		for i := range byte(6) {
			rec := log("a", ids(t1, spanID(i+1)))
			rec.Origin = origins[(round+int(i))%(round+1)]
			d.logs(rec)
		}
		d.settle()
		assert.Len(t, f.origins.numbers, round+1)
		d.logs(log("late", ids(t1, s1)))
		d.settle()
		for d.Forget(&d.Outcome) {
			d.check()
		}
		assert.Empty(t, f.origins.numbers)
		assert.Len(t, f.origins.held, round+1)
	}
}

// TestSegmentsAreGivenBack reopens most of a crowd again and again while few
// stay where they are.
func TestSegmentsAreGivenBack(t *testing.T) {
	o := roomy()
	o.TTL, o.LateWindow = time.Second, 30*time.Second
	o.Linger = time.Second
	o.MaxRequests, o.MaxRemembered = 10_000, 10_000
	d := newDesk(t, o)
	f := &d.index.frozen
	f.smallest, f.largest = 1000, 4000
	random := rand.New(rand.NewPCG(1, 2))
	const crowd = 300
	span := func(i int) pcommon.SpanID { return pcommon.SpanID{0: 1, 6: byte(i >> 8), 7: byte(i)} }
	opened, thinned := 0, 0
	var rare []int
	for range 60 {
		for range crowd / 2 {
			i := random.IntN(crowd)
			if random.IntN(5) == 0 {
				i += crowd * (1 + opened%20) // who rarely comes again
				opened++
				rare = append(rare, i)
			}
			d.AppendRecords(d.now, wall(d.now), []Record{log("a", ids(t1, span(i)))}, &d.Outcome)
		}
		for range 5 {
			// Thaws one that is remembered, and leaves it there.
			i := rare[random.IntN(len(rare))]
			d.spans(claimed(ClaimPending, call("pending", ids(t1, span(i)))))
		}
		d.wait(time.Second)
		d.built()
		size, live := 0, 0
		for i, s := range f.segments {
			size, live = size+cap(s.bytes), live+s.live
			if i > 0 && i < len(f.segments)-1 && len(s.bytes) == cap(s.bytes) {
				thinned++
			}
		}
		require.LessOrEqual(t, size, sparse*live+(sparse+2)*f.largest, "%d segments", len(f.segments))
	}
	assert.Positive(t, thinned)
	assert.Greater(t, f.first, uint32(10))
	d.wait(d.opts.LateWindow)
	assert.Zero(t, d.Remembered())
	require.Len(t, f.segments, 1)
	assert.Empty(t, f.segments[0].bytes)
}

func FuzzFrozenRequest(f *testing.F) {
	o := byAttributes()
	o.NewOpening = openings()
	s := New(o)
	var out Outcome
	s.AppendSpans(0, midnight, []Span{
		inference("chat", ids(t1, s1), "r"), inference("more", named("v", t2, s2), "r2"), inference("most", named("v", t2, s3), "r3"),
	}, &out)
	s.AppendRecords(0, midnight, []Record{log("a", response("q")), log("b", named("v", t3, s3))}, &out)
	s.FlushAll(0, midnight, event.FlushShutdown, &out)
	for r := s.past.head; r != nil; r = r.queue.after {
		f.Add(s.index.appendRequest(nil, r))
	}
	for _, corrupt := range []string{"", "\x01", "\x02\x00", "\x01\x20" + strings.Repeat("\x01", 40)} {
		f.Add([]byte(corrupt))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		keys := 0
		extra, broken := visitKeys(form, func(coldKey) bool { keys++; return true })
		r, err := decodeRequest(form, origin)
		if err != nil {
			return
		}
		require.NoError(t, broken)
		listed := 0
		if r.extra != nil {
			listed = r.extra.keys()
		}
		require.Equal(t, listed, extra)
		require.LessOrEqual(t, keys, extra+2)
		x := newIndex()
		x.restore(r, form)
		back, err := decodeRequest(x.appendRequest(nil, r), origin)
		require.NoError(t, err)
		require.Equal(t, r, back)
	})
}

func TestCorruptFrozenRequests(t *testing.T) {
	d := newDesk(t, byAttributes())
	d.spans(inference("chat", named("v", t1, s1), "r"))
	d.logs(log("a", named("v", t2, s2)))
	d.flushAll(event.FlushShutdown)
	form := d.index.appendRequest(nil, d.past.head)
	_, err := decodeRequest(form, nil)
	require.NoError(t, err)
	for n := range form {
		_, err := decodeRequest(form[:n], nil)
		assert.Error(t, err, "cut to %d of %d", n, len(form))
	}
	for name, change := range map[string]func([]byte){
		"version":           func(b []byte) { b[0]++ },
		"a bit of tomorrow": func(b []byte) { b[1] |= 0x80 },
		"ending":            func(b []byte) { b[1] |= 3 << frozenEndedAt },
		"too many keys":     func(b []byte) { copy(b[20:], "\xff\xff\xff\xff\xff\xff") },
	} {
		corrupt := append([]byte(nil), form...)
		change(corrupt)
		_, err := decodeRequest(corrupt, nil)
		assert.Error(t, err, name)
	}
}
