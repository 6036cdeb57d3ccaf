package buffer

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// Restorer brings a store to where its journal says that it was. Chunks and
// entries are handed to it in order of writing, then Finish is called once.
type Restorer struct {
	store *Store
	// inputs are those whose effects were not told yet, by entry.
	inputs   map[uint64]Input
	requests map[uint64]*restored
	parts    map[partKey]*restored
	items    map[uint64]map[uint64]restoredItem
	frozen   map[[16]byte]*restored
	// partsOf counts the parts of a request that are not delivered.
	partsOf  map[uint64]int
	now      time.Duration
	wall     time.Time
	numbered uint64
	read     uint64
	entered  map[pcommon.TraceID]*entry
	// broken counts what could not be restored whole.
	broken int
	// forms have the keys of requests, needs what they and parts need.
	forms map[*request][]byte
	// lastOrder has the order of the last part of requests that are not open.
	lastOrder map[*request]uint64
	needs     []*holder
}

// restored is a request, a part or a remembered request as the journal has it.
type restored struct {
	key     partKey
	order   uint64
	placed  uint64
	opened  uint64
	at      time.Duration
	entry   uint64
	chunk   uint64
	request *request
	form    []byte
	facts   []byte
	origin  *event.Origin
	known   bool
	part    *Part
	from    uint64
	records int
	spans   int
}

type restoredItem struct {
	packed []byte
	under  spanKey
	origin *event.Origin
	span   bool
	// entry is where it stands.
	entry uint64
	// bytes and weight are known of an item that stands in its input.
	bytes, weight int
}

// ErrEntry says that bytes are no entry of this version.
var ErrEntry = errors.New("not a journal entry of this version")

// NewRestorer restores s, which must be empty and keep a journal.
func NewRestorer(s *Store) *Restorer {
	return &Restorer{
		store:    s,
		inputs:   map[uint64]Input{},
		requests: map[uint64]*restored{},
		parts:    map[partKey]*restored{},
		items:    map[uint64]map[uint64]restoredItem{},
		frozen:   map[[16]byte]*restored{},
		partsOf:  map[uint64]int{},
		forms:    map[*request][]byte{},

		lastOrder: map[*request]uint64{},
		entered:   map[pcommon.TraceID]*entry{},
	}
}

// piece is one piece of an entry.
type piece struct {
	kind byte
	body []byte
}

