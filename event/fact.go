package event

import "go.opentelemetry.io/collector/pdata/pcommon"

// FactKind is what a Fact says.
type FactKind uint8

const (
	// FactOpened: the request is there, or open again after its end. What
	// follows under it comes later.
	FactOpened FactKind = iota
	// FactRecord: a record joined the request.
	FactRecord
	// FactCall: a gathered span joined the request.
	FactCall
	// FactEnded: the owning span or an end event was seen.
	FactEnded
	// FactFlushed: a part left.
	FactFlushed
	// FactMerged: the request is now part of another, neither of them flushed
	// before. Its records are numbered after the other's last, in order.
	FactMerged
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

// Fact is one thing that happened to a request, for those who watch.
type Fact struct {
	Kind FactKind
	// Request is what it happened to, never nil.
	Request *Request
	// Packed is a record as AppendRecord wrote it, a span as AppendSpan wrote
	// it, or for FactEnded an owning span that is no call of the request, if
	// there is one.
	Packed []byte
	// TraceID, SpanID and Origin are those of what is packed; for FactEnded
	// the ids are those of the owning span, zero without one.
	TraceID pcommon.TraceID
	SpanID  pcommon.SpanID
	Origin  *Origin
	// Seq is a record's number in its request; for FactMerged that of the last
	// record that Into had before, 0 without any.
	Seq uint64
	// Late says that it came after the request was first flushed.
	Late bool
	// Flush is set for FactFlushed.
	Flush *Flush
	// Into is the request that stays, for FactMerged.
	Into *Request
}

// Flush is what is told of a part that left.
type Flush struct {
	// Part counts from 1; Reason, Complete, ID and the counts are those of
	// the envelope.
	Part      int
	Reason    FlushReason
	Complete  bool
	ID        string
	Events    int
	Calls     int
	Late      int
	Truncated int
	Dropped   int
	// LastSeq is the number of the last record that has left with this or an
	// earlier part, 0 without any; Spans is how many spans left with this one.
	LastSeq uint64
	Spans   int
}
