package buffer

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// paper is a journal of which nothing is lost but by dropping.
type paper struct {
	entries, chunks map[uint64][]byte
	id, chunkID     uint64
}

// scribe is a store with its journal, and an owner that acts as the engine does.
type scribe struct {
	*pair
	paper  paper
	outbox []*Part
	// sent has the content of each part that left, by opening and number.
	sent map[string]string
	// before is what had left when the journal was damaged.
	before map[string]string
	// accepted and delivered are names of records.
	accepted, delivered map[string]bool
	builder             *envelope.Builder
}

// TestRestoredStoreIsTheStoreThatWas lets a store die at any moment, and holds
// what comes back from its journal to what it was, to what it had accepted, and
// to what it had delivered.
func TestRestoredStoreIsTheStoreThatWas(t *testing.T) {
	for name, o := range map[string]Options{"span key": roomy(), "attribute": byAttributes(), "trace": byTraces()} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { newScribe(t, o).run(t) })
		})
	}
}

func newScribe(t *rapid.T, o Options) *scribe {
	o.NewOpening = openings()
	o.Linger, o.TTL, o.MaxAge, o.LateWindow = 4*time.Second, 20*time.Second, 40*time.Second, 30*time.Second
	if rapid.Bool().Draw(t, "tight") {
		// Which requests were forgotten before their parts were delivered
		// is not told, so that MaxRemembered stays large.
		o.MaxRequests, o.MaxRequestEvents = 4, 3
	}
	s := &scribe{
		pair:  &pair{store: New(o), reached: map[string]int{}},
		paper: paper{entries: map[uint64][]byte{}, chunks: map[uint64][]byte{}},
		sent:  map[string]string{}, accepted: map[string]bool{}, delivered: map[string]bool{},
		builder: envelope.NewBuilder(envelope.Options{}),
	}
	s.store.KeepJournal()
	return s
}

func (s *scribe) run(t *rapid.T) {
	s.steps(t)
	s.crash(t)
	s.leaveAll(t)
}

func (s *scribe) steps(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"logs":    s.appendLogs,
		"spans":   s.appendSpans,
		"wait":    s.pair.wait,
		"tick":    func(*rapid.T) { s.settled(func(out *Outcome) { s.store.Tick(s.now, wall(s.now), 1000, out) }) },
		"evict":   func(*rapid.T) { s.settled(func(out *Outcome) { s.store.Evict(s.now, wall(s.now), out) }) },
		"deliver": s.deliver,
		"tell":    func(t *rapid.T) { s.write(t, nil) },
		"crash":   s.crash,
		"":        func(t *rapid.T) { require.Empty(t, problems(s.store)) },
	})
}

func (s *scribe) settled(act func(out *Outcome)) {
	var out Outcome
	act(&out)
	s.outbox = append(s.outbox, out.Parts...)
}

func (s *scribe) appendLogs(t *rapid.T) {
	records := make([]Record, rapid.IntRange(1, 4).Draw(t, "records"))
	for i := range records {
		records[i] = s.pair.record(t, "log", s.pair.keys(t))
	}
	s.append(t, Input{Records: records})
}

func (s *scribe) appendSpans(t *rapid.T) {
	spans := make([]Span, rapid.IntRange(1, 2).Draw(t, "spans"))
	for i := range spans {
		spans[i] = s.pair.span(t)
	}
	s.append(t, Input{Spans: spans})
}

// append journals an input and appends it; what was written then has to bring
// back the store as it is.
func (s *scribe) append(t *rapid.T, in Input) {
	s.settled(func(out *Outcome) { s.store.Tick(s.now, wall(s.now), 1000, out) })
	if !s.write(t, &in) {
		return
	}
	for i := range in.Records {
		if in.Records[i].Resolvable(s.store.opts.Fallback) {
			s.accepted[in.Records[i].name()] = true
		}
	}
	s.settled(func(out *Outcome) { s.store.Append(s.now, wall(s.now), in, out) })
	restored, outbox, now := s.restore(t)
	require.Equal(t, s.now, now)
	require.Equal(t, describeStore(s.store, s.outbox), describeStore(restored, outbox))
	require.Empty(t, problems(restored))
}

// write writes an entry, or fails to.
func (s *scribe) write(t *rapid.T, in *Input) bool {
	e := NewJournalEntry(nil, s.now, wall(s.now))
	if in != nil {
		e.Input(*in)
	}
	s.store.Tell(e, rapid.SampledFrom([]int{0, 0, 100, 10_000}).Draw(t, "rewrite"))
	chunk := s.store.AppendFrozen(nil)
	if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
		s.store.Told(0, 0)
		return false
	}
	s.paper.id++
	s.paper.entries[s.paper.id] = e.Finish()
	chunkID := uint64(0)
	if chunk != nil {
		s.paper.chunkID++
		chunkID = s.paper.chunkID
		s.paper.chunks[chunkID] = chunk
	}
	keep := s.store.Told(s.paper.id, chunkID)
	maps.DeleteFunc(s.paper.entries, func(id uint64, _ []byte) bool { return id < keep })
	before := s.store.ChunksBefore()
	maps.DeleteFunc(s.paper.chunks, func(id uint64, _ []byte) bool { return id < before })
	return true
}

func (s *scribe) deliver(t *rapid.T) {
	n := min(len(s.outbox), rapid.IntRange(1, 3).Draw(t, "parts"))
	parts := s.outbox[:n]
	for _, p := range parts {
		if p.Records == nil && p.Spans == nil {
			require.NoError(t, p.Unpack(&Unpacker{}))
			s.builder.Build(&p.Part, plog.NewLogRecord())
		}
	}
	s.store.Built(parts)
	if !s.write(t, nil) {
		return // it is tried again, and not built again
	}
	for _, p := range parts {
		s.leave(t, p)
	}
	if rapid.Bool().Draw(t, "delivered") {
		s.store.Settle(parts)
		s.outbox = s.outbox[n:]
	}
}

