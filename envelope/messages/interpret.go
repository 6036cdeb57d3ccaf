package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// attribute reads what an attribute says about a field: structured, JSON text
// or plain text. What cannot be read as messages is kept as the text or the
// part that it is.
func (d *draft) attribute(f field, v pcommon.Value) {
	if semconv.IsEmpty(v) {
		return
	}
	if v.Type() != pcommon.ValueTypeStr {
		d.structure(f, v, v)
		return
	}
	s := v.Str()
	parsed := pcommon.NewValueEmpty()
	switch {
	case looksLikeJSON(s):
		if semconv.ParseJSON(s, parsed) {
			d.structure(f, v, parsed)
		} else {
			d.raw(f, v)
		}
	case s[0] == '"' && semconv.ParseJSON(s, parsed):
		d.plain(f, parsed.Str())
	default:
		d.plain(f, s)
	}
}

// structure reads what v says as structure; v itself is shown when that is
// nothing known.
func (d *draft) structure(f field, v, parsed pcommon.Value) {
	if d.value(f, parsed, 0) {
		d.end()
	} else {
		d.raw(f, v)
	}
}

// plain writes text that is a message by itself.
func (d *draft) plain(f field, s string) {
	d.begin(f, roleOf("", f)).parts.text(partText, s)
	d.end()
}

// raw writes what should have been messages as the text or the parts it is.
func (d *draft) raw(f field, v pcommon.Value) {
	d.members = nil
	w := d.begin(f, roleOf("", f))
	w.raw = true
	w.parts.part(v, 0)
	d.end()
}

// value reads messages from structure. False means that nothing in it is known
// as a message, a part or a request or response that holds some; nothing is
// written then.
func (d *draft) value(f field, v pcommon.Value, depth int) bool {
	if depth > maxNesting {
		return false
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		d.plain(f, v.Str())
		return true
	case pcommon.ValueTypeMap:
		m, ok := semconv.MapOf(v)
		return ok && d.object(f, m, depth)
	case pcommon.ValueTypeSlice:
		list, ok := semconv.SliceOf(v)
		if ok && list.Len() == 1 && list.At(0).Type() == pcommon.ValueTypeSlice {
			// LangChain's callbacks get a list of conversations, of one.
			return d.value(f, list.At(0), depth+1)
		}
		if answer, one := onlyResponse(list); one && f == fieldOutput {
			return d.object(f, answer, depth)
		}
		if ok && areConversations(list) {
			for i := range list.Len() {
				d.messages(f, list.At(i).Slice())
			}
			return true
		}
		return ok && d.messages(f, list)
	}
	return false
}

// onlyResponse answers the response that a list consists of.
func onlyResponse(list pcommon.Slice) (pcommon.Map, bool) {
	if list == (pcommon.Slice{}) || list.Len() != 1 {
		return pcommon.Map{}, false
	}
	m, ok := semconv.MapOf(list.At(0))
	return m, ok && itemOf(m) == noItem && semconv.IsResponse(m)
}

// object reads one message, one part, or the request or response of an API.
func (d *draft) object(f field, m pcommon.Map, depth int) bool {
	if m.Len() == 0 {
		return false
	}
	if item := itemOf(m); item != noItem {
		d.several = d.expanding && d.several
		d.item(f, item, m)
		d.end()
		switch {
		case depth > 0 || item != messageItem:
		case d.told != nil:
			d.foreignMembers(m, foreign[:])
		case d.leavesOut:
			d.foreignMembers(m, leftOut[:])
		}
		return true
	}
	if m = objectIn(m); f == fieldOutput {
		return d.response(m, depth)
	}
	return d.request(m, depth)
}

// itemKind says what an element of a list of messages is.
type itemKind uint8

const (
	noItem itemKind = iota
	// messageItem is a message with a role or parts.
	messageItem
	// partItem is a part without a message around it.
	partItem
	// callItem and answerItem are items of OpenAI's Responses API that are
	// messages of the assistant and of a tool.
	callItem
	answerItem
)

func itemOf(m pcommon.Map) itemKind {
	if isMessage(m) {
		return messageItem
	}
	if content, ok := mapIn(m, keyContent); ok && isMessage(content) {
		return messageItem
	}
	typ := str(get(m, keyType))
	switch typ {
	case "message", "human", "ai":
		return messageItem
	case roleSystem, roleTool:
		// LangChain's messages; with anything else they are no messages.
		if !absent(get(m, keyContent)) {
			return messageItem
		}
	case "function_call", partReasoning, "custom_tool_call", "web_search_call", "file_search_call", "mcp_call",
		"code_interpreter_call", "image_generation_call", "computer_call", "local_shell_call":
		return callItem
	case "function_call_output", "custom_tool_call_output", "computer_call_output", "local_shell_call_output":
		return answerItem
	}
	if isPart(typ, m) {
		return partItem
	}
	return noItem
}

