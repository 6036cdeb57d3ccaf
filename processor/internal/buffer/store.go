package buffer

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Options are the policy of a Store. Sizes are bytes.
type Options struct {
	Fallback Fallback
	// Entries says that entry spans end requests: some request may be named
	// by an attribute or its trace.
	Entries bool
	// How long a request waits for late logs after its end, for another
	// event, for its end, and how long it is remembered once flushed.
	Linger, TTL, MaxAge, LateWindow time.Duration

	MaxRequests, MaxRemembered int
	// Bounds of one part. MaxPartWeight bounds the outgoing envelope.
	MaxRequestEvents, MaxRequestBytes, MaxPartWeight int
	// NewOpening draws the random bits of a new request.
	NewOpening func() [16]byte
	// Watched says that somebody wants to know what happens: Outcome.Facts.
	Watched bool
}

// Record is one record on its way into the store.
type Record struct {
	Keys
	// Packed is the record as event.AppendRecord wrote it; the store copies
	// it. Its trace and span id are those of Keys.
	Packed []byte
	// Origin is what it arrived under, never nil.
	Origin *event.Origin
	// Bytes is its OTLP size.
	Bytes  int
	Source event.Source
	// Weight is what it adds to the outgoing envelope at most, in bytes.
	Weight int
	// Ends says that it is one of the configured end events.
	Ends bool
}

// Claim is how a span relates to requests.
type Claim uint8

const (
	// ClaimNone: it belongs to no request, but may be an entry span.
	ClaimNone Claim = iota
	// ClaimOwn: it is not gathered, but owns and ends the request that events
	// opened under its span key, if that is named after it.
	ClaimOwn
	// ClaimJoin: it is of a kind that makes no request, and joins one that
	// its keys lead to.
	ClaimJoin
	// ClaimMake: it makes a request.
	ClaimMake
	// ClaimPending: it announces the span that Keys name, opening its
	// request; it is no call.
	ClaimPending
)

// Entry says whether a span is where a trace enters what we see.
type Entry uint8

const (
	// EntryNone is a span with a local parent.
	EntryNone Entry = iota
	// EntryTrace has no parent, or one marked remote.
	EntryTrace
)

// Span is one span on its way into the store.
type Span struct {
	Keys
	Claim Claim
	Entry Entry
	// Packed is the span as event.AppendSpan wrote it, nil when it is not
	// gathered; the store copies it. Its trace and span id are those of Keys.
	Packed []byte
	// Owner is the same of what an owner tells: ids, times, status. Only entry
	// spans and those that are ClaimOwn have it.
	Owner []byte
	// Origin is what it arrived under, never nil.
	Origin *event.Origin
	// Bytes is the OTLP size of what is packed, for ClaimOwn of its Owner.
	Bytes int
	// Start and Root rank entry spans: when it started, and whether it has no
	// parent.
	Start pcommon.Timestamp
	Root  bool
	// Events are its gathered events.
	Events []Record
	Weight int
	// Inference says that response ids without context join this span.
	Inference bool
}

// Gathers says whether the span becomes a call of a request.
func (s *Span) Gathers(fallback Fallback) bool {
	switch s.Claim {
	case ClaimNone, ClaimPending, ClaimOwn:
		return false
	default:
		return s.Resolvable(fallback)
	}
}

// Part is a part on its way out, with what its owner accounts.
type Part struct {
	// Part has its Records, Spans and Owner once they are unpacked.
	envelope.Part
	held  held
	owner *owner
	// named is the key of the span that the request is named after, if it is
	// held.
	named    spanKey
	firstSeq uint64
	// Bytes are the OTLP bytes held until it is delivered.
	Bytes int
	// Weight bounds the outgoing size in bytes.
	Weight int
	// Age is the time since the request's first event in this opening; 0 for
	// a Late part, which came after the request had been flushed.
	Age  time.Duration
	Late bool
	// Lateness is how long after its deadline a timer flushed it, negative
	// when no timer did.
	Lateness time.Duration
	// Settled is for its owner to note that it was delivered or given up.
	Settled bool
	// Told is the request as it was told of, nil unless watched.
	Told *event.Request
	// request is what it is a part of, until its owner says that it is built.
	request *request
	// account is nil without a journal.
	account *partAccount
}

// Merge tells that From is now part of Into.
type Merge struct{ From, Into string }

// Outcome is what a call did. Calls add to it; its owner resets it.
type Outcome struct {
	Opened         int
	Merged         []Merge
	Appended       [len(event.Sources)]int
	Late           int
	DuplicateSpans int
	Unresolved     int
	Forgotten      int
	Parts          []*Part
	// Facts are what happened, in order, if the store is watched; a part that
	// leaves is told of by who sends it. Packed bytes are those of the input.
	Facts []event.Fact
}

// Store is the state machine; see the package comment.
type Store struct {
	opts  Options
	index index
	// idle is in order of last event, aged of first event, lingering of end,
	// past of flush.
	idle, aged, lingering, past queue[request]
	entries                     entries
	// flushes numbers the flushes.
	flushes uint64
	bytes   int
	wall    time.Time
	now     time.Duration
	ended   []*request
	// ledger is nil without a journal.
	ledger *ledger
}

