package gobench_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/gobench"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
)

const output = `goos: linux
goarch: amd64
pkg: example.com/one
cpu: Some CPU
BenchmarkAppend/open=1k-2         	     100	      1000 ns/op	       200.0 ns/event	     512 B/op	       4 allocs/op
BenchmarkAppend/open=1M-2         	     100	      1200 ns/op	       250.0 ns/event	     512 B/op	       4 allocs/op
BenchmarkAppend/open=1k-2         	     100	      1000 ns/op	       200.0 ns/event	     512 B/op	       4 allocs/op
BenchmarkAppend/open=1M-2         	     100	      1200 ns/op	       290.0 ns/event	     512 B/op	       4 allocs/op
BenchmarkTick/open=1k/idle-2      	     100	       100 ns/op
BenchmarkTick/open=1M/idle-2      	     100	       400 ns/op
BenchmarkConsume/all_of_it-2      	     100	       900 ns/op
BenchmarkConsume/all_of_it_parallel-2  	     100	       500 ns/op
BenchmarkAlone/open=1M-2          	     100	       500 ns/op
PASS
ok  	example.com/one	1.234s
`

func TestParse(t *testing.T) {
	results, err := gobench.Parse(strings.NewReader(output))
	require.NoError(t, err)
	var names []string
	for _, r := range results {
		names = append(names, r.Name)
	}
	assert.Equal(t, []string{"Append/open=1k", "Append/open=1M", "Tick/open=1k/idle", "Tick/open=1M/idle",
		"Consume/all_of_it", "Consume/all_of_it_parallel", "Alone/open=1M"}, names)
	assert.InDelta(t, 270e-9, results[1].Cost().Median(), 1e-15)
	assert.Equal(t, report.Series{4, 4}, results[1].Units["allocs/op"])
	assert.InDelta(t, 900e-9, results[4].Cost().Median(), 1e-15)
}

func TestRatios(t *testing.T) {
	results, err := gobench.Parse(strings.NewReader(output))
	require.NoError(t, err)
	growth := gobench.Ratios(results, "open=1M", "open=1k")
	require.Len(t, growth, 2)
	assert.Equal(t, "Append, open=1M to open=1k", growth[0].Name)
	assert.Equal(t, "Append", growth[0].Benchmark)
	assert.InDelta(t, 1.35, growth[0].Factor, 1e-9)
	assert.Equal(t, "Tick/idle", growth[1].Benchmark)
	assert.InDelta(t, 4, growth[1].Factor, 1e-9)
	speedup := gobench.Speedups(results)
	require.Len(t, speedup, 1)
	assert.InDelta(t, 1.8, speedup[0].Factor, 1e-9)
}

func TestRunReportsFailure(t *testing.T) {
	_, err := gobench.Run(t.Context(), t.TempDir(), "1x", 1, &strings.Builder{}, "./nowhere")
	assert.Error(t, err)
}
