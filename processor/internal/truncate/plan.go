package truncate

import (
	"cmp"
	"slices"
)

// plan closes the root, of the given size, and decides what stays within
// maxBytes when counts of what was dropped take up to reserve bytes more. False
// means that nothing is left to do: building the tree was enough.
func (t *tree) plan(root, size, reserve, maxBytes int) bool {
	if size <= maxBytes {
		return false
	}
	t.close(root, kindRecord, size+reserve)
	t.shrink(root, maxBytes)
	return true
}

// shrink brings a node to at most budget bytes, which must not be less than
// its least.
func (t *tree) shrink(i, budget int) {
	n := &t.nodes[i]
	if n.size <= budget {
		return
	}
	n.limit = budget
	switch {
	case n.kind == kindAtom:
	case n.kind == kindText || n.kind == kindBytes:
		t.changed = true
	case n.floor <= budget:
		t.level(i, budget)
	default:
		t.split(i, budget)
	}
}

// level cuts all strings below a node to one cap.
func (t *tree) level(i, budget int) {
	avail := budget - t.nodes[i].size
	var strings []int
	for k := i + 1; k < t.nodes[i].next; k++ {
		n := &t.nodes[k]
		if n.kind == kindText || n.kind == kindBytes {
			n.demand = n.floor
			avail += n.size
			strings = append(strings, k)
		}
	}
	bound := t.fill(strings, avail)
	for _, k := range strings {
		t.shrink(k, t.share(k, bound))
	}
}

// split divides the bytes of a node among its children, after removing those
// that there are no bytes for.
func (t *tree) split(i, budget int) {
	n := &t.nodes[i]
	avail := budget - n.size
	var children []int
	for k := i + 1; k < n.next; k = t.nodes[k].next {
		avail += t.nodes[k].size
		children = append(children, k)
	}
	whole := n.kind == kindMember || n.kind == kindJSON
	// Where little is left a child is worth keeping with less. The parts of
	// what stays whole must make do with what there is.
	worth := min(max(avail/2, t.short/4), t.short)
	if whole {
		worth = 0
	}
	for _, k := range children {
		c := &t.nodes[k]
		c.demand = max(c.least, min(c.floor, worth))
	}
	if !whole {
		children = t.keep(n.kind, children, avail)
	}
	bound := t.fill(children, avail)
	for _, k := range children {
		t.shrink(k, t.share(k, bound))
	}
}

// keep removes the children whose demands there is no room for and returns
// the others.
func (t *tree) keep(parent kind, children []int, avail int) []int {
	if parent != kindList {
		slices.SortStableFunc(children, func(a, b int) int { return cmp.Compare(t.keepRank(a), t.keepRank(b)) })
	}
	kept := children[:0]
	full := false
	for _, k := range children {
		n := &t.nodes[k]
		if n.rank == rankAlways || (!full && n.demand <= avail) {
			avail -= n.demand
			kept = append(kept, k)
			continue
		}
		// A list loses its tail and no element before it.
		full = full || parent == kindList
		n.dropped = true
		t.changed = true
		t.removed = true
	}
	return kept
}

func (t *tree) keepRank(i int) rank {
	n := &t.nodes[i]
	if n.rank == rankOther && n.kind != kindAtom {
		return rankBulk
	}
	return n.rank
}

// fill finds the largest share with which the nodes take at most avail bytes
// together, each not less than its demand and not more than its size.
func (t *tree) fill(nodes []int, avail int) int {
	low, high := 0, 0
	for _, k := range nodes {
		high = max(high, t.nodes[k].size)
	}
	for low < high {
		middle := low + (high-low+1)/2
		sum := 0
		for _, k := range nodes {
			sum += t.share(k, middle)
		}
		if sum <= avail {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

func (t *tree) share(i, bound int) int {
	n := &t.nodes[i]
	return min(n.size, max(bound, n.demand))
}
