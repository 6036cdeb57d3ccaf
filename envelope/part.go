package envelope

import (
	"time"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Part is what one envelope is made of: everything that arrived for a request
// since its last flush. Build consumes it.
type Part struct {
	// RequestID and KeySource are the resolved id and how it was found.
	RequestID string
	KeySource string
	// RelatedRequestID is another request found to be this one when it was
	// too late to merge; empty when there is none.
	RelatedRequestID string
	// Opening is drawn when a collector opens the request; it goes into id.
	Opening [16]byte
	// Number counts the parts of the request from 1.
	Number int
	// Reason is why this part was flushed.
	Reason event.FlushReason
	// Ended says that the owning span or an end event was seen, in this or an
	// earlier part.
	Ended bool
	// Records in order of seq.
	Records []event.Record
	// Spans are the gathered spans in order of arrival.
	Spans []*event.Span
	// Owner is the owning span if it arrived in this part, else nil. It is
	// one of Spans when it was gathered for this request; one that is no call
	// of any has no Kind.
	Owner *event.Span
	// Facts is what earlier parts told of the request; Build adds what this
	// part tells. Never nil.
	Facts *Facts
	// FlushedAt is the wall-clock time of the flush.
	FlushedAt time.Time
	// Flush is filled by Build with what is told of the part, but for LastSeq,
	// unless it is nil.
	Flush *event.Flush
}
