package live

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// keyHidden stands, with a size in bytes of JSON text, where content was.
const keyHidden = "hidden_bytes"

// hide replaces a value by its size.
func hide(v pcommon.Value) {
	size := len(envelope.AppendJSON(nil, v))
	v.SetEmptyMap().PutInt(keyHidden, int64(size))
}

func hideKeys(m pcommon.Map, keys ...string) {
	for _, key := range keys {
		if v, has := m.Get(key); has {
			hide(v)
		}
	}
}

func hideAttributes(m pcommon.Map) {
	v, has := m.Get("attributes")
	if !has || v.Type() != pcommon.ValueTypeMap {
		return
	}
	for key, value := range v.Map().All() {
		if semconv.IsContentAttribute(key) {
			hide(value)
		}
	}
}

// hideEvent hides the content of an entry of events[]. A body is content as a
// whole: every carrier has its own place for it.
func hideEvent(m pcommon.Map) {
	hideKeys(m, "body")
	hideAttributes(m)
}

// hideCall hides the content of an entry of calls[].
func hideCall(m pcommon.Map) {
	hideKeys(m, "system_instructions", "input_messages", "output_messages", "tool_definitions")
	hideAttributes(m)
	if tool, has := m.Get("tool"); has && tool.Type() == pcommon.ValueTypeMap {
		hideKeys(tool.Map(), "arguments", "result")
	}
}

// hideEnvelope hides the content of an envelope's body.
func hideEnvelope(m pcommon.Map) {
	each := func(key string, hideOne func(pcommon.Map)) {
		if list, has := m.Get(key); has && list.Type() == pcommon.ValueTypeSlice {
			for _, v := range list.Slice().All() {
				hideOne(v.Map())
			}
		}
	}
	each("events", hideEvent)
	each("calls", hideCall)
}
