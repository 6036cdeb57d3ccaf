package buffer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// witness knows requests from facts alone.
type witness map[[16]byte]*witnessed

type witnessed struct {
	told event.Request
	// records and calls are what has not left, lastSeq the number of the last
	// record ever.
	records []string
	calls   []string
	lastSeq uint64
	ended   bool
	owner   spanKey
	merged  bool
}

// hear takes facts in order.
func (w witness) hear(t require.TestingT, facts []event.Fact) {
	for i := range facts {
		f := &facts[i]
		r := w[f.Request.Opening]
		if f.Kind == event.FactOpened {
			if r == nil {
				r = &witnessed{told: *f.Request}
				w[f.Request.Opening] = r
			}
			r.ended = false
		}
		require.NotNil(t, r, "a fact of a request that was not opened")
		require.Equal(t, r.told, *f.Request)
		require.False(t, r.merged, "a fact of a request that is no more")
		switch f.Kind {
		case event.FactOpened:
		case event.FactRecord:
			r.lastSeq++
			require.Equal(t, r.lastSeq, f.Seq, "seq of %s", f.Request.ID)
			r.records = append(r.records, event.PackedName(string(f.Packed)))
		case event.FactCall:
			in := Span{Packed: f.Packed}
			r.calls = append(r.calls, in.name())
		case event.FactEnded:
			r.ended, r.owner = true, spanKey{f.TraceID, f.SpanID}
		case event.FactMerged:
			into := w[f.Into.Opening]
			require.NotNil(t, into)
			require.Equal(t, into.lastSeq, f.Seq)
			into.records = append(into.records, r.records...)
			into.calls = append(into.calls, r.calls...)
			into.lastSeq += uint64(len(r.records))
			r.merged = true
		case event.FactFlushed:
			require.Fail(t, "what leaves is told by who sends it")
		}
	}
}

// left holds what a part has to what was told, and forgets it.
func (w witness) left(t require.TestingT, p *Part) {
	require.NotNil(t, p.Told)
	require.Equal(t, p.Opening, p.Told.Opening)
	r := w[p.Opening]
	require.NotNil(t, r)
	for i := range p.Records {
		require.NotEmpty(t, r.records, "a record of %s that was not told of", p.RequestID)
		require.Equal(t, r.records[0], p.Records[i].Name)
		r.records = r.records[1:]
	}
	for _, span := range p.Spans {
		require.NotEmpty(t, r.calls, "a call of %s that was not told of", p.RequestID)
		require.Equal(t, r.calls[0], span.Data.Name())
		r.calls = r.calls[1:]
	}
	require.Equal(t, r.lastSeq-uint64(len(r.records)), p.Flush.LastSeq)
	if p.Ended && p.Reason != event.FlushSize {
		require.True(t, r.ended, "the end of %s was not told of", p.RequestID)
	}
}

// witnessed holds the store to what was told of it, and to what it tells anew.
func (p *pair) witnessed(t *rapid.T) {
	p.witness.hear(t, p.out.Facts)
	for _, part := range p.out.Parts {
		p.witness.left(t, opened(part))
	}
	again := witness{}
	p.store.Watch(nil, func(facts []event.Fact) {
		require.NotEmpty(t, facts)
		opening := facts[0].Request.Opening
		was := p.witness[opening]
		require.NotNil(t, was)
		again[opening] = &witnessed{told: was.told, lastSeq: was.lastSeq - uint64(len(was.records))}
		again.hear(t, facts)
		now := again[opening]
		require.Equal(t, strings.Join(was.records, " "), strings.Join(now.records, " "))
		require.Equal(t, strings.Join(was.calls, " "), strings.Join(now.calls, " "))
		require.Equal(t, was.lastSeq, now.lastSeq)
		require.Equal(t, was.ended, now.ended)
	})
	require.Len(t, again, p.store.Open())
	for opening, r := range p.witness {
		if again[opening] == nil && !r.merged {
			require.Empty(t, r.records, "records of %s that the store does not hold", r.told.ID)
			require.Empty(t, r.calls)
		}
	}
}

func TestNothingIsToldWhenNobodyWatches(t *testing.T) {
	d := newDesk(t, roomy())
	d.logs(log("a", ids(t1, s1)))
	d.spans(call("b", ids(t1, s1), within("c", ids(t1, s1))))
	d.flushAll(event.FlushShutdown)
	assert.Empty(t, d.Facts)
	require.Len(t, d.Parts, 1)
	assert.Nil(t, d.Parts[0].Told)
	assert.Nil(t, d.Parts[0].Flush)
}

func TestWaitingPartsAreTold(t *testing.T) {
	o := roomy()
	o.Watched = true
	d := newDesk(t, o)
	d.logs(log("a", ids(t1, s1)), log("b", ids(t1, s1)))
	d.spans(call("span", ids(t1, s1)))
	d.flushAll(event.FlushShutdown)
	d.logs(log("c", ids(t1, s1)))
	var told []event.FactKind
	w := witness{}
	d.Watch(d.Parts, func(facts []event.Fact) {
		for i := range facts {
			told = append(told, facts[i].Kind)
		}
		w.hear(t, facts)
	})
	assert.Equal(t, []event.FactKind{
		event.FactOpened, event.FactRecord, event.FactRecord, event.FactCall, event.FactEnded, // the part that waits
		event.FactRecord, event.FactEnded, // what was reopened
	}, told)
	assert.Equal(t, spanKey{t1, s1}, w[d.Parts[0].Opening].owner)
	assert.Equal(t, []string{"a", "b", "c"}, w[d.Parts[0].Opening].records)
}

func TestRequestThatGoesOnIsOpenAgain(t *testing.T) {
	o := byAttributes()
	o.Watched = true
	d := newDesk(t, o)
	d.logs(log("a", named("x", t1, s1)))
	d.spans(root(foreign("entry", t1, s2), 1))
	d.logs(log("b", named("x", t2, s1)))
	var kinds []event.FactKind
	for i := range d.Facts {
		kinds = append(kinds, d.Facts[i].Kind)
	}
	assert.Equal(t, []event.FactKind{
		event.FactOpened, event.FactRecord, event.FactEnded, event.FactOpened, event.FactRecord,
	}, kinds)
	assert.Equal(t, s2, d.Facts[2].SpanID)
	assert.NotEmpty(t, d.Facts[2].Packed, "the owner is no call")
}
