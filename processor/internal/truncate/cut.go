package truncate

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	ellipsis   = "…"
	markBefore = "…[truncated "
	markAfter  = " bytes]"
	// minMarked is the size below which a cut string ends in an ellipsis only,
	// so that the mark does not take what it is about.
	minMarked = 64
)

// cut returns the beginning of s and a mark that tells how many bytes of s are
// missing, in at most limit bytes. boundary moves a place in s back to one
// where it can be cut.
func cut(s string, limit int, boundary func(s string, at int) int) string {
	if len(s) <= limit {
		return s
	}
	if limit < len(ellipsis) {
		return s[:boundary(s, limit)]
	}
	if limit < minMarked {
		return s[:boundary(s, limit-len(ellipsis))] + ellipsis
	}
	digits := len(strconv.Itoa(len(s)))
	at := boundary(s, limit-len(markBefore)-digits-len(markAfter))
	return s[:at] + markBefore + strconv.Itoa(len(s)-at) + markAfter
}

// textBoundary cuts between characters. Bytes that are no UTF-8 can be cut
// anywhere.
func textBoundary(s string, at int) int {
	if at == len(s) {
		return at
	}
	for back := range min(utf8.UTFMax, at+1) {
		if utf8.RuneStart(s[at-back]) {
			return at - back
		}
	}
	return at
}

// jsonBoundary cuts the inside of a JSON string between characters and
// escapes.
func jsonBoundary(s string, at int) int {
	for pos := 0; ; {
		next := strings.IndexByte(s[pos:at], '\\')
		if next < 0 {
			return textBoundary(s, at)
		}
		start := pos + next
		pos = start + escapeLen(s[start:])
		if pos > at {
			return start
		}
	}
}

// escapeLen is the length of the character that s, the inside of a valid JSON
// string from a backslash on, begins with. Two surrogates are one character.
func escapeLen(s string) int {
	if s[1] != 'u' {
		return 2
	}
	if isSurrogate(s, "89aAbB") && len(s) >= 12 && isSurrogate(s[6:], "cCdDeEfF") {
		return 12
	}
	return 6
}

// isSurrogate says that s begins with \ud and one of the digits.
func isSurrogate(s, digits string) bool {
	return s[0] == '\\' && s[1] == 'u' && (s[2] == 'd' || s[2] == 'D') && strings.IndexByte(digits, s[3]) >= 0
}

// cutList keeps the entries of a comma-separated list that limit has room for.
// It leaves no mark, which would be no entry.
func cutList(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:max(0, strings.LastIndexByte(s[:limit+1], ','))]
}
