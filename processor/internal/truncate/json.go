package truncate

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

// JSON is handled as text whose strings and elements have places, not as
// values: what is not cut keeps its spelling (digits, escapes, repeated keys,
// order), and a large text costs no value per element.

// compactJSON is s without insignificant white space if it is a JSON list or
// object (RFC 8259).
func compactJSON(s string) (string, bool) {
	start := strings.TrimLeft(s, " \t\r\n")
	if start == "" || (start[0] != '[' && start[0] != '{') {
		return "", false
	}
	var compact bytes.Buffer
	compact.Grow(len(s))
	if err := json.Compact(&compact, []byte(s)); err != nil {
		return "", false
	}
	if compact.Len() == len(s) {
		return s, true
	}
	return compact.String(), true
}

// json adds compact JSON text below node i. False leaves the tree as it was:
// the text is nested deeper than maxDepth.
func (t *tree) json(i int, text string) bool {
	t.nodes[i].start = len(t.texts)
	t.texts = append(t.texts, text)
	if _, ok := t.jsonValue(text, 0, 1); !ok {
		t.nodes = t.nodes[:i+1]
		t.texts = t.texts[:len(t.texts)-1]
		return false
	}
	return true
}

// jsonValue adds the value that begins at start and returns where it ends.
func (t *tree) jsonValue(s string, start, depth int) (end int, ok bool) {
	i := t.open()
	k := kindAtom
	switch s[start] {
	case '"':
		k = kindText
		end = stringEnd(s, start)
	case '[', '{':
		if depth > maxDepth {
			return 0, false
		}
		k = kindList
		if s[start] == '{' {
			k = kindMap
		}
		if end, ok = t.jsonItems(s, start, depth, k); !ok {
			return 0, false
		}
	default:
		end = start + strings.IndexAny(s[start:], ",]}")
	}
	t.closeJSON(i, k, start, end)
	return end, true
}

// jsonItems adds the elements or members of the container that begins at start.
func (t *tree) jsonItems(s string, start, depth int, parent kind) (end int, ok bool) {
	last := -1
	pos := start + 1
	for s[pos] != ']' && s[pos] != '}' {
		if s[pos] == ',' {
			pos++
		}
		i := len(t.nodes)
		if parent == kindMap {
			end, ok = t.jsonMember(s, pos, depth)
		} else {
			end, ok = t.jsonValue(s, pos, depth+1)
		}
		if !ok {
			return 0, false
		}
		n := &t.nodes[i]
		// The comma goes with it.
		n.size++
		n.floor++
		n.least++
		n.limit = n.size
		last = t.join(last, i)
		pos = end
	}
	return pos + 1, true
}

func (t *tree) jsonMember(s string, start, depth int) (end int, ok bool) {
	i := t.open()
	keyEnd := stringEnd(s, start)
	if keyEnd-start > t.short {
		t.closeJSON(t.open(), kindText, start, keyEnd)
	}
	if end, ok = t.jsonValue(s, keyEnd+1, depth+1); !ok {
		return 0, false
	}
	t.closeJSON(i, kindMember, start, end)
	return end, true
}

func (t *tree) closeJSON(i int, k kind, start, end int) {
	t.close(i, k, end-start)
	t.nodes[i].start, t.nodes[i].end = start, end
}

// stringEnd is the end of the JSON string whose opening quote is at start.
func stringEnd(s string, start int) int {
	for pos := start + 1; ; pos++ {
		pos += strings.IndexByte(s[pos:], '"')
		escapes := 0
		for s[pos-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return pos + 1
		}
	}
}

// touched says that something of the node, or below it, is not to stay as it
// was.
func (t *tree) touched(i int) bool {
	for k := i; k < t.nodes[i].next; k++ {
		if n := &t.nodes[k]; n.dropped || n.limit < n.size {
			return true
		}
	}
	return false
}

// render appends what is planned of a node of the JSON text s.
func (t *tree) render(dst []byte, s string, i int) []byte {
	n := &t.nodes[i]
	switch n.kind {
	case kindText:
		if n.limit < n.size {
			return t.renderCut(dst, s[n.start+1:n.end-1], n)
		}
	case kindMember:
		pos := n.start
		for k := i + 1; k < n.next; k = t.nodes[k].next {
			dst = append(dst, s[pos:t.nodes[k].start]...)
			dst = t.render(dst, s, k)
			pos = t.nodes[k].end
		}
		return append(dst, s[pos:n.end]...)
	case kindList, kindMap:
		dst = append(dst, s[n.start])
		first := true
		for k := i + 1; k < n.next; k = t.nodes[k].next {
			if t.nodes[k].dropped {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = t.render(dst, s, k)
		}
		return append(dst, s[n.end-1])
	}
	return append(dst, s[n.start:n.end]...)
}

// renderCut appends the JSON string whose inside is inner, cut to the limit of
// its node.
func (t *tree) renderCut(dst []byte, inner string, n *node) []byte {
	limit := max(0, n.limit-(n.size-len(inner)))
	if text, ok := t.cutEmbedded(inner, limit); ok {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, cut(inner, limit, jsonBoundary)...)
	return append(dst, '"')
}

const (
	// maxEmbedding is how many levels of JSON text in JSON text stay JSON:
	// messages hold tool arguments, which hold a document at most.
	maxEmbedding = 2
	// embeddedTries bounds the search for the size that fits once it is quoted;
	// seven leave less than a hundredth of the room unused.
	embeddedTries = 7
)

// cutEmbedded cuts JSON text inside a JSON string whose inside is inner. It
// returns the whole string, whose inside takes at most limit bytes.
func (t *tree) cutEmbedded(inner string, limit int) ([]byte, bool) {
	if t.embedding >= maxEmbedding || (inner[0] != '{' && inner[0] != '[') {
		return nil, false
	}
	var text string
	if err := json.Unmarshal([]byte(`"`+inner+`"`), &text); err != nil {
		return nil, false
	}
	text, ok := compactJSON(text)
	if !ok {
		return nil, false
	}
	sub := &tree{short: t.short, embedding: t.embedding + 1}
	if _, ok := sub.jsonValue(text, 0, 1); !ok {
		return nil, false
	}
	return sub.quoteWithin(text, limit)
}

// quoteWithin renders the JSON text of t as a JSON string whose inside takes
// at most limit bytes. Quoting never shortens, so no more than limit bytes of
// text can stay; how many do is found by halving.
func (t *tree) quoteWithin(text string, limit int) (best []byte, ok bool) {
	low, high := t.nodes[0].least, min(limit, t.nodes[0].size)
	for try := 0; try < embeddedTries && low <= high; try++ {
		budget := low + (high-low)/2
		t.reset()
		t.shrink(0, budget)
		quoted := envelope.AppendJSON(nil, pcommon.NewValueStr(string(t.render(nil, text, 0))))
		if len(quoted)-2 > limit {
			high = budget - 1
			continue
		}
		best, ok = quoted, true
		low = budget + 1
	}
	return best, ok
}

// reset forgets what was planned.
func (t *tree) reset() {
	for i := range t.nodes {
		n := &t.nodes[i]
		n.limit, n.dropped = n.size, false
	}
}
