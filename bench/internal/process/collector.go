package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 60 * time.Second
)

// Spec says which collector to start and how.
type Spec struct {
	// Binary is the path of the collector.
	Binary string
	// Configs are laid over each other in this order.
	Configs []string
	// Env is added to the environment, for the configurations to refer to.
	Env map[string]string
	// CPU is the only CPU that the collector may run on; below 0, all.
	CPU int
	// Dir gets the collector's own log.
	Dir string
}

// Collector is a running collector. Its methods are not safe for concurrent
// use; one of Stop and Kill must be called in the end.
type Collector struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once the process has ended, with exit set
	exit   error
	log    string
	ports  ports
}

// ports are the collector's endpoints on the loopback interface.
type ports struct{ otlp, health, pprof, metrics, live int }

// Start starts a collector and waits until it reports itself healthy.
func Start(ctx context.Context, spec Spec) (*Collector, error) {
	free, err := freePorts()
	if err != nil {
		return nil, err
	}
	c := &Collector{exited: make(chan struct{}), log: filepath.Join(spec.Dir, "collector.log"), ports: free}
	logFile, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	c.cmd = exec.Command(spec.Binary, configFlags(spec.Configs)...)
	c.cmd.Stdout, c.cmd.Stderr = logFile, logFile
	c.cmd.Env = append(os.Environ(), environment(spec.Env, free)...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := startOn(c.cmd, spec.CPU); err != nil {
		return nil, err
	}
	go func() { // ends with the process
		defer close(c.exited)
		c.exit = c.cmd.Wait()
	}()
	if err := c.awaitHealth(ctx); err != nil {
		c.Kill()
		return nil, fmt.Errorf("%w; see %s", err, c.log)
	}
	return c, nil
}

// Address is where the collector takes OTLP/gRPC.
func (c *Collector) Address() string { return address(c.ports.otlp) }

// LiveAddress is where its live extension listens, if it has one.
func (c *Collector) LiveAddress() string { return address(c.ports.live) }

// Stop asks the collector to shut down and waits for it.
func (c *Collector) Stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.exited:
		if c.exit != nil {
			return fmt.Errorf("collector: %w; see %s", c.exit, c.log)
		}
		return nil
	case <-time.After(stopTimeout):
		c.Kill()
		return fmt.Errorf("collector did not stop within %v; see %s", stopTimeout, c.log)
	}
}

// Kill ends the collector at once, for when what it holds is of no interest.
func (c *Collector) Kill() {
	_ = c.cmd.Process.Kill() // fails only when it has ended already
	<-c.exited
}

func (c *Collector) awaitHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		response, err := http.Get("http://" + address(c.ports.health))
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-c.exited:
			return fmt.Errorf("collector ended at start: %w", c.exit)
		case <-ctx.Done():
			return fmt.Errorf("collector not healthy: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// startOn starts the command bound to one CPU: a child inherits the affinity
// of the thread that forks it.
func startOn(cmd *exec.Cmd, cpu int) error {
	if cpu < 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("bind to CPU %d: %w", cpu, err)
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &all))
}

func configFlags(paths []string) []string {
	flags := make([]string, len(paths))
	for i, path := range paths {
		flags[i] = "--config=file:" + path
	}
	return flags
}

func environment(env map[string]string, p ports) []string {
	all := maps.Clone(env)
	all["BENCH_OTLP_PORT"] = strconv.Itoa(p.otlp)
	all["BENCH_HEALTH_PORT"] = strconv.Itoa(p.health)
	all["BENCH_PPROF_PORT"] = strconv.Itoa(p.pprof)
	all["BENCH_METRICS_PORT"] = strconv.Itoa(p.metrics)
	all["BENCH_LIVE_PORT"] = strconv.Itoa(p.live)
	list := make([]string, 0, len(all))
	for key, value := range all {
		list = append(list, key+"="+value)
	}
	return list
}

// freePorts finds ports that nobody listens on now.
func freePorts() (p ports, err error) {
	for _, port := range []*int{&p.otlp, &p.health, &p.pprof, &p.metrics, &p.live} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer listener.Close() // only at the end, so that they differ
		if *port, err = portOf(listener.Addr()); err != nil {
			return p, err
		}
	}
	return p, nil
}

func portOf(a net.Addr) (int, error) {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
