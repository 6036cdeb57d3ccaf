package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/report"
)

func TestSeries(t *testing.T) {
	odd, even := report.Series{9, 1, 5}, report.Series{4, 1, 9, 2}
	assert.InDelta(t, 5, odd.Median(), 0)
	assert.InDelta(t, 3, even.Median(), 0)
	assert.Equal(t, report.Series{9, 1, 5}, odd, "the order of the rounds must stay")
	smallest, largest := even.Spread()
	assert.Equal(t, [2]float64{1, 9}, [2]float64{smallest, largest})
	assert.Equal(t, report.Series{2.25, 1}, odd.Over(report.Series{4, 1}))
	assert.Equal(t, "5.0 (1.0..9.0)", odd.Format(1))
	assert.Equal(t, "7", report.Series{7}.Format(0))
	assert.Zero(t, report.Series{}.Median())
}

func table() *report.Table {
	table := report.NewTable("two pipelines", []string{"plain", "busy", "unmeasured"}, []report.Metric{
		{Key: "cpu", Title: "CPU", Decimals: 1, Relative: true},
		{Key: "peak", Title: "memory"},
	})
	for round, slow := range []float64{1, 10, 2} {
		table.Add("plain", map[string]float64{"cpu": 2 * slow, "peak": float64(40 + round)})
		table.Add("busy", map[string]float64{"cpu": 3 * slow, "peak": 60})
	}
	return table
}

func TestTable(t *testing.T) {
	var out strings.Builder
	require.NoError(t, table().WriteMarkdown(&out))
	assert.Equal(t, `
### two pipelines

| pipeline   | CPU             | × plain           | memory      |
| ---------- | --------------- | ----------------- | ----------- |
| plain      | 4.0 (2.0..20.0) | 1.00 (1.00..1.00) | 41 (40..42) |
| busy       | 6.0 (3.0..30.0) | 1.50 (1.50..1.50) | 60 (60..60) |
| unmeasured | 0.0             | 0.00              | 0           |

`, out.String())
}

func TestJudge(t *testing.T) {
	var out strings.Builder
	violated, err := table().Judge(&out, []report.Bound{
		{Title: "kept", Metric: "cpu", Variant: "busy", Against: "plain", Limit: 1.5},
		{Title: "broken", Metric: "cpu", Variant: "busy", Against: "plain", Limit: 1.49},
		{Title: "absolute", Metric: "peak", Variant: "plain", Limit: 41},
		{Title: "nothing measured", Metric: "cpu", Variant: "unmeasured", Against: "plain", Limit: 9},
		{Title: "not in the table", Metric: "cpu", Variant: "other", Against: "plain", Limit: 0},
	})
	require.NoError(t, err)
	assert.Equal(t, 2, violated)
	assert.Equal(t, `PASS  kept: 1.500 (1.500..1.500)×, at most 1.5×
OVER  broken: 1.500 (1.500..1.500)×, at most 1.49×
PASS  absolute: 41.000 (40.000..42.000), at most 41
OVER  nothing measured: 0.000×, at most 9×
`, out.String())
}
