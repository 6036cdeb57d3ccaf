package messages

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Result is what assembling found out besides the messages.
type Result struct {
	// FinishReasons of the choices, normalised, in their order; for calls
	// whose attributes state none.
	FinishReasons []string
	// LeftOver names the content attributes of the span that could not be
	// read as messages and went into none. They belong among the call's
	// other attributes.
	LeftOver []string
	// Read names the attributes of the span that messages were read from and
	// that have nothing else; of a family of attributes the prefix, which ends
	// with a dot.
	Read []string
	// Rest are what attributes of the span say that the messages do not show,
	// beside what they show.
	Rest []Rest
	// Told is what responses in attributes of the span say about the call;
	// nil when there is none. It is for what nothing else says.
	Told *semconv.CallFacts
}

// Holds says that all that an attribute of the span says is in the messages.
func (r *Result) Holds(key string) bool {
	return slices.ContainsFunc(r.Read, func(read string) bool {
		return key == read || strings.HasSuffix(read, ".") && strings.HasPrefix(key, read)
	})
}

// Assemble fills dst, a call's map in the envelope, with system_instructions,
// input_messages, output_messages, tool_definitions (each a list, left out when
// empty) and content_source, which maps each of them to its carrier.
//
// span is nil when the call's span is not there; records are the call's events
// in logical order. Of the carriers that have content for a field the best one
// (processor.md, "Assembling messages") has it alone; when none has content,
// because capturing it was switched off, the structure of the best one is
// shown. Nothing that is read is changed or moved; dst must be mutable and
// holds copies afterwards, which share their strings with the originals.
func Assemble(span *event.Span, records []*event.Record, dst pcommon.Map) Result {
	a := assembly{span: span}
	carried := sortRecords(records)
	a.details(carried.detailsLogs, SourceDetailsLog)
	var attrs spanContent
	if span != nil {
		attrs.collect(span)
		a.spanAttributes(&attrs)
	}
	a.details(carried.detailsEvents, SourceSpanEvent)
	a.messageEvents(carried.messageEvents, SourceSpanEvent)
	a.messageEvents(carried.messageLogs, SourceMessageLog)
	if span != nil {
		a.flattenedAttributes(&attrs)
	}
	a.write(dst)
	return Result{FinishReasons: a.best[fieldOutput].finish, LeftOver: a.leftOver, Read: a.read, Rest: a.rest, Told: a.told}
}

func (a *assembly) write(dst pcommon.Map) {
	sources := 0
	for f := range fieldCount {
		best := &a.best[f]
		if best.quality == nothing || best.list.Len() == 0 {
			best.quality = nothing
			continue
		}
		sources++
	}
	if sources == 0 {
		return
	}
	dst.EnsureCapacity(sources + 1)
	for f := range fieldCount {
		if a.best[f].quality != nothing {
			a.best[f].value.MoveTo(dst.PutEmpty(fieldKeys[f]))
		}
	}
	source := dst.PutEmptyMap(KeyContentSource)
	source.EnsureCapacity(sources)
	for f := range fieldCount {
		if a.best[f].quality != nothing {
			source.PutStr(fieldKeys[f], a.best[f].source)
			a.shown(a.best[f].keys)
		}
	}
}

// shown notes attributes from which a field was read, unless they say more.
func (a *assembly) shown(keys []string) {
	for _, key := range keys {
		if !slices.Contains(a.partly, key) {
			a.read = append(a.read, key)
		}
	}
}

// carriers are a call's records by what they carry, each in logical order.
type carriers struct {
	detailsLogs   []*event.Record
	detailsEvents []*event.Record
	messageEvents []*event.Record
	messageLogs   []*event.Record
}

// sortRecords deals the records out. Mostly they are all of one kind, which
// then needs no list of its own.
func sortRecords(records []*event.Record) carriers {
	var c carriers
	for i := 0; i < len(records); {
		list := c.listFor(records[i])
		end := i + 1
		for end < len(records) && c.listFor(records[end]) == list {
			end++
		}
		switch {
		case list == nil:
		case *list == nil:
			*list = records[i:end:end]
		default:
			*list = append(*list, records[i:end]...)
		}
		i = end
	}
	return c
}

func (c *carriers) listFor(r *event.Record) *[]*event.Record {
	details := r.Name == semconv.EventOperationDetails
	switch {
	case !details && messageRoleOf(r.Name) == notAMessage:
		return nil
	case details && r.Source == event.SourceSpanEvent:
		return &c.detailsEvents
	case details:
		return &c.detailsLogs
	case r.Source == event.SourceSpanEvent:
		return &c.messageEvents
	default:
		return &c.messageLogs
	}
}
