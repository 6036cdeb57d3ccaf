package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
	"github.com/genaibuffer/genaibufferprocessor/bench/live"
)

// liveCommand is the first argument of a process that makes one measurement of
// package live.
const liveCommand = "live"

// liveScenarios are the comparisons of the live extension with other servers of
// event streams. They need no collector.
func liveScenarios() []scenario {
	return []scenario{
		liveDeliver(), livePublish(), liveOverHTTP(), liveSustained(), liveStuck(), liveIdle(), liveFilters(),
	}
}

// measureLive answers how to make one measurement of package live, in a process
// of its own.
func measureLive(name string) func(*bench, variant, load.Unit, int) (map[string]float64, error) {
	return func(b *bench, v variant, _ load.Unit, _ int) (map[string]float64, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		c := exec.CommandContext(b.ctx, self, liveCommand, name, v.name, strconv.FormatFloat(b.options.scale, 'g', -1, 64))
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			return nil, err
		}
		measured := map[string]float64{}
		return measured, json.Unmarshal(out, &measured)
	}
}

func liveScenario(name, title string, variants []string, metrics []report.Metric, bounds []report.Bound) scenario {
	s := scenario{
		name: "live-" + name, title: "live: " + title, metrics: metrics, bounds: bounds, measure: measureLive(name), rounds: 5,
		unit: func() load.Unit { return load.Unit{Requests: 1} },
	}
	for _, v := range variants {
		s.variants = append(s.variants, variant{name: v})
	}
	return s
}

var liveServers = []string{live.Ours, live.GoSSE, live.R3Labs}

// againstPeers bounds a figure of ours by each peer's.
func againstPeers(title, metric string, limit float64) []report.Bound {
	beside := func(peer string) report.Bound {
		return report.Bound{Title: title + " beside " + peer, Metric: metric, Variant: live.Ours, Against: peer, Limit: limit}
	}
	return []report.Bound{beside(live.GoSSE), beside(live.R3Labs)}
}

func liveDeliver() scenario {
	keys := live.DeliverKeys()
	metrics := make([]report.Metric, len(keys))
	for i, key := range keys {
		metrics[i] = report.Metric{Key: key, Title: key, Relative: key == live.DeliverKey(1000, 64)}
	}
	return liveScenario("deliver", "ns per delivered event, in process", liveServers, metrics,
		againstPeers("1,000 readers in process, bursts of 64", live.DeliverKey(1000, 64), 1/1.5))
}

func livePublish() scenario {
	counts := []string{"0", "1", "100", "1000", "10000"}
	bounds := make([]report.Bound, len(counts)-1)
	for i, n := range counts[1:] {
		bounds[i] = report.Bound{
			Title: "time of one Publish with " + n + " readers", Metric: live.Ours, Variant: n, Against: counts[0], Limit: 2,
		}
	}
	return liveScenario("publish", "ns that one Publish takes, by the number of readers", counts, []report.Metric{
		{Key: live.Ours, Title: live.Ours, Relative: true},
		{Key: live.Ours + " p99", Title: "p99"},
		{Key: live.GoSSE, Title: live.GoSSE},
		{Key: live.R3Labs, Title: live.R3Labs},
	}, bounds)
}

func liveOverHTTP() scenario {
	return liveScenario("http", "1,000 clients over loopback, bursts of 500", liveServers, []report.Metric{
		{Key: "ns", Title: "ns per delivery", Relative: true},
		{Key: "M/s", Title: "million deliveries/s", Decimals: 2},
		{Key: "cpu", Title: "CPU ns per delivery, clients included"},
	}, againstPeers("time per delivery over loopback", "ns", 1./4))
}

// arriving are the columns for what arrives of a steady load.
var arriving = []report.Metric{
	{Key: "share", Title: "delivered %", Decimals: 1},
	{Key: "p50", Title: "p50 ms", Decimals: 1},
	{Key: "p99", Title: "p99 ms", Decimals: 1, Relative: true},
	{Key: "cpu", Title: "CPU %, clients included"},
}

func liveSustained() scenario {
	return liveScenario("sustained", "400,000 deliveries/s offered to 200 clients", liveServers, arriving,
		againstPeers("p99 at 400,000 deliveries/s offered", "p99", 1./5))
}

func liveStuck() scenario {
	variants := make([]string, 0, 2*len(liveServers))
	for _, name := range liveServers {
		variants = append(variants, name, name+live.Stuck)
	}
	metrics := append([]report.Metric{
		{Key: "lost", Title: "told lost to the one"},
		{Key: "unaccounted", Title: "neither given nor told"},
	}, arriving...)
	return liveScenario("stuck", "one client never reads, 100,000 deliveries/s offered to 50 others", variants, metrics, []report.Bound{
		{Title: "p99 of the others", Metric: "p99", Variant: live.Ours + live.Stuck, Against: live.Ours, Limit: 1.5},
		{Title: "events neither given nor told to be lost", Metric: "unaccounted", Variant: live.Ours + live.Stuck, Limit: 0},
	})
}

func liveIdle() scenario {
	s := liveScenario("idle", "memory of an idle connection, of 5,000", append([]string{live.Bare, live.BareKeepalive}, liveServers...), []report.Metric{
		{Key: "bytes", Title: "heap and stack, bytes", Relative: true},
	}, []report.Bound{
		{Title: "memory of an idle connection", Metric: "bytes", Variant: live.Ours, Against: live.Bare, Limit: 1.1},
	})
	s.rounds = 3
	return s
}

func liveFilters() scenario {
	one, many := "1", "10000"
	metrics := []report.Metric{
		{Key: "request_id", Title: "CPU ns per event, by request_id", Relative: true},
		{Key: "conversation_id", Title: "by conversation_id", Relative: true},
	}
	bounds := make([]report.Bound, len(metrics))
	for i, m := range metrics {
		bounds[i] = report.Bound{
			Title: fmt.Sprintf("CPU with %s filters by %s, one matches", many, m.Key), Metric: m.Key, Variant: many, Against: one, Limit: 2,
		}
	}
	return liveScenario("filters", "CPU with readers that want one thing each, of which one is there", []string{one, many}, metrics, bounds)
}
