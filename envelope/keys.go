package envelope

// ScopeName is the instrumentation scope that envelopes are emitted under.
const ScopeName = "github.com/genaibuffer/genaibufferprocessor"

// SchemaVersion is the version of the body's shape (envelope.md, "Versioning").
const SchemaVersion = 1

// Keys of the body and of what is in it.
const (
	keySchemaVersion    = "schema_version"
	keyID               = "id"
	keyRequestID        = "request_id"
	keyKeySource        = "key_source"
	keyRelatedRequestID = "related_request_id"
	keyKind             = "kind"
	keyPart             = "part"
	keyFlushReason      = "flush_reason"
	keyComplete         = "complete"
	keyTraceID          = "trace_id"
	keySpanID           = "span_id"
	keyConversationID   = "conversation_id"
	keyStartedAt        = "started_at"
	keyEndedAt          = "ended_at"
	keyDurationNS       = "duration_ns"
	keyStatus           = "status"
	keyError            = "error"
	keyUsage            = "usage"
	keyCalls            = "calls"
	keyEvents           = "events"
	keyCounts           = "counts"

	keyParentSpanID       = "parent_span_id"
	keyName               = "name"
	keyOperation          = "operation"
	keyProvider           = "provider"
	keyRequestModel       = "request_model"
	keyResponseModel      = "response_model"
	keyResponseID         = "response_id"
	keyFinishReasons      = "finish_reasons"
	keyTimeToFirstChunkNS = "time_to_first_chunk_ns"
	keyTool               = "tool"
	keyLinks              = "links"
	keyAttributes         = "attributes"

	keyType       = "type"
	keyMessage    = "message"
	keyCallID     = "call_id"
	keyArguments  = "arguments"
	keyResult     = "result"
	keyTraceState = "trace_state"

	keySeq          = "seq"
	keyTime         = "time"
	keyObservedTime = "observed_time"
	keySource       = "source"
	keyScope        = "scope"
	keyScopeVersion = "scope_version"
	keySeverity     = "severity"
	keyBody         = "body"
	keyLate         = "late"
	keyTruncated    = "truncated"

	keyDropped = "dropped"
)

// status is how a request or a call went.
type status uint8

const (
	statusUnknown status = iota
	statusOK
	statusError
)

func (s status) String() string {
	switch s {
	case statusOK:
		return "ok"
	case statusError:
		return "error"
	}
	return "unknown"
}
