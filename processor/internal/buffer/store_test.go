package buffer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestStoreIsItsModel lets the store and a second, simple implementation of
// the policy do the same and holds them to the same answers.
func TestStoreIsItsModel(t *testing.T) {
	reached := map[string]int{}
	for _, world := range []universe{
		{name: "span key"},
		{name: "span key, tight", tight: true},
		{name: "attribute", attributes: true},
		{name: "attribute, tight", attributes: true, tight: true},
		{name: "trace key", fallback: FallbackTrace},
		{name: "trace key or attribute, tight", fallback: FallbackTrace, attributes: true, tight: true},
	} {
		t.Run(world.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := newPair(world, t, reached)
				t.Repeat(map[string]func(*rapid.T){
					"":          p.compare,
					"logs":      p.logs,
					"spans":     p.spans,
					"wait":      p.wait,
					"tick":      p.tick,
					"evict":     p.evict,
					"forget":    p.forget,
					"flush all": p.flushAll,
					"build":     p.build,
				})
				p.drain(t)
			})
		})
	}
	for _, what := range []string{
		"span_end", "end_event", "ttl", "max_age", "size", "evicted", "late", "shutdown",
		"merged", "related", "duplicate", "unresolved", "forgotten", "owner", "second part of an owner",
		"response_id", "frozen", "thawed", "thawed and still remembered", "frozen again",
		"forgotten when frozen",
	} {
		assert.Positive(t, reached[what], "nothing random ever led to: %s", what)
	}
}

// universe is what a random history may be made of.
type universe struct {
	name       string
	fallback   Fallback
	attributes bool
	// tight makes limits matter.
	tight bool
}

// options draws a configuration; times are few seconds, and each limit is
// either soon met or never.
func (u universe) options(t *rapid.T) Options {
	limit := func(name string, least, most int) int {
		if u.tight && rapid.Bool().Draw(t, name+" matters") {
			return rapid.IntRange(least, most).Draw(t, name)
		}
		return 1 << 30
	}
	seconds := func(name string, least, most int) time.Duration {
		return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Second
	}
	return Options{
		Fallback: u.fallback,
		Entries:  u.attributes || u.fallback == FallbackTrace,
		Linger:   seconds("linger", 1, 5), TTL: seconds("ttl", 3, 12),
		MaxAge: seconds("max_age", 3, 20), LateWindow: seconds("late_window", 1, 15),
		MaxRequests:      limit("max_requests", 1, 3),
		MaxRemembered:    limit("max_remembered", 1, 3),
		MaxRequestEvents: limit("max_request_events", 1, 4),
		MaxRequestBytes:  limit("max_request_bytes", 5, 40),
		MaxPartWeight:    limit("weight", 5, 40),
	}
}

// pair is a store, its model, and a ledger of what left.
type pair struct {
	universe
	store *Store
	model *model
	now   time.Duration
	out   Outcome
	names int
	// sent are the names of records that must leave, left those that did,
	// seq the last one of each opening.
	sent, left []string
	seq        map[[16]byte]uint64
	// reached counts what happened.
	reached map[string]int
	owned   map[[16]byte]bool
	witness witness
	builds
}

func newPair(u universe, t *rapid.T, reached map[string]int) *pair {
	p := &pair{universe: u, seq: map[[16]byte]uint64{}, reached: reached, owned: map[[16]byte]bool{}, witness: witness{}, builds: newBuilds()}
	o := u.options(t)
	o.NewOpening, o.Watched = openings(), true
	p.store = New(o)
	// Few requests to a segment, so that there are many.
	f := &p.store.index.frozen
	f.smallest = rapid.SampledFrom([]int{1, 300, smallestSegment}).Draw(t, "segment")
	f.largest = 2 * f.smallest
	o.NewOpening = openings()
	p.model = &model{opts: o}
	return p
}

func (p *pair) fresh(what string) string {
	p.names++
	return fmt.Sprintf("%s%d", what, p.names)
}

// The universe is small, so that everything meets everything.

var (
	someTraces = rapid.SampledFrom([]pcommon.TraceID{t1, t1, t1, t2, t2, t3, {}})
	someSpans  = rapid.SampledFrom([]pcommon.SpanID{{}, s1, s1, s2, s2, s3})
	someValues = rapid.SampledFrom([]string{"", "", "", "", "a", "a", "b", "c"})
	someIDs    = rapid.SampledFrom([]string{"", "", "x", "y"})
)

func (p *pair) value(t *rapid.T) string {
	if !p.attributes {
		return ""
	}
	return someValues.Draw(t, "attribute")
}

