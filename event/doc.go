// Package event says what one observed gen_ai fact is: a Record (a log record
// or a span event), a Span, the Origin they arrived under, the order they are
// shown in and the reason why they were flushed.
//
// It knows pdata and the names in semconv. It knows no clock, no store, no
// component: whoever holds a Record decides when things happen. The buffer and
// its journal keep these values packed (pack.go), the envelope is built from
// them.
package event
