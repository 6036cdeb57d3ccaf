package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// details reads the details events of a call. They are patches: of input
// messages, system instructions and tool definitions the last that is not
// empty counts, output messages append.
func (a *assembly) details(records []*event.Record, source string) {
	if len(records) == 0 {
		return
	}
	var last [fieldCount]pcommon.Value
	// A stream reports its answer item by item.
	d := draft{held: true}
	for _, r := range records {
		for key, v := range r.Log.Attributes().All() {
			f, ok := detailsField(key)
			if !ok || !a.wants(f) || semconv.IsEmpty(v) {
				continue
			}
			if f == fieldOutput {
				d.attribute(fieldOutput, v)
			} else if absent(last[f]) || hasContent(v) || !hasContent(last[f]) {
				last[f] = v
			}
		}
	}
	d.held = false
	d.end()
	for f, v := range last {
		if !absent(v) {
			d.field(field(f), v)
		}
	}
	a.offer(&d, source)
}

func detailsField(key string) (field, bool) {
	switch key {
	case semconv.AttrInputMessages:
		return fieldInput, true
	case semconv.AttrOutputMessages:
		return fieldOutput, true
	case semconv.AttrSystemInstructions:
		return fieldSystem, true
	case semconv.AttrToolDefinitions:
		return fieldTools, true
	}
	return 0, false
}

// field reads what an attribute says about a field.
func (d *draft) field(f field, v pcommon.Value) {
	switch f {
	case fieldSystem:
		d.instructions(v)
	case fieldTools:
		d.tools(v)
	default:
		d.attribute(f, v)
	}
}

// hasContent says whether an attribute of a details event has content, and is
// not just the structure that is left when capturing it is switched off.
func hasContent(v pcommon.Value) bool {
	if v.Type() == pcommon.ValueTypeStr {
		return true
	}
	list, ok := semconv.SliceOf(v)
	if !ok {
		return true
	}
	for i := range list.Len() {
		m, ok := semconv.MapOf(list.At(i))
		if !ok {
			return true
		}
		parts, ok := sliceIn(m, keyParts)
		if !ok {
			return true
		}
		for j := range parts.Len() {
			if part, ok := semconv.MapOf(parts.At(j)); !ok || saysSomething(part) {
				return true
			}
		}
	}
	return false
}
