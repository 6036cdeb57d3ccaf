package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// outcome is what a client knows about an export after it.
type outcome int

const (
	// acknowledged: the collector said that it took everything.
	acknowledged outcome = iota
	// refused: it said that it took nothing and that a retry may help.
	refused
	// refusedForGood: it said that it will never take this.
	refusedForGood
	// unreachable: nothing was sent.
	unreachable
	// unknown: something was sent and no answer came.
	unknown
)

func (o outcome) String() string {
	return [...]string{"acknowledged", "refused", "refused for good", "unreachable", "unknown"}[o]
}

// otlpClient sends OTLP. It may be used by several goroutines.
type otlpClient interface {
	sendLogs(ctx context.Context, logs plog.Logs) (outcome, error)
	sendTraces(ctx context.Context, traces ptrace.Traces) (outcome, error)
}

// httpClient sends protobuf over HTTP.
type httpClient struct {
	base   string
	client *http.Client
	// token is presented as a bearer token when there is one.
	token string
}

func newHTTPClient(t *testing.T, address string) *httpClient {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(transport.CloseIdleConnections)
	return &httpClient{base: "http://" + address, client: &http.Client{Transport: transport, Timeout: patience}}
}

func (c *httpClient) sendLogs(ctx context.Context, logs plog.Logs) (outcome, error) {
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		return unreachable, err
	}
	result, answer, err := c.post(ctx, "/v1/logs", "application/x-protobuf", body)
	if result == acknowledged {
		response := plogotlp.NewExportResponse()
		if response.UnmarshalProto(answer) != nil || response.PartialSuccess().RejectedLogRecords() != 0 {
			return unknown, errors.New("the answer is no full success")
		}
	}
	return result, err
}

func (c *httpClient) sendTraces(ctx context.Context, traces ptrace.Traces) (outcome, error) {
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		return unreachable, err
	}
	result, answer, err := c.post(ctx, "/v1/traces", "application/x-protobuf", body)
	if result == acknowledged {
		response := ptraceotlp.NewExportResponse()
		if response.UnmarshalProto(answer) != nil || response.PartialSuccess().RejectedSpans() != 0 {
			return unknown, errors.New("the answer is no full success")
		}
	}
	return result, err
}

// post sends one export and classifies the answer.
func (c *httpClient) post(ctx context.Context, path, contentType string, body []byte) (outcome, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return unreachable, nil, err
	}
	// net/http would repeat a request by itself on a stale connection.
	request.GetBody = nil
	request.Header.Set("Content-Type", contentType)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.client.Do(request)
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return unreachable, nil, err
		}
		return unknown, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return unknown, nil, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return acknowledged, answer, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return refused, answer, errors.New(response.Status + ": " + string(answer))
	default:
		return refusedForGood, answer, errors.New(response.Status + ": " + string(answer))
	}
}

// grpcClient sends over gRPC.
type grpcClient struct {
	logs   plogotlp.GRPCClient
	traces ptraceotlp.GRPCClient
}

func newGRPCClient(t *testing.T, address string, calls ...grpc.CallOption) *grpcClient {
	t.Helper()
	again := backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 50 * time.Millisecond}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: again, MinConnectTimeout: time.Second}),
		grpc.WithDefaultCallOptions(append(calls, grpc.MaxCallSendMsgSize(64<<20))...))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return &grpcClient{logs: plogotlp.NewGRPCClient(connection), traces: ptraceotlp.NewGRPCClient(connection)}
}

func (c *grpcClient) sendLogs(ctx context.Context, logs plog.Logs) (outcome, error) {
	response, err := c.logs.Export(ctx, plogotlp.NewExportRequestFromLogs(logs))
	if err == nil && response.PartialSuccess().RejectedLogRecords() != 0 {
		return unknown, errors.New("the answer is no full success")
	}
	return grpcOutcome(err), err
}

func (c *grpcClient) sendTraces(ctx context.Context, traces ptrace.Traces) (outcome, error) {
	response, err := c.traces.Export(ctx, ptraceotlp.NewExportRequestFromTraces(traces))
	if err == nil && response.PartialSuccess().RejectedSpans() != 0 {
		return unknown, errors.New("the answer is no full success")
	}
	return grpcOutcome(err), err
}

// grpcOutcome classifies an error. UNAVAILABLE comes from a collector that
// refuses and from a broken connection alike, so it proves nothing about what
// was taken.
func grpcOutcome(err error) outcome {
	switch status.Code(err) {
	case codes.OK:
		return acknowledged
	case codes.InvalidArgument, codes.Unimplemented, codes.Internal, codes.Unauthenticated, codes.PermissionDenied:
		return refusedForGood
	default:
		return unknown
	}
}

// mustSendLogs and mustSendTraces require that the collector takes the data.
func mustSendLogs(t *testing.T, c otlpClient, logs plog.Logs) {
	t.Helper()
	result, err := c.sendLogs(t.Context(), logs)
	require.Equal(t, acknowledged, result, "logs: %v", err)
}

func mustSendTraces(t *testing.T, c otlpClient, traces ptrace.Traces) {
	t.Helper()
	result, err := c.sendTraces(t.Context(), traces)
	require.Equal(t, acknowledged, result, "traces: %v", err)
}
