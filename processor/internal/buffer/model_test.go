package buffer

import (
	"cmp"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// model is the policy a second time, as simple as can be: slices that are
// searched from the front, no queue, no index, nothing shared with the store
// but the types of its arguments.
type model struct {
	opts     Options
	now      time.Duration
	requests []*modelRequest
	// leads are all keys, written out, and the requests they lead to.
	leads   []*lead
	entries []*modelEntry
	ending  []*modelRequest
	// ticket numbers whatever happens, to tell what came first.
	ticket int
	out    modelOutcome
}

type modelOutcome struct {
	Opened, Late, DuplicateSpans, Unresolved, Forgotten int
	Appended                                            [len(event.Sources)]int
	Merged                                              []Merge
	Parts                                               []modelPart
}

// modelPart is a Part in comparable words.
type modelPart struct {
	ID, Source, Related, Reason string
	Opening                     [16]byte
	Number, Bytes, Weight       int
	Ended                       bool
	Records, Spans              []string
	Owner                       string
	Age, Lateness               time.Duration
	FlushedAt                   time.Time
}

type lead struct {
	key  string
	to   *modelRequest
	seen bool
}

type modelRequest struct {
	// key is what it is named by, one of "attribute:v", "span:t-s", "trace:t",
	// "response:id"; id and source are what the envelope says.
	key, id, source string
	trace           pcommon.TraceID
	opening         [16]byte
	phase           string
	// since and ticket order the requests of one phase; opened and born order
	// them by age.
	since, opened  time.Duration
	ticket, born   int
	seq, parts     int
	ended          string
	flushed        bool
	gone           bool          // forgotten
	into           *modelRequest // what it was merged into
	related        string
	records, spans []string
	unnumbered     []string
	bytes, weight  int
	owner          *Span // not yet told
	best           *Span // told or not
	traces         []*modelTrace
}

type modelTrace struct {
	id      pcommon.TraceID
	entered bool
	joined  int
}

type modelEntry struct {
	span   *Span
	since  time.Duration
	ticket int
}

const (
	phaseOpen       = "open"
	phaseLingering  = "lingering"
	phaseRemembered = "remembered"
)

func (m *model) next() int {
	m.ticket++
	return m.ticket
}

// Keys.

func keyOfSpan(trace pcommon.TraceID, span pcommon.SpanID) string {
	if trace.IsEmpty() || span.IsEmpty() {
		return ""
	}
	return "span:" + key(trace, span)
}

func keyOfTrace(trace pcommon.TraceID) string {
	if trace.IsEmpty() {
		return ""
	}
	return "trace:" + trace.String()
}

// fallbackKey is the key of a record that no attribute names.
func (m *model) fallbackKey(k *Keys) string {
	if m.opts.Fallback == FallbackTrace {
		return keyOfTrace(k.Trace)
	}
	return keyOfSpan(k.Trace, k.Span)
}

// name answers a request as the keys would open it.
func (m *model) name(k *Keys) *modelRequest {
	r := &modelRequest{trace: k.Trace}
	switch {
	case k.Attribute != "":
		r.key, r.id, r.source = "attribute:"+k.Attribute, k.Attribute, "attribute:"+k.AttributeKey
	case m.fallbackKey(k) != "" && m.opts.Fallback == FallbackTrace:
		r.key, r.id, r.source = keyOfTrace(k.Trace), k.Trace.String(), "trace"
	case m.fallbackKey(k) != "":
		r.key, r.id, r.source = keyOfSpan(k.Trace, k.Span), key(k.Trace, k.Span), "span"
	case k.ResponseID != "":
		r.key, r.id, r.source = "response:"+k.ResponseID, k.ResponseID, "response_id"
	default:
		return nil
	}
	return r
}

func (m *model) lead(key string) *lead {
	for _, l := range m.leads {
		if l.key == key {
			return l
		}
	}
	return nil
}

func (m *model) find(key string) *modelRequest {
	if l := m.lead(key); l != nil && key != "" {
		return l.to
	}
	return nil
}

func (m *model) setLead(key string, to *modelRequest, seen bool) {
	l := m.lead(key)
	if l == nil {
		l = &lead{key: key}
		m.leads = append(m.leads, l)
	}
	if l.to == nil || l.to.key != key {
		l.to = to
	}
	l.seen = l.seen || seen
}

// Resolving.

func (m *model) resolve(k *Keys, mayOpen bool) *modelRequest {
	named := m.name(k)
	if named == nil {
		return nil
	}
	r := m.find(named.key)
	if named.source == "response_id" {
		if claimed := m.find("claim:" + named.id); claimed != nil {
			r = claimed
		}
	}
	if r == nil {
		if !mayOpen {
			return nil
		}
		r = m.open(named)
	}
	if second := m.fallbackKey(k); k.Attribute != "" && second != "" {
		other := m.find(second)
		switch {
		case other == nil:
			m.setLead(second, r, false)
		case other != r && !other.byAttribute():
			m.unite(r, other)
		}
	}
	if m.opts.Entries && r.byEntry() && !k.Trace.IsEmpty() {
		m.takePart(r, k.Trace, false)
	}
	return r
}

func (r *modelRequest) byAttribute() bool { return r.key == "attribute:"+r.id }

func (r *modelRequest) byEntry() bool { return r.byAttribute() || r.source == "trace" }

func (m *model) open(r *modelRequest) *modelRequest {
	m.makeRoom()
	r.opening = m.opts.NewOpening()
	r.phase, r.since, r.opened = phaseOpen, m.now, m.now
	r.ticket, r.born = m.next(), m.next()
	m.requests = append(m.requests, r)
	m.setLead(r.key, r, false)
	m.out.Opened++
	return r
}

func (m *model) claim(r *modelRequest, id string) {
	if id == "" || m.find("claim:"+id) != nil || m.find("response:"+id) == r {
		return
	}
	if other := m.find("response:" + id); other != nil {
		m.unite(r, other)
	}
	m.setLead("claim:"+id, r, false)
}

func (m *model) unite(r, other *modelRequest) {
	if r.parts > 0 || other.parts > 0 {
		r.related = cmp.Or(r.related, other.id)
		other.related = cmp.Or(other.related, r.id)
		return
	}
	for _, l := range m.leads {
		if l.to == other {
			l.to = r
			if l.key == other.key && other.source == "response_id" {
				l.key = "claim:" + other.id
			}
		}
	}
	m.requests = slices.DeleteFunc(m.requests, func(x *modelRequest) bool { return x == other })
	m.roomFor(r, other.bytes, other.weight, len(other.records))
	for _, name := range other.unnumbered {
		r.number(name)
	}
	r.spans = append(r.spans, other.spans...)
	r.bytes += other.bytes
	r.weight += other.weight
	if other.opened < r.opened {
		r.opened, r.born = other.opened, other.born
	}
	r.related = cmp.Or(r.related, other.related)
	if m.opts.Entries && r.byEntry() {
		for _, t := range other.traces {
			m.takePart(r, t.id, t.entered)
		}
		if other.byEntry() && other.owner != nil && outranks(other.owner, r.best) {
			r.owner, r.best = other.owner, other.owner
		}
		if r.entered() {
			m.end(r, "span_end")
		}
	}
	if other.ended == "end_event" {
		m.end(r, "end_event")
	}
	other.into = r
	m.touch(r)
	m.out.Merged = append(m.out.Merged, Merge{From: other.id, Into: r.id})
}
