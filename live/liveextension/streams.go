package liveextension

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/genaibuffer/genaibufferprocessor/live"
)

const (
	// writeAtOnce is about how much goes into one write, in bytes.
	writeAtOnce = 64 << 10
	// retryAfter is what clients are told to wait before they come back.
	retryAfter = 2 * time.Second
)

func (x *liveExtension) serveEvents(w http.ResponseWriter, r *http.Request) {
	x.stream(w, r, "events", func() (*live.Subscription, error) {
		query := r.URL.Query()
		start := live.Start{Cursor: r.Header.Get("Last-Event-ID")}
		if start.Cursor == "" {
			start.Cursor = query.Get("since")
		}
		if start.Cursor == "begin" {
			start = live.Start{Begin: true}
		}
		return x.hub.Subscribe(live.ParseFilter(query), start), nil
	})
}

func (x *liveExtension) serveRequestEvents(w http.ResponseWriter, r *http.Request) {
	x.stream(w, r, "request", func() (*live.Subscription, error) {
		query := r.URL.Query()
		cursor := r.Header.Get("Last-Event-ID")
		if since := query.Get("since"); cursor == "" && since != "begin" {
			cursor = since
		}
		return x.hub.Follow(r.PathValue("request_id"), query.Get("processor"), cursor)
	})
}

// stream opens a subscription and writes it out until it ends.
func (x *liveExtension) stream(w http.ResponseWriter, r *http.Request, route string, open func() (*live.Subscription, error)) {
	if x.streams.Add(1) > int64(x.cfg.MaxSubscribers) {
		x.leave()
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		problem(w, http.StatusServiceUnavailable, "there are as many streams as may be (max_subscribers)")
		return
	}
	defer x.leave()
	x.handlers.Add(1)
	defer x.handlers.Done()
	s, err := open()
	switch {
	case errors.Is(err, live.ErrNothing):
		w.WriteHeader(http.StatusNoContent)
		return
	case err != nil:
		refuse(w, err)
		return
	}
	defer s.Close()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return
	}
	x.pump(r.Context(), &sink{x: x, w: w, to: http.NewResponseController(w), route: route}, s)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusNotFound
	if errors.Is(err, live.ErrGone) {
		status = http.StatusGone
	}
	problem(w, status, err.Error())
}

// pump writes a subscription out.
func (x *liveExtension) pump(ctx context.Context, to *sink, s *live.Subscription) {
	// A write that is under way when the extension stops has to end soon.
	defer context.AfterFunc(x.stopping, to.hurry)()
	told := s.Cursor()
	if to.write(prelude(told)) != nil {
		return
	}
	oldest := x.oldest()
	for {
		written, err := to.writeFrames(ctx, s)
		if written {
			told = s.Cursor()
		}
		switch {
		case err != nil:
			to.end(err)
			return
		case written:
			continue
		}
		err = s.Wait(ctx, x.patience(oldest))
		if errors.Is(err, live.ErrIdle) {
			cursor := s.Cursor()
			err = to.write(keepalive(cursor, cursor != told))
			told = cursor
		}
		if err == nil && !oldest.IsZero() && !time.Now().Before(oldest) {
			err = errTooOld
		}
		if err != nil {
			to.end(err)
			return
		}
	}
}

var errTooOld = errors.New("max_connection_age")

// oldest is when a stream that begins now has to end, zero for never.
func (x *liveExtension) oldest() time.Time {
	age := x.cfg.MaxConnectionAge
	if age <= 0 {
		return time.Time{}
	}
	const jitter = 0.2
	return time.Now().Add(time.Duration(float64(age) * (1 + jitter*(2*rand.Float64()-1))))
}

func (x *liveExtension) patience(oldest time.Time) time.Duration {
	if oldest.IsZero() {
		return x.cfg.Keepalive
	}
	return max(0, min(x.cfg.Keepalive, time.Until(oldest)))
}

func prelude(cursor string) []byte {
	block := append([]byte("retry: "), strconv.Itoa(int(retryAfter.Milliseconds()))...)
	block = append(block, "\n: gen_ai_live\n"...)
	if cursor != "" {
		block = append(append(append(block, "id: "...), cursor...), '\n')
	}
	return append(block, '\n')
}

func keepalive(cursor string, moved bool) []byte {
	block := []byte(": keepalive\n")
	if moved && cursor != "" {
		block = append(append(append(block, "id: "...), cursor...), '\n')
	}
	return append(block, '\n')
}

// sink writes to one client.
type sink struct {
	x     *liveExtension
	w     http.ResponseWriter
	to    *http.ResponseController
	route string
}

// room is what writing takes; a stream has it only while it writes.
type room struct {
	frames [][]byte
	bytes  []byte
}

var rooms = sync.Pool{New: func() any { return &room{} }}

// writeFrames writes what there is, in one write and flush.
func (s *sink) writeFrames(ctx context.Context, from *live.Subscription) (written bool, err error) {
	m := rooms.Get().(*room)
	defer func() {
		clear(m.frames)
		if cap(m.bytes) <= 4*writeAtOnce {
			rooms.Put(m)
		}
	}()
	var ended error
	m.frames, ended = from.Poll(m.frames[:0], writeAtOnce)
	if len(m.frames) == 0 {
		return false, ended
	}
	block := m.frames[0]
	if len(m.frames) > 1 {
		m.bytes = m.bytes[:0]
		for _, frame := range m.frames {
			m.bytes = append(m.bytes, frame...)
		}
		block = m.bytes
	}
	if err := s.write(block); err != nil {
		return true, err
	}
	if ended == nil {
		ended = ctx.Err()
	}
	return true, ended
}

// errTookNothing is a client that is gone or takes nothing.
var errTookNothing = errors.New("the client takes nothing")

func (s *sink) write(block []byte) error {
	wait := s.x.cfg.WriteTimeout
	if s.x.stopping.Err() != nil {
		wait = stopWithin / 2
	}
	_ = s.to.SetWriteDeadline(time.Now().Add(wait)) // every server of confighttp can
	if s.x.stopping.Err() != nil {
		s.hurry()
	}
	n, err := s.w.Write(block)
	s.x.telemetry.ExtensionGenAiLiveBytesSent.Add(context.Background(), int64(n), metric.WithAttributeSet(routeAttributes[s.route]))
	if err == nil {
		err = s.to.Flush()
	}
	if err != nil {
		s.x.hub.Disconnected()
		return errTookNothing
	}
	return nil
}

var routeAttributes = map[string]attribute.Set{
	"events":  attribute.NewSet(attribute.String("route", "events")),
	"request": attribute.NewSet(attribute.String("route", "request")),
}

func (s *sink) hurry() { _ = s.to.SetWriteDeadline(time.Now().Add(stopWithin / 2)) }

// end tells why the server ends the stream, when it does.
func (s *sink) end(err error) {
	switch {
	case errors.Is(err, live.ErrStopped):
		_ = s.write(live.EndFrame("shutdown")) // there is nothing to be done about a client that is gone
	case errors.Is(err, errTooOld):
		_ = s.write(live.EndFrame(errTooOld.Error()))
	}
}
