// Package report turns measurements of interleaved rounds into medians, ratios
// and verdicts, and writes them as Markdown. It knows numbers only; it must not
// know what was measured. The bench command calls it.
package report
