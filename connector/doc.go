// Package genaibufferconnector is the factory of the gen_ai_buffer connector:
// the engine of the processor, from traces to logs and from logs to logs, so
// that envelopes have a pipeline of their own. Wiring, nothing else.
package genaibufferconnector