// leave holds a part to what left under its identity before.
func (s *scribe) leave(t *rapid.T, p *Part) {
	content := describe(p)
	id := fmt.Sprintf("%x/%d", p.Opening, p.Number)
	if before, left := s.sent[id]; left {
		require.Equal(t, before, content, "delivered again")
	}
	s.sent[id] = content
	if p.Reason == event.FlushRecovered {
		require.NotContains(t, s.before, id)
	}
	for i := range p.Records {
		s.delivered[p.Records[i].Name] = true
	}
}

// crash goes on with what the journal brings back.
func (s *scribe) crash(t *rapid.T) {
	s.store, s.outbox, _ = s.restore(t)
}

func (s *scribe) restore(t *rapid.T) (*Store, []*Part, time.Duration) {
	restored, outbox, now, broken := s.restored(t)
	require.Zero(t, broken)
	return restored, outbox, now
}

// describeStore says what there is to a store and its outbox. Openings are left
// out of what the last input opened: they are drawn anew.
func describeStore(s *Store, outbox []*Part) []string {
	var lines []string
	each := func(q *queue[request], name string) {
		for r := q.head; r != nil; r = q.of(r).after {
			records, spans, _ := unpacked(&r.content.held, r.seq-uint64(r.content.held.records)+1, r.flushed)
			p := &Part{Part: envelope.Part{RequestID: r.identity.id(), Number: int(r.parts), Records: records, Spans: spans, RelatedRequestID: r.related()}}
			lines = append(lines, fmt.Sprintf("%s %s since %v opened %v ended %d flushed %t seen %t bytes %d weight %d owned %q named %t traces %v extra %d facts %s",
				name, describe(p), r.since, r.content.openedAt, r.ended, r.flushed, r.seen, r.content.bytes, r.content.weight,
				describeOwner(r.content.owner), r.content.named, r.traces(), r.extraKeys(), describeFacts(r, outbox)))
		}
	}
	each(&s.idle, "open")
	each(&s.lingering, "lingering")
	for r := s.aged.head; r != nil; r = s.aged.of(r).after {
		lines = append(lines, "aged "+r.identity.id())
	}
	slices.Sort(lines)
	for _, p := range outbox {
		records, spans, _ := unpacked(&p.held, p.firstSeq, p.Late)
		shown := *p
		shown.Records, shown.Spans, shown.Owner, shown.held, shown.owner = records, spans, nil, held{}, nil
		lines = append(lines, fmt.Sprintf("part %s at %v age %v bytes %d", describe(&shown), p.FlushedAt.Sub(midnight), p.Age, p.Bytes))
	}
	lines = append(lines, fmt.Sprintf("open %d remembered %d keys %d bytes %d next %v", s.Open(), s.Remembered(), s.Keys(), s.Bytes(), s.Next()))
	return lines
}

// describeOwner is the key and the name of an owner.
func describeOwner(o *owner) string {
	if o == nil {
		return ""
	}
	in := Span{Owner: []byte(o.packed)}
	return key(o.key.trace, o.key.span) + " " + in.name()
}

// describeFacts is what earlier parts of a request told. Those that were not
// delivered tell it again.
func describeFacts(r *request, outbox []*Part) string {
	waits := slices.ContainsFunc(outbox, func(p *Part) bool { return p.RequestID == r.identity.id() })
	if r.left == nil || waits {
		return "none"
	}
	return fmt.Sprintf("%x", r.left.facts.AppendBinary(nil, &envelope.Known{}))
}

// Whatever is in an entry, reading it ends, and what can be made of it is a
// store that fits together.
func FuzzRestore(f *testing.F) {
	for _, entries := range writtenEntries() {
		f.Add(entries[0], entries[1])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		o := byAttributes()
		o.NewOpening = openings()
		s := New(o)
		s.KeepJournal()
		x := NewRestorer(s)
		_ = x.Entry(1, first)
		_ = x.Chunk(1, first)
		_ = x.Entry(2, second)
		var out Outcome
		now, _ := x.Finish(&out)
		s.FlushAll(now, wall(now), event.FlushShutdown, &out)
		for _, p := range out.Parts {
			_ = p.Unpack(&Unpacker{})
		}
		s.Built(out.Parts)
		s.Settle(out.Parts)
		require.Zero(t, s.Open())
	})
}

// writtenEntries are two entries that a store has written one after the other,
// each pair with other contents.
func writtenEntries() [][2][]byte {
	write := func(s *Store, in *Input, id uint64) []byte {
		e := NewJournalEntry(nil, time.Second, wall(time.Second))
		if in != nil {
			e.Input(*in)
		}
		s.Tell(e, 1000)
		s.Told(id, 0)
		return e.Finish()
	}
	var pairs [][2][]byte
	for _, in := range []Input{
		{Records: []Record{log("a", ids(t1, s1)), log("b", named("v", t1, s1)), last("c", response("r"))}},
		{Spans: []Span{root(inference("chat", ids(t1, s1), "r"), 1), call("tool", named("v", t2, s2), within("e", ids(t2, s2)))}},
	} {
		o := byAttributes()
		o.NewOpening = openings()
		s := New(o)
		s.KeepJournal()
		first := write(s, &in, 1)
		var out Outcome
		s.Append(time.Second, wall(time.Second), in, &out)
		s.Evict(time.Second, wall(time.Second), &out)
		pairs = append(pairs, [2][]byte{first, write(s, nil, 2)})
	}
	return pairs
}
