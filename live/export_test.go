package live

// Scanned is the number of the first event that the dispatcher has not seen.
func (h *Hub) Scanned() uint64 {
	h.dispatch.mu.Lock()
	defer h.dispatch.mu.Unlock()
	return h.dispatch.scanned
}

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
