package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// writeCall writes one entry of calls[] and moves what its span holds into it.
func (a *assembly) writeCall(c *call, dst pcommon.Map) {
	o := &a.entry
	const usual, rare = 16, 5
	n := usual
	if c.content != (pcommon.Map{}) {
		n += c.content.Len()
	}
	if c.status != statusOK || c.kind != semconv.KindInference || c.facts.TimeToFirstChunkNS > 0 {
		n += rare
	}
	o.begin(n)
	plain := false
	if c.span != nil {
		plain = c.span.Plain
		a.carry(c)
	}
	if c.traceID != a.part.Facts.traceID {
		o.valid(keyTraceID, a.scribe.traceID(c.traceID))
	}
	o.valid(keySpanID, a.scribe.spanID(c.spanID))
	if c.span != nil {
		o.valid(keyParentSpanID, a.scribe.spanID(c.span.Data.ParentSpanID()))
		name := c.span.Data.Name()
		if !plain {
			name = validText(name)
		}
		o.valid(keyName, name)
	}
	o.valid(keyKind, string(c.kind))
	a.writeFact(o, keyOperation, carriedOperation, c.facts.Operation)
	a.writeFact(o, keyProvider, carriedProvider, c.facts.Provider)
	a.writeFact(o, keyRequestModel, carriedRequestModel, c.facts.RequestModel)
	a.writeFact(o, keyResponseModel, carriedResponseModel, c.facts.ResponseModel)
	a.writeFact(o, keyResponseID, carriedResponseID, c.facts.ResponseID)
	a.writeTimes(o, c.startedAt, c.endedAt)
	o.valid(keyStatus, c.status.String())
	if c.status != statusOK {
		a.writeFailure(o, c.failure)
	}
	if !a.carried.moveTo(o, keyFinishReasons, carriedFinishReasons) {
		putFinishReasons(o, keyFinishReasons, c.facts.FinishReasons)
	}
	usage := tokensOf(&c.facts.Usage)
	a.writeUsage(o, &usage)
	if c.facts.TimeToFirstChunkNS > 0 {
		o.int(keyTimeToFirstChunkNS, c.facts.TimeToFirstChunkNS)
	}
	a.writeTool(c, o)
	if c.span != nil {
		a.writeLinks(c.span.Data.Links(), o, plain)
		moveAttributes(c.span.Data.Attributes(), o, plain)
	}
	c.writeMessages(o)
	o.into(dst)
}

// writeMessages moves the call's messages.
func (c *call) writeMessages(o *object) {
	if c.content == (pcommon.Map{}) {
		return
	}
	plain := c.plain()
	for k, v := range c.content.All() {
		moved := o.value(k)
		v.MoveTo(moved)
		if plain {
			foldDeep(moved, 0)
		} else {
			cleanValue(moved, 0)
		}
	}
}

// plain says that everything that the call's messages come from is plain.
func (c *call) plain() bool {
	if c.span != nil && !c.span.Plain {
		return false
	}
	for _, r := range c.records {
		if !r.Plain {
			return false
		}
	}
	return true
}

// writeFact writes a text of the call: the attribute's own value, if that is
// carried.
func (a *assembly) writeFact(o *object, key string, which carriedValue, text string) {
	if !a.carried.moveTo(o, key, which) {
		o.text(key, text)
	}
}

// writeTool writes what was executed. Arguments and results that are JSON in a
// string are given parsed.
func (a *assembly) writeTool(c *call, o *object) {
	tool := &c.facts.Tool
	arguments, result := present(tool.Arguments), present(tool.Result)
	if tool.Name == "" && tool.CallID == "" && !arguments && !result {
		return
	}
	m := o.object(keyTool)
	m.EnsureCapacity(4)
	putText(m, keyName, tool.Name)
	putText(m, keyCallID, tool.CallID)
	if arguments {
		putParsed(m, keyArguments, tool.Arguments)
	}
	if result {
		putParsed(m, keyResult, tool.Result)
	}
}

func present(v pcommon.Value) bool {
	return v != (pcommon.Value{}) && !isNothing(v)
}

// putParsed moves v, parsed if it is a list or map in JSON text.
func putParsed(dst pcommon.Map, key string, v pcommon.Value) {
	to := dst.PutEmpty(key)
	if v.Type() != pcommon.ValueTypeStr || !semconv.ParseJSONContainer(v.Str(), to) {
		v.MoveTo(to)
	}
	if isNothing(to) {
		dst.Remove(key)
		return
	}
	cleanValue(to, 0)
}

func (a *assembly) writeLinks(links ptrace.SpanLinkSlice, o *object, plain bool) {
	n := 0
	for _, link := range links.All() {
		if saysSomething(link) {
			n++
		}
	}
	if n == 0 {
		return
	}
	list := o.list(keyLinks)
	list.EnsureCapacity(n)
	for _, link := range links.All() {
		if !saysSomething(link) {
			continue
		}
		m := list.AppendEmpty().SetEmptyMap()
		a.inner.begin(4)
		a.inner.valid(keyTraceID, a.scribe.traceID(link.TraceID()))
		a.inner.valid(keySpanID, a.scribe.spanID(link.SpanID()))
		a.inner.text(keyTraceState, link.TraceState().AsRaw())
		moveAttributes(link.Attributes(), &a.inner, plain)
		a.inner.into(m)
	}
}

func saysSomething(link ptrace.SpanLink) bool {
	return !link.TraceID().IsEmpty() || !link.SpanID().IsEmpty() || link.TraceState().AsRaw() != "" || link.Attributes().Len() > 0
}

// putText writes s, cleaned, unless it is empty.
func putText(dst pcommon.Map, key, s string) {
	if s != "" {
		dst.PutStr(key, validText(s))
	}
}
