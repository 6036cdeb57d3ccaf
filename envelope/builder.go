package envelope

import (
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope/messages"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// BodyForm is the form of an envelope's body.
type BodyForm string

// The forms of processor.md, key envelope.body. Both carry the same JSON.
const (
	// BodyMap is a structured value, the default.
	BodyMap BodyForm = "map"
	// BodyJSON is one string of JSON text.
	BodyJSON BodyForm = "json"
)

// Order is how the events of an envelope are ordered.
type Order string

// The orders of processor.md, key order.
const (
	// OrderTime is by effective time, ties told apart by what events are.
	OrderTime Order = "time"
	// OrderArrival is by seq alone.
	OrderArrival Order = "arrival"
)

// Options say what an envelope carries and how. The zero value makes a map
// body without events and messages, ordered by arrival.
type Options struct {
	// Body is the form of the body; anything but BodyJSON is BodyMap.
	Body BodyForm
	// Events says that the raw events are carried.
	Events bool
	// Messages says that the assembled messages are carried.
	Messages bool
	// AllContent says that an attribute with anything that the messages do
	// not show, such as content that lost against that of a better carrier,
	// stays among the call's attributes, because nobody else has it.
	AllContent bool
	// Order of the events; anything but OrderTime is OrderArrival.
	Order Order
	// Version is the build's version, for the instrumentation scope.
	Version string
}

// Builder builds envelopes. It is safe for concurrent use.
type Builder struct {
	options Options
	// assemblies holds *assembly, buffers *[]byte for the JSON form.
	assemblies sync.Pool
	buffers    sync.Pool
}

// NewBuilder returns a Builder for the options.
func NewBuilder(options Options) *Builder {
	return &Builder{options: options}
}

// Scope writes the instrumentation scope that envelopes are emitted under.
func (b *Builder) Scope(dst pcommon.InstrumentationScope) {
	dst.SetName(ScopeName)
	dst.SetVersion(b.options.Version)
}

// Build fills dst, an empty log record, with the envelope of p, tells p.Facts
// what this part adds, and returns the Origin whose Resource the record belongs
// under; nil when p has neither records nor spans nor a past.
//
// It consumes p: Records are put in order, values are moved out of records and
// gathered spans, which must be mutable and of nobody else's use. The same
// content of p gives the same record, byte for byte.
func (b *Builder) Build(p *Part, dst plog.LogRecord) *event.Origin {
	a := b.assembly()
	a.begin(&b.options, p)
	if b.options.Order == OrderTime {
		event.SortByTime(p.Records)
	}
	a.gatherCalls()
	a.readCalls()
	if b.options.Messages {
		a.assembleMessages()
	}
	a.readExceptions()
	a.learn()
	a.writeAttributes(dst.Attributes())
	if b.options.Body == BodyJSON {
		body := pcommon.NewMap()
		a.writeBody(body)
		b.setJSON(dst.Body(), body)
	} else {
		a.writeBody(dst.Body().SetEmptyMap())
	}
	a.writeHeader(dst)
	if p.Flush != nil {
		a.tell(p.Flush)
	}
	a.end()
	b.assemblies.Put(a)
	return p.Facts.origin
}

// assembly is the making of one envelope. It is used for one after the other,
// and between them holds memory but nothing of any envelope.
type assembly struct {
	options *Options
	part    *Part
	// calls are the calls of this part in start order.
	calls []call
	// contents are the maps for the messages of the calls.
	contents []pcommon.Map
	deal     deal
	// index and responses find calls once there are many, found is where the
	// last one was.
	index     map[callKey]int
	responses map[string]int
	found     int
	// firstResponse is the first name of a request of an event with content
	// that names no span.
	firstResponse string
	// texts are the unpacked texts of the facts.
	texts  factTexts
	tally  tally
	counts counts
	// failure is the request's.
	failure failure
	// recordID is the record's identity, requestID the request's, cleaned.
	recordID  string
	requestID string
	scribe    scribe
	scope     scope
	carried   carried
	// outer writes the attributes and the body, entry what stands in a list
	// of the body, inner what stands in an entry.
	outer, entry, inner object
}

// scope is the instrumentation scope that was written last.
type scope struct {
	origin  *event.Origin
	name    string
	version string
}

func (a *assembly) begin(options *Options, p *Part) {
	a.options, a.part = options, p
	a.texts = unpackFactTexts(p.Facts.text)
	a.failure = failure{kind: a.texts[textErrorType], message: a.texts[textErrorMessage]}
	a.tally.seen = p.Facts.counted
	times := 2 * (1 + len(p.Spans))
	if options.Events {
		times += len(p.Records)
	}
	a.scribe.reserve(times)
	id := identify(p.RequestID, p.Number, p.Opening)
	a.recordID, a.requestID = a.scribe.keep(id[:]), validText(p.RequestID)
}

// end lets go of the envelope that was made.
func (a *assembly) end() {
	const most = 64
	if cap(a.calls) > most {
		a.calls, a.contents = nil, nil
	}
	for _, content := range a.contents {
		content.RemoveIf(func(string, pcommon.Value) bool { return true })
	}
	if cap(a.deal.records) > most {
		a.deal = deal{}
	}
	clear(a.calls)
	clear(a.deal.records)
	clear(a.deal.names)
	a.carried.clear()
	a.options, a.part, a.index, a.responses, a.found = nil, nil, nil, nil, 0
	a.texts, a.tally, a.counts, a.failure = factTexts{}, tally{}, counts{}, failure{}
	a.recordID, a.requestID, a.scope = "", "", scope{}
	a.scribe.end()
}

// counts are the numbers of this record.
type counts struct {
	late      int64
	truncated int64
	dropped   int64
}

// contentOf is an empty map for the messages of the i-th call.
func (a *assembly) contentOf(i int) pcommon.Map {
	if i == len(a.contents) {
		a.contents = append(a.contents, pcommon.NewMap())
	}
	return a.contents[i]
}

func (a *assembly) assembleMessages() {
	for i := range a.calls {
		c := &a.calls[i]
		records := c.records
		if c.takeToolEvents() {
			records = nil
		} else {
			c.takeToolAttributes()
		}
		c.content = a.contentOf(i)
		c.assembled = messages.Assemble(c.span, records, c.content)
		if len(c.facts.FinishReasons) == 0 {
			c.facts.FinishReasons = shortReasons(c.assembled.FinishReasons)
		}
		if c.assembled.Told != nil {
			c.add(c.assembled.Told)
		}
	}
}

// maxReason bounds, in bytes of its JSON text, a finish reason that is taken from an event or
// message, which has it whole.
const maxReason = 64

func shortReasons(reasons []string) []string {
	return slices.DeleteFunc(reasons, func(reason string) bool { return jsonStringLen(reason) > maxReason+2 })
}

// maxPooledJSON is the largest buffer kept for another JSON body, in bytes.
const maxPooledJSON = 4 << 20

func (b *Builder) setJSON(dst pcommon.Value, body pcommon.Map) {
	buffer, ok := b.buffers.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	*buffer = AppendJSONMap((*buffer)[:0], body)
	dst.SetStr(string(*buffer))
	if cap(*buffer) <= maxPooledJSON {
		b.buffers.Put(buffer)
	}
}
