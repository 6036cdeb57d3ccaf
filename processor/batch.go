package processor

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"
	"go.uber.org/zap"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
)

// batch is envelopes on their way. It belongs to the deliverer's goroutine.
type batch struct {
	logs plog.Logs
	sent []sent
}

// sent is one envelope of a batch, and where it stands in it.
type sent struct {
	part             *buffer.Part
	resource, record int
}

// assemble builds the envelopes of parts, in order, under the resources they
// come from. A further part of a request never stands before an earlier one.
func assemble(e *Engine, parts []*buffer.Part) *batch {
	b := newBatch(len(parts))
	var under []*event.Origin
	scratch := plog.NewLogRecord()
	var unpacker buffer.Unpacker
	for _, p := range parts {
		if err := p.Unpack(&unpacker); err != nil {
			e.log.Error("An envelope lacks what could not be unpacked; this is a bug of gen_ai_buffer",
				zap.String("request_id", p.RequestID), zap.Error(err))
		}
		origin := e.builder.Build(&p.Part, scratch)
		at := group(under, origin, b.sent, p)
		if at < 0 {
			at = len(under)
			under = append(under, origin)
			rl := b.logs.ResourceLogs().AppendEmpty()
			if origin != nil {
				origin.Resource.CopyTo(rl.Resource())
				rl.SetSchemaUrl(origin.ResourceSchemaURL)
			}
			e.builder.Scope(rl.ScopeLogs().AppendEmpty().Scope())
		}
		records := b.logs.ResourceLogs().At(at).ScopeLogs().At(0).LogRecords()
		b.sent = append(b.sent, sent{p, at, records.Len()})
		scratch.MoveTo(records.AppendEmpty())
		p.Records, p.Spans, p.Owner = nil, nil, nil
	}
	e.built(parts)
	return b
}

// group is the place of the last of the groups under a key, if a part may go
// there: no earlier part of its request stands in a later group. Else it is -1.
func group[K comparable](under []K, key K, sent []sent, p *buffer.Part) int {
	at := len(under) - 1
	for at >= 0 && under[at] != key {
		at--
	}
	if p.Number == 1 {
		return at
	}
	for _, s := range sent {
		if s.resource > at && s.part.Opening == p.Opening {
			return -1
		}
	}
	return at
}

// built lets the store know that nothing is to be added to the facts of parts
// any more.
func (e *Engine) built(parts []*buffer.Part) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.store.Built(parts)
}

// newBatch makes an empty batch that stays ours: without the reference a
// pipeline would take the data back after the first attempt.
func newBatch(size int) *batch {
	b := &batch{logs: plog.NewLogs(), sent: make([]sent, 0, size)}
	pref.RefLogs(b.logs)
	return b
}

// done gives the data up.
func (b *batch) done() { pref.UnrefLogs(b.logs) }

// settleBatch notes that nothing more is to be done for the parts of a batch. It
// answers for how many that is news: after a shutdown that ran out of time
// they are given up already. The journal is told at its next entry, so that half
// of a batch that was split does not leave again when the other half has not.
func (e *Engine) settleBatch(b *batch) (news int) {
	left := make([]*buffer.Part, 0, len(b.sent))
	e.mu.Lock()
	for _, s := range b.sent {
		if !s.part.Settled {
			s.part.Settled = true
			left = append(left, s.part)
		}
	}
	e.store.Settle(left)
	at, facts := e.publishing.queue(len(left)), e.publishing.leftFacts(left)
	e.mu.Unlock()
	e.publishing.publish(at, facts)
	return len(left)
}

// payload is what one attempt hands on.
func (b *batch) payload(copied bool) plog.Logs {
	if !copied {
		return b.logs
	}
	logs := plog.NewLogs()
	b.logs.CopyTo(logs)
	return logs
}

// halves splits a batch in two, in order. The data is copied: the consumer
// that refused the whole may have marked it as shared.
func (b *batch) halves() (first, second *batch) {
	middle := len(b.sent) / 2
	return b.slice(b.sent[:middle]), b.slice(b.sent[middle:])
}

func (b *batch) slice(of []sent) *batch {
	part := newBatch(len(of))
	var under []int
	for _, s := range of {
		from := b.logs.ResourceLogs().At(s.resource)
		at := group(under, s.resource, part.sent, s.part)
		if at < 0 {
			at = len(under)
			under = append(under, s.resource)
			rl := part.logs.ResourceLogs().AppendEmpty()
			from.Resource().CopyTo(rl.Resource())
			rl.SetSchemaUrl(from.SchemaUrl())
			from.ScopeLogs().At(0).Scope().CopyTo(rl.ScopeLogs().AppendEmpty().Scope())
		}
		records := part.logs.ResourceLogs().At(at).ScopeLogs().At(0).LogRecords()
		part.sent = append(part.sent, sent{s.part, at, records.Len()})
		from.ScopeLogs().At(0).LogRecords().At(s.record).CopyTo(records.AppendEmpty())
	}
	return part
}
