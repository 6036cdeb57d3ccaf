package live

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

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

// Kind is what a Fact says.
type Kind uint8

const (
	// Opened: the request is there. What follows under it comes later.
	Opened Kind = iota
	// Record: a record joined the request.
	Record
	// Call: a gathered span joined the request.
	Call
	// Ended: the owning span or an end event was seen.
	Ended
	// Flushed: a part left.
	Flushed
	// Merged: the request is now part of another, neither of them flushed
	// before. Its records are numbered after the other's last, in order.
	Merged
)

// Request is the identity of a request in one opening.
type Request struct {
	// ID and KeySource are request_id and key_source of the envelope.
	ID        string
	KeySource string
	// Opening is drawn when a collector opens the request, and tells requests
	// apart that share an ID.
	Opening [16]byte
}

// Fact is one thing that happened to a request.
type Fact struct {
	Kind Kind
	// Request is what it happened to, never nil.
	Request *Request
	// Packed is a record as event.AppendRecord wrote it, a span as
	// event.AppendSpan wrote it, or for Ended an owning span that is no Call
	// of the request, if there is one.
	Packed []byte
	// TraceID, SpanID and Origin are those of what is packed; for Ended the
	// ids are those of the owning span, zero without one.
	TraceID pcommon.TraceID
	SpanID  pcommon.SpanID
	Origin  *event.Origin
	// Seq is a record's number in its request.
	Seq uint64
	// Late says that it came after the request was first flushed.
	Late bool
	// Flush is set for Flushed.
	Flush *Flush
	// Into is the request that stays, for Merged.
	Into *Request
}

// Flush is what is told of a part that left.
type Flush struct {
	// Part counts from 1; Reason, Complete, ID and the counts are those of
	// the envelope.
	Part      int
	Reason    event.FlushReason
	Complete  bool
	ID        string
	Events    int
	Calls     int
	Late      int
	Truncated int
	Dropped   int
	// LastSeq is the number of the last record that has left with this or an
	// earlier part, 0 without any.
	LastSeq uint64
}
