package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/live"
)

// reader is one reader over any number of connections: it stalls, leaves while
// it reads and while it waits, and comes back with its cursor.
type reader struct {
	*load
	number int
	random *rand.Rand
	ctx    context.Context
	// at is where the reader is, as its last id says.
	at uint64
	// given, missed and passed over are events.
	given, missed, passed uint64
	connections           int
	// sets says that publishers wait for this reader, which does not stall.
	sets bool
}

func (l *load) newReader(ctx context.Context, number int) reader {
	return reader{load: l, number: number, random: rand.New(rand.NewPCG(1, uint64(number))), ctx: ctx}
}

// errLeft: the reader left, and comes back.
var errLeft = errors.New("left")

// use reads a subscription until the reader leaves, look or Next fails, or
// nothing comes when all is published.
func (r *reader) use(s *live.Subscription, look func(*glance) error) error {
	defer s.Close()
	r.connections++
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	r.leaving[r.number].Store(&cancel)
	defer r.leaving[r.number].Store(nil)
	for range r.random.IntN(300) + 1 {
		if !r.sets && r.random.IntN(20) == 0 {
			r.stall(uint64(r.random.IntN(3000)))
		}
		over := r.end.Load() > 0
		pieces, err := s.Next(ctx, time.Millisecond, nil, 1+r.random.IntN(1<<15))
		if err := glanceAt(pieces, look); err != nil {
			return err
		}
		if r.sets {
			r.setPace(s.Position())
		}
		switch {
		case errors.Is(err, live.ErrIdle):
			if s.Cursor() != "" {
				r.at = s.Position()
			}
			if over {
				return err
			}
		case errors.Is(err, context.Canceled) && r.ctx.Err() == nil:
			return errLeft
		case err != nil:
			return err
		}
	}
	return errLeft
}

// cursor is what the reader comes back with.
func (r *reader) cursor() string { return fmt.Sprintf("%s-%d", r.hub.Cursor()[:16], r.at) }

// wide wants everything.
type wide struct {
	reader
	wasLost bool
}

func (w *wide) look(g *glance) error {
	if g.name == "stream.lost" {
		from, to, count, err := g.loss()
		if err != nil || w.wasLost || from != w.at+1 || to < from || to != g.position || count != to-from+1 {
			return fmt.Errorf("no such loss after %d", w.at)
		}
		w.missed += count
		w.at, w.wasLost = to, true
		return nil
	}
	if g.position != w.at+1 {
		return fmt.Errorf("%d after %d", g.position, w.at)
	}
	w.given++
	w.at, w.wasLost = g.position, false
	return w.agree(g, isNarrow(g))
}

func (w *wide) read() error {
	for {
		err := w.use(w.hub.Subscribe(live.Filter{}, live.Start{Cursor: w.cursor()}), w.look)
		if w.wasLost = false; w.at != w.given+w.missed+w.passed {
			return fmt.Errorf("at %d after %d", w.at, w.given+w.missed+w.passed)
		}
		if errors.Is(err, live.ErrIdle) && w.at == w.end.Load() {
			return nil
		}
		if err != nil && !errors.Is(err, live.ErrIdle) && !errors.Is(err, errLeft) {
			return err
		}
		if w.random.IntN(20) == 0 {
			if err := w.jump(); err != nil {
				return err
			}
		}
	}
}

