package journal

import (
	"context"
	"errors"
	"fmt"
)

// OpKind is what an operation does.
type OpKind uint8

// The operations of a storage, as those of a Go map.
const (
	OpGet OpKind = iota
	OpSet
	OpDelete
)

// Op is one operation of a batch. A get fills in Value, with nil when there is
// none; the value is the log's from then on.
type Op struct {
	Kind  OpKind
	Key   string
	Value []byte
}

// Storage is where the log is kept.
type Storage interface {
	// Do does all operations in their order, or none of them. It must keep
	// hold of neither ops nor the values that are set after it has returned. It
	// answers ErrFull, possibly wrapped, when there is no space left.
	Do(ctx context.Context, ops []Op) error
}

// Walker is a Storage that can list what it has. It is asked only when both
// roots are lost.
type Walker interface {
	// Walk visits every key, in any order; value is valid during the call only.
	Walk(ctx context.Context, visit func(key string, value []byte)) error
}

var (
	// ErrFull is what a storage without space left answers.
	ErrFull = errors.New("the storage is full")
	// ErrUnreadable is for a reader of a payload that cannot read it: the
	// payload is set aside like one with a wrong checksum.
	ErrUnreadable = errors.New("the payload cannot be read")

	errUnframed = errors.New("journal: an entry must begin with a frame")
)

const (
	// Entries and chunks that one Write deletes. It adds two at most, so that
	// this keeps up by far and also works off a backlog, without a Write that
	// takes long.
	deletionsPerWrite = 128
	deletionsPerTrim  = 1024
)

// rootPadding is what follows the root of a Write (see the package comment).
const rootPadding = 4096

var padded [rootPadding]byte

// Log is the journal. It is not safe for concurrent use: its owner has one lock
// for it.
type Log struct {
	storage Storage
	at      state
	// slot is that of the newest root.
	slot int
	// single is whether no other root can be read than the newest, if that one
	// can: the next operation writes both.
	single bool
	// behind is whether the newest root was lost, and deletions with it.
	behind bool
	// doubt is whether an operation failed that may have happened.
	doubt bool
	// lost counts roots that Replay has to report as set aside.
	lost int
	// sizes of keys and values from oldest on, 0 for what is not known or not
	// there; bytes are their sums.
	sizes [2][]int
	bytes [2]int
	ops   []Op
	root  [2][]byte
}

// Write appends an entry and, when past is not nil, a chunk, and deletes what
// was given up, as far as one Write does; it is one operation of the storage.
// Both are payloads that begin with a Frame, whose head is filled in; they are
// the caller's again when Write returns. It answers the ids, with pastID 0
// without a chunk. After an error the log stands where it stood, and Write can
// be tried again, with the same or another entry; whether the failed entry will
// be there after a crash before that is not known.
func (l *Log) Write(ctx context.Context, entry, past []byte) (id, pastID uint64, err error) {
	if !framed(entry) || past != nil && !framed(past) {
		return 0, 0, errUnframed
	}
	id = l.at.logs[entries].next
	if past != nil {
		pastID = l.at.logs[chunks].next
	}
	if err := l.commit(ctx, [2][]byte{entry, past}, deletionsPerWrite); err != nil {
		return 0, 0, fmt.Errorf("journal: write: %w", err)
	}
	return id, pastID, nil
}

// Drop gives up all entries before an id. It holds from the next Write or Trim
// on, which also begin to delete them.
func (l *Log) Drop(before uint64) { l.at.logs[entries].drop(before) }

// DropPast gives up all chunks before an id, as Drop does entries.
func (l *Log) DropPast(before uint64) { l.at.logs[chunks].drop(before) }

func (e *extent) drop(before uint64) { e.first = max(e.first, min(before, e.next)) }

// Trim deletes all that was given up, if anything, and what a failed Write may
// have left. What it did before an error stays done.
func (l *Log) Trim(ctx context.Context) error {
	for l.doubt || l.backlog() {
		if err := l.commit(ctx, [2][]byte{}, deletionsPerTrim); err != nil {
			return fmt.Errorf("journal: trim: %w", err)
		}
	}
	return nil
}

func (l *Log) backlog() bool {
	return l.at.logs[entries].oldest < l.at.logs[entries].first || l.at.logs[chunks].oldest < l.at.logs[chunks].first
}

