package envelope

import (
	"math/bits"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// writeHeader fills the record's own fields.
func (a *assembly) writeHeader(dst plog.LogRecord) {
	f := a.part.Facts
	dst.SetEventName(semconv.EnvelopeEventName)
	dst.SetTimestamp(f.startedAt)
	dst.SetObservedTimestamp(pcommon.NewTimestampFromTime(a.part.FlushedAt))
	dst.SetTraceID(f.traceID)
	dst.SetSpanID(f.spanID)
	// A span's flags say more than a log record's, which are the trace flags.
	dst.SetFlags(plog.LogRecordFlags(f.flags & 0xff))
	severity := plog.SeverityNumberInfo
	if f.status == statusError {
		severity = plog.SeverityNumberError
	}
	dst.SetSeverityNumber(severity)
	dst.SetSeverityText(severityNames[severity])
}

// complete says that the request ended and lost nothing so far.
func (a *assembly) complete() bool {
	return a.part.Ended && !a.part.Facts.lossy
}

// writeAttributes fills the flat attributes.
func (a *assembly) writeAttributes(dst pcommon.Map) {
	f := a.part.Facts
	o := &a.outer
	const fixed, optional = 8, 2
	n := fixed + optional + bits.OnesCount8(a.tally.total.known)
	for _, text := range flatTexts {
		if a.texts[text.which] != "" {
			n++
		}
	}
	o.begin(n)
	o.valid(semconv.AttrBufferRequestID, a.requestID)
	o.valid(semconv.AttrBufferID, a.recordID)
	o.valid(semconv.AttrBufferKind, string(f.kind.kind()))
	o.int(semconv.AttrBufferSchemaVersion, SchemaVersion)
	o.int(semconv.AttrBufferPart, int64(a.part.Number))
	o.value(semconv.AttrBufferFlushReason).SetStr(string(a.part.Reason))
	o.bool(semconv.AttrBufferComplete, a.complete())
	o.int(semconv.AttrBufferEventCount, int64(len(a.part.Records)))
	for _, text := range flatTexts {
		o.valid(text.attribute, a.texts[text.which])
	}
	a.writeFinishReasons(o)
	errorType := a.texts[textPrimaryErrorType]
	if f.status == statusError && a.texts[textErrorType] != "" {
		errorType = a.texts[textErrorType]
	}
	o.text(semconv.AttrErrorType, errorType)
	a.tally.total.put(o, &tokenAttributes)
	o.into(dst)
}

// writeFinishReasons writes those of the request.
func (a *assembly) writeFinishReasons(o *object) {
	reasons := a.texts[textFinishReasons]
	if reasons == "" {
		return
	}
	if !strings.Contains(reasons, finishReasonSeparator) {
		o.list(semconv.AttrFinishReasons).AppendEmpty().SetStr(reasons)
		return
	}
	putFinishReasons(o, semconv.AttrFinishReasons, a.texts.finishReasons())
}

// flatTexts are the texts that are attributes of the record.
var flatTexts = [...]struct {
	attribute string
	which     factText
}{
	{semconv.AttrOperationName, textOperation},
	{semconv.AttrProviderName, textProvider},
	{semconv.AttrRequestModel, textRequestModel},
	{semconv.AttrResponseModel, textResponseModel},
	{semconv.AttrResponseID, textResponseID},
	{semconv.AttrConversationID, textConversationID},
	{semconv.AttrAgentName, textAgentName},
	{semconv.AttrToolName, textToolName},
}

// writeBody fills the body. What is in the part's records and spans is moved.
func (a *assembly) writeBody(dst pcommon.Map) {
	f := a.part.Facts
	o := &a.outer
	const usual = 18
	n := usual
	for _, rare := range [...]bool{a.part.RelatedRequestID != "", a.texts[textConversationID] != "", f.status != statusOK} {
		if rare {
			n++
		}
	}
	o.begin(n)
	o.int(keySchemaVersion, SchemaVersion)
	o.valid(keyID, a.recordID)
	o.valid(keyRequestID, a.requestID)
	o.text(keyKeySource, a.part.KeySource)
	o.text(keyRelatedRequestID, a.part.RelatedRequestID)
	o.valid(keyKind, string(f.kind.kind()))
	o.int(keyPart, int64(a.part.Number))
	o.value(keyFlushReason).SetStr(string(a.part.Reason))
	o.bool(keyComplete, a.complete())
	o.valid(keyTraceID, a.scribe.traceID(f.traceID))
	o.valid(keySpanID, a.scribe.spanID(f.spanID))
	o.valid(keyConversationID, a.texts[textConversationID])
	a.writeTimes(o, f.startedAt, f.endedAt)
	o.valid(keyStatus, f.status.String())
	if f.status != statusOK {
		a.writeFailure(o, a.failure)
	}
	a.writeUsage(o, &a.tally.total)
	if len(a.calls) > 0 {
		calls := o.list(keyCalls)
		calls.EnsureCapacity(len(a.calls))
		for i := range a.calls {
			a.writeCall(&a.calls[i], calls.AppendEmpty().SetEmptyMap())
		}
	}
	if a.options.Events && len(a.part.Records) > 0 {
		events := o.list(keyEvents)
		events.EnsureCapacity(len(a.part.Records))
		for i := range a.part.Records {
			a.writeEvent(&a.part.Records[i], events.AppendEmpty().SetEmptyMap())
		}
	}
	a.writeCounts(o.object(keyCounts))
	o.into(dst)
}

func (a *assembly) writeCounts(dst pcommon.Map) {
	o := &a.inner
	o.begin(5)
	o.int(keyEvents, int64(len(a.part.Records)))
	o.int(keyCalls, int64(len(a.calls)))
	o.int(keyLate, a.counts.late)
	o.int(keyTruncated, a.counts.truncated)
	o.int(keyDropped, a.counts.dropped)
	o.into(dst)
}

// tell fills in what is told of the part.
func (a *assembly) tell(f *event.Flush) {
	f.Part, f.Reason, f.Complete = a.part.Number, a.part.Reason, a.complete()
	f.ID = strings.Clone(a.recordID)
	f.Events, f.Calls = len(a.part.Records), len(a.calls)
	f.Late, f.Truncated, f.Dropped = int(a.counts.late), int(a.counts.truncated), int(a.counts.dropped)
}

// writeTimes writes start, end and duration as far as they are known.
func (a *assembly) writeTimes(o *object, start, end pcommon.Timestamp) {
	if start != 0 {
		o.valid(keyStartedAt, a.scribe.time(start))
	}
	if end != 0 {
		o.valid(keyEndedAt, a.scribe.time(end))
	}
	if ns, ok := duration(start, end); ok {
		o.int(keyDurationNS, ns)
	}
}

// writeUsage writes token counts as far as they are known.
func (a *assembly) writeUsage(o *object, t *tokens) {
	if t.known == 0 {
		return
	}
	m := o.object(keyUsage)
	a.inner.begin(bits.OnesCount8(t.known))
	t.put(&a.inner, &tokenKeys)
	a.inner.into(m)
}

func (a *assembly) writeFailure(o *object, f failure) {
	if !f.known() {
		return
	}
	m := o.object(keyError)
	a.inner.begin(2)
	a.inner.text(keyType, f.kind)
	a.inner.text(keyMessage, f.message)
	a.inner.into(m)
}

func putFinishReasons(o *object, key string, reasons []string) {
	var list pcommon.Slice
	for _, reason := range reasons {
		if reason == "" {
			continue
		}
		if list == (pcommon.Slice{}) {
			list = o.list(key)
			list.EnsureCapacity(len(reasons))
		}
		list.AppendEmpty().SetStr(validText(reason))
	}
}

// severityNames are the short names of severity numbers in the logs data model.
var severityNames = func() (names [plog.SeverityNumberFatal4 + 1]string) {
	for i, base := range [...]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"} {
		for j, suffix := range [...]string{"", "2", "3", "4"} {
			names[1+4*i+j] = base + suffix
		}
	}
	return names
}()

func severityName(number plog.SeverityNumber) string {
	if number < 0 || int(number) >= len(severityNames) {
		return ""
	}
	return severityNames[number]
}
