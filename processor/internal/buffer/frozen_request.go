package buffer

import (
	"encoding/binary"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// The frozen form of a remembered request: everything about it but the moment
// of its flush and the Origin of its facts. Integers are little endian or, where
// it says uvarint, as in encoding/binary; a text is its length as a uvarint and
// its bytes. What stands in brackets is there only when a bit says so.
//
//	+---------+------+------------+-------------+---------------+
//	| version | bits | opening 16 | seq uvarint | parts uvarint |
//	+---------+------+------------+-------------+---------------+
//	| identity   attribute:   key text, value text
//	|            span:        trace id 16, span id 8
//	|            trace:       trace id 16
//	|            response id: text
//	| [response claimed text]
//	| [spans:     number uvarint, { trace id 16, span id 8, leads 1 }
//	|  responses: number uvarint, { text }
//	|  traces:    number uvarint, { trace id 16, leads 1 }
//	|  rank of the owning entry span: start 8, bits 1
//	|  related text]
//	| facts to the end, as envelope.Facts writes them; what they know of is the
//	|   identity's ids and the response id that the request is named by or claims
//	+---
//
//	bits   0-1 how the identity was found  2-3 ending  4 seen
//	       5 has extra keys                6 claims a response
//	leads  0 the key leads to this request  1 span: seen; trace: entered
//	rank   0 known  1 root
const frozenVersion = 1

const (
	// openingAt is where the opening stands.
	openingAt = 2

	frozenEndedAt  = 2
	frozenTwoBits  = 3
	frozenSeen     = 1 << 4
	frozenExtra    = 1 << 5
	frozenResponse = 1 << 6

	leadsHere = 1 << 0
	leadsSeen = 1 << 1

	rankKnown = 1 << 0
	rankRoot  = 1 << 1

	spanKeyBytes = 24
)

var errFrozen = errors.New("corrupt remembered request")

// knownOf is what the facts of a request need not repeat.
func knownOf(i *identity, response string) envelope.Known {
	if i.found == byResponse {
		response = i.value
	}
	return envelope.Known{TraceID: i.trace, SpanID: i.span, ResponseID: response}
}

// appendRequest appends the frozen form of r, whose keys x knows.
func (x *index) appendRequest(dst []byte, r *request) []byte {
	known := knownOf(&r.identity, r.response)
	return r.left.facts.AppendBinary(x.appendHead(dst, r), &known)
}

// appendHead appends what stands before the facts.
func (x *index) appendHead(dst []byte, r *request) []byte {
	bits := byte(r.identity.found) | byte(r.ended)<<frozenEndedAt
	if r.seen {
		bits |= frozenSeen
	}
	if r.extra != nil {
		bits |= frozenExtra
	}
	if r.response != "" {
		bits |= frozenResponse
	}
	dst = append(dst, frozenVersion, bits)
	dst = append(dst, r.opening[:]...)
	dst = binary.AppendUvarint(dst, r.seq)
	dst = binary.AppendUvarint(dst, uint64(r.parts))
	dst = appendIdentity(dst, &r.identity)
	if r.response != "" {
		dst = appendText(dst, r.response)
	}
	if r.extra != nil {
		dst = x.appendExtra(dst, r)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendIdentity(dst []byte, i *identity) []byte {
	switch i.found {
	case byAttribute:
		return appendText(appendText(dst, i.key), i.value)
	case bySpan:
		return append(append(dst, i.trace[:]...), i.span[:]...)
	case byTrace:
		return append(dst, i.trace[:]...)
	default:
		return appendText(dst, i.value)
	}
}

func (x *index) appendExtra(dst []byte, r *request) []byte {
	e := r.extra
	dst = binary.AppendUvarint(dst, uint64(len(e.spans)))
	for _, key := range e.spans {
		alias := x.aliases[key]
		dst = append(append(dst, key.trace[:]...), key.span[:]...)
		dst = append(dst, leads(alias.request == r, alias.seen))
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.responses)))
	for _, id := range e.responses {
		dst = appendText(dst, id)
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.traces)))
	for _, t := range e.traces {
		dst = append(dst, t.id[:]...)
		// The mark of a trace is its own whether it leads here or not.
		dst = append(dst, leads(x.traces[t.id] == r, false)|bit(t.entered, leadsSeen))
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.owner.start))
	dst = append(dst, bit(e.owner.known, rankKnown)|bit(e.owner.root, rankRoot))
	return appendText(dst, e.related)
}

func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

func leads(here, seen bool) byte {
	if !here {
		return 0
	}
	return leadsHere | bit(seen, leadsSeen)
}

// frozenReader reads a frozen request from the front. Once something does not
// fit it is bad and answers zero values.
type frozenReader struct {
	rest []byte
	bad  bool
}

func (r *frozenReader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *frozenReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *frozenReader) uvarint() uint64 {
	v, width := binary.Uvarint(r.rest)
	if r.bad || width <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[width:]
	return v
}

// number reads how many things of at least size bytes follow.
func (r *frozenReader) number(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *frozenReader) text() []byte { return r.take(r.number(1)) }

func (r *frozenReader) traceID() (id pcommon.TraceID) {
	copy(id[:], r.take(len(id)))
	return id
}

func (r *frozenReader) spanKey() (key spanKey) {
	key.trace = r.traceID()
	copy(key.span[:], r.take(len(key.span)))
	return key
}

// head is what a frozen request begins with; texts share memory with it.
type head struct {
	bits         byte
	opening      []byte
	seq, parts   uint64
	key, value   []byte
	trace, span  []byte
	response     []byte
	found        precedence
	seen, extras bool
}

