package e2e

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// verdict decides about one export of logs. A nil error takes it; a gRPC
// status error refuses it, over HTTP with the status that OTLP maps it to.
type verdict func(ctx context.Context, logs plog.Logs) error

// sink is an OTLP backend, over gRPC and HTTP, that does what a test tells it
// to. It keeps what it took and nothing of what it refused.
type sink struct {
	t                        *testing.T
	grpcAddress, httpAddress string

	mu sync.Mutex // guards everything declared below
	// logs and traces are the exports taken, in order.
	logs   []plog.Logs
	traces []ptrace.Traces
	// calls and refused count exports of logs, and those not taken.
	calls, refused int
	// tokens are what HTTP clients presented as authorization.
	tokens map[string]bool
	decide verdict
	// changed is closed and replaced when anything above changes.
	changed chan struct{}
}

// newSink starts a sink that takes everything, with gRPC's default limit of
// 4 MiB for one message.
func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{t: t, decide: accept, tokens: map[string]bool{}, changed: make(chan struct{})}

	grpcListener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	plogotlp.RegisterGRPCServer(server, &sinkLogs{sink: s})
	ptraceotlp.RegisterGRPCServer(server, &sinkTraces{sink: s})
	s.grpcAddress = grpcListener.Addr().String()

	httpListener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/logs", s.serveLogs)
	mux.HandleFunc("POST /v1/traces", s.serveTraces)
	httpServer := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	s.httpAddress = httpListener.Addr().String()

	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(grpcListener) })
	serving.Go(func() { _ = httpServer.Serve(httpListener) })
	t.Cleanup(func() {
		server.Stop()
		_ = httpServer.Close()
		serving.Wait()
	})
	return s
}

// accept takes everything.
func accept(context.Context, plog.Logs) error { return nil }

// unavailable refuses everything for now.
func unavailable(context.Context, plog.Logs) error {
	return status.Error(codes.Unavailable, "the sink is down")
}

// hang answers nothing until the caller gives up.
func hang(ctx context.Context, _ plog.Logs) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// slowly takes everything after delay.
func slowly(delay time.Duration) verdict {
	return func(ctx context.Context, _ plog.Logs) error {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// refuseFor refuses for good every export that holds a record which offends.
func refuseFor(offends func(plog.LogRecord) bool) verdict {
	return func(_ context.Context, logs plog.Logs) error {
		for record := range logRecords(logs) {
			if offends(record.record) {
				return status.Error(codes.InvalidArgument, "the sink does not like a record")
			}
		}
		return nil
	}
}

// set makes the sink decide by v from now on.
func (s *sink) set(v verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = v
}

// takeLogs runs one export of logs through the verdict.
func (s *sink) takeLogs(ctx context.Context, logs plog.Logs) error {
	s.mu.Lock()
	decide := s.decide
	s.mu.Unlock()
	err := decide(ctx, logs)
	if err == nil {
		// Who gave up meanwhile did not get an answer: nothing was taken.
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if err != nil {
		s.refused++
	} else {
		s.logs = append(s.logs, logs)
	}
	s.touch()
	return err
}

func (s *sink) takeTraces(traces ptrace.Traces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traces = append(s.traces, traces)
	s.touch()
}

// touch wakes those who wait. The caller holds mu.
func (s *sink) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// refusals is how many exports of logs were not taken so far.
func (s *sink) refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// takenLogs and takenTraces are the exports taken so far, in order.
func (s *sink) takenLogs() []plog.Logs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]plog.Logs(nil), s.logs...)
}

func (s *sink) takenTraces() []ptrace.Traces {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ptrace.Traces(nil), s.traces...)
}

// await waits until holds is true.
func (s *sink) await(what string, holds func() bool) {
	s.t.Helper()
	if !s.awaitFor(patience, holds) {
		s.t.Fatalf("the sink waited in vain for %s; it took %d exports of logs and refused %d", what, len(s.takenLogs()), s.refusals())
	}
}

// awaitFor waits at most as long as given and says whether holds became true;
// it is asked again whenever something arrived, without the lock.
func (s *sink) awaitFor(most time.Duration, holds func() bool) bool {
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds() {
			return true
		}
		select {
		case <-changed:
		case <-deadline.C:
			return false
		}
	}
}

// awaitRefusals waits until n more exports were refused.
func (s *sink) awaitRefusals(n int) {
	s.t.Helper()
	from := s.refusals()
	s.await("refusals", func() bool { return s.refusals() >= from+n })
}

type sinkLogs struct {
	plogotlp.UnimplementedGRPCServer
	sink *sink
}

func (s *sinkLogs) Export(ctx context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), s.sink.takeLogs(ctx, request.Logs())
}

type sinkTraces struct {
	ptraceotlp.UnimplementedGRPCServer
	sink *sink
}

func (s *sinkTraces) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.sink.takeTraces(request.Traces())
	return ptraceotlp.NewExportResponse(), nil
}

func (s *sink) serveLogs(w http.ResponseWriter, r *http.Request) {
	s.noteToken(r)
	body, err := io.ReadAll(r.Body)
	request := plogotlp.NewExportRequest()
	if err != nil || request.UnmarshalProto(body) != nil {
		http.Error(w, "no OTLP", http.StatusBadRequest)
		return
	}
	answer(w, s.takeLogs(r.Context(), request.Logs()))
}

func (s *sink) serveTraces(w http.ResponseWriter, r *http.Request) {
	s.noteToken(r)
	body, err := io.ReadAll(r.Body)
	request := ptraceotlp.NewExportRequest()
	if err != nil || request.UnmarshalProto(body) != nil {
		http.Error(w, "no OTLP", http.StatusBadRequest)
		return
	}
	s.takeTraces(request.Traces())
	answer(w, nil)
}

func (s *sink) noteToken(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[r.Header.Get("Authorization")] = true
}

// presented are the authorizations that HTTP clients of the sink presented.
func (s *sink) presented() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.tokens))
}

// answer writes an empty OTLP response or the status that stands for err.
func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/x-protobuf")
	switch status.Code(err) {
	case codes.OK:
	case codes.InvalidArgument:
		w.WriteHeader(http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
