package main

import (
	"fmt"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/viewers"
)

// variant is one pipeline of a scenario: base.yaml and what is laid over it.
type variant struct {
	name    string
	overlay string // file in configs/ without its ending; empty for base.yaml alone
	// messages is envelope.messages.
	messages bool
	// gathers says that envelopes take the place of the GenAI logs.
	gathers bool
	// fsync and compaction are those of file_storage; storage is its folder, a
	// new one for each measurement when empty; share divides the traffic.
	fsync, compaction bool

	storage string
	share   int
	// compression is the exporter's, the bench's when empty.
	compression string
	// viewers watch the live extension.
	viewers viewers.Mix
	// unit replaces the scenario's, where the traffic is what varies.
	unit func() load.Unit
}

// scenario is one comparison: the same traffic through several pipelines.
type scenario struct {
	name     string
	title    string
	unit     func() load.Unit
	variants []variant
	metrics  []report.Metric
	bounds   []report.Bound
	// measure starts a collector, sends it count units and says what that
	// cost.
	measure func(*bench, variant, load.Unit, int) (map[string]float64, error)
	// count is how many units are sent at scale 1.
	count int
	// rounds caps the number of rounds, for figures that hardly vary; 0 means
	// no cap.
	rounds int
}

const (
	kilobyte = 1024
	// baseline and the other names of pipelines in the report.
	baseline     = "no processor"
	gatherOff    = "gen_ai_buffer, messages off"
	gatherOn     = "gen_ai_buffer, messages on"
	connectOff   = "gen_ai_buffer connector, messages off"
	groupByTrace = "groupbytrace"
	heldOnly     = "held, not gathered"
)

var (
	noProcessor     = variant{name: baseline}
	withoutMessages = variant{name: gatherOff, overlay: "gather", gathers: true}
	withMessages    = variant{name: gatherOn, overlay: "gather", gathers: true, messages: true}
	asConnector     = variant{name: connectOff, overlay: "connect", gathers: true}
	byTrace         = variant{name: groupByTrace, overlay: "groupbytrace"}
	// justHeld keeps the data as long and does nothing else: the floor under
	// what gathering can cost.
	justHeld = variant{name: heldOnly, overlay: "hold"}
)

// scenarios are all comparisons, in the order of the report.
func scenarios() []scenario {
	return append([]scenario{
		foreign("foreign", "nothing to gather, logs of 1 KB", kilobyte),
		foreign("foreign-small", "nothing to gather, logs of 200 B", 200),
		gathered(),
		spansOnly(),
		openRequests(),
		openSmallRequests(),
		bufferedBytes(),
		durable(),
		durableInBatches(1, 15),
		durableInBatches(1000, 150),
		restart(),
		watched(),
	}, liveScenarios()...)
}

// costs are the columns of a comparison of work done.
var costs = []report.Metric{
	{Key: "cpu", Title: "CPU µs per request", Decimals: 1, Relative: true},
	{Key: "peak", Title: "peak memory MB", Decimals: 0, Relative: true},
	{Key: "left", Title: "live heap afterwards, bytes per request"},
	{Key: "rate", Title: "requests/s", Decimals: 0},
}

func foreign(name, title string, eventBytes int) scenario {
	return scenario{
		name:     name,
		title:    title,
		unit:     func() load.Unit { return load.Foreign(eventBytes) },
		variants: []variant{noProcessor, withMessages},
		metrics:  costs,
		bounds: []report.Bound{
			{Title: title + ", CPU", Metric: "cpu", Variant: gatherOn, Against: baseline, Limit: 1.05},
		},
		measure: (*bench).work,
		count:   800,
	}
}

func gathered() scenario {
	return scenario{
		name:     "gathered",
		title:    "gathered logs and spans, 5 events of 1 KB per request",
		unit:     func() load.Unit { return load.Gathered(kilobyte) },
		variants: []variant{noProcessor, justHeld, withoutMessages, withMessages},
		metrics:  costs,
		bounds: []report.Bound{
			{Title: "gathered, messages off, CPU", Metric: "cpu", Variant: gatherOff, Against: baseline, Limit: 1.5},
			{Title: "gathered, messages on, CPU", Metric: "cpu", Variant: gatherOn, Against: baseline, Limit: 2.5},
		},
		measure: (*bench).work,
		count:   600,
	}
}

func spansOnly() scenario {
	return scenario{
		name:     "spans",
		title:    "spans only, 5 span events of 1 KB per request, a trace per request",
		unit:     func() load.Unit { return load.SpanEvents(kilobyte) },
		variants: []variant{noProcessor, byTrace, withoutMessages, asConnector},
		metrics:  costs,
		bounds: []report.Bound{
			{Title: "spans only, messages off, CPU", Metric: "cpu", Variant: gatherOff, Against: groupByTrace, Limit: 0.5},
		},
		measure: (*bench).work,
		count:   600,
	}
}

func openRequests() scenario {
	return scenario{
		name:     "open",
		title:    "memory per open request, 5 span events of 1 KB each",
		unit:     func() load.Unit { return load.SpanEvents(kilobyte) },
		variants: []variant{byTrace, withoutMessages},
		metrics: []report.Metric{
			{Key: "heap", Title: "live heap, bytes per request", Relative: true},
			{Key: "heap/byte", Title: "per OTLP byte", Decimals: 2},
			{Key: "resident", Title: "resident, bytes per request", Relative: true},
		},
		bounds: []report.Bound{
			{Title: "memory per open request", Metric: "heap", Variant: gatherOff, Against: groupByTrace, Limit: 0.7},
		},
		measure: (*bench).hold,
		count:   1000,
		rounds:  2,
	}
}

// openSmallRequests shows what an open request costs beside its content.
func openSmallRequests() scenario {
	s := openRequests()
	s.name, s.title = "open-small", "memory per open request, 5 span events of 100 B each"
	s.unit = func() load.Unit { return load.SpanEvents(100) }
	s.bounds = nil
	s.rounds = 1
	return s
}

func bufferedBytes() scenario {
	of := func(name string, eventBytes int) variant {
		v := withoutMessages
		v.name, v.unit = name, func() load.Unit { return load.OpenLogs(eventBytes) }
		return v
	}
	small, medium, large := of("100 B", 100), of("1 KB", kilobyte), of("200 KB", 200*kilobyte)
	return scenario{
		name:     "bytes",
		title:    "heap per buffered OTLP byte, open requests of 5 logs each",
		variants: []variant{small, medium, large},
		metrics: []report.Metric{
			{Key: "heap/byte", Title: "live heap per OTLP byte", Decimals: 2},
			{Key: "heap", Title: "live heap, bytes per request"},
			{Key: "bytes", Title: "OTLP bytes per request"},
			{Key: "resident/byte", Title: "resident per OTLP byte", Decimals: 2},
		},
		bounds: []report.Bound{
			{Title: fmt.Sprintf("heap per buffered OTLP byte, events of %s", medium.name),
				Metric: "heap/byte", Variant: medium.name, Limit: 3},
		},
		measure: (*bench).holdBytes,
		count:   0, // by bytes: see holdBytes
		rounds:  1,
	}
}
