package live

import (
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Publisher takes what happens to requests.
type Publisher interface {
	// Publish tells what one step did, in order. It never blocks for
	// readers, calls nobody and may be called under the caller's lock, which
	// is how concurrent callers keep their facts in order. It keeps neither
	// batch nor the bytes in it, but the Requests, Origins and Flushes that
	// batch points to, which must not change any more.
	Publish(batch []Fact)
}

// Publishers gives each component its Publisher. The live extension is one.
type Publishers interface {
	// Publisher answers the publisher of the component with the given id.
	Publisher(processor string) Publisher
}

// The vocabulary of facts, as the hub calls it.
type (
	// Kind is what a Fact says.
	Kind = event.FactKind
	// Request is the identity of a request in one opening.
	Request = event.Request
	// Fact is one thing that happened to a request.
	Fact = event.Fact
	// Flush is what is told of a part that left.
	Flush = event.Flush
)

// The kinds of facts.
const (
	Opened  = event.FactOpened
	Record  = event.FactRecord
	Call    = event.FactCall
	Ended   = event.FactEnded
	Flushed = event.FactFlushed
	Merged  = event.FactMerged
)
