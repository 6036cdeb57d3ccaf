package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// messageRole is what a per-message event is: the role of its message, or one
// of the values below.
type messageRole string

const (
	notAMessage messageRole = ""
	isChoice    messageRole = "choice"
	isPrompt    messageRole = "prompt"
	// isNative events carry the content of a vendor's own tool in attributes
	// of their own.
	isNative messageRole = "native"
)

// messageRoleOf tells per-message events by their name.
func messageRoleOf(name string) messageRole {
	rest, ok := strings.CutPrefix(name, semconv.PrefixGenAI)
	if !ok {
		if _, ok := nativeEvents[name]; ok {
			return isNative
		}
		return notAMessage
	}
	if role, ok := strings.CutSuffix(rest, ".message"); ok && role != "" && !strings.Contains(role, ".") {
		return messageRole(role)
	}
	switch name {
	case semconv.EventChoice, semconv.EventContentCompletion, semconv.EventContentCompletionChunk:
		return isChoice
	case semconv.EventContentPrompt:
		return isPrompt
	}
	return notAMessage
}

// nativeEvent says where a vendor's event carries content. An API's body holds
// what its shorter relatives repeat.
type nativeEvent struct {
	attribute string
	field     field
	body      bool
}

var nativeEvents = map[string]nativeEvent{
	semconv.EventClaudeRequestBody:       {semconv.AttrClaudeBody, fieldInput, true},
	semconv.EventClaudeResponseBody:      {semconv.AttrClaudeBody, fieldOutput, true},
	semconv.EventClaudeUserPrompt:        {semconv.AttrClaudePrompt, fieldInput, false},
	semconv.EventCodexUserPrompt:         {semconv.AttrClaudePrompt, fieldInput, false},
	semconv.EventClaudeAssistantResponse: {semconv.AttrClaudeResponse, fieldOutput, false},
	semconv.EventGeminiAPIRequest:        {semconv.AttrGeminiRequestText, fieldInput, true},
	semconv.EventGeminiAPIResponse:       {semconv.AttrGeminiResponseText, fieldOutput, true},
	semconv.EventGeminiUserPrompt:        {semconv.AttrClaudePrompt, fieldInput, false},
}

// messageEvents reads per-message events, in logical order.
func (a *assembly) messageEvents(records []*event.Record, source string) {
	if len(records) == 0 || (!a.wants(fieldSystem) && !a.wants(fieldInput) && !a.wants(fieldOutput)) {
		return
	}
	d := draft{expected: len(records)}
	var choices choiceList
	wantsInput, wantsOutput := a.wants(fieldInput) || a.wants(fieldSystem), a.wants(fieldOutput)
	native := false
	for i, r := range records {
		role := messageRoleOf(r.Name)
		switch {
		case role == isNative:
			native = true
		case role == isChoice:
			if wantsOutput {
				choices.add(records[i:])
			}
		case !wantsInput:
		case role == isPrompt:
			d.promptEvent(r)
		default:
			var k messageFields
			eventFields(r, &k)
			d.messageEvent(roleOf(string(role), fieldInput), &k)
		}
	}
	d.end()
	d.answerOnce()
	choices.sort()
	if choices.numberChunks() && wantsOneChoice(a.span) {
		choices.join()
	}
	d.choiceEvents(choices)
	a.offer(&d, source)
	if native {
		a.nativeEvents(records, source)
	}
}

// eventFields reads the fields of a per-message event: from its body, from JSON
// in the attribute gen_ai.event.content, or from its attributes.
func eventFields(r *event.Record, k *messageFields) {
	body := r.Log.Body()
	if m, ok := semconv.MapOf(body); ok && m.Len() > 0 {
		k.read(m)
		return
	}
	if body.Type() == pcommon.ValueTypeStr && body.Str() != "" {
		if m, ok := semconv.MapOf(parsed(body)); ok {
			if _, hasContent := m.Get(keyContent); hasContent || isMessage(m) {
				k.read(m)
				return
			}
		}
		k.values[mContent] = body
		return
	}
	attrs := r.Log.Attributes()
	if v, ok := attrs.Get(semconv.AttrEventContent); ok && !semconv.IsEmpty(v) {
		v = parsed(v)
		if m, ok := semconv.MapOf(v); ok {
			k.read(m)
		} else {
			k.values[mContent] = v
		}
		return
	}
	// An event's other attributes say nothing about its message.
	for key, v := range attrs.All() {
		if !semconv.IsEmpty(v) || key == keyContent {
			k.set(key, v)
		}
	}
}

// messageEvent writes one message of the input. System messages that come
// before any other message are instructions.
func (d *draft) messageEvent(role string, k *messageFields) {
	k.unwrap()
	if name := str(k.values[mRole]); name != "" {
		role = roleOf(name, fieldInput)
	}
	if role == roleSystem && d.lists[fieldInput] == (pcommon.Slice{}) {
		d.systemEvent(k)
		return
	}
	d.begin(fieldInput, role).add(k)
}

func (d *draft) systemEvent(k *messageFields) {
	w := messageWriter{parts: partWriter{list: d.list(fieldSystem)}}
	if k.has(mParts) {
		w.parts.part(parsed(k.take(mParts)), 0)
	}
	if k.has(mContent) {
		w.content(k.take(mContent))
	}
	w.parts.settle()
	d.note(fieldSystem, w.parts.content)
}

// promptEvent reads gen_ai.content.prompt: as a span event it holds JSON in an
// attribute, as LiteLLM's log a message in its body.
func (d *draft) promptEvent(r *event.Record) {
	if v, ok := r.Log.Attributes().Get(semconv.AttrPrompt); ok && !semconv.IsEmpty(v) {
		d.attribute(fieldInput, v)
		return
	}
	var k messageFields
	eventFields(r, &k)
	d.messageEvent(roleUser, &k)
}

// nativeEvents reads the content of vendors' own events: of the bodies of API
// calls, or else of the texts in them.
func (a *assembly) nativeEvents(records []*event.Record, source string) {
	for _, bodies := range [...]bool{true, false} {
		var d draft
		found := false
		for _, r := range records {
			native, ok := nativeEvents[r.Name]
			if !ok || native.body != bodies || !a.wants(native.field) {
				continue
			}
			v, ok := r.Log.Attributes().Get(native.attribute)
			if !ok || semconv.IsEmpty(v) {
				continue
			}
			found = true
			d.native(native, v)
		}
		if found {
			d.end()
			a.offer(&d, source)
		}
	}
}

// native reads one vendor's attribute. A body that was cut is no JSON any more.
func (d *draft) native(native nativeEvent, v pcommon.Value) {
	if !native.body || !looksLikeJSON(v.Str()) {
		d.attribute(native.field, v)
		return
	}
	value := pcommon.NewValueEmpty()
	if semconv.ParseJSON(v.Str(), value) {
		d.structure(native.field, v, value)
		return
	}
	w := d.begin(native.field, roleOf("", native.field))
	w.parts.text(partText, v.Str()).PutBool(keyTruncated, true)
	d.end()
}
