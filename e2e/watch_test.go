package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watchedFrame is one event of a stream as a viewer gets it.
type watchedFrame struct {
	Type string          `json:"type"`
	ID   string          `json:"id"`
	Data json.RawMessage `json:"data"`
	// Protocol is what a browser talks, when it opened the stream.
	Protocol string `json:"protocol"`
	Message  string `json:"message"`
}

// watchedData is what a test looks at in an event's data.
type watchedData struct {
	Processor string          `json:"processor"`
	RequestID string          `json:"request_id"`
	Service   string          `json:"service"`
	Seq       int             `json:"seq"`
	ID        string          `json:"id"`
	Body      json.RawMessage `json:"body"`
	Reason    string          `json:"reason"`
	From      *int            `json:"from"`
	Count     *int            `json:"count"`
}

func (f watchedFrame) read(t *testing.T) watchedData {
	t.Helper()
	var d watchedData
	require.NoError(t, json.Unmarshal(f.Data, &d), "%s", f.Data)
	return d
}

// viewer collects the events of one stream. It may be used by several goroutines.
type viewer struct {
	t      *testing.T
	mu     sync.Mutex // guards everything declared below
	frames []watchedFrame
	grown  chan struct{}
	ended  error
}

func newViewer(t *testing.T) *viewer { return &viewer{t: t, grown: make(chan struct{})} }

func (v *viewer) add(f watchedFrame) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.frames = append(v.frames, f)
	close(v.grown)
	v.grown = make(chan struct{})
}

func (v *viewer) end(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		err = io.EOF
	}
	v.ended = err
	close(v.grown)
	v.grown = make(chan struct{})
}

func (v *viewer) seen() []watchedFrame {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.frames[:len(v.frames):len(v.frames)]
}

// await waits until one of the events from the given place on fits, and answers
// the place after it.
func (v *viewer) await(from int, what string, fits func(watchedFrame) bool) int {
	v.t.Helper()
	timeout := time.After(patience)
	for {
		v.mu.Lock()
		frames, grown, ended := v.frames, v.grown, v.ended
		v.mu.Unlock()
		for i := from; i < len(frames); i++ {
			if fits(frames[i]) {
				return i + 1
			}
		}
		if ended != nil {
			require.Failf(v.t, "the stream ended", "before %s (%v); it had %s", what, ended, describeFrames(frames))
		}
		select {
		case <-grown:
		case <-timeout:
			require.Failf(v.t, "nothing came", "no %s; it had %s", what, describeFrames(frames))
		}
	}
}

func describeFrames(frames []watchedFrame) string {
	var lines []string
	for _, f := range frames {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", f.ID, f.Type, f.Data, f.Message))
	}
	return strings.Join(lines, "\n")
}

// eventOf is an event of a name and request.
func eventOf(t *testing.T, name, request string) func(watchedFrame) bool {
	return func(f watchedFrame) bool {
		return f.Type == name && (request == "" || f.read(t).RequestID == request)
	}
}

// plainClient looks at no certificate; each has connections of its own.
func plainClient(t *testing.T) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // made for this test
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// watch reads a stream as curl does, until the test ends.
func watch(t *testing.T, url string, prepare func(*http.Request)) *viewer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	if prepare != nil {
		prepare(request)
	}
	v, opened, done := newViewer(t), make(chan error, 1), make(chan struct{})
	caller := plainClient(t)
	go func() {
		defer close(done)
		response, err := caller.Do(request)
		if err != nil {
			opened <- err
			return
		}
		defer response.Body.Close()
		if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
			opened <- fmt.Errorf("%s, %s", response.Status, kind)
			return
		}
		opened <- nil
		v.end(v.readFrames(response.Body))
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	require.NoError(t, <-opened, url)
	return v
}

func (v *viewer) readFrames(from io.Reader) error {
	lines := bufio.NewReader(from)
	var f watchedFrame
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			if f.Type != "" {
				v.add(f)
			}
			f = watchedFrame{ID: f.ID}
		case field == "id":
			f.ID = value
		case field == "event":
			f.Type = value
		case field == "data":
			f.Data = json.RawMessage(value)
		}
	}
}

// publishedClient runs a published client of e2e/clients, which watches a stream.
func publishedClient(t *testing.T, mode, url string, names ...string) *viewer {
	t.Helper()
	folder := filepath.Join(repository(t), "e2e", "clients")
	cmd := exec.Command("node", append([]string{filepath.Join(folder, "watch.mjs"), mode, url}, names...)...)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr := newProcessOutput()
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start(), "node is needed; `make test` installs it")
	v, done := newViewer(t), make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var f watchedFrame
			if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
				v.end(fmt.Errorf("%w: %s", err, lines.Bytes()))
				return
			}
			v.add(f)
		}
		v.end(errors.New("the client ended: " + strings.TrimSpace(stderr.String())))
	}()
	t.Cleanup(func() {
		_ = stdin.Close() // ends it
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("the client: %v\n%s", err, stderr.String())
		}
	})
	return v
}

// getJSON reads a snapshot.
func getJSON(t *testing.T, url string, into any, prepare func(*http.Request)) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	if prepare != nil {
		prepare(request)
	}
	response, err := plainClient(t).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if into != nil {
		require.NoError(t, json.Unmarshal(body, into), "%s", body)
	}
	return response.StatusCode
}
