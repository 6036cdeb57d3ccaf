package live

// blockBytes is how long a block gets, and what its last frame adds: together
// usually less than a reader takes at once.
const blockBytes = 56 << 10

// blocks makes blocks of entries, one goroutine at a time.
type blocks struct {
	hub *Hub
	// text is what the frames of entries are, one after the other; ends are
	// where each ends.
	text    []byte
	entries []*entry
	ends    []int
}

// make makes the frames of the events from first up to last for many readers:
// in blocks, so that each of them is given many with one look and one write. It
// makes no more than about a number of bytes, and answers up to where.
func (b *blocks) make(v *view, first, last uint64, most int) uint64 {
	made := 0
	for n := first; n < last; n++ {
		if made >= most {
			last = n
			break
		}
		e := v.at(n)
		if e == nil {
			b.seal()
			continue
		}
		before := len(b.text)
		if f := e.encoded(); f != nil {
			b.text = append(b.text, f.bytes...)
		} else {
			b.text = b.hub.encoder.encode(b.text, e)
		}
		made += len(b.text) - before
		b.entries, b.ends = append(b.entries, e), append(b.ends, len(b.text))
		if len(b.text) >= blockBytes {
			b.seal()
		}
	}
	b.seal()
	if cap(b.text) > 4*blockBytes {
		b.text = nil
	}
	return last
}

// seal makes a block of what there is. Entries that were encoded by a reader
// meanwhile keep what that made.
func (b *blocks) seal() {
	if len(b.entries) == 0 {
		return
	}
	one := &block{bytes: append(make([]byte, 0, len(b.text)), b.text...), end: b.entries[len(b.entries)-1].n + 1}
	frames := make([]frame, len(b.entries))
	at := 0
	for i, e := range b.entries {
		frames[i] = frame{bytes: one.bytes[at:b.ends[i]:b.ends[i]], block: one, at: at}
		b.hub.ring.keep(e, &frames[i])
		at = b.ends[i]
	}
	clear(b.entries)
	b.text, b.entries, b.ends = b.text[:0], b.entries[:0], b.ends[:0]
}