func (p *pair) keys(t *rapid.T) Keys {
	k := Keys{
		Attribute: p.value(t), Trace: someTraces.Draw(t, "trace"), Span: someSpans.Draw(t, "span"),
		ResponseID: someIDs.Draw(t, "response"),
	}
	if k.Attribute != "" {
		k.AttributeKey = rapid.SampledFrom([]string{"session.id", "user.id"}).Draw(t, "key")
	}
	return k
}

func (p *pair) record(t *rapid.T, name string, k Keys) Record {
	r := log(p.fresh(name), k)
	r.Bytes = rapid.IntRange(1, 9).Draw(t, "bytes")
	r.Weight = rapid.IntRange(1, 9).Draw(t, "weight")
	r.Ends = rapid.IntRange(0, 7).Draw(t, "ends") == 0
	return r
}

func (p *pair) logs(t *rapid.T) {
	records := make([]Record, rapid.IntRange(1, 4).Draw(t, "records"))
	for i := range records {
		records[i] = p.record(t, "log", p.keys(t))
		if records[i].Resolvable(p.model.opts.Fallback) {
			p.sent = append(p.sent, records[i].name())
		}
	}
	p.store.AppendRecords(p.now, wall(p.now), records, &p.out)
	p.model.appendRecords(p.now, records)
}

func (p *pair) spans(t *rapid.T) {
	spans := make([]Span, rapid.IntRange(1, 3).Draw(t, "spans"))
	for i := range spans {
		spans[i] = p.span(t)
	}
	p.store.AppendSpans(p.now, wall(p.now), spans, &p.out)
	p.model.appendSpans(p.now, spans)
}

func (p *pair) span(t *rapid.T) Span {
	keys := p.keys(t)
	// Two spans with the same ids are the same span.
	in := call(fmt.Sprintf("span %d-%d", keys.Trace[15], keys.Span[7]), keys)
	in.Claim = rapid.SampledFrom([]Claim{
		ClaimMake, ClaimMake, ClaimMake, ClaimMake, ClaimNone, ClaimNone, ClaimOwn, ClaimJoin, ClaimPending,
	}).Draw(t, "claim")
	switch rapid.IntRange(0, 2).Draw(t, "parent") {
	case 1:
		in = root(in, rapid.IntRange(1, 3).Draw(t, "start"))
	case 2:
		in = remote(in, rapid.IntRange(1, 3).Draw(t, "start"))
	}
	in.Bytes = rapid.IntRange(1, 9).Draw(t, "bytes")
	in.Weight = rapid.IntRange(1, 9).Draw(t, "weight")
	if in.Inference = rapid.Bool().Draw(t, "inference"); in.Inference {
		data := ptrace.NewSpan()
		data.SetName(in.name())
		data.Attributes().PutStr(semconv.AttrResponseID, in.ResponseID)
		data.Attributes().PutInt(semconv.AttrUsageInputTokens, 1)
		in.Packed = event.AppendSpan(nil, &event.Span{Data: data, Kind: semconv.KindInference})
	}
	switch in.Claim {
	case ClaimPending:
		return in
	case ClaimOwn:
		in.Packed, in.Owner, in.Weight = nil, in.Packed, 0
		return in
	}
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		k := in.Keys
		if v := p.value(t); v != "" {
			k.Attribute, k.AttributeKey = v, "session.id"
		}
		rec := p.record(t, "event", k)
		rec.Source, rec.Packed = event.SourceSpanEvent, packed(rec.name(), event.SourceSpanEvent)
		in.Events = append(in.Events, rec)
	}
	return in
}

func (p *pair) wait(t *rapid.T) {
	p.now += time.Duration(rapid.IntRange(1, 8).Draw(t, "half seconds")) * time.Second / 2
}

func (p *pair) tick(t *rapid.T) {
	if next := p.store.Next(); next != Never && next > p.now && rapid.Bool().Draw(t, "go there") {
		p.now = next - time.Duration(rapid.IntRange(0, 1).Draw(t, "too early"))
	}
	limit := rapid.SampledFrom([]int{1, 2, 1000}).Draw(t, "limit")
	more := p.store.Tick(p.now, wall(p.now), limit, &p.out)
	require.Equal(t, p.model.tick(p.now, limit), more, "more")
}

func (p *pair) evict(t *rapid.T) {
	p.model.now = p.now
	require.Equal(t, p.model.evict(), p.store.Evict(p.now, wall(p.now), &p.out))
}

func (p *pair) forget(t *rapid.T) {
	require.Equal(t, p.model.forget(), p.store.Forget(&p.out))
}

func (p *pair) flushAll(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
		return
	}
	p.store.FlushAll(p.now, wall(p.now), event.FlushShutdown, &p.out)
	p.model.flushAll(p.now, "shutdown")
}

