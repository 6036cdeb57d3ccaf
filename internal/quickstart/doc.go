// Command quickstart is behind `make run`: it starts the built collector,
// plays recorded telemetry into it as an application would, shows the
// envelopes that come out and goes on showing them until it is interrupted.
//
// It stands outside: it knows OTLP, the envelope's published shape and the
// addresses and file of examples/quickstart.yaml. It must never import the
// components, so that what it shows is what any reader of the file can see.
package main
