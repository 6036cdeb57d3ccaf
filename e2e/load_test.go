package e2e

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ledger is what clients know about the events that they sent. It may be used
// by several goroutines.
type ledger struct {
	mu sync.Mutex // guards everything declared below
	// taken maps the marker of every acknowledged event to its request.
	taken map[string]string
	// denied are events of exports that were refused and not sent again.
	denied map[string]bool
	// open are events whose fate the client was never told.
	open map[string]bool
	// counts of exports by outcome.
	outcomes map[outcome]int
}

func newLedger() *ledger {
	return &ledger{taken: map[string]string{}, denied: map[string]bool{}, open: map[string]bool{}, outcomes: map[outcome]int{}}
}

// note enters the outcome of an export of events, markers mapped to requests.
func (l *ledger) note(result outcome, events map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes[result]++
	for m, request := range events {
		switch result {
		case acknowledged:
			l.taken[m] = request
		case unknown:
			l.open[m] = true
		default:
			l.denied[m] = true
		}
	}
}

// merge adds what another ledger knows to have been taken.
func (l *ledger) merge(other *ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(l.taken, other.taken)
}

// check requires that what was delivered holds every acknowledged event, in
// its own request and under one id, and nothing that was refused.
func (l *ledger) check(t *testing.T, d delivery) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.taken, "nothing was acknowledged, so nothing was tested")
	found := map[string]string{}
	var twice, strange, wrong, denied int
	for id, e := range d.byID {
		for _, fact := range e.Events {
			m := markerOf(fact)
			if m == "" {
				continue
			}
			if other, ok := found[m]; ok && other != id {
				twice++
			}
			found[m] = id
			request, taken := l.taken[m]
			switch {
			case taken && request != e.RequestID:
				wrong++
			case l.denied[m]:
				denied++
			case !taken && !l.open[m]:
				strange++
			}
		}
	}
	var missing []string
	for m, request := range l.taken {
		if found[m] == "" {
			missing = append(missing, m+" of "+request)
		}
	}
	if len(missing) > 20 {
		missing = missing[:20]
	}
	assert.Empty(t, missing, "acknowledged events that were not delivered (%d acknowledged)", len(l.taken))
	assert.Zero(t, twice, "events under two ids")
	assert.Zero(t, wrong, "events in another request than their own")
	assert.Zero(t, denied, "events of refused exports that were delivered")
	assert.Zero(t, strange, "events that nobody sent")
	assert.Zero(t, l.outcomes[refusedForGood], "exports refused for good although the data is good")
	t.Logf("%d events acknowledged, %d of unknown fate, %d refused; exports %v; %d envelopes, %d delivered again",
		len(l.taken), len(l.open), len(l.denied), l.outcomes, len(d.byID), d.repeats)
}

// load is clients that send requests until they are told to stop. What one
// request has comes in two exports of logs and one of traces, so that requests
// are open at any moment.
type load struct {
	ledger *ledger
	// sent counts acknowledged exports.
	sent atomic.Int64
	stop context.CancelFunc
	done sync.WaitGroup
}

// startLoad starts two workers for each client: one whose exports hold nothing
// but events, one that mixes them with log records of no request, which the
// collector has to hand on within the call. They end when stopped, or at the
// end of the test.
func startLoad(t *testing.T, clients ...otlpClient) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{ledger: newLedger(), stop: cancel}
	for _, c := range clients {
		l.done.Go(func() { l.work(ctx, c, false) })
		l.done.Go(func() { l.work(ctx, c, true) })
	}
	t.Cleanup(l.end)
	return l
}

// end stops the workers and waits for them.
func (l *load) end() {
	l.stop()
	l.done.Wait()
}

// awaitSent waits until n more exports were acknowledged.
func (l *load) awaitSent(c *collector, n int64) {
	c.t.Helper()
	from := l.sent.Load()
	c.poll("acknowledged exports", func() bool { return l.sent.Load() >= from+n },
		func() string { return fmt.Sprintf("%d acknowledged", l.sent.Load()-from) })
}

// work sends groups of requests until ctx is done.
func (l *load) work(ctx context.Context, client otlpClient, mixed bool) {
	const requests = 10
	previous := []ids(nil)
	for ctx.Err() == nil {
		current := make([]ids, requests)
		for i := range current {
			current[i] = newIDs()
		}
		l.export(ctx, client, func(b batch, events map[string]string) bool {
			for _, of := range current {
				events[b.addLog(of, "gen_ai.user.message", "question")] = of.requestID()
				if mixed {
					b.addOtherLog("of no request")
				}
			}
			return false
		})
		l.export(ctx, client, func(b batch, events map[string]string) bool {
			for _, of := range previous {
				events[b.addLog(of, "gen_ai.choice", "answer")] = of.requestID()
			}
			return false
		})
		l.export(ctx, client, func(b batch, events map[string]string) bool {
			for _, of := range previous {
				events[b.addSpan(of, "chat")] = of.requestID()
			}
			return true
		})
		previous = current
	}
}

// export sends what fill puts into a batch until it is acknowledged or ctx is
// done. An export of unknown fate is given up and sent anew with new markers:
// only so can it be told from one that the collector repeated.
func (l *load) export(ctx context.Context, client otlpClient, fill func(batch, map[string]string) (traces bool)) {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	b, events := newBatch(), map[string]string{}
	traces := fill(b, events)
	if len(events) == 0 {
		return
	}
	for {
		var result outcome
		// The export that is under way when the load ends gets its answer.
		if traces {
			result, _ = client.sendTraces(context.WithoutCancel(ctx), b.traces)
		} else {
			result, _ = client.sendLogs(context.WithoutCancel(ctx), b.logs)
		}
		switch result {
		case acknowledged:
			l.ledger.note(result, events)
			l.sent.Add(1)
			return
		case unknown:
			l.ledger.note(result, events)
			if traces {
				return // a span that arrives twice is counted once
			}
			b, events = newBatch(), map[string]string{}
			fill(b, events)
		default:
			l.ledger.note(result, nil)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			l.ledger.note(unreachable, events)
			return
		}
	}
}
