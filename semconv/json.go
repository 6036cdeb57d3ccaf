package semconv

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	// maxJSONDepth bounds the nesting of JSON text that is worth showing as
	// structure; pdata's own readers recurse as deep as the data.
	maxJSONDepth = 64
	// maxKeyComparisons bounds the work of telling repeated keys, which pdata
	// finds by looking at every key before: quadratic in the keys of one
	// object. It is reached with about 8,000 keys in one object.
	maxKeyComparisons = 32 << 20
	// maxDoubleDigits is how many significant digits any double can need.
	maxDoubleDigits = 17
)

var jsonConfig = jsoniter.Config{}.Froze()

// ParseJSON reads one JSON value (RFC 8259) into dst. False leaves dst empty
// and means that s should stay text: it is no JSON, something follows the
// value, it is not UTF-8, nested deeper than 64 levels, or has objects of
// thousands of keys.
//
// Integers become ints, other numbers doubles; a number that would lose digits
// on the way (an integer beyond 64 bits, a fraction of more than 17 digits, an
// exponent out of range) becomes a string of its digits. Of a repeated key the
// last value counts.
func ParseJSON(s string, dst pcommon.Value) bool {
	_ = dst.FromRaw(nil)
	if !utf8.ValidString(s) {
		return false
	}
	iter := jsonConfig.BorrowIterator([]byte(s))
	defer jsonConfig.ReturnIterator(iter)
	r := jsonReader{iter: iter}
	ok := r.value(dst, 0)
	if ok {
		// What follows must be the end: with nothing left the iterator
		// reports io.EOF and no next value.
		ok = iter.WhatIsNext() == jsoniter.InvalidValue && iter.Error == io.EOF
	}
	if ok && (r.emptyKey || hasControl(s)) {
		// The iterator takes a bare null for an empty key, and control
		// characters in a string that has escapes. Both are rare enough to
		// look twice.
		ok = json.Valid([]byte(s))
	}
	if !ok {
		_ = dst.FromRaw(nil)
	}
	return ok
}

// ParseJSONContainer is ParseJSON for text that is to be a JSON list or object;
// anything else is refused, without reading it and with dst as it was.
func ParseJSONContainer(s string, dst pcommon.Value) bool {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\n', '\r':
		case '{', '[':
			return ParseJSON(s, dst)
		default:
			return false
		}
	}
	return false
}

type jsonReader struct {
	iter        *jsoniter.Iterator
	comparisons int
	emptyKey    bool
}

func (r *jsonReader) value(dst pcommon.Value, depth int) bool {
	switch r.iter.WhatIsNext() {
	case jsoniter.StringValue:
		dst.SetStr(r.iter.ReadString())
	case jsoniter.NumberValue:
		return r.number(dst)
	case jsoniter.BoolValue:
		dst.SetBool(r.iter.ReadBool())
	case jsoniter.NilValue:
		r.iter.ReadNil()
		_ = dst.FromRaw(nil)
	case jsoniter.ArrayValue:
		return depth < maxJSONDepth && r.array(dst.SetEmptySlice(), depth+1)
	case jsoniter.ObjectValue:
		return depth < maxJSONDepth && r.object(dst.SetEmptyMap(), depth+1)
	default:
		return false
	}
	return r.ok()
}

func (r *jsonReader) array(dst pcommon.Slice, depth int) bool {
	return r.iter.ReadArrayCB(func(*jsoniter.Iterator) bool {
		return r.value(dst.AppendEmpty(), depth)
	}) && r.ok()
}

func (r *jsonReader) object(dst pcommon.Map, depth int) bool {
	return r.iter.ReadMapCB(func(_ *jsoniter.Iterator, key string) bool {
		r.comparisons += dst.Len()
		r.emptyKey = r.emptyKey || key == ""
		return r.comparisons <= maxKeyComparisons && r.value(dst.PutEmpty(key), depth)
	}) && r.ok()
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' {
			return true
		}
	}
	return false
}

func (r *jsonReader) ok() bool { return r.iter.Error == nil || r.iter.Error == io.EOF }

func (r *jsonReader) number(dst pcommon.Value) bool {
	text := string(r.iter.ReadNumber())
	if !r.ok() {
		return false
	}
	n, ok := scanNumber(text)
	if !ok {
		return false
	}
	if n.integer {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil && (i != 0 || text[0] != '-') {
			dst.SetInt(i)
			return true
		}
	}
	d, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil, n.integer && n.digits > 0, n.digits > maxDoubleDigits, d == 0 && n.digits > 0:
		dst.SetStr(text)
	default:
		dst.SetDouble(d)
	}
	return true
}

// jsonNumber is what a number's text tells before it is converted.
type jsonNumber struct {
	// integer says that it has neither fraction nor exponent.
	integer bool
	// digits counts the significant digits: without leading zeros.
	digits int
}

// scanNumber checks text against RFC 8259's grammar of numbers; the iterator
// takes any run of their characters.
func scanNumber(text string) (n jsonNumber, ok bool) {
	rest := strings.TrimPrefix(text, "-")
	whole := digitRun(rest)
	if whole == 0 || (whole > 1 && rest[0] == '0') {
		return n, false
	}
	mantissa := rest[:whole]
	rest = rest[whole:]
	n.integer = rest == ""
	n.digits = len(strings.TrimLeft(mantissa, "0"))
	if strings.HasPrefix(rest, ".") {
		fraction := digitRun(rest[1:])
		if fraction == 0 {
			return n, false
		}
		decimals := rest[1 : 1+fraction]
		if n.digits == 0 {
			decimals = strings.TrimLeft(decimals, "0")
		}
		n.digits += len(decimals)
		rest = rest[1+fraction:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		exponent := digitRun(rest)
		if exponent == 0 {
			return n, false
		}
		rest = rest[exponent:]
	}
	return n, rest == ""
}

func digitRun(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
