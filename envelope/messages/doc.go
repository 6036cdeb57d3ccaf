// Package messages assembles one call's messages in the current shape of the
// GenAI conventions (roles and parts), whichever carrier and dialect brought
// them: details events, JSON or structured span attributes, span events,
// per-message logs, flattened attributes.
//
// It knows pdata, the names in semconv and the records and spans of event. It
// must never know requests, parts, envelopes beyond the keys it fills, clocks
// or loggers. The envelope's builder calls it once for each call. It copies
// what it reads (strings are shared) and changes none of it, because the same
// events are carried raw as well.
package messages
