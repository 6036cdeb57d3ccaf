package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// maxErrorMessage bounds, in bytes, the error message of the request and what a
// call quotes from an exception event, which has the message whole.
const maxErrorMessage = 1024

// learn adds to the facts what this part tells, so that the record can be
// written from them whichever part it is.
func (a *assembly) learn() {
	f := a.part.Facts
	a.count()
	f.lossy = f.lossy || a.counts.truncated > 0 || a.counts.dropped > 0
	switch {
	case a.part.Owner != nil:
		a.learnOwner(a.part.Owner)
	case !f.owned:
		a.learnFirst()
	}
	a.learnPrimary()
	a.learnContext()
	for i := range a.calls {
		a.tally.add(&a.calls[i])
	}
	f.counted = a.tally.seen
	f.text = a.texts.pack()
}

// count takes the numbers of this record.
func (a *assembly) count() {
	for i := range a.part.Records {
		r := &a.part.Records[i]
		if r.Late {
			a.counts.late++
		}
		if r.Truncated {
			a.counts.truncated++
		}
		a.counts.dropped += int64(r.Log.DroppedAttributesCount())
	}
	for _, span := range a.part.Spans {
		if span.Truncated {
			a.counts.truncated++
		}
		a.counts.dropped += int64(span.Data.DroppedAttributesCount()) + int64(span.Data.DroppedEventsCount())
	}
}

// learnOwner takes the request's ids, times and outcome from its owning span.
func (a *assembly) learnOwner(owner *event.Span) {
	f := a.part.Facts
	c := a.callOfSpan(owner)
	if c == nil {
		// A span that was not gathered is no call, but tells the same.
		c = new(call)
		c.open(owner)
		c.readOutcome()
	}
	f.owned = true
	f.origin = owner.Origin
	f.traceID, f.spanID, f.flags = c.traceID, c.spanID, owner.Data.Flags()
	f.startedAt, f.endedAt = c.startedAt, c.endedAt
	f.status = c.status
	f.ownerKind = codeOf(owner.Kind)
	a.failure = failure{}
	a.texts[textErrorType], a.texts[textErrorMessage] = "", ""
	a.setFailure(c.failure)
}

func (a *assembly) callOfSpan(span *event.Span) *call {
	for i := range a.calls {
		if a.calls[i].span == span {
			return &a.calls[i]
		}
	}
	return nil
}

// setFailure takes what a failure adds to the request's.
func (a *assembly) setFailure(f failure) {
	if a.failure.kind == "" {
		a.texts.set(textErrorType, f.kind)
		a.failure.kind = a.texts[textErrorType]
	}
	if a.failure.message == "" && f.message != "" {
		a.failure.message = quoteText(f.message, maxErrorMessage)
		a.texts.set(textErrorMessage, quoteText(f.message, maxFactText))
	}
}

// learnFirst takes ids, time and origin from the first event, or without any
// from the first call, until the owning span is there.
func (a *assembly) learnFirst() {
	f := a.part.Facts
	earlier := func(ts pcommon.Timestamp) {
		if ts != 0 && (f.startedAt == 0 || ts < f.startedAt) {
			f.startedAt = ts
		}
	}
	for i := range a.part.Records {
		r := &a.part.Records[i]
		earlier(r.Time())
		if f.origin == nil {
			f.origin = r.Origin
		}
		f.takeIDs(r.Log.TraceID(), r.Log.SpanID(), uint32(r.Log.Flags()))
	}
	for i := range a.calls {
		c := &a.calls[i]
		earlier(c.startedAt)
		if c.span == nil {
			continue
		}
		if f.origin == nil {
			f.origin = c.span.Origin
		}
		f.takeIDs(c.traceID, c.spanID, c.span.Data.Flags())
	}
}

