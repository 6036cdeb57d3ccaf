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

// show leaves a value as it is.
func show(pcommon.Value) {}

// showShort hides what is too long to be a word of an enumeration: it comes from
// where instrumentations write what they like.
func showShort(v pcommon.Value) {
	if !semconv.IsShortText(v) {
		hide(v)
	}
}

// veil says what becomes of each key of an object where content is hidden. A key
// that it does not have is hidden: what is new stays hidden until somebody has
// decided on it here.
type veil map[string]func(pcommon.Value)

// over hides what m has of content.
func (keys veil) over(m pcommon.Map) {
	for key, v := range m.All() {
		if do := keys[key]; do != nil {
			do(v)
		} else {
			hide(v)
		}
	}
}

func (keys veil) object(v pcommon.Value) {
	if v.Type() != pcommon.ValueTypeMap {
		hide(v)
		return
	}
	keys.over(v.Map())
}

func (keys veil) objects(v pcommon.Value) {
	if v.Type() != pcommon.ValueTypeSlice {
		hide(v)
		return
	}
	for _, one := range v.Slice().All() {
		keys.object(one)
	}
}

// hideAttributes hides all attributes that are not known to be no content. Every
// dialect, and everyone who writes attributes of their own, has other places for
// content.
func hideAttributes(v pcommon.Value) {
	if v.Type() != pcommon.ValueTypeMap {
		hide(v)
		return
	}
	for key, value := range v.Map().All() {
		if !semconv.IsMetadata(key, value) {
			hide(value)
		}
	}
}

// What is shown of the objects of an envelope. An error's message often quotes
// the prompt.
var (
	errorVeil = veil{"type": showShort}

	eventVeil = veil{
		"seq": show, "time": show, "observed_time": show, "name": show, "source": show, "trace_id": show, "span_id": show,
		"scope": show, "scope_version": show, "severity": showShort, "late": show, "truncated": show, "attributes": hideAttributes,
	}

	callVeil = veil{
		"trace_id": show, "span_id": show, "parent_span_id": show, "name": show, "kind": show, "operation": show,
		"provider": show, "request_model": show, "response_model": show, "response_id": show,
		"started_at": show, "ended_at": show, "duration_ns": show, "time_to_first_chunk_ns": show,
		"status": show, "error": errorVeil.object, "finish_reasons": showShort, "usage": show, "content_source": show,
		"tool":  veil{"name": show, "call_id": show}.object,
		"links": veil{"trace_id": show, "span_id": show, "trace_state": show, "attributes": hideAttributes}.objects,

		"attributes": hideAttributes,
	}

	endVeil = veil{"status": show, "error": errorVeil.object, "duration_ns": show, "usage": show}

	envelopeVeil = veil{
		"schema_version": show, "id": show, "request_id": show, "key_source": show, "related_request_id": show, "kind": show,
		"part": show, "flush_reason": show, "complete": show, "trace_id": show, "span_id": show, "conversation_id": show,
		"started_at": show, "ended_at": show, "duration_ns": show, "status": show, "error": errorVeil.object, "usage": show,
		"counts": show, "calls": callVeil.objects, "events": eventVeil.objects, "tool_calls": show,
	}
)
