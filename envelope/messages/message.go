package messages

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// messageField is one thing that a message says.
type messageField uint8

const (
	mRole messageField = iota
	mName
	mID
	mCallID
	mContent
	mText
	mContents
	mParts
	mToolCalls
	mFunctionCall
	mFunctionName
	mFunctionArgs
	mReasoning
	mRefusal
	mFinish
	mIndex
	mMessage
	mType
	mExtra
	mMetadata
	mCount
	mNone
)

// messageFieldOf tells a field by what any dialect calls it.
func messageFieldOf(key string) messageField {
	switch key {
	case semconv.FieldRole:
		return mRole
	case semconv.FieldName:
		return mName
	case semconv.FieldID:
		return mID
	case semconv.FieldToolCallID, "toolCallId", "call_id", "tool_use_id":
		return mCallID
	case semconv.FieldContent:
		return mContent
	case "text":
		return mText
	case "contents":
		return mContents
	case semconv.FieldParts:
		return mParts
	case semconv.FieldToolCalls, "toolCalls":
		return mToolCalls
	case "function_call":
		return mFunctionCall
	case "function_call_name":
		return mFunctionName
	case "function_call_arguments_json":
		return mFunctionArgs
	case semconv.FieldReasoning, "reasoning_content":
		return mReasoning
	case partRefusal:
		return mRefusal
	case semconv.FieldFinishReason, "finishReason", "stop_reason", "stopReason":
		return mFinish
	case semconv.FieldIndex:
		return mIndex
	case semconv.FieldMessage:
		return mMessage
	case keyType:
		return mType
	case "additional_kwargs":
		return mExtra
	case "response_metadata":
		return mMetadata
	}
	return mNone
}

// messageFields is what a message says, and what of it was written; the values
// are zero where it says nothing.
type messageFields struct {
	values [mCount]pcommon.Value
	// keys are what source calls the fields; empty for what stands elsewhere.
	keys [mCount]string
	used [mCount]bool
	// source is the object that the fields stand in; it is zero when they
	// are attributes of an event, which may be anybody's.
	source pcommon.Map
	// wrapper is the object around it, under whose key inner it stands, and
	// inherited what was taken from there.
	wrapper   pcommon.Map
	inner     string
	inherited [mCount]bool
	// repeated are keys under which something stands that was read elsewhere.
	repeated []string
	// extraRepeated are the same of what LangChain has beside the fields.
	extraRepeated []string
	// response says that the outermost object is a whole response.
	response bool
}

// read collects the fields of a message in one pass.
func (k *messageFields) read(m pcommon.Map) {
	inner, role, wrapped := serialised(m)
	if wrapped {
		m = inner
	}
	k.source = m
	for key, v := range m.All() {
		k.set(key, v)
	}
	if wrapped && role != "" && str(k.values[mRole]) == "" {
		k.values[mRole] = pcommon.NewValueStr(role)
	}
	k.additional()
}

// set takes a field, unless it is known: then the value is one of the others.
func (k *messageFields) set(key string, v pcommon.Value) {
	f := messageFieldOf(key)
	if f != mNone && null(k.values[f]) {
		k.values[f], k.keys[f] = v, key
	}
}

// has says that a field is there and not null.
func (k *messageFields) has(f messageField) bool { return !null(k.values[f]) }

// take is a field's value, which counts as written.
func (k *messageFields) take(f messageField) pcommon.Value {
	k.used[f] = true
	return k.values[f]
}

func isIndexValue(v pcommon.Value) bool {
	if null(v) {
		return false
	}
	_, ok := semconv.IntOf(v)
	return ok
}

// unwrap follows a message that stands in an object of its own: a choice's
// message, a candidate's content. What the wrapper says about it (role, finish
// reason, index, tool calls) stays valid.
func (k *messageFields) unwrap() {
	inner, from, found := pcommon.Map{}, mMessage, false
	if k.has(mMessage) {
		inner, found = semconv.MapOf(parsed(k.values[mMessage]))
	}
	if !found && k.has(mContent) && !k.has(mParts) {
		if m, ok := semconv.MapOf(k.values[mContent]); ok && isMessage(m) {
			inner, from, found = m, mContent, true
		}
	}
	if !found {
		return
	}
	var message messageFields
	message.read(inner)
	message.wrapper, message.inner = k.source, k.keys[from]
	for _, f := range [...]messageField{mRole, mFinish, mIndex, mToolCalls, mID} {
		if !message.has(f) && k.has(f) {
			message.values[f], message.keys[f] = k.values[f], k.keys[f]
			message.inherited[f] = true
		}
	}
	*k = message
}

