package live

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Names of the events that do not come from telemetry.
const (
	eventOpen  = "request.open"
	eventCall  = "request.call"
	eventEnd   = "request.end"
	eventFlush = "request.flush"
	eventMerge = "request.merge"
	eventLost  = "stream.lost"
	eventClose = "stream.end"
)

// encoder makes frames of entries, one goroutine per entry at a time.
type encoder struct {
	hub *Hub
	// whole has the messages and the events of a request, lean the messages,
	// bare neither.
	whole, lean, bare *envelope.Builder
	locks             [64]sync.Mutex
}

func (c *encoder) init(h *Hub) {
	c.hub = h
	c.whole = envelope.NewBuilder(envelope.Options{Events: true, Messages: true, Order: envelope.OrderTime})
	c.lean = envelope.NewBuilder(envelope.Options{Messages: true})
	c.bare = envelope.NewBuilder(envelope.Options{})
}

// frame answers the frame of an entry, and whether it was made just now: the
// ring is to be fitted then.
func (h *Hub) frame(e *entry) (f *frame, made bool) {
	if f := e.encoded(); f != nil {
		return f, false
	}
	lock := &h.encoder.locks[e.n%uint64(len(h.encoder.locks))]
	lock.Lock()
	defer lock.Unlock()
	if f := e.encoded(); f != nil {
		return f, false
	}
	f = &frame{bytes: h.encoder.encode(make([]byte, 0, frameEstimate(e)), e)}
	h.ring.keep(e, f)
	return f, true
}

// frameEstimate is about how long the frame of an entry is.
func frameEstimate(e *entry) int { return 256 + len(e.packed) + len(e.packed)/2 }

// fit brings the ring within its bytes after frames were made.
func (h *Hub) fit() {
	if !h.ring.full() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring.fit()
}

// frameHead begins a frame; its JSON object is to follow.
func (h *Hub) frameHead(dst []byte, position uint64, name string) []byte {
	dst = append(dst, "id: "...)
	dst = append(dst, h.epoch...)
	dst = append(dst, '-')
	dst = strconv.AppendUint(dst, position, 10)
	dst = append(dst, "\nevent: "...)
	dst = append(dst, name...)
	return append(dst, "\ndata: "...)
}

func (h *Hub) lostFrame(l loss) []byte {
	dst := h.frameHead(nil, l.to, eventLost)
	if l.from == 0 {
		return append(dst, "{}\n\n"...)
	}
	dst = append(dst, `{"from":`...)
	dst = strconv.AppendUint(dst, l.from, 10)
	dst = append(dst, `,"to":`...)
	dst = strconv.AppendUint(dst, l.to, 10)
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendUint(dst, l.to-l.from+1, 10)
	return append(dst, "}\n\n"...)
}

// EndFrame is the last frame of a stream that the server ends. It has no id.
func EndFrame(reason string) []byte {
	dst := append([]byte(nil), "event: "+eventClose+"\ndata: {\"reason\":"...)
	dst = envelope.AppendJSON(dst, pcommon.NewValueStr(reason))
	return append(dst, "}\n\n"...)
}

// eventName is a name from telemetry as it can stand in a frame: on one line,
// neither one of ours nor one that EventSource gives a meaning of its own.
func eventName(name string) string {
	switch name {
	case "", "error", "open", eventOpen, eventCall, eventEnd, eventFlush, eventMerge, eventLost, eventClose:
		return "telemetry." + name
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, isControl) {
		return strings.Map(func(r rune) rune {
			if isControl(r) {
				return utf8.RuneError
			}
			return r
		}, strings.ToValidUTF8(name, "\ufffd"))
	}
	return name
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f || r == '\ufeff' }

// nameOf is the event's name before it is made fit for a frame.
func nameOf(e *entry) string {
	switch e.kind {
	case event.FactOpened:
		return eventOpen
	case event.FactCall:
		return eventCall
	case event.FactEnded:
		return eventEnd
	case event.FactFlushed:
		return eventFlush
	case event.FactMerged:
		return eventMerge
	}
	return event.PackedName(e.packed)
}

