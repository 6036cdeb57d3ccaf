package processor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

const (
	// tickEvery is the least time between two flushes by the timer: what
	// ends together leaves together. It stays well below the 500 ms by which
	// a deadline may be late.
	tickEvery = 100 * time.Millisecond
	// tickLimit is how many deadlines are acted on before the lock is given
	// up for a moment.
	tickLimit = 4096
)

// Engine is what the faces of one component id share: the store, its timer and
// the deliverer. It is safe for concurrent use.
type Engine struct {
	set      Settings
	cfg      *config.Buffer
	gatherer *gatherer
	origins  *origins
	builder  *envelope.Builder
	log      *zap.Logger
	// begun is where monotonic time starts.
	begun time.Time
	// spanKeys mirrors whether the store knows any span key, so that foreign
	// spans need no lock while nothing is open.
	spanKeys atomic.Bool

	telemetry *telemetry
	status    statusReporter
	stopTimer context.CancelFunc
	// wake tells the deliverer that the outbox may have something.
	wake      chan struct{}
	deliverer *deliverer
	// durable is nil without storage.
	durable *durable
	// publishing tells the live extension, if there is one.
	publishing publishing
	// timer is closed when the timer goroutine has ended.
	timer chan struct{}
	// starting is held while a face starts.
	starting sync.Mutex

	mu sync.Mutex // guards everything declared below
	// faces are all that were created, members those not yet shut down.
	faces   []*face
	members int
	running bool
	// closed: nothing more is admitted; flushed: nothing more is appended.
	closed, flushed bool
	store           *buffer.Store
	// reserved are bytes admitted and not yet in the store, by inflight calls.
	reserved, inflight int
	// idle is closed when inflight falls to 0 after closed.
	idle chan struct{}
	// outbox has the parts that are not delivered yet, oldest first, those
	// under way included; undeliveredBytes is their OTLP size.
	outbox           []*buffer.Part
	undeliveredBytes int
	// room is closed and made anew whenever capacity is given back.
	room chan struct{}
	// scheduled is the monotonic time at which the timer wakes.
	scheduled time.Duration
	// reschedule tells the timer of an earlier deadline.
	reschedule chan struct{}
}

func newEngine(set Settings, cfg *config.Buffer) *Engine {
	e := &Engine{
		set:        set,
		cfg:        cfg,
		gatherer:   newGatherer(cfg),
		origins:    newOrigins(),
		log:        set.Telemetry.Logger,
		begun:      time.Now(),
		room:       make(chan struct{}),
		idle:       make(chan struct{}),
		wake:       make(chan struct{}, 1),
		reschedule: make(chan struct{}, 1),
		scheduled:  buffer.Never,
		builder: envelope.NewBuilder(envelope.Options{
			Body:     envelope.BodyForm(cfg.Envelope.Body),
			Order:    envelope.Order(cfg.Order),
			Events:   cfg.Envelope.Events,
			Messages: cfg.Envelope.Messages,
			Version:  set.Version,

			AllContent: set.strips,
		}),
	}
	e.store = buffer.New(buffer.Options{
		Fallback:         e.gatherer.fallback,
		Entries:          e.gatherer.entries,
		Linger:           cfg.Linger,
		TTL:              cfg.TTL,
		MaxAge:           cfg.MaxAge,
		LateWindow:       cfg.LateWindow,
		MaxRequests:      cfg.Limits.MaxRequests,
		MaxRemembered:    cfg.Limits.MaxRemembered,
		MaxRequestEvents: cfg.Limits.MaxRequestEvents,
		MaxRequestBytes:  int(cfg.Limits.MaxRequestBytes),
		MaxPartWeight:    max(1, int(cfg.Envelope.MaxBatchBytes)-e.builder.FixedWeight()),
		NewOpening:       newOpening,
		Watched:          cfg.Live != nil,
	})
	return e
}

func newOpening() (opening [16]byte) {
	_, _ = rand.Read(opening[:]) // never fails, crypto/rand says
	return opening
}

// join enters a face before anything is started.
func (e *Engine) join(f *face) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faces = append(e.faces, f)
	e.members++
}

// leave answers whether the last face has gone.
func (e *Engine) leave() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.members--
	return e.members == 0
}

