package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// choices writes the choices of a response: each is a message.
func (d *draft) choices(choices pcommon.Slice) {
	for i := range choices.Len() {
		m, ok := semconv.MapOf(choices.At(i))
		if !ok {
			d.begin(fieldOutput, roleAssistant).parts.part(choices.At(i), 0)
			d.end()
			continue
		}
		var k messageFields
		k.read(m)
		k.unwrap()
		if s := get(m, "text"); !k.has(mContent) && !null(s) {
			k.values[mContent], k.keys[mContent] = s, "text"
		}
		d.begin(fieldOutput, roleOf(k.roleName(), fieldOutput)).add(&k)
		d.end()
	}
}

// request reads what an API, a framework or an SDK was asked: messages, system
// instructions and tools.
func (d *draft) request(m pcommon.Map, depth int) bool {
	if inner, ok := d.firstArgument(m); ok {
		m = inner
	}
	r := read(m)
	input := r.take("messages", "contents", "input", "prompt", keyContent)
	if !null(input) {
		input = parsed(input)
	}
	understood := !null(input) && d.value(fieldInput, input, depth+1)
	known := understood
	inner, configured := r.takeMap("config", "toolConfig")
	if d.setting(&r) {
		known = true
	}
	config := read(inner)
	if configured && d.setting(&config) {
		known = true
	}
	if known && !understood && !empty(input) {
		// Where the rest of a request was understood, so was its place.
		d.begin(fieldInput, roleUser).parts.part(input, 0)
		d.end()
	}
	d.partly = d.partly || r.more() || configured && config.more()
	if known && depth == 0 {
		d.requestMembers(&r, &config)
	}
	return known
}

// firstArgument is the request where a function's arguments are all that is
// known of it, as LangSmith has them.
func (d *draft) firstArgument(m pcommon.Map) (pcommon.Map, bool) {
	args, ok := sliceIn(m, "args")
	if !ok || m.Len() != 1 || args.Len() == 0 {
		return pcommon.Map{}, false
	}
	for i := 1; i < args.Len(); i++ {
		d.partly = d.partly || !semconv.IsEmpty(args.At(i))
	}
	return semconv.MapOf(args.At(0))
}

// setting reads the system instructions and the tools of a request, unless
// they are known.
func (d *draft) setting(r *reading) bool {
	known := false
	if d.lists[fieldSystem] == (pcommon.Slice{}) {
		if system := r.take("system", "systemInstruction", "system_instruction", "instructions"); !empty(system) {
			d.instructions(system)
			known = true
		}
	}
	if d.lists[fieldTools] == (pcommon.Slice{}) {
		if tools := r.take("tools", "functions"); !empty(tools) {
			d.tools(tools)
			known = true
		}
	}
	return known
}

// response reads what an API answered.
func (d *draft) response(m pcommon.Map, depth int) bool {
	r := read(m)
	d.learn(m)
	if choices, ok := r.takeSlice("choices", "candidates"); ok {
		d.choices(choices)
	} else if generations, ok := r.takeSlice("generations"); ok {
		d.generations(generations, depth)
	} else {
		output := r.take("output", "response", "completion", "combined_chunk_content", keyContent, "message")
		if null(output) || !d.value(fieldOutput, parsed(output), depth+1) {
			return false
		}
		reason := reasonOf(r.takeText("finishReason", keyFinishReason, "stopReason", "stop_reason"))
		d.partly = !d.finishLast(reason) || d.partly
	}
	d.partly = d.partly || r.more()
	if depth == 0 {
		d.responseMembers(&r)
	}
	return true
}

// finishLast gives the last message a reason that stands outside of it; false
// when there is none to give it to, or it has another.
func (d *draft) finishLast(reason string) bool {
	if reason == "" {
		return true
	}
	list := d.lists[fieldOutput]
	if list == (pcommon.Slice{}) || list.Len() == 0 {
		return false
	}
	message, ok := semconv.MapOf(list.At(list.Len() - 1))
	if !ok {
		return false
	}
	v, finished := message.GetOrPutEmpty(keyFinishReason)
	if !finished {
		v.SetStr(reason)
		d.finished(reason)
	}
	return v.Str() == reason
}

// instructions reads system instructions: text, JSON text, a list of texts,
// parts or messages, one message.
func (d *draft) instructions(v pcommon.Value) {
	if empty(v) {
		return
	}
	w := partWriter{list: d.list(fieldSystem)}
	if v.Type() == pcommon.ValueTypeStr {
		value := pcommon.NewValueEmpty()
		if c := v.Str()[0]; (c == '[' || c == '{' || c == '"') && semconv.ParseJSON(v.Str(), value) && isInstructions(value) {
			v = value
		}
	}
	w.instructions(v, 0)
	w.settle()
	d.partly = d.partly || w.partly || w.list.Len() == 0
	if w.list.Len() > 0 {
		d.note(fieldSystem, w.content)
	}
}

// isInstructions says that parsed JSON is instructions in some shape, and not
// just a prompt that happens to be JSON.
func isInstructions(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return true
	case pcommon.ValueTypeMap:
		m, ok := semconv.MapOf(v)
		return ok && itemOf(m) != noItem
	case pcommon.ValueTypeSlice:
		list, ok := semconv.SliceOf(v)
		return ok && list.Len() > 0 && anyKnown(list)
	}
	return false
}

func (w *partWriter) instructions(v pcommon.Value, depth int) {
	if list, ok := semconv.SliceOf(v); ok && depth < maxNesting {
		for i := range list.Len() {
			w.instructions(list.At(i), depth+1)
		}
		return
	}
	m, ok := semconv.MapOf(v)
	if !ok || !isMessage(m) || depth >= maxNesting {
		w.part(v, depth)
		return
	}
	var k messageFields
	k.read(m)
	r := read(m)
	r.use(keyRole, keyType)
	for _, f := range [...]messageField{mMessage, mParts, mContent, mText, mContents} {
		if k.has(f) {
			r.use(k.keys[f])
			w.instructions(parsedMessage(f, k.values[f]), depth+1)
		}
	}
	w.partly = w.partly || r.more()
}

// parsedMessage is what stands under a message's field; one that stands in an
// object of its own may be JSON text.
func parsedMessage(f messageField, v pcommon.Value) pcommon.Value {
	if f == mMessage {
		return parsed(v)
	}
	return v
}
