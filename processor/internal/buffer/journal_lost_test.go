package buffer

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// TestLostEntryCostsOnlyItself takes one entry out of a journal. What stood in
// others is delivered, also when the process dies once more.
func TestLostEntryCostsOnlyItself(t *testing.T) {
	for name, o := range map[string]Options{"span key": roomy(), "attribute": byAttributes(), "trace": byTraces()} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := newScribe(t, o)
				s.steps(t)
				s.damage(t)
				s.leaveAll(t)
			})
		})
	}
}

// damage loses an entry and what is nowhere else, and goes on with the rest.
func (s *scribe) damage(t *rapid.T) {
	ids := slices.Sorted(maps.Keys(s.paper.entries))
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "lost")
	lost := s.paper.entries[id]
	delete(s.paper.entries, id)
	maps.DeleteFunc(s.accepted, func(name string, _ bool) bool { return bytes.Contains(lost, []byte(name)) })
	// What had left may leave again, as what a request that is open once more
	// has by then; but what is known to lack something has an id of its own.
	s.before = s.sent
	s.sent = map[string]string{}
	s.store, s.outbox, _, _ = s.restored(t)
	require.Empty(t, problems(s.store))
	if rapid.Bool().Draw(t, "again") {
		s.write(t, nil)
		s.store, s.outbox, _, _ = s.restored(t)
		require.Empty(t, problems(s.store))
	}
}

// leaveAll lets everything leave, which must be all that was accepted.
func (s *scribe) leaveAll(t *rapid.T) {
	s.settled(func(out *Outcome) { s.store.FlushAll(s.now, wall(s.now), event.FlushShutdown, out) })
	for len(s.outbox) > 0 {
		s.deliver(t)
	}
	require.Subset(t, slices.Collect(maps.Keys(s.delivered)), slices.Collect(maps.Keys(s.accepted)), "lost")
}

// restored is what the journal brings back, and how much of it is not whole.
func (s *scribe) restored(t *rapid.T) (*Store, []*Part, time.Duration, int) {
	restored := New(s.store.opts)
	restored.KeepJournal()
	x := NewRestorer(restored)
	for _, id := range slices.Sorted(maps.Keys(s.paper.chunks)) {
		require.NoError(t, x.Chunk(id, s.paper.chunks[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(s.paper.entries)) {
		require.NoError(t, x.Entry(id, s.paper.entries[id]))
	}
	var out Outcome
	now, broken := x.Finish(&out)
	return restored, out.Parts, now, broken
}
