package processor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// durable is what makes an engine survive a crash: its journal. Everything that
// is accepted is in there before the call that brought it returns, and every
// part before it leaves. It is safe for concurrent use.
type durable struct {
	engine *Engine
	client storage.Client
	bytes  atomic.Int64

	// order is held from before an entry is put together until what it brings
	// is in the store, so that the journal has everything in the order in which
	// the store got it. It is taken before the engine's lock, and held while
	// the storage is called: that is what it is for.
	order  turn
	log    *journal.Log
	entry  []byte
	closed bool
	// written is when the last entry was.
	written time.Time
	// refused is the size of the last entry if it could not be written, and
	// refusedAt when that was.
	refused   int
	refusedAt time.Time

	// stopKeeping ends the keeper, kept is closed when it has ended.
	stopKeeping context.CancelFunc
	kept        chan struct{}
}

const (
	// maxEntry is the largest buffer for entries that is kept, in bytes.
	maxEntry = 8 << 20
	// journalSlack is what the journal may hold beyond its share, in bytes.
	journalSlack = 16 << 10
	// journalPause is the time between two attempts to write to a storage that
	// fails, while parts wait to leave.
	journalPause = 250 * time.Millisecond
)

var errClosed = errors.New("the journal is closed")

// storageOf answers the storage extension of an id.
func storageOf(id component.ID, host component.Host) (storage.Extension, error) {
	extension, known := host.GetExtensions()[id]
	if !known {
		return nil, fmt.Errorf("storage: %q is no extension of this collector; list it under service::extensions, or remove the key", id)
	}
	store, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: %q is no storage extension; give the id of one, such as file_storage, or remove the key", id)
	}
	return store, nil
}

// restore opens the journal, if there is a storage, and brings the engine to
// where it was. It is called once, before anything is taken, and answers how
// many entries could not be read.
func (e *Engine) restore(ctx context.Context, host component.Host) (aside int, err error) {
	if e.cfg.Storage == nil {
		return 0, nil
	}
	from, err := storageOf(*e.cfg.Storage, host)
	if err != nil {
		return 0, err
	}
	client, err := from.GetClient(ctx, e.set.Kind, e.set.ID, "")
	if err != nil {
		return 0, fmt.Errorf("storage: %q gives no client: %w", e.cfg.Storage, err)
	}
	d := &durable{engine: e, client: client, order: newTurn()}
	if d.log, err = journal.Open(ctx, newJournalStorage(client)); err != nil {
		return 0, errors.Join(fmt.Errorf("storage: the journal in %q cannot be opened: %w", e.cfg.Storage, err), client.Close(ctx))
	}
	if aside, err = d.replay(ctx); err != nil {
		return 0, errors.Join(fmt.Errorf("storage: the journal in %q cannot be read: %w", e.cfg.Storage, err), client.Close(ctx))
	}
	e.durable = d
	return aside, nil
}

// closeJournal gives the storage back, if there is one.
func (e *Engine) closeJournal(ctx context.Context) error {
	if e.durable == nil {
		return nil
	}
	return e.durable.client.Close(ctx)
}

// replay restores the store.
func (d *durable) replay(ctx context.Context) (aside int, err error) {
	e := d.engine
	e.store.KeepJournal()
	restorer := buffer.NewRestorer(e.store)
	var read garbage
	reading := func(take func(uint64, []byte) error) journal.Visit {
		return func(id uint64, payload []byte) error {
			read.add(len(payload))
			if err := take(id, payload); err != nil {
				return fmt.Errorf("%w: %w", journal.ErrUnreadable, err)
			}
			return nil
		}
	}
	aside, err = d.log.Replay(ctx, reading(restorer.Entry), reading(restorer.Chunk))
	if err != nil {
		return 0, err
	}
	var out buffer.Outcome
	now, broken := restorer.Finish(&out)
	d.bytes.Store(int64(d.log.Bytes()))
	e.mu.Lock()
	e.begun = time.Now().Add(-now)
	e.settle(&out)
	if e.publishing.to != nil {
		e.store.Watch(e.outbox, e.publishing.to.Publish)
	}
	open, remembered, waiting := e.store.Open(), e.store.Remembered(), len(e.outbox)
	e.mu.Unlock()
	if open+remembered+waiting > 0 {
		e.log.Info("Requests are restored from the journal",
			zap.Int("open", open), zap.Int("remembered", remembered), zap.Int("undelivered", waiting))
	}
	if aside+broken > 0 {
		e.log.Error("The journal is damaged: entries that could not be read are set aside in the storage, under keys that begin with aside/",
			zap.Int("set_aside", aside), zap.Int("incomplete_requests", broken))
	}
	return aside, nil
}

// garbage has what was read collected in time. Of a journal as large as the
// memory for it, half of that memory would otherwise be what was read already.
type garbage struct{ read, left int }

const (
	// garbageShare is the part of what was read that may be garbage, and
	// garbageLeast how much may be however little was read, in bytes.
	garbageShare = 8
	garbageLeast = 16 << 20
)

