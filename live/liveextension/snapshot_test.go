package liveextension_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/live/liveextension"
)

func TestFiltersAreBounded(t *testing.T) {
	r := start(t, nil, nil)
	query := func(models, services int) string {
		q := url.Values{}
		for i := range models {
			q.Add("model", fmt.Sprint("m", i))
		}
		for i := range services {
			q.Add("service", fmt.Sprint("s", i))
		}
		return q.Encode()
	}
	for _, path := range []string{"/api/v1/events?", "/api/v1/requests?"} {
		for _, enough := range []string{query(live.MaxFilterValues, 0), query(2, live.MaxFilterValues-2), strings.Repeat("model=m&", 100)} {
			assert.Equal(t, http.StatusOK, r.do(t, http.MethodHead, path+enough).StatusCode)
		}
		for _, tooMany := range []string{query(live.MaxFilterValues+1, 0), query(live.MaxFilterValues-1, 2), query(900, 900)} {
			resp := r.get(t, path+tooMany)
			require.Equal(t, http.StatusBadRequest, resp.StatusCode)
			assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
			var problem struct {
				Status int    `json:"status"`
				Detail string `json:"detail"`
			}
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&problem))
			assert.Equal(t, http.StatusBadRequest, problem.Status)
			assert.Contains(t, problem.Detail, "model: ", "the parameter")
			assert.Contains(t, problem.Detail, fmt.Sprint(live.MaxFilterValues), "the limit")
		}
	}
	assert.EqualValues(t, 0, r.json(t, "/api/v1/stats")["subscribers"])
}

func TestListOfRequestsThatHaveAnEvent(t *testing.T) {
	r := start(t, nil, nil)
	for i, names := range [][]string{{"gen_ai.a", "gen_ai.b"}, {"gen_ai.b"}, {}} {
		of := request(fmt.Sprint("r", i), byte(i+1))
		facts := []event.Fact{opened(of)}
		for n, name := range names {
			facts = append(facts, record(of, uint64(n+1), name, "x"))
		}
		r.Publish(facts)
	}
	for query, want := range map[string][]string{
		"":                                    {"r2", "r1", "r0"},
		"name=gen_ai.":                        {"r1", "r0"},
		"name=gen_ai.a":                       {"r0"},
		"name=gen_ai.a&name=gen_ai.b":         {"r1", "r0"},
		"name=gen_ai.b&request_id=r1":         {"r1"},
		"name=gen_ai.c":                       {},
		"name=gen_ai.b&q=x&service=somewhere": {},
	} {
		got := []string{}
		for _, one := range r.json(t, "/api/v1/requests?"+query)["requests"].([]any) {
			got = append(got, one.(map[string]any)["request_id"].(string))
		}
		assert.Equal(t, want, got, query)
	}
}

// The API's description says what the bounds are.
func TestDescribedBounds(t *testing.T) {
	r := start(t, nil, nil)
	paths := r.json(t, "/api/v1/openapi.json")["paths"].(map[string]any)
	for _, path := range []string{"/api/v1/events", "/api/v1/requests"} {
		for method, operation := range paths[path].(map[string]any) {
			described := map[string]any{}
			for _, p := range operation.(map[string]any)["parameters"].([]any) {
				parameter := p.(map[string]any)
				described[parameter["name"].(string)] = parameter["schema"].(map[string]any)["maxItems"]
			}
			for _, key := range live.FilterKeys() {
				if key != "name" || path == "/api/v1/events" {
					assert.EqualValues(t, live.MaxFilterValues, described[key], "%s %s: %s", method, path, key)
				}
			}
			assert.Contains(t, operation.(map[string]any)["responses"], "400")
		}
	}
	for _, path := range []string{"/api/v1/requests", "/api/v1/requests/{request_id}"} {
		for _, operation := range paths[path].(map[string]any) {
			assert.Contains(t, operation.(map[string]any)["responses"], "503")
		}
	}
}

// Snapshots that nobody reads take their share of the memory and no more.
func TestSnapshotsAreBounded(t *testing.T) {
	r := start(t, func(c *liveextension.Config) { c.WriteTimeout = time.Hour }, nil)
	of := request("large", 1)
	r.Publish([]event.Fact{record(of, 1, "gen_ai.a", strings.Repeat("x", 10<<20))})
	var taken []*answer
	for {
		require.Less(t, len(taken), 8, "so many of 20 MB are in memory")
		resp := r.get(t, "/api/v1/requests/large")
		if resp.StatusCode != http.StatusOK {
			assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
			assert.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
			break
		}
		taken = append(taken, resp) // its body is not read
	}
	require.NotEmpty(t, taken)
	assert.Equal(t, http.StatusOK, r.get(t, "/api/v1/stats").StatusCode)
	for _, resp := range taken {
		require.NoError(t, resp.Body.Close())
	}
	require.Eventually(t, func() bool {
		return r.get(t, "/api/v1/requests/large").StatusCode == http.StatusOK
	}, time.Minute, time.Millisecond)
}
