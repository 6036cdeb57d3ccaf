package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// maxNesting is how deep lists of parts may stand in each other before they are
// copied as they are.
const maxNesting = 4

// part appends what any dialect calls a part, a block or an item of a message.
// Nothing is dropped: what is not known stays as a generic part.
func (w *partWriter) part(v pcommon.Value, depth int) {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
	case pcommon.ValueTypeStr:
		w.text(partText, v.Str())
	case pcommon.ValueTypeMap:
		if m, ok := semconv.MapOf(v); ok {
			w.mapPart(m, depth)
		}
	case pcommon.ValueTypeSlice:
		list, ok := semconv.SliceOf(v)
		if ok && depth < maxNesting && !isData(list) {
			for i := range list.Len() {
				w.part(list.At(i), depth+1)
			}
			return
		}
		w.genericValue(v)
	default:
		w.text(partText, v.AsString())
	}
}

// isData says that a list holds numbers and the like, which are no parts: a
// vector, say.
func isData(list pcommon.Slice) bool {
	for i := range list.Len() {
		switch list.At(i).Type() {
		case pcommon.ValueTypeStr, pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
			return false
		}
	}
	return list.Len() > 0
}

// genericValue keeps a value that is no object.
func (w *partWriter) genericValue(v pcommon.Value) {
	part := w.add(partUnknown, 1)
	v.CopyTo(part.PutEmpty(keyContent))
	w.content = true
}

// mapPart appends a part that is an object. What it returns is the part that
// was written last, zero when there was nothing to write.
func (w *partWriter) mapPart(m pcommon.Map, depth int) pcommon.Map {
	typ := str(get(m, keyType))
	if w.flat && typ != "" && isBare(m) {
		w.lacking = true
		return pcommon.Map{}
	}
	if typ != "" {
		return w.typedPart(typ, m, depth)
	}
	return w.untypedPart(m, depth)
}

// isBare says that a part has nothing but its type.
func isBare(m pcommon.Map) bool {
	for key, v := range m.All() {
		if key != keyType && v.Type() != pcommon.ValueTypeEmpty {
			return false
		}
	}
	return true
}

// typedPart appends a part that names its type.
func (w *partWriter) typedPart(typ string, m pcommon.Map, depth int) pcommon.Map {
	switch typ {
	case partText, "input_text", "output_text":
		return w.textPart(partText, m, keyContent, "text")
	case "summary_text", "reasoning_text":
		return w.textPart(partReasoning, m, keyContent, "text")
	case partRefusal:
		return w.textPart(partRefusal, m, keyContent, "refusal")
	case partReasoning, "thinking":
		return w.reasoning(m)
	case partToolCall, "tool-call", "tool_use", "toolUse", "function_call", typeFunction, "toolCall":
		return w.wrappedCall(m)
	case partToolResponse, "tool-result", "tool_result", "toolResult", "function_call_output",
		"tool_response", "function_response":
		return w.toolResponse(m)
	case partBlob, partURI, partFile, "file_data", "image", "image_url", "input_image", "audio", "input_audio",
		"video", "document", "input_file", "media":
		return w.media(typ, m, depth)
	default:
		return w.generic(m)
	}
}

// textPart appends text that stands under one of the keys. Under content it is
// in the current shape already.
func (w *partWriter) textPart(typ string, m pcommon.Map, keys ...string) pcommon.Map {
	r := read(m)
	v := r.take(keys...)
	if absent(v) {
		// The type is all that is left when content is switched off.
		part := w.add(typ, m.Len())
		r.keep(part)
		w.content = w.content || saysSomething(m)
		return part
	}
	part := w.text(typ, text(v))
	if m.Len() > 2 || m.Len() == 2 && absent(get(m, keyType)) {
		r.keep(part)
	}
	return part
}

// reasoning appends what a model thought: current and Vercel's text, Anthropic's
// thinking, and the summaries of OpenAI's Responses API.
func (w *partWriter) reasoning(m pcommon.Map) pcommon.Map {
	r := read(m)
	summary, summed := r.takeSlice("summary")
	thoughts, thought := r.takeSlice(keyContent)
	if !summed && !thought {
		return w.textPart(partReasoning, m, keyContent, "text", "thinking", "reasoning")
	}
	var last pcommon.Map
	for _, list := range [...]pcommon.Slice{summary, thoughts} {
		if list == (pcommon.Slice{}) {
			continue
		}
		for i := range list.Len() {
			item := list.At(i)
			if block, ok := semconv.MapOf(item); ok {
				last = w.textPart(partReasoning, block, keyContent, "text")
			} else {
				last = w.text(partReasoning, text(item))
			}
		}
	}
	if rest := r.take(keyContent, "text"); last == (pcommon.Map{}) || !thought && !absent(rest) {
		last = w.text(partReasoning, text(rest))
	}
	r.keep(last)
	return last
}

// untypedPart appends a part that is known by its key: blocks of Bedrock and
// Strands, parts of Gemini and Genkit, wrappers of OpenInference.
func (w *partWriter) untypedPart(m pcommon.Map, depth int) pcommon.Map {
	r := read(m)
	var part pcommon.Map
	if depth < maxNesting {
		if inner, ok := r.takeMap("message_content"); ok {
			part = w.openInferencePart(&r, inner, depth+1)
		}
	}
	if part == (pcommon.Map{}) {
		part = w.untypedText(&r)
	}
	if part == (pcommon.Map{}) {
		part = w.untypedTool(&r)
	}
	if part == (pcommon.Map{}) && depth < maxNesting {
		part = w.wrappedText(&r, depth)
	}
	if part == (pcommon.Map{}) {
		part = w.untypedMedia(&r)
	}
	if part == (pcommon.Map{}) {
		if r.n > 0 && !r.more() {
			// What was read is no part.
			return part
		}
		return w.generic(m)
	}
	r.keep(part)
	return part
}

