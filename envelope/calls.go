package envelope

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope/messages"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// call is one entry of calls[] while it is made: a gathered span of this part,
// or what the message and details events of this part tell of a call whose span
// is not in it.
type call struct {
	// span is nil for a call without its span.
	span    *event.Span
	traceID pcommon.TraceID
	// spanID is zero for the calls of the events that name no span.
	spanID pcommon.SpanID
	// response tells calls without a span id apart: empty for the first.
	response  string
	kind      semconv.Kind
	facts     semconv.CallFacts
	startedAt pcommon.Timestamp
	endedAt   pcommon.Timestamp
	// place orders the calls: the start, else the time of the first event.
	place   pcommon.Timestamp
	status  status
	failure failure
	// records are the events of this part that belong to the call, in order.
	records []*event.Record
	// content is what messages.Assemble made of them, and assembled what it
	// said about it.
	content   pcommon.Map
	assembled messages.Result
	// rest is what is left of attributes that say what a tool did.
	rest []toolRest
}

// failure is what is known of an error.
type failure struct {
	kind    string
	message string
}

func (f failure) known() bool { return f.kind != "" || f.message != "" }

// gatherCalls makes the calls of the part, in start order, and gives each its
// records.
func (a *assembly) gatherCalls() {
	a.calls = slices.Grow(a.calls[:0], len(a.part.Spans)+1)
	for _, span := range a.part.Spans {
		a.calls = append(a.calls, call{})
		a.calls[len(a.calls)-1].open(span)
	}
	a.index, a.responses, a.found = nil, nil, 0
	a.nameRequests()
	for i := range a.part.Records {
		a.openSpanless(i)
	}
	if len(a.calls) > 1 {
		slices.SortStableFunc(a.calls, func(x, y call) int {
			// Of calls that start together the outer one ends last.
			return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(y.endedAt, x.endedAt))
		})
	}
	a.index, a.responses, a.found = nil, nil, 0
	a.assignRecords()
}

// open makes c, which is zero, the call of a span.
func (c *call) open(span *event.Span) {
	data := span.Data
	c.span = span
	c.traceID, c.spanID, c.kind = data.TraceID(), data.SpanID(), span.Kind
	c.startedAt, c.endedAt = data.StartTimestamp(), data.EndTimestamp()
	c.place = c.startedAt
	semconv.ReadSpanFacts(data, &c.facts)
	if c.kind == semconv.KindInference || c.kind == semconv.KindEmbeddings {
		// A tool that is named here is one that the model asked for.
		c.facts.Tool = semconv.ToolFacts{}
	}
}

// openSpanless opens a call for the record at place k if it carries content of
// a call whose span is not in this part.
func (a *assembly) openSpanless(k int) {
	r := &a.part.Records[k]
	if !opensCall(r) {
		return
	}
	var i int
	if a.deal.names[k] != "" {
		i = a.callNamed(k)
	} else {
		i = a.callOf(k)
	}
	if i < 0 {
		key := a.keyOf(k)
		if a.index != nil {
			a.index[key] = len(a.calls)
		}
		a.calls = append(a.calls, call{
			traceID:  r.Log.TraceID(),
			spanID:   key.spanID,
			response: key.response,
			kind:     semconv.KindInference,
			place:    r.Time(),
		})
		return
	}
	if c := &a.calls[i]; c.span == nil && r.Time() < c.place {
		c.place = r.Time()
	}
}

// deal is the memory for dealing records out to calls.
type deal struct {
	owners  []int32
	sizes   []int32
	records []*event.Record
	// names tells apart records that name no span or one around several
	// requests.
	names []string
	sent  []int32
}

// assignRecords gives each call its records, which share one backing array.
func (a *assembly) assignRecords() {
	records := a.part.Records
	if len(a.calls) == 0 || len(records) == 0 {
		return
	}
	d := &a.deal
	d.owners = slices.Grow(d.owners[:0], len(records))[:len(records)]
	d.sizes = slices.Grow(d.sizes[:0], len(a.calls))[:len(a.calls)]
	d.records = slices.Grow(d.records[:0], len(records))[:len(records)]
	clear(d.sizes)
	for i := range records {
		owner := a.callOf(i)
		d.owners[i] = int32(owner)
		if owner >= 0 {
			d.sizes[owner]++
		}
	}
	a.replaceInputs()
	free := d.records
	for i := range a.calls {
		a.calls[i].records = free[:0:d.sizes[i]]
		free = free[d.sizes[i]:]
	}
	for i, owner := range d.owners {
		if owner >= 0 {
			c := &a.calls[owner]
			c.records = append(c.records, &records[i])
		}
	}
}

