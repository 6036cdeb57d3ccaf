package live

import (
	"errors"
	"iter"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Query says which requests a list has.
type Query struct {
	// Filter is on requests; its name is not looked at.
	Filter Filter
	// Text is to be found in the content, letter for letter; a hub that hides
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
}

// hold copies out what a request has. The caller holds mu.
func (r *request) hold() held {
	return held{r, r.events[:len(r.events):len(r.events)], r.state(), r.flush, r.dirty, r.partial}
}

// AppendList appends the list of requests, newest first, as one JSON object:
// requests, cursor, next_page_token. The cursor is where to go on live.
func (h *Hub) AppendList(dst []byte, q *Query) ([]byte, error) {
	before := ^uint64(0)
	cursor := ""
	if q.PageToken != "" {
		text, ours := strings.CutPrefix(q.PageToken, h.epoch+".")
		n, err := strconv.ParseUint(text, 10, 64)
		if !ours || err != nil {
			return dst, ErrPageToken
		}
		before = n
	}
	dst = append(dst, `{"requests":[`...)
	given, more := 0, true
	for more && given < q.Limit {
		var chunk []held
		h.mu.Lock()
		if cursor == "" {
			cursor = h.cursor(h.ring.head.Load() - 1)
		}
		chunk, more = h.index.newest(before)
		h.mu.Unlock()
		for i := range chunk {
			before = chunk[i].request.ordinal
			if !h.wanted(&chunk[i], q) {
				continue
			}
			if given > 0 {
				dst = append(dst, ',')
			}
			dst = h.appendSnapshot(dst, &chunk[i], true)
			given++
			if given == q.Limit {
				more = more || i < len(chunk)-1
				break
			}
		}
	}
	dst = append(dst, `],"cursor":`...)
	dst = appendText(dst, cursor)
	if more {
		dst = append(dst, `,"next_page_token":`...)
		dst = appendText(dst, h.epoch+"."+strconv.FormatUint(before, 10))
	}
	return append(dst, '}'), nil
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

func (h *Hub) wanted(s *held, q *Query) bool {
	if !q.Filter.All() {
		last := uint64(0)
		if len(s.events) > 0 {
			last = s.events[len(s.events)-1].n
		}
		seen := seen{request: s.request.ID, processor: s.request.processor}
		if q.Filter.asks() {
			seen.digest = h.know(s.request, last)
		}
		if !q.Filter.matchesRequest(&seen) {
			return false
		}
	}
	return q.Text == "" || !h.opts.Hide && s.contains(q.Text)
}

// contains looks for text as it came, and as it stands in JSON text.
func (s *held) contains(text string) bool {
	quoted := string(appendText(nil, text))
	quoted = quoted[1 : len(quoted)-1]
	for _, e := range s.events {
		if strings.Contains(e.packed, text) || quoted != text && strings.Contains(e.packed, quoted) {
			return true
		}
	}
	return false
}

// AppendRequest appends the newest request with an id, of a processor if one is
// given, as one JSON object: its envelope as it stands, with its state. It fails
// with ErrUnknown or ErrGone.
func (h *Hub) AppendRequest(dst []byte, id, processor string) ([]byte, error) {
	h.mu.Lock()
	r, err := h.find(id, processor)
	if err != nil {
		h.mu.Unlock()
		return dst, err
	}
	for r.mergedInto != nil {
		r = r.mergedInto
	}
	if r.dropped {
		h.mu.Unlock()
		return dst, ErrGone
	}
	s := r.hold()
	h.mu.Unlock()
	return h.appendSnapshot(dst, &s, false), nil
}

// appendSnapshot writes an envelope as it stands; a summary has no events, and
// in its calls neither messages nor attributes.
func (h *Hub) appendSnapshot(dst []byte, s *held, summary bool) []byte {
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
	record := plog.NewLogRecord()
	origin := builder.Build(p, record)
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
	return envelope.AppendJSONMap(dst, body)
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
