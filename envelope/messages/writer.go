package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// partWriter appends parts to a list. While joining, text that follows text of
// the same type goes into the same part: they are chunks of a stream.
type partWriter struct {
	list    pcommon.Slice
	content bool
	joining bool
	// partly says that not all of what was read is in the parts.
	partly bool
	// flat says that the parts come from flattened attributes, of which one
	// with nothing but its type is none; lacking, that there was one.
	flat    bool
	lacking bool

	// last is the part that text may be joined to, lastType its type; run
	// holds its text once there is more than one chunk.
	last     pcommon.Map
	lastType string
	lastText string
	run      *strings.Builder

	// call is the last part if it is a tool call that the next chunk may go
	// on with; arguments holds the text of its arguments once there is more
	// than one chunk.
	call      pcommon.Map
	arguments *strings.Builder
}

// add appends a part of a type and room for keys more of them.
func (w *partWriter) add(typ string, keys int) pcommon.Map {
	w.settle()
	part := w.list.AppendEmpty().SetEmptyMap()
	part.EnsureCapacity(1 + keys)
	part.PutStr(keyType, typ)
	return part
}

// text appends a part whose content is text: text, reasoning, a refusal.
func (w *partWriter) text(typ, text string) pcommon.Map {
	w.content = w.content || text != ""
	if w.joining && w.lastType == typ {
		w.join(text)
		return w.last
	}
	part := w.add(typ, 1)
	part.PutStr(keyContent, text)
	w.last, w.lastType, w.lastText = part, typ, text
	return part
}

func (w *partWriter) join(text string) {
	if text == "" {
		return
	}
	if w.run == nil {
		w.run = &strings.Builder{}
		w.run.WriteString(w.lastText)
	}
	w.run.WriteString(text)
}

// joinCall adds to the call that was written last what a chunk of a stream says
// further about it: more of its arguments' text. False when it is another call.
func (w *partWriter) joinCall(m pcommon.Map) bool {
	if !w.joining || w.call == (pcommon.Map{}) {
		return false
	}
	function := m
	if inner, ok := mapIn(m, typeFunction); ok {
		function = inner
	}
	id, name := text(first(m, callIDs...)), str(first(function, toolNames...))
	known := get(w.call, keyID)
	switch {
	case id != "" && (absent(known) || id != known.Str()):
		return false
	case name != "" && (id == "" || name != str(get(w.call, keyName))):
		return false
	case id == "" && !sameIndex(get(m, semconv.FieldIndex), get(w.call, semconv.FieldIndex)):
		return false
	}
	further := first(function, toolArguments...)
	if null(further) {
		return true
	}
	before := get(w.call, keyArguments)
	if further.Type() != pcommon.ValueTypeStr || !absent(before) && before.Type() != pcommon.ValueTypeStr {
		return false
	}
	if w.arguments == nil {
		w.arguments = &strings.Builder{}
		w.arguments.WriteString(str(before))
	}
	w.arguments.WriteString(further.Str())
	w.content = true
	return true
}

func sameIndex(a, b pcommon.Value) bool {
	return absent(a) || absent(b) || a.AsString() == b.AsString()
}

// settle writes joined text into its part; the next text starts a new one.
func (w *partWriter) settle() {
	if w.arguments != nil {
		whole := w.arguments.String()
		w.arguments = nil
		arguments, _ := w.call.GetOrPutEmpty(keyArguments)
		if !parseArguments(whole, arguments) {
			arguments.SetStr(whole)
		}
	}
	w.call = pcommon.Map{}
	if w.run != nil {
		w.last.PutStr(keyContent, w.run.String())
		w.run = nil
	}
	w.lastType = ""
}

// copied appends a copy of a part that has its shape already.
func (w *partWriter) copied(part pcommon.Map) pcommon.Map {
	w.settle()
	dst := w.list.AppendEmpty().SetEmptyMap()
	part.CopyTo(dst)
	return dst
}

// messageWriter writes one message of a draft at a time, from one piece or, as
// chunks of a stream, from several.
type messageWriter struct {
	draft   *draft
	field   field
	message pcommon.Map
	parts   partWriter
	finish  string
	open    bool
	// streamed says that the message is written in chunks that may go on.
	streamed bool
	// resumable says that a source has ended and another may go on with the
	// message.
	resumable bool
	// raw says that the message is what could not be read as one.
	raw bool
	// implied says that the message has no words of its own: loose parts
	// were gathered into it.
	implied bool
	role    string
}

// begin opens a message of a role; an open one is closed first.
func (w *messageWriter) begin(d *draft, f field, role string) {
	w.close()
	list := d.list(f)
	message := list.AppendEmpty().SetEmptyMap()
	message.EnsureCapacity(3)
	message.PutStr(keyRole, role)
	*w = messageWriter{
		draft:   d,
		field:   f,
		message: message,
		parts:   partWriter{list: message.PutEmptySlice(keyParts)},
		open:    true,
		role:    role,
	}
}

// close ends the open message, if there is one.
func (w *messageWriter) close() {
	if !w.open {
		return
	}
	w.open = false
	w.parts.settle()
	w.draft.lacking[w.field] = w.draft.lacking[w.field] || w.parts.lacking
	if w.field == fieldInput && (w.role == roleSystem || w.role == roleUser) && w.parts.isModels() {
		w.message.PutStr(keyRole, roleAssistant)
	}
	if w.finish != "" {
		w.draft.finished(w.finish)
	}
	if w.raw {
		w.draft.raise(w.field, rawText)
	} else {
		w.draft.note(w.field, w.parts.content)
	}
}

// isModels says that parts are what only a model says: calls and thoughts. Some
// give them another role.
func (w *partWriter) isModels() bool {
	models := false
	for i := range w.list.Len() {
		part, _ := semconv.MapOf(w.list.At(i))
		if part == (pcommon.Map{}) {
			continue
		}
		switch str(get(part, keyType)) {
		case partToolCall, partReasoning:
			models = true
		case partToolResponse:
			return false
		}
	}
	return models
}

// maxMessageReasons bounds the reasons that one message can have: it has not
// much room for them.
const maxMessageReasons = 4

// finished takes the reason of a message of the output. One that is several in
// one text is the message's as it came, and the call's each for itself.
func (d *draft) finished(reason string) {
	if joined := semconv.JoinedFinishReasons(reason, maxMessageReasons); len(joined) > 1 {
		d.finish = append(d.finish, joined...)
		return
	}
	d.finish = append(d.finish, reason)
}

// finishReason reads a reason, normalised; empty when it says none.
func finishReason(v pcommon.Value) string { return reasonOf(str(v)) }

func reasonOf(reason string) string {
	if reason == "" || strings.EqualFold(reason, "finish_reason_unspecified") {
		return ""
	}
	return semconv.NormalizeFinishReason(reason)
}

// begin opens a message in the draft's own writer.
func (d *draft) begin(f field, role string) *messageWriter {
	d.writer.begin(d, f, role)
	return &d.writer
}

// end closes the message that is open, if any. While the draft is held, the
// message stays open for what the next source brings.
func (d *draft) end() {
	if d.held {
		d.writer.resumable = true
		return
	}
	d.writer.close()
}
