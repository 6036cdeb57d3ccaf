// Package e2e runs the built collector as its users do: as a process with a
// configuration file, fed over OTLP, read from behind its exporters.
//
// It knows the binary (OTELCOL_GENAI, else dist/otelcol-genai), the recorded
// telemetry in testdata/captures, the examples and the published shape of the
// envelope. It must never import the components: what it asserts is what an
// outsider can see. Nobody calls it but `go test`.
//
// A missing binary fails the tests with the command that builds it. Nothing
// here sleeps to let something happen: the tests wait for what the collector
// says, sends or counts, each wait with a deadline that only ends a broken run.
package e2e
