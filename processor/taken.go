package processor

import (
	"sync"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// taken is what is gathered of one batch, packed, on its way into the store,
// which copies it. It is used once and given back with release.
type taken struct {
	records   []buffer.Record
	spans     []buffer.Span
	bytes     int
	truncated int
	// packed has the packed records and spans one after the other; what they
	// are slices of.
	packed []byte
}

// maxReused is the largest buffer that is kept for the next batch, in bytes.
const maxReused = 4 << 20

var takenPool = sync.Pool{New: func() any { return &taken{} }}

// newTaken makes room for about so many bytes.
func newTaken(bytes int) *taken {
	t := takenPool.Get().(*taken)
	if cap(t.packed) < bytes {
		t.packed = make([]byte, 0, bytes)
	}
	return t
}

// pack appends to packed and answers what was appended.
func (t *taken) pack(appendTo func([]byte) []byte) []byte {
	start := len(t.packed)
	t.packed = appendTo(t.packed)
	return t.packed[start:len(t.packed):len(t.packed)]
}

// release gives it back. Nothing of it may be used any more.
func (t *taken) release() {
	clear(t.records)
	clear(t.spans)
	kept := taken{records: t.records[:0], spans: t.spans[:0]}
	if cap(t.packed) <= maxReused {
		kept.packed = t.packed[:0]
	}
	*t = kept
	takenPool.Put(t)
}
