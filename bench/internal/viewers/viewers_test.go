package viewers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCrowd(t *testing.T) {
	var open, ever atomic.Int64
	gone := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/stream" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		open.Add(1)
		ever.Add(1)
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		open.Add(-1)
		gone <- struct{}{}
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	c, err := Open(t.Context(), address, "/stream", Mix{Stalled: 3, Slow: 2, Vanished: 1})
	require.NoError(t, err)
	<-gone
	assert.EqualValues(t, 6, ever.Load())
	assert.EqualValues(t, 5, open.Load())
	c.Close()
	for range 5 {
		<-gone
	}
	assert.Zero(t, open.Load())

	_, err = Open(t.Context(), address, "/elsewhere", Mix{Stalled: 1})
	assert.ErrorContains(t, err, "404")
}