// openInferencePart appends what stands in message_content, or the call that
// stands beside it.
func (w *partWriter) openInferencePart(r *reading, inner pcommon.Map, depth int) pcommon.Map {
	if isCallType(str(get(inner, keyType))) {
		if call, ok := r.takeMap(partToolCall); ok {
			part := w.toolCall(call)
			around := read(inner)
			around.keep(part)
			return part
		}
	}
	return w.mapPart(inner, depth)
}

func (w *partWriter) untypedText(r *reading) pcommon.Map {
	for _, key := range [...]string{"text", keyContent, "reasoning"} {
		v := get(r.m, key)
		if absent(v) || v.Type() != pcommon.ValueTypeStr {
			continue
		}
		r.use(key)
		typ := partText
		if thought := get(r.m, "thought"); !absent(thought) && thought.Bool() {
			r.use("thought")
			typ = partReasoning
		}
		if key == "reasoning" {
			typ = partReasoning
		}
		return w.text(typ, v.Str())
	}
	block, ok := r.takeMap("reasoningContent", "reasoning_content", partReasoning)
	if !ok {
		return pcommon.Map{}
	}
	outer := read(block)
	inner, ok := outer.takeMap("reasoningText", "reasoning_text")
	if !ok {
		return w.textPart(partReasoning, block, keyContent, "text")
	}
	part := w.textPart(partReasoning, inner, keyContent, "text")
	outer.keep(part)
	return part
}

// wrappedText appends the text of Bedrock's blocks that say more about it: what
// a guardrail is to look at, and what sources are quoted for.
func (w *partWriter) wrappedText(r *reading, depth int) pcommon.Map {
	if block, ok := r.takeMap("guardContent"); ok {
		outer := read(block)
		var part pcommon.Map
		if inner, ok := outer.takeMap("text"); ok {
			part = w.textPart(partText, inner, "text", keyContent)
			outer.keep(part)
		} else {
			part = w.mapPart(block, depth+1)
		}
		return part
	}
	for _, key := range [...]string{"citationsContent", "citations"} {
		block, ok := mapIn(r.m, key)
		if !ok {
			continue
		}
		outer := read(block)
		texts, ok := outer.takeSlice(keyContent)
		if !ok {
			continue
		}
		var part pcommon.Map
		for i := range texts.Len() {
			if m, ok := semconv.MapOf(texts.At(i)); ok {
				part = w.mapPart(m, depth+1)
			} else {
				part = w.text(partText, text(texts.At(i)))
			}
		}
		if part != (pcommon.Map{}) {
			r.use(key)
			outer.keep(part)
			return part
		}
	}
	return pcommon.Map{}
}

func (w *partWriter) untypedTool(r *reading) pcommon.Map {
	if call, ok := r.takeMap("toolUse", "functionCall", "function_call", "toolRequest", "tool_use", partToolCall); ok {
		return w.toolCall(call)
	}
	if result, ok := r.takeMap("toolResult", "functionResponse", "function_response", "toolResponse", "tool_result"); ok {
		return w.toolResponse(result)
	}
	return pcommon.Map{}
}

// toolResponse appends what a tool answered, parsed when it is JSON in a
// string.
func (w *partWriter) toolResponse(m pcommon.Map) pcommon.Map {
	r := read(m)
	part := w.response(r.take(callIDs...), r.take(keyResponse, "result", "output", keyContent))
	r.use(keyID)
	if name := r.take("toolName"); !empty(name) {
		part.PutStr(keyName, text(name))
	}
	r.keep(part)
	return part
}

// response appends a tool's response to a call.
func (w *partWriter) response(id, response pcommon.Value) pcommon.Map {
	part := w.add(partToolResponse, 2)
	if !empty(id) {
		part.PutStr(keyID, text(id))
	}
	if null(response) {
		return part
	}
	w.content = true
	// Vercel's SDK says what a result is: {type: json, value: …}.
	if m, ok := semconv.MapOf(response); ok && m.Len() == 2 {
		if value := first(m, "value"); !absent(value) && str(get(m, keyType)) != "" {
			response = value
		}
	}
	putParsed(part, keyResponse, response)
	return part
}

// generic appends a part as it is. The convention wants a type on every part:
// an object with one key is named after it.
func (w *partWriter) generic(m pcommon.Map) pcommon.Map {
	if m.Len() == 0 {
		return pcommon.Map{}
	}
	part := w.copied(m)
	w.content = w.content || saysSomething(m)
	typ := get(part, keyType)
	if str(typ) != "" {
		return part
	}
	name := partUnknown
	if m.Len() == 1 {
		for key := range m.All() {
			if key != "" && key != keyType {
				name = key
			}
		}
	}
	if !empty(typ) {
		odd := pcommon.NewValueEmpty()
		typ.CopyTo(odd)
		odd.MoveTo(otherOf(part).PutEmpty(keyType))
	}
	part.PutStr(keyType, name)
	return part
}

// saysSomething says whether a part has more than what it is: its type, id,
// name and the kind of its data.
func saysSomething(m pcommon.Map) bool {
	for key, v := range m.All() {
		switch key {
		case keyType, keyID, keyName, keyModality, keyMimeType:
			continue
		}
		if v.Type() != pcommon.ValueTypeEmpty && (v.Type() != pcommon.ValueTypeStr || v.Str() != "") {
			return true
		}
	}
	return false
}
