package liveextension

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/genaibuffer/genaibufferprocessor/live"
)

const (
	// writeAtOnce is about how much goes into one write, in bytes.
	writeAtOnce = 64 << 10
	// retryAfter is what clients are told to wait before they come back.
	retryAfter = 2 * time.Second
)

func (x *liveExtension) serveEvents(w http.ResponseWriter, r *http.Request) {
	if _, ok := filterOf(w, r.URL.Query()); !ok { // read again below: this is where streams wait
		return
	}
	x.stream(w, r, &x.labels.events, func() (*live.Subscription, error) {
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
	x.stream(w, r, &x.labels.request, func() (*live.Subscription, error) {
		query := r.URL.Query()
		cursor := r.Header.Get("Last-Event-ID")
		if since := query.Get("since"); cursor == "" && since != "begin" {
			cursor = since
		}
		return x.hub.Follow(r.PathValue("request_id"), query.Get("processor"), cursor)
	})
}

// stream opens a subscription and writes it out until it ends.
func (x *liveExtension) stream(w http.ResponseWriter, r *http.Request, route *streamRoute, open func() (*live.Subscription, error)) {
	if !x.admit(w) {
		return
	}
	s := begin(w, open)
	if s == nil || r.Method == http.MethodHead {
		x.leave(nil, s)
		return
	}
	to := &sink{x: x, w: w, route: route, oldest: x.oldest(), http2: r.ProtoMajor > 1}
	x.sinks.add(to)
	defer x.leave(to, s)
	if to.begin(prelude(to.cursor(s))) == nil {
		to.pump(r.Context(), s)
	}
}

// leave notes that a stream has ended. Neither a sink nor a subscription need be
// there.
func (x *liveExtension) leave(to *sink, s *live.Subscription) {
	defer x.handlers.Done()
	if s != nil {
		s.Close()
	}
	x.sinks.remove(to)
	if x.streams.Add(-1) > 0 {
		return
	}
	select {
	case x.quiet <- struct{}{}:
	default:
	}
}

// admit counts a stream, unless there are as many as may be.
func (x *liveExtension) admit(w http.ResponseWriter) bool {
	x.handlers.Add(1)
	if x.streams.Add(1) <= int64(x.cfg.MaxSubscribers) {
		return true
	}
	x.leave(nil, nil)
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	problem(w, http.StatusServiceUnavailable, "there are as many streams as may be (max_subscribers)")
	return false
}

// begin answers the subscription, or nil when the request is answered.
func begin(w http.ResponseWriter, open func() (*live.Subscription, error)) *live.Subscription {
	s, err := open()
	switch {
	case errors.Is(err, live.ErrNothing):
		w.WriteHeader(http.StatusNoContent)
		return nil
	case err != nil:
		refuse(w, err)
		return nil
	}
	header := w.Header()
	for name, value := range streamHeaders {
		header[name] = value
	}
	return s
}

// streamHeaders are shared by all streams, which change none of them.
var streamHeaders = http.Header{
	"Content-Type": {"text/event-stream"}, "Cache-Control": {"no-store"}, "X-Accel-Buffering": {"no"},
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusNotFound
	if errors.Is(err, live.ErrGone) {
		status = http.StatusGone
	}
	problem(w, status, err.Error())
}

// pump writes a subscription out. It has little on the stack: that is where
// streams wait.
func (s *sink) pump(ctx context.Context, from *live.Subscription) {
	for {
		if err := s.drain(ctx, from); err != nil {
			s.end(err)
			return
		}
		if err := s.waited(from, from.Wait(ctx, s.patience())); err != nil {
			s.end(err)
			return
		}
	}
}

// cursor answers the cursor that the client is to be told.
func (s *sink) cursor(from *live.Subscription) string {
	s.told = from.Position()
	return from.Cursor()
}

// drain writes until there is nothing to write or the stream is over.
func (s *sink) drain(ctx context.Context, from *live.Subscription) error {
	for {
		written, err := s.writeFrames(ctx, from)
		if written {
			s.told = from.Position()
		}
		if err != nil || !written {
			return err
		}
		if err := s.over(); err != nil {
			return err
		}
	}
}

// over says why a stream has to end, whatever there still is to write.
func (s *sink) over() error {
	if s.x.stopping.Err() != nil && !time.Now().Before(s.x.ending.drained) {
		return live.ErrStopped
	}
	if s.oldest != nil && !time.Now().Before(*s.oldest) {
		return errTooOld
	}
	return nil
}

// waited takes what a wait has ended with.
func (s *sink) waited(from *live.Subscription, err error) error {
	if errors.Is(err, live.ErrIdle) {
		moved := from.Position() != s.told
		err = s.write(keepalive(s.cursor(from), moved))
	}
	if err != nil {
		return err
	}
	return s.over()
}

var errTooOld = errors.New("max_connection_age")

// oldest is when a stream that begins now has to end, nil for never.
func (x *liveExtension) oldest() *time.Time {
	age := x.cfg.MaxConnectionAge
	if age <= 0 {
		return nil
	}
	const jitter = 0.2
	at := time.Now().Add(time.Duration(float64(age) * (1 + jitter*(2*rand.Float64()-1))))
	return &at
}

// patience is how long to wait for events.
func (s *sink) patience() time.Duration {
	if s.oldest == nil {
		return s.x.cfg.Keepalive
	}
	return max(0, min(s.x.cfg.Keepalive, time.Until(*s.oldest)))
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
	route *streamRoute
	// told is where the client knows to be.
	told uint64
	// oldest is when the stream has to end, nil for never.
	oldest *time.Time
	http2  bool
}

func (s *sink) to() *http.ResponseController { return http.NewResponseController(s.w) }

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

// errNotTaken is a client that is gone or takes nothing.
var errNotTaken = errors.New("the client is gone or takes nothing")

// begin writes what comes first, on a stack of its own: the headers that go with
// it take several kilobytes of stack, which the stream would keep for as long as
// it is open.
func (s *sink) begin(block []byte) error {
	done := make(chan error)
	go func() { done <- s.write(block) }()
	return <-done
}

func (s *sink) write(block []byte) error {
	deadline := time.Now().Add(s.x.cfg.WriteTimeout)
	_ = s.to().SetWriteDeadline(deadline) // every server of confighttp can
	if s.x.stopping.Err() != nil {        // afterwards: whoever stops looks at the sinks afterwards, too
		s.hurry()
	}
	n, err := s.w.Write(block)
	s.x.telemetry.ExtensionGenAiLiveBytesSent.Add(context.Background(), int64(n), s.route.options...)
	if err == nil {
		err = s.to().Flush()
	}
	if err != nil {
		// The time says it, since not all errors do: a connection of HTTP/2
		// that was closed for it is just gone. What a stop cut off did not
		// have that long.
		if !time.Now().Before(deadline) && s.x.stopping.Err() == nil {
			s.x.hub.Disconnected()
		}
		return errNotTaken
	}
	if s.http2 {
		// There a deadline resets the stream even when nothing is written.
		_ = s.to().SetWriteDeadline(time.Time{})
	}
	return nil
}

// hurry has all writes from now on, and one that is under way, end in time for
// the stop.
func (s *sink) hurry() { _ = s.to().SetWriteDeadline(s.x.ending.written) }

// sinks are those that are open.
type sinks struct {
	mu   sync.Mutex
	open map[*sink]struct{}
}

func (all *sinks) add(s *sink) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.open == nil {
		all.open = map[*sink]struct{}{}
	}
	all.open[s] = struct{}{}
}

func (all *sinks) remove(s *sink) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, s)
}

func (all *sinks) hurry() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for s := range all.open {
		s.hurry()
	}
}

// end tells why the server ends the stream, when it does.
func (s *sink) end(err error) {
	switch {
	case errors.Is(err, live.ErrStopped):
		_ = s.write(live.EndFrame("shutdown")) // there is nothing to be done about a client that is gone
	case errors.Is(err, errTooOld):
		_ = s.write(live.EndFrame(errTooOld.Error()))
	}
}
