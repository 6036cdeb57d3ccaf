package live

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
)

// Handlers on confighttp that hold the same stream open and do nothing else,
// with and without keep-alives.
const (
	Bare          = "bare handler"
	BareKeepalive = "bare handler with keep-alives"
)

func serveBare(keepalive bool) (address, path string, err error) {
	if address, err = freeAddress(); err != nil {
		return "", "", err
	}
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint, cfg.WriteTimeout = address, 0
	handler := holding
	if keepalive {
		handler = keepingAlive
	}
	extensions := map[component.ID]component.Component{}
	s, err := cfg.ToServer(context.Background(), extensions, componenttest.NewNopTelemetrySettings(), http.HandlerFunc(handler))
	if err != nil {
		return "", "", err
	}
	l, err := cfg.ToListener(context.Background())
	if err != nil {
		return "", "", err
	}
	go func() { _ = s.Serve(l) }() // until the process ends
	return address, "/", nil
}

func beginStream(w http.ResponseWriter) *http.ResponseController {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, "retry: 2000\n: bare\n\n") // nobody is left to tell
	to := http.NewResponseController(w)
	_ = to.Flush()
	return to
}

func holding(w http.ResponseWriter, r *http.Request) {
	beginStream(w)
	<-r.Context().Done()
}

func keepingAlive(w http.ResponseWriter, r *http.Request) {
	to := beginStream(w)
	keepalive := time.NewTicker(15 * time.Second)
	defer keepalive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-keepalive.C:
		}
		_ = to.SetWriteDeadline(time.Now().Add(10 * time.Second)) // whoever is gone is seen above
		_, _ = io.WriteString(w, ": keepalive\n\n")
		_ = to.Flush()
	}
}

// idle is the memory of a connection of 5,000 that nothing is sent on: heap and
// stacks in use after a collection. The clients are another process.
func idle(variant string, scale float64) (figures, error) {
	connections := max(100, int(5000*scale))
	var address, path string
	var err error
	if variant == Bare || variant == BareKeepalive {
		address, path, err = serveBare(variant == BareKeepalive)
	} else {
		address, path, _, err = servers[variant].serve()
	}
	if err != nil {
		return nil, err
	}
	before := inUse()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	holder := exec.Command(self, "live", "hold", address, path, strconv.Itoa(connections))
	holder.Stderr = os.Stderr
	in, err := holder.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := holder.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the clients: %w", err)
	}
	after := inUse()
	if err := in.Close(); err != nil {
		return nil, err
	}
	return figures{"bytes": float64(after-before) / float64(connections)}, holder.Wait()
}

func inUse() int64 {
	for range 3 {
		runtime.GC()
		time.Sleep(50 * time.Millisecond) // stacks shrink, connections go quiet
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintln(os.Stderr, m.HeapAlloc/5000, m.StackInuse/5000, runtime.NumGoroutine())
	return int64(m.HeapAlloc + m.StackInuse)
}

// holdConnections opens streams and holds them until stdin ends.
func holdConnections(address, path, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = connect(address, path, 0); err != nil {
			return err
		}
	}
	// Some servers send nothing before the first event.
	deadline := time.Now().Add(3 * time.Second)
	for _, conn := range conns {
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		_, _ = conn.Read(make([]byte, 1))
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(conns) // they are closed once nothing leads to them
	return err
}
