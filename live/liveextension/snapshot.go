package liveextension

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/live"
)

const (
	usualLimit = 100
	maxLimit   = 1000
	// worthCompressing is the least size that is compressed, in bytes.
	worthCompressing = 1 << 10
)

func (x *liveExtension) serveList(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit := usualLimit
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			problem(w, http.StatusBadRequest, "limit is a number from 1 to "+strconv.Itoa(maxLimit))
			return
		}
		limit = n
	}
	filter, ok := filterOf(w, query)
	if !ok {
		return
	}
	list, err := x.hub.List(r.Context(), &live.Query{
		Filter: filter, Text: query.Get("q"), Limit: limit, PageToken: query.Get("page_token"),
	})
	x.answerSnapshot(w, r, list, err)
}

func (x *liveExtension) serveRequest(w http.ResponseWriter, r *http.Request) {
	request, err := x.hub.Request(r.Context(), r.PathValue("request_id"), r.URL.Query().Get("processor"))
	x.answerSnapshot(w, r, request, err)
}

// filterOf takes the filter from a request's parameters. It answers the request
// when there are too many.
func filterOf(w http.ResponseWriter, parameters url.Values) (live.Filter, bool) {
	filter := live.ParseFilter(parameters)
	if err := filter.Validate(); err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return filter, false
	}
	return filter, true
}

// answerSnapshot sends a snapshot, or says why there is none.
func (x *liveExtension) answerSnapshot(w http.ResponseWriter, r *http.Request, s *live.Snapshot, err error) {
	switch {
	case err == nil:
		defer s.Release()
		x.answer(w, r, s.JSON)
	case errors.Is(err, live.ErrPageToken):
		problem(w, http.StatusBadRequest, "page_token: "+err.Error())
	case errors.Is(err, live.ErrBusy):
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		problem(w, http.StatusServiceUnavailable, err.Error())
	case r.Context().Err() != nil: // nobody is left to tell
	default:
		refuse(w, err)
	}
}

func (x *liveExtension) serveStats(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(x.hub.Stats())
	if err != nil {
		problem(w, http.StatusInternalServerError, "the numbers cannot be written")
		return
	}
	x.answer(w, r, body)
}

func (x *liveExtension) serveOpenAPI(w http.ResponseWriter, r *http.Request) { x.answer(w, r, openAPI) }

func (x *liveExtension) serveHealth(w http.ResponseWriter, r *http.Request) {
	x.answer(w, r, []byte(`{"status":"ok"}`))
}

// answer sends JSON, compressed when that is asked for.
func (x *liveExtension) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept-Encoding")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(x.cfg.WriteTimeout)) // every server of confighttp can
	if len(body) < worthCompressing || !acceptsGzip(r) {
		header.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // nobody is left to tell
		return
	}
	header.Set("Content-Encoding", "gzip")
	compressed := gzip.NewWriter(w)
	_, _ = compressed.Write(body) // as above
	_ = compressed.Close()
}

func acceptsGzip(r *http.Request) bool {
	for _, value := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
			if strings.EqualFold(name, "gzip") && strings.TrimSpace(quality) != "q=0" {
				return true
			}
		}
	}
	return false
}
