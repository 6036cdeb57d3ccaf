package live

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Query says which requests a list has.
type Query struct {
	// Filter is on requests; one with a name wants any event that has it.
	Filter Filter
	// Text is to be found in the content, in upper or lower case; a hub that hides
	// content finds none.
	Text string
	// Limit is how many to list at most.
	Limit int
	// PageToken is of the page before.
	PageToken string
}

// ErrPageToken: the token is not of this hub.
var ErrPageToken = errors.New("no page token of this server")

// held is a request and its events at one moment.
type held struct {
	request *request
	events  []*entry
	state   State
	flush   *event.Flush
	dirty   bool
	partial bool
	// bytes is what the events take.
	bytes int
}

// hold copies out what a request has. The caller holds mu.
func (r *request) hold() held {
	return held{r, r.events[:len(r.events):len(r.events)], r.state(), r.flush, r.dirty, r.partial, r.bytes}
}

// List is the list of requests, newest first, as one JSON object: requests,
// cursor, next_page_token. The cursor is where to go on live. A page ends early,
// but not empty, where it gets too large or takes too much to make. It fails with
// ErrPageToken, with ErrBusy, and when ctx is done.
func (h *Hub) List(ctx context.Context, q *Query) (*Snapshot, error) {
	before := ^uint64(0)
	if q.PageToken != "" {
		text, ours := strings.CutPrefix(q.PageToken, h.epoch+".")
		n, err := strconv.ParseUint(text, 10, 64)
		if !ours || err != nil {
			return nil, ErrPageToken
		}
		before = n
	}
	return h.snapshots.make(ctx, 0, func() ([]byte, error) {
		p := page{hub: h, query: q, before: before}
		return p.make(ctx)
	})
}

// page is a list while it is made.
type page struct {
	hub   *Hub
	query *Query
	// forms are those of the query's text.
	forms []form
	// before is the ordinal of the last request that was looked at.
	before uint64
	text   []byte
	given  int
	// weight is what the content of the requests that are listed takes, in
	// bytes: to tell what is in a summary it is looked at as a whole.
	weight int
}

// full says that there is to be another page.
func (p *page) full() bool {
	most := &p.hub.snapshots
	return p.given >= p.query.Limit || p.given > 0 && (len(p.text) >= most.pageBytes || p.weight >= most.pageWeight)
}

func (p *page) make(ctx context.Context) ([]byte, error) {
	h := p.hub
	if p.query.Text != "" {
		p.forms = formsOf(p.query.Text)
	}
	p.text = append(p.text, `{"requests":[`...)
	cursor, more := "", true
	for more && !p.full() {
		var chunk []held
		h.mu.Lock()
		if cursor == "" {
			cursor = h.cursor(h.ring.head.Load() - 1)
		}
		chunk, more = h.index.newest(p.before)
		h.mu.Unlock()
		for i := range chunk {
			if p.full() {
				more = true
				break
			}
			if err := p.look(ctx, &chunk[i]); err != nil {
				return nil, err
			}
		}
	}
	p.text = append(p.text, `],"cursor":`...)
	p.text = appendText(p.text, cursor)
	if more {
		p.text = append(p.text, `,"next_page_token":`...)
		p.text = appendText(p.text, h.epoch+"."+strconv.FormatUint(p.before, 10))
	}
	return append(p.text, '}'), nil
}

// look lists a request if it is wanted.
func (p *page) look(ctx context.Context, s *held) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.before = s.request.ordinal
	if !p.wanted(s) {
		return nil
	}
	if p.given > 0 {
		p.text = append(p.text, ',')
	}
	p.given++
	p.weight += s.bytes
	var err error
	p.text, err = p.hub.appendSnapshot(ctx, p.text, s, true)
	return err
}

// newest answers some of the requests before an ordinal, the newest first, and
// whether there are more.
func (x *index) newest(before uint64) ([]held, bool) {
	const atOnce, lookAt = 64, 1024
	at, _ := x.search(before)
	chunk := make([]held, 0, atOnce)
	for looked := 0; at > 0 && len(chunk) < atOnce && (looked < lookAt || len(chunk) == 0); looked++ {
		at--
		if r := x.order[at]; r != nil && r.mergedInto == nil {
			chunk = append(chunk, r.hold())
		}
	}
	return chunk, at > 0 && len(chunk) > 0
}

func (p *page) wanted(s *held) bool {
	h, q := p.hub, p.query
	if !q.Filter.All() {
		last := uint64(0)
		if len(s.events) > 0 {
			last = s.events[len(s.events)-1].n
		}
		seen := seen{request: s.request.ID, processor: s.request.processor}
		if q.Filter.asks() {
			seen.digest = h.know(s.request, last)
		}
		if !q.Filter.matchesRequest(&seen) || !h.hasNamed(s, q.Filter.want[byName]) {
			return false
		}
	}
	return q.Text == "" || !h.opts.Hide && s.contains(p.forms)
}

