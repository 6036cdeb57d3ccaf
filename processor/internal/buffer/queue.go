package buffer

import "time"

// links are a member's neighbours in one queue.
type links[T any] struct {
	before, after *T
}

// queue is a FIFO whose members carry their own links, so that a member leaves
// or goes back to the tail in O(1) without a search.
type queue[T any] struct {
	head, tail *T
	length     int
	// of answers the links that a member has for this queue.
	of func(*T) *links[T]
}

func (q *queue[T]) pushBack(m *T) {
	l := q.of(m)
	l.before, l.after = q.tail, nil
	if q.tail == nil {
		q.head = m
	} else {
		q.of(q.tail).after = m
	}
	q.tail = m
	q.length++
}

// remove takes m out; it does nothing when m stands in no queue.
func (q *queue[T]) remove(m *T) {
	l := q.of(m)
	switch {
	case l.before != nil:
		q.of(l.before).after = l.after
	case q.head == m:
		q.head = l.after
	default:
		return
	}
	if l.after == nil {
		q.tail = l.before
	} else {
		q.of(l.after).before = l.before
	}
	*l = links[T]{}
	q.length--
}

func (q *queue[T]) moveToBack(m *T) {
	if q.tail != m {
		q.remove(m)
		q.pushBack(m)
	}
}

// replace puts m, which stands in no queue, where the member old stands; old
// leaves.
func (q *queue[T]) replace(old, m *T) {
	at := *q.of(old)
	*q.of(m) = at
	if at.before == nil {
		q.head = m
	} else {
		q.of(at.before).after = m
	}
	if at.after == nil {
		q.tail = m
	} else {
		q.of(at.after).before = m
	}
	*q.of(old) = links[T]{}
}

// Never is the deadline when there is none.
const Never = time.Duration(1<<63 - 1)
