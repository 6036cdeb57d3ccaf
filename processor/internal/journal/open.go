package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// lifeShift parts the ids of logs of which one followed another that could not
// be found.
const lifeShift = 48

// Open reads where the log in a storage stands. Call Replay before anything
// else.
func Open(ctx context.Context, s Storage) (*Log, error) {
	l := &Log{storage: s}
	roots := []Op{{Key: rootKeys[0]}, {Key: rootKeys[1]}}
	if err := s.Do(ctx, roots); err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	if err := l.locate(ctx, roots); err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	for i, log := range l.at.logs {
		l.sizes[i] = make([]int, log.next-log.oldest)
	}
	return l, nil
}

func (l *Log) locate(ctx context.Context, roots []Op) error {
	readable, present := 0, 0
	for slot, root := range roots {
		if root.Value != nil {
			present++
		}
		s, _, ok := unseal(root.Key, root.Value)
		if !ok {
			continue
		}
		if readable == 0 || s.sequence > l.at.sequence {
			l.at, l.slot = s, slot
		}
		readable++
	}
	switch {
	case readable > 0:
		l.behind, l.single = readable < len(roots), readable < len(roots)
	case present > 0:
		l.lost = present
		return l.recover(ctx, roots)
	default:
		l.at, l.single = stateFrom(0), true
	}
	return l.follow(ctx)
}

// follow goes on from a root to what was written after it: with the newest root
// lost, that is the last entry.
func (l *Log) follow(ctx context.Context) error {
	for moved := true; moved; {
		moved = false
		var next [2]uint64
		probes := make([]Op, len(next))
		for i := range next {
			next[i] = l.at.logs[i].next
			probes[i].Key = keyOf(i, next[i])
		}
		if err := l.storage.Do(ctx, probes); err != nil {
			return err
		}
		for i, probe := range probes {
			s, _, ok := unseal(probe.Key, probe.Value)
			switch {
			case ok && s.sequence > l.at.sequence:
				l.at, moved = s, true
			case !ok && probe.Value != nil && l.at.logs[i].next == next[i]:
				// Unreadable: within the log, so that it is set aside
				// rather than overwritten.
				l.at.logs[i].next++
				moved = true
			}
		}
	}
	return nil
}

// recover finds the log without a root, or begins another.
func (l *Log) recover(ctx context.Context, roots []Op) error {
	if walker, ok := l.storage.(Walker); ok {
		found := false
		err := walker.Walk(ctx, func(key string, value []byte) {
			if s, _, ok := unseal(key, value); ok && (!found || s.sequence > l.at.sequence) {
				l.at, found = s, true
			}
		})
		if err != nil {
			return err
		}
		if found {
			l.behind, l.single = true, true
			return l.follow(ctx)
		}
	}
	return l.restart(ctx, roots)
}

// restart begins an empty log beside what cannot be found, and sets the roots
// aside; that there are some of the n-th time says that the next is n+1.
func (l *Log) restart(ctx context.Context, roots []Op) error {
	for life := uint64(1); ; life++ {
		suffix := "/" + strconv.FormatUint(life, 10)
		ops := make([]Op, 0, len(roots)+1)
		for _, root := range roots {
			ops = append(ops, Op{Key: asidePrefix + root.Key + suffix})
		}
		if err := l.storage.Do(ctx, ops); err != nil {
			return err
		}
		if ops[0].Value != nil || ops[1].Value != nil {
			continue
		}
		l.at, l.single = stateFrom(life<<lifeShift), true
		ops = ops[:0]
		for _, root := range roots {
			if root.Value != nil {
				ops = append(ops, Op{Kind: OpSet, Key: asidePrefix + root.Key + suffix, Value: root.Value})
			}
		}
		// In a full storage the first Write makes it so.
		err := l.storage.Do(ctx, append(ops, l.rootOp(l.slot, &l.at, 0)))
		if err != nil && !errors.Is(err, ErrFull) {
			return err
		}
		return nil
	}
}
