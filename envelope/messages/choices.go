package messages

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// choiceList gathers the choices of a call; those of one index are chunks of
// one message until one has a finish reason.
type choiceList struct {
	choices []choice
}

type choice struct {
	index  int64
	chunks []*event.Record
	// attribute is what stands in gen_ai.completion instead.
	attribute pcommon.Value
	done      bool
}

// add takes the records of choices; records is where r stands among them, so
// that a choice in one piece needs no list of its own.
func (l *choiceList) add(records []*event.Record) {
	r := records[0]
	if v, ok := r.Log.Attributes().Get(semconv.AttrCompletion); ok && !semconv.IsEmpty(v) {
		l.choices = append(l.choices, choice{index: int64(len(l.choices)), attribute: v, done: true})
		return
	}
	var k messageFields
	eventFields(r, &k)
	if r.Name == semconv.EventContentCompletionChunk && !k.has(mContent) && !k.has(mMessage) && !k.has(mParts) && !k.has(mFinish) {
		// OpenLLMetry only marks the time of a chunk.
		return
	}
	index, _ := semconv.MessageIndex(r.Name, r.Log)
	finished := finishReason(k.values[mFinish]) != ""
	for i := len(l.choices) - 1; i >= 0; i-- {
		c := &l.choices[i]
		if c.index == index && !c.done {
			c.chunks = append(c.chunks, r)
			c.done = finished
			return
		}
	}
	l.choices = append(l.choices, choice{index: index, chunks: records[:1:1], done: finished})
}

// sort puts the choices in the order of their indices.
func (l *choiceList) sort() {
	slices.SortStableFunc(l.choices, func(a, b choice) int { return cmp.Compare(a.index, b.index) })
}

// numberChunks says that the indices, which are in order, number the chunks of
// one choice, as Google's instrumentation does: each stands once, and of what
// Gemini answered at most the last says why it ended. A whole choice has a
// reason (the convention requires one), so that several of them are never this.
func (l *choiceList) numberChunks() bool {
	last := len(l.choices) - 1
	if last < 1 {
		return false
	}
	gemini := false
	for i := range l.choices {
		c := &l.choices[i]
		if !absent(c.attribute) || len(c.chunks) > 1 || c.done && i < last || i > 0 && c.index == l.choices[i-1].index {
			return false
		}
		var k messageFields
		eventFields(c.chunks[0], &k)
		if !k.has(mIndex) {
			return false
		}
		switch k.choiceMessage(); {
		case strings.EqualFold(k.roleName(), "model"):
			gemini = true
		case k.has(mContent) || k.has(mParts) || k.has(mToolCalls):
			return false
		}
	}
	return gemini
}

// join makes all choices the chunks of one.
func (l *choiceList) join() {
	one := &l.choices[0]
	for i := range l.choices[1:] {
		one.chunks = append(one.chunks, l.choices[1+i].chunks...)
	}
	l.choices = l.choices[:1]
}

// wantsOneChoice says that the call is not known to have asked for several.
func wantsOneChoice(span *event.Span) bool {
	if span == nil {
		return true
	}
	v, ok := span.Data.Attributes().Get(semconv.AttrChoiceCount)
	if !ok {
		return true
	}
	count, known := semconv.IntOf(v)
	return known && count <= 1
}

// choiceEvents writes the choices.
func (d *draft) choiceEvents(l choiceList) {
	for i := range l.choices {
		c := &l.choices[i]
		if !absent(c.attribute) {
			d.attribute(fieldOutput, c.attribute)
			continue
		}
		for j, r := range c.chunks {
			var k messageFields
			eventFields(r, &k)
			k.choiceMessage()
			if j == 0 {
				w := d.begin(fieldOutput, roleOf(k.roleName(), fieldOutput))
				w.parts.joining = len(c.chunks) > 1
			}
			d.writer.add(&k)
		}
		d.end()
	}
}

// choiceMessage follows a choice to its message: in an object of its own, in
// JSON for one, or in text or blocks.
func (k *messageFields) choiceMessage() {
	before := k.source
	k.unwrap()
	if k.source == before && k.has(mMessage) && !k.has(mContent) {
		k.values[mContent], k.keys[mContent] = k.values[mMessage], k.keys[mMessage]
		k.values[mMessage] = pcommon.Value{}
	}
}
