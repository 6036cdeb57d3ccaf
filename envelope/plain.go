package envelope

import (
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Plain is what cleaning would leave as it is. Weighing finds that out when
// telemetry arrives, while its text is in the processor's cache; a Build much
// later need not fetch all text once more to look at it. What is not known to
// be plain is cleaned.

// isPlainMap says that cleanMap, asked with the same depth, would change
// nothing in m. Of a map with many entries it does not find out.
func isPlainMap(m pcommon.Map, depth int) bool {
	if m.Len() > fewEntries {
		return false
	}
	var seen keyMarks
	for k, v := range m.All() {
		if !isValid(k) || seen.repeats(m, k, v) || !isPlainValue(v, depth) {
			return false
		}
	}
	return true
}

// hasPlainKeys says that the keys of m are valid UTF-8 and that none is there
// twice. Of a map with many entries it does not find out.
func hasPlainKeys(m pcommon.Map) bool {
	if m.Len() > fewEntries {
		return false
	}
	var seen keyMarks
	for k, v := range m.All() {
		if !isValid(k) || seen.repeats(m, k, v) {
			return false
		}
	}
	return true
}

// keyMarks are the marks of keys that were seen: one of 64 for each, by their
// length and two of their bytes, since names of one family begin alike.
type keyMarks uint64

// repeats says that another entry of m before this one has the same key.
func (s *keyMarks) repeats(m pcommon.Map, k string, v pcommon.Value) bool {
	mark := len(k)
	if mark > 0 {
		mark = 7*mark + int(k[mark-1]) + 3*int(k[mark/2])
	}
	bit := keyMarks(1) << (mark % 64)
	if *s&bit != 0 {
		// Get finds the first entry of that key.
		first, _ := m.Get(k)
		return first != v
	}
	*s |= bit
	return false
}

// isValid is utf8.ValidString, faster for names, which are short and ASCII.
func isValid(s string) bool {
	n := len(s)
	if n < 8 || n > 64 {
		return utf8.ValidString(s)
	}
	all := word(s, n-8)
	for i := 0; i+8 < n; i += 8 {
		all |= word(s, i)
	}
	return all&highs == 0 || utf8.ValidString(s)
}

// isPlainValue says that cleanValue, asked with the same depth, would not
// change v.
func isPlainValue(v pcommon.Value, depth int) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return isValid(v.Str())
	case pcommon.ValueTypeMap:
		return depth < maxDepth && isPlainMap(entriesOf(v), depth+1)
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			return false
		}
		for _, element := range elementsOf(v).All() {
			if !isPlainValue(element, depth+1) {
				return false
			}
		}
		return true
	}
	return isPlainScalar(v)
}

// isPlainScalar is isPlainValue for what is neither text nor has elements.
func isPlainScalar(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		return unrepresentable(v.Double()) == ""
	case pcommon.ValueTypeBytes:
		return false
	}
	return true
}
