package messages

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// constructed reads an object that LangChain serialised: {"lc": 1, "type":
// "constructor", "id": [module, …, class], "kwargs": {…}}. It returns what the
// object is made from and its class.
func constructed(m pcommon.Map) (kwargs pcommon.Map, class string, ok bool) {
	if absent(get(m, "lc")) || str(get(m, keyType)) != "constructor" {
		return pcommon.Map{}, "", false
	}
	path, isPath := sliceIn(m, keyID)
	kwargs, ok = mapIn(m, "kwargs")
	if !ok || !isPath || path.Len() == 0 {
		return pcommon.Map{}, "", false
	}
	return kwargs, path.At(path.Len() - 1).Str(), true
}

// serialised reads a message that LangChain serialised, as an object or as
// {"type": "human", "data": {…}}: its fields, and the role that its class or
// type says, in LangChain's words.
func serialised(m pcommon.Map) (message pcommon.Map, role string, ok bool) {
	if kwargs, class, ok := constructed(m); ok {
		name, isMessage := strings.CutSuffix(strings.TrimSuffix(class, "Chunk"), "Message")
		switch name {
		case "Human", "AI", "System", "Tool", "Function":
			role = strings.ToLower(name)
		}
		return kwargs, role, isMessage
	}
	switch role = str(get(m, keyType)); role {
	case "human", "ai", roleSystem, roleTool, "function", "chat":
	default:
		return pcommon.Map{}, "", false
	}
	if role == "chat" {
		role = "" // the message says its own
	}
	message, ok = mapIn(m, "data")
	return message, role, ok && !absent(get(message, keyContent))
}

// objectIn is what an object that LangChain serialised is made from; any other
// is itself.
func objectIn(m pcommon.Map) pcommon.Map {
	if kwargs, _, ok := constructed(m); ok {
		return kwargs
	}
	return m
}

// additional reads what LangChain has of a message beside its own fields: what
// the provider answered, of which calls are repeated among the fields since
// LangChain has a shape for them, and how it ended.
func (k *messageFields) additional() {
	if metadata, ok := mapOf(k.values[mMetadata]); ok {
		k.ended(metadata)
	}
	extra, ok := mapOf(k.values[mExtra])
	if !ok {
		return
	}
	k.used[mExtra] = true
	if !empty(k.values[mToolCalls]) {
		k.extraRepeated = []string{semconv.FieldToolCalls, "function_call", "tool_call_chunks"}
		return
	}
	for key, v := range extra.All() {
		if f := messageFieldOf(key); (f == mToolCalls || f == mFunctionCall) && !empty(v) && empty(k.values[f]) {
			k.values[f] = v
			k.extraRepeated = append(k.extraRepeated, key)
		}
	}
}

// ended takes the reason that stands beside a message. The message has not much
// room for it.
func (k *messageFields) ended(m pcommon.Map) {
	if k.has(mFinish) {
		return
	}
	for key, v := range m.All() {
		if messageFieldOf(key) == mFinish && str(v) != "" && len(v.Str()) <= maxSpanReason {
			k.values[mFinish] = v
			return
		}
	}
}

// keepAdditional copies into the message what the provider answered and was
// not read.
func (k *messageFields) keepAdditional(message pcommon.Map) {
	extra, ok := mapOf(k.values[mExtra])
	if !ok || !k.used[mExtra] {
		return
	}
	rest := pcommon.NewValueEmpty()
	extra.CopyTo(rest.SetEmptyMap())
	rest.Map().RemoveIf(func(key string, v pcommon.Value) bool {
		return semconv.IsEmpty(v) || slices.Contains(k.extraRepeated, key)
	})
	if rest.Map().Len() > 0 {
		putFree(message, k.keys[mExtra], rest)
	}
}

// generations writes what LangChain's models generated: for each prompt a list
// of choices, whose text is the message's once more.
func (d *draft) generations(list pcommon.Slice, depth int) {
	for i := range list.Len() {
		element := list.At(i)
		if inner, ok := semconv.SliceOf(element); ok && depth < maxNesting {
			d.generations(inner, depth+1)
			continue
		}
		m, ok := semconv.MapOf(element)
		if !ok {
			d.loose(fieldOutput, roleAssistant).parts.part(element, depth)
			continue
		}
		m = objectIn(m)
		var k messageFields
		k.read(m)
		k.unwrap()
		if info, ok := mapIn(m, "generation_info"); ok {
			k.ended(info)
		}
		if k.wrapper != (pcommon.Map{}) && !empty(k.values[mContent]) {
			k.repeated = append(k.repeated, "text")
		}
		d.begin(fieldOutput, roleOf(k.roleName(), fieldOutput)).add(&k)
		d.end()
	}
	d.end()
}

// areConversations says that a list holds lists of messages and nothing else.
func areConversations(list pcommon.Slice) bool {
	for i := range list.Len() {
		inner, ok := semconv.SliceOf(list.At(i))
		if !ok || inner.Len() == 0 {
			return false
		}
		for j := range inner.Len() {
			if m, ok := semconv.MapOf(inner.At(j)); !ok || itemOf(m) != messageItem {
				return false
			}
		}
	}
	return list.Len() > 0
}
