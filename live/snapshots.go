package live

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"
)

// ErrBusy: there are as many snapshots as may be.
var ErrBusy = errors.New("there are as many snapshots as may be at a time")

// Snapshot is JSON text that the hub has made. It counts against what all
// snapshots may take until it is released.
type Snapshot struct {
	JSON []byte
	room *semaphore.Weighted
	held int64
}

// Release gives back the room that the snapshot takes. JSON is not to be used
// any more.
func (s *Snapshot) Release() {
	s.JSON = nil
	s.room.Release(s.held)
}

// snapshots bounds what snapshots take: in memory, those that are made and those
// that are sent; in time, since one that is made takes a processor.
type snapshots struct {
	room *semaphore.Weighted
	// patience is how long to wait for room.
	patience time.Duration
	// pageBytes is about how long a page gets, and pageWeight about how much
	// content is looked at to make it, in bytes.
	pageBytes, pageWeight int
}

const (
	// snapshotBytes is what all snapshots may take.
	snapshotBytes = 64 << 20
	// leastMaking is what one takes at least while it is made.
	leastMaking = snapshotBytes / 4
	// makingOf is how much larger than the packed bytes of a request what is
	// made of it gets.
	makingOf = 3
)

func newSnapshots() snapshots {
	return snapshots{
		room:     semaphore.NewWeighted(snapshotBytes),
		patience: 2 * time.Second, pageBytes: 4 << 20, pageWeight: 32 << 20,
	}
}

// make waits until there is room and then makes a snapshot of a number of bytes.
func (all *snapshots) make(ctx context.Context, of int, build func() ([]byte, error)) (*Snapshot, error) {
	held := min(max(leastMaking, makingOf*int64(of)), snapshotBytes)
	waiting, done := context.WithTimeout(ctx, all.patience)
	err := all.room.Acquire(waiting, held)
	done()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrBusy
	}
	made := &Snapshot{room: all.room, held: held}
	defer func() {
		if made.JSON == nil {
			made.Release()
		}
	}()
	text, err := build()
	if err != nil {
		return nil, err
	}
	// What is left to do is to send it, which may take long.
	if size := int64(cap(text)); size < held {
		all.room.Release(held - size)
		made.held = size
	}
	made.JSON = text
	return made, nil
}
