package buffer

import (
	"cmp"
	"slices"
)

// lot is a run of items of one request while a journal is read, in the form in
// which a request or a part holds them: what is read is copied once.
type lot struct {
	held held
	// from is the number of the first item, entry the oldest that has one.
	from  uint64
	entry uint64
	// sizes has those of the first items, as far as they are known.
	sizes []itemSize
	// runs are what it was put together of, if it was taken out.
	runs []itemRun
}

// itemRun is n items from one number on.
type itemRun struct{ from, n uint64 }

// itemSize is what an item counts.
type itemSize struct{ bytes, weight int }

// lots are the items of one request in order of their numbers, none twice.
type lots []*lot

func (l *lot) count() uint64 { return uint64(l.held.records + l.held.spans) }
func (l *lot) end() uint64   { return l.from + l.count() }

// add appends an item, the first of so many bytes to come.
func (l *lot) add(i *restoredItem, coming int) {
	if i.span {
		l.held.addSpan(i.packed, i.under, i.origin, coming)
	} else {
		l.held.addRecord(i.packed, i.under, i.origin, coming)
	}
	l.entry = min(l.entry, i.entry)
	if i.bytes > 0 || i.weight > 0 {
		for n := l.count() - 1; uint64(len(l.sizes)) < n; {
			l.sizes = append(l.sizes, itemSize{})
		}
		l.sizes = append(l.sizes, itemSize{i.bytes, i.weight})
	}
}

// each visits the items in order, in memory of their own.
func (l *lot) each(visit func(number uint64, i *restoredItem)) {
	number := l.from
	for n, at := 0, l.held.read(); at.next(); n, number = n+1, number+1 {
		made := restoredItem{
			packed: []byte(at.packed), under: spanKey{at.at.trace, at.at.span},
			origin: l.held.origins[at.at.origin], span: at.kind&itemSpan != 0, entry: l.entry,
		}
		if n < len(l.sizes) {
			made.bytes, made.weight = l.sizes[n].bytes, l.sizes[n].weight
		}
		visit(number, &made)
	}
}

// after is the place of the first lot that has an item from a number on.
func (of lots) after(item uint64) int {
	// Mostly it is the last one.
	if last := len(of) - 1; last < 0 || of[last].end() <= item {
		return len(of)
	}
	at, _ := slices.BinarySearchFunc(of, item, func(l *lot, item uint64) int {
		if l.end() <= item {
			return -1
		}
		return 1
	})
	return at
}

// put enters an item in place of what was known under its number, in a lot of
// its own if it begins one.
func (of *lots) put(item uint64, made *restoredItem, begins bool, coming int) {
	at := of.after(item)
	if at < len(*of) && (*of)[at].from <= item {
		of.take(item, 1)
		at = of.after(item)
	}
	if at > 0 && !begins && (*of)[at-1].end() == item {
		(*of)[at-1].add(made, coming)
		return
	}
	l := &lot{from: item, entry: made.entry}
	l.add(made, coming)
	*of = slices.Insert(*of, at, l)
}

// take takes the items out that are among n from one number on, as one lot with
// no number; nil if there are none.
func (of *lots) take(from, n uint64) *lot {
	if n == 0 {
		return nil
	}
	of.cut(from)
	of.cut(from + n)
	at := of.after(from)
	end := at + of.until(at, from+n)
	if at == end {
		return nil
	}
	taken := (*of)[at]
	taken.runs = []itemRun{{taken.from, taken.count()}}
	for _, l := range (*of)[at+1 : end] {
		taken.held.append(&l.held)
		taken.entry = min(taken.entry, l.entry)
		taken.runs = append(taken.runs, itemRun{l.from, l.count()})
	}
	if at == 0 {
		// Parts go in order: who has many need not move the others.
		clear((*of)[:end])
		*of = (*of)[end:]
	} else {
		*of = slices.Delete(*of, at, end)
	}
	return taken
}

// until is how many lots from a place on begin before a number.
func (of lots) until(at int, before uint64) int {
	n, _ := slices.BinarySearchFunc(of[at:], before, func(l *lot, before uint64) int { return cmp.Compare(l.from, before) })
	return n
}

// cut makes a lot begin at an item that stands within one.
func (of *lots) cut(item uint64) {
	at := of.after(item)
	if at == len(*of) || (*of)[at].from >= item {
		return
	}
	whole := (*of)[at]
	first, second := &lot{from: whole.from, entry: whole.entry}, &lot{from: item, entry: whole.entry}
	whole.each(func(number uint64, i *restoredItem) {
		if number < item {
			first.add(i, 0)
		} else {
			second.add(i, 0)
		}
	})
	(*of)[at] = first
	*of = slices.Insert(*of, at+1, second)
}
