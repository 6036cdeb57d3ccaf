package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// spanSource is an attribute of a span with content for a field.
type spanSource struct {
	key   string
	field field
	// general says that other spans than calls of a model use the attribute
	// for their own input and output, which is then no message.
	general bool
}

// settings says that the attribute may hold a whole request: instructions and
// tools beside the messages. OpenInference's is for when there is nothing else.
func (s *spanSource) settings() bool {
	return s.field == fieldInput && (s.general && s.key != semconv.AttrOIInputValue || s.key == semconv.AttrAIPrompt)
}

// spanSources are the attributes that hold content as JSON, structure or text,
// in the order in which they are believed.
var spanSources = [...]spanSource{
	{semconv.AttrSystemInstructions, fieldSystem, false},
	{semconv.AttrInputMessages, fieldInput, false},
	{semconv.AttrOutputMessages, fieldOutput, false},
	{semconv.AttrToolDefinitions, fieldTools, false},
	{semconv.AttrLFInput, fieldInput, true},
	{semconv.AttrLFOutput, fieldOutput, true},
	{semconv.AttrLFInstructions, fieldSystem, false},
	{semconv.AttrLFTools, fieldTools, false},
	{semconv.AttrADKRequest, fieldInput, true},
	{semconv.AttrADKResponse, fieldOutput, true},
	{semconv.AttrGenkitInput, fieldInput, true},
	{semconv.AttrGenkitOutput, fieldOutput, true},
	{semconv.AttrPrompt, fieldInput, false},
	{semconv.AttrCompletion, fieldOutput, false},
	{semconv.AttrToolDefinitionsOld, fieldTools, false},
	{semconv.AttrLogfireRequest, fieldInput, true},
	{semconv.AttrLogfireResponse, fieldOutput, true},
	{semconv.AttrPydanticAll, fieldInput, true},
	{semconv.AttrStrandsSystem, fieldSystem, false},
}

// flatSources are the attributes of flattened dialects that hold a whole field;
// the last two are what is left when nothing better is there.
var flatSources = [...]spanSource{
	{semconv.AttrSentryMessages, fieldInput, false},
	{semconv.AttrSentryTools, fieldTools, false},
	{semconv.AttrAIPromptMessages, fieldInput, false},
	{semconv.AttrAIPrompt, fieldInput, false},
	{semconv.AttrAIPromptTools, fieldTools, false},
	{semconv.AttrOIInputValue, fieldInput, true},
	{semconv.AttrOIOutputValue, fieldOutput, true},
}

// firstFallback is the place in flatSources of what is left, firstLLM that in
// flatFamilies of the families of llm.*.
const (
	firstFallback = len(flatSources) - 2
	firstLLM      = 2
)

// spanKeys finds an attribute's place in spanContent.
var spanKeys = func() *semconv.KeyTable[uint8] {
	keys := make(map[string]uint8, len(spanSources)+len(flatSources))
	for i, source := range spanSources {
		keys[source.key] = uint8(i)
	}
	for i, source := range flatSources {
		keys[source.key] = uint8(len(spanSources) + i)
	}
	return semconv.NewKeyTable(keys)
}()

// flatFamilies are the dialects that spread messages over many attributes.
var flatFamilies = [...]flatFamily{
	{semconv.PrefixPrompt, fieldInput},
	{semconv.PrefixCompletion, fieldOutput},
	{semconv.PrefixTLFunctions, fieldTools},
	{semconv.PrefixOIInputMessages, fieldInput},
	{semconv.PrefixOIOutputMessages, fieldOutput},
	{semconv.PrefixOITools, fieldTools},
	{semconv.PrefixOIPrompts, fieldInput},
	{semconv.PrefixOIChoices, fieldOutput},
}

type flatFamily struct {
	prefix string
	field  field
}

// spanContent is the content that a span's attributes hold, found in one pass.
type spanContent struct {
	span  *event.Span
	whole [len(spanSources) + len(flatSources)]pcommon.Value
	flat  [len(flatFamilies)][]flatAttribute
	// anyFlat and anyAI say that there is something in the flattened
	// families and among Vercel's attributes.
	anyFlat bool
	anyAI   bool
	any     bool
	// sentry are what Sentry's SDK says of an answer.
	sentry sentryAnswer
}

func (c *spanContent) collect(span *event.Span) {
	c.span = span
	for key, v := range span.Data.Attributes().All() {
		if len(key) < len("ai.") || v.Type() == pcommon.ValueTypeEmpty {
			continue // without a value an attribute says nothing
		}
		switch key[:3] {
		case "gen":
			c.collectFlat(0, key, v)
			c.sentry.collect(key, v)
		case "llm":
			c.collectFlat(firstLLM, key, v)
		case "ai.":
			c.anyAI = true
		case "lan", "gcp", "req", "res", "pyd", "sys", "inp", "out":
		default:
			continue
		}
		if place, ok := spanKeys.Get(key); ok && absent(c.whole[place]) && !semconv.IsEmpty(v) {
			c.whole[place] = v
			c.any = true
		}
	}
}

