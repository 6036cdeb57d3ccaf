package buffer

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The model: how requests end.

func (m *model) end(r *modelRequest, reason string) {
	if r.ended == "" {
		r.ended = reason
		m.ending = append(m.ending, r)
	}
}

func (m *model) lookAtEnds() {
	for _, r := range m.ending {
		if r.into == nil && r.phase != phaseRemembered && !r.flushed && r.ended != "" {
			r.phase, r.since, r.ticket = phaseLingering, m.now, m.next()
		}
	}
	m.ending = nil
}

func (m *model) entryOf(trace pcommon.TraceID) *modelEntry {
	for _, e := range m.entries {
		if e.span.Trace == trace {
			return e
		}
	}
	return nil
}

func (m *model) enter(span *Span) {
	trace := span.Trace
	speaks := span
	if e := m.entryOf(trace); e != nil {
		if !outranks(span, e.span) {
			speaks = e.span
		}
		m.entries = slices.DeleteFunc(m.entries, func(x *modelEntry) bool { return x == e })
	}
	m.entries = append(m.entries, &modelEntry{speaks, m.now, m.next()})
	if len(m.entries) > m.opts.MaxRemembered {
		m.entries = m.entries[1:]
	}
	type member struct {
		r *modelRequest
		t *modelTrace
	}
	var members []member
	for _, r := range m.requests {
		if t := r.traceOf(trace); t != nil && r.phase != phaseRemembered {
			members = append(members, member{r, t})
		}
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.t.joined, b.t.joined) })
	for _, x := range members {
		m.enterRequest(x.r, x.t, speaks)
	}
}

func (m *model) enterRequest(r *modelRequest, t *modelTrace, span *Span) {
	again := t.entered
	t.entered = true
	better := outranks(span, r.best)
	if better {
		r.owner, r.best = span, span
	}
	if !r.entered() {
		return
	}
	if again && better && r.ended == "span_end" {
		m.ending = append(m.ending, r)
	}
	m.end(r, "span_end")
}

// outranks says whether an entry span owns rather than another.
func outranks(span, other *Span) bool {
	if other == nil {
		return true
	}
	if root := span.Root; root != other.Root {
		return root
	}
	return span.Start < other.Start
}

func (r *modelRequest) entered() bool {
	for _, t := range r.traces {
		if !t.entered {
			return false
		}
	}
	return len(r.traces) > 0
}

func (r *modelRequest) traceOf(id pcommon.TraceID) *modelTrace {
	for _, t := range r.traces {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (m *model) takePart(r *modelRequest, trace pcommon.TraceID, entered bool) {
	if t := r.traceOf(trace); t != nil {
		t.entered = t.entered || entered
		return
	}
	t := &modelTrace{id: trace, joined: m.next()}
	r.traces = append(r.traces, t)
	if r.phase == phaseRemembered {
		return
	}
	if e := m.entryOf(trace); e != nil {
		m.enterRequest(r, t, e.span)
	}
	t.entered = t.entered || entered
	if t.entered || r.flushed || r.ended != "span_end" {
		return
	}
	r.ended = "" // it goes on
	if r.phase == phaseLingering {
		r.phase = phaseOpen
		m.touch(r)
	}
}
