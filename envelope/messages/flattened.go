package messages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// flatAttribute is one attribute of a flattened list: the rest of its name,
// from the index on, and its value.
type flatAttribute struct {
	path  string
	value pcommon.Value
}

// maxFlatDepth bounds the segments of a name that become structure; the longest
// known name has nine.
const maxFlatDepth = 12

// flattened reads one family of flattened attributes.
func (a *assembly) flattened(span *event.Span, family flatFamily, attributes []flatAttribute) {
	if len(attributes) == 0 || !a.wants(family.field) {
		return
	}
	tree := flatNode{}
	for _, attribute := range attributes {
		tree.put(attribute)
	}
	list := pcommon.NewValueEmpty()
	tree.write(list)
	elements, ok := semconv.SliceOf(list)
	if !ok {
		return
	}
	var d draft
	for i := range elements.Len() {
		d.flatElement(family, elements.At(i))
	}
	d.end()
	if family.field == fieldOutput {
		d.finishOf(span)
	}
	a.offer(&d, SourceFlattenedAttribute, family.prefix)
}

// maxSpanReason bounds, in bytes, a reason that a message takes from its span:
// it has not much room that no content accounts for. The call has it whole.
const maxSpanReason = 32

// finishOf gives the only message of the output, which does not say why it
// ended, the reason that OpenInference states for the whole span.
func (d *draft) finishOf(span *event.Span) {
	list := d.lists[fieldOutput]
	if len(d.finish) > 0 || list == (pcommon.Slice{}) || list.Len() != 1 {
		return
	}
	v, ok := span.Data.Attributes().Get(semconv.AttrOIFinishReason)
	if !ok {
		return
	}
	message, isMap := semconv.MapOf(list.At(0))
	if reason := finishReason(v); isMap && reason != "" && len(reason) <= maxSpanReason {
		message.PutStr(keyFinishReason, reason)
		d.finished(reason)
	}
}

// flatElement reads one element: OpenInference wraps it in an object that is
// named after what it is.
func (d *draft) flatElement(family flatFamily, v pcommon.Value) {
	m, ok := semconv.MapOf(v)
	if !ok {
		d.attribute(family.field, v)
		return
	}
	switch {
	case family.field == fieldTools:
		outer := m
		if tool, ok := mapIn(m, "tool"); ok {
			m = tool
		}
		if schema := first(m, "json_schema"); !null(schema) {
			d.partly = d.partly || outer.Len() > 1 || m.Len() > 1
			d.tools(schema)
			return
		}
		d.tools(v)
	case family.prefix == semconv.PrefixOIPrompts, family.prefix == semconv.PrefixOIChoices:
		outer := m
		if inner, ok := mapIn(m, "prompt", "completion"); ok {
			m = inner
		}
		if s := first(m, "text"); !null(s) {
			d.partly = d.partly || outer.Len() > 1 || m.Len() > 1
			d.plain(family.field, text(s))
			return
		}
		d.flatMessage(family.field, m)
	default:
		d.flatMessage(family.field, m)
	}
}

func (d *draft) flatMessage(f field, m pcommon.Map) {
	var k messageFields
	k.read(m)
	k.unwrap()
	// The names of a flattened message are its own: whatever they are, it is
	// a message.
	k.ownContent()
	w := d.begin(f, d.roleOf(&k, f))
	w.parts.flat = true
	w.add(&k)
	d.end()
}

// ownContent takes the content of a message that calls it as it calls its role.
func (k *messageFields) ownContent() {
	role := k.roleName()
	if role == "" || k.has(mContent) || k.has(mText) || k.has(mParts) || k.has(mContents) || k.source == (pcommon.Map{}) {
		return
	}
	for _, key := range [...]string{role, strings.ToLower(role)} {
		if v := get(k.source, key); messageFieldOf(key) == mNone && str(v) != "" {
			k.values[mContent], k.keys[mContent] = v, key
			return
		}
	}
}

// flatNode is a place in the tree that dotted names spell. Numbers as names
// make a list, in their order.
type flatNode struct {
	value    pcommon.Value
	children map[string]*flatNode
	names    []string
}

