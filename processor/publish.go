package processor

import (
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// publishing tells those who watch what happens, in the order in which it does.
// It is safe for concurrent use. Without `live:` it does nothing.
type publishing struct {
	to live.Publisher
	// last is closed when everything that was told before has been published;
	// the engine's lock guards it.
	last chan struct{}
	// room has slices of facts to use again.
	room sync.Pool
}

// place is where facts stand among those of others: they are published after
// the ones before, off the engine's lock. The zero value is no place.
type place struct {
	before <-chan struct{}
	mine   chan struct{}
}

// queue takes the next place, if there are facts and somebody to tell. The
// caller holds the engine's lock, and publishes once it does not.
func (p *publishing) queue(facts int) (at place) {
	if p.to == nil || facts == 0 {
		return place{}
	}
	at = place{before: p.last, mine: make(chan struct{})}
	p.last = at.mine
	return at
}

// publish publishes the facts that have a place.
func (p *publishing) publish(at place, facts []event.Fact) {
	if at.mine == nil {
		return
	}
	if at.before != nil {
		<-at.before
	}
	p.to.Publish(facts)
	close(at.mine)
}

// liveOf answers what the live extension of an id takes facts with.
func liveOf(id component.ID, host component.Host) (live.Publishers, error) {
	extension, known := host.GetExtensions()[id]
	if !known {
		return nil, fmt.Errorf("live: %q is no extension of this collector; list it under service::extensions, or remove the key", id)
	}
	publishers, ok := extension.(live.Publishers)
	if !ok {
		return nil, fmt.Errorf("live: %q is no gen_ai_live extension; give the id of one, or remove the key", id)
	}
	return publishers, nil
}

// prepare gives an outcome room for facts.
func (p *publishing) prepare(out *buffer.Outcome) {
	if p.to == nil {
		return
	}
	if room, some := p.room.Get().(*[]event.Fact); some {
		out.Facts = (*room)[:0]
	}
}

// done takes back the room of the facts of an outcome. What they point to is not
// needed any more.
func (p *publishing) done(out *buffer.Outcome) {
	if facts := out.Facts; cap(facts) > 0 {
		const largest = 4096
		out.Facts = nil
		clear(facts)
		if cap(facts) <= largest {
			p.room.Put(&facts)
		}
	}
}

// leftFacts tell that parts have left, or never will.
func (p *publishing) leftFacts(parts []*buffer.Part) []event.Fact {
	if p.to == nil {
		return nil
	}
	facts := make([]event.Fact, len(parts))
	for i, part := range parts {
		facts[i] = event.Fact{Kind: event.FactFlushed, Request: part.Told, Flush: part.Flush, Late: part.Late}
	}
	return facts
}
