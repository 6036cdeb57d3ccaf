package envelope

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// writeCall writes one entry of calls[] and moves what its span holds into it.
func (a *assembly) writeCall(c *call, dst pcommon.Map) {
	dst.EnsureCapacity(18)
	if c.traceID != a.part.Facts.traceID {
		putTraceID(dst, c.traceID)
	}
	a.putSpanID(dst, keySpanID, c.spanID)
	if c.span != nil {
		putSpanID(dst, keyParentSpanID, c.span.Data.ParentSpanID())
		putText(dst, keyName, c.span.Data.Name())
	}
	dst.PutStr(keyKind, string(c.kind))
	putText(dst, keyOperation, c.facts.Operation)
	putText(dst, keyProvider, c.facts.Provider)
	putText(dst, keyRequestModel, c.facts.RequestModel)
	putText(dst, keyResponseModel, c.facts.ResponseModel)
	putText(dst, keyResponseID, c.facts.ResponseID)
	a.putTimes(dst, c.startedAt, c.endedAt)
	dst.PutStr(keyStatus, c.status.String())
	if c.status != statusOK {
		putFailure(dst, c.failure)
	}
	putFinishReasons(dst, keyFinishReasons, c.facts.FinishReasons)
	if usage := tokensOf(&c.facts.Usage); usage.known != 0 {
		usage.put(dst.PutEmptyMap(keyUsage), &tokenKeys)
	}
	if c.facts.TimeToFirstChunkNS > 0 {
		dst.PutInt(keyTimeToFirstChunkNS, c.facts.TimeToFirstChunkNS)
	}
	c.writeTool(dst)
	if c.span != nil {
		writeLinks(c.span.Data.Links(), dst)
		c.dropCarried(c.span.Data.Attributes(), a.options.Messages)
		moveAttributes(c.span.Data.Attributes(), dst)
	}
	if c.content != (pcommon.Map{}) {
		for k, v := range c.content.All() {
			moved := dst.PutEmpty(k)
			v.MoveTo(moved)
			cleanValue(moved, 0)
		}
	}
}

// writeTool writes what was executed. Arguments and results that are JSON in a
// string are given parsed.
func (c *call) writeTool(dst pcommon.Map) {
	tool := &c.facts.Tool
	arguments, result := present(tool.Arguments), present(tool.Result)
	if tool.Name == "" && tool.CallID == "" && !arguments && !result {
		return
	}
	m := dst.PutEmptyMap(keyTool)
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

func writeLinks(links ptrace.SpanLinkSlice, dst pcommon.Map) {
	if links.Len() == 0 {
		return
	}
	list := dst.PutEmptySlice(keyLinks)
	list.EnsureCapacity(links.Len())
	for _, link := range links.All() {
		m := list.AppendEmpty().SetEmptyMap()
		m.EnsureCapacity(4)
		putTraceID(m, link.TraceID())
		putSpanID(m, keySpanID, link.SpanID())
		putText(m, keyTraceState, link.TraceState().AsRaw())
		moveAttributes(link.Attributes(), m)
	}
	list.RemoveIf(isNothing)
	if list.Len() == 0 {
		dst.Remove(keyLinks)
	}
}
