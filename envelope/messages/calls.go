package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// callIDs are the names of a call's id. An item of the Responses API has an id
// of its own beside the call's, which is nobody's business.
var callIDs = []string{"call_id", "toolCallId", "toolUseId", "tool_use_id", "tool_call_id", keyID, "ref"}

// toolNames and toolArguments are the names of what is called and with what.
var (
	toolNames     = []string{keyName, "toolName", "tool_name"}
	toolArguments = []string{keyArguments, "args", "input"}
)

func isCallType(typ string) bool {
	switch typ {
	case partToolCall, "tool-call", "tool_use", "toolUse", "function_call", typeFunction, "toolCall":
		return true
	}
	return false
}

// toolCall appends a call of a tool. Its arguments are parsed when they are
// JSON in a string. What has neither id, name nor arguments is no call.
func (w *partWriter) toolCall(m pcommon.Map) pcommon.Map {
	r := read(m)
	id := r.take(callIDs...)
	r.use(keyID)
	function, nested := r.takeMap(typeFunction)
	inner := read(function)
	place := &r
	if nested {
		place = &inner
	}
	name, arguments := place.take(toolNames...), place.take(toolArguments...)
	if empty(id) && empty(name) && blank(arguments) {
		if !r.more() && (!nested || !inner.more()) {
			return pcommon.Map{}
		}
		return w.noCall(m)
	}
	part := w.add(partToolCall, 3)
	if !empty(id) {
		part.PutStr(keyID, text(id))
	}
	part.PutStr(keyName, text(name))
	if !absent(arguments) {
		putArguments(part, arguments)
		w.content = true
	}
	r.keep(part)
	if nested {
		inner.keep(part)
	}
	if w.joining {
		w.call = part
	}
	return part
}

// wrappedCall appends a call that may stand in an object of its own, as
// OpenInference's do.
func (w *partWriter) wrappedCall(m pcommon.Map) pcommon.Map {
	r := read(m)
	inner, wrapped := r.takeMap(partToolCall)
	if !wrapped {
		return w.toolCall(m)
	}
	part := w.toolCall(inner)
	if part == (pcommon.Map{}) && r.more() {
		return w.noCall(m)
	}
	r.keep(part)
	return part
}

// noCall appends what stands where a call should.
func (w *partWriter) noCall(m pcommon.Map) pcommon.Map {
	if typ := str(get(m, keyType)); typ != "" && !isCallType(typ) {
		return w.typedPart(typ, m, maxNesting)
	}
	return w.generic(m)
}

// unwrapped is the call that an object is, or has in an object of its own.
func unwrapped(m pcommon.Map) pcommon.Map {
	if inner, ok := mapIn(m, partToolCall); ok {
		return inner
	}
	return m
}

// putArguments puts the arguments of a call, parsed when they are JSON in a
// string; some write JSON text as a string of JSON.
func putArguments(part pcommon.Map, v pcommon.Value) {
	target := part.PutEmpty(keyArguments)
	if v.Type() != pcommon.ValueTypeStr || !parseArguments(v.Str(), target) {
		v.CopyTo(target)
	}
}

func parseArguments(s string, target pcommon.Value) bool {
	if semconv.ParseJSONContainer(s, target) {
		return true
	}
	if !strings.HasPrefix(s, `"`) {
		return false
	}
	inner := pcommon.NewValueEmpty()
	return semconv.ParseJSON(s, inner) && semconv.ParseJSONContainer(inner.Str(), target)
}

// calls are the tool calls that were written, by their ids.
func (w *partWriter) calls() map[string]pcommon.Map {
	calls := make(map[string]pcommon.Map)
	for i := range w.list.Len() {
		part, ok := semconv.MapOf(w.list.At(i))
		if !ok || str(get(part, keyType)) != partToolCall {
			continue
		}
		if id := str(get(part, keyID)); id != "" {
			calls[id] = part
		}
	}
	return calls
}

// hasCall says that a call of a name with the same arguments was written.
func (w *partWriter) hasCall(name string, arguments pcommon.Value) bool {
	call := pcommon.NewMap()
	if !absent(arguments) {
		putArguments(call, arguments)
	}
	for i := range w.list.Len() {
		part, ok := semconv.MapOf(w.list.At(i))
		if ok && str(get(part, keyType)) == partToolCall && str(get(part, keyName)) == name &&
			same(get(part, keyArguments), get(call, keyArguments)) {
			return true
		}
	}
	return false
}

// toolCalls writes a message's calls: a list, JSON text for one, or the single
// function of older APIs, which some have once more beside the list.
func (w *messageWriter) toolCalls(k *messageFields) {
	if k.has(mToolCalls) {
		calls := parsed(k.take(mToolCalls))
		if list, ok := semconv.SliceOf(calls); ok {
			w.toolCallList(list)
		} else if !semconv.IsEmpty(calls) {
			w.toolCall(calls)
		}
	}
	if k.has(mFunctionCall) {
		call := parsed(k.take(mFunctionCall))
		if !k.has(mToolCalls) || !w.repeatsCall(call) {
			w.toolCall(call)
		}
	}
	if k.has(mFunctionName) || k.has(mFunctionArgs) {
		name, arguments := text(k.take(mFunctionName)), k.take(mFunctionArgs)
		if k.has(mToolCalls) && w.parts.hasCall(name, arguments) {
			return
		}
		part := w.parts.add(partToolCall, 2)
		part.PutStr(keyName, name)
		if !null(arguments) {
			putArguments(part, arguments)
		}
		w.parts.content = true
	}
}

// repeatsCall says that a function's call is one of those written, and says
// nothing else.
func (w *messageWriter) repeatsCall(v pcommon.Value) bool {
	m, ok := semconv.MapOf(v)
	if !ok {
		return false
	}
	r := read(m)
	name, arguments := text(r.take(toolNames...)), r.take(toolArguments...)
	return name != "" && !r.more() && w.parts.hasCall(name, arguments)
}

// toolCallList writes a list of calls. Some have them among the parts of the
// content as well, where their place is known.
func (w *messageWriter) toolCallList(list pcommon.Slice) {
	var written map[string]pcommon.Map
	if !w.parts.joining && w.parts.list.Len() > 0 {
		written = w.parts.calls()
	}
	for i := range list.Len() {
		if m, ok := semconv.MapOf(list.At(i)); ok {
			m = unwrapped(m)
			if call, ok := written[text(first(m, callIDs...))]; ok {
				w.parts.complete(call, m)
				continue
			}
			if w.parts.joinCall(m) {
				continue
			}
		}
		w.toolCall(list.At(i))
	}
}

// complete adds to a call what only its repetition says.
func (w *partWriter) complete(call, m pcommon.Map) {
	function := m
	if inner, ok := mapIn(m, typeFunction); ok {
		function = inner
	}
	if name := text(first(function, toolNames...)); name != "" && str(get(call, keyName)) == "" {
		call.PutStr(keyName, name)
	}
	if arguments := first(function, toolArguments...); !blank(arguments) && blank(get(call, keyArguments)) {
		putArguments(call, arguments)
		w.content = true
	}
}

func (w *messageWriter) toolCall(v pcommon.Value) {
	if m, ok := semconv.MapOf(v); ok {
		w.parts.wrappedCall(m)
	} else {
		w.parts.part(v, 0)
	}
}