// jump goes on from where a list was made.
func (w *wide) jump() error {
	list, err := w.hub.List(w.ctx, &live.Query{Limit: 5})
	if errors.Is(err, live.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer list.Release()
	var page struct{ Cursor string }
	if err := json.Unmarshal(list.JSON, &page); err != nil {
		return err
	}
	before := w.at
	if _, err := fmt.Sscanf(page.Cursor[17:], "%d", &w.at); err != nil {
		return err
	}
	w.passed += w.at - before
	return nil
}

// narrow wants few events and accounts for every one of them.
type narrow struct {
	reader
	seen []uint64
	lost [][2]uint64
}

func narrowFilter() live.Filter {
	return live.ParseFilter(map[string][]string{"name": {"gen_ai.choice"}, "processor": {"p0"}})
}

func isNarrow(g *glance) bool {
	return g.name == "gen_ai.choice" && bytes.Contains(g.data, []byte(`"processor":"p0"`))
}

func (n *narrow) look(g *glance) error {
	if g.position <= n.at {
		return fmt.Errorf("%d after %d", g.position, n.at)
	}
	if g.name == "stream.lost" {
		from, to, count, err := g.loss()
		if err != nil || from <= n.at || to < from || to != g.position || count != to-from+1 {
			return fmt.Errorf("no such loss after %d", n.at)
		}
		n.lost = append(n.lost, [2]uint64{from, to})
		n.missed += count
		n.at = to
		return nil
	}
	if !isNarrow(g) {
		return errors.New("not asked for")
	}
	n.given++
	n.at = g.position
	n.seen = append(n.seen, g.position)
	return n.agree(g, true)
}

func (n *narrow) read() error {
	for {
		err := n.use(n.hub.Subscribe(narrowFilter(), live.Start{Cursor: n.cursor()}), n.look)
		if errors.Is(err, live.ErrIdle) && n.at == n.end.Load() {
			return nil
		}
		if err != nil && !errors.Is(err, live.ErrIdle) && !errors.Is(err, errLeft) {
			return err
		}
	}
}

// account holds what the reader was given to what all others know: whatever it
// asked for it was given, or told to have lost. It answers how many were asked for.
func (n *narrow) account() (wanted int, err error) {
	for at := uint64(1); at <= n.end.Load(); at++ {
		if n.told[at].Load()&1 == 0 {
			continue
		}
		wanted++
		if _, found := slices.BinarySearch(n.seen, at); found {
			continue
		}
		i, found := slices.BinarySearchFunc(n.lost, at, func(lost [2]uint64, at uint64) int {
			switch {
			case lost[1] < at:
				return -1
			case lost[0] > at:
				return 1
			}
			return 0
		})
		if !found {
			return 0, fmt.Errorf("%d was neither given nor lost, nearest %d of %v", at, i, n.lost)
		}
	}
	return wanted, nil
}

// follower follows one request after the other, each to its end.
type follower struct {
	reader
	id string
	// seqs are the last number of each request in the stream, unknown after a
	// loss.
	seqs map[string]uint64
	// recalled are requests whose events came without an id since the last one:
	// who comes back with that, which is recalledAt, is given them again.
	recalled   []string
	recalledAt uint64
	// last is the name of the last frame, reason of the last flush.
	last, reason             string
	ended, merged, forgotten int
}

func (f *follower) look(g *glance) error {
	var data struct {
		RequestID string `json:"request_id"`
		Into      string `json:"into"`
		Seq       uint64 `json:"seq"`
		Reason    string `json:"flush_reason"`
		Counts    struct{ Events uint64 }
	}
	if err := json.Unmarshal(g.data, &data); err != nil {
		return err
	}
	f.given++
	if g.position > 0 {
		f.at = g.position
	}
	f.last = g.name
	switch g.name {
	case "stream.lost":
		f.seqs = nil
		f.missed++
		return nil
	case "request.merge":
		f.merged++
	case "request.flush":
		f.reason = data.Reason
		if all := data.Counts.Events; f.seqs != nil && f.seqs[data.RequestID] != all {
			return fmt.Errorf("%d of %d events", f.seqs[data.RequestID], all)
		}
	}
	if g.position > 0 {
		f.recalled = f.recalled[:0]
	}
	if data.Seq == 0 {
		return nil
	}
	if g.position == 0 {
		f.recalled, f.recalledAt = append(f.recalled, data.RequestID), f.at
	}
	if last, known := f.seqs[data.RequestID]; f.seqs != nil && data.Seq != last+1 {
		return fmt.Errorf("number %d after %d (%v) of %s: following %s", data.Seq, last, known, data.RequestID, f.id)
	}
	if f.seqs == nil {
		f.seqs = map[string]uint64{}
	}
	f.seqs[data.RequestID] = data.Seq
	return nil
}

func (f *follower) read() error {
	for f.end.Load() == 0 {
		id := f.open[f.random.IntN(len(f.open))].Load()
		if id == nil {
			f.stall(1)
			continue
		}
		f.recalled = nil
		f.id, f.at, f.seqs, f.last, f.reason = *id, 0, map[string]uint64{}, "", ""
		if err := f.follow(); err != nil {
			return err
		}
	}
	return nil
}

// follow follows one request to its end.
func (f *follower) follow() error {
	for {
		if f.at == f.recalledAt {
			for _, id := range f.recalled {
				delete(f.seqs, id)
			}
		}
		cursor := ""
		if f.at > 0 {
			cursor = f.cursor()
		}
		s, err := f.hub.Follow(f.id, "", cursor)
		switch {
		case errors.Is(err, live.ErrGone), errors.Is(err, live.ErrUnknown):
			f.forgotten++
			f.stall(1)
			return nil
		case errors.Is(err, live.ErrNothing):
			return f.over()
		case err != nil:
			return err
		}
		err = f.use(s, f.look)
		switch {
		case errors.Is(err, live.ErrEnded):
			return f.over()
		case errors.Is(err, live.ErrIdle) && f.end.Load() > 0:
			return nil // it stays open
		case err != nil && !errors.Is(err, live.ErrIdle) && !errors.Is(err, errLeft):
			return err
		}
	}
}

// over holds the end of a stream to what may end it.
func (f *follower) over() error {
	f.ended++
	if f.last != "stream.lost" && (f.last != "request.flush" || f.reason == "size") {
		return fmt.Errorf("the stream of %s ended with %s %s", f.id, f.last, f.reason)
	}
	return nil
}