// readEntry answers the pieces of an entry but for its origins.
func (x *Restorer) readEntry(bytes []byte) (pieces []piece, origins []*event.Origin, err error) {
	r := frozenReader{rest: bytes}
	if r.byte() != entryVersion {
		return nil, nil, ErrEntry
	}
	now, wall := time.Duration(r.u64()), int64(r.u64())
	for len(r.rest) > 0 && !r.bad {
		kind, length := r.byte(), r.take(4)
		if length == nil {
			break
		}
		body := r.take(int(binary.LittleEndian.Uint32(length)))
		if kind == pieceOrigins {
			origins, err = readOrigins(body)
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		pieces = append(pieces, piece{kind, body})
	}
	if r.bad || now < 0 {
		return nil, nil, ErrEntry
	}
	if now >= x.now {
		x.now, x.wall = now, time.Unix(0, wall)
	}
	return pieces, origins, nil
}

func readOrigins(body []byte) ([]*event.Origin, error) {
	r := frozenReader{rest: body}
	n := r.number(1)
	origins := make([]*event.Origin, 0, n)
	for range n {
		o, err := event.UnpackOrigin(slices.Clone(r.text()))
		if err != nil {
			return nil, err
		}
		origins = append(origins, o)
	}
	if r.bad {
		return nil, ErrEntry
	}
	return origins, nil
}

// Chunk takes a chunk of remembered requests.
func (x *Restorer) Chunk(id uint64, bytes []byte) error {
	pieces, origins, err := x.readEntry(bytes)
	if err != nil {
		return err
	}
	x.store.ledger.chunks = append(x.store.ledger.chunks, chunk{id: id})
	for _, p := range pieces {
		if p.kind != pieceFrozen {
			continue
		}
		r := frozenReader{rest: p.body}
		since := time.Duration(r.u64())
		origin, ok := r.maybeOrigin(origins)
		form := slices.Clone(r.rest)
		made, err := decodeRequest(form, origin)
		if r.bad || !ok || err != nil {
			return ErrEntry
		}
		made.since = since
		x.frozen[made.opening] = &restored{request: made, form: form, origin: origin, chunk: id}
	}
	return nil
}

// Entry takes an entry of the main log.
func (x *Restorer) Entry(id uint64, bytes []byte) error {
	pieces, origins, err := x.readEntry(bytes)
	if err != nil {
		return err
	}
	x.read = id
	failed := false
	for _, p := range pieces {
		r := frozenReader{rest: p.body}
		switch p.kind {
		case pieceInput:
			r.rest = slices.Clone(r.rest)
			x.inputs[id] = r.input(origins)
		case pieceAssigned:
			x.assign(&r)
		case pieceItems:
			x.addItems(&r, id, origins)
		case pieceRequest:
			x.addRequest(&r, id, origins)
		case piecePart:
			x.addPart(&r, id, origins)
		case pieceEntered:
			x.addEntry(&r, id, origins)
		case pieceGone:
			for range r.number(1) {
				x.gone(r.uvarint())
			}
		case pieceSettled:
			for range r.number(2) {
				x.settle(partKey{r.uvarint(), int(r.uvarint())})
			}
		}
		failed = failed || r.bad
	}
	if failed {
		return ErrEntry
	}
	return nil
}

// assign gives the pieces of an earlier input to their requests.
func (x *Restorer) assign(r *frozenReader) {
	entry := r.u64()
	pieces := x.inputs[entry].pieces(entry)
	delete(x.inputs, entry)
	for range r.number(3) {
		at, number, item := r.uvarint(), r.uvarint(), r.uvarint()
		if at < uint64(len(pieces)) {
			x.item(number, item, pieces[at])
		}
		x.numbered = max(x.numbered, number)
	}
}

// pieces are the records and spans of an input in the order in which they are
// numbered: each span before its events.
func (in Input) pieces(entry uint64) []restoredItem {
	var pieces []restoredItem
	record := func(r *Record) {
		pieces = append(pieces, restoredItem{
			packed: r.Packed, under: spanKey{r.Trace, r.Span}, origin: r.Origin, entry: entry, bytes: r.Bytes, weight: r.Weight,
		})
	}
	for i := range in.Records {
		record(&in.Records[i])
	}
	for i := range in.Spans {
		s := &in.Spans[i]
		pieces = append(pieces, restoredItem{
			packed: s.Packed, under: spanKey{s.Trace, s.Span}, origin: s.Origin, span: true,
			entry: entry, bytes: s.Bytes, weight: s.Weight,
		})
		for j := range s.Events {
			record(&s.Events[j])
		}
	}
	return pieces
}

func (x *Restorer) item(number, item uint64, made restoredItem) {
	of := x.items[number]
	if of == nil {
		of = map[uint64]restoredItem{}
		x.items[number] = of
	}
	of[item] = made
}

func (x *Restorer) addItems(r *frozenReader, entry uint64, origins []*event.Origin) {
	number, item := r.uvarint(), r.uvarint()
	r.rest = slices.Clone(r.rest)
	for ; len(r.rest) > 0 && !r.bad; item++ {
		kind := r.byte()
		key := r.spanKey()
		origin, ok := r.maybeOrigin(origins)
		packed := r.text()
		if !r.bad && ok {
			x.item(number, item, restoredItem{packed: packed, under: key, origin: origin, span: kind&itemSpan != 0, entry: entry})
		}
	}
}

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
	if r.bad || err != nil {
		r.bad = true
		return
	}
	request.content, request.since, request.flushed = c, since, flags&requestFlushed != 0
	request.state = open
	if flags&requestLingering != 0 {
		request.state = lingering
	}
	made.request, made.placed, made.opened = request, placed, opened
	made.from = items - uint64(made.records+made.spans)
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
	if r.bad || err != nil {
		r.bad = true
		return
	}
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

// finishEntries enters the entry spans whose time is not up.
func (x *Restorer) finishEntries() {
	s := x.store
	for _, e := range slices.SortedFunc(maps.Values(x.entered), func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.holder.oldest, b.holder.oldest), slices.Compare(a.trace[:], b.trace[:]))
	}) {
		if e.since+s.opts.Linger <= x.now {
			continue
		}
		s.entries.byTrace[e.trace] = e
		s.entries.queue.pushBack(e)
		x.needs = append(x.needs, &e.holder)
	}
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
	of := x.items[key.number]
	for item := range uint64(p.records + p.spans) {
		delete(of, p.from+item)
	}
	if len(of) == 0 {
		delete(x.items, key.number)
	}
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

