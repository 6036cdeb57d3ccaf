package buffer

import (
	"hash/maphash"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// coldKind is what a key of a frozen request is; each kind is a world of its
// own, as the maps of the index are.
type coldKind uint8

const (
	coldAttribute coldKind = iota
	coldSpan
	coldTrace
	coldResponse
	coldClaim
	coldKinds
)

// coldKey is one key that leads to a frozen request, where it stands in memory.
type coldKey struct {
	bytes []byte
	kind  coldKind
	// seen, of a span's key, says that the span arrived.
	seen bool
}

// spanKey are the ids of a span's or trace's key.
func (k coldKey) spanKey() (key spanKey) {
	copy(key.span[:], k.bytes[copy(key.trace[:], k.bytes):])
	return key
}

// wanted is a key that is looked for: a text, or the ids of a span or trace.
type wanted struct {
	text string
	ids  spanKey
	kind coldKind
}

func wantedText(kind coldKind, text string) wanted { return wanted{kind: kind, text: text} }

func wantedSpan(key spanKey) wanted { return wanted{kind: coldSpan, ids: key} }

func wantedTrace(id pcommon.TraceID) wanted {
	return wanted{kind: coldTrace, ids: spanKey{trace: id}}
}

// is says whether k is the key that is looked for.
func (w *wanted) is(k coldKey) bool {
	if k.kind != w.kind {
		return false
	}
	switch w.kind {
	case coldSpan:
		return string(k.bytes[:16]) == string(w.ids.trace[:]) && string(k.bytes[16:]) == string(w.ids.span[:])
	case coldTrace:
		return string(k.bytes) == string(w.ids.trace[:])
	default:
		return string(k.bytes) == w.text
	}
}

// coldSeeds make the hashes of each kind different ones, and foreseeable to
// nobody.
type coldSeeds [coldKinds]maphash.Seed

func newColdSeeds() (seeds coldSeeds) {
	for i := range seeds {
		seeds[i] = maphash.MakeSeed()
	}
	return seeds
}

func (s *coldSeeds) hash(k coldKey) uint64 { return maphash.Bytes(s[k.kind], k.bytes) }

// hashWanted is the hash of the key that is looked for.
func (s *coldSeeds) hashWanted(w *wanted) uint64 {
	switch w.kind {
	case coldSpan:
		var b [spanKeyBytes]byte
		copy(b[:], w.ids.trace[:])
		copy(b[16:], w.ids.span[:])
		return maphash.Bytes(s[coldSpan], b[:])
	case coldTrace:
		return maphash.Bytes(s[coldTrace], w.ids.trace[:])
	default:
		return maphash.String(s[w.kind], w.text)
	}
}
