package messages

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// reading reads an object into a part, a message or a definition, and knows
// what of it was read, so that the rest can be kept.
type reading struct {
	m    pcommon.Map
	used [12]string
	n    int
}

func read(m pcommon.Map) reading { return reading{m: m} }

// take is the first value that is there and not null, and marks it as read.
func (r *reading) take(keys ...string) pcommon.Value {
	for _, key := range keys {
		if v, ok := r.m.Get(key); ok && v.Type() != pcommon.ValueTypeEmpty {
			r.use(key)
			return v
		}
	}
	return pcommon.Value{}
}

// takeText is the first value that is text, and marks it as read.
func (r *reading) takeText(keys ...string) string {
	for _, key := range keys {
		if v, ok := r.m.Get(key); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			r.use(key)
			return v.Str()
		}
	}
	return ""
}

// takeMap is the first value that is an object, and marks it as read.
func (r *reading) takeMap(keys ...string) (pcommon.Map, bool) {
	for _, key := range keys {
		if v, ok := r.m.Get(key); ok {
			if m, ok := semconv.MapOf(v); ok {
				r.use(key)
				return m, true
			}
		}
	}
	return pcommon.Map{}, false
}

// takeSlice is the first value that is a list, and marks it as read.
func (r *reading) takeSlice(keys ...string) (pcommon.Slice, bool) {
	for _, key := range keys {
		if v, ok := r.m.Get(key); ok {
			if list, ok := semconv.SliceOf(v); ok {
				r.use(key)
				return list, true
			}
		}
	}
	return pcommon.Slice{}, false
}

// use marks keys as read. Of more keys than anybody reads the last ones count
// as the rest, which keeps them.
func (r *reading) use(keys ...string) {
	for _, key := range keys {
		if r.n < len(r.used) {
			r.used[r.n] = key
			r.n++
		}
	}
}

// has says that a key was read.
func (r *reading) has(key string) bool { return slices.Contains(r.used[:r.n], key) }

// more says that there is something that was not read.
func (r *reading) more() bool {
	for key, v := range r.m.All() {
		if !semconv.IsEmpty(v) && !r.has(key) {
			return true
		}
	}
	return false
}

// keep copies what was not read into dst, which may be zero when nothing was
// written.
func (r *reading) keep(dst pcommon.Map) {
	if dst != (pcommon.Map{}) && r.m != (pcommon.Map{}) {
		putRest(dst, r.m, r.used[:r.n]...)
	}
}

// fewKeys is how many further keys of an object are put one by one; pdata looks
// at all keys before it puts one.
const fewKeys = 64

// putRest copies what src says beyond the keys that were used, so that nothing
// is lost when an object changes its shape. Empty values say nothing. What
// stands under a key that dst uses itself goes into an object of its own.
func putRest(dst, src pcommon.Map, used ...string) {
	isUsed := func(key string, v pcommon.Value) bool {
		if key == "" || key == keyType && v.Type() == pcommon.ValueTypeStr || semconv.IsEmpty(v) {
			return true
		}
		for _, u := range used {
			if key == u {
				return true
			}
		}
		return false
	}
	if src.Len() > fewKeys {
		rest := otherOf(dst)
		src.CopyTo(rest)
		rest.RemoveIf(isUsed)
		return
	}
	for key, v := range src.All() {
		if isUsed(key, v) {
			continue
		}
		place := dst
		if key == keyContent && v.Type() != pcommon.ValueTypeStr {
			// Content in the current shape is text.
			place = otherOf(dst)
		}
		putFree(place, key, v)
	}
}

// putFree puts a copy of v under key, or, where that is taken by another value,
// into the object for what finds no place.
func putFree(dst pcommon.Map, key string, v pcommon.Value) {
	for range maxNesting {
		target, taken := dst.GetOrPutEmpty(key)
		if !taken {
			v.CopyTo(target)
			return
		}
		if target.Equal(v) {
			return
		}
		dst = otherOf(dst)
	}
}

// otherOf is the object in dst for what finds no place in it.
func otherOf(dst pcommon.Map) pcommon.Map {
	v, taken := dst.GetOrPutEmpty(keyOther)
	if m, ok := semconv.MapOf(v); ok {
		return m
	}
	if !taken {
		return v.SetEmptyMap()
	}
	// Somebody calls something of their own so.
	theirs := pcommon.NewValueEmpty()
	v.CopyTo(theirs)
	other := v.SetEmptyMap()
	theirs.CopyTo(other.PutEmpty(keyOther))
	return other
}
