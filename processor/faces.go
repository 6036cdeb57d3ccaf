package processor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Logs is the face in a logs pipeline: gathered records leave the stream, all
// others pass, and envelopes leave here.
type Logs struct {
	*face
	next consumer.Logs
	// forward: gathered records also travel on.
	forward bool
	// envelopesOnly: nothing passes but incoming envelopes.
	envelopesOnly bool
}

// Traces is the face in a traces pipeline: all spans pass.
type Traces struct {
	*face
	// next is nil where no spans travel on.
	next  consumer.Traces
	strip bool
	// events: envelopes carry the events that are gathered.
	events bool
	reader tracesReader
}

// NewLogs makes the processor's face in a logs pipeline.
func (r *Registry) NewLogs(set Settings, cfg *config.Processor, next consumer.Logs) *Logs {
	set.strips = cfg.Traces.Content == config.ContentStrip
	return &Logs{
		face:    r.join(set, &cfg.Buffer, next),
		next:    next,
		forward: cfg.Logs.Originals == config.OriginalsForward,
	}
}

// NewTraces makes the processor's face in a traces pipeline.
func (r *Registry) NewTraces(set Settings, cfg *config.Processor, next consumer.Traces) *Traces {
	set.strips = cfg.Traces.Content == config.ContentStrip
	f := r.join(set, &cfg.Buffer, nil)
	t := &Traces{face: f, next: next, strip: set.strips, events: cfg.Envelope.Events, reader: f.engine.reader()}
	t.reader.places = t.strip
	return t
}

// NewConnectorLogs makes the connector's face from logs to logs.
func (r *Registry) NewConnectorLogs(set Settings, cfg *config.Connector, next consumer.Logs) *Logs {
	return &Logs{face: r.join(set, &cfg.Buffer, next), next: next, envelopesOnly: true}
}

// NewConnectorTraces makes the connector's face from traces to logs.
func (r *Registry) NewConnectorTraces(set Settings, cfg *config.Connector, next consumer.Logs) *Traces {
	f := r.join(set, &cfg.Buffer, next)
	return &Traces{face: f, reader: f.engine.reader()}
}

func (e *Engine) reader() tracesReader {
	return tracesReader{gatherer: e.gatherer, origins: e.origins, weigh: e.builder, knows: e.knows, leads: e.leads}
}

// Start starts the shared engine with the first face.
func (f *face) Start(ctx context.Context, host component.Host) error { return f.start(ctx, host) }

// Shutdown returns when nothing that was accepted depends on this face any
// more; see Engine.stop.
func (f *face) Shutdown(ctx context.Context) error { return f.shutdown(ctx) }

// Capabilities: gathered records are moved out of the batch.
func (l *Logs) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: !l.forward}
}

// Capabilities: what is kept is copied, and stripped spans are copies too.
func (*Traces) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// ConsumeLogs takes a batch whole or refuses it whole: capacity is reserved,
// what passes is handed on, then events are appended. Errors are retryable,
// but for a batch larger than max_bytes, which could never be taken. While
// reserving and handing on, an error leaves the batch as it was.
func (l *Logs) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	e := l.engine
	plan := e.gatherer.planLogs(ld)
	if len(plan.picked) == 0 {
		return l.passOn(ctx, ld, plan)
	}
	if err := e.reserve(ctx, plan.bytes); err != nil {
		e.refused(len(plan.picked))
		return err
	}
	// Before the batch, or what it is made of, is somebody else's.
	taken := e.gatherer.takeLogs(ld, plan, e.origins, time.Now(), e.builder.RecordWeight)
	defer taken.release()
	if err := l.passRest(ctx, ld, plan, !ld.IsReadOnly()); err != nil {
		e.release(plan.bytes)
		return retryable(err)
	}
	if plan.unresolved > 0 {
		e.telemetry.unresolved(plan.unresolved)
	}
	if taken.truncated > 0 {
		e.telemetry.truncated(taken.truncated)
	}
	return e.counted(len(plan.picked), e.append(ctx, plan.bytes, buffer.Input{Records: taken.records}))
}

