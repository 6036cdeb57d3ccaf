// Package envelope builds the one log record per request and is the only place
// that knows its shape: the body and its JSON Schema, the flat attributes, the
// record's identity, the JSON that its body and live events are written in, and
// how much a record or span will weigh in it, and whether it can go in as it is.
//
// It knows pdata, what an observed fact is (event), the names and dialects of
// attributes (semconv) and the assembly of messages (envelope/messages). It
// must never know how requests are found, when they are flushed or where
// envelopes go: no store, no clock, no goroutine, no logger. The engine calls
// it with a Part when it has decided to flush; whoever shows a request live
// uses its JSON.
package envelope
