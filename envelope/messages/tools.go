package messages

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// tools reads definitions of tools: a list, JSON text for one, a list of JSON
// texts, or one definition.
func (d *draft) tools(v pcommon.Value) {
	if empty(v) {
		return
	}
	d.toolValue(v, 0)
}

func (d *draft) toolValue(v pcommon.Value, depth int) {
	v = parsed(v)
	if list, ok := semconv.SliceOf(v); ok && depth < maxNesting {
		d.list(fieldTools).EnsureCapacity(list.Len())
		for i := range list.Len() {
			d.toolValue(list.At(i), depth+1)
		}
		return
	}
	if m, ok := semconv.MapOf(v); ok {
		d.toolObject(m)
		return
	}
	if v.Type() == pcommon.ValueTypeEmpty {
		return
	}
	// A name is all that some tell; text that was to be a definition and is
	// broken is kept the same way.
	definition := d.addTool(typeFunction)
	definition.PutStr(keyName, v.AsString())
	d.note(fieldTools, true)
}

// toolObject writes one definition, or all that Gemini puts into one object.
func (d *draft) toolObject(m pcommon.Map) {
	if m.Len() == 0 {
		return
	}
	if functions, ok := sliceIn(m, "functionDeclarations", "function_declarations"); ok {
		outer := m
		for i := range functions.Len() {
			function, ok := semconv.MapOf(functions.At(i))
			if !ok {
				d.partly = true
				continue
			}
			d.toolDefinition(function, outer, typeFunction)
			outer = pcommon.Map{} // what is around them is told once
		}
		d.partly = d.partly || outer != (pcommon.Map{}) && m.Len() > 1
		return
	}
	typ := str(get(m, keyType))
	if inner, ok := mapIn(m, typeFunction, "toolSpec"); ok {
		d.toolDefinition(inner, m, typeFunction)
		return
	}
	switch {
	case typ != "":
		d.toolDefinition(m, m, typ)
	case !null(first(m, keyName)):
		d.toolDefinition(m, m, typeFunction)
	default:
		d.namelessTool(m)
	}
}

// toolDefinition writes a definition from the object that describes the
// function; outer is the object around it, or the same, zero when that was told.
func (d *draft) toolDefinition(m, outer pcommon.Map, typ string) {
	definition := d.addTool(typ)
	r := read(m)
	definition.PutStr(keyName, text(r.take(keyName)))
	if description := r.takeText(keyDescription); description != "" {
		definition.PutStr(keyDescription, description)
	}
	// Together's functions call them arguments.
	parameters := r.take(keyParameters, "inputSchema", "input_schema", "parametersJsonSchema", "parameters_json_schema", keyArguments)
	if !null(parameters) {
		around := read(orMap(parameters))
		if schema, ok := around.takeMap("json"); ok {
			// Bedrock's input schema is an object with the schema in it.
			schema.CopyTo(definition.PutEmptyMap(keyParameters))
			around.keep(definition)
		} else {
			putParsed(definition, keyParameters, parameters)
		}
	}
	r.keep(definition)
	if m != outer && outer != (pcommon.Map{}) {
		around := read(outer)
		if _, ok := around.takeSlice("functionDeclarations", "function_declarations"); !ok {
			around.takeMap(typeFunction, "toolSpec")
		}
		around.keep(definition)
	}
	d.note(fieldTools, true)
}

func orMap(v pcommon.Value) pcommon.Map {
	if m, ok := semconv.MapOf(v); ok {
		return m
	}
	return pcommon.NewMap()
}

// namelessTool keeps an object that names no tool: Gemini's {"googleSearch":
// {}} is named after its key.
func (d *draft) namelessTool(m pcommon.Map) {
	name := partUnknown
	if m.Len() == 1 {
		for key := range m.All() {
			name = key
		}
	}
	definition := d.addTool(name)
	definition.PutStr(keyName, name)
	putRest(definition, m)
	d.note(fieldTools, true)
}

func (d *draft) addTool(typ string) pcommon.Map {
	definition := d.list(fieldTools).AppendEmpty().SetEmptyMap()
	definition.EnsureCapacity(4)
	definition.PutStr(keyType, typ)
	return definition
}
