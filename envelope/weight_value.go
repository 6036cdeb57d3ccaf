package envelope

import (
	"encoding/base64"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// textGrowth is by how much a text grows when it is cleaned.
func textGrowth(s string) int {
	if isValid(s) {
		return 0
	}
	return (len(replacement) - 1) * invalidBytes(s)
}

// growth is by how much the Protocol Buffers size of a value grows when it is
// cleaned. What grows also lengthens the lengths before what it stands in.
func growth(v pcommon.Value, depth int) int {
	const lengths = 12
	grown := 0
	switch v.Type() {
	case pcommon.ValueTypeStr:
		grown = textGrowth(v.Str())
	case pcommon.ValueTypeDouble:
		grown = len(unrepresentable(v.Double()))
	case pcommon.ValueTypeBytes:
		grown = base64.StdEncoding.EncodedLen(v.Bytes().Len())
	case pcommon.ValueTypeMap:
		if depth >= maxDepth {
			grown = len(AppendJSON(nil, v))
			break
		}
		return mapGrowth(entriesOf(v), depth+1)
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			grown = len(AppendJSON(nil, v))
			break
		}
		sum := 0
		for _, element := range elementsOf(v).All() {
			sum += growth(element, depth+1)
		}
		return sum
	}
	if grown == 0 {
		return 0
	}
	return grown + lengths*(depth+1)
}

func mapGrowth(m pcommon.Map, depth int) int {
	sum, invalid := 0, 0
	for key, v := range m.All() {
		sum += growth(v, depth)
		invalid += textGrowth(key)
	}
	if invalid > 0 {
		// Entries beyond maxRenamedKeys end up in one JSON text.
		invalid += 12 * (depth + 1)
		if m.Len() > maxRenamedKeys {
			invalid += len(AppendJSONMap(nil, m))
		}
	}
	return sum + invalid
}

// jsonLen is at least the length of the JSON of a cleaned value.
func jsonLen(v pcommon.Value, depth int) int {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return jsonStringLen(v.Str())
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		return weightValue
	case pcommon.ValueTypeBytes:
		return 2 + base64.StdEncoding.EncodedLen(v.Bytes().Len())
	case pcommon.ValueTypeMap:
		if depth >= maxDepth {
			return jsonStringLen(string(AppendJSON(nil, v)))
		}
		return jsonMapLen(entriesOf(v), depth+1)
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			return jsonStringLen(string(AppendJSON(nil, v)))
		}
		sum := 2
		for _, element := range elementsOf(v).All() {
			sum += 1 + jsonLen(element, depth+1)
		}
		return sum
	}
	return len("false")
}

func jsonMapLen(m pcommon.Map, depth int) int {
	sum, invalid := 2, false
	for key, v := range m.All() {
		sum += 2 + jsonStringLen(key) + jsonLen(v, depth)
		invalid = invalid || !utf8.ValidString(key)
	}
	if invalid && m.Len() > maxRenamedKeys {
		sum += jsonStringLen(string(AppendJSONMap(nil, m)))
	}
	return sum
}