// collectFlat keeps an attribute that is in one of the families from the given
// one on, with the rest of its name.
func (c *spanContent) collectFlat(from int, key string, v pcommon.Value) {
	for i := from; i < len(flatFamilies); i++ {
		rest, ok := strings.CutPrefix(key, flatFamilies[i].prefix)
		if !ok || rest == "" || rest[0] < '0' || rest[0] > '9' {
			continue
		}
		c.flat[i] = append(c.flat[i], flatAttribute{rest, v})
		c.anyFlat = true
		return
	}
}

// spanAttributes reads the attributes that hold a field as a whole.
func (a *assembly) spanAttributes(c *spanContent) {
	if !c.any {
		return
	}
	for i := range spanSources {
		a.wholeAttribute(c, i, &spanSources[i], SourceSpanAttribute)
	}
}

// wholeAttribute reads one attribute. Of an attribute for the input of anything
// only messages count where no model was called: there, the rest is what some
// function was given.
func (a *assembly) wholeAttribute(c *spanContent, place int, source *spanSource, carrier string) {
	v := c.whole[place]
	if absent(v) {
		return
	}
	superseded := !a.wants(source.field)
	hasMore := source.settings() && (a.wants(fieldSystem) || a.wants(fieldTools))
	mayHaveMore := source.general && isModelCall(c.span.Kind) && source.key != semconv.AttrPydanticAll
	if superseded && !hasMore && !mayHaveMore {
		return
	}
	d := draft{told: a.told}
	if source.key == semconv.AttrPydanticAll {
		d.conversation(v)
	} else {
		d.field(source.field, v)
	}
	if superseded || source.general && !isModelCall(c.span.Kind) && d.quality[source.field] == rawText {
		d.partly = d.partly || d.quality[source.field] != nothing
		d.quality[source.field] = nothing
	}
	if isModelCall(c.span.Kind) {
		a.told = d.told
	}
	if superseded && !hasMore {
		d.quality = [fieldCount]quality{}
	}
	if d.quality != [fieldCount]quality{} {
		a.offer(&d, carrier, source.key)
	} else if !superseded {
		a.leftOver = append(a.leftOver, source.key)
		return
	}
	if mayHaveMore || len(d.members) > 0 {
		a.keepRest(&d, source.key)
	}
}

func isModelCall(kind semconv.Kind) bool {
	return kind == semconv.KindInference || kind == semconv.KindEmbeddings
}

// conversation reads messages of a whole run: what came last from the assistant
// is its output.
func (d *draft) conversation(v pcommon.Value) {
	d.attribute(fieldInput, v)
	list := d.lists[fieldInput]
	if list == (pcommon.Slice{}) || list.Len() < 2 {
		return
	}
	last := list.At(list.Len() - 1)
	message, ok := semconv.MapOf(last)
	if !ok || str(get(message, keyRole)) != roleAssistant {
		return
	}
	last.MoveTo(d.list(fieldOutput).AppendEmpty())
	d.raise(fieldOutput, d.quality[fieldInput])
	list.RemoveIf(func(v pcommon.Value) bool { return v.Type() == pcommon.ValueTypeEmpty })
}

// flattenedAttributes reads the dialects that spread messages over attributes,
// and what may be used when nothing else is there. What Vercel's SDK says as a
// whole goes before the families of llm.*, which OpenInference derives from it
// and which say less.
func (a *assembly) flattenedAttributes(c *spanContent) {
	a.families(c, 0, firstLLM)
	a.sentryResponse(&c.sentry)
	if c.anyAI && a.wants(fieldOutput) {
		a.vercelResponse(c.span.Data.Attributes())
	}
	a.flatAttributes(c, 0, firstFallback)
	a.families(c, firstLLM, len(flatFamilies))
	for place := firstFallback; place < len(flatSources); place++ {
		a.fuller(c, place)
	}
	a.flatAttributes(c, firstFallback, len(flatSources))
}

func (a *assembly) families(c *spanContent, from, to int) {
	if !c.anyFlat {
		return
	}
	for i := from; i < to; i++ {
		a.flattened(c.span, flatFamilies[i], c.flat[i])
	}
}

func (a *assembly) flatAttributes(c *spanContent, from, to int) {
	if !c.any {
		return
	}
	for i := from; i < to; i++ {
		source := &flatSources[i]
		if source.general && c.span.Kind == semconv.KindTool {
			// A tool's input and output are its arguments and result, else
			// the caller's.
			continue
		}
		a.wholeAttribute(c, len(spanSources)+i, source, SourceFlattenedAttribute)
	}
}