// add notes that so many bytes were read. The collections take a time linear in
// what is read, since they come ever more seldom.
func (g *garbage) add(bytes int) {
	g.read += bytes
	if g.left += bytes; g.left > max(garbageLeast, g.read/garbageShare) {
		runtime.GC()
		g.left = 0
	}
}

// append journals what a call brings, then puts it into the store. On error
// nothing was taken.
func (d *durable) append(ctx context.Context, bytes int, in buffer.Input) error {
	if !d.order.take(ctx) {
		d.engine.release(bytes)
		return fmt.Errorf("gen_ai_buffer waited for its journal and took nothing, send it again later: %w", context.Cause(ctx))
	}
	defer d.order.giveBack()
	if d.engine.isFlushed() {
		d.engine.release(bytes)
		return errStopping
	}
	// A client that goes away must not tear the write.
	if err := d.write(context.WithoutCancel(ctx), &in); err != nil {
		d.engine.release(bytes)
		return fmt.Errorf("gen_ai_buffer cannot write its journal and took nothing, send it again later: %w", err)
	}
	return d.engine.appendNow(bytes, in)
}

// write writes one entry: what a call brings, if anything, and what the journal
// does not know yet. It is one operation of the storage. The caller holds order.
func (d *durable) write(ctx context.Context, in *buffer.Input) error {
	if d.closed {
		return errClosed
	}
	e := d.engine
	entry := buffer.NewJournalEntry(journal.Frame(d.entry[:0]), e.now(), time.Now())
	if in != nil {
		entry.Input(*in)
	}
	e.mu.Lock()
	e.store.Tell(entry, d.toRewrite(entry.Len()))
	chunk := e.store.AppendFrozen(journal.Frame(nil))
	e.mu.Unlock()
	payload := entry.Finish()
	if cap(payload) <= maxEntry {
		d.entry = payload
	}
	id, chunkID, err := d.log.Write(ctx, payload, chunk)
	e.mu.Lock()
	keep := e.store.Told(id, chunkID)
	if err == nil {
		d.log.Drop(keep)
		d.log.DropPast(e.store.ChunksBefore())
	}
	e.mu.Unlock()
	d.bytes.Store(int64(d.log.Bytes()))
	if err != nil {
		e.telemetry.journalFailed()
		e.status.journalStuck(err)
		d.refused, d.refusedAt = len(payload), time.Now()
		return err
	}
	d.written = time.Now()
	if in != nil || len(payload) >= d.refused || d.written.Sub(d.refusedAt) >= beat {
		d.refused = 0
		e.status.journalOK()
	} // else what fits may be no more than a note, in a storage that is full
	return nil
}

// toRewrite is how many bytes of live data are to be written anew, so that the
// journal stays below twice what it has to hold: more than the entry at hand
// adds, since part of what is given up for it is live. The caller holds the
// engine's lock.
func (d *durable) toRewrite(adding int) int {
	total, live := d.log.EntryBytes()+adding, d.engine.store.JournalBytes()
	switch {
	case total <= live+live/2+journalSlack:
		return 0
	case total <= 2*live+journalSlack:
		return 3*adding + journalSlack/4
	default:
		return 8*adding + 4*journalSlack
	}
}

// tell writes what the journal has to know before parts leave. It tries until
// it has, or ctx is done, which is the only case of false.
//
// A storage that is full must not keep what would free it: when deleting does
// not help, parts leave untold. After a crash in such a state the same events
// may leave again, in other parts.
func (d *durable) tell(ctx context.Context) bool {
	for trimmed := false; ; {
		err := d.catchUp(ctx)
		if err == nil {
			return ctx.Err() == nil // given up while the storage did not answer
		}
		if errors.Is(err, journal.ErrFull) {
			if trimmed || d.trim(ctx) != nil {
				return ctx.Err() == nil
			}
			trimmed = true
			continue
		}
		timer := time.NewTimer(journalPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// catchUp writes what the journal does not know, if there is anything.
func (d *durable) catchUp(ctx context.Context) error {
	if !d.order.take(ctx) {
		return context.Cause(ctx)
	}
	defer d.order.giveBack()
	if !d.engine.untold() {
		return nil
	}
	return d.write(context.WithoutCancel(ctx), nil)
}

func (d *durable) trim(ctx context.Context) error {
	if !d.order.take(ctx) {
		return context.Cause(ctx)
	}
	defer d.order.giveBack()
	if d.closed {
		return errClosed
	}
	d.engine.mu.Lock()
	d.log.Drop(d.engine.store.Needed())
	d.engine.mu.Unlock()
	err := d.log.Trim(context.WithoutCancel(ctx))
	d.bytes.Store(int64(d.log.Bytes()))
	return err
}

func (e *Engine) untold() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.Untold()
}

func (e *Engine) open() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.Open()
}

func (e *Engine) isFlushed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.flushed
}

// journalBytes is what the journal takes.
func (e *Engine) journalBytes() int {
	if e.durable == nil {
		return 0
	}
	return int(e.durable.bytes.Load())
}
