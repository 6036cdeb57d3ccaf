package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// column is one column of the table: its widest width, whether numbers stand
// to the right, and its cell of an envelope.
type column struct {
	title string
	most  int
	right bool
	cell  func(*envelope) string
}

var columns = []column{
	{"started", 8, false, func(e *envelope) string { return e.StartedAt.Local().Format(time.TimeOnly) }},
	{"kind", 10, false, func(e *envelope) string { return e.Kind }},
	{"model, agent or tool", 24, false, (*envelope).subject},
	{"provider", 11, false, func(e *envelope) string { return e.provider }},
	{"in", 7, true, func(e *envelope) string { return count(e.Usage.InputTokens) }},
	{"out", 7, true, func(e *envelope) string { return count(e.Usage.OutputTokens) }},
	{"took", 8, true, func(e *envelope) string { return took(e.DurationNS) }},
	{"status", 20, false, (*envelope).outcome},
	{"finish", 9, false, func(e *envelope) string { return e.finish }},
	{"events", 6, true, func(e *envelope) string { return strconv.Itoa(e.Counts.Events) }},
	{"flushed", 9, false, (*envelope).flushed},
}

// table has columns as wide as the envelopes it is made for need.
type table struct{ widths []int }

func newTable(envelopes []envelope) *table {
	t := &table{widths: make([]int, len(columns))}
	for i, c := range columns {
		t.widths[i] = utf8.RuneCountInString(c.title)
		for j := range envelopes {
			t.widths[i] = max(t.widths[i], min(c.most, utf8.RuneCountInString(c.cell(&envelopes[j]))))
		}
	}
	return t
}

func (t *table) header(out *screen) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.title
	}
	return out.bold(t.line(cells)) + "\n"
}

func (t *table) row(out *screen, e *envelope) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.cell(e)
	}
	line := t.line(cells)
	switch e.Status {
	case "error":
		line = out.red(line)
	case "unknown":
		line = out.dim(line)
	}
	return line + "\n"
}

func (t *table) line(cells []string) string {
	var line strings.Builder
	for i, cell := range cells {
		if cell == "" {
			cell = "-"
		}
		cell = cut(cell, t.widths[i])
		fill := strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(cell))
		if i > 0 {
			line.WriteString("  ")
		}
		if columns[i].right {
			cell, fill = fill, cell
		}
		line.WriteString(cell + fill)
	}
	return strings.TrimRight(line.String(), " ")
}

// subject is what the request was for.
func (e *envelope) subject() string {
	switch {
	case e.Kind == "tool" && e.tool != "":
		return e.tool
	case e.Kind == "agent" && e.agent != "":
		return e.agent
	case e.model != "":
		return e.model
	case len(e.Calls) > 0:
		return e.Calls[0].Name
	}
	return ""
}

func (e *envelope) outcome() string {
	if e.Status == "error" && e.Error.Type != "" {
		return "error: " + e.Error.Type
	}
	return e.Status
}

func (e *envelope) flushed() string {
	if e.Part > 1 {
		return fmt.Sprintf("%s #%d", e.FlushReason, e.Part)
	}
	return e.FlushReason
}

func count(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// took is a duration in three digits or so.
func took(ns int64) string {
	switch d := time.Duration(ns); {
	case d == 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// cut shortens text to a number of characters, and shows that it did.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