// New makes an empty store.
func New(opts Options) *Store {
	state := func(r *request) *links[request] { return &r.queue }
	s := &Store{opts: opts, index: newIndex()}
	s.idle.of, s.lingering.of, s.past.of = state, state, state
	s.aged.of = func(r *request) *links[request] { return &r.content.aged }
	s.entries = newEntries(opts.MaxRemembered)
	return s
}

// Open is the number of requests that wait for a flush.
func (s *Store) Open() int { return s.idle.length + s.lingering.length }

// Remembered is the number of flushed requests that are remembered.
func (s *Store) Remembered() int { return s.past.length + s.index.frozen.length }

// Keys is the number of keys, beyond one each, by which requests are found.
func (s *Store) Keys() int { return s.index.extra }

// Bytes is the OTLP size of what open requests hold.
func (s *Store) Bytes() int { return s.bytes }

// Knows says whether a span with this key would join or own a request that
// events opened, so that its owner need not copy spans in vain.
func (s *Store) Knows(trace pcommon.TraceID, span pcommon.SpanID) bool {
	known, _ := s.index.knows(spanKey{trace, span})
	return known
}

// Leads says whether a span with these keys would join a request as it is.
func (s *Store) Leads(k *Keys) bool {
	named := k.resolve(s.opts.Fallback)
	return s.index.has(&named) || s.Knows(k.Trace, k.Span)
}

// AppendRecords takes log records in order of arrival. now is monotonic time,
// wall the time of day.
func (s *Store) AppendRecords(now time.Duration, wall time.Time, records []Record, out *Outcome) {
	s.at(now, wall)
	for at := 0; len(records) > 0; {
		n := runOf(records)
		s.pieceIs(at)
		if r := s.resolve(&records[0].Keys, true, out); r == nil {
			out.Unresolved += n
		} else {
			s.appendRun(r, records[:n], out)
		}
		records = records[n:]
		at += n
	}
	s.lookAtEnds(out)
}

// runOf is how many records at the front have the same keys, so that they are
// resolved together.
func runOf(records []Record) int {
	n := 1
	for n < len(records) && records[n].Keys == records[0].Keys {
		n++
	}
	return n
}

// AppendSpans takes spans in order of arrival.
func (s *Store) AppendSpans(now time.Duration, wall time.Time, spans []Span, out *Outcome) {
	s.at(now, wall)
	at := 0
	for i := range spans {
		s.pieceIs(at)
		s.appendSpan(&spans[i], at, out)
		at += 1 + len(spans[i].Events)
	}
	for i := range spans {
		if spans[i].Entry == EntryTrace && s.opts.Entries && spans[i].Claim != ClaimPending {
			s.enter(&spans[i])
		}
	}
	s.lookAtEnds(out)
}

func (s *Store) at(now time.Duration, wall time.Time) {
	s.now, s.wall = now, wall
	s.ended = s.ended[:0]
}

func (s *Store) appendSpan(in *Span, at int, out *Outcome) {
	if in.Claim == ClaimNone {
		return
	}
	if in.Claim == ClaimPending {
		s.resolve(&in.Keys, true, out)
		return
	}
	key := spanKey{in.Trace, in.Span}
	if _, seen := s.index.knows(key); seen {
		out.DuplicateSpans++
		return
	}
	if in.Claim == ClaimOwn {
		s.appendOwner(in, key, out)
		return
	}
	r := s.requestOf(in, out)
	if r == nil {
		s.appendStrays(in, at, out)
		return
	}
	s.roomFor(r, in.Bytes, in.Weight, 0, out)
	s.awaken(r, out)
	coming := len(in.Packed)
	for i := range in.Events {
		coming += len(in.Events[i].Packed)
	}
	held := r.content.held.items.length
	r.content.held.addSpan(in.Packed, key, in.Origin, coming)
	s.took(r, r.content.held.items.length-held)
	s.grow(r.content, in.Bytes, in.Weight)
	s.tellCall(r, in, out)
	if key.valid() {
		s.endNamed(s.index.leadSpan(key, r, true), r, key, in)
	}
	for i := range in.Events {
		s.pieceIs(at + 1 + i)
		r = s.appendEvent(r, in, i, out)
	}
}

// endNamed lets a span own and end the request that is named after it. That may
// be another one than the span is in, when it was too late to merge the two.
func (s *Store) endNamed(r, in *request, key spanKey, span *Span) {
	if r.content == nil || !r.namedAfter(key) {
		return
	}
	if r == in {
		r.content.named = true
	} else {
		r.content.owner = &owner{key, span.Origin, string(span.Packed)}
	}
	s.ends(r, endedBySpan)
}

// appendEvent puts the span event at i into the request of its span r, or into the
// one that an attribute of its own names. It answers the span's request, which
// may be another afterwards: the event may have shown the two to be one.
func (s *Store) appendEvent(r *request, in *Span, i int, out *Outcome) *request {
	rec := &in.Events[i]
	if r.state == forgotten {
		// The events before made so many requests leave.
		r = s.resolve(&in.Keys, true, out)
	}
	into := r
	if rec.Attribute != in.Attribute {
		into = s.resolve(&rec.Keys, true, out)
		if r.state == merged {
			r = into
		}
	}
	s.append(into, rec, len(rec.Packed), out)
	return r
}