// compare holds the store to its model, to what must always be so, and to its
// own insides.
func (p *pair) compare(t *rapid.T) {
	require.Empty(t, problems(p.store))
	p.watch()
	require.Equal(t, p.model.out, inModelWords(&p.out))
	p.witnessed(t)
	require.Equal(t, p.model.openCount(), p.store.Open(), "open")
	require.Equal(t, p.model.count(phaseRemembered), p.store.Remembered(), "remembered")
	require.Equal(t, p.model.bytes(), p.store.Bytes(), "bytes")
	require.Equal(t, p.model.deadline(), p.store.Next(), "next")
	for _, trace := range []pcommon.TraceID{t1, t2, t3} {
		for _, span := range []pcommon.SpanID{s1, s2, s3} {
			require.Equal(t, p.model.find(keyOfSpan(trace, span)) != nil, p.store.Knows(trace, span))
		}
	}
	require.LessOrEqual(t, p.store.Open(), p.model.opts.MaxRequests)
	require.LessOrEqual(t, p.store.Remembered(), p.model.opts.MaxRemembered)
	for _, part := range p.out.Parts {
		p.note(t, part)
	}
	p.reached["merged"] += len(p.out.Merged)
	p.reached["duplicate"] += p.out.DuplicateSpans
	p.reached["unresolved"] += p.out.Unresolved
	p.reached["forgotten"] += p.out.Forgotten
	p.out, p.model.out = Outcome{}, modelOutcome{}
}

// note enters a part into the ledger.
func (p *pair) note(t *rapid.T, part *Part) {
	o := &p.model.opts
	require.NotNil(t, part.Facts)
	p.unbuilt = append(p.unbuilt, part)
	require.Contains(t, event.FlushReasons, part.Reason)
	for i := range part.Records {
		p.seq[part.Opening]++
		require.Equal(t, p.seq[part.Opening], part.Records[i].Seq, "seq of %s", part.RequestID)
		p.left = append(p.left, part.Records[i].Name)
	}
	p.reached[string(part.Reason)]++
	p.reached[part.KeySource]++
	if part.RelatedRequestID != "" {
		p.reached["related"]++
	}
	if part.Owner != nil {
		p.reached["owner"]++
		if p.owned[part.Opening] {
			p.reached["second part of an owner"]++
		}
		p.owned[part.Opening] = true
	}
	pieces := len(part.Records) + len(part.Spans)
	if pieces > 1 {
		require.LessOrEqual(t, len(part.Records), o.MaxRequestEvents)
		require.LessOrEqual(t, part.Bytes, o.MaxRequestBytes)
		require.LessOrEqual(t, part.Weight, o.MaxPartWeight)
	}
	for _, span := range part.Spans {
		require.True(t, span.Gathered)
	}
}

// drain lets everything leave and be forgotten.
func (p *pair) drain(t *rapid.T) {
	p.store.FlushAll(p.now, wall(p.now), event.FlushShutdown, &p.out)
	p.model.flushAll(p.now, "shutdown")
	p.compare(t)
	for p.store.Next() != Never {
		p.now = p.store.Next()
		for p.store.Tick(p.now, wall(p.now), 1, &p.out) {
		}
		for p.model.tick(p.now, 1) {
		}
		p.compare(t)
	}
	require.Zero(t, leftovers(p.store), "leaked index entries")
	require.Zero(t, p.store.Bytes())
	require.Subset(t, p.left, p.sent, "records are lost")
	slices.Sort(p.left)
	require.Len(t, slices.Compact(p.left), len(p.left), "records left twice")
}

func inModelWords(out *Outcome) modelOutcome {
	m := modelOutcome{
		Opened: out.Opened, Late: out.Late, DuplicateSpans: out.DuplicateSpans,
		Unresolved: out.Unresolved, Forgotten: out.Forgotten, Appended: out.Appended, Merged: out.Merged,
	}
	for _, p := range out.Parts {
		opened(p)
		w := modelPart{
			ID: p.RequestID, Source: p.KeySource, Related: p.RelatedRequestID, Reason: string(p.Reason),
			Opening: p.Opening, Number: p.Number, Bytes: p.Bytes, Weight: p.Weight, Ended: p.Ended,
			Age: p.Age, Lateness: p.Lateness, FlushedAt: p.FlushedAt,
		}
		for i := range p.Records {
			w.Records = append(w.Records, inWords(fmt.Sprintf("%s#%d", p.Records[i].Name, p.Records[i].Seq), p.Records[i].Late))
		}
		for _, span := range p.Spans {
			w.Spans = append(w.Spans, inWords(span.Data.Name(), span.Late))
		}
		if p.Owner != nil {
			w.Owner = p.Owner.Data.Name()
		}
		m.Parts = append(m.Parts, w)
	}
	return m
}
