package journal

import (
	"context"
	"errors"
	"fmt"
)

// How much Replay reads in one operation of the storage: about so many bytes
// if values go on being as large as the last ones, and never more than the hard
// bound, unless one value alone is.
const (
	keysPerRead      = 64
	bytesPerRead     = 8 << 20
	bytesPerReadHard = 64 << 20
)

// Visit takes an entry or a chunk. The payload must not be changed; the visitor
// may keep it. An error that is ErrUnreadable sets it aside; any other ends the
// replay.
type Visit func(id uint64, payload []byte) error

// Replay hands all entries to main, then all chunks to past, each in the order
// in which they were written. What was given up is left out; what cannot be
// read is set aside. It answers how many were, those roots included that Open
// could not read. A log whose visit is nil is not read, so that the order can be
// turned by two calls; both must have been read before Bytes and Size are right.
func (l *Log) Replay(ctx context.Context, main, past Visit) (aside int, err error) {
	aside, l.lost = l.lost, 0
	for i, visit := range [2]Visit{main, past} {
		if visit == nil {
			continue
		}
		r := reader{Log: l, log: i, visit: visit, leading: l.behind}
		err := r.all(ctx)
		aside += r.aside
		if err != nil {
			return aside, fmt.Errorf("journal: replay: %w", err)
		}
	}
	return aside, nil
}

// reader replays one of the two logs.
type reader struct {
	*Log
	log   int
	visit Visit
	// leading is whether what is missing is what a lost root deleted.
	leading bool
	aside   int
	missing []Op
}

func (r *reader) all(ctx context.Context) error {
	extent := r.at.logs[r.log]
	usual := extent.largest
	for id := extent.oldest; id < extent.next; {
		ops := r.ops[:0]
		for n := min(keys(usual, extent.largest), extent.next-id); n > 0; n-- {
			ops = append(ops, Op{Kind: OpGet, Key: keyOf(r.log, id+uint64(len(ops)))})
		}
		r.ops = ops
		if err := r.storage.Do(ctx, ops); err != nil {
			return err
		}
		sum := 0
		for i := range ops {
			size := r.size(id+uint64(i), &ops[i])
			sum += size
			if err := r.one(ctx, id+uint64(i), &ops[i]); err != nil {
				return err
			}
			ops[i].Value = nil
		}
		if err := r.lacks(ctx); err != nil {
			return err
		}
		usual = uint64(sum / len(ops))
		id += uint64(len(ops))
	}
	r.at.logs[r.log].largest = largest(r.sizes[r.log])
	return nil
}

// keys is how many to read at once.
func keys(usual, largest uint64) uint64 {
	n := min(keysPerRead, bytesPerRead/max(usual, 1), bytesPerReadHard/max(largest, 1))
	return max(n, 1)
}

func largest(sizes []int) uint64 {
	most := 0
	for _, size := range sizes {
		most = max(most, size)
	}
	return uint64(most)
}

// size notes what a key and its value take.
func (r *reader) size(id uint64, op *Op) int {
	size := 0
	if op.Value != nil {
		size = sizeOf(len(op.Value))
	}
	r.resize(id, size)
	return size
}

func (r *reader) resize(id uint64, size int) {
	known := &r.sizes[r.log][id-r.at.logs[r.log].oldest]
	r.bytes[r.log] += size - *known
	*known = size
}

func (r *reader) one(ctx context.Context, id uint64, op *Op) error {
	switch {
	case id < r.at.logs[r.log].first:
		return nil
	case op.Value == nil:
		if r.leading {
			r.at.logs[r.log].drop(id + 1)
		} else {
			r.missing = append(r.missing, Op{Kind: OpGet, Key: asidePrefix + op.Key})
		}
		return nil
	}
	r.leading = false
	_, payload, ok := unseal(op.Key, op.Value)
	if ok {
		err := r.visit(id, payload)
		if !errors.Is(err, ErrUnreadable) {
			return err
		}
	}
	return r.setAside(ctx, id, op)
}

func (r *reader) setAside(ctx context.Context, id uint64, op *Op) error {
	r.aside++
	err := r.storage.Do(ctx, []Op{
		{Kind: OpSet, Key: asidePrefix + op.Key, Value: op.Value},
		{Kind: OpDelete, Key: op.Key},
	})
	switch {
	case err == nil:
		r.resize(id, 0)
	case !errors.Is(err, ErrFull):
		return err
	}
	return nil
}

// lacks counts what is missing, unless it was set aside by an earlier replay.
func (r *reader) lacks(ctx context.Context) error {
	if len(r.missing) == 0 {
		return nil
	}
	err := r.storage.Do(ctx, r.missing)
	for i := range r.missing {
		if r.missing[i].Value == nil {
			r.aside++
		}
	}
	clear(r.missing)
	r.missing = r.missing[:0]
	return err
}