// callKey tells calls apart. Events without a span id share the zero key unless
// they report further responses.
type callKey struct {
	traceID  pcommon.TraceID
	spanID   pcommon.SpanID
	response string
}

func (c *call) key() callKey {
	if c.spanID.IsEmpty() {
		return callKey{response: c.response}
	}
	return callKey{traceID: c.traceID, spanID: c.spanID}
}

// callOf is the index of the call that the record at place k belongs to, or
// -1: the call of the request that it names; else the call of its span, or of
// those without a span the first.
func (a *assembly) callOf(k int) int {
	if a.deal.names[k] != "" {
		if i := a.callNamed(k); i >= 0 {
			return i
		}
	}
	return a.find(spanKey(&a.part.Records[k]))
}

// callNamed is the index of the call of the request that a record names, or -1:
// the call whose span reports its response id; else of its own span, if that
// is one request; else the one that was opened for it.
func (a *assembly) callNamed(k int) int {
	name, own := a.deal.names[k], spanKey(&a.part.Records[k])
	if i, ok := a.reporting(name); ok && (own == callKey{} || a.calls[i].kind == semconv.KindInference) {
		return i
	}
	if own != (callKey{}) {
		if i := a.find(own); i >= 0 && a.calls[i].span != nil && a.calls[i].kind == semconv.KindInference {
			return i
		}
	}
	return a.find(a.keyOf(k))
}

// keyOf is the key of the call that the record at place k opens.
func (a *assembly) keyOf(k int) callKey {
	switch name := a.deal.names[k]; name {
	case "":
		return spanKey(&a.part.Records[k])
	case a.firstResponse:
		// The records without a name are its as well.
		return callKey{}
	default:
		return callKey{response: name}
	}
}

// spanKey is the key of the call of a record's span.
func spanKey(r *event.Record) callKey {
	if spanID := r.Log.SpanID(); !spanID.IsEmpty() {
		return callKey{traceID: r.Log.TraceID(), spanID: spanID}
	}
	return callKey{}
}

// reporting is the index of the first call whose span reports the response id,
// an inference call if one does.
func (a *assembly) reporting(responseID string) (int, bool) {
	if a.responses == nil {
		a.responses = make(map[string]int, len(a.calls))
		for i := range a.calls {
			c := &a.calls[i]
			if c.facts.ResponseID == "" || c.span == nil {
				continue
			}
			before, taken := a.responses[c.facts.ResponseID]
			if !taken || c.kind == semconv.KindInference && a.calls[before].kind != semconv.KindInference {
				a.responses[c.facts.ResponseID] = i
			}
		}
	}
	i, ok := a.responses[responseID]
	return i, ok
}

// fewCalls is up to how many calls are searched one by one.
const fewCalls = 16

// find is the index of the call with the key, or -1. Records of one call
// mostly follow each other.
func (a *assembly) find(key callKey) int {
	if a.found < len(a.calls) && a.calls[a.found].key() == key {
		return a.found
	}
	if len(a.calls) <= fewCalls {
		for i := range a.calls {
			if a.calls[i].key() == key {
				a.found = i
				return i
			}
		}
		return -1
	}
	if a.index == nil {
		a.index = make(map[callKey]int, 2*len(a.calls))
		for i := range a.calls {
			if _, taken := a.index[a.calls[i].key()]; !taken {
				a.index[a.calls[i].key()] = i
			}
		}
	}
	if i, ok := a.index[key]; ok {
		a.found = i
		return i
	}
	return -1
}

