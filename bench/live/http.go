package live

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

// overHTTP is how fast events reach 1,000 clients over loopback, in bursts of
// 500.
func overHTTP(variant string, scale float64) (figures, error) {
	const readers, burst = 1000, 500
	address, path, publish, err := servers[variant].serve()
	if err != nil {
		return nil, err
	}
	got := newArrivals()
	if _, err := connectMany(address, path, readers, false, got); err != nil {
		return nil, err
	}
	if err := allThere(publish, readers, got); err != nil {
		return nil, err
	}
	begun, used := time.Now(), cpu()
	n, err := while(scaled(2*time.Second, scale), func() error {
		got.target.Add(readers * burst)
		for range burst {
			publish(time.Now())()
		}
		return got.await(patience)
	})
	if err != nil {
		return nil, err
	}
	deliveries := float64(n * readers * burst)
	return figures{
		"ns":  float64(time.Since(begun).Nanoseconds()) / deliveries,
		"M/s": deliveries / time.Since(begun).Seconds() / 1e6,
		"cpu": float64((cpu() - used).Nanoseconds()) / deliveries,
	}, nil
}

// offer publishes at a steady rate for some time, whatever the server does: an
// event that is late has the time when it was due. It answers how many were due.
func offer(to publish, perSecond int, total time.Duration) (due int) {
	const step = 2 * time.Millisecond
	due = int(float64(perSecond) * total.Seconds())
	go func() {
		begun := time.Now()
		for n := range due {
			at := begun.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
			if early := time.Until(at); early > step {
				time.Sleep(early)
			}
			to(at)()
		}
	}()
	time.Sleep(total)
	return due
}

// grace is how long after the last event was due deliveries count.
const grace = time.Second

// sustained is what of 400,000 deliveries/s offered to 200 clients arrives, and
// when.
func sustained(variant string, scale float64) (figures, error) {
	const clients, perSecond = 200, 2000
	address, path, publish, err := servers[variant].serve()
	if err != nil {
		return nil, err
	}
	return underLoad(address, path, publish, clients, perSecond, scaled(4*time.Second, scale))
}

func underLoad(address, path string, to publish, clients, perSecond int, total time.Duration) (figures, error) {
	got := newArrivals()
	all, err := connectMany(address, path, clients, true, got)
	if err != nil {
		return nil, err
	}
	used := cpu()
	due := offer(to, perSecond, total)
	time.Sleep(grace)
	used = cpu() - used
	for _, c := range all {
		_ = c.conn.Close() // what comes later does not count
	}
	sorted := delays(all)
	return figures{
		"share": 100 * float64(len(sorted)) / float64(due*clients),
		"p50":   percentile(sorted, 0.5),
		"p99":   percentile(sorted, 0.99),
		"cpu":   100 * used.Seconds() / (total + grace).Seconds(),
	}, nil
}

// Stuck is the ending of a variant with a client that never reads.
const Stuck = ", one client never reads"

// stuck is what 50 clients are given of 2,000 events/s, with and without another
// that reads nothing; of ours it then reads, to see that its loss is told.
func stuck(variant string, scale float64) (figures, error) {
	const clients, perSecond, ring = 50, 2000, 2048
	name, isStuck := strings.CutSuffix(variant, Stuck)
	address, path, publish, err := servers[name].serve()
	if name == Ours {
		address, path, publish, err = serveOurs(func(c *liveextension.Config) { c.Ring.Events = ring })
	}
	if err != nil {
		return nil, err
	}
	var still net.Conn
	if isStuck {
		if still, err = connect(address, path, 4096); err != nil {
			return nil, err
		}
		settle(1)
	}
	total := scaled(6*time.Second, scale)
	measured, err := underLoad(address, path, publish, clients, perSecond, total)
	if err != nil || still == nil || name != Ours {
		return measured, err
	}
	given, lost, err := account(still, int(float64(perSecond)*total.Seconds()))
	measured["lost"] = float64(lost)
	measured["unaccounted"] = float64(perSecond)*total.Seconds() - float64(given+lost)
	return measured, err
}

// account reads what a client is given and told to be lost, until both are as
// many as wanted.
func account(conn net.Conn, want int) (given, lost int, err error) {
	// A window as small as it was would open in small steps.
	if err := conn.(*net.TCPConn).SetReadBuffer(1 << 20); err != nil {
		return 0, 0, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, 0, err
	}
	lines := bufio.NewReaderSize(conn, 1<<20)
	telling := false
	for given+lost < want {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return given, lost, fmt.Errorf("after %d given and %d lost of %d: %w", given, lost, want, err)
		}
		switch text, isData := bytes.CutPrefix(line, []byte("data: ")); {
		case bytes.HasPrefix(line, []byte("event: ")):
			telling = bytes.Contains(line, []byte("stream.lost"))
		case isData && telling:
			_, after, _ := bytes.Cut(text, []byte(`"count":`))
			n, err := strconv.Atoi(string(bytes.TrimRight(after, "}\n")))
			if err != nil {
				return given, lost, err
			}
			lost += n
		case isData:
			given++
		}
	}
	return given, lost, nil
}
