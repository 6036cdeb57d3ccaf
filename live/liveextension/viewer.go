package liveextension

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// built is what scripts/viewer.sh makes of web/.
//
//go:embed viewer
var built embed.FS

const (
	viewerPage   = "index.html"
	viewerAssets = "assets/"
)

// viewerPolicy is the page's Content-Security-Policy. The page loads its own
// script and style, talks to its own server, and nothing else: content that got
// past all other care still could neither run nor tell anybody.
const viewerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// viewerFile is one static file. It never changes.
type viewerFile struct {
	contentType string
	// etag is strong, of the content before compression.
	etag       string
	plain      []byte
	compressed []byte
}

// viewer has the static files of the web viewer, which hold no data: they are
// served to anyone, and ask for credentials themselves where they are needed.
type viewer struct {
	// top is the page at /, below the page at /r/{request_id}, whose assets
	// are one step up: addresses are relative, so that the viewer works under
	// whatever path a reverse proxy gives it.
	top, below viewerFile
	// assets by name; names change with content.
	assets map[string]viewerFile
}

// readViewer reads the embedded files, once.
var readViewer = sync.OnceValues(func() (*viewer, error) {
	page, err := built.ReadFile("viewer/" + viewerPage)
	if err != nil {
		return nil, err
	}
	v := &viewer{
		top:    newViewerFile(viewerPage, page),
		below:  newViewerFile(viewerPage, bytes.ReplaceAll(page, []byte(`"./`), []byte(`"../`))),
		assets: map[string]viewerFile{},
	}
	files, err := fs.ReadDir(built, "viewer/assets")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := built.ReadFile("viewer/" + viewerAssets + file.Name())
		if err != nil {
			return nil, err
		}
		v.assets[file.Name()] = newViewerFile(file.Name(), content)
	}
	return v, nil
})

// viewerTypes do not depend on what the machine knows of extensions.
var viewerTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

func newViewerFile(name string, content []byte) viewerFile {
	sum := sha256.Sum256(content)
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, _ = writer.Write(content) // into memory
	_ = writer.Close()
	return viewerFile{
		contentType: viewerTypes[path.Ext(name)],
		etag:        `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		plain:       content,
		compressed:  compressed.Bytes(),
	}
}

// serveViewer adds the routes of the viewer.
func (x *liveExtension) serveViewer(mux *http.ServeMux) {
	v, err := readViewer()
	if err != nil {
		x.set.Logger.Error("the web viewer is not in this build", zap.Error(err))
		return
	}
	handle := func(pattern string, serve http.HandlerFunc) { mux.Handle(pattern, onlyReading(serve)) }
	handle("/{$}", func(w http.ResponseWriter, r *http.Request) { v.top.serve(w, r, "no-cache") })
	handle("/assets/{name}", func(w http.ResponseWriter, r *http.Request) { v.serveAsset(w, r, r.PathValue("name")) })
	// An id may have slashes, and a proxy may have decoded them.
	handle("/r/{request_id...}", func(w http.ResponseWriter, r *http.Request) {
		directory, name := path.Split(r.PathValue("request_id"))
		if _, known := v.assets[name]; known && strings.HasSuffix(directory, viewerAssets) {
			v.serveAsset(w, r, name)
			return
		}
		v.below.serve(w, r, "no-cache")
	})
}

func (v *viewer) serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	file, known := v.assets[name]
	if !known {
		problem(w, http.StatusNotFound, "there is no such file")
		return
	}
	file.serve(w, r, "public, max-age=31536000, immutable")
}

func (f *viewerFile) serve(w http.ResponseWriter, r *http.Request, caching string) {
	header := w.Header()
	header.Set("Content-Security-Policy", viewerPolicy)
	header.Set("Referrer-Policy", "no-referrer")
	// Browsers look up the hosts of links before anybody follows them.
	header.Set("X-DNS-Prefetch-Control", "off")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", caching)
	header.Set("ETag", f.etag)
	header.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if len(f.plain) >= worthCompressing && acceptsGzip(r) {
		header.Set("Content-Encoding", "gzip")
		body = f.compressed
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // nobody is left to tell
}

// serveConfig tells a viewer what it has to know of the server.
func (x *liveExtension) serveConfig(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(struct {
		Content        string `json:"content"`
		TraceURL       string `json:"trace_url,omitempty"`
		Authentication bool   `json:"authentication"`
		KeepaliveNS    int64  `json:"keepalive_ns"`
		RetentionNS    int64  `json:"retention_ns"`
		MaxRequests    int    `json:"max_requests"`
	}{
		x.cfg.Content, x.cfg.TraceURL, x.authenticator != nil,
		int64(x.cfg.Keepalive), int64(x.cfg.Retention), x.cfg.MaxRequests,
	})
	if err != nil {
		problem(w, http.StatusInternalServerError, "the configuration cannot be written")
		return
	}
	x.answer(w, r, body)
}
