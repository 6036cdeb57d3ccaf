package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// expand reads a message whose only part is the JSON text of what stands for a
// message's content or a whole conversation: parts become the message's own,
// messages and items take its place, which true says. A user may well write
// JSON, so all of it must be known, and known well; and a message beside others
// quotes a conversation that it is not. Anything else stays text.
func (d *draft) expand(f field, k *messageFields) bool {
	s := k.onlyText()
	if d.expanding || !looksLikeJSON(s) {
		return false
	}
	v := pcommon.NewValueEmpty()
	if !semconv.ParseJSON(s, v) {
		return false
	}
	reason := finishReason(k.values[mFinish])
	d.expanding = true
	defer func() { d.expanding = false }()
	if f == fieldOutput && d.openAIResponses(v) {
		d.finishLast(reason)
		return true
	}
	list, ok := semconv.SliceOf(v)
	if !ok {
		return false
	}
	switch contentKindOf(list) {
	case contentParts:
		k.values[mParts] = v
	case contentMessages:
		if d.several {
			return false
		}
		d.messages(f, list)
		if f == fieldOutput {
			d.finishLast(reason)
		}
		return true
	}
	return false
}

// onlyText is the text of a message that has one part, a text, and says nothing
// else besides its role and why it ended; empty when it is another.
func (k *messageFields) onlyText() string {
	parts, ok := semconv.SliceOf(orNull(k.values[mParts]))
	if !ok || parts.Len() != 1 || k.source == (pcommon.Map{}) || k.wrapper != (pcommon.Map{}) {
		return ""
	}
	part, ok := semconv.MapOf(parts.At(0))
	if !ok {
		return ""
	}
	if typ := str(get(part, keyType)); typ != "" && typ != partText {
		return ""
	}
	r := read(part)
	r.use(keyType)
	s := r.takeText(keyContent, "text")
	if s == "" || r.more() {
		return ""
	}
	for key, v := range k.source.All() {
		switch messageFieldOf(key) {
		case mRole, mParts, mFinish:
		default:
			if !semconv.IsEmpty(v) {
				return ""
			}
		}
	}
	return s
}

// contentKind says what a list that was JSON text holds.
type contentKind uint8

const (
	contentUnknown contentKind = iota
	contentParts
	contentMessages
)

// contentKindOf tells parts from messages and items, when there is nothing else.
func contentKindOf(list pcommon.Slice) contentKind {
	kind := contentUnknown
	for i := range list.Len() {
		m, ok := semconv.MapOf(list.At(i))
		switch {
		case !ok:
			return contentUnknown
		case isContentPart(m):
			kind = max(kind, contentParts)
		case isChatMessage(m), isResponsesItem(m):
			kind = contentMessages
		default:
			return contentUnknown
		}
	}
	return kind
}

// isChatMessage says that an object is {role, content | tool_calls | parts}
// with a role that is known.
func isChatMessage(m pcommon.Map) bool {
	switch strings.ToLower(str(get(m, keyRole))) {
	case roleSystem, "developer", roleUser, roleAssistant, roleTool, "function", "model", "human", "ai":
	default:
		return false
	}
	if content := get(m, keyContent); !null(content) {
		switch content.Type() {
		case pcommon.ValueTypeStr, pcommon.ValueTypeSlice, pcommon.ValueTypeMap:
			return true
		}
		return false
	}
	for _, key := range [...]string{semconv.FieldToolCalls, keyParts} {
		if _, ok := sliceIn(m, key); ok {
			return true
		}
	}
	return false
}

// isResponsesItem says that an object is an item of OpenAI's Responses API.
func isResponsesItem(m pcommon.Map) bool {
	switch str(get(m, keyType)) {
	case "function_call":
		return str(get(m, keyName)) != "" && !null(get(m, keyArguments))
	case "function_call_output":
		return str(get(m, "call_id")) != "" && !null(get(m, "output"))
	case partReasoning:
		return !null(first(m, "summary", keyContent, "encrypted_content"))
	}
	return false
}

// isContentPart says that an object is a part that names its type and has what
// the type stands for.
func isContentPart(m pcommon.Map) bool {
	switch typ := str(get(m, keyType)); typ {
	case partText, "input_text", "output_text", partRefusal, "thinking":
		for _, key := range [...]string{keyContent, "text", partRefusal, "thinking"} {
			if v := get(m, key); !null(v) {
				return v.Type() == pcommon.ValueTypeStr
			}
		}
	case partReasoning:
		return str(first(m, keyContent, "text")) != ""
	case "redacted_thinking":
		return str(get(m, "data")) != ""
	case partToolCall, "tool-call", "tool_use":
		return str(first(m, callIDs...)) != "" && str(first(m, toolNames...)) != ""
	case partToolResponse, "tool-result", "tool_result":
		return str(first(m, callIDs...)) != ""
	case "image_url", "input_image", "input_audio", "input_file":
		return hasMedia(m)
	case partFile, "image", "audio", "video", "document", partBlob, partURI:
		// Words that others use as well.
		if _, ok := mapIn(m, "source", "file", "image", "audio", "video"); ok {
			return hasMedia(m)
		}
		return !null(first(m, keyModality, "media_type", "mediaType", keyMimeType, "mimeType")) && hasMedia(m)
	}
	return false
}

func hasMedia(m pcommon.Map) bool {
	var media mediaPart
	media.add(m)
	return !media.isEmpty()
}

// openAIResponses reads what OpenAI's APIs answered, one response or a list of
// them.
func (d *draft) openAIResponses(v pcommon.Value) bool {
	if m, ok := semconv.MapOf(v); ok {
		return isOpenAIResponse(m) && d.response(m, 0)
	}
	list, ok := semconv.SliceOf(v)
	if !ok || list.Len() == 0 {
		return false
	}
	for i := range list.Len() {
		if m, ok := semconv.MapOf(list.At(i)); !ok || !isOpenAIResponse(m) {
			return false
		}
	}
	for i := range list.Len() {
		m, _ := semconv.MapOf(list.At(i))
		d.response(m, 0)
	}
	return true
}

// isOpenAIResponse says that an object is a response that has an answer.
func isOpenAIResponse(m pcommon.Map) bool {
	var key string
	switch str(get(m, "object")) {
	case "chat.completion":
		key = "choices"
	case "response":
		key = "output"
	default:
		return false
	}
	list, ok := sliceIn(m, key)
	if !ok || list.Len() == 0 {
		return false
	}
	for i := range list.Len() {
		answer, ok := semconv.MapOf(list.At(i))
		if !ok || key == "choices" && itemOf(answer) != messageItem || key == "output" && itemOf(answer) == noItem {
			return false
		}
	}
	return true
}