// passOn hands on a batch of which nothing is gathered: it is never refused.
func (l *Logs) passOn(ctx context.Context, ld plog.Logs, plan *logsPlan) error {
	pass := l.next.ConsumeLogs
	if l.envelopesOnly {
		pass = l.passEnvelopes
	}
	err := pass(ctx, ld)
	if err == nil && plan.unresolved > 0 && l.engine.isRunning() {
		l.engine.telemetry.unresolved(plan.unresolved)
	}
	return err
}

// passRest hands on the records that are not gathered.
func (l *Logs) passRest(ctx context.Context, ld plog.Logs, plan *logsPlan, move bool) error {
	switch {
	case l.envelopesOnly:
		return l.passEnvelopes(ctx, ld)
	case l.forward:
		return l.next.ConsumeLogs(ctx, ld)
	case plan.passing() == 0:
		return nil
	}
	rest := splitLogs(ld, plan, move)
	pref.RefLogs(rest) // it must outlive the call to be put back
	defer pref.UnrefLogs(rest)
	err := l.next.ConsumeLogs(ctx, rest)
	if err != nil && move {
		unsplitLogs(ld, rest, plan)
	}
	return err
}

// passEnvelopes lets the envelopes of a buffer further up pass: a connector
// emits nothing else.
func (l *Logs) passEnvelopes(ctx context.Context, ld plog.Logs) error {
	var plan logsPlan
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, log := range sl.LogRecords().All() {
				isEnvelope := semconv.EventName(log, "") == semconv.EnvelopeEventName
				plan.gathered = append(plan.gathered, !isEnvelope)
				if !isEnvelope {
					plan.picked = append(plan.picked, pickedLog{})
				}
			}
		}
	}
	if plan.passing() == 0 {
		return nil
	}
	return l.next.ConsumeLogs(ctx, splitLogs(ld, &plan, false))
}

// ConsumeTraces takes a batch whole or refuses it whole, like ConsumeLogs. The
// spans themselves always travel on.
func (t *Traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	e := t.engine
	taken := t.reader.take(td, time.Now())
	if taken.taken == nil {
		return t.passOn(ctx, td, nil)
	}
	defer taken.release()
	if err := e.reserve(ctx, taken.bytes); err != nil {
		if taken.pieces == 0 {
			return t.passOn(ctx, td, nil) // entry spans only: nothing to lose
		}
		e.refused(taken.pieces)
		return err
	}
	if err := t.passOn(ctx, td, taken.gathered); err != nil {
		e.release(taken.bytes)
		if taken.pieces == 0 {
			return err
		}
		return retryable(err)
	}
	if taken.truncated > 0 {
		e.telemetry.truncated(taken.truncated)
	}
	return e.counted(taken.pieces, e.append(ctx, taken.bytes, buffer.Input{Spans: taken.spans}))
}

// passOn hands the spans on; gathered has one entry per span that belongs to
// a request, nil if none does.
func (t *Traces) passOn(ctx context.Context, td ptrace.Traces, gathered map[int]bool) error {
	if t.next == nil {
		return nil
	}
	if t.strip && len(gathered) > 0 {
		td = t.stripped(td, gathered)
	}
	return t.next.ConsumeTraces(ctx, td)
}

// stripped is a copy in which the gathered spans have no content: an envelope
// has it now. Their events keep it where envelopes do not carry them. It is a
// copy because a batch that is refused comes again, and must still have its
// content then.
func (t *Traces) stripped(td ptrace.Traces, gathered map[int]bool) ptrace.Traces {
	held := func(ev ptrace.SpanEvent) bool { return t.events && semconv.SpanEventBelongs(ev, t.reader.prefixes) }
	lean := ptrace.NewTraces()
	td.CopyTo(lean)
	at := 0
	for _, rs := range lean.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if gathered[at] {
					semconv.StripContent(span, held)
				}
				at++
			}
		}
	}
	return lean
}

func (e *Engine) isRunning() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.running
}

// counted counts n records if they were refused.
func (e *Engine) counted(n int, err error) error {
	if err != nil {
		e.refused(n)
	}
	return err
}

// refused counts records that were not taken; the client has them still.
func (e *Engine) refused(n int) {
	if e.isRunning() {
		e.telemetry.refused(n)
	}
}