// isPart says that an object is known as a part.
func isPart(typ string, m pcommon.Map) bool {
	switch typ {
	case partText, "input_text", "output_text", partRefusal, "thinking", "redacted_thinking",
		partToolCall, "tool-call", "tool_use", "toolUse", "toolCall",
		partToolResponse, "tool-result", "tool_result", "toolResult",
		partBlob, partURI, partFile, "file_data", "image", "image_url", "input_image", "audio", "input_audio",
		"video", "document", "input_file", "server_tool_call", "server_tool_call_response", "server_tool_use", "compaction":
		return true
	case typeFunction:
		_, ok := mapIn(m, typeFunction)
		return ok
	case "":
	default:
		return false
	}
	for key, v := range m.All() {
		switch key {
		case "text":
			if v.Type() == pcommon.ValueTypeStr {
				return true
			}
		case partReasoning:
			// Requests have settings under that name.
			if block, ok := semconv.MapOf(v); ok && !null(first(block, "text", "redactedContent")) {
				return true
			}
		case "citations", "citationsContent":
			if block, ok := semconv.MapOf(v); ok {
				if _, ok := sliceIn(block, keyContent); ok {
					return true
				}
			}
		case "toolUse", "toolResult", "reasoningContent", "guardContent", "functionCall", "function_call", "functionResponse",
			"function_response", "inlineData", "inline_data", "fileData", "file_data", "toolRequest", "toolResponse",
			"media", "image", "document", "video", "message_content", "tool_call", "executableCode", "codeExecutionResult":
			if v.Type() == pcommon.ValueTypeMap {
				return true
			}
		}
	}
	return false
}

// IsConversation says that a value, structured or JSON text, is a message, a
// list of messages or a request that holds one.
func IsConversation(v pcommon.Value) bool {
	v = parsed(v)
	if m, ok := semconv.MapOf(v); ok {
		if inner, ok := sliceIn(m, "messages"); ok {
			return holdsMessage(inner)
		}
		return itemOf(m) == messageItem
	}
	list, ok := semconv.SliceOf(v)
	return ok && holdsMessage(list)
}

func holdsMessage(list pcommon.Slice) bool {
	for i := range list.Len() {
		if m, ok := semconv.MapOf(list.At(i)); ok && itemOf(m) == messageItem {
			return true
		}
	}
	return false
}

// areBlocks says that a list holds the blocks of one message: objects of which
// at least one is known as a part, and none as a message. Whatever else is among
// them is a part that somebody added.
func areBlocks(v pcommon.Value) bool {
	list, ok := semconv.SliceOf(v)
	if !ok {
		return false
	}
	known := false
	for i := range list.Len() {
		m, ok := semconv.MapOf(list.At(i))
		if !ok {
			return false
		}
		switch itemOf(m) {
		case messageItem:
			return false
		case noItem:
		default:
			known = true
		}
	}
	return known
}

// messages reads a list of messages, parts and items. False when it has
// elements and none of them is known.
func (d *draft) messages(f field, list pcommon.Slice) bool {
	if !anyKnown(list) {
		return false
	}
	d.list(f).EnsureCapacity(list.Len())
	if !d.expanding {
		d.several = list.Len() > 1
	}
	for i := range list.Len() {
		element := list.At(i)
		m, ok := semconv.MapOf(element)
		if !ok {
			// JSON text for a message is what some write into string lists.
			if m, ok = semconv.MapOf(parsed(element)); !ok || itemOf(m) == noItem {
				d.loose(f, roleOf("", f)).parts.part(element, 0)
				continue
			}
		}
		d.item(f, itemOf(m), m)
	}
	d.end()
	return true
}

func anyKnown(list pcommon.Slice) bool {
	for i := range list.Len() {
		element := list.At(i)
		if element.Type() == pcommon.ValueTypeStr {
			return true
		}
		if m, ok := semconv.MapOf(element); ok && itemOf(m) != noItem {
			return true
		}
	}
	return list.Len() == 0
}

// item reads one element of a list of messages.
func (d *draft) item(f field, kind itemKind, m pcommon.Map) {
	switch kind {
	case messageItem:
		var k messageFields
		k.read(m)
		k.unwrap()
		k.response = f == fieldOutput && d.learn(m)
		d.message(f, &k)
	case callItem:
		d.loose(f, roleAssistant).parts.mapPart(m, 0)
	case answerItem:
		d.loose(f, roleTool).parts.mapPart(m, 0)
	default:
		d.loose(f, roleOf("", f)).parts.mapPart(m, 0)
	}
}

// loose is the writer of the message that loose parts of a role go into.
func (d *draft) loose(f field, role string) *messageWriter {
	w := &d.writer
	if !w.open || !w.implied || w.role != role || w.field != f {
		d.begin(f, role)
		w.implied = true
	}
	return w
}

// message writes a message. Two kinds continue the one before: chunks of a
// stream, which Gemini's tools write as messages of the role model, and
// messages of the Responses API, which are items of one answer.
func (d *draft) message(f field, k *messageFields) {
	if d.expand(f, k) {
		return
	}
	name := k.roleName()
	role := d.roleOf(k, f)
	w := &d.writer
	chunk := f == fieldOutput && isGeminiRole(name) && !k.has(mIndex)
	item := role == roleAssistant && str(k.values[mType]) == "message"
	switch {
	case chunk && w.open && w.streamed && w.field == f:
	case w.open && w.resumable && w.finish == "" && w.field == f && w.role == role:
		w.parts.joining = true
		w.resumable = false
		w.add(k)
		w.parts.joining = false
		return
	case item:
		w = d.loose(f, role)
	default:
		w = d.begin(f, role)
		w.streamed = chunk
		w.parts.joining = chunk
	}
	w.add(k)
}
