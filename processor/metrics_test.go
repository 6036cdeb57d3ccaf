package processor_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// sum adds up the data points that have the given attributes (key, value, …).
func sum(t testing.TB, data metricdata.Aggregation, attributes ...string) int {
	t.Helper()
	has := func(set attribute.Set) bool {
		for i := 0; i < len(attributes); i += 2 {
			if v, _ := set.Value(attribute.Key(attributes[i])); v.AsString() != attributes[i+1] {
				return false
			}
		}
		return true
	}
	total := 0
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			if has(p.Attributes) {
				total += int(p.Value)
			}
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			if has(p.Attributes) {
				total += int(p.Value)
			}
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			if has(p.Attributes) {
				total += int(p.Count)
			}
		}
	default:
		require.Failf(t, "unknown metric data", "%T", data)
	}
	return total
}
