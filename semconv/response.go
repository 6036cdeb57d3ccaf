package semconv

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// answerFacts is what an object says if it is what a model's API, an SDK or a
// framework answered.
type answerFacts struct {
	id, model, reason, status string
	incomplete                pcommon.Value
	choices                   pcommon.Slice
	usage                     [3]pcommon.Value
	nested                    [3]pcommon.Map
	usages, nestings          int
	// isResponse says that the object can be nothing else; answers and tells
	// that it has an answer, and something about it.
	isResponse, answers, tells bool
}

// ReadResponse fills what f does not know yet from an object that is
// recognisably a response: its id, its model, its token counts and why it
// ended. False when it is none.
func ReadResponse(m pcommon.Map, f *CallFacts) bool { return readResponse(m, f, 0) }

// IsResponse says that an object is recognisably a response.
func IsResponse(m pcommon.Map) bool {
	var a answerFacts
	a.readAll(m)
	return a.recognised()
}

func readResponse(m pcommon.Map, f *CallFacts, depth int) bool {
	var a answerFacts
	a.readAll(m)
	if depth == 0 && !a.recognised() {
		return false
	}
	fillString(&f.ResponseID, a.id)
	fillString(&f.ResponseModel, a.model)
	for _, usage := range a.usage[:a.usages] {
		readUsage(usage, allTokens, &f.Usage)
	}
	if len(f.FinishReasons) == 0 {
		f.FinishReasons = a.finishReasons()
	}
	for _, inner := range a.nested[:a.nestings] {
		// What a framework has of the provider's own response.
		if depth == 0 {
			readResponse(inner, f, depth+1)
		}
	}
	return true
}

func (a *answerFacts) recognised() bool { return a.isResponse || a.answers && a.tells }

func (a *answerFacts) readAll(m pcommon.Map) {
	for key, v := range m.All() {
		a.read(key, v)
	}
}

func (a *answerFacts) read(key string, v pcommon.Value) {
	switch key {
	case "object":
		switch v.Str() {
		case "response", "chat.completion", "chat.completion.chunk", "text_completion":
			a.isResponse = true
		}
	case "choices", "candidates", "generations", "output":
		if list, ok := SliceOf(v); ok {
			a.isResponse = true
			if key == "choices" || key == "candidates" {
				a.choices = list
			}
		}
	case "content", "message":
		a.answers = true
	case "id", "responseId", "response_id":
		fillString(&a.id, v.Str())
	case "model", "modelVersion", "model_version", "modelId", "model_name":
		fillString(&a.model, v.Str())
		a.tells = a.tells || v.Str() != ""
	case "usage", "usageMetadata", "usage_metadata", "tokenUsage", "token_usage":
		if _, ok := MapOf(v); ok && a.usages < len(a.usage) {
			a.usage[a.usages] = v
			a.usages++
			a.tells = true
		}
	case "stop_reason", "stopReason", FieldFinishReason, "finishReason":
		fillString(&a.reason, v.Str())
		a.tells = a.tells || v.Str() != ""
	case "status":
		a.status = v.Str()
	case "incomplete_details":
		a.incomplete = v
	case "custom", "raw", "llmOutput", "llm_output":
		if inner, ok := MapOf(v); ok && a.nestings < len(a.nested) {
			a.nested[a.nestings] = inner
			a.nestings++
			a.tells = true
			a.isResponse = a.isResponse || key == "llmOutput" || key == "llm_output"
		}
	}
}

func (a *answerFacts) finishReasons() []string {
	var reasons []string
	if a.choices != (pcommon.Slice{}) {
		for i := range a.choices.Len() {
			choice, ok := MapOf(a.choices.At(i))
			if !ok {
				continue
			}
			for _, key := range [...]string{FieldFinishReason, "finishReason"} {
				if v, ok := choice.Get(key); ok && v.Str() != "" {
					reasons = appendFinishReasons(reasons, v.Str())
					break
				}
			}
		}
	}
	if len(reasons) == 0 && a.reason != "" {
		reasons = appendFinishReasons(reasons, a.reason)
	}
	if len(reasons) == 0 && a.isResponse {
		reasons = a.outcome()
	}
	return reasons
}

// outcome is how a response of OpenAI's Responses API ended.
func (a *answerFacts) outcome() []string {
	switch a.status {
	case "completed":
		return []string{FinishStop}
	case "failed":
		return []string{FinishError}
	case "incomplete":
		if a.incomplete == (pcommon.Value{}) {
			return nil
		}
		if details, ok := MapOf(a.incomplete); ok {
			if reason, ok := details.Get("reason"); ok && reason.Str() != "" {
				return appendFinishReasons(nil, reason.Str())
			}
		}
	}
	return nil
}

// Prune removes from what is left of a request or a response what f says.
func (f *CallFacts) Prune(rest pcommon.Map) { f.prune(rest, 0) }

func (f *CallFacts) prune(rest pcommon.Map, depth int) {
	rest.RemoveIf(func(key string, v pcommon.Value) bool {
		switch key {
		case "id", "responseId", "response_id":
			return f.ResponseID != "" && v.Str() == f.ResponseID
		case "model", "modelVersion", "model_version", "modelId", "model_name":
			return v.Str() != "" && (v.Str() == f.ResponseModel || v.Str() == f.RequestModel)
		case "usage", "usageMetadata", "usage_metadata", "tokenUsage", "token_usage":
			return f.Usage.states(v, allTokens)
		case "stop_reason", "stopReason", FieldFinishReason, "finishReason":
			return len(f.FinishReasons) > 0 && slices.Equal(FinishReasonsOf(v), f.FinishReasons)
		case "custom", "raw", "llmOutput", "llm_output":
			inner, ok := MapOf(v)
			if !ok || depth > 0 {
				return false
			}
			f.prune(inner, depth+1)
			return inner.Len() == 0
		}
		return IsEmpty(v)
	})
}