// encode appends the frame of an entry.
func (c *encoder) encode(dst []byte, e *entry) []byte {
	name := nameOf(e)
	if e.kind == event.FactRecord {
		name = eventName(name)
	}
	dst = c.hub.frameHead(dst, e.n, name)
	body := pcommon.NewMap()
	c.fill(e, body)
	dst = append(dst, `{"processor":`...)
	dst = appendText(dst, e.request.processor)
	dst = append(dst, `,"request_id":`...)
	dst = appendText(dst, e.request.ID)
	if body.Len() > 0 {
		dst = append(dst, ',')
		at := len(dst)
		dst = envelope.AppendJSONMap(dst, body)
		dst = append(dst[:at], dst[at+1:]...)
	} else {
		dst = append(dst, '}')
	}
	return append(dst, "\n\n"...)
}

func appendText(dst []byte, text string) []byte {
	return envelope.AppendJSON(dst, pcommon.NewValueStr(text))
}

// fill writes what an event says beside whose it is.
func (c *encoder) fill(e *entry, body pcommon.Map) {
	switch e.kind {
	case event.FactOpened:
		c.fillOpen(e, body)
	case event.FactRecord:
		r, _ := e.record()
		c.whole.ShowEvent(&r, body)
		if c.hub.opts.Hide {
			eventVeil.over(body)
		}
	case event.FactCall:
		s, _ := e.call()
		call := body.PutEmptyMap("call")
		c.whole.ShowCall(&s, call)
		if c.hub.opts.Hide {
			callVeil.over(call)
		}
	case event.FactEnded:
		c.fillEnd(e, body)
	case event.FactFlushed:
		fillFlush(e.flush, body)
	case event.FactMerged:
		body.PutStr("into", e.into.ID)
	}
}

// fillOpen takes the first facts from what came with the request.
func (c *encoder) fillOpen(e *entry, body pcommon.Map) {
	body.PutStr("key_source", e.request.KeySource)
	if e.request.KeySource == "" {
		body.Remove("key_source")
	}
	var first []*entry
	c.hub.mu.Lock()
	known := e.request.known()
	if at := after(known, e.n+1); at < len(known) {
		first = known[at : at+1 : at+1]
	}
	c.hub.mu.Unlock()
	if len(first) == 0 {
		return
	}
	var facts envelope.Facts
	d := c.learn(e.request, &facts, first, first)
	put(body, "trace_id", d.trace)
	put(body, "conversation_id", d.conversation)
	put(body, "service", d.service)
	put(body, "provider", d.provider)
	put(body, "request_model", d.requestModel)
	put(body, "operation", d.operation)
}

// fillEnd tells how the request went, as far as it is still known.
func (c *encoder) fillEnd(e *entry, body pcommon.Map) {
	c.hub.mu.Lock()
	known := e.request.known()
	upTo := after(known, e.n+1)
	events := known[:upTo:upTo]
	c.hub.mu.Unlock()
	if len(events) == 0 {
		body.PutStr("status", "unknown")
		return
	}
	var facts envelope.Facts
	record := plog.NewLogRecord()
	c.bare.Build(c.part(e.request, &facts, events, events), record)
	whole := record.Body().Map()
	for _, key := range []string{"status", "error", "duration_ns", "usage"} {
		if v, has := whole.Get(key); has {
			v.MoveTo(body.PutEmpty(key))
		}
	}
	if c.hub.opts.Hide {
		endVeil.over(body)
	}
}

func fillFlush(f *event.Flush, body pcommon.Map) {
	body.PutInt("part", int64(f.Part))
	body.PutStr("flush_reason", string(f.Reason))
	body.PutBool("complete", f.Complete)
	body.PutStr("id", f.ID)
	counts := body.PutEmptyMap("counts")
	counts.PutInt("events", int64(f.Events))
	counts.PutInt("calls", int64(f.Calls))
	counts.PutInt("late", int64(f.Late))
	counts.PutInt("truncated", int64(f.Truncated))
	counts.PutInt("dropped", int64(f.Dropped))
}

func put(dst pcommon.Map, key, value string) {
	if value != "" {
		dst.PutStr(key, value)
	}
}

// serviceOf answers the name of the service that something is from.
func serviceOf(origin *event.Origin) string {
	if origin == nil {
		return ""
	}
	if v, has := origin.Resource.Attributes().Get("service.name"); has {
		return v.AsString()
	}
	return ""
}

// record unpacks an entry that is a record.
func (e *entry) record() (event.Record, error) {
	log := plog.NewLogRecord()
	log.SetTraceID(e.trace)
	log.SetSpanID(e.span)
	r := event.Record{Log: log, Origin: e.origin, Seq: e.seq, Late: e.late}
	err := event.UnpackRecord(e.packed, &r)
	return r, err
}

