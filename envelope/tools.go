package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/envelope/messages"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// takeToolAttributes reads what a tool was called with and what it answered
// where Gemini CLI and LangSmith have them: in the attributes of the tool's own
// span that are a model's messages elsewhere. They are emptied, and are no
// messages then; what else is in them is given back when the call is written.
// None leaves the span before: that would move the others, to which facts refer.
func (c *call) takeToolAttributes() {
	tool := &c.facts.Tool
	if c.kind != semconv.KindTool || c.span == nil {
		return
	}
	attrs := c.span.Data.Attributes()
	for _, source := range [...]struct {
		key  string
		says *pcommon.Value
		read func(*call, pcommon.Value) (pcommon.Map, bool)
	}{
		{semconv.AttrInputMessages, &tool.Arguments, (*call).takeCalled},
		{semconv.AttrPrompt, &tool.Arguments, (*call).takeGiven},
		{semconv.AttrOutputMessages, &tool.Result, (*call).takeAnswered},
		{semconv.AttrCompletion, &tool.Result, (*call).takeReturned},
	} {
		v, ok := attrs.Get(source.key)
		if !ok || semconv.IsEmpty(v) || present(*source.says) {
			continue
		}
		if rest, taken := source.read(c, v); taken {
			wasText := v.Type() == pcommon.ValueTypeStr
			_ = v.FromRaw(nil)
			c.rest = append(c.rest, toolRest{v, rest, wasText})
		}
	}
}

// toolRest is what is left of an attribute that a tool's call was read from.
type toolRest struct {
	attribute pcommon.Value
	// value is zero when nothing is left.
	value  pcommon.Map
	asText bool
}

// giveBack puts what is left of an attribute into it again. It is for the
// attributes that were emptied, which taken says of v; left is whether there was
// something.
func (c *call) giveBack(v pcommon.Value) (left, taken bool) {
	for _, rest := range c.rest {
		if rest.attribute != v {
			continue
		}
		if rest.value == (pcommon.Map{}) || rest.value.Len() == 0 {
			return false, true
		}
		putRest(v, rest.value, rest.asText)
		return true, true
	}
	return false, false
}

// putRest puts what is left of an object, as JSON text if it was that.
func putRest(to pcommon.Value, rest pcommon.Map, asText bool) {
	if asText {
		to.SetStr(string(AppendJSONMap(nil, rest)))
	} else {
		rest.CopyTo(to.SetEmptyMap())
	}
}

// objectOf is a copy of an object, structured or in JSON text.
func objectOf(v pcommon.Value) (pcommon.Map, bool) {
	object := pcommon.NewValueEmpty()
	if v.Type() == pcommon.ValueTypeMap {
		v.CopyTo(object)
	} else if !semconv.ParseJSONContainer(v.Str(), object) {
		return pcommon.Map{}, false
	}
	return semconv.MapOf(object)
}

// takeCalled reads {"callId", "name", "args": {…}}.
func (c *call) takeCalled(v pcommon.Value) (rest pcommon.Map, taken bool) {
	m, ok := objectOf(v)
	if !ok {
		return m, false
	}
	args, ok := m.Get("args")
	if !ok || args.Type() != pcommon.ValueTypeMap {
		return m, false
	}
	c.facts.Tool.Arguments = moved(args)
	m.Remove("args")
	c.takeText(m, "callId", &c.facts.Tool.CallID)
	c.takeText(m, "name", &c.facts.Tool.Name)
	return m, true
}

// takeGiven reads what a function was given: {"args": [arguments]}, {"args":
// [arguments, {"toolCallId", …}]}, {"args": several arguments}, {"input":
// arguments} or the arguments themselves.
func (c *call) takeGiven(v pcommon.Value) (rest pcommon.Map, taken bool) {
	if messages.IsConversation(v) {
		return pcommon.Map{}, false
	}
	m, ok := objectOf(v)
	if !ok {
		c.facts.Tool.Arguments = copied(v)
		return m, true
	}
	if list, ok := listUnder(m, "args"); ok && m.Len() == 1 && list.Len() > 0 {
		options, hasOptions := callOptions(list)
		switch {
		case list.Len() > 1 && !hasOptions:
			c.facts.Tool.Arguments = onlyMember(m, "args")
			return pcommon.Map{}, true
		case hasOptions:
			c.takeText(options, "toolCallId", &c.facts.Tool.CallID)
		}
		c.facts.Tool.Arguments = moved(list.At(0))
		return options, true
	}
	c.facts.Tool.Arguments = onlyMember(m, "input")
	return pcommon.Map{}, true
}

// callOptions is what LangSmith has beside the arguments of a function that a
// model called.
func callOptions(args pcommon.Slice) (pcommon.Map, bool) {
	if args.Len() != 2 {
		return pcommon.Map{}, false
	}
	options, ok := semconv.MapOf(args.At(1))
	if !ok {
		return pcommon.Map{}, false
	}
	id, ok := options.Get("toolCallId")
	return options, ok && id.Str() != ""
}

// takeAnswered reads {"response": …} or {"result": …}, beside which Gemini CLI
// has the call once more.
func (c *call) takeAnswered(v pcommon.Value) (rest pcommon.Map, taken bool) {
	m, ok := objectOf(v)
	if !ok {
		return m, false
	}
	for _, key := range [...]string{"response", "result"} {
		answer, ok := m.Get(key)
		if !ok || isNothing(answer) {
			continue
		}
		c.facts.Tool.Result = moved(answer)
		m.Remove(key)
		if request, ok := m.Get("request"); ok && present(c.facts.Tool.Arguments) {
			if again, ok := semconv.MapOf(request); ok {
				if args, ok := again.Get("args"); ok && args.Equal(c.facts.Tool.Arguments) {
					again.Remove("args")
				}
			}
		}
		return m, true
	}
	return m, false
}

// takeReturned reads what a function returned: {"output": …}, {"outputs": …} or
// the value itself.
func (c *call) takeReturned(v pcommon.Value) (rest pcommon.Map, taken bool) {
	if messages.IsConversation(v) {
		return pcommon.Map{}, false
	}
	if m, ok := objectOf(v); ok {
		c.facts.Tool.Result = onlyMember(m, "output", "outputs")
	} else {
		c.facts.Tool.Result = copied(v)
	}
	return pcommon.Map{}, true
}

// takeText moves a text out of an object, unless it is known as another.
func (c *call) takeText(m pcommon.Map, key string, dst *string) {
	v, ok := m.Get(key)
	if !ok || v.Type() != pcommon.ValueTypeStr || v.Str() == "" || *dst != "" && *dst != v.Str() {
		return
	}
	*dst = v.Str()
	m.Remove(key)
}

// onlyMember is the value of an object that has one of the keys and no other,
// else the object.
func onlyMember(m pcommon.Map, keys ...string) pcommon.Value {
	for _, key := range keys {
		if v, ok := m.Get(key); ok && m.Len() == 1 {
			return moved(v)
		}
	}
	object := pcommon.NewValueMap()
	m.MoveTo(object.Map())
	return object
}

func listUnder(m pcommon.Map, key string) (pcommon.Slice, bool) {
	v, ok := m.Get(key)
	if !ok {
		return pcommon.Slice{}, false
	}
	return semconv.SliceOf(v)
}

func moved(v pcommon.Value) pcommon.Value {
	to := pcommon.NewValueEmpty()
	v.MoveTo(to)
	return to
}

func copied(v pcommon.Value) pcommon.Value {
	to := pcommon.NewValueEmpty()
	v.CopyTo(to)
	return to
}
