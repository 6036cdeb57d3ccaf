package buffer

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Keys are what a record says about the request it belongs to. Zero values
// mean that it says nothing.
type Keys struct {
	// AttributeKey and Attribute are the first configured attribute present.
	AttributeKey string
	Attribute    string
	Trace        pcommon.TraceID
	Span         pcommon.SpanID
	// ResponseID is gen_ai.response.id or a dialect's form of it.
	ResponseID string
}

// precedence orders the ways to resolve an id; the lowest wins.
type precedence uint8

const (
	byAttribute precedence = iota
	bySpan
	byTrace
	byResponse
	unresolved
)

// identity is the resolved id of a request. Two attributes with one value are
// one identity: key only tells which was seen first.
type identity struct {
	found precedence
	// key is the attribute's key; value its value, or the response id.
	key   string
	value string
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func spanIdentity(trace pcommon.TraceID, span pcommon.SpanID) identity {
	return identity{found: bySpan, trace: trace, span: span}
}

// id is the request_id of the envelope.
func (i *identity) id() string {
	switch i.found {
	case bySpan:
		var b [49]byte
		hex.Encode(b[:32], i.trace[:])
		b[32] = '-'
		hex.Encode(b[33:], i.span[:])
		return string(b[:])
	case byTrace:
		return i.trace.String()
	default:
		return i.value
	}
}

// keySource is the key_source of the envelope.
func (i *identity) keySource() string {
	switch i.found {
	case byAttribute:
		return "attribute:" + i.key
	case bySpan:
		return "span"
	case byTrace:
		return "trace"
	default:
		return "response_id"
	}
}

// Fallback is what identifies a request that no attribute names.
type Fallback uint8

const (
	// FallbackSpan takes trace and span id.
	FallbackSpan Fallback = iota
	// FallbackTrace takes the trace id.
	FallbackTrace
)

// resolve answers the identity that the record names first.
func (k *Keys) resolve(fallback Fallback) identity {
	switch {
	case k.Attribute != "":
		return identity{found: byAttribute, key: k.AttributeKey, value: k.Attribute}
	case fallback == FallbackSpan && k.hasSpan():
		return spanIdentity(k.Trace, k.Span)
	case fallback == FallbackTrace && !k.Trace.IsEmpty():
		return identity{found: byTrace, trace: k.Trace}
	case k.ResponseID != "":
		return identity{found: byResponse, value: k.ResponseID}
	default:
		return identity{found: unresolved}
	}
}

// Resolvable says whether a record with these keys belongs to some request.
func (k *Keys) Resolvable(fallback Fallback) bool {
	return k.resolve(fallback).found != unresolved
}

func (k *Keys) hasSpan() bool { return !k.Trace.IsEmpty() && !k.Span.IsEmpty() }
