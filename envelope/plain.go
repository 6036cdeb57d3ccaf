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
	if !hasPlainKeys(m) {
		return false
	}
	for _, v := range m.All() {
		if !isPlainValue(v, depth) {
			return false
		}
	}
	return true
}

// hasPlainKeys says that the keys of m are valid UTF-8 and that none is there
// twice.
func hasPlainKeys(m pcommon.Map) bool { return !mayShadow(m) }

// isPlainValue says that cleanValue, asked with the same depth, would not
// change v.
func isPlainValue(v pcommon.Value, depth int) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return utf8.ValidString(v.Str())
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
