package semconv

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// oiModelRank is the rank of OpenInference's one name for both models.
var oiModelRank = func() uint8 {
	source, _ := factSources.Get(AttrOIModelName)
	return source.rank
}()

// fillModels tells the request's model from the response's where OpenInference
// has one name for both: its instrumentations overwrite the one with the other,
// and what was asked for stays in the parameters.
func (found *foundFacts) fillModels(f *CallFacts) {
	if found.ranks[factRequestModel] != oiModelRank || found.ranks[factInvocation] == 0 {
		return
	}
	const maxParameters = 16 << 10
	name := found.str(factRequestModel)
	asked := textIn(found.values[factInvocation], "model", maxParameters)
	if asked == "" || asked == name {
		return
	}
	fillString(&f.RequestModel, asked)
	fillString(&f.ResponseModel, found.str(factResponseModel))
	fillString(&f.ResponseModel, name)
}

// fallbackProvider is the provider as it is called where no attribute for it
// is: in what LangChain passes on as metadata, in Langtrace's name for what was
// called.
func (found *foundFacts) fallbackProvider() string {
	const maxMetadata = 4 << 10
	if found.ranks[factMetadata] != 0 {
		if provider := textIn(found.values[factMetadata], "ls_provider", maxMetadata); provider != "" {
			return provider
		}
	}
	if kind := found.str(factLangtraceType); kind == "" || kind == "llm" {
		return found.str(factLangtraceService)
	}
	return ""
}

// textIn is the text under a key of a map, or of JSON text for one that is at
// most so many bytes long.
func textIn(v pcommon.Value, key string, most int) string {
	if v.Type() == pcommon.ValueTypeStr && (len(v.Str()) > most || !strings.Contains(v.Str(), key)) {
		return ""
	}
	m, ok := objectOf(v)
	if !ok {
		return ""
	}
	text, ok := m.Get(key)
	if !ok {
		return ""
	}
	return text.Str()
}

// isTraceloopTool says that a span is a tool's execution of which OpenLLMetry
// tells in its own words.
func (found *foundFacts) isTraceloopTool() bool {
	switch KindOfOperation(found.str(factOperation)) {
	case KindTool:
		return found.ranks[factTraceloopKind] != 0
	case KindOther:
		return kindOfTraceloop(found.str(factTraceloopKind)) == KindTool
	}
	return false
}

// readTraceloopTool takes what a tool is called, was given and answered from
// what OpenLLMetry says of any entity.
func readTraceloopTool(attrs pcommon.Map, f *CallFacts) {
	if v, ok := attrs.Get(AttrTLEntityName); ok {
		fillString(&f.Tool.Name, v.Str())
	}
	fill := func(dst *pcommon.Value, key string) {
		if v, ok := attrs.Get(key); ok && *dst == (pcommon.Value{}) && !IsEmpty(v) {
			*dst = v
		}
	}
	fill(&f.Tool.Arguments, AttrTLEntityInput)
	fill(&f.Tool.Result, AttrTLEntityOutput)
}

// ErrorText is an error's type or message, empty for what JavaScript writes when
// there is none or when it is an object.
func ErrorText(s string) string {
	switch s {
	case "undefined", "null", "[object Object]":
		return ""
	}
	return s
}

// isNoError says that a value is to be an error's type or message and is none.
func (f factField) isNoError(v pcommon.Value) bool {
	return (f == factErrorType || f == factErrorMessage) && v.Type() == pcommon.ValueTypeStr && ErrorText(v.Str()) == ""
}
