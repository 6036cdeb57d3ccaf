package buffer

import (
	"fmt"
	"time"
)

// The model: what comes in.

func (m *model) appendRecords(now time.Duration, records []Record) {
	m.now = now
	for i := range records {
		if r := m.resolve(&records[i].Keys, true); r != nil {
			m.put(r, &records[i])
		} else {
			m.out.Unresolved++
		}
	}
	m.lookAtEnds()
}

func (m *model) appendSpans(now time.Duration, spans []Span) {
	m.now = now
	for i := range spans {
		m.appendSpan(&spans[i])
	}
	for i := range spans {
		in := &spans[i]
		if m.opts.Entries && in.Entry == EntryTrace && in.Claim != ClaimPending && !in.Trace.IsEmpty() {
			m.enter(in)
		}
	}
	m.lookAtEnds()
}

func (m *model) appendSpan(in *Span) {
	own := keyOfSpan(in.Trace, in.Span)
	var r *modelRequest
	switch in.Claim {
	case ClaimNone:
		return
	case ClaimPending:
		m.resolve(&in.Keys, true)
		return
	default:
		if l := m.lead(own); l != nil && own != "" && l.seen {
			m.out.DuplicateSpans++
			return
		}
		if in.Claim == ClaimOwn {
			m.appendOwner(in, own)
			return
		}
		r = m.requestOf(in, own)
	}
	if r == nil {
		m.appendStrays(in)
		return
	}
	m.roomFor(r, in.Bytes, in.Weight, 0)
	m.reopen(r)
	r.spans = append(r.spans, inWords(in.name(), r.flushed))
	r.bytes += in.Bytes
	r.weight += in.Weight
	if own != "" {
		m.setLead(own, r, true)
		if x := m.find(own); x.key == own && x.phase != phaseRemembered {
			x.owner = in
			m.end(x, "span_end")
		}
	}
	for i := range in.Events {
		rec := &in.Events[i]
		if r.gone {
			r = m.resolve(&in.Keys, true)
		}
		into := r
		if rec.Attribute != in.Attribute {
			into = m.resolve(&rec.Keys, true)
			if r.into != nil {
				r = r.into
			}
		}
		m.put(into, rec)
	}
}

// appendOwner lets a span that is no call own the request of its name.
func (m *model) appendOwner(in *Span, own string) {
	r := m.find(own)
	if r == nil || r.key != own {
		return
	}
	m.roomFor(r, in.Bytes, 0, 0)
	m.reopen(r)
	m.setLead(own, r, true)
	r.owner = in
	r.bytes += in.Bytes
	m.end(r, "span_end")
}

func (m *model) appendStrays(in *Span) {
	if in.Claim != ClaimMake {
		return
	}
	for i := range in.Events {
		if r := m.resolve(&in.Events[i].Keys, true); r != nil {
			m.put(r, &in.Events[i])
		}
	}
}

func (m *model) requestOf(in *Span, own string) *modelRequest {
	if in.Claim == ClaimJoin {
		if r := m.resolve(&in.Keys, false); r != nil {
			return r
		}
		return m.find(own)
	}
	r := m.resolve(&in.Keys, true)
	if r != nil && in.Inference {
		m.claim(r, in.ResponseID)
	}
	return r
}

func (m *model) put(r *modelRequest, rec *Record) {
	m.roomFor(r, rec.Bytes, rec.Weight, 1)
	m.reopen(r)
	r.number(rec.name())
	if r.flushed {
		m.out.Late++
	}
	r.bytes += rec.Bytes
	r.weight += rec.Weight
	m.out.Appended[rec.Source]++
	if rec.Ends {
		m.end(r, "end_event")
	}
}

func (r *modelRequest) number(name string) {
	r.seq++
	r.unnumbered = append(r.unnumbered, name)
	r.records = append(r.records, inWords(fmt.Sprintf("%s#%d", name, r.seq), r.flushed))
}

func inWords(name string, late bool) string {
	if late {
		return name + " late"
	}
	return name
}

func (m *model) roomFor(r *modelRequest, bytes, weight, records int) {
	if len(r.records)+len(r.spans) == 0 {
		return
	}
	if len(r.records)+records > m.opts.MaxRequestEvents || r.bytes+bytes > m.opts.MaxRequestBytes ||
		r.weight+weight > m.opts.MaxPartWeight {
		m.emit(r, "size", -1)
	}
}

// reopen makes r ready to take something.
func (m *model) reopen(r *modelRequest) {
	if r.phase != phaseRemembered {
		m.touch(r)
		return
	}
	r.phase = "reopening" // so that making room passes it by
	m.makeRoom()
	r.phase, r.since, r.ticket, r.opened = phaseLingering, m.now, m.next(), m.now
	for _, t := range r.traces {
		t.joined = m.next()
		if e := m.entryOf(t.id); e != nil {
			m.enterRequest(r, t, e.span)
		}
	}
}

func (m *model) touch(r *modelRequest) {
	if r.phase == phaseOpen {
		r.since, r.ticket = m.now, m.next()
	}
}
