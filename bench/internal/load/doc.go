// Package load makes the traffic of the benches and sends it.
//
// A Unit is marshalled once; before each send only the ids inside it are
// overwritten in place, so that the generator costs little beside the collector
// that it shares a machine with, and every variant is sent the same bytes but
// for the ids. The package knows OTLP and the GenAI conventions; it must not
// know which collector listens, nor how anything is measured. The bench
// command calls it.
package load
