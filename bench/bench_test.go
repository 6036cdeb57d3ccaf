package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/bench/internal/load"
	"github.com/genaibuffer/genaibufferprocessor/bench/internal/sink"
)

// direct is a run whose collector is a wire: the generator sends to the sink.
func direct(t *testing.T, v variant, u load.Unit) *run {
	t.Helper()
	s, err := sink.Start()
	require.NoError(t, err)
	sender, err := load.NewSender(s.Address())
	require.NoError(t, err)
	r := &run{sender: sender, sink: s, unit: u, expects: expectation(v, u), requests: through(v, u)}
	t.Cleanup(r.close)
	return r
}

func TestTransportCountsEverything(t *testing.T) {
	for _, u := range []load.Unit{load.Gathered(1024), load.SpanEvents(1024), load.Foreign(200)} {
		r := direct(t, noProcessor, u)
		require.NoError(t, r.transport(t.Context(), 2))
		require.NoError(t, r.transport(t.Context(), 3))
		counts := r.sink.Counts()
		assert.EqualValues(t, 5*u.Logs, counts.Logs)
		assert.EqualValues(t, 5*u.Spans, counts.Spans)
	}
}

func TestTransportRefusesOtherWork(t *testing.T) {
	// What should have been gathered came out as it went in.
	r := direct(t, withMessages, load.Gathered(100))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, r.transport(ctx, 1), "expected")

	// More came out than went in.
	r = direct(t, noProcessor, load.Foreign(100))
	r.expects = func(int) sink.Counts { return sink.Counts{Logs: 1, Spans: 1} }
	assert.ErrorContains(t, r.transport(t.Context(), 1), "came out")
}

func TestWhatMustComeOut(t *testing.T) {
	for _, c := range []struct {
		v    variant
		u    load.Unit
		want sink.Counts
	}{
		{noProcessor, load.Gathered(10), sink.Counts{Logs: 1000, Spans: 200}},
		{withMessages, load.Gathered(10), sink.Counts{Spans: 200, Envelopes: 200, Events: 1000}},
		{withMessages, load.SpanEvents(10), sink.Counts{Spans: 200, Envelopes: 200, Events: 1000}},
		{withMessages, load.Foreign(10), sink.Counts{Logs: 1000, Spans: 200}},
		{byTrace, load.SpanEvents(10), sink.Counts{Spans: 200}},
	} {
		want := expectation(c.v, c.u)(2)
		assert.Equal(t, c.want, want)
		assert.EqualValues(t, 2*c.u.Requests, through(c.v, c.u)(want))
	}
}

func TestScenariosAreWhole(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			names := variantNames(s)
			require.NotEmpty(t, names)
			require.NotEmpty(t, s.metrics)
			var keys []string
			for _, m := range s.metrics {
				keys = append(keys, m.Key)
			}
			for _, bound := range s.bounds {
				assert.Contains(t, names, bound.Variant)
				assert.Contains(t, keys, bound.Metric)
				if bound.Against != "" {
					assert.Contains(t, names, bound.Against)
				}
			}
			for _, v := range s.variants {
				assert.Positive(t, unitOf(s, v).Requests)
			}
		})
	}
}

func TestParseRefusesNonsense(t *testing.T) {
	for _, arguments := range []string{"-only=nothing", "-rounds=0", "-scale=0", "-pipelines=("} {
		_, err := parse(strings.Fields(arguments))
		require.Error(t, err, arguments)
	}
	o, err := parse([]string{"-only=spans,open", "-rounds=2"})
	require.NoError(t, err)
	assert.Equal(t, 2, o.rounds)
}

func TestSlug(t *testing.T) {
	assert.Equal(t, "gen_ai_buffer-messages-off", slug(gatherOff))
}