// hasNamed says whether an event of a request has a name that is asked for.
func (h *Hub) hasNamed(s *held, prefixes []string) bool {
	return prefixes == nil || slices.ContainsFunc(s.events, func(e *entry) bool {
		return hasName(h.seen(e, false).name, prefixes)
	})
}

// Request is the newest request with an id, of a processor if one is given, as
// one JSON object: its envelope as it stands, with its state. It fails with
// ErrUnknown or ErrGone, with ErrBusy, and when ctx is done.
func (h *Hub) Request(ctx context.Context, id, processor string) (*Snapshot, error) {
	s, err := h.held(id, processor)
	if err != nil {
		return nil, err
	}
	return h.snapshots.make(ctx, s.bytes, func() ([]byte, error) {
		// It may have had to wait.
		if s, err = h.held(id, processor); err != nil {
			return nil, err
		}
		return h.appendSnapshot(ctx, nil, &s, false)
	})
}

// held answers what a request has.
func (h *Hub) held(id, processor string) (held, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.find(id, processor)
	if err != nil {
		return held{}, err
	}
	for r.mergedInto != nil {
		r = r.mergedInto
	}
	if r.dropped {
		return held{}, ErrGone
	}
	return r.hold(), nil
}

// appendSnapshot writes an envelope as it stands; a summary has no events, and
// in its calls neither messages nor attributes. It fails when ctx is done.
func (h *Hub) appendSnapshot(ctx context.Context, dst []byte, s *held, summary bool) ([]byte, error) {
	builder := h.encoder.whole
	if summary {
		builder = h.encoder.lean
	}
	var facts envelope.Facts
	p := h.encoder.part(s.request, &facts, s.events, s.events)
	if s.flush != nil {
		p.Number, p.Reason = s.flush.Part, s.flush.Reason
		if s.dirty {
			p.Number, p.Reason = s.flush.Part+1, ""
		}
	}
	if err := ctx.Err(); err != nil {
		return dst, err
	}
	record := plog.NewLogRecord()
	origin := builder.Build(p, record)
	if err := ctx.Err(); err != nil {
		return dst, err
	}
	body := record.Body().Map()
	if p.Reason == "" {
		body.Remove("flush_reason")
		body.PutBool("complete", false)
	} else {
		body.PutBool("complete", s.flush.Complete && !s.partial)
	}
	if summary {
		summarize(body)
	}
	if h.opts.Hide {
		envelopeVeil.over(body)
	}
	body.PutStr("state", string(s.state))
	body.PutStr("processor", s.request.processor)
	put(body, "service", serviceOf(origin))
	return envelope.AppendJSONMap(dst, body), nil
}

// summarize takes the content out of an envelope, and counts tool calls before.
func summarize(body pcommon.Map) {
	calls, has := body.Get("calls")
	if !has || calls.Type() != pcommon.ValueTypeSlice {
		return
	}
	toolCalls := 0
	for _, call := range calls.Slice().All() {
		toolCalls += countToolCalls(call.Map())
		call.Map().RemoveIf(func(key string, _ pcommon.Value) bool { return leftOut[key] })
		if tool, has := call.Map().Get("tool"); has && tool.Type() == pcommon.ValueTypeMap {
			tool.Map().Remove("arguments")
			tool.Map().Remove("result")
		}
		for _, link := range listIn(call.Map(), "links") {
			if link.Type() == pcommon.ValueTypeMap {
				link.Map().Remove("attributes")
			}
		}
	}
	if toolCalls > 0 {
		body.PutInt("tool_calls", int64(toolCalls))
	}
}

// leftOut are the keys of a call that a summary does not have.
var leftOut = map[string]bool{
	"attributes": true, "system_instructions": true, "input_messages": true, "output_messages": true,
	"tool_definitions": true, "content_source": true, "thread": true,
}

// countToolCalls counts what a call's output asks for.
func countToolCalls(call pcommon.Map) int {
	n := 0
	for _, message := range listIn(call, "output_messages") {
		if message.Type() != pcommon.ValueTypeMap {
			continue
		}
		for _, part := range listIn(message.Map(), "parts") {
			if part.Type() != pcommon.ValueTypeMap {
				continue
			}
			if kind, has := part.Map().Get("type"); has && (kind.AsString() == "tool_call" || kind.AsString() == "server_tool_call") {
				n++
			}
		}
	}
	return n
}

// listIn is the list under a key, empty when there is none.
func listIn(m pcommon.Map, key string) iter.Seq2[int, pcommon.Value] {
	if v, has := m.Get(key); has && v.Type() == pcommon.ValueTypeSlice {
		return v.Slice().All()
	}
	return func(func(int, pcommon.Value) bool) {}
}
