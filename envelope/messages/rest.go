package messages

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Rest is what an attribute of the span says that the messages do not show,
// where they show the remainder of it.
type Rest struct {
	Key string
	// Value is the attribute's object without what is shown; it is the
	// caller's.
	Value pcommon.Map
}

// RestOf is what the messages do not show of an attribute that they otherwise
// show; false when there is nothing, or nothing that could be told apart.
func (r *Result) RestOf(key string) (pcommon.Map, bool) {
	for _, rest := range r.Rest {
		if rest.Key == key {
			return rest.Value, true
		}
	}
	return pcommon.Map{}, false
}

// member is an entry of the object that an attribute holds, or of an object
// under parent in it.
type member struct {
	parent, key string
	value       pcommon.Value
	// field is where it is shown; fieldCount for nowhere.
	field field
}

// maxMembers is how many entries of an object are told apart: pdata looks at all
// keys of an object before it puts one, and no request has so many.
const maxMembers = 256

// member notes an entry of the object that is read; one that says nothing is
// not missed.
func (d *draft) member(parent, key string, v pcommon.Value, f field) {
	if !semconv.IsEmpty(v) {
		d.members = append(d.members, member{parent, key, v, f})
	}
}

// settingField is the field that an entry of a request says, and of a response
// that repeats its request.
func settingField(key string) field {
	switch key {
	case "system", "systemInstruction", "system_instruction", "instructions":
		return fieldSystem
	case "tools", "functions":
		return fieldTools
	}
	return fieldCount
}

// requestMembers notes the entries of a request.
func (d *draft) requestMembers(r, config *reading) {
	for key, v := range r.m.All() {
		f := settingField(key)
		switch {
		case f != fieldCount:
		case !r.has(key):
		case config.m != (pcommon.Map{}) && v.Type() == pcommon.ValueTypeMap && v.Map() == config.m:
			for inner, v := range config.m.All() {
				d.member(key, inner, v, settingField(inner))
			}
			continue
		default:
			f = fieldInput
		}
		d.member("", key, v, f)
	}
}

// responseMembers notes the entries of a response.
func (d *draft) responseMembers(r *reading) {
	for key, v := range r.m.All() {
		f := settingField(key)
		switch {
		case key == "request":
			f = fieldInput
		case key == "custom" || key == "raw":
			// The provider's own response has the messages once more.
			if own, ok := semconv.MapOf(v); ok {
				d.ownMembers(key, own)
				continue
			}
		case r.has(key), key == "output_text":
			// OpenAI's SDK has the text of the output once more.
			f = fieldOutput
		}
		d.member("", key, v, f)
	}
}

func (d *draft) ownMembers(parent string, own pcommon.Map) {
	for key, v := range own.All() {
		switch key {
		case "choices", "candidates", "output", keyContent, "message":
			d.member(parent, key, v, fieldOutput)
		default:
			d.member(parent, key, v, settingField(key))
		}
	}
}

// foreignMembers notes the entries of a response that is also its message,
// whose keys are no message's.
func (d *draft) foreignMembers(m pcommon.Map, keys []string) {
	for key, v := range m.All() {
		switch {
		case key == "custom" || key == "raw":
			if own, ok := semconv.MapOf(v); ok {
				d.ownMembers(key, own)
				continue
			}
			d.member("", key, v, fieldCount)
		case key == "request":
			d.member("", key, v, fieldInput)
		case slices.Contains(keys, key):
			d.member("", key, v, fieldCount)
		default:
			d.member("", key, v, fieldOutput)
		}
	}
}

// foreign are the keys that a response has for itself, where it is its only
// message at once.
var foreign = [...]string{
	"id", "responseId", "response_id", "model", "modelVersion", "modelId",
	"usage", "usageMetadata", "usage_metadata", "providerMetadata", "provider_metadata", "stop_reason", "stop_sequence",
	"object", "created", "service_tier", "system_fingerprint", "request", "custom", "raw",
}