// start begins the timer with the first face, and delivery with the face that
// offers the outlet: what lies behind it is started by then.
func (e *Engine) start(ctx context.Context, f *face, host component.Host) error {
	e.starting.Lock()
	defer e.starting.Unlock()
	if !e.isRunning() {
		if err := errors.Join(e.checkOutlets(), e.checkExtensions(host)); err != nil {
			return err
		}
		if e.cfg.Live != nil {
			publishers, err := liveOf(*e.cfg.Live, host)
			if err != nil {
				return err
			}
			e.publishing.to = publishers.Publisher(e.set.ID.String())
		}
		aside, err := e.restore(ctx, host)
		if err != nil {
			return err
		}
		// Not under mu: a scrape that comes meanwhile wants mu for the
		// gauges while it holds what registering them needs.
		t, err := newTelemetry(e)
		if err != nil {
			return errors.Join(fmt.Errorf("own telemetry of %q: %w", e.set.ID, err), e.closeJournal(ctx))
		}
		t.setAside(aside)
		e.run(t)
	}
	e.status.add(host)
	if f.outlet != nil && e.deliverer == nil {
		e.deliverer = newDeliverer(e, f.outlet)
		e.deliverer.start()
	}
	return nil
}

// run opens the engine for data and starts its timer.
func (e *Engine) run(t *telemetry) {
	ctx, stop := context.WithCancel(context.Background())
	e.stopTimer = stop
	e.timer = make(chan struct{})
	e.mu.Lock()
	e.telemetry = t
	e.running = true
	e.mu.Unlock()
	go e.runTimer(ctx)
	if e.durable != nil {
		e.durable.startKeeping()
	}
}

// now is the monotonic time of the store.
func (e *Engine) now() time.Duration { return time.Since(e.begun) }

// knows says whether a span's own key leads to a request.
func (e *Engine) knows(trace pcommon.TraceID, span pcommon.SpanID) bool {
	if !e.spanKeys.Load() {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.Knows(trace, span)
}

// leads says whether keys lead to a request.
func (e *Engine) leads(keys *buffer.Keys) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.store.Leads(keys)
}

// append puts what was admitted into the journal, if there is one, and into the
// store. Without a journal it fails only when a shutdown ran out of time while
// the call was under way.
func (e *Engine) append(ctx context.Context, bytes int, in buffer.Input) error {
	if e.durable != nil {
		return e.durable.append(ctx, bytes, in)
	}
	return e.appendNow(bytes, in)
}

func (e *Engine) appendNow(bytes int, in buffer.Input) error {
	var out buffer.Outcome
	e.publishing.prepare(&out)
	e.mu.Lock()
	e.free(bytes)
	if e.flushed {
		e.mu.Unlock()
		return errStopping
	}
	e.store.Append(e.now(), time.Now(), in, &out)
	e.settle(&out)
	early := e.store.Next() < e.scheduled
	at := e.publishing.queue(len(out.Facts))
	e.mu.Unlock()
	e.publishing.publish(at, out.Facts)
	e.publishing.done(&out)
	if early {
		signal(e.reschedule)
	}
	e.telemetry.count(&out)
	e.wakeIf(len(out.Parts) > 0)
	return nil
}

func (e *Engine) wakeIf(filled bool) {
	if filled {
		signal(e.wake)
	}
}

// settle takes over what the store handed out. The caller holds mu.
func (e *Engine) settle(out *buffer.Outcome) {
	e.outbox = append(e.outbox, out.Parts...)
	for _, p := range out.Parts {
		e.undeliveredBytes += p.Bytes
	}
	e.spanKeys.Store(e.store.Open()+e.store.Remembered() > 0)
}

// runTimer acts on deadlines, never early and at most every tickEvery.
func (e *Engine) runTimer(ctx context.Context) {
	defer close(e.timer)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	last := -tickEvery
	for {
		e.mu.Lock()
		next := e.store.Next()
		e.scheduled = next
		e.mu.Unlock()
		wait := time.Hour
		if next != buffer.Never {
			wait = max(next, last+tickEvery) - e.now()
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-e.reschedule:
		case <-timer.C:
			last = e.now()
			e.tick(ctx)
		}
	}
}

func (e *Engine) tick(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		var out buffer.Outcome
		e.mu.Lock()
		more = e.store.Tick(e.now(), time.Now(), tickLimit, &out)
		e.settle(&out)
		e.mu.Unlock()
		e.telemetry.count(&out)
		e.wakeIf(len(out.Parts) > 0)
	}
}
