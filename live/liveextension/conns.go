package liveextension

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// conns are the open connections with TLS, whose own Close waits some seconds
// for a client that takes nothing, even for that it is closed.
type conns struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// changed is the server's ConnState.
func (all *conns) changed(conn net.Conn, state http.ConnState) {
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	switch state {
	case http.StateNew:
		if all.open == nil {
			all.open = map[net.Conn]struct{}{}
		}
		all.open[secure.NetConn()] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(all.open, secure.NetConn())
	}
}

// cut closes what is below TLS, which does not wait.
func (all *conns) cut() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for conn := range all.open {
		_ = conn.Close() // a second close is harmless
	}
}
