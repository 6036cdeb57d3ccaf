package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// absent says that a value was never set: the zero Value, on which pdata's
// methods would panic.
func absent(v pcommon.Value) bool { return v == (pcommon.Value{}) }

// mapOf is a value's map, if it is one.
func mapOf(v pcommon.Value) (pcommon.Map, bool) {
	if absent(v) {
		return pcommon.Map{}, false
	}
	return semconv.MapOf(v)
}

// str is a value's string, empty when it is none.
func str(v pcommon.Value) string {
	if absent(v) {
		return ""
	}
	return v.Str()
}

// get is a map's value, the zero Value when there is none.
func get(m pcommon.Map, key string) pcommon.Value {
	v, ok := m.Get(key)
	if !ok {
		return pcommon.Value{}
	}
	return v
}

// first is the first of a map's values that is there and not null.
func first(m pcommon.Map, keys ...string) pcommon.Value {
	for _, key := range keys {
		if v, ok := m.Get(key); ok && v.Type() != pcommon.ValueTypeEmpty {
			return v
		}
	}
	return pcommon.Value{}
}

// mapIn is a map's value when that is a map.
func mapIn(m pcommon.Map, keys ...string) (pcommon.Map, bool) {
	v := first(m, keys...)
	if absent(v) {
		return pcommon.Map{}, false
	}
	return semconv.MapOf(v)
}

// sliceIn is a map's value when that is a list.
func sliceIn(m pcommon.Map, keys ...string) (pcommon.Slice, bool) {
	v := first(m, keys...)
	if absent(v) {
		return pcommon.Slice{}, false
	}
	return semconv.SliceOf(v)
}

// null says that a value is not there or null.
func null(v pcommon.Value) bool {
	return absent(v) || v.Type() == pcommon.ValueTypeEmpty
}

// empty says that a value is not there or holds nothing.
func empty(v pcommon.Value) bool { return absent(v) || semconv.IsEmpty(v) }

// text is a value as text: its string, else its JSON or decimal form.
func text(v pcommon.Value) string {
	if absent(v) {
		return ""
	}
	return v.AsString()
}

// putParsed puts a copy of v, or what it says when it is JSON text for a list
// or an object.
func putParsed(dst pcommon.Map, key string, v pcommon.Value) {
	target := dst.PutEmpty(key)
	if v.Type() == pcommon.ValueTypeStr && semconv.ParseJSONContainer(v.Str(), target) {
		return
	}
	v.CopyTo(target)
}

// parsed is v, or what it says when it is JSON text for a list or an object.
func parsed(v pcommon.Value) pcommon.Value {
	if v.Type() != pcommon.ValueTypeStr {
		return v
	}
	target := pcommon.NewValueEmpty()
	if semconv.ParseJSONContainer(v.Str(), target) {
		return target
	}
	return v
}

// looksLikeJSON says that text starts as a JSON list or object does.
func looksLikeJSON(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
		case '[', '{':
			return true
		default:
			return false
		}
	}
	return false
}

// blank says that a value is not there, null or no text.
func blank(v pcommon.Value) bool {
	return null(v) || v.Type() == pcommon.ValueTypeStr && v.Str() == ""
}
