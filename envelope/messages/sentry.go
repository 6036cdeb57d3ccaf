package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// sentryAnswer is what Sentry's SDK says of an answer: its text, or a list of
// the choices' texts, and the calls and other items in the shape of the API
// that was called. The values are zero where it says nothing.
type sentryAnswer struct {
	text, calls pcommon.Value
}

func (s *sentryAnswer) collect(key string, v pcommon.Value) {
	switch key {
	case semconv.AttrSentryResponseText:
		s.text = v
	case semconv.AttrSentryToolCalls:
		s.calls = v
	}
}

// texts are the texts of the choices.
func (s *sentryAnswer) texts() []string {
	if absent(s.text) {
		return nil
	}
	list, ok := semconv.SliceOf(parsed(s.text))
	if !ok {
		return []string{text(s.text)}
	}
	texts := make([]string, 0, list.Len())
	for i := range list.Len() {
		if list.At(i).Type() != pcommon.ValueTypeStr {
			return []string{text(s.text)}
		}
		texts = append(texts, list.At(i).Str())
	}
	return texts
}

// items are the calls and what else there is among them.
func (s *sentryAnswer) items() []pcommon.Value {
	if blank(s.calls) {
		return nil
	}
	calls := parsed(s.calls)
	list, ok := semconv.SliceOf(calls)
	if !ok {
		return []pcommon.Value{calls}
	}
	items := make([]pcommon.Value, list.Len())
	for i := range items {
		items[i] = list.At(i)
	}
	return items
}

// sentryResponse reads Sentry's answer: a message for each text. Calls are not
// told apart by choice, the first message has them all.
func (a *assembly) sentryResponse(s *sentryAnswer) {
	if !a.wants(fieldOutput) || blank(s.text) && blank(s.calls) {
		return
	}
	var keys []string
	if !blank(s.text) {
		keys = append(keys, semconv.AttrSentryResponseText)
	}
	if !blank(s.calls) {
		keys = append(keys, semconv.AttrSentryToolCalls)
	}
	var d draft
	texts, items := s.texts(), s.items()
	if len(texts) == 0 {
		texts = []string{""}
	}
	for i, text := range texts {
		w := d.begin(fieldOutput, roleAssistant)
		if i == 0 {
			w.sentryItems(items, text)
		} else if text != "" {
			w.parts.text(partText, text)
		}
	}
	d.end()
	a.offer(&d, SourceFlattenedAttribute, keys...)
}

// sentryItems writes the text and the items of an answer, thoughts first. Items
// of the Responses API may have the text in messages, which keep their place.
func (w *messageWriter) sentryItems(items []pcommon.Value, text string) {
	written := text == "" || text == textOfMessages(items)
	write := func() {
		if !written {
			w.parts.text(partText, text)
			written = true
		}
	}
	for _, v := range items {
		item, ok := semconv.MapOf(v)
		if !ok {
			write()
			w.parts.part(v, 0)
			continue
		}
		switch str(get(item, keyType)) {
		case "message":
			write()
			r := read(item)
			r.use(keyType, keyRole)
			if content := r.take(keyContent); !null(content) {
				w.content(content)
			}
			w.draft.partly = w.draft.partly || r.more()
		case partReasoning, "thinking", "redacted_thinking":
			w.parts.mapPart(item, 0)
		case "":
			write()
			w.parts.wrappedCall(item)
		default:
			write()
			w.parts.mapPart(item, 0)
		}
	}
	write()
}

// textOfMessages is the text of all messages among the items.
func textOfMessages(items []pcommon.Value) string {
	parts := partWriter{list: pcommon.NewSlice()}
	for _, v := range items {
		if item, ok := semconv.MapOf(v); ok && str(get(item, keyType)) == "message" {
			if content := get(item, keyContent); !null(content) {
				parts.part(content, 0)
			}
		}
	}
	var all strings.Builder
	for i := range parts.list.Len() {
		if part, ok := semconv.MapOf(parts.list.At(i)); ok && str(get(part, keyType)) == partText {
			all.WriteString(str(get(part, keyContent)))
		}
	}
	return all.String()
}
