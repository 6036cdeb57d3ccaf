package buffer

import (
	"encoding/binary"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

func (x *Restorer) addRequest(r *frozenReader, entry uint64, origins []*event.Origin) {
	number, flags := r.uvarint(), r.byte()
	c := &content{}
	since := time.Duration(r.u64())
	c.openedAt = time.Duration(r.u64())
	placed, opened, items := r.uvarint(), r.uvarint(), r.uvarint()
	made := restored{key: partKey{number: number}, entry: entry, records: r.count(), spans: r.count()}
	c.bytes, c.weight = r.count(), r.count()
	c.named = flags&requestNamed != 0
	if flags&requestOwner != 0 {
		c.owner = r.owner(origins)
	}
	made.form = slices.Clone(r.longText())
	made.known = flags&requestFacts != 0
	r.facts(&made, origins)
	request, _, err := decodeHead(made.form)
	if r.bad || err != nil || items >= mostItems || items < made.holds() {
		r.bad = true
		return
	}
	request.content, request.since, request.flushed = c, since, flags&requestFlushed != 0
	request.state = open
	if flags&requestLingering != 0 {
		request.state = lingering
	}
	made.request, made.placed, made.opened = request, placed, opened
	made.from = items - made.holds()
	x.begins[itemKey{number, made.from}] = true
	x.requests[number] = &made
	x.numbered = max(x.numbered, number)
}

func (x *Restorer) addPart(r *frozenReader, entry uint64, origins []*event.Origin) {
	made := restored{key: partKey{r.uvarint(), int(r.uvarint())}, order: r.uvarint(), entry: entry}
	flags := r.byte()
	p := &Part{Part: envelope.Part{Number: made.key.part}, Lateness: -1}
	p.FlushedAt = time.Unix(0, int64(r.u64()))
	made.at = time.Duration(r.u64())
	p.Age = time.Duration(r.u64())
	made.from, made.records, made.spans = r.uvarint(), r.count(), r.count()
	p.Bytes, p.Weight, p.firstSeq = r.count(), r.count(), r.uvarint()
	p.Reason, p.RelatedRequestID = event.FlushReason(r.text()), string(r.text())
	p.Ended, p.Late = flags&partEnded != 0, flags&partLate != 0
	if flags&partNamed != 0 {
		p.named = r.spanKey()
	}
	if flags&partOwner != 0 {
		p.owner = r.owner(origins)
	}
	made.form = slices.Clone(r.longText())
	made.known = flags&partFacts != 0
	r.facts(&made, origins)
	request, _, err := decodeHead(made.form)
	if r.bad || err != nil || made.from >= mostItems {
		r.bad = true
		return
	}
	x.begins[itemKey{made.key.number, made.from}] = true
	made.request, made.part = request, p
	p.RequestID, p.KeySource, p.Opening = request.identity.id(), request.identity.keySource(), request.opening
	if x.parts[made.key] == nil {
		x.partsOf[made.key.number]++
	}
	x.parts[made.key] = &made
	x.numbered = max(x.numbered, made.key.number)
}

// gone forgets an open request; what it held is with its parts, or with the
// request that it was merged into.
func (x *Restorer) gone(number uint64) {
	delete(x.requests, number)
	if x.partsOf[number] == 0 {
		delete(x.items, number)
	}
}

// addEntry takes an entry span that is remembered, whatever was known of its
// trace before.
func (x *Restorer) addEntry(r *frozenReader, id uint64, origins []*event.Origin) {
	e := &entry{since: time.Duration(r.u64())}
	e.rank = rank{start: pcommon.Timestamp(r.u64()), known: true, root: r.byte() != 0}
	e.owner = r.owner(origins)
	e.trace = e.owner.key.trace
	e.holder = holder{oldest: id, entry: e}
	x.entered[e.trace] = e
}

// settle forgets a part and its items.
func (x *Restorer) settle(key partKey) {
	p := x.parts[key]
	if p == nil {
		return
	}
	delete(x.parts, key)
	if x.partsOf[key.number]--; x.partsOf[key.number] == 0 {
		delete(x.partsOf, key.number)
		if x.requests[key.number] == nil {
			delete(x.items, key.number)
			return
		}
	}
	x.take(key.number, p.from, p.holds())
}

func (r *frozenReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *frozenReader) longText() []byte {
	b := r.take(4)
	if b == nil {
		return nil
	}
	return r.take(int(binary.LittleEndian.Uint32(b)))
}

// maybeOrigin reads an origin or none; false for one that the entry lacks.
func (r *frozenReader) maybeOrigin(origins []*event.Origin) (*event.Origin, bool) {
	n := r.uvarint()
	if n == 0 {
		return nil, true
	}
	if n > uint64(len(origins)) {
		r.bad = true
		return nil, false
	}
	return origins[n-1], true
}

func (r *frozenReader) owner(origins []*event.Origin) *owner {
	o := &owner{key: r.spanKey()}
	o.origin, _ = r.maybeOrigin(origins)
	o.packed = string(r.text())
	return o
}

// facts reads what stands at the end of a request or a part.
func (r *frozenReader) facts(made *restored, origins []*event.Origin) {
	if made.known {
		made.origin, _ = r.maybeOrigin(origins)
		made.facts = slices.Clone(r.rest)
		r.rest = nil
	}
}
