package truncate

import (
	"math/bits"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	// maxShort is the size, in bytes, up to which something counts as short:
	// it is kept or removed, never cut.
	maxShort = 256
	minShort = 16
	// maxDepth bounds the nesting of values, and of JSON in text, that is
	// looked into. A deeper value is replaced by deepMark; deeper JSON is text,
	// as it is to semconv.ParseJSON.
	maxDepth = 64
	deepMark = "…[truncated: nested too deep]"
)

type kind uint8

const (
	// kindAtom is kept or removed whole. It may stand for several neighbours.
	kindAtom kind = iota
	// kindText is a string, in a field or in JSON text, and kindBytes a byte
	// string: they can be cut anywhere.
	kindText
	kindBytes
	// kindMember is an entry of a map: the key, if that is long, and the value.
	kindMember
	// kindJSON is a string that holds JSON: one list or map.
	kindJSON
	// kindList and kindMap are slices and maps, or JSON arrays and objects.
	kindList
	kindMap
	// kindLink is a link of a span, kindRecord the whole: maps of their
	// attributes beside other things.
	kindLink
	kindRecord
)

// node is a piece of the record: what it takes and what it is to take.
type node struct {
	// size in bytes, with everything that goes when it is removed.
	size int
	// floor is the size with each string in it cut as far as strings are while
	// that is enough, least the size with all that can go gone.
	floor, least int
	// demand is the least share that it is worth keeping with, limit the size
	// that it was planned to have.
	demand, limit int
	// next is the index after the node and all below it; its children begin
	// right behind it.
	next int
	// count is the number of neighbours that an atom stands for.
	count int
	// start and end are its place in JSON text; start of a kindJSON is the
	// index of the text.
	start, end int
	kind       kind
	rank       rank
	dropped    bool
}

// tree is a record as nodes, in the order in which they stand in it. Short
// things share nodes, so that there are few of them however many elements a
// record has: bytes/128 per level of nesting.
type tree struct {
	nodes []node
	texts []string
	// short is what counts as short under this limit.
	short int
	// embedding counts the JSON texts around this one.
	embedding int
	// renames is how many key comparisons cutting keys may still take.
	renames int
	// changed says that something was cut or removed, removed that elements of
	// lists or maps were.
	changed, removed bool
}

func newTree(maxBytes int) *tree {
	return &tree{short: min(max(maxBytes/8, minShort), maxShort), renames: maxKeyComparisons}
}

// open adds a node whose children are what is added until it is closed.
func (t *tree) open() int {
	t.nodes = append(t.nodes, node{count: 1, rank: rankOther})
	return len(t.nodes) - 1
}

// close gives a node its kind and size, of which its children are a part.
func (t *tree) close(i int, k kind, size int) {
	n := &t.nodes[i]
	if size <= t.short && k != kindRecord {
		t.nodes = t.nodes[:i+1]
		n.kind, n.next = kindAtom, i+1
		n.size, n.floor, n.least, n.limit = size, size, size, size
		return
	}
	n.kind, n.next, n.size, n.limit = k, len(t.nodes), size, size
	rest, floors, leasts := size, 0, 0
	for c := i + 1; c < n.next; c = t.nodes[c].next {
		rest -= t.nodes[c].size
		floors += t.nodes[c].floor
		leasts += t.nodes[c].least
	}
	switch k {
	case kindAtom:
		n.floor, n.least = size, size
	case kindText, kindBytes:
		n.floor, n.least = t.short, t.short/4
	case kindMember, kindJSON:
		n.floor, n.least = rest+floors, rest+leasts
	default:
		// Brackets take two bytes also when nothing is between them.
		n.floor, n.least = rest+floors, max(rest, 2)
	}
}

// join lets the node before it in the same list or map stand for an atom too,
// and returns which of the two is now the last.
func (t *tree) join(last, i int) int {
	if last < 0 {
		return i
	}
	a, b := &t.nodes[last], &t.nodes[i]
	if a.kind != kindAtom || b.kind != kindAtom || a.rank != b.rank || a.rank < rankOther || a.size+b.size > t.short {
		return i
	}
	a.size += b.size
	a.floor, a.least, a.limit = a.size, a.size, a.size
	a.count += b.count
	a.end = b.end
	t.nodes = t.nodes[:i]
	return last
}

// name adds the record's name. It says what the record is, so under no limit
// does it become shorter than a short string.
func (t *tree) name(s string) int {
	i := t.text(s, rankAlways)
	n := &t.nodes[i]
	n.floor = min(n.size, maxShort)
	n.least = n.floor
	return i
}

