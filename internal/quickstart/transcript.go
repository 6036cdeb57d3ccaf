package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	lineWidth  = 88
	mostLines  = 4
	indent     = 12
	mostShown  = 12
	cutMessage = " …"
)

// mostTelling is the envelope that shows best what a conversation looks like:
// one with tools, then one with many messages; nil when none has any. Messages
// that came as logs of one millisecond, shuffled, may read in any order.
func mostTelling(envelopes []envelope) *envelope {
	var best *envelope
	most := 0
	for i := range envelopes {
		e := &envelopes[i]
		points := 0
		for _, c := range e.Calls {
			if len(c.InputMessages) == 0 || len(c.OutputMessages) == 0 || c.ContentSource["input_messages"] == "message_log" {
				continue
			}
			for _, m := range c.messages() {
				points++
				for _, p := range m.Parts {
					if strings.HasPrefix(p.Type, "tool_call") {
						points += 3
					}
				}
			}
		}
		if points > most {
			best, most = e, points
		}
	}
	return best
}

// messages is the conversation of a call, from the system's instructions on.
func (c *call) messages() []message {
	var all []message
	if len(c.SystemInstructions) > 0 {
		all = append(all, message{Role: "system", Parts: c.SystemInstructions})
	}
	all = append(all, c.InputMessages...)
	return append(all, c.OutputMessages...)
}

// transcript shows an envelope's first call with messages.
func transcript(out *screen, e *envelope) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", out.bold("One of them, read as a conversation:"), out.dim("request "+e.RequestID))
	for _, c := range e.Calls {
		all := c.messages()
		if len(all) == 0 {
			continue
		}
		if skipped := len(all) - mostShown; skipped > 0 {
			fmt.Fprintf(&text, "%*s %s\n", indent-1, "", out.dim(fmt.Sprintf("%d earlier messages", skipped)))
			all = all[skipped:]
		}
		for _, m := range all {
			role := m.Role
			for _, p := range m.Parts {
				for i, line := range wrap(p.text(), lineWidth, mostLines) {
					if i > 0 {
						role = ""
					}
					fmt.Fprintf(&text, "  %s %s\n", out.cyan(fmt.Sprintf("%-*s", indent-3, cut(role, indent-3))), line)
				}
				role = ""
			}
		}
		break
	}
	return text.String()
}

// text is a part as one reads it.
func (p *part) text() string {
	switch p.Type {
	case "text":
		return asText(p.Content)
	case "reasoning":
		return "(thinks) " + asText(p.Content)
	case "tool_call":
		return "→ " + p.Name + "(" + asText(p.Arguments) + ")"
	case "tool_call_response":
		if p.Response == nil {
			return "← " + asText(p.Result)
		}
		return "← " + asText(p.Response)
	}
	return "[" + p.Type + "]"
}

func asText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}

// wrap breaks text into lines of a width, at spaces where there are any, and
// shows no more than so many of them.
func wrap(text string, width, most int) []string {
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, line)
			line = ""
		}
	}
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			flush()
		}
		for utf8.RuneCountInString(word) > width {
			runes := []rune(word)
			lines = append(lines, string(runes[:width]))
			word = string(runes[width:])
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] += cutMessage
	}
	if len(lines) == 0 {
		lines = []string{""}
	}
	return lines
}
