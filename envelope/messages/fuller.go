package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// fuller takes the messages of a field from the request or response that
// OpenInference has as a whole on the same span, when the flattened ones lack
// something: their writers leave out what they have no names for. All of the
// field is replaced, and only by messages that lack nothing.
func (a *assembly) fuller(c *spanContent, place int) {
	source, v := &flatSources[place], c.whole[len(spanSources)+place]
	best := &a.best[source.field]
	if absent(v) || c.span.Kind == semconv.KindTool || len(best.keys) != 1 ||
		!strings.HasSuffix(best.keys[0], ".") || !best.lacking && !lacks(best.list) {
		return
	}
	if v.Type() == pcommon.ValueTypeStr && !looksLikeJSON(v.Str()) {
		return
	}
	var d draft
	d.attribute(source.field, v)
	if d.quality[source.field] != content || lacks(d.lists[source.field]) || !isKnown(d.lists[source.field]) {
		return
	}
	messages := d.lists[source.field].Len()
	if d.lists[fieldSystem] != (pcommon.Slice{}) {
		messages++
	}
	if messages < best.list.Len() {
		// What is there less of is not the same conversation.
		return
	}
	*best = candidate{}
	if source.field == fieldOutput {
		d.finishOf(c.span)
	}
	a.offer(&d, SourceFlattenedAttribute, source.key)
}

// eachMessage calls f for the messages of a list with their parts, until it
// says no.
func eachMessage(list pcommon.Slice, f func(message pcommon.Map, parts pcommon.Slice) bool) bool {
	for i := range list.Len() {
		message, ok := semconv.MapOf(list.At(i))
		if !ok {
			return false
		}
		parts, ok := sliceIn(message, keyParts)
		if !ok || !f(message, parts) {
			return false
		}
	}
	return true
}

// lacks says that a message is empty, a part has none of the data that it is
// for, a tool says nothing, or of several calls one has no answer.
func lacks(list pcommon.Slice) bool {
	return answersOneOfMany(list) || !eachMessage(list, func(message pcommon.Map, parts pcommon.Slice) bool {
		answered := str(get(message, keyRole)) != roleTool
		for i := range parts.Len() {
			part, ok := semconv.MapOf(parts.At(i))
			if !ok || !hasPayload(part) {
				return false
			}
			answered = answered || str(get(part, keyType)) == partToolResponse
		}
		return answered && parts.Len() > 0
	})
}

// answersOneOfMany says that some of a message's calls are answered and others
// are not, which no model accepts.
func answersOneOfMany(list pcommon.Slice) bool {
	answered := make(map[string]bool)
	eachAnswer(list, func(_, id string, _ pcommon.Map) { answered[id] = true })
	if len(answered) == 0 {
		return false
	}
	return !eachMessage(list, func(_ pcommon.Map, parts pcommon.Slice) bool {
		with, without := false, false
		for i := range parts.Len() {
			part, ok := semconv.MapOf(parts.At(i))
			if ok && str(get(part, keyType)) == partToolCall && str(get(part, keyID)) != "" {
				has := answered[str(get(part, keyID))]
				with, without = with || has, without || !has
			}
		}
		return !with || !without
	})
}

// hasPayload says that a part has what its type is for.
func hasPayload(part pcommon.Map) bool {
	switch str(get(part, keyType)) {
	case partToolResponse:
		return !null(get(part, keyResponse))
	case partToolCall:
		return str(get(part, keyName)) != ""
	case partBlob, partURI, partFile, "file_data", "image", "image_url", "input_image", "audio", "input_audio",
		"video", "document", "input_file", "media":
		return !null(first(part, keyContent, keyURI, keyFileID))
	}
	return true
}

// isKnown says that every part is of a type that is known.
func isKnown(list pcommon.Slice) bool {
	return eachMessage(list, func(_ pcommon.Map, parts pcommon.Slice) bool {
		for i := range parts.Len() {
			part, ok := semconv.MapOf(parts.At(i))
			if !ok {
				return false
			}
			switch typ := str(get(part, keyType)); typ {
			case partText, partReasoning, partToolCall, partToolResponse, partBlob, partURI, partFile, partRefusal:
			default:
				if !isPart(typ, part) {
					return false
				}
			}
		}
		return true
	})
}
