package envelope

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AppendJSON appends v as one JSON text to dst and returns the extended slice.
// It is the only JSON encoder of envelopes and of what is shown of them, so
// that a value reads the same wherever it is met:
//
//   - a string is escaped no more than RFC 8259 asks for; each byte that is not
//     part of valid UTF-8 becomes U+FFFD;
//   - bytes are a base64 string (RFC 4648, standard alphabet, padded);
//   - an int is a JSON number with all its digits, also beyond 2^53: RFC 8259
//     sets no range, and a reader that keeps numbers as float64 rounds such a
//     value where a string would have changed its type;
//   - a double is written in the shortest form that reads back as the same
//     number; NaN and the infinities are the strings "NaN", "Infinity" and
//     "-Infinity", as in the JSON mapping of Protocol Buffers;
//   - an empty value is null;
//   - a map keeps its order; of entries with the same key only the last is
//     written.
//
// It never fails and never modifies v, which must not be the zero Value. It
// recurses as deep as v is nested.
func AppendJSON(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendJSONString(dst, v.Str())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return appendJSONDouble(dst, v.Double())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeMap:
		return appendJSONMap(dst, entriesOf(v))
	case pcommon.ValueTypeSlice:
		return appendJSONSlice(dst, elementsOf(v))
	case pcommon.ValueTypeBytes:
		return appendJSONBytes(dst, v.Bytes())
	}
	return append(dst, "null"...)
}

// AppendJSONMap appends m as one JSON object to dst, by the rules of
// AppendJSON.
func AppendJSONMap(dst []byte, m pcommon.Map) []byte {
	return appendJSONMap(dst, m)
}

func appendJSONMap(dst []byte, m pcommon.Map) []byte {
	shadowed := shadowedEntries(m)
	dst = append(dst, '{')
	first := true
	i := -1
	for k, v := range m.All() {
		i++
		if shadowed != nil && shadowed[i] {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendJSONString(dst, k)
		dst = append(dst, ':')
		dst = AppendJSON(dst, v)
	}
	return append(dst, '}')
}

func appendJSONSlice(dst []byte, s pcommon.Slice) []byte {
	dst = append(dst, '[')
	for i, v := range s.All() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, v)
	}
	return append(dst, ']')
}

func appendJSONBytes(dst []byte, b pcommon.ByteSlice) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b.AsRaw())
	return append(dst, '"')
}

// appendJSONDouble writes numbers as ECMAScript does, which is the form that
// most JSON writers share.
func appendJSONDouble(dst []byte, f float64) []byte {
	if text := unrepresentable(f); text != "" {
		return appendJSONString(dst, text)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if format == 'e' {
		// A one-digit exponent is written without the zero before it.
		if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
	}
	return dst
}

// unrepresentable is the text for a double that JSON has no number for, or "".
func unrepresentable(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return ""
}

const hexDigits = "0123456789abcdef"

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		s = s[n:]
		if s == "" {
			return append(dst, '"')
		}
		if c := s[0]; c < utf8.RuneSelf {
			dst = appendEscaped(dst, c)
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, replacement...)
		} else {
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// jsonStringLen is the number of bytes that appendJSONString appends.
func jsonStringLen(s string) int {
	total := len(s) + 2
	if n := plainPrefix(s); n == len(s) {
		return total
	} else if !utf8.ValidString(s[n:]) {
		total += (len(replacement) - 1) * invalidBytes(s[n:])
	}
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if escaped(word(s, i)) == 0 {
			continue
		}
		for j := i; j < i+8; j++ {
			total += int(escapeGrowth[s[j]])
		}
	}
	for ; i < len(s); i++ {
		total += int(escapeGrowth[s[i]])
	}
	return total
}

// escapeGrowth is by how many bytes a byte grows when it is escaped.
var escapeGrowth = func() (growth [256]uint8) {
	for c := range byte(0x20) {
		growth[c] = uint8(len(appendEscaped(nil, c)) - 1)
	}
	growth['"'], growth['\\'] = 1, 1
	return growth
}()

// escaped is not zero when one of the bytes is escaped in JSON: below 0x20, a
// quote or a backslash.
func escaped(w uint64) uint64 {
	low := w ^ ones*0x02
	slash := w ^ ones*'\\'
	return ((low-ones*0x21)&^low | (slash-ones)&^slash) & highs
}

// plainPrefix is the length of the prefix of s that stands in a JSON string as
// it is: ASCII without quote, backslash and control characters. It looks at
// many bytes at a time, since nearly all content is plain.
func plainPrefix(s string) int {
	i := 0
	for ; i+32 <= len(s); i += 32 {
		b := s[i : i+32]
		if (special(word(b, 0)) | special(word(b, 8)) | special(word(b, 16)) | special(word(b, 24))) != 0 {
			break
		}
	}
	for ; i+8 <= len(s); i += 8 {
		if special(word(s, i)) != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// word are the 8 bytes of s from i on.
func word(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special is not zero when one of the bytes is not ASCII, is below 0x20, a quote
// or a backslash. A byte's high bit is set in that case. A borrow can only set
// more bits than that; whoever asks then looks closely.
func special(w uint64) uint64 {
	// With its second bit turned a quote follows the control characters.
	low := w ^ ones*0x02
	slash := w ^ ones*'\\'
	return (w | (low - ones*0x21) | (slash - ones)) & highs
}
