// Package genaibufferprocessor is the factory of the gen_ai_buffer processor,
// which gathers what an application reports about one LLM request, in traces
// and in logs, into one enveloped log record. Wiring, nothing else: the engine
// is in processor/, the configuration in config/, the connector of the same
// name in connector/.
//
//go:generate make generate
package genaibufferprocessor
