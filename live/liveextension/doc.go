// Package liveextension is the gen_ai_live extension: an HTTP server that shows
// requests while they happen, as SSE streams and as JSON.
//
// It knows the hub (live), HTTP and the collector's components: listeners, TLS,
// authenticators. It must never know how requests are gathered or how their
// events are written. The collector starts it; gen_ai_buffer finds it by its id
// and publishes through live.Publishers.
package liveextension
