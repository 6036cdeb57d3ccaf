package buffer

import "strings"

// rope is a byte string that grows at its end in pages, so that growing copies
// next to nothing and leaves next to nothing unused. Its zero value is empty.
type rope struct {
	// pages are full but for the last one.
	pages  [][]byte
	length int
}

// Sizes of pages: what the allocator serves without rounding. Long ropes have
// long pages, so that a large event is not a thousand objects.
const (
	page      = 1 << 10
	longPage  = 8 << 10
	largePage = 32 << 10
)

func pageFor(length int) int {
	switch {
	case length > 4*largePage:
		return largePage
	case length > 4*longPage:
		return longPage
	default:
		return page
	}
}

// write appends b, the first of so many bytes that are about to come.
func (r *rope) write(b []byte, coming int) {
	coming = max(coming, len(b))
	for len(b) > 0 {
		last := len(r.pages) - 1
		if last < 0 || len(r.pages[last]) == cap(r.pages[last]) {
			r.extend(coming)
			continue
		}
		p := r.pages[last]
		n := copy(p[len(p):cap(p)], b)
		r.pages[last] = p[:len(p)+n]
		r.length += n
		coming -= n
		b = b[n:]
	}
}

// extend makes room for some of the bytes that are coming: in a last page that
// is short of a whole one, else in a new one.
func (r *rope) extend(coming int) {
	size := pageFor(r.length + coming)
	if last := len(r.pages) - 1; last >= 0 && cap(r.pages[last]) < page {
		short := r.pages[last]
		r.pages[last] = append(make([]byte, 0, fitting(min(page, len(short)+coming))), short...)
		return
	}
	if r.pages == nil {
		r.pages = make([][]byte, 0, (coming+size-1)/size)
	}
	r.pages = append(r.pages, make([]byte, 0, fitting(min(size, coming))))
}

// fitting rounds a size up to what the allocator would take for it anyway.
func fitting(size int) int {
	const grain = 16
	return (size + grain - 1) &^ (grain - 1)
}

// join is the whole as one string.
func (r *rope) join() string {
	var b strings.Builder
	b.Grow(r.length)
	for _, p := range r.pages {
		b.Write(p)
	}
	return b.String()
}
