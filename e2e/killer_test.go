package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// moment is when a process is killed.
type moment int

const (
	// whileStarting: some time after the process was made, so that it is
	// found in its start, reading its journal, or in its first deliveries.
	whileStarting moment = iota
	// afterSending: shortly after a client began to send an export.
	afterSending
	// onAcknowledgement: at once when a client hears that an export was taken.
	onAcknowledgement
	// onDelivery: when an export is with the sink and no answer was given.
	onDelivery
	// afterDelivery: shortly after the sink took an export.
	afterDelivery
	// onRefusal: while the sink is down, when it refuses an export.
	onRefusal
	// whileStopping: some time after SIGTERM.
	whileStopping
	moments
)

func (m moment) String() string {
	return [...]string{
		"while starting", "after sending", "on acknowledgement", "on delivery", "after delivery", "on refusal", "while stopping",
	}[m]
}

// aim is one kill: at the n-th time that something happens, and so long after.
type aim struct {
	at    moment
	n     int
	after time.Duration
}

func (a aim) String() string { return fmt.Sprintf("%s, %d, %s", a.at, a.n, a.after) }

// chooseAims makes n kills of a seed; every moment is among them when there
// are as many. starting is about how long a collector takes to start.
func chooseAims(seed uint64, n int, starting time.Duration) []aim {
	dice := rand.New(rand.NewPCG(seed, 0))
	aims := make([]aim, n)
	for i := range aims {
		a := aim{at: moment(i % int(moments)), n: 1 + dice.IntN(120)}
		switch a.at {
		case whileStarting:
			a.after = time.Duration(dice.Int64N(int64(starting + starting/4)))
		case afterSending, afterDelivery:
			a.after = time.Duration(dice.Int64N(int64(4 * time.Millisecond)))
		case whileStopping:
			a.after = time.Duration(dice.Int64N(int64(60 * time.Millisecond)))
		case onDelivery, onRefusal:
			a.n = 1 + dice.IntN(8)
		}
		aims[i] = a
	}
	dice.Shuffle(n, func(i, j int) { aims[i], aims[j] = aims[j], aims[i] })
	return aims
}

// killer kills a process when what it aims at happens. It may be used by
// several goroutines.
type killer struct {
	mu sync.Mutex // guards everything declared below
	// process is nil while it aims at nothing.
	process *os.Process
	aim     aim
	pending *time.Timer
}

// aimAt makes the killer watch a process for its moment.
func (k *killer) aimAt(process *os.Process, a aim) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process, k.aim = process, a
	if a.at == whileStarting {
		k.strike()
	}
}

// strike kills, now or later. The caller holds mu.
func (k *killer) strike() {
	process := k.process
	k.process = nil
	kill := func() { _ = process.Kill() } // it may have ended by itself
	if k.aim.at == whileStopping {
		_ = process.Signal(syscall.SIGTERM)
	}
	if k.aim.after == 0 {
		kill()
		return
	}
	k.pending = time.AfterFunc(k.aim.after, kill)
}

// disarm makes sure that nothing is killed any more.
func (k *killer) disarm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process = nil
	if k.pending != nil {
		k.pending.Stop()
	}
}

// happened tells the killer of something that it may aim at.
func (k *killer) happened(what moment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	counts := what == k.aim.at || what == onAcknowledgement && k.aim.at == whileStopping
	if k.process == nil || !counts {
		return
	}
	if k.aim.n--; k.aim.n <= 0 {
		k.strike()
	}
}

// verdict is the sink's: it takes exports, or refuses them all while the
// killer aims at refusals.
func (k *killer) verdict(context.Context, plog.Logs) error {
	k.mu.Lock()
	down := k.process != nil && k.aim.at == onRefusal
	k.mu.Unlock()
	if down {
		k.happened(onRefusal)
		return status.Error(codes.Unavailable, "the sink is down")
	}
	k.happened(onDelivery)
	k.happened(afterDelivery)
	return nil
}

// watchedClient tells a killer what it does, and gives up after a while.
type watchedClient struct {
	otlpClient
	killer *killer
}

func (c watchedClient) sendLogs(ctx context.Context, logs plog.Logs) (outcome, error) {
	return c.watch(ctx, func(ctx context.Context) (outcome, error) { return c.otlpClient.sendLogs(ctx, logs) })
}

func (c watchedClient) sendTraces(ctx context.Context, traces ptrace.Traces) (outcome, error) {
	return c.watch(ctx, func(ctx context.Context) (outcome, error) { return c.otlpClient.sendTraces(ctx, traces) })
}

func (c watchedClient) watch(ctx context.Context, send func(context.Context) (outcome, error)) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.killer.happened(afterSending)
	result, err := send(ctx)
	if result == acknowledged {
		c.killer.happened(onAcknowledgement)
	}
	return result, err
}

// TestChooseAims: a seed is all it takes to have the same kills again.
func TestChooseAims(t *testing.T) {
	t.Parallel()
	first, again := chooseAims(7, 25, time.Second), chooseAims(7, 25, time.Second)
	seen := map[moment]bool{}
	for i, a := range first {
		seen[a.at] = true
		if a != again[i] {
			t.Fatalf("kill %d: %v and %v of one seed", i, a, again[i])
		}
	}
	if len(seen) != int(moments) {
		t.Fatalf("only %d of %d moments", len(seen), moments)
	}
}
