package truncate

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// maxKeyComparisons bounds the work of renaming keys, which pdata can only do
// by looking at every key of a map. Long keys beyond it go with their values.
const maxKeyComparisons = 16 << 20

// cursor walks along the nodes of one list or map, element by element.
type cursor struct {
	t    *tree
	at   int
	left int
}

func (t *tree) cursor(first int) cursor { return cursor{t: t, at: first} }

// next is the node of the next element.
func (c *cursor) next() int {
	if c.left > 0 {
		c.left--
		if c.left == 0 {
			c.at = c.t.nodes[c.at].next
		}
	}
	if c.left == 0 {
		c.left = c.t.nodes[c.at].count
	}
	return c.at
}

// cutText is what is planned of the string field s; false when it stays.
func (t *tree) cutText(i int, s string) (string, bool) {
	n := &t.nodes[i]
	switch {
	case n.dropped:
		return "", s != ""
	case n.limit < n.size:
		return cut(s, t.room(n, len(s)), textBoundary), true
	}
	return "", false
}

// room is what a node leaves for its content, which takes n bytes now.
func (t *tree) room(n *node, content int) int {
	return max(0, n.limit-(n.size-content))
}

func (t *tree) applyTraceState(state pcommon.TraceState, i int) {
	n := &t.nodes[i]
	switch s := state.AsRaw(); {
	case n.dropped:
		state.FromRaw("")
	case n.limit < n.size:
		state.FromRaw(cutList(s, t.room(n, len(s))))
	}
}

// applyTop is applyValue for a value that may have been removed itself.
func (t *tree) applyTop(v pcommon.Value, i int) {
	if t.nodes[i].dropped {
		pcommon.NewValueEmpty().MoveTo(v)
		return
	}
	t.applyValue(v, i)
}

func (t *tree) applyValue(v pcommon.Value, i int) {
	n := &t.nodes[i]
	switch n.kind {
	case kindText:
		if s, ok := t.cutText(i, v.Str()); ok {
			v.SetStr(s)
		}
	case kindBytes:
		if n.limit < n.size {
			raw := v.Bytes().AsRaw()
			v.SetEmptyBytes().FromRaw(raw[:t.room(n, len(raw))])
		}
	case kindJSON:
		if t.touched(i) {
			v.SetStr(string(t.render(nil, t.texts[n.start], i+1)))
		}
	case kindList:
		t.applySlice(v.Slice(), i)
	case kindMap:
		t.applyMap(v.Map(), i+1)
	}
}

func (t *tree) applySlice(s pcommon.Slice, i int) {
	if !t.touched(i) {
		return
	}
	c := t.cursor(i + 1)
	s.RemoveIf(func(v pcommon.Value) bool {
		k := c.next()
		if !t.nodes[k].dropped {
			t.applyValue(v, k)
		}
		return t.nodes[k].dropped
	})
}

// applyMap does what is planned of the entries of m, whose nodes begin at
// first, and returns how many went.
func (t *tree) applyMap(m pcommon.Map, first int) (dropped int) {
	type entry struct {
		key   string
		value pcommon.Value
	}
	var renamed []entry
	c := t.cursor(first)
	keys := m.Len()
	m.RemoveIf(func(key string, v pcommon.Value) bool {
		i := c.next()
		n := &t.nodes[i]
		if n.dropped {
			dropped++
			return true
		}
		if n.kind != kindMember {
			return false
		}
		value := i + 1
		short, cutKey := "", false
		if t.nodes[value].next < n.next {
			short, cutKey = t.cutText(value, key)
			value = t.nodes[value].next
		}
		t.applyValue(v, value)
		if cutKey {
			moved := pcommon.NewValueEmpty()
			v.MoveTo(moved)
			renamed = append(renamed, entry{short, moved})
		}
		return cutKey
	})
	for _, e := range renamed {
		t.renames -= keys
		if t.renames < 0 {
			dropped++
			continue
		}
		v, exists := m.GetOrPutEmpty(e.key)
		if exists {
			dropped++
			continue
		}
		e.value.MoveTo(v)
	}
	return dropped
}

func (t *tree) applyLinks(links ptrace.SpanLinkSlice, first int) (dropped int) {
	c := t.cursor(first)
	links.RemoveIf(func(link ptrace.SpanLink) bool {
		i := c.next()
		n := &t.nodes[i]
		if n.dropped {
			dropped++
			return true
		}
		if n.kind != kindLink {
			return false
		}
		t.applyTraceState(link.TraceState(), i+1)
		gone := t.applyMap(link.Attributes(), i+2)
		link.SetDroppedAttributesCount(addCount(link.DroppedAttributesCount(), gone))
		return false
	})
	return dropped
}
