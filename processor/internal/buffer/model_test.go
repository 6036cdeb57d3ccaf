package buffer

import (
	"cmp"
	"fmt"
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

// Appending.

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
	switch in.Claim {
	case ClaimOwn:
		return m.find(own)
	case ClaimJoin:
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

// Ends.

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

// Leaving.

func (m *model) all(fits func(*modelRequest) bool) []*modelRequest {
	var found []*modelRequest
	for _, r := range m.requests {
		if fits(r) {
			found = append(found, r)
		}
	}
	return found
}

// first answers the one that stands first, by time and then by ticket.
func first(requests []*modelRequest, by func(*modelRequest) (time.Duration, int)) *modelRequest {
	if len(requests) == 0 {
		return nil
	}
	return slices.MinFunc(requests, func(a, b *modelRequest) int {
		timeA, ticketA := by(a)
		timeB, ticketB := by(b)
		return cmp.Or(cmp.Compare(timeA, timeB), cmp.Compare(ticketA, ticketB))
	})
}

func (m *model) firstIn(phase string) *modelRequest {
	in := m.all(func(r *modelRequest) bool { return r.phase == phase })
	return first(in, func(r *modelRequest) (time.Duration, int) { return r.since, r.ticket })
}

func (m *model) oldest() *modelRequest {
	in := m.all(func(r *modelRequest) bool {
		return !r.flushed && (r.phase == phaseOpen || r.phase == phaseLingering)
	})
	return first(in, func(r *modelRequest) (time.Duration, int) { return r.opened, r.born })
}

func (m *model) count(phases ...string) int {
	return len(m.all(func(r *modelRequest) bool { return slices.Contains(phases, r.phase) }))
}

func (m *model) openCount() int { return m.count(phaseOpen, phaseLingering) }

func (m *model) bytes() int {
	sum := 0
	for _, r := range m.requests {
		sum += r.bytes
	}
	return sum
}

func (m *model) makeRoom() {
	for m.openCount() >= m.opts.MaxRequests && m.evict() {
	}
}

func (m *model) evict() bool {
	r := m.firstIn(phaseLingering)
	if r == nil {
		r = m.oldest()
	}
	if r == nil {
		return false
	}
	m.flush(r, r.reasonOr("evicted"), -1)
	return true
}

func (r *modelRequest) reasonOr(reason string) string {
	if r.flushed {
		return "late"
	}
	return cmp.Or(r.ended, reason)
}

func (m *model) flushAll(now time.Duration, reason string) {
	m.now = now
	for r := m.oldest(); r != nil; r = m.oldest() {
		m.flush(r, reason, -1)
	}
	for r := m.firstIn(phaseLingering); r != nil; r = m.firstIn(phaseLingering) {
		m.flush(r, "late", -1)
	}
}

func (m *model) flush(r *modelRequest, reason string, lateness time.Duration) {
	m.emit(r, reason, lateness)
	r.flushed = true
	r.phase, r.since, r.ticket = phaseRemembered, m.now, m.next()
	for m.count(phaseRemembered) > m.opts.MaxRemembered {
		m.forget()
	}
}

func (m *model) emit(r *modelRequest, reason string, lateness time.Duration) {
	r.parts++
	p := modelPart{
		ID: r.id, Source: r.source, Related: r.related, Reason: reason,
		Opening: r.opening, Number: r.parts, Bytes: r.bytes, Weight: r.weight,
		Ended: r.ended != "", Records: r.records, Spans: r.spans,
		Lateness: lateness, FlushedAt: wall(m.now),
	}
	if !r.flushed {
		p.Age = m.now - r.opened
	}
	if r.owner != nil {
		p.Owner = r.owner.name()
	}
	m.out.Parts = append(m.out.Parts, p)
	r.records, r.unnumbered, r.spans, r.owner, r.bytes, r.weight = nil, nil, nil, nil, 0, 0
}

func (m *model) forget() bool {
	r := m.firstIn(phaseRemembered)
	if r == nil {
		return false
	}
	m.remove(r)
	m.out.Forgotten++
	return true
}

func (m *model) remove(r *modelRequest) {
	r.gone = true
	m.requests = slices.DeleteFunc(m.requests, func(x *modelRequest) bool { return x == r })
	m.leads = slices.DeleteFunc(m.leads, func(l *lead) bool { return l.to == r })
}

// Time.

func (m *model) deadline() time.Duration {
	next := Never
	for _, r := range m.requests {
		after := map[string]time.Duration{
			phaseOpen: m.opts.TTL, phaseLingering: m.opts.Linger, phaseRemembered: m.opts.LateWindow,
		}[r.phase]
		next = min(next, r.since+after)
		if !r.flushed && r.phase != phaseRemembered {
			next = min(next, r.opened+m.opts.MaxAge)
		}
	}
	for _, e := range m.entries {
		next = min(next, e.since+m.opts.Linger)
	}
	return next
}

func (m *model) tick(now time.Duration, limit int) bool {
	m.now = now
	for range limit {
		if !m.tickOne() {
			return false
		}
	}
	return m.deadline() <= now
}

func (m *model) tickOne() bool {
	over := func(since, after time.Duration) (time.Duration, bool) {
		return m.now - since - after, m.now >= since+after
	}
	if r := m.firstIn(phaseLingering); r != nil {
		if late, is := over(r.since, m.opts.Linger); is {
			m.flush(r, r.reasonOr(""), late)
			return true
		}
	}
	if r := m.firstIn(phaseOpen); r != nil {
		if late, is := over(r.since, m.opts.TTL); is {
			m.flush(r, "ttl", late)
			return true
		}
	}
	if r := m.oldest(); r != nil {
		if late, is := over(r.opened, m.opts.MaxAge); is {
			m.flush(r, r.reasonOr("max_age"), late)
			return true
		}
	}
	if r := m.firstIn(phaseRemembered); r != nil {
		if _, is := over(r.since, m.opts.LateWindow); is {
			m.remove(r)
			return true
		}
	}
	for i, e := range m.entries {
		if _, is := over(e.since, m.opts.Linger); is {
			m.entries = slices.Delete(m.entries, i, i+1)
			return true
		}
	}
	return false
}
