package live

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClientCountsEventsHoweverTheyAreCut(t *testing.T) {
	at := time.Now().Add(-time.Second)
	text := strings.Repeat("id: 1\ndata: {\"x\":\""+stamped(at)+"xxxx@\"}\n\n", 20)
	for size := 1; size < 60; size++ {
		ours, theirs := net.Pipe()
		c := &client{conn: ours, got: newArrivals(), keeps: true}
		go func() {
			defer theirs.Close()
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				if _, err := io.WriteString(theirs, rest[:min(size, len(rest))]); err != nil {
					return
				}
			}
		}()
		c.read()
		require.EqualValues(t, 20, c.got.count.Load(), "pieces of %d", size)
		all := delays([]*client{c})
		require.Len(t, all, 20)
		assert.GreaterOrEqual(t, percentile(all, 0), 1000.)
	}
}

func TestAccountAddsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	server, err := l.Accept()
	require.NoError(t, err)
	_, err = fmt.Fprint(server, "retry: 1\n\nid: e-1\nevent: gen_ai.a\ndata: {}\n\n"+
		"id: e-5\nevent: stream.lost\ndata: {\"from\":2,\"to\":5,\"count\":4}\n\nid: e-6\nevent: gen_ai.a\ndata: {}\n\n")
	require.NoError(t, err)
	require.NoError(t, server.Close())
	given, lost, err := account(conn, 6)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 4}, []int{given, lost})
	_, _, err = account(conn, 7)
	assert.Error(t, err, "no more is there")
}

func TestEveryServerDelivers(t *testing.T) {
	for name, s := range servers {
		address, path, publish, err := s.serve()
		require.NoError(t, err)
		got := newArrivals()
		clients, err := connectMany(address, path, 3, true, got)
		require.NoError(t, err)
		require.NoError(t, allThere(publish, 3, got), name)
		assert.GreaterOrEqual(t, len(delays(clients)), 3)
		for _, c := range clients {
			require.NoError(t, c.conn.Close())
		}
	}
	require.Error(t, Main([]string{"none", Ours, "1"}, io.Discard))
	require.Error(t, Main(nil, io.Discard))
}
