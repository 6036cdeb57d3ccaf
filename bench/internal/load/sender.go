package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// Sender sends units to one collector and never repeats an id. Its methods are
// not safe for concurrent use.
type Sender struct {
	conn     *grpc.ClientConn
	requests uint64
}

// NewSender makes a Sender of OTLP/gRPC to the address; the caller closes it.
func NewSender(address string) (*Sender, error) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
	if err != nil {
		return nil, err
	}
	return &Sender{conn: conn}, nil
}

// Close closes the connection.
func (s *Sender) Close() error { return s.conn.Close() }

// Window limits how many requests are under way: a collector that acknowledges
// before it works would otherwise be buried, and what is measured would be the
// pile.
type Window struct {
	// Requests are how many may be under way; 0 means any number.
	Requests int
	// Arrived counts the requests that have come out of the collector since
	// the call to Send.
	Arrived func() int64
}

// await waits until the requests up to number sent may go.
func (w Window) await(ctx context.Context, sent int64) error {
	if w.Requests == 0 || sent-w.Arrived() <= int64(w.Requests) {
		return nil
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for sent-w.Arrived() > int64(w.Requests) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Send sends the unit count times, as fast as the collector and the window let
// it, from as many concurrent workers. A refusal is an error: it would change
// the work.
func (s *Sender) Send(ctx context.Context, u Unit, count, workers int, window Window) error {
	first := s.requests
	s.requests += uint64(count * u.Requests)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			var buf []byte
			for {
				n := next.Add(1) - 1
				if n >= int64(count) {
					return nil
				}
				if err := window.await(ctx, (n+1)*int64(u.Requests)); err != nil {
					return err
				}
				for i := range u.Batches {
					b := &u.Batches[i]
					buf = b.fill(buf, first+uint64(n)*uint64(u.Requests))
					if err := s.export(ctx, b.Signal, buf); err != nil {
						return err
					}
				}
			}
		})
	}
	return group.Wait()
}

func (s *Sender) export(ctx context.Context, signal Signal, payload []byte) error {
	var response []byte
	if err := s.conn.Invoke(ctx, signal.method(), &payload, &response); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	// partial_success, field 1 of either response, is empty or absent on success.
	if num, typ, n := protowire.ConsumeTag(response); n > 0 && num == 1 && typ == protowire.BytesType {
		if partial, _ := protowire.ConsumeBytes(response[n:]); len(partial) > 0 {
			return errors.New("export: the collector took only a part")
		}
	}
	return nil
}

// rawCodec passes messages on as bytes: a *[]byte either way.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*message)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("cannot receive a %T", v)
	}
	*message = data.Materialize()
	return nil
}
