package buffer

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

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
	items    map[uint64]*lots
	// begins are the first items of what an entry tells of: holders before and
	// after them are not the same.
	begins map[itemKey]bool
	// scratch is for the pieces of an input.
	scratch []restoredItem
	frozen  map[[16]byte]*restored
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

// restoredItem is an item; packed is in memory of whoever answers it.
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

// itemKey names an item.
type itemKey struct{ number, item uint64 }

// holds is how many items it holds, from the one numbered from.
func (p *restored) holds() uint64 { return uint64(p.records + p.spans) }

// mostItems bounds the numbers of items, so that sums of them cannot overflow.
const mostItems = 1 << 62

// ErrEntry says that bytes are no entry of this version.
var ErrEntry = errors.New("not a journal entry of this version")

// NewRestorer restores s, which must be empty and keep a journal.
func NewRestorer(s *Store) *Restorer {
	return &Restorer{
		store:    s,
		inputs:   map[uint64]Input{},
		requests: map[uint64]*restored{},
		parts:    map[partKey]*restored{},
		items:    map[uint64]*lots{},
		begins:   map[itemKey]bool{},
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

// Entry takes an entry of the main log. Its bytes are the restorer's from then
// on: those of an input are kept until the effects are told.
func (x *Restorer) Entry(id uint64, bytes []byte) error {
	pieces, origins, err := x.readEntry(bytes)
	if err != nil {
		return err
	}
	x.read = id
	clear(x.begins)
	// Holders first: their items are put together as they hold them.
	bad := x.each(pieces, func(kind byte, r *frozenReader) {
		switch kind {
		case pieceRequest:
			x.addRequest(r, id, origins)
		case piecePart:
			x.addPart(r, id, origins)
		case pieceEntered:
			x.addEntry(r, id, origins)
		}
	})
	bad = x.each(pieces, func(kind byte, r *frozenReader) {
		switch kind {
		case pieceAssigned:
			x.assign(r)
		case pieceItems:
			x.addItems(r, id, origins)
		case pieceGone:
			for range r.number(1) {
				x.gone(r.uvarint())
			}
		case pieceSettled:
			for range r.number(2) {
				x.settle(partKey{r.uvarint(), int(r.uvarint())})
			}
		case pieceStray:
			x.strays(r)
		}
	}) || bad
	bad = x.each(pieces, func(kind byte, r *frozenReader) {
		if kind == pieceInput {
			if in := r.input(origins); !r.bad {
				x.inputs[id] = in
			}
		}
	}) || bad
	if bad {
		return ErrEntry
	}
	return nil
}

// each reads pieces and answers whether one could not be read.
func (x *Restorer) each(pieces []piece, read func(kind byte, r *frozenReader)) (bad bool) {
	for _, p := range pieces {
		r := frozenReader{rest: p.body}
		read(p.kind, &r)
		bad = bad || r.bad
	}
	return bad
}

// assign gives the pieces of an earlier input to their requests.
func (x *Restorer) assign(r *frozenReader) {
	entry := r.u64()
	pieces := x.pieces(entry)
	delete(x.inputs, entry)
	n := r.number(3)
	all := make([]assignment, 0, n)
	for range n {
		at, number, item := r.uvarint(), r.uvarint(), r.uvarint()
		if at < uint64(len(pieces)) && item < mostItems {
			all = append(all, assignment{int(at), number, item})
		}
		x.numbered = max(x.numbered, number)
	}
	for len(all) > 0 {
		n, coming := 1, len(pieces[all[0].piece].packed)
		for n < len(all) && all[n].number == all[0].number && !x.begins[itemKey{all[n].number, all[n].item}] {
			coming += len(pieces[all[n].piece].packed)
			n++
		}
		of, begins := x.lotsOf(all[0].number), x.begins[itemKey{all[0].number, all[0].item}]
		for _, a := range all[:n] {
			made := &pieces[a.piece]
			of.put(a.item, made, begins, coming)
			coming -= len(made.packed)
			begins = false
		}
		all = all[n:]
	}
	clear(pieces)
}

func (x *Restorer) lotsOf(number uint64) *lots {
	of := x.items[number]
	if of == nil {
		of = &lots{}
		x.items[number] = of
	}
	return of
}

// take takes items out that one holder has, nil if there are none.
func (x *Restorer) take(number, from, n uint64) *lot {
	of := x.items[number]
	if of == nil {
		return nil
	}
	taken := of.take(from, n)
	if len(*of) == 0 {
		delete(x.items, number)
	}
	return taken
}

// pieces are the records and spans of the input of an entry, in the order in
// which they are numbered: each span before its events. They are valid until the
// next call.
func (x *Restorer) pieces(entry uint64) []restoredItem {
	pieces, in := x.scratch[:0], x.inputs[entry]
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
	x.scratch = pieces
	return pieces
}

// addItems takes what a holder has as a whole, in place of what was known of it.
func (x *Restorer) addItems(r *frozenReader, entry uint64, origins []*event.Origin) {
	number, item := r.uvarint(), r.uvarint()
	if item >= mostItems {
		r.bad = true
		return
	}
	made := &lot{from: item, entry: entry}
	for len(r.rest) > 0 && !r.bad {
		kind := r.byte()
		key := r.spanKey()
		origin, ok := r.maybeOrigin(origins)
		coming := len(r.rest)
		packed := r.text()
		if !r.bad && ok {
			made.add(&restoredItem{packed: packed, under: key, origin: origin, span: kind&itemSpan != 0, entry: entry}, coming)
		}
	}
	if made.count() == 0 {
		return
	}
	of := x.lotsOf(number)
	of.take(item, made.count())
	*of = slices.Insert(*of, of.after(item), made)
}

// strays drops items that went elsewhere, as many as follow each other at once.
func (x *Restorer) strays(r *frozenReader) {
	var run itemKey
	length := uint64(0)
	for range r.number(2) {
		next := itemKey{r.uvarint(), r.uvarint()}
		if next.item >= mostItems {
			r.bad = true
			break
		}
		if next.number != run.number || next.item != run.item+length {
			x.take(run.number, run.item, length)
			run, length = next, 0
		}
		length++
	}
	x.take(run.number, run.item, length)
}
