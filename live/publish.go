package live

import "github.com/genaibuffer/genaibufferprocessor/event"

// Publisher takes what happens to requests.
type Publisher interface {
	// Publish tells what one step did, in order. It never blocks for
	// readers, calls nobody and may be called under the caller's lock, which
	// is how concurrent callers keep their facts in order. It keeps neither
	// batch nor the bytes in it, but the Requests, Origins and Flushes that
	// batch points to, which must not change any more.
	Publish(batch []event.Fact)
}

// Publishers gives each component its Publisher. The live extension is one.
type Publishers interface {
	// Publisher answers the publisher of the component with the given id.
	Publisher(processor string) Publisher
}
