package envelope

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What arrives may hold what neither JSON nor a strict OTLP reader accepts.
// Both forms of the body therefore carry values that were cleaned here, by the
// rules of AppendJSON: text is valid UTF-8, bytes and the doubles that JSON
// cannot write are strings, a map has each key once. Everything else of the
// user's stays as it came, null and empty values included: an attribute that
// was set to nothing was set.
//
// Protocol Buffers readers other than Go's refuse messages that are nested
// deeper than 100. A level of maps costs three messages and what stands above
// a value in an outgoing batch 13, so below maxDepth levels a map or list is
// given as its JSON text.
const maxDepth = 28

// maxRenamedKeys bounds the entries of one map that are put back under a
// corrected key, which costs a look at every other entry. Entries beyond it
// are given together as one JSON text.
const maxRenamedKeys = 64

const replacement = "\uFFFD"

// validText is s with each byte that is not part of valid UTF-8 replaced by
// U+FFFD.
func validText(s string) string {
	if isValid(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + invalidBytes(s)*(len(replacement)-1))
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// invalidBytes counts the bytes of s that are not part of valid UTF-8.
func invalidBytes(s string) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			n++
		}
		i += size
	}
	return n
}

// cleanMap cleans the values and keys of m, which stand depth levels below a
// key of the envelope.
func cleanMap(m pcommon.Map, depth int) {
	if shadowed := shadowedEntries(m); shadowed != nil {
		i := -1
		m.RemoveIf(func(string, pcommon.Value) bool {
			i++
			return shadowed[i]
		})
	}
	invalid := false
	for k, v := range m.All() {
		invalid = invalid || !utf8.ValidString(k)
		cleanValue(v, depth)
	}
	if invalid {
		renameInvalidKeys(m)
	}
}

func cleanValue(v pcommon.Value, depth int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		if s := v.Str(); !utf8.ValidString(s) {
			v.SetStr(validText(s))
		}
	case pcommon.ValueTypeDouble:
		if text := unrepresentable(v.Double()); text != "" {
			v.SetStr(text)
		}
	case pcommon.ValueTypeBytes:
		v.SetStr(base64.StdEncoding.EncodeToString(v.Bytes().AsRaw()))
	case pcommon.ValueTypeMap:
		if depth >= maxDepth {
			v.SetStr(string(AppendJSON(nil, v)))
			return
		}
		cleanMap(entriesOf(v), depth+1)
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			v.SetStr(string(AppendJSON(nil, v)))
			return
		}
		for _, element := range elementsOf(v).All() {
			cleanValue(element, depth+1)
		}
	}
}

// foldDeep does of cleaning what is left for a value that was made of plain
// ones: it gives what is nested too deep as JSON text.
func foldDeep(v pcommon.Value, depth int) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		if depth >= maxDepth {
			v.SetStr(string(AppendJSON(nil, v)))
			return
		}
		for _, entry := range entriesOf(v).All() {
			foldDeep(entry, depth+1)
		}
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			v.SetStr(string(AppendJSON(nil, v)))
			return
		}
		for _, element := range elementsOf(v).All() {
			foldDeep(element, depth+1)
		}
	}
}

// renameInvalidKeys puts the entries of m whose key is not UTF-8 under the
// corrected key, at the end of m. Corrected keys that were there already have
// been sorted out before.
func renameInvalidKeys(m pcommon.Map) {
	renamed := pcommon.NewMap()
	var rest []byte
	m.RemoveIf(func(k string, v pcommon.Value) bool {
		if utf8.ValidString(k) {
			return false
		}
		if renamed.Len() < maxRenamedKeys {
			v.MoveTo(renamed.PutEmpty(validText(k)))
			return true
		}
		if rest == nil {
			rest = append(rest, '{')
		} else {
			rest = append(rest, ',')
		}
		rest = appendJSONString(rest, k)
		rest = append(rest, ':')
		rest = AppendJSON(rest, v)
		return true
	})
	for k, v := range renamed.All() {
		v.MoveTo(m.PutEmpty(k))
	}
	if rest != nil {
		key := replacement
		for _, taken := m.Get(key); taken; _, taken = m.Get(key) {
			key += replacement
		}
		m.PutStr(key, string(append(rest, '}')))
	}
}

// fewEntries is up to how many entries a map is searched entry by entry for
// repeated keys, rather than through a hash table.
const fewEntries = 48

// shadowedEntries says which entries of m are followed by another one with the
// same key, in their corrected spelling; nil when none is.
func shadowedEntries(m pcommon.Map) []bool {
	if hasPlainKeys(m) {
		return nil
	}
	n := m.Len()
	last := make(map[string]int, n)
	i := 0
	for k := range m.All() {
		last[validText(k)] = i
		i++
	}
	if len(last) == n {
		return nil
	}
	shadowed := make([]bool, n)
	i = 0
	for k := range m.All() {
		shadowed[i] = last[validText(k)] != i
		i++
	}
	return shadowed
}

// entriesOf is the map of a value whose type is map. pdata has an invalid Map
// for one that came without its list.
func entriesOf(v pcommon.Value) pcommon.Map {
	if m := v.Map(); m != (pcommon.Map{}) {
		return m
	}
	return pcommon.NewMap()
}

// elementsOf is the list of a value whose type is slice, likewise.
func elementsOf(v pcommon.Value) pcommon.Slice {
	if s := v.Slice(); s != (pcommon.Slice{}) {
		return s
	}
	return pcommon.NewSlice()
}