// Bytes is what the keys and values of entries and chunks take that are not
// deleted, spacers included. It is known after Replay.
func (l *Log) Bytes() int { return l.bytes[entries] + l.bytes[chunks] }

// EntryBytes is what of that are entries.
func (l *Log) EntryBytes() int { return l.bytes[entries] }

// Size is what the keys and values of an entry take, 0 if there is none.
func (l *Log) Size(id uint64) int {
	if oldest := l.at.logs[entries].oldest; id >= oldest && id < l.at.logs[entries].next {
		return l.sizes[entries][id-oldest]
	}
	return 0
}

// commit writes frames, the root that counts them, and up to most deletions.
func (l *Log) commit(ctx context.Context, frames [2][]byte, most int) error {
	before, after := &l.at, l.at
	after.sequence++
	for i := range after.logs {
		log := &after.logs[i]
		if frames[i] != nil {
			log.next++
			log.largest = max(log.largest, uint64(len(frames[i])))
		}
		gone := min(uint64(most), log.first-log.oldest)
		most -= int(gone)
		log.oldest += gone
	}
	ops := l.appendFrames(l.ops[:0], frames, &after)
	switch {
	case frames[entries] == nil:
		// No entry carries this state: one root must not be all that does.
		ops = append(ops, l.rootOp(1-l.slot, &after, 0), l.rootOp(l.slot, &after, 0))
	case l.single:
		ops = append(ops, l.rootOp(1-l.slot, &after, rootPadding), l.rootOp(l.slot, before, rootPadding))
	default:
		ops = append(ops, l.rootOp(1-l.slot, &after, rootPadding))
	}
	for i := range after.logs {
		ops = l.appendDeletions(ops, i, after.logs[i].oldest)
	}
	err := l.storage.Do(ctx, ops)
	clear(ops)
	l.ops = ops
	if err != nil {
		// It may be in both roots: what comes next must be newer.
		l.at.sequence = after.sequence
		l.doubt = true
		return err
	}
	l.committed(&after, frames)
	return nil
}

// appendFrames sets frames, and deletes what an operation that failed may have
// set in their place.
func (l *Log) appendFrames(ops []Op, frames [2][]byte, after *state) []Op {
	for i, frame := range frames {
		key := keyOf(i, l.at.logs[i].next)
		switch {
		case frame != nil:
			seal(key, frame, after)
			ops = append(ops, Op{Kind: OpSet, Key: key, Value: frame})
		case l.doubt:
			ops = append(ops, Op{Kind: OpDelete, Key: key})
		}
		switch {
		case spaced(len(frame)):
			ops = appendSpacers(ops, OpSet, key)
		case l.doubt:
			ops = appendSpacers(ops, OpDelete, key)
		}
	}
	return ops
}

// appendDeletions deletes what comes before an id.
func (l *Log) appendDeletions(ops []Op, log int, before uint64) []Op {
	for i, id := 0, l.at.logs[log].oldest; id < before; i, id = i+1, id+1 {
		key := keyOf(log, id)
		ops = append(ops, Op{Kind: OpDelete, Key: key})
		// What is not there may have left its spacers.
		if size := l.sizes[log][i]; size == 0 || size > sizeOf(spacedFrom-1) {
			ops = appendSpacers(ops, OpDelete, key)
		}
	}
	return ops
}

func (l *Log) committed(after *state, frames [2][]byte) {
	for i, frame := range frames {
		if frame != nil {
			l.sizes[i] = append(l.sizes[i], sizeOf(len(frame)))
			l.bytes[i] += sizeOf(len(frame))
		}
		gone := after.logs[i].oldest - l.at.logs[i].oldest
		for _, size := range l.sizes[i][:gone] {
			l.bytes[i] -= size
		}
		l.sizes[i] = l.sizes[i][gone:]
	}
	l.at, l.slot = *after, 1-l.slot
	l.single, l.doubt = false, false
}

// rootOp sets a root, followed by as much padding.
func (l *Log) rootOp(slot int, s *state, padding int) Op {
	l.root[slot] = append(Frame(l.root[slot][:0]), padded[:padding]...)
	seal(rootKeys[slot], l.root[slot], s)
	return Op{Kind: OpSet, Key: rootKeys[slot], Value: l.root[slot]}
}
