package semconv

import "math/bits"

// KeyTable is a map from known names that costs little to ask for names that
// are not in it, as most attributes of most spans are. It never changes once
// made; the zero value has no names.
type KeyTable[V any] struct {
	// slots is an open hash table, a power of two long and at most a quarter
	// full; a slot without a key is free.
	slots []keySlot[V]
	shift uint8
}

type keySlot[V any] struct {
	key   string
	value V
}

// NewKeyTable makes a table of the entries, none of which has the empty key.
func NewKeyTable[V any](entries map[string]V) *KeyTable[V] {
	size := bits.Len(uint(4*len(entries) + 1))
	t := &KeyTable[V]{slots: make([]keySlot[V], 1<<size), shift: uint8(64 - size)}
	for key, value := range entries {
		i := t.start(key)
		for t.slots[i].key != "" {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = keySlot[V]{key, value}
	}
	return t
}

// start is where a key is looked for first. Names share how they begin and
// differ in length and in how they end.
func (t *KeyTable[V]) start(key string) int {
	const spread = 0x9e3779b97f4a7c15
	n := len(key)
	h := uint64(n)
	if n >= 8 {
		h = (tail(key, n)*spread ^ tail(key, n/2+4)) + h
	} else {
		for i := range n {
			h = h<<8 | uint64(key[i])
		}
	}
	return int(h * spread >> t.shift)
}

// tail are the 8 bytes of key that end before the given one.
func tail(key string, end int) uint64 {
	b := key[end-8 : end]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// Get is the value of a key, and whether there is one.
func (t *KeyTable[V]) Get(key string) (value V, ok bool) {
	if t == nil || key == "" {
		return value, false
	}
	for i := t.start(key); ; i = (i + 1) & (len(t.slots) - 1) {
		slot := &t.slots[i]
		if slot.key == key {
			return slot.value, true
		}
		if slot.key == "" {
			return value, false
		}
	}
}
