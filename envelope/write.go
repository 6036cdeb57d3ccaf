package envelope

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

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
	dst.EnsureCapacity(16 + tokenKinds)
	putText(dst, semconv.AttrBufferRequestID, a.part.RequestID)
	dst.PutStr(semconv.AttrBufferID, a.recordID)
	dst.PutStr(semconv.AttrBufferKind, string(f.kind.kind()))
	dst.PutInt(semconv.AttrBufferSchemaVersion, SchemaVersion)
	dst.PutInt(semconv.AttrBufferPart, int64(a.part.Number))
	dst.PutStr(semconv.AttrBufferFlushReason, string(a.part.Reason))
	dst.PutBool(semconv.AttrBufferComplete, a.complete())
	dst.PutInt(semconv.AttrBufferEventCount, int64(len(a.part.Records)))
	for _, text := range flatTexts {
		if s := a.texts[text.which]; s != "" {
			dst.PutStr(text.attribute, s)
		}
	}
	putFinishReasons(dst, semconv.AttrFinishReasons, a.texts.finishReasons())
	errorType := a.texts[textPrimaryErrorType]
	if f.status == statusError && a.texts[textErrorType] != "" {
		errorType = a.texts[textErrorType]
	}
	putText(dst, semconv.AttrErrorType, errorType)
	a.tally.total.put(dst, &tokenAttributes)
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
	dst.EnsureCapacity(20)
	dst.PutInt(keySchemaVersion, SchemaVersion)
	dst.PutStr(keyID, a.recordID)
	putText(dst, keyRequestID, a.part.RequestID)
	putText(dst, keyKeySource, a.part.KeySource)
	putText(dst, keyRelatedRequestID, a.part.RelatedRequestID)
	dst.PutStr(keyKind, string(f.kind.kind()))
	dst.PutInt(keyPart, int64(a.part.Number))
	dst.PutStr(keyFlushReason, string(a.part.Reason))
	dst.PutBool(keyComplete, a.complete())
	putTraceID(dst, f.traceID)
	a.putSpanID(dst, keySpanID, f.spanID)
	putText(dst, keyConversationID, a.texts[textConversationID])
	a.putTimes(dst, f.startedAt, f.endedAt)
	dst.PutStr(keyStatus, f.status.String())
	if f.status != statusOK {
		putFailure(dst, a.failure)
	}
	if a.tally.total.known != 0 {
		a.tally.total.put(dst.PutEmptyMap(keyUsage), &tokenKeys)
	}
	if len(a.calls) > 0 {
		calls := dst.PutEmptySlice(keyCalls)
		calls.EnsureCapacity(len(a.calls))
		for i := range a.calls {
			a.writeCall(&a.calls[i], calls.AppendEmpty().SetEmptyMap())
		}
	}
	if a.options.Events && len(a.part.Records) > 0 {
		events := dst.PutEmptySlice(keyEvents)
		events.EnsureCapacity(len(a.part.Records))
		for i := range a.part.Records {
			a.writeEvent(&a.part.Records[i], events.AppendEmpty().SetEmptyMap())
		}
	}
	a.writeCounts(dst.PutEmptyMap(keyCounts))
}

func (a *assembly) writeCounts(dst pcommon.Map) {
	dst.EnsureCapacity(5)
	dst.PutInt(keyEvents, int64(len(a.part.Records)))
	dst.PutInt(keyCalls, int64(len(a.calls)))
	dst.PutInt(keyLate, a.counts.late)
	dst.PutInt(keyTruncated, a.counts.truncated)
	dst.PutInt(keyDropped, a.counts.dropped)
}

// putTimes writes start, end and duration as far as they are known.
func (a *assembly) putTimes(dst pcommon.Map, start, end pcommon.Timestamp) {
	if start != 0 {
		dst.PutStr(keyStartedAt, a.stamp.format(start))
	}
	if end != 0 {
		dst.PutStr(keyEndedAt, a.stamp.format(end))
	}
	if ns, ok := duration(start, end); ok {
		dst.PutInt(keyDurationNS, ns)
	}
}

func putFailure(dst pcommon.Map, f failure) {
	if !f.known() {
		return
	}
	m := dst.PutEmptyMap(keyError)
	m.EnsureCapacity(2)
	putText(m, keyType, f.kind)
	putText(m, keyMessage, f.message)
}

func putFinishReasons(dst pcommon.Map, key string, reasons []string) {
	var list pcommon.Slice
	for _, reason := range reasons {
		if reason == "" {
			continue
		}
		if list == (pcommon.Slice{}) {
			list = dst.PutEmptySlice(key)
			list.EnsureCapacity(len(reasons))
		}
		list.AppendEmpty().SetStr(validText(reason))
	}
}

// putText writes s, cleaned, unless it is empty.
func putText(dst pcommon.Map, key, s string) {
	if s != "" {
		dst.PutStr(key, validText(s))
	}
}

func putTraceID(dst pcommon.Map, id pcommon.TraceID) {
	if !id.IsEmpty() {
		dst.PutStr(keyTraceID, hex.EncodeToString(id[:]))
	}
}

func putSpanID(dst pcommon.Map, key string, id pcommon.SpanID) {
	if !id.IsEmpty() {
		dst.PutStr(key, hex.EncodeToString(id[:]))
	}
}

// putSpanID writes an id that is likely to be written again.
func (a *assembly) putSpanID(dst pcommon.Map, key string, id pcommon.SpanID) {
	if id.IsEmpty() {
		return
	}
	if id != a.spanID {
		a.spanID, a.spanText = id, hex.EncodeToString(id[:])
	}
	dst.PutStr(key, a.spanText)
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
