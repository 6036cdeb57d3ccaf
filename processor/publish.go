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
	// turn is taken under the engine's lock and given up once the facts are
	// published, so that they keep their order without the lock.
	turn sync.Mutex
	// room has slices of facts to use again.
	room sync.Pool
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

// queue takes the turn for the facts of an outcome, if it has any. The caller
// holds the engine's lock and calls publish once it does not.
func (p *publishing) queue(out *buffer.Outcome) {
	if len(out.Facts) > 0 {
		p.turn.Lock()
	}
}

// publish publishes the facts of an outcome. What they point to is not needed any
// more.
func (p *publishing) publish(out *buffer.Outcome) {
	if len(out.Facts) > 0 {
		p.to.Publish(out.Facts)
		p.turn.Unlock()
	}
	if facts := out.Facts; cap(facts) > 0 {
		const largest = 4096
		out.Facts = nil
		clear(facts)
		if cap(facts) <= largest {
			p.room.Put(&facts)
		}
	}
}

// left tells that parts have left, or never will. It comes after whatever told
// what is in them.
func (p *publishing) left(parts []*buffer.Part) {
	if p.to == nil || len(parts) == 0 {
		return
	}
	facts := make([]event.Fact, len(parts))
	for i, part := range parts {
		facts[i] = event.Fact{Kind: event.FactFlushed, Request: part.Told, Flush: part.Flush, Late: part.Late}
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	p.to.Publish(facts)
}
