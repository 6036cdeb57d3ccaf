package load_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

type logsServer struct {
	*plogotlp.UnimplementedGRPCServer
	mu   *sync.Mutex
	take func(plog.Logs)
}

func (s logsServer) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(r.Logs())
	return plogotlp.NewExportResponse(), nil
}

type tracesServer struct {
	*ptraceotlp.UnimplementedGRPCServer
	mu   *sync.Mutex
	take func(ptrace.Traces)
}

func (s tracesServer) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(r.Traces())
	return ptraceotlp.NewExportResponse(), nil
}

// receive serves OTLP/gRPC for the time of the test and hands over what comes,
// one call at a time.
func receive(t *testing.T, logs func(plog.Logs), traces func(ptrace.Traces)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	var mu sync.Mutex
	plogotlp.RegisterGRPCServer(server, logsServer{mu: &mu, take: logs})
	ptraceotlp.RegisterGRPCServer(server, tracesServer{mu: &mu, take: traces})
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return listener.Addr().String()
}
