package liveextension

import (
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

//go:embed openapi.json
var openAPI []byte

// route is one route of the API; a test holds openapi.json to them.
type route struct {
	pattern string
	// open routes hold no data and need no authentication.
	open  bool
	serve func(*liveExtension, http.ResponseWriter, *http.Request)
}

var routeTable = []route{
	{pattern: "/api/v1/events", serve: (*liveExtension).serveEvents},
	{pattern: "/api/v1/requests", serve: (*liveExtension).serveList},
	{pattern: "/api/v1/requests/{request_id}", serve: (*liveExtension).serveRequest},
	{pattern: "/api/v1/requests/{request_id}/events", serve: (*liveExtension).serveRequestEvents},
	{pattern: "/api/v1/stats", serve: (*liveExtension).serveStats},
	{pattern: "/api/v1/config", serve: (*liveExtension).serveConfig},
	{pattern: "/api/v1/openapi.json", serve: (*liveExtension).serveOpenAPI},
	{pattern: "/healthz", open: true, serve: (*liveExtension).serveHealth},
}

// routes is the handler of everything.
func (x *liveExtension) routes() http.Handler {
	mux := http.NewServeMux()
	for _, one := range routeTable {
		handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isReading(w, r) {
				one.serve(x, w, r)
			}
		}))
		if !one.open {
			handler = x.authenticated(handler)
		}
		mux.Handle(one.pattern, handler)
	}
	if x.cfg.Viewer {
		x.serveViewer(mux)
	}
	mux.Handle("/", x.authenticated(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "there is no such route")
	})))
	return x.forThisHost(mux)
}

func onlyReading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isReading(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// isReading answers requests that want more than to read.
func isReading(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	problem(w, http.StatusMethodNotAllowed, "this can only be read")
	return false
}

// noSniffing is shared by all answers, which do not change it.
var noSniffing = []string{"nosniff"}

// forThisHost lets a loopback server answer to loopback names only: a page from
// elsewhere whose name was made to lead here would otherwise read everything.
func (x *liveExtension) forThisHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Content-Type-Options"] = noSniffing
		if x.loopback && !x.answersTo(r.Host) {
			problem(w, http.StatusMisdirectedRequest, "this server listens on a loopback address and answers to loopback names only")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (x *liveExtension) answersTo(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return isLoopback(strings.Trim(host, "[]"))
}

// authenticated lets only those pass whom the authenticator knows. Streams stay
// below it for long, so that it is to have nothing on the stack.
func (x *liveExtension) authenticated(next http.Handler) http.Handler {
	if x.authenticator == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r = x.authenticate(r); r == nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="gen_ai_live"`)
			problem(w, http.StatusUnauthorized, "valid credentials are needed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// authenticate asks the authenticator, which compares credentials; what it says
// of them is not passed on. It answers nil for a request that is not to pass.
func (x *liveExtension) authenticate(r *http.Request) *http.Request {
	sources := r.Header
	if parameters := x.cfg.Server.Auth.Get().RequestParameters; len(parameters) > 0 {
		sources = r.Header.Clone()
		query := r.URL.Query()
		for _, name := range parameters {
			if values, has := query[name]; has {
				sources[name] = values
			}
		}
	}
	ctx, err := x.authenticator.Authenticate(r.Context(), sources)
	if err != nil {
		return nil
	}
	return r.WithContext(ctx)
}

// problem answers with problem details (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	body, _ := json.Marshal(struct { // marshals whatever the strings are
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody is left to tell
}
