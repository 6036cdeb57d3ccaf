package live

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// contains looks for text in any of its forms.
func (s *held) contains(forms []string) bool {
	for _, e := range s.events {
		for _, form := range forms {
			if strings.Contains(e.packed, form) {
				return true
			}
		}
	}
	return false
}

// formsOf are the forms in which a text may stand in content: as it is, in JSON
// in a string, which is how many instrumentations write messages, and in JSON in
// such JSON, as arguments of tools do. Writers of JSON differ in what they escape
// beside what they have to. Plain ASCII has one form.
func formsOf(text string) []string {
	least := quoted(text)
	forms := []string{
		text, least,
		escapedAbove(least, lowerDigits), // Python
		escapedAbove(least, upperDigits),
		strings.ReplaceAll(escapedAbove(least, lowerDigits), "/", `\/`), // PHP
		strings.ReplaceAll(least, "/", `\/`),
		escapedFor("<>&\u2028\u2029", least, lowerDigits), // Go
		escapedAbove(escapedFor("<>&'+`", strings.ReplaceAll(least, `\"`, `\u0022`), upperDigits), upperDigits), // .NET
	}
	for _, form := range forms[1:] {
		forms = append(forms, quoted(form))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// quoted is a text as it stands in a JSON string.
func quoted(text string) string {
	s := appendText(nil, text)
	return string(s[1 : len(s)-1])
}

const (
	lowerDigits = "0123456789abcdef"
	upperDigits = "0123456789ABCDEF"
)

// escapedAbove escapes all but ASCII.
func escapedAbove(text, digits string) string {
	return escaped(text, digits, func(r rune) bool { return r >= utf8.RuneSelf })
}

// escapedFor escapes some characters.
func escapedFor(some, text, digits string) string {
	return escaped(text, digits, func(r rune) bool { return strings.ContainsRune(some, r) })
}

// escaped escapes characters as JSON does, by their UTF-16.
func escaped(text, digits string, which func(rune) bool) string {
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
