// Package viewers opens many streams of a live extension and treats them badly:
// it reads slowly, or never, or goes away. It knows HTTP and SSE and nothing of
// what is measured; the bench command opens and closes it.
package viewers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Crowd is viewers of one stream. Close must be called in the end.
type Crowd struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	conns  []net.Conn
}

// Mix says how many viewers do what.
type Mix struct {
	// Stalled never read; Slow read a kilobyte a second; Vanished have gone
	// before Open returns.
	Stalled, Slow, Vanished int
}

// total is the number of viewers.
func (m Mix) total() int { return m.Stalled + m.Slow + m.Vanished }

const (
	// window keeps what the kernel takes for a viewer small, in bytes.
	window    = 4 << 10
	sip       = 1 << 10
	sipEvery  = time.Second
	dialLimit = 10 * time.Second
)

// Open opens streams at an address, one connection each, and waits for the
// headers of all.
func Open(ctx context.Context, address, path string, mix Mix) (*Crowd, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &Crowd{cancel: cancel}
	dialer := net.Dialer{Timeout: dialLimit}
	for i := range mix.total() {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, c.failed(fmt.Errorf("viewer %d: %w", i, err))
		}
		c.conns = append(c.conns, conn)
		if err := c.ask(conn, address, path); err != nil {
			return nil, c.failed(fmt.Errorf("viewer %d: %w", i, err))
		}
		switch {
		case i < mix.Stalled:
		case i < mix.Stalled+mix.Slow:
			c.done.Go(func() { sipping(ctx, conn) })
		default:
			_ = conn.Close() // that is its part
		}
	}
	return c, nil
}

func (c *Crowd) failed(err error) error {
	c.Close()
	return err
}

func (c *Crowd) ask(conn net.Conn, address, path string) error {
	if tcp, is := conn.(*net.TCPConn); is {
		if err := tcp.SetReadBuffer(window); err != nil {
			return err
		}
	}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	status, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.Contains(status, strconv.Itoa(http.StatusOK)) {
		return fmt.Errorf("answered %q", strings.TrimSpace(status))
	}
	return nil
}

// sipping reads a little, again and again.
func sipping(ctx context.Context, conn net.Conn) {
	tick := time.NewTicker(sipEvery)
	defer tick.Stop()
	buffer := make([]byte, sip)
	for {
		select {
		case <-tick.C:
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// Close ends all viewers.
func (c *Crowd) Close() {
	c.cancel()
	for _, conn := range c.conns {
		_ = conn.Close() // some have gone already
	}
	c.done.Wait()
}
