// Package semconv is the only place that spells attribute and event names, and
// the only one that knows the dialects in which instrumentations report an LLM
// request: the OpenTelemetry GenAI conventions, current and old, and those of
// OpenInference, OpenLLMetry, Vercel's AI SDK, Langfuse, Google's ADK, Genkit,
// Strands, Microsoft, Logfire, Claude Code and Gemini CLI.
//
// It answers questions about one piece of telemetry at a time: what an event is
// called, whether a span belongs to a request and what it does, which facts its
// attributes state, which of them hold content. It knows pdata's types and
// nothing above them: no request, no buffer, no envelope, no clock, no logger.
// Everything above it calls it. All functions are safe for concurrent use on
// data that nobody changes meanwhile; only StripContent changes what it is
// given.
package semconv