// carriesContent says that an event of this name carries messages of a call, or
// its details: enough to make it an entry of calls[] without its span.
func carriesContent(name string) bool {
	switch name {
	case semconv.EventOperationDetails, semconv.EventChoice,
		semconv.EventContentPrompt, semconv.EventContentCompletion,
		semconv.EventClaudeUserPrompt, semconv.EventClaudeAssistantResponse,
		semconv.EventClaudeAPIRequest, semconv.EventClaudeRequestBody, semconv.EventClaudeResponseBody,
		semconv.EventClaudeAPIError, semconv.EventCodexUserPrompt,
		semconv.EventGeminiUserPrompt, semconv.EventGeminiAPIRequest, semconv.EventGeminiAPIResponse:
		return true
	}
	return strings.HasPrefix(name, semconv.PrefixGenAI) && strings.HasSuffix(name, ".message")
}

// opensCall says that a record makes an entry of calls[] without a span.
func opensCall(r *event.Record) bool {
	return carriesContent(r.Name) || semconv.RequestRoleOf(r.Name, r.Log.Attributes()) == semconv.RequestUsage
}

// statesFacts says that an event of this name states facts of its call that the
// call's span may lack.
func statesFacts(name string) bool {
	switch name {
	case semconv.EventOperationDetails, semconv.EventOperationException,
		semconv.EventClaudeAPIRequest, semconv.EventClaudeAPIError,
		semconv.EventGeminiAPIResponse, semconv.EventGeminiAPIError:
		return true
	}
	return false
}

// isException says that an event of this name reports an error.
func isException(name string) bool {
	return name == semconv.EventException || name == semconv.EventOperationException
}

// readCalls reads what the records add to each call, what earlier parts knew
// of it, and how it went.
func (a *assembly) readCalls() {
	for i := range a.calls {
		c := &a.calls[i]
		c.readRecords()
		if c.span == nil {
			a.recall(c)
		}
		c.readOutcome()
	}
}

// readRecords adds to the facts what events state. Details events are patches
// of which the last one wins, and reading fills only what is unknown.
func (c *call) readRecords() {
	var told semconv.CallFacts
	read := false
	for i := len(c.records) - 1; i >= 0; i-- {
		r := c.records[i]
		if statesFacts(r.Name) || (c.span == nil && opensCall(r)) {
			semconv.ReadEventFacts(r.Name, r.Log, &told)
			read = true
		}
	}
	if read {
		c.add(&told)
	}
}

// add fills what is unknown with what events told. A text beyond maxFactText
// stays in its event, and what a tool was called with is taken from its span
// alone: an event that mentions a tool is not the tool's execution.
func (c *call) add(told *semconv.CallFacts) {
	f := &c.facts
	fill := func(fact *string, s string) {
		if *fact == "" && len(s) <= maxFactText {
			*fact = s
		}
	}
	fill(&f.Operation, told.Operation)
	fill(&f.Provider, told.Provider)
	fill(&f.RequestModel, told.RequestModel)
	fill(&f.ResponseModel, told.ResponseModel)
	fill(&f.ResponseID, told.ResponseID)
	fill(&f.ConversationID, told.ConversationID)
	fill(&f.AgentName, told.AgentName)
	fill(&f.ErrorType, told.ErrorType)
	if f.ErrorMessage == "" {
		f.ErrorMessage = cutText(told.ErrorMessage, maxErrorMessage)
	}
	f.Failed = f.Failed || told.Failed
	if len(f.FinishReasons) == 0 {
		f.FinishReasons = shortReasons(told.FinishReasons)
	}
	if f.TimeToFirstChunkNS == 0 {
		f.TimeToFirstChunkNS = told.TimeToFirstChunkNS
	}
	count := func(tokens *semconv.TokenCount, n semconv.TokenCount) {
		if !tokens.Known {
			*tokens = n
		}
	}
	count(&f.Usage.InputTokens, told.Usage.InputTokens)
	count(&f.Usage.OutputTokens, told.Usage.OutputTokens)
	count(&f.Usage.CacheReadInputTokens, told.Usage.CacheReadInputTokens)
	count(&f.Usage.CacheWriteInputTokens, told.Usage.CacheWriteInputTokens)
	count(&f.Usage.ReasoningOutputTokens, told.Usage.ReasoningOutputTokens)
}

