package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// metricPrefix is what the collector's own metrics of the buffer start with.
const metricPrefix = "otelcol_processor_gen_ai_buffer_"

// askClient keeps no connections, so that it needs no end.
var askClient = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// scrape reads the collector's own metrics.
func (c *collector) scrape() (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+c.metrics+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	response, err := askClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// metric is the sum over all series of a metric of the buffer whose labels
// contain every one of labels ("name=value"). ok says that there is one.
func (c *collector) metric(name string, labels ...string) (value float64, ok bool) {
	families, err := c.scrape()
	if err != nil {
		return 0, false
	}
	for _, full := range []string{metricPrefix + name, metricPrefix + name + "_total"} {
		family := families[full]
		for _, series := range family.GetMetric() {
			if !hasLabels(series, labels) {
				continue
			}
			ok = true
			value += series.GetCounter().GetValue() + series.GetGauge().GetValue() + series.GetUntyped().GetValue() +
				float64(series.GetHistogram().GetSampleCount())
		}
	}
	return value, ok
}

func hasLabels(series *dto.Metric, labels []string) bool {
	for _, label := range labels {
		name, value, _ := strings.Cut(label, "=")
		found := false
		for _, pair := range series.GetLabel() {
			found = found || pair.GetName() == name && pair.GetValue() == value
		}
		if !found {
			return false
		}
	}
	return true
}

// requireMetric requires the value of a metric now.
func (c *collector) requireMetric(want float64, name string, labels ...string) {
	c.t.Helper()
	got, ok := c.metric(name, labels...)
	require.True(c.t, ok, "there is no metric %s%v", name, labels)
	require.InDelta(c.t, want, got, 0, "metric %s%v", name, labels)
}

// awaitMetric waits until a metric holds.
func (c *collector) awaitMetric(holds func(float64) bool, name string, labels ...string) {
	c.t.Helper()
	last := "missing"
	c.poll("metric "+name, func() bool {
		value, ok := c.metric(name, labels...)
		if ok {
			last = fmt.Sprint(value)
		}
		return ok && holds(value)
	}, func() string { return "it is " + last })
}

// poll asks until holds is true, for what can only be asked for.
func (c *collector) poll(what string, holds func() bool, say func() string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-c.exited:
			c.t.Fatalf("the collector ended while waiting for %s (%s):\n%s", what, say(), c.output.tail())
		case <-ctx.Done():
			c.t.Fatalf("waited in vain for %s: %s", what, say())
		}
	}
}

func is(want float64) func(float64) bool { return func(got float64) bool { return got == want } }

func atLeast(want float64) func(float64) bool { return func(got float64) bool { return got >= want } }
