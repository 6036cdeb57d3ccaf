package buffer

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// state is where a request stands in its life.
type state uint8

const (
	// open: waiting for its end; in the idle and the aged queue.
	open state = iota
	// lingering: ended, waiting for late logs, or reopened by something
	// late; in the lingering queue, and in the aged one unless reopened.
	lingering
	// remembered: flushed; in the past queue unless it is, or was, frozen.
	remembered
	// merged: part of another request; in no queue or index.
	merged
	// forgotten: in no queue or index.
	forgotten
)

// ending is what ended a request first.
type ending uint8

const (
	notEnded ending = iota
	endedBySpan
	endedByEvent
)

func (e ending) reason() event.FlushReason {
	if e == endedByEvent {
		return event.FlushEndEvent
	}
	return event.FlushSpanEnd
}

// request is one request from its first record until it is forgotten. What
// only an unflushed request needs is in content, what few need is in extra, so
// that a remembered one is small until it is frozen.
type request struct {
	identity identity
	opening  [16]byte
	// response is the response id that an inference span of it claimed.
	response string
	// since is when the request entered its place in the queue of its state.
	since time.Duration
	queue links[request]
	// left is nil until the first part leaves.
	left    *departure
	content *content
	extra   *extra
	// account is nil without a journal, and for what is remembered.
	account *account
	seq     uint64
	parts   uint32
	state   state
	// ended says whether the owning span or an end event was seen.
	ended ending
	// seen says that the span that the request is named after arrived.
	seen bool
	// flushed says that the request was flushed: what comes now is late.
	flushed bool
	// endUntold says that it ended in the batch at hand.
	endUntold bool
}

// content is what a request holds until it is flushed.
type content struct {
	held held
	// owner came since the last part and is held elsewhere, if at all; named
	// says that the span came that the request is named after, and is held.
	owner    *owner
	named    bool
	openedAt time.Duration
	aged     links[request]
	bytes    int
	weight   int
	// told is the request as it was told of to those who watch.
	told *event.Request
}

// departure is what there is to a request once a part of it has left.
type departure struct {
	facts envelope.Facts
	// number orders requests by their last flush.
	number uint64
	// place is where a remembered request stands that was frozen, 0 for one
	// that stands in the past queue.
	place position
	// unbuilt are the parts whose envelopes are not known to be built, which
	// may still change the facts.
	unbuilt int
	// untold are those of which the journal does not know what came before.
	untold []*Part
}

// extra is what few requests have: further keys under which they are found,
// and what comes with being owned by an entry span.
type extra struct {
	spans     []spanKey
	responses []string
	traces    []trace
	// owner is the rank of the entry span that owns the request.
	owner   rank
	related string
}

// owner is a span that owns a request without being named like it.
type owner struct {
	key    spanKey
	origin *event.Origin
	packed string
}

func (e *extra) keys() int { return len(e.spans) + len(e.responses) + len(e.traces) }

// trace is a trace that a request takes part in, while entry spans end it.
type trace struct {
	id pcommon.TraceID
	// at is the request's place among the members of the trace, notMember
	// when it has none.
	at      int32
	entered bool
}

const notMember = -1

func (r *request) extras() *extra {
	if r.extra == nil {
		r.extra = &extra{}
	}
	return r.extra
}

// relate notes another request that is the same one; the first is kept.
func (r *request) relate(id string) {
	if id != "" && r.related() == "" {
		r.extras().related = id
	}
}

func (r *request) related() string {
	if r.extra == nil {
		return ""
	}
	return r.extra.related
}

// traces are the traces that the request takes part in.
func (r *request) traces() []trace {
	if r.extra == nil {
		return nil
	}
	return r.extra.traces
}

// traceOf answers the request's entry for a trace, nil when it has none.
func (r *request) traceOf(id pcommon.TraceID) *trace {
	traces := r.traces()
	i := slices.IndexFunc(traces, func(t trace) bool { return t.id == id })
	if i < 0 {
		return nil
	}
	return &traces[i]
}

// entered says whether the entry spans of all its traces were seen.
func (r *request) entered() bool {
	traces := r.traces()
	return len(traces) > 0 && !slices.ContainsFunc(traces, func(t trace) bool { return !t.entered })
}

// namedAfter says whether the span key is the request's identity.
func (r *request) namedAfter(key spanKey) bool {
	return r.identity.found == bySpan && r.identity.span == key.span && r.identity.trace == key.trace
}

// ownedByEntry says whether entry spans end this request.
func (r *request) ownedByEntry() bool {
	return r.identity.found == byAttribute || r.identity.found == byTrace
}

// reasonOr is why a request leaves: because something late came, or because it
// ended; for the given reason when neither is so.
func (r *request) reasonOr(reason event.FlushReason) event.FlushReason {
	switch {
	case r.flushed:
		return event.FlushLate
	case r.ended != notEnded:
		return r.ended.reason()
	default:
		return reason
	}
}
