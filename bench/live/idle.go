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

// Bare is a handler on confighttp that holds a stream open and does nothing else.
const Bare = "bare confighttp handler"

func serveBare() (address, path string, to publish, err error) {
	if address, err = freeAddress(); err != nil {
		return "", "", nil, err
	}
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint, cfg.WriteTimeout = address, 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, "retry: 2000\n: bare\n\n") // nobody is left to tell
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	extensions := map[component.ID]component.Component{}
	s, err := cfg.ToServer(context.Background(), extensions, componenttest.NewNopTelemetrySettings(), handler)
	if err != nil {
		return "", "", nil, err
	}
	l, err := cfg.ToListener(context.Background())
	if err != nil {
		return "", "", nil, err
	}
	go func() { _ = s.Serve(l) }() // until the process ends
	return address, "/", nil, nil
}

// idle is the memory of a connection of 5,000 that nothing is sent on: heap and
// stacks in use after a collection. The clients are another process.
func idle(variant string, scale float64) (figures, error) {
	connections := max(100, int(5000*scale))
	serve := serveBare
	if variant != Bare {
		serve = servers[variant].serve
	}
	address, path, _, err := serve()
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
	return err
}
