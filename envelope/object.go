package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/xpdata"
)

// object writes the entries of one map of the envelope in their order. Its
// writer knows that no key comes twice, so that nobody has to look.
type object struct {
	entries xpdata.MapBuilder
}

// begin makes room for at most n entries.
func (o *object) begin(n int) { o.entries.EnsureCapacity(n) }

// into makes what was written the content of m; o is ready for another object.
func (o *object) into(m pcommon.Map) { o.entries.UnsafeIntoMap(m) }

// value adds an entry and returns its value, which is valid until another
// entry is added.
func (o *object) value(key string) pcommon.Value { return o.entries.AppendEmpty(key) }

// text adds s, cleaned, unless it is empty.
func (o *object) text(key, s string) {
	if s != "" {
		o.valid(key, validText(s))
	}
}

// valid adds text that is valid UTF-8, unless it is empty.
func (o *object) valid(key, s string) {
	if s != "" {
		o.entries.AppendEmpty(key).SetStr(s)
	}
}

func (o *object) int(key string, n int64) { o.entries.AppendEmpty(key).SetInt(n) }

func (o *object) bool(key string, b bool) { o.entries.AppendEmpty(key).SetBool(b) }

// object adds a map, which stays valid.
func (o *object) object(key string) pcommon.Map { return o.entries.AppendEmpty(key).SetEmptyMap() }

// list adds a list, which stays valid.
func (o *object) list(key string) pcommon.Slice { return o.entries.AppendEmpty(key).SetEmptySlice() }
