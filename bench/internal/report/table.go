package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Metric is a column of a Table.
type Metric struct {
	// Key is how measurements name it.
	Key string
	// Title is how the table heads it, with the unit.
	Title string
	// Decimals are how many are written.
	Decimals int
	// Relative adds a column with the ratio to the first variant.
	Relative bool
}

// Bound is a promise about one metric of one variant.
type Bound struct {
	Title   string
	Metric  string
	Variant string
	// Against is the variant that the metric is divided by; empty means that
	// Limit is absolute.
	Against string
	// Limit is the largest median that keeps the promise.
	Limit float64
}

// Table is the outcome of one scenario. It is filled by one goroutine.
type Table struct {
	Title    string
	Variants []string
	Metrics  []Metric
	series   map[string]map[string]Series
}

// NewTable makes an empty table with a row per variant, the first of which the
// others are compared with.
func NewTable(title string, variants []string, metrics []Metric) *Table {
	return &Table{Title: title, Variants: variants, Metrics: metrics, series: map[string]map[string]Series{}}
}

// Add appends the figures of one round of one variant.
func (t *Table) Add(variant string, figures map[string]float64) {
	if t.series[variant] == nil {
		t.series[variant] = map[string]Series{}
	}
	for metric, value := range figures {
		t.series[variant][metric] = append(t.series[variant][metric], value)
	}
}

// Series is what was measured of a variant; empty when nothing was.
func (t *Table) Series(variant, metric string) Series { return t.series[variant][metric] }

// WriteMarkdown writes medians and spreads.
func (t *Table) WriteMarkdown(w io.Writer) error {
	head := []string{"pipeline"}
	for _, m := range t.Metrics {
		head = append(head, m.Title)
		if m.Relative {
			head = append(head, "× "+t.Variants[0])
		}
	}
	rows := make([][]string, 0, 2+len(t.Variants))
	rows = append(rows, head, rule(len(head)))
	for _, v := range t.Variants {
		row := []string{v}
		for _, m := range t.Metrics {
			s := t.Series(v, m.Key)
			row = append(row, s.Format(m.Decimals))
			if m.Relative {
				row = append(row, s.Over(t.Series(t.Variants[0], m.Key)).Format(2))
			}
		}
		rows = append(rows, row)
	}
	_, err := fmt.Fprintf(w, "\n### %s\n\n%s\n", t.Title, grid(rows))
	return err
}

// Judge writes a line per bound and says how many are violated. A bound on a
// variant that is not in the table is left out; one that is but was not measured
// is violated.
func (t *Table) Judge(w io.Writer, bounds []Bound) (violated int, err error) {
	for _, b := range bounds {
		if !slices.Contains(t.Variants, b.Variant) || (b.Against != "" && !slices.Contains(t.Variants, b.Against)) {
			continue
		}
		measured, unit := t.Series(b.Variant, b.Metric), ""
		if b.Against != "" {
			measured, unit = measured.Over(t.Series(b.Against, b.Metric)), "×"
		}
		verdict := "PASS"
		if len(measured) == 0 || !(measured.Median() <= b.Limit) {
			verdict = "OVER"
			violated++
		}
		if _, err := fmt.Fprintf(w, "%s  %s: %s%s, at most %.4g%s\n",
			verdict, b.Title, measured.Format(3), unit, b.Limit, unit); err != nil {
			return violated, err
		}
	}
	return violated, nil
}

func rule(columns int) []string {
	cells := make([]string, columns)
	for i := range cells {
		cells[i] = "---"
	}
	return cells
}

// grid writes rows as Markdown, columns aligned for people who read it raw.
func grid(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for r, row := range rows {
		for i, cell := range row {
			pad := " "
			if r == 1 {
				pad = "-"
			}
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(pad, widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
	}
	return b.String()
}