// appendStrays takes the events of a span that leads to no request: those that
// name one themselves.
func (s *Store) appendStrays(in *Span, at int, out *Outcome) {
	if in.Claim != ClaimMake {
		return
	}
	for i := range in.Events {
		s.pieceIs(at + 1 + i)
		if r := s.resolve(&in.Events[i].Keys, true, out); r != nil {
			s.append(r, &in.Events[i], 0, out)
		}
	}
}

// requestOf answers the request that a span joins or makes, nil if none.
func (s *Store) requestOf(in *Span, out *Outcome) *request {
	if in.Claim == ClaimJoin {
		if r := s.resolve(&in.Keys, false, out); r != nil {
			return r
		}
		r, _ := s.index.span(spanKey{in.Trace, in.Span})
		return r
	}
	r := s.resolve(&in.Keys, true, out)
	if r != nil && in.Inference && in.ResponseID != "" {
		s.claimResponse(r, in.ResponseID, out)
	}
	return r
}

// appendRun appends records that belong to one request.
func (s *Store) appendRun(r *request, records []Record, out *Outcome) {
	coming := 0
	for i := range records {
		coming += len(records[i].Packed)
	}
	for i := range records {
		s.append(r, &records[i], coming, out)
		coming -= len(records[i].Packed)
		s.nextPiece()
	}
}

// append numbers a record and puts it into its request, which an end event
// ends. It is the first of so many bytes that are likely to go there.
//
// The number is not written down: what a request holds are its last records, in
// order, so that the last one has the number seq.
func (s *Store) append(r *request, rec *Record, coming int, out *Outcome) {
	s.roomFor(r, rec.Bytes, rec.Weight, 1, out)
	s.awaken(r, out)
	c := r.content
	held := c.held.items.length
	c.held.addRecord(rec.Packed, spanKey{rec.Trace, rec.Span}, rec.Origin, min(coming, s.opts.MaxRequestBytes-c.bytes))
	s.took(r, c.held.items.length-held)
	r.seq++
	if r.flushed {
		out.Late++
	}
	s.grow(c, rec.Bytes, rec.Weight)
	s.tellRecord(r, rec, out)
	out.Appended[rec.Source]++
	if rec.Ends {
		s.ends(r, endedByEvent)
	}
}

func (s *Store) grow(c *content, bytes, weight int) {
	c.bytes += bytes
	c.weight += weight
	s.bytes += bytes
}

// roomFor lets what is there leave as a part when the next piece would make it
// too large.
func (s *Store) roomFor(r *request, bytes, weight, records int, out *Outcome) {
	c := r.content
	if c == nil || (c.held.records == 0 && c.held.spans == 0) {
		return
	}
	if c.held.records+records > s.opts.MaxRequestEvents ||
		c.bytes+bytes > s.opts.MaxRequestBytes ||
		c.weight+weight > s.opts.MaxPartWeight {
		s.emit(r, event.FlushSize, -1, out)
	}
}

// awaken makes sure that a request can take something: a remembered one is
// reopened for a late part, an open one is no longer idle.
func (s *Store) awaken(r *request, out *Outcome) {
	if r.state != remembered {
		s.touch(r)
		return
	}
	s.recall(r)
	s.makeRoom(out)
	r.content = &content{openedAt: s.now}
	r.state, r.since = lingering, s.now
	s.lingering.pushBack(r)
	s.account(r)
	s.rejoin(r)
}

// touch notes that an open request is not idle.
func (s *Store) touch(r *request) {
	if r.state == open {
		r.since = s.now
		s.idle.moveToBack(r)
		s.placed(r)
	}
}

// makeRoom lets a request leave while as many are open as may be: one that
// lingers, else the oldest.
func (s *Store) makeRoom(out *Outcome) {
	for s.Open() >= s.opts.MaxRequests && s.evict(out) {
	}
}

// Evict flushes one request before its time, a lingering one first, else the
// one that has been open longest. It answers false when none is open.
func (s *Store) Evict(now time.Duration, wall time.Time, out *Outcome) bool {
	s.at(now, wall)
	return s.evict(out)
}

func (s *Store) evict(out *Outcome) bool {
	if r := s.lingering.head; r != nil {
		s.flush(r, r.reasonOr(event.FlushEvicted), -1, out)
		return true
	}
	if r := s.aged.head; r != nil {
		s.flush(r, r.reasonOr(event.FlushEvicted), -1, out)
		return true
	}
	return false
}

func (s *Store) open(i *identity, out *Outcome) *request {
	s.makeRoom(out)
	r := &request{
		identity: *i,
		opening:  s.opts.NewOpening(),
		since:    s.now,
		content:  &content{openedAt: s.now},
	}
	s.index.add(r)
	s.idle.pushBack(r)
	s.aged.pushBack(r)
	s.account(r)
	s.tellOpened(r, out)
	out.Opened++
	return r
}