func (n *flatNode) put(attribute flatAttribute) {
	path := attribute.path
	for depth := 0; ; depth++ {
		name, rest, more := strings.Cut(path, ".")
		if depth == maxFlatDepth {
			name, more = path, false
		}
		n = n.child(name)
		if !more {
			if absent(n.value) {
				n.value = attribute.value
			}
			return
		}
		path = rest
	}
}

func (n *flatNode) child(name string) *flatNode {
	if child, ok := n.children[name]; ok {
		return child
	}
	if n.children == nil {
		n.children = make(map[string]*flatNode)
	}
	child := &flatNode{}
	n.children[name] = child
	n.names = append(n.names, name)
	return child
}

// write writes the tree as pdata. A place that has a value and places below it
// shows the value under the name value.
func (n *flatNode) write(dst pcommon.Value) {
	if len(n.children) == 0 {
		n.value.CopyTo(dst)
		return
	}
	if absent(n.value) && n.isList() {
		n.writeList(dst.SetEmptySlice())
		return
	}
	m := dst.SetEmptyMap()
	m.EnsureCapacity(len(n.names) + 1)
	names := n.names
	if len(names) > fewKeys {
		names = names[:fewKeys]
	}
	for _, name := range names {
		n.children[name].write(m.PutEmpty(name))
	}
	if len(names) < len(n.names) {
		n.writeOthers(m.PutEmptySlice(keyOther), n.names[len(names):])
	}
	if !absent(n.value) {
		n.value.CopyTo(m.PutEmpty("value"))
	}
}

// writeOthers keeps what has too many names to be an object: pdata looks at
// all of an object's keys before it puts one.
func (n *flatNode) writeOthers(dst pcommon.Slice, names []string) {
	dst.EnsureCapacity(len(names))
	for _, name := range names {
		n.children[name].write(dst.AppendEmpty().SetEmptyMap().PutEmpty(name))
	}
}

func (n *flatNode) isList() bool {
	for _, name := range n.names {
		if !isIndex(name) {
			return false
		}
	}
	return true
}

func (n *flatNode) writeList(dst pcommon.Slice) {
	slices.SortStableFunc(n.names, func(a, b string) int {
		return cmp.Or(cmp.Compare(indexOf(a), indexOf(b)), cmp.Compare(a, b))
	})
	dst.EnsureCapacity(len(n.names))
	for _, name := range n.names {
		n.children[name].write(dst.AppendEmpty())
	}
}

func isIndex(name string) bool {
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return false
		}
	}
	return name != ""
}

func indexOf(name string) uint64 {
	i, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		return 1<<64 - 1
	}
	return i
}

// vercelResponse reads what Vercel's SDK says of an answer: reasoning, text,
// tool calls and files in an attribute each; an object is what a model answered
// that had to answer with one.
func (a *assembly) vercelResponse(attrs pcommon.Map) {
	var keys []string
	value := func(names ...string) pcommon.Value {
		for _, key := range names {
			// An answer may well be "null" or "{}".
			if v, ok := attrs.Get(key); ok && v.Type() != pcommon.ValueTypeEmpty && (v.Type() != pcommon.ValueTypeStr || v.Str() != "") {
				keys = append(keys, key)
				return v
			}
		}
		return pcommon.Value{}
	}
	var k messageFields
	k.values[mReasoning] = value(semconv.AttrAIResponseReasoning)
	k.values[mContent] = value(semconv.AttrAIResponseText, semconv.AttrAIResponseTextOld, semconv.AttrAIResponseObject, semconv.AttrAIResponseObjectOld)
	k.values[mToolCalls] = value(semconv.AttrAIResponseToolCalls, semconv.AttrAIResponseCallsOld)
	k.values[mParts] = value(semconv.AttrAIResponseFiles)
	if k.values == [mCount]pcommon.Value{} {
		return
	}
	k.values[mFinish] = value(semconv.AttrAIFinishReason, semconv.AttrAIFinishReasonOld)
	var d draft
	w := d.begin(fieldOutput, roleAssistant)
	if reasoning := k.values[mReasoning]; looksLikeJSON(str(reasoning)) {
		if blocks := parsed(reasoning); areBlocks(blocks) {
			w.parts.part(blocks, 0)
			k.values[mReasoning] = pcommon.Value{}
		}
	}
	w.add(&k)
	d.end()
	a.offer(&d, SourceFlattenedAttribute, keys...)
}
