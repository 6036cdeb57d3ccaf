package live

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// contains looks for text in any of its forms.
func (s *held) contains(forms []form) bool {
	for _, e := range s.events {
		for i := range forms {
			if forms[i].in(e.packed) {
				return true
			}
		}
	}
	return false
}

// form is one of the forms in which a text may stand in content, whatever the
// case of its letters.
type form struct {
	// parts follow each other; each may be written in any of some ways. ASCII is
	// in lower case.
	parts [][]string
	// offset is where in it a byte stands that is not seen often, rare the forms
	// of that byte.
	offset int
	rare   []byte
}

// in says whether the form stands somewhere in a text.
func (f *form) in(text string) bool {
	if len(f.parts) == 0 {
		return true
	}
	// next is where each form of the rare byte is next, as far as was looked.
	var next [maxRare]int
	for i := range f.rare {
		next[i] = -1
	}
	for at := f.offset; at < len(text); at++ {
		nearest := len(text)
		for i, c := range f.rare {
			if next[i] < at {
				if next[i] = strings.IndexByte(text[at:], c); next[i] < 0 {
					next[i] = len(text)
				} else {
					next[i] += at
				}
			}
			nearest = min(nearest, next[i])
		}
		if nearest < len(text) && f.begins(text[nearest-f.offset:]) {
			return true
		}
		at = nearest
	}
	return false
}

func (f *form) begins(text string) bool {
	for _, ways := range f.parts {
		length := -1
		for _, way := range ways {
			if len(text) >= len(way) && equalFolded(text[:len(way)], way) {
				length = len(way)
				break
			}
		}
		if length < 0 {
			return false
		}
		text = text[length:]
	}
	return true
}

// equalFolded compares with a text of the same length, whose ASCII is in lower
// case.
func equalFolded(text, lower string) bool {
	for i := range len(lower) {
		if c := text[i]; c != lower[i] && lowerASCII(c) != lower[i] {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// writers write text as it may stand in JSON in a string. Writers of JSON differ
// in what they escape beside what they have to.
var writers = []func(string) string{
	quoted,
	func(text string) string { return escapedAbove(quoted(text)) },                                // Python
	func(text string) string { return strings.ReplaceAll(escapedAbove(quoted(text)), "/", `\/`) }, // PHP
	func(text string) string { return strings.ReplaceAll(quoted(text), "/", `\/`) },               // PHP, Unicode as it is
	func(text string) string { return escapedFor("<>&\u2028\u2029", quoted(text)) },               // Go
	func(text string) string { // .NET
		return escapedAbove(escapedFor("<>&'+`", strings.ReplaceAll(quoted(text), `\"`, `\u0022`)))
	},
}

// formsOf are the forms in which a text may stand in content: as it is, in JSON
// in a string, which is how many instrumentations write messages, and in JSON in
// such JSON, as arguments of tools do. Plain ASCII has one form.
func formsOf(text string) []form {
	all := []form{formOf(text, func(text string) string { return text })}
	add := func(write func(string) string) {
		f := formOf(text, write)
		same := func(other form) bool { return slices.EqualFunc(f.parts, other.parts, slices.Equal) }
		if !slices.ContainsFunc(all, same) {
			all = append(all, f)
		}
	}
	for _, write := range writers {
		add(write)
		add(func(text string) string { return quoted(write(text)) })
	}
	return all
}

// formOf writes a text, what is not ASCII in all its cases.
func formOf(text string, write func(string) string) form {
	var f form
	var literal []byte
	end := func() {
		if len(literal) > 0 {
			f.parts, literal = append(f.parts, []string{string(literal)}), nil
		}
	}
	for text != "" {
		length := strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
		if length < 0 {
			length = len(text)
		}
		literal = appendLower(literal, write(text[:length]))
		text = text[length:]
		if text == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		if ways := waysOf(r, write); len(ways) > 1 {
			end()
			f.parts = append(f.parts, ways)
		} else {
			literal = append(literal, ways[0]...)
		}
	}
	end()
	f.anchor()
	return f
}

// oftenest are bytes that content has many of, those that it has most of first.
const oftenest = " e\"taoinsr,:hld\\cumfpgwy.bv0123456789k_-/{}[]xjqz"

// maxRare is how many forms a byte may have: no character has more than four cases.
const maxRare = 8

// anchor finds the byte to look for.
func (f *form) anchor() {
	if len(f.parts) == 0 {
		return
	}
	if start := f.parts[0]; len(start) == 1 {
		for i, rarest := 0, -1; i < len(start[0]); i++ {
			rank := strings.IndexByte(oftenest, start[0][i])
			if rank < 0 {
				rank = len(oftenest)
			}
			if rank > rarest {
				rarest, f.offset = rank, i
			}
		}
	}
	for _, way := range f.parts[0] {
		c := way[f.offset]
		f.rare = append(f.rare, c, upperASCII(c))
	}
	slices.Sort(f.rare)
	f.rare = slices.Compact(f.rare)
}

// waysOf are the ways to write a character that is not ASCII in all its cases.
func waysOf(r rune, write func(string) string) []string {
	ways := []string{string(appendLower(nil, write(string(r))))}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		ways = append(ways, string(appendLower(nil, write(string(other)))))
	}
	slices.Sort(ways)
	return slices.Compact(ways)
}

// appendLower appends a text with its ASCII in lower case.
func appendLower(dst []byte, text string) []byte {
	for i := range len(text) {
		dst = append(dst, lowerASCII(text[i]))
	}
	return dst
}

func upperASCII(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c + 'A' - 'a'
	}
	return c
}

// quoted is a text as it stands in a JSON string.
func quoted(text string) string {
	s := appendText(nil, text)
	return string(s[1 : len(s)-1])
}

// escapedAbove escapes all but ASCII.
func escapedAbove(text string) string {
	return escaped(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// escapedFor escapes some characters.
func escapedFor(some, text string) string {
	return escaped(text, func(r rune) bool { return strings.ContainsRune(some, r) })
}

// escaped escapes characters as JSON does, by their UTF-16.
func escaped(text string, which func(rune) bool) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, r := range text {
		if !which(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(digits[unit>>shift&0xf])
			}
		}
	}
	return b.String()
}
