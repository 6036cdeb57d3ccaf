package processor

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/truncate"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// logsPlan says what of one batch of logs is gathered. It refers to the
// records by their place in the batch, which is not changed before the batch
// is known to be taken.
type logsPlan struct {
	// gathered has one entry per record of the batch.
	gathered []bool
	// picked are the gathered ones, in order.
	picked     []pickedLog
	bytes      int
	unresolved int
}

type pickedLog struct {
	keys  buffer.Keys
	name  string
	bytes int
}

// planLogs looks at a batch without changing it.
func (g *gatherer) planLogs(ld plog.Logs) *logsPlan {
	var p logsPlan
	total := 0
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			family := semconv.EventFamily(sl.Scope().Name())
			for _, log := range sl.LogRecords().All() {
				pick, gather := g.planLog(log, family, rl.Resource(), &p)
				if gather {
					if p.gathered == nil {
						p.gathered = make([]bool, ld.LogRecordCount())
						p.picked = make([]pickedLog, 0, len(p.gathered)-total)
					}
					p.gathered[total] = true
					p.picked = append(p.picked, pick)
					p.bytes += min(pick.bytes, g.maxBytes)
				}
				total++
			}
		}
	}
	return &p
}

func (g *gatherer) planLog(log plog.LogRecord, family string, resource pcommon.Resource, p *logsPlan) (pickedLog, bool) {
	name := semconv.EventName(log, family)
	if name == "" || name == semconv.EnvelopeEventName || !g.prefixes.Match(name) {
		return pickedLog{}, false
	}
	keys := buffer.Keys{Trace: log.TraceID(), Span: log.SpanID()}
	g.nameFrom(&keys, log.Attributes(), resource.Attributes())
	if !keys.Resolvable(g.fallback) {
		keys.ResponseID = bounded(semconv.ResponseID(log.Attributes()))
	}
	if !keys.Resolvable(g.fallback) {
		p.unresolved++
		return pickedLog{}, false
	}
	return pickedLog{keys: keys, name: name, bytes: g.logs.LogRecordSize(log)}, true
}

// passing says how many records of the batch are not gathered.
func (p *logsPlan) passing() int { return len(p.gathered) - len(p.picked) }

// takeLogs packs the gathered records. The batch stays as it is.
func (g *gatherer) takeLogs(ld plog.Logs, p *logsPlan, o *origins, now time.Time, weigh func(*event.Record) int) *taken {
	t := newTaken(p.bytes)
	at := 0
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			var origin *event.Origin
			for _, log := range sl.LogRecords().All() {
				at++
				if !p.gathered[at-1] {
					continue
				}
				if origin == nil {
					origin = o.of(rl.Resource(), rl.SchemaUrl(), sl.Scope())
				}
				pick := &p.picked[len(t.records)]
				rec := event.Record{Log: log, Name: pick.name, Origin: origin, Bytes: pick.bytes, Source: event.SourceLog}
				g.complete(&rec, now)
				t.records = append(t.records, g.record(t, &rec, pick.keys, weigh))
			}
		}
	}
	return t
}

// record packs a record into what was taken.
func (g *gatherer) record(t *taken, rec *event.Record, keys buffer.Keys, weigh func(*event.Record) int) buffer.Record {
	weight := weigh(rec) // fills in rec.Plain
	if rec.Truncated {
		t.truncated++
	}
	return buffer.Record{
		Keys:   keys,
		Packed: t.pack(func(dst []byte) []byte { return event.AppendRecord(dst, rec) }),
		Origin: rec.Origin,
		Bytes:  rec.Bytes,
		Source: rec.Source,
		Weight: weight,
		Ends:   g.ends[rec.Name],
	}
}

// complete brings a record into the state in which it is kept: with a time, and
// not too large. It does so in a copy, since the batch may be shared.
func (g *gatherer) complete(rec *event.Record, now time.Time) {
	if rec.Time() != 0 && rec.Bytes <= g.maxBytes {
		return
	}
	log := plog.NewLogRecord()
	rec.Log.CopyTo(log)
	rec.Log = log
	if rec.Time() == 0 {
		log.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	}
	if rec.Bytes > g.maxBytes && truncate.LogRecord(log, g.maxBytes) {
		rec.Truncated = true
		rec.Bytes = g.logs.LogRecordSize(log)
	}
}

// splitLogs moves the records that are not gathered into a batch of their own,
// in their order, leaving the gathered ones in place.
func splitLogs(ld plog.Logs, p *logsPlan, move bool) plog.Logs {
	rest := plog.NewLogs()
	eachPassing(ld, rest, p, func(from, to plog.LogRecord) {
		if move {
			from.MoveTo(to)
		} else {
			from.CopyTo(to)
		}
	})
	return rest
}

// eachPassing builds the frame of rest and calls put for each record in it.
func eachPassing(ld, rest plog.Logs, p *logsPlan, put func(from, to plog.LogRecord)) {
	at := 0
	for _, rl := range ld.ResourceLogs().All() {
		var restRL plog.ResourceLogs
		framed := false
		for _, sl := range rl.ScopeLogs().All() {
			var restSL plog.ScopeLogs
			scoped := false
			for _, log := range sl.LogRecords().All() {
				at++
				if p.gathered[at-1] {
					continue
				}
				if !framed {
					restRL, framed = rest.ResourceLogs().AppendEmpty(), true
					rl.Resource().CopyTo(restRL.Resource())
					restRL.SetSchemaUrl(rl.SchemaUrl())
				}
				if !scoped {
					restSL, scoped = restRL.ScopeLogs().AppendEmpty(), true
					sl.Scope().CopyTo(restSL.Scope())
					restSL.SetSchemaUrl(sl.SchemaUrl())
				}
				put(log, restSL.LogRecords().AppendEmpty())
			}
		}
	}
}

// unsplitLogs puts the records of rest back to where they were, so that a
// batch that was refused can be sent again as it is. They are copied: one
// consumer of a fan-out may hold rest although another has refused it.
func unsplitLogs(ld, rest plog.Logs, p *logsPlan) {
	var passed []plog.LogRecord
	for _, rl := range rest.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, log := range sl.LogRecords().All() {
				passed = append(passed, log)
			}
		}
	}
	if len(passed) != p.passing() {
		return // the next consumer has taken records out: they are its own now
	}
	at, next := 0, 0
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, log := range sl.LogRecords().All() {
				if !p.gathered[at] {
					passed[next].CopyTo(log)
					next++
				}
				at++
			}
		}
	}
}
