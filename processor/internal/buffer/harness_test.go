package buffer

import (
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// The words in which the tests speak. Times are seconds since the store was
// made; records and spans are known by their names.

var (
	t1, t2, t3 = traceID(1), traceID(2), traceID(3)
	s1, s2, s3 = spanID(1), spanID(2), spanID(3)
	origin     = newOrigin()
	midnight   = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
)

func newOrigin() *event.Origin {
	o := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	o.Packed, _ = event.PackOrigin(o)
	return o
}

func traceID(n byte) pcommon.TraceID { return pcommon.TraceID{15: n} }
func spanID(n byte) pcommon.SpanID   { return pcommon.SpanID{7: n} }

func wall(now time.Duration) time.Time { return midnight.Add(now) }

// ids are the keys of a record that has context and nothing else.
func ids(trace pcommon.TraceID, span pcommon.SpanID) Keys { return Keys{Trace: trace, Span: span} }

// named are ids with a configured attribute.
func named(value string, trace pcommon.TraceID, span pcommon.SpanID) Keys {
	return Keys{AttributeKey: "session.id", Attribute: value, Trace: trace, Span: span}
}

// response are the keys of a record that has a response id and nothing else.
func response(id string) Keys { return Keys{ResponseID: id} }

// log is a log record of 10 bytes that weighs 20.
func log(name string, keys Keys) Record {
	return Record{Keys: keys, Weight: 20, Packed: packed(name, event.SourceLog), Origin: origin, Bytes: 10}
}

// packed is a record of which only the name matters.
func packed(name string, source event.Source) []byte {
	return event.AppendRecord(nil, &event.Record{Log: plog.NewLogRecord(), Name: name, Source: source})
}

// name is what a record is known by.
func (r *Record) name() string {
	rec := event.Record{Log: plog.NewLogRecord()}
	if err := event.UnpackRecord(string(r.Packed), &rec); err != nil {
		panic(err)
	}
	return rec.Name
}

// last is a log record that ends its request.
func last(name string, keys Keys) Record {
	r := log(name, keys)
	r.Ends = true
	return r
}

// within is an event of a span with the keys that its span gives it.
func within(name string, keys Keys) Record {
	r := log(name, keys)
	r.Source, r.Packed = event.SourceSpanEvent, packed(name, event.SourceSpanEvent)
	return r
}

// call is a span of 100 bytes that weighs 200 and makes a request; it has a
// local parent, so that it is no entry span.
func call(name string, keys Keys, events ...Record) Span {
	data := ptrace.NewSpan()
	data.SetName(name)
	return Span{
		Keys:   keys,
		Claim:  ClaimMake,
		Packed: event.AppendSpan(nil, &event.Span{Data: data}),
		Origin: origin,
		Bytes:  100,
		Events: events,
		Weight: 200,
	}
}

// name is what a span is known by.
func (s *Span) name() string {
	span := event.Span{Data: ptrace.NewSpan()}
	packed := s.Packed
	if packed == nil {
		packed = s.Owner
	}
	if err := event.UnpackSpan(string(packed), &span); err != nil {
		panic(err)
	}
	return span.Data.Name()
}

// inference is a call that reports a response id.
func inference(name string, keys Keys, response string) Span {
	in := call(name, keys)
	in.Inference, in.ResponseID = true, response
	return in
}

// claimed is a span that relates to requests in another way.
func claimed(as Claim, in Span) Span {
	in.Claim = as
	return in
}

// own is a span of 100 bytes that is none of ours, under whose key events opened
// a request.
func own(name string, keys Keys) Span {
	in := claimed(ClaimOwn, call(name, keys))
	in.Weight, in.Owner, in.Packed = 0, in.Packed, nil
	return in
}

// foreign is a span that is none of ours.
func foreign(name string, trace pcommon.TraceID, span pcommon.SpanID) Span {
	in := claimed(ClaimNone, call(name, ids(trace, span)))
	in.Weight, in.Bytes = 0, 0
	return in
}

// root makes an entry span without a parent of in, which started at second
// start of its trace.
func root(in Span, start int) Span {
	in = remote(in, start)
	in.Root = true
	return in
}

// remote makes an entry span whose parent is elsewhere of in.
func remote(in Span, start int) Span {
	in.Entry = EntryTrace
	in.Start = pcommon.Timestamp(start)
	if in.Owner == nil {
		in.Owner = in.Packed
	}
	return in
}

// openings draws openings that are told apart by their number.
func openings() func() [16]byte {
	n := 0
	return func() [16]byte {
		n++
		return [16]byte{byte(n >> 8), byte(n)}
	}
}

// roomy are options with which no limit is met, and with the times of the
// default configuration.
func roomy() Options {
	return Options{
		Linger: 10 * time.Second, TTL: 10 * time.Minute, MaxAge: time.Hour, LateWindow: 15 * time.Minute,
		MaxRequests: 1000, MaxRemembered: 1000,
		MaxRequestEvents: 1000, MaxRequestBytes: 1 << 30, MaxPartWeight: 1 << 30,
	}
}

// byAttributes are roomy options of a configuration that names attributes.
func byAttributes() Options {
	o := roomy()
	o.Entries = true
	return o
}

// byTraces are roomy options of `fallback: trace`.
func byTraces() Options {
	o := byAttributes()
	o.Fallback = FallbackTrace
	return o
}

// desk is a store with its clock, and everything that it handed out.
type desk struct {
	*Store
	t   *testing.T
	now time.Duration
	Outcome
}

func newDesk(t *testing.T, o Options) *desk {
	t.Helper()
	o.NewOpening = openings()
	d := &desk{Store: New(o), t: t}
	t.Cleanup(func() {
		for d.Open()+d.Remembered()+len(d.entries.byTrace) > 0 {
			d.wait(time.Hour)
		}
		if n := leftovers(d.Store); n > 0 {
			t.Errorf("%d index entries are left when everything is forgotten", n)
		}
	})
	return d
}

func (d *desk) logs(records ...Record) {
	d.t.Helper()
	d.AppendRecords(d.now, wall(d.now), records, &d.Outcome)
	d.check()
}

func (d *desk) spans(spans ...Span) {
	d.t.Helper()
	d.AppendSpans(d.now, wall(d.now), spans, &d.Outcome)
	d.check()
}

// wait lets time pass, acting on every deadline on the way when it comes.
func (d *desk) wait(long time.Duration) {
	d.t.Helper()
	until := d.now + long
	for d.Next() <= until {
		d.now = d.Next()
		d.tick()
	}
	d.now = until
	d.tick()
	d.check()
}

func (d *desk) tick() {
	for d.Tick(d.now, wall(d.now), 1, &d.Outcome) {
	}
}

func (d *desk) evict() bool {
	d.t.Helper()
	did := d.Evict(d.now, wall(d.now), &d.Outcome)
	d.check()
	return did
}

func (d *desk) flushAll(reason event.FlushReason) {
	d.t.Helper()
	d.FlushAll(d.now, wall(d.now), reason, &d.Outcome)
	d.check()
}

func (d *desk) check() {
	d.t.Helper()
	for _, problem := range problems(d.Store) {
		d.t.Error(problem)
	}
}

// left answers and forgets what left, each part in one line:
//
//	id part: reason record#seq… span… [by owner] [see related]
func (d *desk) left() []string {
	lines := make([]string, 0, len(d.Parts))
	for _, p := range d.Parts {
		lines = append(lines, describe(p))
	}
	d.Parts = nil
	return lines
}

// opened is a part with its records and spans.
func opened(p *Part) *Part {
	if p.held.items.length > 0 || p.owner != nil {
		if err := p.Unpack(&Unpacker{}); err != nil {
			panic(err)
		}
	}
	return p
}

func describe(p *Part) string {
	opened(p)
	line := fmt.Sprintf("%s %d: %s", p.RequestID, p.Number, p.Reason)
	for i := range p.Records {
		line += fmt.Sprintf(" %s#%d", p.Records[i].Name, p.Records[i].Seq)
		if p.Records[i].Late {
			line += "(late)"
		}
	}
	for _, span := range p.Spans {
		line += " " + span.Data.Name()
		if span.Late {
			line += "(late)"
		}
	}
	if p.Owner != nil {
		line += " by " + p.Owner.Data.Name()
	}
	if p.RelatedRequestID != "" {
		line += " see " + p.RelatedRequestID
	}
	return line
}

// key is the request id of a span key.
func key(trace pcommon.TraceID, span pcommon.SpanID) string {
	return trace.String() + "-" + span.String()
}

// unpacked are the records and spans that h holds.
func unpacked(h *held, firstSeq uint64, late bool) ([]event.Record, []*event.Span, error) {
	var u Unpacker
	err := u.unpack(h, firstSeq, late)
	return u.records, u.pointers, err
}