// learn reads what a response says about the call; false when m is none.
func (d *draft) learn(m pcommon.Map) bool {
	if d.told == nil {
		if !semconv.IsResponse(m) {
			return false
		}
		d.told = new(semconv.CallFacts)
	}
	return semconv.ReadResponse(m, d.told)
}

// keepRest notes what the fields do not show of an attribute that the draft was
// read from. Of one that is not an object that is all of it or nothing.
func (a *assembly) keepRest(d *draft, key string) {
	if len(d.members) > maxMembers {
		a.leftOver = append(a.leftOver, key)
		return
	}
	rest := pcommon.Map{}
	for _, m := range d.members {
		if a.showsMember(d, &m) {
			continue
		}
		if rest == (pcommon.Map{}) {
			rest = pcommon.NewMap()
		}
		place := rest
		if m.parent != "" {
			inner, _ := rest.GetOrPutEmpty(m.parent)
			if inner.Type() != pcommon.ValueTypeMap {
				inner.SetEmptyMap()
			}
			place = inner.Map()
		}
		m.value.CopyTo(place.PutEmpty(m.key))
	}
	if rest != (pcommon.Map{}) {
		a.rest = append(a.rest, Rest{Key: key, Value: rest})
		return
	}
	if shown := a.shows(d, fieldInput) && a.shows(d, fieldOutput); !shown && len(d.members) == 0 {
		a.leftOver = append(a.leftOver, key)
	}
}

// showsMember says that an entry is shown. A response has its request once more,
// which is shown only if some request is.
func (a *assembly) showsMember(d *draft, m *member) bool {
	switch {
	case m.field == fieldCount:
		return false
	case m.field == fieldInput && d.lists[fieldInput] == (pcommon.Slice{}):
		return a.knows(fieldInput)
	}
	return a.shows(d, m.field)
}

// knows says that something is shown for a field.
func (a *assembly) knows(f field) bool {
	best := &a.best[f]
	return best.quality >= rawText && best.list != (pcommon.Slice{})
}

// shows says that all that the draft has for a field is shown: because it is the
// draft that is shown, or because what is shown has as many parts of each sort.
func (a *assembly) shows(d *draft, f field) bool {
	drafted, best := d.lists[f], &a.best[f]
	known := a.knows(f)
	switch f {
	case fieldSystem:
		return known && best.quality == content || a.inputHasInstructions()
	case fieldTools:
		return known && (drafted == (pcommon.Slice{}) || best.list.Len() >= drafted.Len())
	}
	if drafted == (pcommon.Slice{}) || drafted.Len() == 0 || drafted == best.list {
		return true
	}
	return known && partsOf(best.list).include(partsOf(drafted))
}

func (a *assembly) inputHasInstructions() bool {
	list := a.best[fieldInput].list
	if list == (pcommon.Slice{}) {
		return false
	}
	for i := range list.Len() {
		if m, ok := semconv.MapOf(list.At(i)); ok {
			switch str(get(m, keyRole)) {
			case roleSystem, "developer":
				return true
			}
		}
	}
	return false
}

// partSorts counts the parts of messages by what they are.
type partSorts [6]int

func (have partSorts) include(other partSorts) bool {
	for i := range have {
		if other[i] > have[i] {
			return false
		}
	}
	return true
}

func partsOf(list pcommon.Slice) (sorts partSorts) {
	for i := range list.Len() {
		m, ok := semconv.MapOf(list.At(i))
		if !ok {
			continue
		}
		parts, ok := sliceIn(m, keyParts)
		if !ok {
			continue
		}
		for j := range parts.Len() {
			part, ok := semconv.MapOf(parts.At(j))
			if !ok || !saysSomething(part) {
				continue
			}
			switch str(get(part, keyType)) {
			case partText:
				sorts[0]++
			case partReasoning:
				sorts[1]++
			case partToolCall:
				sorts[2]++
			case partToolResponse:
				sorts[3]++
			case partBlob, partURI, partFile:
				sorts[4]++
			default:
				sorts[5]++
			}
		}
	}
	return sorts
}
