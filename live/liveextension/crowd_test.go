package liveextension_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// crowd is readers of one server, each with a connection of its own, and what is
// published to them meanwhile.
type crowd struct {
	*running
	// before is how many events there were before anybody came.
	before uint64
	// published counts events, end is how many there are, 0 until all are.
	published, end atomic.Uint64
	// fed counts brisk readers that have had much, behind slow ones that have
	// missed something.
	fed, behind atomic.Int64
	// broken says that a reader has failed, and there is no point in going on.
	broken atomic.Bool
	// subscribed are readers that have had the first bytes, arrived those that
	// have come to the end.
	subscribed, arrived sync.WaitGroup

	mu    sync.Mutex // guards the waiting for published and end
	moved *sync.Cond
}

func newCrowd(r *running) *crowd {
	c := &crowd{running: r}
	c.moved = sync.NewCond(&c.mu)
	return c
}

// perRequest is how many events each request has, the last of which is its
// request.flush: every tenth position.
const perRequest = 10

// publishBig publishes a request that stays open, larger than what the network
// takes from the server when nobody reads it.
func (c *crowd) publishBig() (id string) {
	of := request("big", 255)
	c.before = 2000
	c.Publish([]event.Fact{opened(of)})
	for seq := uint64(1); seq < c.before; seq++ {
		c.Publish([]event.Fact{record(of, seq, "gen_ai.a", strings.Repeat("x", 4000))})
	}
	return of.ID
}

// publishUntil publishes one request after the other, as fast as it can, until
// those there are are enough, and then a last one.
func (c *crowd) publishUntil(enough func(requests int) bool) {
	contents := record(request("r", 0), 1, "gen_ai.choice", strings.Repeat("x", 1000)).Packed
	for n := 1; c.end.Load() == 0; n++ {
		of := request("r"+strconv.Itoa(n), 0)
		binary.BigEndian.PutUint64(of.Opening[:], uint64(n))
		batch := []event.Fact{opened(of)}
		for seq := range uint64(perRequest - 2) {
			batch = append(batch, event.Fact{Kind: event.FactRecord, Request: of, Packed: contents, Origin: origin, Seq: seq + 1})
		}
		at := c.before + uint64(n*perRequest)
		if c.broken.Load() || enough(n-1) {
			c.end.Store(at) // before anybody can be there
		}
		c.Publish(append(batch, flushed(of, perRequest-2)))
		c.mu.Lock()
		c.published.Store(at)
		c.moved.Broadcast()
		c.mu.Unlock()
	}
}

// stall lasts until so many more are published, or all.
func (c *crowd) stall(more uint64) {
	until := c.published.Load() + more
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.end.Load() == 0 && c.published.Load() < until {
		c.moved.Wait()
	}
}

// viewer is one reader.
type viewer struct {
	*crowd
	random *rand.Rand
	query  string
	// flushes says that it asks for request.flush alone.
	flushes bool
	// stalls says that it is slow, leaves that it goes and comes back.
	stalls, leaves bool
	epoch          string
	at             uint64
	// given and missed are events, as it was told.
	given, missed uint64
	connections   int
	last          string
}

// dial opens a stream and answers what comes after its headers.
func (c *crowd) dial(query, cursor string) (net.Conn, *bufio.Reader, error) {
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, nil, err
	}
	if cursor != "" {
		cursor = "Last-Event-ID: " + cursor + "\r\n"
	}
	if _, err := io.WriteString(conn, "GET /api/v1/events"+query+" HTTP/1.1\r\nHost: localhost\r\n"+cursor+"\r\n"); err != nil {
		return conn, nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // the connection is what there is to close
	if err != nil {
		return conn, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return conn, nil, errors.New(resp.Status)
	}
	return conn, bufio.NewReader(resp.Body), nil
}

// watch reads to the stream.end of a server that stops, over as many connections
// as it takes.
func (v *viewer) watch() error {
	subscribed, arrived := sync.OnceFunc(v.subscribed.Done), sync.OnceFunc(v.arrived.Done)
	defer subscribed()
	defer arrived()
	for v.last != "stream.end" {
		cursor := ""
		if v.epoch != "" {
			cursor = fmt.Sprintf("%s-%d", v.epoch, v.at)
		}
		conn, in, err := v.dial(v.query, cursor)
		if conn != nil && err != nil {
			_ = conn.Close()
		}
		if err != nil {
			return err
		}
		v.connections++
		leave := -1
		if v.leaves {
			leave = v.random.IntN(2000)
		}
		for frames := 0; err == nil && frames != leave; frames++ {
			err = v.frame(in, subscribed)
			if end := v.end.Load(); end > 0 && v.at == end {
				arrived()
				v.leaves, leave = false, -1
			}
			if v.stalls && frames%20 == 19 {
				v.stall(uint64(v.random.IntN(2000)))
			}
		}
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0) // it is just gone
		}
		_ = conn.Close()
		if err != nil && !isCut(err) {
			return err
		}
	}
	return nil
}

// isCut says that the server has ended the stream, or the network.
func isCut(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// frame reads one block and holds it to what came before.
func (v *viewer) frame(in *bufio.Reader, subscribed func()) error {
	var id uint64
	var name string
	var lost struct{ From, To, Count uint64 }
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 1 {
			break
		}
		field, value, _ := bytes.Cut(line[:len(line)-1], []byte(": "))
		switch {
		case string(field) == "id":
			epoch, position, _ := bytes.Cut(value, []byte("-"))
			v.epoch = string(epoch)
			if id, err = strconv.ParseUint(string(position), 10, 64); err != nil {
				return err
			}
		case string(field) == "event":
			name = string(value)
		case name == "stream.lost":
			if err := json.Unmarshal(value, &lost); err != nil {
				return err
			}
		}
	}
	subscribed()
	if name == "" { // a comment, with a cursor or without
		v.at = max(v.at, id) // there is none when a loss is to be told
		return nil
	}
	v.last = name
	switch {
	case name == "stream.end":
		return io.EOF
	case name == "stream.lost":
		if lost.From != v.next(lost.From) || lost.To != id || lost.To < lost.From || lost.Count != lost.To-lost.From+1 {
			return fmt.Errorf("lost %v as %d after %d", lost, id, v.at)
		}
		if v.missed == 0 && v.stalls {
			v.behind.Add(1)
		}
		v.missed += lost.Count
	case id != v.next(id):
		return fmt.Errorf("%d after %d", id, v.at)
	default:
		const much = 500
		if v.given++; v.given == much && v.query == "" && !v.stalls && !v.leaves {
			v.fed.Add(1)
		}
	}
	v.at = id
	return nil
}

// next is the position that has to follow, given the one that does: who asks for
// some misses none of those.
func (v *viewer) next(found uint64) uint64 {
	if !v.flushes {
		return v.at + 1
	}
	if found > v.at && found <= (v.at/perRequest+1)*perRequest {
		return found // a loss may begin with what was not asked for
	}
	return 0
}
