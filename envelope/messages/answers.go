package messages

import (
	"iter"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// roleOf is the role of the next message of a field. One whose role is the name
// of a tool that was called just before, as Langfuse has LangChain's, is that
// tool's answer; the name stays the message's.
func (d *draft) roleOf(k *messageFields, f field) string {
	name := k.roleName()
	role := roleOf(name, f)
	switch role {
	case roleSystem, roleUser, roleAssistant, roleTool, "developer":
		return role
	}
	if !d.called(f, name) {
		return role
	}
	if !k.has(mName) {
		k.values[mName] = pcommon.NewValueStr(name)
	}
	return roleTool
}

// maxAnswers is how many answers of tools may follow the message that called
// them, and how many calls that may have, for an answer to be known by its name.
const maxAnswers = 64

// called says that the last message, not counting answers of tools, has a call
// of the tool.
func (d *draft) called(f field, tool string) bool {
	list := d.lists[f]
	if list == (pcommon.Slice{}) {
		return false
	}
	for i := list.Len() - 1; i >= max(0, list.Len()-maxAnswers); i-- {
		message, ok := semconv.MapOf(list.At(i))
		if !ok {
			return false
		}
		switch str(get(message, keyRole)) {
		case roleTool:
			continue
		case roleAssistant:
		default:
			return false
		}
		parts, ok := sliceIn(message, keyParts)
		for j := 0; ok && j < min(parts.Len(), maxAnswers); j++ {
			if part, ok := semconv.MapOf(parts.At(j)); ok && str(get(part, keyType)) == partToolCall && str(get(part, keyName)) == tool {
				return true
			}
		}
		return false
	}
	return false
}

// answerOnce takes what a tool answered out of messages of other roles where a
// message of the tool says the same. Bedrock's API has answers in the user's
// message; its instrumentation reports that message, and each answer in it once
// more as the tool's.
func (d *draft) answerOnce() {
	list := d.lists[fieldInput]
	if list == (pcommon.Slice{}) || list.Len() < 2 {
		return
	}
	var answers map[string]pcommon.Map
	eachAnswer(list, func(role, id string, part pcommon.Map) {
		if role == roleTool {
			if answers == nil {
				answers = make(map[string]pcommon.Map)
			}
			answers[id] = part
		}
	})
	if answers == nil {
		return
	}
	list.RemoveIf(func(v pcommon.Value) bool {
		message, ok := semconv.MapOf(v)
		if !ok || str(get(message, keyRole)) == roleTool {
			return false
		}
		parts, ok := sliceIn(message, keyParts)
		if !ok {
			return false
		}
		before := parts.Len()
		parts.RemoveIf(func(v pcommon.Value) bool {
			part, ok := semconv.MapOf(v)
			return ok && repeats(part, answers)
		})
		// A message that says more than its role stays.
		return parts.Len() == 0 && before > 0 && message.Len() == 2
	})
}

// eachAnswer calls f for the tool responses with an id.
func eachAnswer(list pcommon.Slice, f func(role, id string, part pcommon.Map)) {
	for i := range list.Len() {
		message, _ := semconv.MapOf(list.At(i))
		if message == (pcommon.Map{}) {
			continue
		}
		parts, ok := sliceIn(message, keyParts)
		if !ok {
			continue
		}
		role := str(get(message, keyRole))
		for j := range parts.Len() {
			if part, ok := semconv.MapOf(parts.At(j)); ok && isAnswer(part) {
				f(role, str(get(part, keyID)), part)
			}
		}
	}
}

func isAnswer(part pcommon.Map) bool {
	return str(get(part, keyType)) == partToolResponse && str(get(part, keyID)) != ""
}

// repeats says that a part is one of the answers, which then has also what only
// the part says besides.
func repeats(part pcommon.Map, answers map[string]pcommon.Map) bool {
	if !isAnswer(part) {
		return false
	}
	answer, ok := answers[str(get(part, keyID))]
	if !ok || !same(get(part, keyResponse), get(answer, keyResponse)) {
		return false
	}
	putRest(answer, part, keyID, keyResponse)
	return true
}

// same says that values are equal, keys in the same order: repetitions of one
// object have them so, and telling it takes one look at each.
func same(a, b pcommon.Value) bool {
	if absent(a) || absent(b) {
		return absent(a) && absent(b)
	}
	if a.Type() != b.Type() {
		return false
	}
	if x, ok := semconv.MapOf(a); ok {
		y, ok := semconv.MapOf(b)
		return ok && sameMap(x, y)
	}
	if x, ok := semconv.SliceOf(a); ok {
		y, ok := semconv.SliceOf(b)
		return ok && sameList(x, y)
	}
	return a.Equal(b)
}

func sameList(a, b pcommon.Slice) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !same(a.At(i), b.At(i)) {
			return false
		}
	}
	return true
}

func sameMap(a, b pcommon.Map) bool {
	if a.Len() != b.Len() {
		return false
	}
	next, stop := iter.Pull2(b.All())
	defer stop()
	for key, v := range a.All() {
		if other, w, ok := next(); !ok || key != other || !same(v, w) {
			return false
		}
	}
	return true
}
