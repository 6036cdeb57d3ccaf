package live_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

// load is what publishers make of a hub, and what its readers agree on.
type load struct {
	hub    *live.Hub
	events uint64
	seed   maphash.Seed
	// told has by position a hash of the frame that whoever got there first
	// was given, its lowest bit set when it is one of narrowFilter.
	told []atomic.Uint64
	// open is an id of each publisher's open requests.
	open []atomic.Pointer[string]
	// leaving are readers that can be made to leave while they wait.
	leaving []atomic.Pointer[context.CancelFunc]
	end     atomic.Uint64 // 0 until all is published

	mu       sync.Mutex // guards everything declared below
	moved    *sync.Cond
	stalling int
	// pace is where the reader is whom publishers wait for.
	pace uint64
}

func newLoad(h *live.Hub, events uint64, publishers, readers int) *load {
	const beyond = 1 << 16 // a last batch of each may go over
	l := &load{
		hub: h, events: events, seed: maphash.MakeSeed(), told: make([]atomic.Uint64, events+beyond),
		open: make([]atomic.Pointer[string], publishers), leaving: make([]atomic.Pointer[context.CancelFunc], readers),
	}
	l.moved = sync.NewCond(&l.mu)
	return l
}

// run publishes everything and answers when it has.
func (l *load) run() {
	var publishing sync.WaitGroup
	for p := range l.open {
		publishing.Go(func() {
			one := &publisher{
				load: l, Publisher: l.hub.Publisher(fmt.Sprintf("p%d", p)), number: p,
				random: rand.New(rand.NewPCG(2, uint64(p))),
			}
			for one.batches = 0; l.hub.Stats().Published < l.events; one.batches++ {
				one.publish()
			}
		})
	}
	publishing.Wait()
	l.end.Store(l.hub.Stats().Published)
	l.wakeStalled()
}

// stall lasts until so many more are published, or all.
func (l *load) stall(more uint64) {
	until := l.hub.Stats().Published + more
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalling++
	for l.end.Load() == 0 && l.hub.Stats().Published < until {
		l.moved.Wait()
	}
	l.stalling--
}

// paced says whether publishers wait for one reader, which they do now and then:
// the rest of the time nobody holds them up.
func paced(published uint64) bool { return published%20_000 < 4_000 }

// keepPace waits for the reader who sets the pace.
func (l *load) keepPace() {
	const ahead = 1000
	l.mu.Lock()
	defer l.mu.Unlock()
	for at := l.hub.Stats().Published; paced(at) && at > l.pace+ahead; {
		l.moved.Wait()
	}
}

// setPace tells publishers where the reader is whom they wait for.
func (l *load) setPace(at uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace = at
	l.moved.Broadcast()
}

func (l *load) wakeStalled() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stalling > 0 {
		l.moved.Broadcast()
	}
}

// agree holds a frame to what others were given under its position.
func (l *load) agree(g *glance, narrow bool) error {
	fixed := g.raw
	switch g.name { // tell what was known when they were encoded
	case "request.open":
		fixed, _, _ = bytes.Cut(fixed, []byte(`,"key_source":`))
	case "request.end":
		fixed, _, _ = bytes.Cut(fixed, []byte(`,"status":`))
	}
	sum := maphash.Bytes(l.seed, fixed) | 2
	sum &^= 1
	if narrow {
		sum |= 1
	}
	at := &l.told[g.position]
	if !at.CompareAndSwap(0, sum) && at.Load() != sum {
		return fmt.Errorf("others were given something else as %d", g.position)
	}
	return nil
}

// publisher publishes requests that live, merge, are flushed and come late.
type publisher struct {
	live.Publisher
	*load
	number, batches int
	random          *rand.Rand
	open, flushed   []*asked
	batch           []event.Fact
}

// packedRecords need not be made anew for each event.
var packedRecords = map[string][]byte{
	"gen_ai.choice":       newAsked(0).record("gen_ai.choice", "hello").Packed,
	"gen_ai.user.message": newAsked(0).record("gen_ai.user.message", "hello").Packed,
}

func (a *asked) packedRecord(name string) event.Fact {
	a.seq++
	return event.Fact{
		Kind: event.FactRecord, Request: a.Request, Packed: packedRecords[name], TraceID: a.trace, SpanID: a.span, Origin: origin,
		Seq: a.seq, Late: a.parts > 0,
	}
}

// publish publishes one batch.
func (p *publisher) publish() {
	p.batch = p.batch[:0]
	for n := range 1 + p.random.IntN(16) {
		if len(p.open) < 10 {
			a := newAsked(uint64(p.number)<<40 | uint64(p.batches)<<8 | uint64(n))
			p.open = append(p.open, a)
			p.batch = append(p.batch, a.opened())
		}
		p.step(p.random.IntN(len(p.open)))
	}
	p.Publish(p.batch)
	id := p.open[p.random.IntN(len(p.open))].ID
	p.load.open[p.number].Store(&id)
	p.wakeStalled()
	p.keepPace()
	if cancel := p.leaving[p.random.IntN(len(p.leaving))].Load(); cancel != nil && p.random.IntN(50) == 0 {
		(*cancel)()
	}
}

// step has something happen to an open request.
func (p *publisher) step(i int) {
	a := p.open[i]
	switch p.random.IntN(24) {
	case 0, 1:
		p.batch = append(p.batch, a.call("openai"), a.ended(), a.flushed(event.FlushSpanEnd))
		p.open = append(p.open[:i], p.open[i+1:]...)
		p.flushed = append(p.flushed[max(0, len(p.flushed)-20):], a)
	case 2:
		p.batch = append(p.batch, a.flushed(event.FlushSize))
	case 3, 4:
		if j := p.random.IntN(len(p.open)); j != i && a.parts == 0 && p.open[j].parts == 0 {
			p.batch = append(p.batch, a.merged(p.open[j]))
			p.open = append(p.open[:i], p.open[i+1:]...)
		}
	case 5:
		if len(p.flushed) > 0 {
			late := p.flushed[p.random.IntN(len(p.flushed))]
			p.batch = append(p.batch, late.packedRecord("gen_ai.choice"), late.flushed(event.FlushLate))
		}
	case 6, 7:
		p.batch = append(p.batch, a.packedRecord("gen_ai.choice"))
	default:
		p.batch = append(p.batch, a.packedRecord("gen_ai.user.message"))
	}
}
