package live

// Scanned is the number of the first event that the dispatcher has not seen.
func (h *Hub) Scanned() uint64 {
	h.dispatch.mu.Lock()
	defer h.dispatch.mu.Unlock()
	return h.dispatch.scanned
}
