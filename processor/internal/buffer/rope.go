package buffer

import (
	"slices"
	"strings"
	"unsafe"
)

// rope is a byte string that grows at its end in pages, so that growing copies
// next to nothing and leaves next to nothing unused. What was written is never
// changed. Its zero value is empty.
type rope struct {
	// pages are full but for the last one.
	pages  [][]byte
	length int
}

const (
	// shortPage is below what a last page is exchanged for a longer one when
	// more comes, so that many small writes are not many small pages.
	shortPage = 1 << 10
	// longestPage is the most that the allocator gives in sizes of its own,
	// and not in whole pages of the system.
	longestPage = 32 << 10
)

// pageSizes are the sizes that the allocator serves without rounding, from
// shortPage to longestPage.
var pageSizes = func() (sizes []int) {
	for size := shortPage; size <= longestPage; {
		served := cap(append([]byte(nil), make([]byte, size)...))
		sizes = append(sizes, served)
		size = served + 1
	}
	return sizes
}()

// pageFor is the size of a page for bytes that are coming: the most that is full
// with them, or, for what is less than a page, what the allocator takes anyway.
func pageFor(coming int) int {
	if coming < shortPage {
		const grain = 16
		return (coming + grain - 1) &^ (grain - 1)
	}
	at, exact := slices.BinarySearch(pageSizes, coming)
	if !exact {
		at--
	}
	return pageSizes[at]
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
// is short, else in a new one.
func (r *rope) extend(coming int) {
	if last := len(r.pages) - 1; last >= 0 && cap(r.pages[last]) < shortPage {
		short := r.pages[last]
		longer := max(pageFor(len(short)+coming), pageFor(len(short)+1))
		r.pages[last] = append(make([]byte, 0, longer), short...)
		return
	}
	if r.pages == nil {
		r.pages = make([][]byte, 0, 2+coming/longestPage)
	}
	r.pages = append(r.pages, make([]byte, 0, pageFor(coming)))
}

// read reads the rope from its beginning.
func (r *rope) read() ropeReader { return ropeReader{pages: r.pages, left: r.length} }

// ropeReader reads a rope. What it answers lies in the rope's memory where it
// stands in one page, and is a copy where it does not. It does not see what is
// written after it was made.
type ropeReader struct {
	// pages begin with the one that is being read, from at on.
	pages [][]byte
	at    int
	left  int
}

// take reads the next n bytes; it answers false, and reads nothing, when there
// are not as many.
func (r *ropeReader) take(n uint64) (string, bool) {
	if n > uint64(r.left) {
		return "", false
	}
	if n == 0 {
		return "", true
	}
	r.left -= int(n)
	for r.at == len(r.pages[0]) {
		r.pages, r.at = r.pages[1:], 0
	}
	if whole := r.pages[0][r.at:]; n <= uint64(len(whole)) {
		r.at += int(n)
		return unsafe.String(unsafe.SliceData(whole), n), true
	}
	var b strings.Builder
	b.Grow(int(n))
	for b.Len() < int(n) {
		if r.at == len(r.pages[0]) {
			r.pages, r.at = r.pages[1:], 0
			continue
		}
		piece := r.pages[0][r.at:]
		piece = piece[:min(len(piece), int(n)-b.Len())]
		b.Write(piece)
		r.at += len(piece)
	}
	return b.String(), true
}