// text adds a string field of the record itself.
func (t *tree) text(s string, r rank) int {
	i := t.open()
	t.nodes[i].rank = r
	size := 0
	if s != "" {
		size = field(len(s))
	}
	t.close(i, kindText, size)
	return i
}

// value adds v. What is nested too deep is replaced at once: nothing that
// reads or shows the record has a use for it, and the stack has limits.
func (t *tree) value(v pcommon.Value, depth int) int {
	i := t.open()
	switch v.Type() {
	case pcommon.ValueTypeStr:
		t.str(i, v)
	case pcommon.ValueTypeBytes:
		t.close(i, kindBytes, field(v.Bytes().Len()))
	case pcommon.ValueTypeMap:
		if depth > maxDepth && v.Map().Len() > 0 {
			t.replaceDeep(i, v)
			break
		}
		t.close(i, kindMap, field(t.members(v.Map(), depth)))
	case pcommon.ValueTypeSlice:
		if depth > maxDepth && v.Slice().Len() > 0 {
			t.replaceDeep(i, v)
			break
		}
		t.close(i, kindList, field(t.elements(v.Slice(), depth)))
	default:
		t.close(i, kindAtom, scalarSize(v))
	}
	return i
}

func (t *tree) replaceDeep(i int, v pcommon.Value) {
	v.SetStr(deepMark)
	t.changed = true
	t.close(i, kindText, field(len(deepMark)))
}

func (t *tree) str(i int, v pcommon.Value) {
	s := v.Str()
	if size := field(len(s)); size <= t.short || !t.jsonField(i, s, v) {
		t.close(i, kindText, size)
	}
}

// jsonField takes s, the string of v, as JSON if it is. White space goes at
// once, since that loses nothing.
func (t *tree) jsonField(i int, s string, v pcommon.Value) bool {
	compact, ok := compactJSON(s)
	if !ok || !t.json(i, compact) {
		return false
	}
	t.close(i, kindJSON, field(len(compact)))
	if len(compact) < len(s) {
		v.SetStr(compact)
		t.changed = true
	}
	return true
}

func (t *tree) elements(s pcommon.Slice, depth int) (size int) {
	last := -1
	for _, v := range s.All() {
		i := t.value(v, depth+1)
		n := &t.nodes[i]
		// The tag and length in front of the element go with it.
		front := field(n.size) - n.size
		n.size += front
		n.floor += front
		n.least += front
		n.limit = n.size
		size += n.size
		last = t.join(last, i)
	}
	return size
}

func (t *tree) members(m pcommon.Map, depth int) (size int) {
	last := -1
	for k, v := range m.All() {
		i := t.open()
		inner := 0
		if k != "" {
			inner = field(len(k))
		}
		if inner > t.short {
			t.close(t.open(), kindText, inner)
		}
		value := t.value(v, depth+1)
		inner += field(t.nodes[value].size)
		t.close(i, kindMember, field(inner))
		t.nodes[i].rank = rankOf(k)
		size += t.nodes[i].size
		last = t.join(last, i)
	}
	return size
}

// attributes adds the entries of m and returns the index of the first.
func (t *tree) attributes(m pcommon.Map) int {
	first := len(t.nodes)
	t.members(m, 0)
	return first
}

// links adds links and returns the index of the first. Their sizes have
// reserve bytes in all that they do not take yet: the counts of what they lose.
func (t *tree) links(links ptrace.SpanLinkSlice) (first, reserve int) {
	first = len(t.nodes)
	for _, link := range links.All() {
		i := t.open()
		size := 2 + 2
		if !link.TraceID().IsEmpty() {
			size += 16
		}
		if !link.SpanID().IsEmpty() {
			size += 8
		}
		if link.Flags() != 0 {
			size += 5
		}
		if d := link.DroppedAttributesCount(); d != 0 {
			size += 1 + varint(uint64(d))
		}
		size += t.nodes[t.text(link.TraceState().AsRaw(), rankOther)].size
		size += t.members(link.Attributes(), 0)
		now := field(size)
		if link.Attributes().Len() > 0 {
			size += countBytes
		}
		t.close(i, kindLink, field(size))
		reserve += field(size) - now
	}
	return first, reserve
}

// scalarSize is the OTLP size of a value that is neither text nor bytes nor
// has values in it.
func scalarSize(v pcommon.Value) int {
	switch v.Type() {
	case pcommon.ValueTypeBool:
		return 2
	case pcommon.ValueTypeInt:
		return 1 + varint(uint64(v.Int()))
	case pcommon.ValueTypeDouble:
		return 9
	}
	return 0
}

// field is the size of a protobuf field that holds n bytes.
func field(n int) int { return 1 + varint(uint64(n)) + n }

func varint(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }
