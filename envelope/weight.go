package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Weights are upper bounds, in bytes of the outgoing OTLP log record, of what
// goes into an envelope, so that a part can be closed before it outgrows a
// batch. For every part
//
//	size of the record <= FixedWeight + sum of RecordWeight + sum of SpanWeight
//
// A weight looks at no other record or span. It therefore counts what can only
// be said of all of them together (who opens a call, whose facts are believed)
// for each that might be the one. Sizes are those of text where the body is
// JSON, else of Protocol Buffers with lengths of up to four bytes.
const (
	// weightRecord are the keys and fixed values of an entry of events[].
	weightRecord = 380
	// weightCall are those of an entry of calls[] that any call can have:
	// ids, kind, status, times, error, duration.
	weightCall = 440
	// weightSpanless are those of a call whose span is not there.
	weightSpanless = 150
	// weightContent are the four lists of messages and content_source.
	weightContent = 350
	// weightTold is what a response in a span's content may tell of the call:
	// facts whose texts and numbers stand in it. The rest of it stays where
	// it was.
	weightTold = 300
	// weightFact is a fact's key and, if it is a number, its value.
	weightFact = 44
	// weightLink are the keys and ids of a link.
	weightLink = 160

	// weightValue is what surrounds a value in a list or map.
	weightValue = 24
	// weightObject is what assembling puts around an object that becomes a
	// message with a part: roles, types, modalities, finish reasons.
	weightObject = 96
	// weightElement is the same for an element of a list that is no object.
	weightElement = 80
)

// MaxRequestIDBytes is the longest RequestID and RelatedRequestID, in bytes of
// their JSON text, that the weights allow for; KeySource may be as long. Longer
// ones make a record heavier than its weight.
const MaxRequestIDBytes = 256

// RecordWeight is at least the number of bytes that r adds to the record that
// Build makes: its event, what it may add to a call's facts and, with messages,
// its content assembled. r.Bytes must be its size. It also finds out whether r
// is Plain.
func (b *Builder) RecordWeight(r *event.Record) int {
	attrs, body := r.Log.Attributes(), r.Log.Body()
	severity := r.Log.SeverityText()
	content, opens := carriesContent(r.Name), opensCall(r)
	weight := 0
	w := weighing{builder: b}
	if opens {
		weight += weightSpanless
	}
	if content && b.options.Messages {
		w.unclean = !hasPlainKeys(attrs)
		weight += weightContent + w.assembled(body, 0)
		for key, v := range attrs.All() {
			weight += weightObject + b.text(key) + w.assembled(v, 0)
		}
	} else {
		w.unclean = !isPlainMap(attrs, 0) || !isPlainValue(body, 0)
	}
	if b.options.Events {
		weight += weightRecord + b.text(r.Name) + b.text(severity) + b.originWeight(r.Origin)
		switch {
		case b.options.Body == BodyJSON:
			weight += jsonMapLen(attrs, 0) + jsonLen(body, 0)
		case w.unclean:
			weight += r.Bytes + mapGrowth(attrs, 0) + growth(body, 0)
		default:
			weight += r.Bytes
		}
	}
	if opens || statesFacts(r.Name) || isException(r.Name) {
		weight += b.eventFacts(attrs)
	}
	r.Plain = !w.unclean && isValid(r.Name) && isValid(severity)
	return weight
}

func (b *Builder) originWeight(origin *event.Origin) int {
	if origin == nil {
		return 0
	}
	return b.text(origin.Scope.Name()) + b.text(origin.Scope.Version())
}

// SpanWeight is at least the number of bytes that a gathered span adds to the
// record that Build makes. s.Bytes must be its size. It also finds out whether
// s is Plain.
func (b *Builder) SpanWeight(s *event.Span) int {
	span := s.Data
	attrs := span.Attributes()
	s.Plain = isValid(span.Name()) && isPlainMap(attrs, 0)
	weight := weightCall + b.text(span.Name()) + b.text(span.Status().Message())
	var facts semconv.CallFacts
	semconv.ReadSpanFacts(span, &facts)
	weight += b.factsWeight(&facts)
	switch {
	case b.options.Body == BodyJSON:
		weight += jsonMapLen(attrs, 0)
	case s.Plain:
		weight += s.Bytes
	default:
		weight += s.Bytes + mapGrowth(attrs, 0)
	}
	for _, ev := range span.Events().All() {
		if isException(ev.Name()) {
			weight += b.eventFacts(ev.Attributes())
		}
	}
	for _, link := range span.Links().All() {
		s.Plain = s.Plain && isPlainMap(link.Attributes(), 0)
		weight += weightLink + b.text(link.TraceState().AsRaw())
		if b.options.Body == BodyJSON {
			weight += jsonMapLen(link.Attributes(), 0)
		} else {
			weight += mapGrowth(link.Attributes(), 0)
		}
	}
	if b.options.Messages {
		weight += b.contentWeight(attrs)
	}
	return weight
}

// contentWeight is the size of the messages that a span's attributes hold.
func (b *Builder) contentWeight(attrs pcommon.Map) int {
	weight, told := weightContent, 0
	for key, v := range attrs.All() {
		if !semconv.IsContentAttribute(key) {
			continue
		}
		told = weightTold
		w := weighing{builder: b}
		weight += w.assembled(v, 0)
		if v.Type() == pcommon.ValueTypeStr && !b.options.AllContent {
			// It leaves the attributes for the messages, or stays there.
			weight -= b.text(v.Str())
		}
	}
	return weight + told
}

// FixedWeight is at least the number of bytes that the record that Build makes
// has beyond its records and spans: ids, times, counts, totals and what is told
// of the request as a whole, each text of which is bounded.
func (b *Builder) FixedWeight() int {
	const (
		header    = 160
		keys      = 1200
		attribute = maxFactText + 8
		// In the attributes: eight texts, the request id, the error type and
		// the finish reasons, which may be many short ones.
		attributes = 8*attribute + MaxRequestIDBytes + attribute + 4*maxFactText
		// In the body: three ids, the conversation, the error.
		body = 3*MaxRequestIDBytes + 2*attribute + maxErrorMessage
		// What a call without its span recalls of the request.
		recalled = 8*attribute + 200
	)
	return header + keys + attributes + body + recalled
}

// text is the size of a text that is put as it is.
func (b *Builder) text(s string) int {
	if b.options.Body == BodyJSON {
		return jsonStringLen(s)
	}
	return len(s) + textGrowth(s)
}

// eventFacts bounds what a call takes from the attributes of an event: texts of
// up to maxFactText, messages of up to maxErrorMessage, numbers.
func (b *Builder) eventFacts(attrs pcommon.Map) int {
	weight := 0
	for key, v := range attrs.All() {
		weight += weightFact
		switch v.Type() {
		case pcommon.ValueTypeStr:
			if semconv.IsFinishReasons(key) {
				// Several may be in one text, each short.
				for _, reason := range shortReasons(semconv.FinishReasonsOf(v)) {
					weight += weightValue + b.text(reason)
				}
			}
			if s := v.Str(); len(s) <= maxFactText {
				weight += b.text(s)
			} else if isErrorMessage(key) {
				weight += b.text(cutText(s, maxErrorMessage))
			}
		case pcommon.ValueTypeSlice:
			// Finish reasons.
			w := weighing{builder: b}
			weight += w.assembled(v, 0)
		}
	}
	return weight
}

// isErrorMessage says that an attribute may be read as an error's message.
func isErrorMessage(key string) bool {
	switch key {
	case semconv.AttrErrorMessage, semconv.AttrExceptionMessage, semconv.AttrLFStatusMessage,
		semconv.AttrGeminiError: // and Claude Code's
		return true
	}
	return false
}

// factsWeight is the size of a call's facts.
func (b *Builder) factsWeight(f *semconv.CallFacts) int {
	weight := 0
	for _, s := range [...]string{
		f.Operation, f.Provider, f.RequestModel, f.ResponseModel, f.ResponseID,
		f.ErrorType, f.ErrorMessage, f.Tool.Name, f.Tool.CallID,
	} {
		if s != "" {
			weight += weightFact + b.text(s)
		}
	}
	for _, reason := range f.FinishReasons {
		weight += weightValue + b.text(reason)
	}
	for _, n := range [...]semconv.TokenCount{
		f.Usage.InputTokens, f.Usage.OutputTokens, f.Usage.CacheReadInputTokens,
		f.Usage.CacheWriteInputTokens, f.Usage.ReasoningOutputTokens,
	} {
		if n.Known {
			weight += weightFact
		}
	}
	for _, v := range [...]pcommon.Value{f.Tool.Arguments, f.Tool.Result} {
		if v != (pcommon.Value{}) {
			w := weighing{builder: b}
			weight += weightFact + w.assembled(v, 0)
		}
	}
	return weight + weightFact
}
