package live

import "time"

// Scanned is the number of the first event that the dispatcher has not seen.
func (h *Hub) Scanned() uint64 {
	h.dispatch.mu.Lock()
	defer h.dispatch.mu.Unlock()
	return h.dispatch.scanned
}

// Expire drops what is past its retention at a time.
func (h *Hub) Expire(now time.Time) { h.expire(now) }

// Waiting counts the subscriptions with a filter that wait.
func (h *Hub) Waiting() int {
	h.dispatch.mu.Lock()
	defer h.dispatch.mu.Unlock()
	n := 0
	for _, g := range h.dispatch.groups {
		n += len(g.parked)
	}
	return n
}

// LimitPages sets how large a page gets, and how much content is looked at to
// make it, in bytes.
func (h *Hub) LimitPages(bytes, weight int) {
	h.snapshots.pageBytes, h.snapshots.pageWeight = bytes, weight
}

// WaitForRoom sets how long a snapshot waits for room.
func (h *Hub) WaitForRoom(patience time.Duration) { h.snapshots.patience = patience }

// TakeAllRoom takes all the room that there is for snapshots, if all is free.
func (h *Hub) TakeAllRoom() (release func(), all bool) {
	return func() { h.snapshots.room.Release(snapshotBytes) }, h.snapshots.room.TryAcquire(snapshotBytes)
}

// HoldKnowledge keeps everybody from finding out what is known of a request.
func (h *Hub) HoldKnowledge(id string) (release func()) {
	h.mu.Lock()
	r, err := h.find(id, "")
	h.mu.Unlock()
	if err != nil {
		panic(err)
	}
	r.knowledge.mu.Lock()
	return r.knowledge.mu.Unlock
}