// Finish brings the store to the state that was read. It answers the parts that
// were not delivered, in order, and how many requests could not be restored
// whole, which leave at once. What is appended next comes at or after now.
func (x *Restorer) Finish(out *Outcome) (now time.Duration, broken int) {
	s := x.store
	s.now, s.wall = x.now, x.wall
	s.ledger.numbered, s.ledger.input = x.numbered, x.read
	byOpening := map[[16]byte]*request{}
	x.finishEntries()
	x.finishRequests(byOpening)
	x.finishParts(byOpening, out)
	x.finishFrozen(byOpening)
	x.index(byOpening, out)
	// What was forgotten while its part was waiting is not told.
	for since, any := s.firstFlush(); any && since+s.opts.LateWindow <= s.now; since, any = s.firstFlush() {
		s.forgetFirst()
	}
	x.salvage(out)
	for _, id := range slices.Sorted(maps.Keys(x.inputs)) {
		// Only the last one is without its effects, unless an entry was lost.
		s.Append(x.now, x.wall, x.inputs[id], out)
	}
	return x.now, x.broken
}

// salvage lets items whose request is lost leave, under the ids that they stand
// under.
func (x *Restorer) salvage(out *Outcome) {
	for _, number := range slices.Sorted(maps.Keys(x.items)) {
		if x.requests[number] != nil || x.partsOf[number] > 0 {
			continue // of parts that were settled before they were told
		}
		of := x.items[number]
		for _, item := range slices.Sorted(maps.Keys(of)) {
			x.salvageItem(of[item], out)
		}
		x.broken++
	}
}

func (x *Restorer) salvageItem(i restoredItem, out *Outcome) {
	s := x.store
	r := s.resolve(&Keys{Trace: i.under.trace, Span: i.under.span, ResponseID: salvagedID}, true, out)
	s.awaken(r, out)
	held := r.content.held.items.length
	if i.span {
		r.content.held.addSpan(i.packed, i.under, i.origin, 0)
	} else {
		r.content.held.addRecord(i.packed, i.under, i.origin, 0)
		r.seq++
	}
	s.grow(r.content, i.bytes, i.weight)
	s.adopted(r, 1, r.content.held.items.length-held)
	s.flush(r, event.FlushRecovered, -1, out)
}

// salvagedID names the request of items that name none.
const salvagedID = "recovered"

// finishRequests fills the open requests with what they hold.
func (x *Restorer) finishRequests(byOpening map[[16]byte]*request) {
	for _, made := range x.requests {
		r := made.request
		r.account = &account{
			number: made.key.number, items: made.from + uint64(made.records+made.spans),
			placed: made.placed, opened: made.opened,
		}
		r.account.holder.request = r
		x.store.ledger.placed = max(x.store.ledger.placed, made.placed)
		byOpening[r.opening] = r
		x.forms[r] = made.form
	}
}

func (x *Restorer) finishParts(byOpening map[[16]byte]*request, out *Outcome) {
	parts := slices.SortedFunc(maps.Values(x.parts), func(a, b *restored) int {
		return cmp.Compare(a.order, b.order)
	})
	for _, made := range slices.Backward(parts) {
		if r := made.request; byOpening[r.opening] == nil {
			// Flushed, and remembered as its last part says.
			r.flushed, r.since = true, made.at
			byOpening[r.opening] = r
			x.forms[r] = made.form
			x.lastOrder[r] = made.order
		}
	}
	for _, made := range parts {
		r := byOpening[made.request.opening]
		if r.left == nil {
			r.left = &departure{}
			known := knownOf(&r.identity, r.response)
			if made.known {
				_ = r.left.facts.DecodeBinary(made.facts, &known, made.origin)
			}
		}
		r.left.unbuilt++
		p := made.part
		p.Facts, p.request = &r.left.facts, r
		if !x.fill(&p.held, made) {
			p.Reason = event.FlushRecovered
			x.broken++
		}
		x.store.ledger.closed = max(x.store.ledger.closed, made.order)
		p.account = &partAccount{
			order: made.order, at: made.at, number: made.key.number, from: made.from, records: made.records, spans: made.spans,
			size: p.held.items.length, form: made.form, facts: made.facts, known: made.known, origin: made.origin,
		}
		p.account.holder.part = p
		x.needsFrom(&p.account.holder, made)
		if !made.known {
			r.left.untold = append(r.left.untold, p)
		}
		out.Parts = append(out.Parts, p)
	}
	for _, made := range x.requests {
		r := made.request
		if r.left == nil && r.parts > 0 {
			r.left = &departure{}
			known := knownOf(&r.identity, r.response)
			if made.known {
				_ = r.left.facts.DecodeBinary(made.facts, &known, made.origin)
			}
		}
	}
}