// keep copies into the message what was not written of its source and wrapper.
// What a response says about itself is read as facts and no message's, and what
// it repeats of the request and of the provider's own response is left out.
func (k *messageFields) keep(message pcommon.Map) {
	var used [mCount + 1]string
	keepType(message, k.source)
	keepType(message, k.wrapper)
	if k.source != (pcommon.Map{}) && k.source.Len() > 0 {
		n := k.usedKeys(used[:0], false)
		if len(n) < k.source.Len() {
			n = append(append(n, semconv.AttrEventName), k.repeated...)
			if k.response && k.wrapper == (pcommon.Map{}) {
				putRest(message, k.source, append(n, foreign[:]...)...)
			} else {
				putRest(message, k.source, n...)
			}
		}
		k.keepAdditional(message)
	}
	if k.wrapper != (pcommon.Map{}) {
		n := k.usedKeys(make([]string, 0, mCount+8), true)
		n = append(append(n, k.inner, semconv.AttrEventName), k.repeated...)
		if k.response {
			n = append(n, foreign[:]...)
		}
		putRest(message, k.wrapper, append(n, leftOut[:]...)...)
	}
}

// keepType puts a message's type, unless it is one that says no more than that it
// is a message, and whose.
func keepType(message, source pcommon.Map) {
	if source == (pcommon.Map{}) {
		return
	}
	v, ok := source.Get(keyType)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return
	}
	typ := strings.TrimSuffix(strings.ToLower(v.Str()), "chunk")
	switch strings.TrimSuffix(strings.TrimSuffix(typ, "message"), "generation") {
	case "", "chat", "human", roleUser, "ai", roleAssistant, roleSystem, "developer", roleTool, typeFunction, partText:
	default:
		putFree(message, keyType, v)
	}
}

// leftOut are the keys of a wrapper that stay with it.
var leftOut = [...]string{"usage", "usageMetadata", "usage_metadata", "request", "custom", "raw"}

// leavesOut says that something of the wrapper stays with it.
func (k *messageFields) leavesOut() bool {
	if k.response {
		outer := k.source
		if k.wrapper != (pcommon.Map{}) {
			outer = k.wrapper
		}
		for key, v := range outer.All() {
			if !semconv.IsEmpty(v) && slices.Contains(foreign[:], key) {
				return true
			}
		}
	}
	return k.wrapper != (pcommon.Map{}) && !empty(first(k.wrapper, leftOut[:]...))
}

// usedKeys appends the names of the fields that were written, of those that
// were inherited or of the others.
func (k *messageFields) usedKeys(keys []string, inherited bool) []string {
	for f := range mCount {
		if k.used[f] && k.inherited[f] == inherited && !absent(k.values[f]) && k.keys[f] != "" {
			keys = append(keys, k.keys[f])
		}
	}
	return keys
}

// isMessage says that an object is a message in some dialect, and no part.
func isMessage(m pcommon.Map) bool {
	for key, v := range m.All() {
		switch key {
		case keyRole:
			if v.Type() == pcommon.ValueTypeStr {
				return true
			}
		case keyParts:
			if v.Type() == pcommon.ValueTypeSlice {
				return true
			}
		case "message":
			if v.Type() == pcommon.ValueTypeMap {
				return true
			}
		case "tool_calls", "toolCalls":
			return true
		case "lc", "data":
			if _, _, ok := serialised(m); ok {
				return true
			}
		}
	}
	return false
}

// roleOf is the convention's word for a role that a message of a field states,
// in any dialect.
func roleOf(role string, f field) string {
	switch strings.ToLower(role) {
	case "":
		if f == fieldOutput {
			return roleAssistant
		}
		return roleUser
	case roleAssistant, "model", "ai", "chatbot":
		return roleAssistant
	case roleUser, "human":
		return roleUser
	case roleTool, "function", "tools":
		return roleTool
	case roleSystem:
		// What a model answers is never the system's; Gemini CLI writes
		// so.
		if f == fieldOutput {
			return roleAssistant
		}
		return roleSystem
	}
	return role
}

// roleName is the role that a message states, in its own words; LangChain
// states it as the message's type.
func (k *messageFields) roleName() string {
	if role := str(k.values[mRole]); role != "" {
		return role
	}
	switch typ := str(k.values[mType]); typ {
	case "human", "ai", roleSystem, roleTool:
		return typ
	}
	return ""
}

