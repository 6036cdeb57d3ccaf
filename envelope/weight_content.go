package envelope

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// weighing looks at what may become messages.
type weighing struct {
	builder *Builder
	// unclean says that something was seen that is not plain.
	unclean bool
}

// assembled bounds the size of v once it was assembled into messages: JSON in
// texts parsed, objects and elements turned into messages and parts.
func (w *weighing) assembled(v pcommon.Value, depth int) int {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		if depth > 0 {
			return w.nestedText(v.Str())
		}
		return w.assembledText(v.Str())
	case pcommon.ValueTypeMap:
		m := entriesOf(v)
		w.unclean = w.unclean || depth >= maxDepth || !hasPlainKeys(m)
		weight := weightObject + w.folded(v, depth)
		for key, entry := range m.All() {
			weight += w.nestedText(key) + w.assembled(entry, depth+1)
		}
		return weight
	case pcommon.ValueTypeSlice:
		w.unclean = w.unclean || depth >= maxDepth
		weight := weightValue + w.folded(v, depth)
		for _, element := range elementsOf(v).All() {
			weight += w.assembled(element, depth+1)
			if element.Type() != pcommon.ValueTypeMap {
				weight += weightElement
			}
		}
		return weight
	case pcommon.ValueTypeBytes:
		w.unclean = true
		return weightValue + base64.StdEncoding.EncodedLen(v.Bytes().Len())
	}
	w.unclean = w.unclean || !isPlainScalar(v)
	return weightValue
}

// folded is the size of a value that is nested so deep that it, or something in
// it, is given as JSON text once a few more levels stand above it.
func (w *weighing) folded(v pcommon.Value, depth int) int {
	const wrapping = 8
	if depth != maxDepth-wrapping {
		return 0
	}
	return w.builder.text(string(AppendJSON(nil, v)))
}

// assembledText bounds the size of a text that is parsed if it is JSON.
func (w *weighing) assembledText(s string) int {
	weight := weightValue + w.builder.text(s)
	w.unclean = w.unclean || !utf8.ValidString(s)
	if looksLikeJSON(s) {
		weight += jsonStructure(s) + 3*separators(s)
	}
	return weight
}

// nestedText bounds the size of a text in a list or map, which as a whole may
// be given as JSON text where a message has room for text alone.
func (w *weighing) nestedText(s string) int {
	weight := len(s) + 2
	if plainPrefix(s) != len(s) {
		weight = jsonStringLen(s)
		if !utf8.ValidString(s) {
			w.unclean = true
			weight += 3 * invalidBytes(s)
		}
		weight += 3 * separators(s)
	}
	if w.builder.options.Body == BodyJSON {
		// What was escaped is escaped once more: a quote takes four bytes.
		weight += 2 * (weight - len(s))
	}
	if looksLikeJSON(s) {
		weight += jsonStructure(s)
	}
	return weightValue + weight
}

// separators counts the line separators that some JSON writers escape.
func separators(s string) int {
	return strings.Count(s, "\u2028") + strings.Count(s, "\u2029")
}

// looksLikeJSON says that text starts as a JSON list or object does, or a JSON
// string with one.
func looksLikeJSON(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\r', '\n', '"', '\\':
		case '[', '{':
			return true
		default:
			return false
		}
	}
	return false
}

// jsonStructure bounds by how much JSON text grows when it is parsed and
// assembled: it counts objects, entries and elements. Within strings it counts
// where these look like JSON themselves. Of what is no JSON it makes some
// number.
func jsonStructure(s string) int {
	weight := 0
	var within containers
	for len(s) > 0 {
		switch s[0] {
		case '{':
			weight += weightObject
			within.push(false)
		case '[':
			within.push(true)
			weight += elementAfter(s)
		case ']', '}':
			within.pop()
		case ',':
			if within.list() {
				weight += elementAfter(s)
			}
		case ':':
			weight += weightValue
		case '"':
			text, rest := cutJSONString(s[1:])
			if looksLikeJSON(text) {
				weight += structureOf(text)
			}
			s = rest
			continue
		}
		s = s[1:]
	}
	return weight
}

// elementAfter is the weight of the list element that follows a bracket or
// comma; that of an object is counted with its brace.
func elementAfter(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
		case '{', ']':
			return weightValue
		default:
			return weightValue + weightElement
		}
	}
	return 0
}

// containers knows for the innermost 64 open containers whether they are lists,
// the innermost in the lowest bit. What is further out reads as a list.
type containers uint64

func (c *containers) push(list bool) {
	*c <<= 1
	if list {
		*c |= 1
	}
}

func (c *containers) pop()      { *c = *c>>1 | 1<<63 }
func (c containers) list() bool { return c&1 == 1 }

// cutJSONString parts a string, whose opening quote is gone, from what follows
// its closing quote.
func cutJSONString(s string) (text, rest string) {
	for i := 0; i < len(s); {
		i += plainPrefix(s[i:])
		switch {
		case i >= len(s):
		case s[i] == '"':
			return s[:i], s[i+1:]
		case s[i] == '\\':
			i += 2
		default:
			i++
		}
	}
	return s, ""
}

// structureOf is jsonStructure for JSON in a JSON string, whose own strings are
// not told apart.
func structureOf(s string) int {
	return weightObject*strings.Count(s, "{") +
		weightElement*(strings.Count(s, "[")+strings.Count(s, ",")) +
		weightValue*strings.Count(s, ":")
}
