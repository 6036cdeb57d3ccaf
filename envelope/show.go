package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// ShowEvent fills dst, an empty map, with r as an entry of events[] in an
// envelope with events; the trace id is always there. Values are moved out of r.
func (b *Builder) ShowEvent(r *event.Record, dst pcommon.Map) {
	a := b.assembly()
	a.begin(&b.options, &Part{Facts: new(Facts)})
	a.writeEvent(r, dst)
	a.end()
	b.assemblies.Put(a)
}

// ShowCall fills dst, an empty map, with a gathered span as an entry of calls[];
// its messages are those that the span itself carries, and the trace id is
// always there. Values are moved out of s.
func (b *Builder) ShowCall(s *event.Span, dst pcommon.Map) {
	a := b.assembly()
	a.begin(&b.options, &Part{Facts: new(Facts), Spans: []*event.Span{s}})
	a.gatherCalls()
	a.readCalls()
	if b.options.Messages {
		a.assembleMessages()
	}
	a.writeCall(&a.calls[0], dst)
	a.end()
	b.assemblies.Put(a)
}

func (b *Builder) assembly() *assembly {
	if a, ok := b.assemblies.Get().(*assembly); ok {
		return a
	}
	return new(assembly)
}