// add writes what a message says into the open one.
func (w *messageWriter) add(k *messageFields) {
	k.used[mRole] = str(k.values[mRole]) != ""
	k.used[mIndex] = isIndexValue(k.values[mIndex])
	if !empty(k.values[mReasoning]) {
		reasoning := k.take(mReasoning)
		if block, ok := semconv.MapOf(reasoning); ok {
			w.parts.reasoning(block)
		} else {
			w.parts.text(partReasoning, text(reasoning))
		}
	}
	if k.has(mParts) {
		w.parts.part(parsed(k.take(mParts)), 0)
	}
	switch {
	case (w.role == roleTool || k.answers()) && (k.has(mContent) || !k.has(mParts) && !k.has(mContents) && !empty(k.responseID())):
		w.toolContent(k)
	case k.has(mContent):
		w.content(k.take(mContent))
	case !k.has(mParts) && str(k.values[mText]) != "":
		// Genkit and Vercel put it beside toolCalls.
		w.content(k.take(mText))
	}
	if k.has(mContents) {
		w.parts.part(k.take(mContents), 0)
	}
	if refusal := str(k.values[mRefusal]); refusal != "" {
		k.used[mRefusal] = true
		w.parts.text(partRefusal, refusal)
	}
	w.toolCalls(k)
	w.describe(k)
}

// content writes a message's content: text, one part or a list of them. A list
// of parts may come as JSON text.
func (w *messageWriter) content(v pcommon.Value) {
	if v.Type() == pcommon.ValueTypeStr {
		s := v.Str()
		if s == "" {
			return
		}
		if s[0] == '[' {
			blocks := pcommon.NewValueEmpty()
			if semconv.ParseJSON(s, blocks) && areBlocks(blocks) {
				w.parts.part(blocks, 0)
				return
			}
		}
		w.parts.text(partText, s)
		return
	}
	w.parts.part(v, 0)
}

// toolContent writes what a tool answered. Blocks that say so themselves
// (Anthropic, Bedrock, Vercel) are responses each, anything else is one.
func (w *messageWriter) toolContent(k *messageFields) {
	answer := k.take(mContent)
	if !null(answer) {
		answer = parsed(answer)
		if blocks, ok := semconv.SliceOf(answer); ok && anyToolResponse(blocks) {
			w.parts.part(answer, 0)
			return
		}
		if block, ok := semconv.MapOf(answer); ok && isToolResponse(block) {
			w.parts.mapPart(block, 0)
			return
		}
	}
	id := k.responseID()
	k.used[mCallID] = true
	k.used[mID] = empty(k.values[mID]) || text(k.values[mID]) == text(id)
	w.parts.response(id, answer)
}

// answers says that a message names the call that it answers, which makes what
// it says the answer, whoever says it.
func (k *messageFields) answers() bool {
	return !empty(k.values[mCallID]) && !k.has(mToolCalls)
}

// responseID is the call that a tool's message answers.
func (k *messageFields) responseID() pcommon.Value {
	if !empty(k.values[mCallID]) {
		return k.values[mCallID]
	}
	return k.values[mID]
}

func anyToolResponse(blocks pcommon.Slice) bool {
	for i := range blocks.Len() {
		if block, ok := semconv.MapOf(blocks.At(i)); ok && isToolResponse(block) {
			return true
		}
	}
	return false
}

func isToolResponse(m pcommon.Map) bool {
	switch str(get(m, keyType)) {
	case partToolResponse, "tool-result", "tool_result", "toolResult", "function_call_output":
		return true
	case "":
		_, ok := mapIn(m, "toolResult", "functionResponse", "function_response", "toolResponse")
		return ok
	}
	return false
}

// describe writes what a message says about itself, and what it says that
// nobody knows.
func (w *messageWriter) describe(k *messageFields) {
	if reason := finishReason(k.values[mFinish]); reason != "" && w.field == fieldOutput {
		w.finish = reason
		w.message.PutStr(keyFinishReason, reason)
		k.used[mFinish] = true
	}
	if name := str(k.values[mName]); name != "" {
		w.message.PutStr(keyName, name)
		k.used[mName] = true
	}
	k.keep(w.message)
	w.draft.leavesOut = k.leavesOut()
	w.draft.partly = w.draft.partly || w.draft.leavesOut
}

// isGeminiRole says that a role is Gemini's word for what a model answers, or
// what Gemini CLI makes of it.
func isGeminiRole(role string) bool {
	return strings.EqualFold(role, "model") || role == roleSystem
}