// takeIDs takes the ids of the first that has both, before that of the first
// that has a trace id.
func (f *Facts) takeIDs(traceID pcommon.TraceID, spanID pcommon.SpanID, flags uint32) {
	if traceID.IsEmpty() || !f.spanID.IsEmpty() {
		return
	}
	if f.traceID.IsEmpty() || !spanID.IsEmpty() {
		f.traceID, f.spanID, f.flags = traceID, spanID, flags
	}
}

// learnPrimary finds the primary call and takes what it tells.
func (a *assembly) learnPrimary() {
	f := a.part.Facts
	claim := f.primary
	for i := range a.calls {
		if f.isPrimary(&a.calls[i]) {
			// The call that was primary so far is here with more to
			// tell, so that its claim is looked at anew.
			claim = primaryNone
			break
		}
	}
	best := -1
	for i := range a.calls {
		if p := f.primacyOf(&a.calls[i]); p > claim {
			best, claim = i, p
		}
	}
	if best < 0 {
		return
	}
	c := &a.calls[best]
	if !f.isPrimary(c) {
		for _, which := range primaryTexts {
			a.texts[which] = ""
		}
	}
	f.primary, f.kind, f.primarySpanID = claim, codeOf(c.kind), c.spanID
	a.texts.set(textOperation, c.facts.Operation)
	a.texts.set(textProvider, c.facts.Provider)
	a.texts.set(textRequestModel, c.facts.RequestModel)
	a.texts.set(textResponseModel, c.facts.ResponseModel)
	a.texts.set(textResponseID, c.facts.ResponseID)
	a.texts.set(textConversationID, c.facts.ConversationID)
	a.texts.set(textAgentName, c.facts.AgentName)
	a.texts.set(textToolName, c.facts.Tool.Name)
	a.texts.set(textPrimaryErrorType, c.failure.kind)
	a.texts.setFinishReasons(c.facts.FinishReasons)
	if f.status != statusOK {
		a.setFailure(c.failure)
	}
}

// primaryTexts are the texts that belong to the primary call, and go when
// another one takes its place.
var primaryTexts = [...]factText{
	textOperation, textProvider, textRequestModel, textResponseModel, textResponseID,
	textToolName, textPrimaryErrorType, textFinishReasons,
}

// isPrimary says that c is the call that was primary in earlier parts.
func (f *Facts) isPrimary(c *call) bool {
	return f.primary != primaryNone && c.spanID == f.primarySpanID
}

// isOwner says that c is the owning span's call.
func (f *Facts) isOwner(c *call) bool {
	return f.owned && c.spanID == f.spanID && c.traceID == f.traceID
}

func (f *Facts) primacyOf(c *call) primacy {
	inference := c.kind == semconv.KindInference
	switch {
	case inference && f.isOwner(c):
		return primaryOwnerInference
	case inference:
		return primaryInference
	case f.isOwner(c):
		return primaryOwner
	}
	return primaryCall
}

// learnContext takes the conversation and the agent from the first call that
// knows them when the primary one does not, since some instrumentations name
// them only on the spans around it, or the conversation on events; and what
// explains an error that the owning span does not explain itself.
func (a *assembly) learnContext() {
	for i := range a.calls {
		facts := &a.calls[i].facts
		if a.texts[textConversationID] == "" {
			a.texts.set(textConversationID, facts.ConversationID)
		}
		if a.texts[textAgentName] == "" {
			a.texts.set(textAgentName, facts.AgentName)
		}
	}
	for i := range a.part.Records {
		if a.texts[textConversationID] != "" {
			break
		}
		a.texts.set(textConversationID, semconv.ConversationID(a.part.Records[i].Log.Attributes()))
	}
	status := a.part.Facts.status
	for i := range a.calls {
		if status == statusError {
			a.setFailure(a.calls[i].failure)
		}
	}
	for i := range a.part.Records {
		if status != statusOK {
			var seen failure
			seen.explain(a.part.Records[i].Name, a.part.Records[i].Log.Attributes())
			a.setFailure(seen)
		}
	}
}
