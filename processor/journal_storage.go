package processor

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// journalStorage is a client of a storage extension as the journal sees it. As
// the journal, it is not safe for concurrent use.
type journalStorage struct {
	client storage.Client
	ops    []storage.Operation
	refs   []*storage.Operation
}

// newJournalStorage answers a storage that can be walked if the client can be.
func newJournalStorage(client storage.Client) journal.Storage {
	s := &journalStorage{client: client}
	if walker, ok := client.(storage.Walker); ok {
		return &walkedStorage{s, walker}
	}
	return s
}

// Do implements journal.Storage by one batch.
func (s *journalStorage) Do(ctx context.Context, ops []journal.Op) error {
	s.ops, s.refs = s.ops[:0], s.refs[:0]
	for _, op := range ops {
		s.ops = append(s.ops, storage.Operation{Type: opTypes[op.Kind], Key: op.Key, Value: op.Value})
	}
	for i := range s.ops {
		s.refs = append(s.refs, &s.ops[i])
	}
	err := s.client.Batch(ctx, s.refs...)
	for i, op := range s.ops {
		if op.Type == storage.Get {
			ops[i].Value = op.Value
		}
	}
	clear(s.ops)
	return storageError(err)
}

var opTypes = [...]storage.OpType{
	journal.OpGet:    storage.Get,
	journal.OpSet:    storage.Set,
	journal.OpDelete: storage.Delete,
}

// storageError tells a full storage, by its own limit or by that of the file
// system or a quota, from other errors.
func storageError(err error) error {
	if errors.Is(err, storage.ErrStorageFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", journal.ErrFull, err)
	}
	return err
}

// walkedStorage is a storage whose client can list what it has.
type walkedStorage struct {
	*journalStorage
	walker storage.Walker
}

// Walk implements journal.Walker.
func (s *walkedStorage) Walk(ctx context.Context, visit func(key string, value []byte)) error {
	return s.walker.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		visit(key, value)
		return nil, nil
	})
}