// takeToolEvents reads what a tool was called with and what it answered where
// Strands has them: in span events of the tool's own span, in the shape of
// messages. False when they are not there, or its attributes say it.
func (c *call) takeToolEvents() bool {
	tool := &c.facts.Tool
	if c.kind != semconv.KindTool || c.span == nil || present(tool.Arguments) || present(tool.Result) {
		return false
	}
	take := func(r *event.Record, key string, dst *pcommon.Value) {
		if v, ok := r.Log.Attributes().Get(key); ok && !present(*dst) {
			*dst = pcommon.NewValueEmpty()
			v.CopyTo(*dst)
		}
	}
	for _, r := range c.records {
		switch {
		case r.Source != event.SourceSpanEvent:
		case r.Name == semconv.EventToolMessage:
			take(r, semconv.FieldContent, &tool.Arguments)
		case r.Name == semconv.EventChoice:
			take(r, semconv.FieldMessage, &tool.Result)
		}
	}
	return present(tool.Arguments) || present(tool.Result)
}

// recall completes a call whose span is not in this part: by its operation's
// name, and by what earlier parts told of it.
func (a *assembly) recall(c *call) {
	f := a.part.Facts
	operation := semconv.KindOfOperation(c.facts.Operation)
	if operation != semconv.KindOther {
		c.kind = operation
	} else if f.isPrimary(c) {
		c.kind = f.kind.kind()
	}
	if c.spanID.IsEmpty() {
		return
	}
	if f.isOwner(c) && f.ownerKind != 0 {
		c.kind = f.ownerKind.kind()
		c.startedAt, c.endedAt, c.status = f.startedAt, f.endedAt, f.status
		c.failure = failure{kind: a.texts[textErrorType], message: a.texts[textErrorMessage]}
	}
	if !f.isPrimary(c) {
		return
	}
	fill := func(fact *string, which factText) {
		if *fact == "" {
			*fact = a.texts[which]
		}
	}
	fill(&c.facts.Operation, textOperation)
	fill(&c.facts.Provider, textProvider)
	fill(&c.facts.RequestModel, textRequestModel)
	fill(&c.facts.ResponseModel, textResponseModel)
	fill(&c.facts.ResponseID, textResponseID)
	fill(&c.facts.Tool.Name, textToolName)
}

// readOutcome says how the call went: by its span's status, by an error type or
// mark in attributes; an exception event explains an error and is none by
// itself, since it may have been handled.
func (c *call) readOutcome() {
	if c.span != nil {
		c.status = statusOK
		state := c.span.Data.Status()
		if state.Code() == ptrace.StatusCodeError {
			c.status = statusError
			c.failure.message = semconv.ErrorText(state.Message())
		} else if c.facts.ErrorType != "" || c.facts.Failed {
			c.status = statusError
		}
	}
	if c.status != statusOK {
		c.explain()
	}
}

// explain finds out what the call's error was.
func (c *call) explain() {
	if c.facts.ErrorType != "" {
		c.failure.kind = c.facts.ErrorType
	}
	if c.failure.message == "" {
		c.failure.message = c.facts.ErrorMessage
	}
	for i := len(c.records) - 1; i >= 0; i-- {
		c.failure.explain(c.records[i].Name, c.records[i].Log.Attributes())
	}
	if c.span != nil {
		// Span events that are not gathered stay on the span.
		for _, ev := range c.span.Data.Events().All() {
			c.failure.explain(ev.Name(), ev.Attributes())
		}
	}
}

// explain fills what is unknown from an exception event.
func (f *failure) explain(name string, attrs pcommon.Map) {
	if !isException(name) || (f.kind != "" && f.message != "") {
		return
	}
	if v, ok := attrs.Get(semconv.AttrExceptionType); ok && f.kind == "" && v.Type() == pcommon.ValueTypeStr {
		f.kind = cutText(semconv.ErrorText(v.Str()), maxFactText)
	}
	if v, ok := attrs.Get(semconv.AttrExceptionMessage); ok && f.message == "" && v.Type() == pcommon.ValueTypeStr {
		f.message = cutText(semconv.ErrorText(v.Str()), maxErrorMessage)
	}
}