// readHead reads up to the extra keys.
func (r *frozenReader) readHead() (h head) {
	r.bad = r.bad || r.byte() != frozenVersion
	h.bits = r.byte()
	h.opening = r.take(16)
	h.seq, h.parts = r.uvarint(), r.uvarint()
	h.found = precedence(h.bits & frozenTwoBits)
	h.seen, h.extras = h.bits&frozenSeen != 0, h.bits&frozenExtra != 0
	switch h.found {
	case byAttribute:
		h.key, h.value = r.text(), r.text()
	case bySpan:
		h.trace = r.take(16)
		h.span = r.take(8)
	case byTrace:
		h.trace = r.take(16)
	default:
		h.value = r.text()
	}
	if h.bits&frozenResponse != 0 {
		h.response = r.text()
		r.bad = r.bad || len(h.response) == 0
	}
	return h
}

// visitKeys answers every key that leads to a frozen request, until visit
// answers false, and how many keys it lists beyond one each. Keys share memory
// with src.
func visitKeys(src []byte, visit func(k coldKey) bool) (extra int, err error) {
	r := frozenReader{rest: src}
	h := r.readHead()
	if r.bad {
		return 0, errFrozen
	}
	if !visit(h.identityKey()) {
		return 0, nil
	}
	if h.response != nil && !visit(coldKey{kind: coldClaim, bytes: h.response}) {
		return 0, nil
	}
	if !h.extras {
		return 0, nil
	}
	more := true
	spans := r.number(spanKeyBytes + 1)
	for i := 0; i < spans && more; i++ {
		key, mark := r.take(spanKeyBytes), r.byte()
		if mark&leadsHere != 0 {
			more = visit(coldKey{kind: coldSpan, bytes: key, seen: mark&leadsSeen != 0})
		}
	}
	responses := 0
	if more {
		responses = r.number(1)
	}
	for i := 0; i < responses && more; i++ {
		more = visit(coldKey{kind: coldClaim, bytes: r.text()})
	}
	traces := 0
	if more {
		traces = r.number(len(pcommon.TraceID{}) + 1)
	}
	for i := 0; i < traces && more; i++ {
		id, mark := r.take(len(pcommon.TraceID{})), r.byte()
		if mark&leadsHere != 0 {
			more = visit(coldKey{kind: coldTrace, bytes: id})
		}
	}
	if r.bad {
		return 0, errFrozen
	}
	return spans + responses + traces, nil
}

// identityKey is the key that the request is named by.
func (h *head) identityKey() coldKey {
	switch h.found {
	case byAttribute:
		return coldKey{kind: coldAttribute, bytes: h.value}
	case bySpan:
		// The two follow each other in memory.
		return coldKey{kind: coldSpan, bytes: h.trace[:spanKeyBytes], seen: h.seen}
	case byTrace:
		return coldKey{kind: coldTrace, bytes: h.trace}
	default:
		return coldKey{kind: coldResponse, bytes: h.value}
	}
}

// decodeRequest reads what appendRequest wrote as a remembered request. It keeps
// nothing of src and allocates no more than a small multiple of its length.
func decodeRequest(src []byte, origin *event.Origin) (*request, error) {
	made, facts, err := decodeHead(src)
	if err != nil {
		return nil, err
	}
	made.state, made.flushed, made.left = remembered, true, &departure{}
	known := knownOf(&made.identity, made.response)
	if err := made.left.facts.DecodeBinary(facts, &known, origin); err != nil {
		return nil, err
	}
	return made, nil
}

// decodeHead reads what appendHead wrote, and answers what follows it.
func decodeHead(src []byte) (made *request, rest []byte, err error) {
	r := frozenReader{rest: src}
	h := r.readHead()
	if r.bad {
		return nil, nil, errFrozen
	}
	made = &request{
		identity: identity{found: h.found, key: string(h.key), value: string(h.value)},
		response: string(h.response),
		seq:      h.seq,
		parts:    uint32(h.parts),
		ended:    ending(h.bits >> frozenEndedAt & frozenTwoBits),
		seen:     h.seen,
	}
	copy(made.opening[:], h.opening)
	copy(made.identity.trace[:], h.trace)
	copy(made.identity.span[:], h.span)
	if h.extras {
		made.extra = r.extra()
	}
	if r.bad || h.bits > 2*frozenResponse-1 || h.parts > 1<<32-1 || made.ended > endedByEvent {
		return nil, nil, errFrozen
	}
	return made, r.rest, nil
}

func (r *frozenReader) extra() *extra {
	e := &extra{}
	if n := r.number(spanKeyBytes + 1); n > 0 {
		e.spans = make([]spanKey, n)
		for i := range e.spans {
			e.spans[i] = r.spanKey()
			r.byte() // visitKeys reads it
		}
	}
	if n := r.number(1); n > 0 {
		e.responses = make([]string, n)
		for i := range e.responses {
			e.responses[i] = string(r.text())
		}
	}
	if n := r.number(len(pcommon.TraceID{}) + 1); n > 0 {
		e.traces = make([]trace, n)
		for i := range e.traces {
			e.traces[i] = trace{id: r.traceID(), at: notMember}
			e.traces[i].entered = r.byte()&leadsSeen != 0
		}
	}
	if b := r.take(8); b != nil {
		e.owner.start = pcommon.Timestamp(binary.LittleEndian.Uint64(b))
	}
	mark := r.byte()
	e.owner.known, e.owner.root = mark&rankKnown != 0, mark&rankRoot != 0
	e.related = string(r.text())
	return e
}
