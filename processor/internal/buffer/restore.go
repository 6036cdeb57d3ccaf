package buffer

import (
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
	// torn are open requests that are not whole.
	torn    []*request
	origins map[string]*event.Origin
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
	// forgotten says that there is a newer one.
	forgotten bool
	part      *Part
	from      uint64
	records   int
	spans     int
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

// has says whether an item is one of those that it holds.
func (p *restored) has(item uint64) bool {
	return item >= p.from && item-p.from < uint64(p.records+p.spans)
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
		origins:   map[string]*event.Origin{},
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
			origins, err = x.readOrigins(body)
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

// readOrigins gives equal origins of all entries one copy.
func (x *Restorer) readOrigins(body []byte) ([]*event.Origin, error) {
	r := frozenReader{rest: body}
	n := r.number(1)
	origins := make([]*event.Origin, 0, n)
	for range n {
		packed := r.text()
		o, known := x.origins[string(packed)]
		if !known {
			var err error
			if o, err = event.UnpackOrigin(slices.Clone(packed)); err != nil {
				return nil, err
			}
			x.origins[string(packed)] = o
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
			if in := r.input(origins); !r.bad {
				x.inputs[id] = in
			}
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
		case pieceStray:
			for range r.number(2) {
				delete(x.items[r.uvarint()], r.uvarint())
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
	maps.DeleteFunc(of, func(item uint64, _ restoredItem) bool { return p.has(item) })
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
