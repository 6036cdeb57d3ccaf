package live

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// arrivals counts what readers were given.
type arrivals struct {
	count  atomic.Int64
	target atomic.Int64
	there  chan struct{}
}

func newArrivals() *arrivals { return &arrivals{there: make(chan struct{}, 1)} }

func (a *arrivals) add(n int64) {
	if n > 0 && a.count.Add(n) >= a.target.Load() {
		select {
		case a.there <- struct{}{}:
		default:
		}
	}
}

// await fails when not all arrive in time.
func (a *arrivals) await(patience time.Duration) error {
	deadline := time.After(patience)
	for a.count.Load() < a.target.Load() {
		select {
		case <-a.there:
		case <-deadline:
			return fmt.Errorf("%d of %d arrived", a.count.Load(), a.target.Load())
		}
	}
	return nil
}

// client reads a stream and counts its events, with their delays if it keeps
// them.
type client struct {
	conn   net.Conn
	got    *arrivals
	keeps  bool
	mu     sync.Mutex
	delays []time.Duration
}

// connect opens a stream and waits for its first bytes. A buffer of 0 is the
// system's choice.
func connect(address, path string, buffer int) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if buffer > 0 {
		if err := conn.(*net.TCPConn).SetReadBuffer(buffer); err != nil {
			return nil, err
		}
	}
	_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
	return conn, err
}

// connectMany opens streams and reads them until they end.
func connectMany(address, path string, n int, keeps bool, got *arrivals) ([]*client, error) {
	clients := make([]*client, n)
	for i := range clients {
		conn, err := connect(address, path, 0)
		if err != nil {
			return nil, err
		}
		clients[i] = &client{conn: conn, got: got, keeps: keeps}
		go clients[i].read()
	}
	settle(n)
	return clients, nil
}

func (c *client) read() {
	in := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		waiting, _ := in.Peek(in.Buffered()) // that much is there
		used := c.take(waiting)
		_, _ = in.Discard(used)
		if used == 0 {
			if _, err := in.Peek(len(waiting) + 1); err != nil {
				return
			}
		}
	}
}

// take counts the events in some text and answers how much of it is done with.
func (c *client) take(text []byte) (used int) {
	now := time.Now()
	n := int64(0)
	for {
		at := bytes.Index(text[used:], []byte(stamp))
		if at < 0 {
			used = max(used, len(text)-len(stamp)+1)
			break
		}
		begin := used + at + len(stamp)
		if begin+stampDigits > len(text) {
			used += at
			break
		}
		n++
		if c.keeps {
			sent, _ := strconv.ParseInt(string(text[begin:begin+stampDigits]), 10, 64)
			c.mu.Lock()
			c.delays = append(c.delays, now.Sub(time.Unix(0, sent)))
			c.mu.Unlock()
		}
		used = begin + stampDigits
	}
	c.got.add(n)
	return used
}

// delays are all that arrived.
func delays(clients []*client) []time.Duration {
	var all []time.Duration
	for _, c := range clients {
		c.mu.Lock()
		all = append(all, c.delays...)
		c.mu.Unlock()
	}
	slices.Sort(all)
	return all
}

// percentile answers a percentile of sorted durations in milliseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := min(len(sorted)-1, int(p*float64(len(sorted))))
	return float64(sorted[at].Microseconds()) / 1000
}