// fill gives a holder its items. It answers false when some are missing.
func (x *Restorer) fill(h *held, made *restored) (whole bool) {
	whole = true
	of := x.items[made.key.number]
	for n := range uint64(made.records + made.spans) {
		i, has := of[made.from+n]
		if !has {
			whole = false
			continue
		}
		delete(of, made.from+n)
		made.entry = min(made.entry, i.entry)
		if i.span {
			h.addSpan(i.packed, i.under, i.origin, 0)
		} else {
			h.addRecord(i.packed, i.under, i.origin, 0)
		}
	}
	x.store.ledger.held += h.items.length
	return whole
}

// finishFrozen remembers what was remembered, unless it is open again or has a
// part that is not delivered.
func (x *Restorer) finishFrozen(byOpening map[[16]byte]*request) {
	s := x.store
	remembered := slices.SortedFunc(maps.Values(x.frozen), func(a, b *restored) int {
		return cmp.Or(cmp.Compare(a.request.since, b.request.since), cmp.Compare(a.chunk, b.chunk))
	})
	at := 0
	for _, made := range remembered {
		if byOpening[made.request.opening] != nil {
			continue
		}
		s.flushes++
		s.index.extra += made.request.extraKeys()
		if r := made.request; tooLarge(r, made.form) {
			s.index.restore(r, made.form)
			r.left.number = s.flushes
			s.past.pushBack(r)
		} else {
			s.index.frozen.push(s.flushes, r.since, made.origin, made.form)
		}
		for at < len(s.ledger.chunks) && s.ledger.chunks[at].id < made.chunk {
			at++
		}
		if at < len(s.ledger.chunks) {
			s.ledger.chunks[at].last = s.flushes
		}
	}
}

func (r *request) extraKeys() int {
	if r.extra == nil {
		return 0
	}
	return r.extra.keys()
}

// index enters requests and parts into queues and index, in the order of their
// deadlines, and lets those leave that are not whole.
func (x *Restorer) index(byOpening map[[16]byte]*request, out *Outcome) {
	s := x.store
	all := slices.SortedFunc(maps.Values(byOpening), func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(x.placeOf(a), x.placeOf(b)))
	})
	var torn []*request
	for _, r := range all {
		s.index.restore(r, x.forms[r])
		s.index.extra += r.extraKeys()
		if r.content == nil {
			since := r.since
			s.remember(r)
			r.since = since
			for s.Remembered() > s.opts.MaxRemembered {
				s.Forget(out)
			}
			continue
		}
		made := x.requests[r.account.number]
		if !x.fill(&r.content.held, made) {
			torn = append(torn, r)
		}
		x.needsFrom(&r.account.holder, made)
		s.bytes += r.content.bytes
		s.queueOf(r).pushBack(r)
		s.rejoin(r)
	}
	aged := slices.SortedStableFunc(slices.Values(all), func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.openedAt(), b.openedAt()), cmp.Compare(x.openedOf(a), x.openedOf(b)))
	})
	for _, r := range aged {
		if r.content != nil && !r.flushed {
			s.aged.pushBack(r)
		}
	}
	x.hold()
	for _, r := range torn {
		s.flush(r, event.FlushRecovered, -1, out)
	}
	x.broken += len(torn)
}

func (r *request) openedAt() time.Duration {
	if r.content == nil {
		return 0
	}
	return r.content.openedAt
}

// placeOf and openedOf tell requests of the same moment apart.
func (x *Restorer) placeOf(r *request) uint64 {
	if r.account != nil {
		return r.account.placed
	}
	return x.lastOrder[r]
}

func (x *Restorer) openedOf(r *request) uint64 {
	if r.account == nil {
		return 0
	}
	return r.account.opened
}

// needsFrom notes which entries a holder needs.
func (x *Restorer) needsFrom(h *holder, made *restored) {
	h.oldest = made.entry
	x.needs = append(x.needs, h)
}

// hold enters the holders in the order of what they need.
func (x *Restorer) hold() {
	slices.SortStableFunc(x.needs, func(a, b *holder) int { return cmp.Compare(a.oldest, b.oldest) })
	for _, h := range x.needs {
		x.store.ledger.holders.pushBack(h)
	}
}
