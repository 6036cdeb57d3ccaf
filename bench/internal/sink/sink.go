// Package sink is where the collectors under measurement send their data: an
// OTLP/gRPC server that counts what comes and keeps nothing. It knows the wire
// form of OTLP and the two names of an envelope that it must count; it must not
// know pdata, which would cost as much as the collector that it shares the
// machine with. The bench command calls it.
package sink

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what exporters compress with unless told otherwise
	"google.golang.org/grpc/mem"
)

// Counts is what has come since the sink started.
type Counts struct {
	// Logs are log records other than envelopes.
	Logs int64
	// Spans are spans.
	Spans int64
	// Envelopes are records of gathered requests, Events the events in them.
	Envelopes, Events int64
	// Exports are calls.
	Exports int64
}

// Minus is what came between an earlier reading and this one.
func (c Counts) Minus(earlier Counts) Counts {
	return Counts{
		Logs:      c.Logs - earlier.Logs,
		Spans:     c.Spans - earlier.Spans,
		Envelopes: c.Envelopes - earlier.Envelopes,
		Events:    c.Events - earlier.Events,
		Exports:   c.Exports - earlier.Exports,
	}
}

// Sink is a running server. Its methods may be called concurrently.
type Sink struct {
	listener net.Listener
	server   *grpc.Server

	logs, spans, envelopes, events, exports atomic.Int64
}

// Start listens on a free port of the loopback interface.
func Start() (*Sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{listener: listener}
	// The default limit of 4 MiB stays: what a standard receiver refuses must
	// fail here as well.
	s.server = grpc.NewServer(grpc.ForceServerCodecV2(codec{}), grpc.UnknownServiceHandler(s.handle))
	go func() { _ = s.server.Serve(listener) }() // ends with Stop
	return s, nil
}

// Address is where the sink listens, host and port.
func (s *Sink) Address() string { return s.listener.Addr().String() }

// Stop ends the server and all its connections.
func (s *Sink) Stop() { s.server.Stop() }

// Counts reads the counters.
func (s *Sink) Counts() Counts {
	return Counts{
		Logs:      s.logs.Load(),
		Spans:     s.spans.Load(),
		Envelopes: s.envelopes.Load(),
		Events:    s.events.Load(),
		Exports:   s.exports.Load(),
	}
}

// Wait returns as soon as arrived says so of the counts, or fails when nothing
// new has come for the time of patience.
func (s *Sink) Wait(ctx context.Context, patience time.Duration, arrived func(Counts) bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	last, since := s.Counts(), time.Now()
	for {
		now := s.Counts()
		if arrived(now) {
			return nil
		}
		if now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > patience {
			return fmt.Errorf("nothing came for %v; so far %+v", patience, now)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// handle takes one call of any service.
func (s *Sink) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	defer request.buffer.Free()
	s.exports.Add(1)
	if err := s.count(method, request.buffer.ReadOnlyData()); err != nil {
		return err
	}
	return stream.SendMsg(&message{})
}

func (s *Sink) count(method string, request []byte) error {
	if strings.Contains(method, "TraceService") {
		n, err := countSpans(request)
		s.spans.Add(n)
		return err
	}
	t, err := countLogs(request)
	s.logs.Add(t.logs)
	s.events.Add(t.events)
	s.envelopes.Add(t.envelopes)
	return err
}

// message is a request as bytes, or an empty response.
type message struct{ buffer mem.Buffer }

// codec hands requests over as they came off the wire.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(any) (mem.BufferSlice, error) { return nil, nil }

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("cannot receive a %T", v)
	}
	m.buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}
