package liveextension

import (
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
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

// goneWithin is how long a body may still come, so that the client is not cut off
// before it has read why.
const goneWithin = time.Second

// bounded is the outermost handler. It refuses bodies: no route reads one, and
// net/http would wait for it, before it answers or after.
func (x *liveExtension) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Content-Type-Options"] = noSniffing
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(goneWithin)) // every server of confighttp can
			// HTTP/2 would give up the whole connection.
			if r.ProtoMajor == 1 {
				w.Header().Set("Connection", "close")
			}
			problem(w, http.StatusRequestEntityTooLarge, "requests have no body here")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// noSniffing is shared by all answers, which do not change it.
var noSniffing = []string{"nosniff"}

// forThisHost lets a loopback server answer to loopback names only: a page from
// elsewhere whose name was made to lead here would otherwise read everything.
func (x *liveExtension) forThisHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		passed := x.authenticate(r)
		if passed == nil {
			w.Header()["Www-Authenticate"] = x.challenges(r)
			problem(w, http.StatusUnauthorized, "valid credentials are needed")
			return
		}
		next.ServeHTTP(w, passed)
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

// What the authenticators of the collector ask for. No browser asks a person for
// a scheme that it does not know.
const (
	basicChallenge  = `Basic realm="gen_ai_live", charset="UTF-8"`
	bearerChallenge = `Bearer realm="gen_ai_live"`
	scriptChallenge = `xBasic realm="gen_ai_live"`
)

// challenges says what credentials are wanted, as far as the authenticator's kind
// tells. A page that asks for them itself is not to have the browser ask as well.
func (x *liveExtension) challenges(r *http.Request) []string {
	basic := basicChallenge
	if isScript(r) {
		basic = scriptChallenge
	}
	switch x.cfg.Server.Auth.Get().Config.AuthenticatorID.Type().String() {
	case "basicauth":
		return []string{basic}
	case "bearertokenauth", "oidc":
		return []string{bearerChallenge}
	}
	return []string{bearerChallenge, basic}
}

// isScript says whether a script in a browser asks, rather than a person who
// follows a link. Browsers tell only hosts that they trust in so many words.
func isScript(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode != "navigate"
	}
	return strings.HasPrefix(r.UserAgent(), "Mozilla/") && !strings.Contains(r.Header.Get("Accept"), "text/html")
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