// call unpacks an entry that has a span.
func (e *entry) call() (event.Span, error) {
	span := ptrace.NewSpan()
	span.SetTraceID(e.trace)
	span.SetSpanID(e.span)
	s := event.Span{Data: span, Origin: e.origin, Late: e.late}
	err := event.UnpackSpan(e.packed, &s)
	return s, err
}

// part is what an envelope is made of, from copies of what was published; an
// owning span is looked for among all events.
func (c *encoder) part(r *request, facts *envelope.Facts, events, all []*entry) *envelope.Part {
	p := &envelope.Part{RequestID: r.ID, KeySource: r.KeySource, Opening: r.Opening, Number: 1, Facts: facts}
	var owner *entry
	for _, e := range events {
		switch e.kind {
		case event.FactRecord:
			if record, err := e.record(); err == nil {
				p.Records = append(p.Records, record)
			}
		case event.FactCall:
			if span, err := e.call(); err == nil {
				p.Spans = append(p.Spans, &span)
			}
		case event.FactEnded:
			p.Ended = true
			if !e.span.IsEmpty() {
				owner = e
			}
		}
	}
	if owner != nil {
		p.Owner = ownerOf(p.Spans, owner, all)
	}
	return p
}

// ownerOf answers the owning span: a call of this part or an earlier one, or a
// span that is no call.
func ownerOf(spans []*event.Span, owner *entry, all []*entry) *event.Span {
	for _, s := range spans {
		if s.Data.SpanID() == owner.span && s.Data.TraceID() == owner.trace {
			return s
		}
	}
	for _, e := range all {
		if e.kind == event.FactCall && e.span == owner.span && e.trace == owner.trace {
			owner = e
			break
		}
	}
	if owner.packed == "" {
		return nil
	}
	s, err := owner.call()
	if err != nil {
		return nil
	}
	s.Gathered = owner.kind == event.FactCall
	return &s
}

// digest is what is known of a request for filters. It never changes.
type digest struct {
	trace, conversation, service, provider       string
	requestModel, responseModel, operation, kind string
	status                                       string
}

// seen is what filters look at.
func (h *Hub) seen(e *entry, asks bool) seen {
	s := seen{name: nameOf(e), request: e.request.ID, processor: e.request.processor}
	if e.kind == event.FactRecord {
		s.name = eventName(s.name)
	}
	if asks {
		s.digest = h.know(e.request, e.n)
		if !e.trace.IsEmpty() {
			s.trace = e.trace.String()
		}
	}
	return s
}

// know answers what is known of a request, at least from the events up to n.
func (h *Hub) know(r *request, n uint64) *digest {
	k := &r.knowledge
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.learned >= n && k.digest.Load() != nil {
		return k.digest.Load()
	}
	h.mu.Lock()
	all := r.known()
	events := all[after(all, k.learned+1):]
	h.mu.Unlock()
	if len(events) == 0 && k.digest.Load() != nil {
		return k.digest.Load()
	}
	d := h.encoder.learn(r, &k.facts, events, all)
	if old := k.digest.Load(); old != nil && d.service == "" {
		d.service = old.service
	}
	if len(events) > 0 {
		k.learned = events[len(events)-1].n
	}
	k.digest.Store(d)
	return d
}

// learn adds to the facts what events tell, and answers all that is known.
func (c *encoder) learn(r *request, facts *envelope.Facts, events, all []*entry) *digest {
	p := c.part(r, facts, events, all)
	record := plog.NewLogRecord()
	origin := c.bare.Build(p, record)
	d := &digest{service: serviceOf(origin)}
	text := func(from pcommon.Map, key string) string {
		if v, has := from.Get(key); has {
			return v.AsString()
		}
		return ""
	}
	attributes, body := record.Attributes(), record.Body().Map()
	d.trace = text(body, "trace_id")
	d.conversation = text(attributes, semconv.AttrConversationID)
	d.provider = text(attributes, semconv.AttrProviderName)
	d.requestModel = text(attributes, semconv.AttrRequestModel)
	d.responseModel = text(attributes, semconv.AttrResponseModel)
	d.operation = text(attributes, semconv.AttrOperationName)
	d.kind = text(body, "kind")
	d.status = text(body, "status")
	return d
}
