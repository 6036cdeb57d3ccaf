package e2e

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

// usualCrashes is how often TestCrash kills the collector, unless CRASHES
// says otherwise.
const usualCrashes = 25

// crashing is a buffer with something of everything at any moment: requests
// that end soon, that leave in parts, and that stay open over many lives.
const crashing = "linger: 50ms\nlimits: {max_request_events: 20}\n" + hurriedRetry

// TestCrash kills the collector again and again while clients of both signals
// go on sending, and starts it anew on the same storage. In the end everything
// that was acknowledged is in some envelope, once; each envelope has one
// content; the events of each request are numbered without a gap; and every
// span went through.
//
// CRASHES is the number of kills, CRASH_SEED chooses the same ones again.
func TestCrash(t *testing.T) {
	t.Parallel()
	n, seed := int(fromEnv(t, "CRASHES", usualCrashes)), fromEnv(t, "CRASH_SEED", randomSeed())
	t.Logf("CRASHES=%d CRASH_SEED=%d", n, seed)
	for name, compaction := range map[string]string{
		"": "",
		// As often as can be, to be killed in the middle of it. Not on_start
		// as well: the two race in file_storage v0.161.0.
		"compacting": `{on_rebound: true, directory: %s, cleanup_on_start: true,
  rebound_needed_threshold_mib: 1, rebound_trigger_threshold_mib: 1, check_interval: 10ms}`,
	} {
		t.Run(strings.TrimSpace("file_storage "+name), func(t *testing.T) {
			t.Parallel()
			directory, options := filepath.Join(t.TempDir(), "storage"), ""
			if compaction != "" {
				options = "compaction: " + fmt.Sprintf(compaction, directory)
			}
			compactions := crashAgainAndAgain(t, n, seed, withStorage(directory, options))
			assert.Equal(t, compaction != "", compactions > 0, "%d compactions", compactions)
		})
	}
}

// crashAgainAndAgain answers how often file_storage made its file smaller.
func crashAgainAndAgain(t *testing.T, n int, seed uint64, storage string) (compactions int) {
	t.Helper()
	began := time.Now()
	k := &killer{}
	s := newSink(t)
	s.set(k.verdict)
	at := pickAddresses(t)
	configs := []string{toSink(s, crashing), storage}

	spawned := time.Now()
	c := start(t, launch{configs: configs, at: &at})
	starting := time.Since(spawned)
	l := startLoad(t, watchedClients(t, at, k)...)
	long := startLongRequests(t, watchedClient{newHTTPClient(t, at.http), k}, l.ledger)
	t.Cleanup(k.disarm)
	l.awaitSent(c, 20)
	for i, a := range chooseAims(seed, n, starting) {
		if i > 0 {
			c = launch{configs: configs, at: &at}.spawn(t)
			t.Cleanup(c.cleanup)
		}
		k.aimAt(c.cmd.Process, a)
		requireKilled(t, c, fmt.Sprintf("kill %d: %s", i+1, a))
		compactions += c.output.count("finished compaction")
	}

	c = start(t, launch{configs: append(configs, shutdownFlush), at: &at})
	l.awaitSent(c, 20)
	l.end()
	long.end()
	c.stop()
	assert.Zero(t, c.output.count(damagedLog), "the journal is damaged at the end")
	d := s.delivered()
	l.ledger.check(t, d)
	requireWhole(t, d)
	requirePassed(t, l.ledger, d, s)
	t.Logf("%d kills in %s, a start takes about %s; longest request: %d events", n,
		time.Since(began).Round(time.Second), starting.Round(10*time.Millisecond), long.events)
	return compactions
}

// requireKilled waits for the end of a life: by the kill, or by SIGTERM where
// that was quicker.
func requireKilled(t *testing.T, c *collector, which string) {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.kill()
		t.Fatalf("%s: that moment did not come:\n%s", which, c.output.tail())
	}
	assert.Zero(t, c.output.count(damagedLog), "the journal is damaged, %s", which)
	var exit *exec.ExitError
	if c.exitErr == nil {
		return
	}
	require.ErrorAs(t, c.exitErr, &exit, which)
	how := exit.Sys().(syscall.WaitStatus)
	require.True(t, how.Signaled() && (how.Signal() == syscall.SIGKILL || how.Signal() == syscall.SIGTERM),
		"%s: the collector ended by itself, %v:\n%s", which, c.exitErr, c.output.tail())
}

// requireWhole requires that every request was one all the time: its parts and
// its events are numbered without a gap and without a repetition, parts arrived
// one after the other, and nothing had to be salvaged.
func requireWhole(t *testing.T, d delivery) {
	t.Helper()
	place := map[string]int{}
	for i, id := range d.order {
		place[id] = i
	}
	for request := range d.byRequest {
		parts, _ := d.whole(t, request)
		for i, part := range parts {
			require.True(t, i == 0 || place[parts[i-1].ID] < place[part.ID], "order of the parts of request %s", request)
			require.NotEqual(t, "recovered", part.FlushReason, "request %s", request)
		}
	}
}

// requirePassed requires that the sink has every span whose export was
// acknowledged, with its event.
func requirePassed(t *testing.T, l *ledger, d delivery, s *sink) {
	t.Helper()
	passed := map[string]bool{}
	for _, traces := range s.takenTraces() {
		for f := range spans(traces) {
			for _, event := range f.span.Events().All() {
				if m, ok := event.Attributes().Get(marker); ok {
					passed[m.Str()] = true
				}
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	gone, checked := 0, 0
	for _, e := range d.byID {
		for _, fact := range e.Events {
			m := markerOf(fact)
			if _, taken := l.taken[m]; !taken || fact.Source != "span_event" {
				continue
			}
			checked++
			if !passed[m] {
				gone++
			}
		}
	}
	assert.Positive(t, checked, "spans that were acknowledged")
	assert.Zero(t, gone, "spans that did not travel on, of %d acknowledged", checked)
}

// watchedClients are one client for each protocol, which a killer watches.
func watchedClients(t *testing.T, at addresses, k *killer) []otlpClient {
	t.Helper()
	// A call waits for a connection, so that one of unknown fate is one that
	// was under way.
	rpc := newGRPCClient(t, at.grpc, grpc.WaitForReady(true))
	return []otlpClient{watchedClient{newHTTPClient(t, at.http), k}, watchedClient{rpc, k}}
}

// longRequests go on over all lives of a collector.
type longRequests struct {
	stop context.CancelFunc
	done chan struct{}
	// events is what the longest one has; it may be read after end.
	events int
}

// startLongRequests sends to three requests, one event each at a time, until
// the end.
func startLongRequests(t *testing.T, client otlpClient, into *ledger) *longRequests {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &longRequests{stop: cancel, done: make(chan struct{})}
	l := &load{ledger: into}
	of, content := []ids{newIDs(), newIDs(), newIDs()}, strings.Repeat("still here ", 800)
	go func() {
		defer close(r.done)
		for ctx.Err() == nil {
			l.export(ctx, client, func(b batch, events map[string]string) bool {
				for _, request := range of {
					events[b.addLog(request, "gen_ai.tool.message", content)] = request.requestID()
				}
				return false
			})
			r.events++
		}
	}()
	t.Cleanup(r.end)
	return r
}

func (r *longRequests) end() {
	r.stop()
	<-r.done
}

func fromEnv(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return value
}

func randomSeed() uint64 {
	var seed [8]byte
	_, _ = rand.Read(seed[:])
	return binary.LittleEndian.Uint64(seed[:])
}
