package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// quality is how much a carrier has for a field; carriers compete by it before
// they compete by their order.
type quality uint8

const (
	// nothing at all.
	nothing quality = iota
	// structure is messages without content: it was switched off.
	structure
	// rawText is content that could not be read as messages and is shown as
	// the text it is.
	rawText
	// content is messages with content.
	content
)

// draft is what one source says about the fields of a call. Its lists are zero
// until something is put into them.
type draft struct {
	lists [fieldCount]pcommon.Slice
	// values are the values of the lists, to move them.
	values  pcommon.Slice
	quality [fieldCount]quality
	finish  []string
	writer  messageWriter
	// lacking says that a part was left out of a field that had nothing but
	// its type.
	lacking [fieldCount]bool
	// partly says that not all of what was read is in the lists.
	partly bool
	// leavesOut says that the last message had something around it that is no
	// message's.
	leavesOut bool
	// expanding says that what is read was the text of a message.
	expanding bool
	// several says that the message that is read is not the only one.
	several bool
	// told is what a response says about the call; nil when there was none.
	told *semconv.CallFacts
	// members are the entries of the object that was read, if it was one.
	members []member
	// expected is how many messages of the input there may be.
	expected int
	// held says that several sources follow each other, and that a message
	// without a finish reason goes on with the first message of the next.
	held bool
}

func (d *draft) list(f field) pcommon.Slice {
	if d.lists[f] == (pcommon.Slice{}) {
		if d.values == (pcommon.Slice{}) {
			d.values = pcommon.NewSlice()
			d.values.EnsureCapacity(int(fieldCount))
			for range fieldCount {
				d.values.AppendEmpty()
			}
		}
		d.lists[f] = d.values.At(int(f)).SetEmptySlice()
		if f == fieldInput {
			d.lists[f].EnsureCapacity(d.expected)
		}
	}
	return d.lists[f]
}

func (d *draft) raise(f field, q quality) {
	d.quality[f] = max(d.quality[f], q)
}

// note records what a message, part or definition of a field amounts to.
func (d *draft) note(f field, hasContent bool) {
	if hasContent {
		d.raise(f, content)
	} else {
		d.raise(f, structure)
	}
}

// assembly is the best of all sources so far.
type assembly struct {
	// span is nil when the call's span is not there.
	span     *event.Span
	best     [fieldCount]candidate
	leftOver []string
	read     []string
	rest     []Rest
	told     *semconv.CallFacts
	// partly names the attributes that say what no field shows.
	partly []string
}

type candidate struct {
	// list is the draft's, and value its value; zero when there is none.
	list    pcommon.Slice
	value   pcommon.Value
	quality quality
	source  string
	// keys are the span attributes that it was read from, if any; the prefix
	// of a family of them ends with a dot.
	keys   []string
	finish []string
	// lacking says that a part was left out that had nothing but its type.
	lacking bool
}

// wants says whether a source that has the field is worth reading.
func (a *assembly) wants(f field) bool { return a.best[f].quality < content }

// offer takes the fields in which the draft is better than what is there. The
// sources come best first, so of equals the earlier one stays.
func (a *assembly) offer(d *draft, source string, keys ...string) {
	if d.partly {
		a.partly = append(a.partly, keys...)
	}
	for f := range fieldCount {
		best := &a.best[f]
		if d.quality[f] <= best.quality {
			a.lose(d.quality[f], keys)
			continue
		}
		a.lose(best.quality, best.keys)
		*best = candidate{list: d.lists[f], quality: d.quality[f], source: source, keys: keys, lacking: d.lacking[f]}
		if d.values != (pcommon.Slice{}) {
			best.value = d.values.At(int(f))
		}
		if f == fieldOutput {
			best.finish = d.finish
		}
	}
}

// lose notes that a field of this quality, read from the attributes, is not
// shown.
func (a *assembly) lose(q quality, keys []string) {
	if q == nothing {
		return
	}
	a.partly = append(a.partly, keys...)
	for _, key := range keys {
		if q == rawText && !strings.HasSuffix(key, ".") {
			a.leftOver = append(a.leftOver, key)
		}
	}
}
