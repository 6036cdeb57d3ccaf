package semconv

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// ReadSpanFacts fills what f does not know yet from a span's name and
// attributes, in any dialect.
func ReadSpanFacts(span ptrace.Span, f *CallFacts) {
	var found foundFacts
	found.scan(span.Attributes(), vendorSources(span.Name()))
	found.fillModels(f)
	found.fill(f)
	if f.Provider == "" {
		f.Provider = found.fallbackProvider()
	}
	if v := found.values[factFirstChunkTime]; f.TimeToFirstChunkNS == 0 && v != (pcommon.Value{}) {
		f.TimeToFirstChunkNS = sinceStart(v, span.StartTimestamp())
	}
	if f.Operation == "" && strings.HasPrefix(span.Name(), spanAIPrefix) && strings.HasSuffix(span.Name(), spanAIEmbed) {
		f.Operation = operationEmbeddings
	}
	isTool := strings.EqualFold(found.str(factSpanKind), "TOOL")
	if isTool {
		readOpenInferenceTool(span.Attributes(), f)
	}
	if found.isTraceloopTool() {
		readTraceloopTool(span.Attributes(), f)
	}
	if !isTool && KindOfOperation(f.Operation) == KindTool {
		readOpenInferenceTool(span.Attributes(), f)
	}
	if found.str(factGenkitSubtype) == "model" {
		readGenkitModel(span.Attributes(), f)
	}
	f.Failed = f.Failed || found.str(factGenkitState) == "error"
}

// ReadAttributeFacts fills what f does not know yet from attributes, in any
// dialect. The better source is to be read first.
func ReadAttributeFacts(attrs pcommon.Map, f *CallFacts) {
	var found foundFacts
	found.scan(attrs, nil)
	found.fill(f)
}

// ReadEventFacts fills what f does not know yet from the attributes of an event
// with this resolved name. In addition to ReadAttributeFacts it reads what
// Claude Code, Gemini CLI and Codex write in theirs, and the exception that the event
// reports; what an evaluation says about itself is not taken for the call's.
func ReadEventFacts(name string, log plog.LogRecord, f *CallFacts) {
	if strings.HasPrefix(name, prefixEvaluation) {
		return
	}
	attrs := log.Attributes()
	var found foundFacts
	found.scan(attrs, vendorSources(name))
	found.fill(f)
	if name != EventOperationException {
		return
	}
	f.Failed = true
	if v, ok := attrs.Get(AttrExceptionType); ok && f.ErrorType == "" {
		f.ErrorType = ErrorText(v.Str())
	}
	if v, ok := attrs.Get(AttrExceptionMessage); ok && f.ErrorMessage == "" {
		f.ErrorMessage = ErrorText(v.Str())
	}
}

// foundFacts are the best values found so far; a rank of 0 means none.
type foundFacts struct {
	values [factFieldCount]pcommon.Value
	ranks  [factFieldCount]uint8
}

func (found *foundFacts) scan(attrs pcommon.Map, vendor *KeyTable[factSource]) {
	for key, value := range attrs.All() {
		source, ok := factSources.Get(key)
		if !ok {
			if source, ok = vendor.Get(key); !ok {
				continue
			}
		}
		best := found.ranks[source.field]
		if (best == 0 || source.rank < best) && !IsEmpty(value) && !source.field.isNoError(value) {
			found.values[source.field] = value
			found.ranks[source.field] = source.rank
		}
	}
}

// str is a field's string, empty when it is none.
func (found *foundFacts) str(field factField) string {
	if found.ranks[field] == 0 {
		return ""
	}
	return found.values[field].Str()
}

func (found *foundFacts) fill(f *CallFacts) {
	fillString(&f.Operation, found.operation())
	fillString(&f.Provider, found.str(factProvider))
	fillString(&f.RequestModel, found.str(factRequestModel))
	fillString(&f.ResponseModel, found.str(factResponseModel))
	fillString(&f.ResponseID, found.str(factResponseID))
	fillString(&f.ConversationID, found.text(factConversationID))
	fillString(&f.AgentName, found.str(factAgentName))
	if len(f.FinishReasons) == 0 && found.ranks[factFinishReasons] != 0 {
		f.FinishReasons = FinishReasonsOf(found.values[factFinishReasons])
	}
	found.fillUsage(&f.Usage)
	found.fillFirstChunk(f)
	found.fillError(f)
	fillString(&f.Tool.Name, found.str(factToolName))
	fillString(&f.Tool.CallID, found.text(factToolCallID))
	found.fillValue(&f.Tool.Arguments, factToolArguments)
	found.fillValue(&f.Tool.Result, factToolResult)
}

func fillString(dst *string, s string) {
	if *dst == "" {
		*dst = s
	}
}

// text is a field's string, or its number written out: some write ids as
// numbers.
func (found *foundFacts) text(field factField) string {
	if found.ranks[field] == 0 {
		return ""
	}
	switch v := found.values[field]; v.Type() {
	case pcommon.ValueTypeStr, pcommon.ValueTypeInt:
		return v.AsString()
	}
	return ""
}

const (
	operationChat       = "chat"
	operationEmbeddings = "embeddings"
)

// operation is the convention's name of the operation, translated where a
// dialect states it in words of its own.
func (found *foundFacts) operation() string {
	if operation := found.str(factOperation); operation != "" {
		return operation
	}
	switch strings.ToUpper(found.str(factSpanKind)) {
	case "LLM":
		return operationChat
	case "EMBEDDING":
		return operationEmbeddings
	case "RETRIEVER":
		return "retrieval"
	case "TOOL":
		return "execute_tool"
	case "AGENT":
		return "invoke_agent"
	}
	switch found.str(factRequestType) {
	case "chat":
		return operationChat
	case "completion":
		return "text_completion"
	case "embedding":
		return operationEmbeddings
	}
	return ""
}

func (found *foundFacts) fillValue(dst *pcommon.Value, field factField) {
	if *dst == (pcommon.Value{}) && found.ranks[field] != 0 {
		*dst = found.values[field]
	}
}

func (found *foundFacts) fillUsage(u *Usage) {
	found.fillTokens(&u.InputTokens, factInputTokens)
	found.fillTokens(&u.OutputTokens, factOutputTokens)
	found.fillTokens(&u.CacheReadInputTokens, factCacheRead)
	found.fillTokens(&u.CacheWriteInputTokens, factCacheWrite)
	found.fillTokens(&u.ReasoningOutputTokens, factReasoning)
	for _, object := range [...]struct {
		field factField
		about usageObject
	}{{factUsageDetails, allTokens}, {factInputDetails, inputDetails}, {factOutputDetails, outputDetails}} {
		if found.ranks[object.field] != 0 {
			readUsage(found.values[object.field], object.about, u)
		}
	}
}

func (found *foundFacts) fillTokens(dst *TokenCount, field factField) {
	if found.ranks[field] != 0 {
		fillTokens(dst, found.values[field])
	}
}

func fillTokens(dst *TokenCount, v pcommon.Value) {
	if dst.Known {
		return
	}
	if tokens, ok := IntOf(v); ok && tokens >= 0 {
		*dst = TokenCount{N: tokens, Known: true}
	}
}

// objectOf is a map, or what JSON text for one says.
func objectOf(v pcommon.Value) (pcommon.Map, bool) {
	if m, ok := MapOf(v); ok {
		return m, true
	}
	parsed := pcommon.NewValueEmpty()
	if !ParseJSONContainer(v.Str(), parsed) {
		return pcommon.Map{}, false
	}
	return MapOf(parsed)
}

// readGenkitModel reads what Genkit tells of a model's call: the model is the
// action's name, the usage stands in the output.
func readGenkitModel(attrs pcommon.Map, f *CallFacts) {
	if name, ok := attrs.Get(AttrGenkitName); ok {
		fillString(&f.RequestModel, name.Str())
	}
	if f.Usage.InputTokens.Known && f.Usage.OutputTokens.Known {
		return
	}
	v, ok := attrs.Get(AttrGenkitOutput)
	if !ok {
		return
	}
	if output, ok := objectOf(v); ok {
		if usage, ok := output.Get("usage"); ok {
			readUsage(usage, allTokens, &f.Usage)
		}
	}
}

func (found *foundFacts) fillFirstChunk(f *CallFacts) {
	for _, unit := range [...]struct {
		field factField
		ns    float64
	}{{factFirstChunkSeconds, 1e9}, {factFirstChunkMillis, 1e6}} {
		if f.TimeToFirstChunkNS != 0 || found.ranks[unit.field] == 0 {
			continue
		}
		// A year is more than any stream takes and less than what overflows.
		if d, ok := FloatOf(found.values[unit.field]); ok && d > 0 && d*unit.ns < 365*24*float64(time.Hour) {
			f.TimeToFirstChunkNS = int64(d * unit.ns)
		}
	}
}

// sinceStart is the time from a span's start to an RFC 3339 time, which
// Langfuse writes as JSON, in quotes; 0 when it is none.
func sinceStart(v pcommon.Value, start pcommon.Timestamp) int64 {
	at, err := time.Parse(time.RFC3339Nano, strings.Trim(v.Str(), `"`))
	if err != nil || start == 0 {
		return 0
	}
	return max(0, int64(at.Sub(start.AsTime())))
}

func (found *foundFacts) fillError(f *CallFacts) {
	fillString(&f.ErrorType, found.text(factErrorType))
	level := found.str(factLevel)
	failed := strings.EqualFold(level, "ERROR")
	if failed || level == "" {
		fillString(&f.ErrorMessage, found.str(factErrorMessage))
	}
	if found.ranks[factSuccess] != 0 {
		success := found.values[factSuccess]
		failed = failed || success.AsString() == "false"
	}
	f.Failed = f.Failed || failed || f.ErrorType != ""
}

// readOpenInferenceTool takes a tool's arguments and result from the general
// input and output that OpenInference puts on every span, and others on those of
// tools.
func readOpenInferenceTool(attrs pcommon.Map, f *CallFacts) {
	if v, ok := attrs.Get(AttrOIInputValue); ok && f.Tool.Arguments == (pcommon.Value{}) {
		f.Tool.Arguments = v
	}
	if v, ok := attrs.Get(AttrOIOutputValue); ok && f.Tool.Result == (pcommon.Value{}) {
		f.Tool.Result = v
	}
}

// maxJoinedReasons bounds the reasons that one text is parted into.
const maxJoinedReasons = 64

// FinishReasonsOf reads finish reasons, normalised, from a list, JSON text for
// a list, or text with one or several; nil when there are none.
func FinishReasonsOf(v pcommon.Value) []string {
	if list, ok := SliceOf(v); ok {
		return finishReasonsIn(list)
	}
	reason := v.Str()
	if reason == "" {
		return nil
	}
	if reason[0] == '[' {
		parsed := pcommon.NewValueEmpty()
		if ParseJSON(reason, parsed) {
			list, _ := SliceOf(parsed)
			return finishReasonsIn(list)
		}
	}
	return appendFinishReasons(nil, strings.Trim(reason, `"`))
}

func finishReasonsIn(list pcommon.Slice) []string {
	var reasons []string
	for i := range list.Len() {
		if reason := list.At(i).Str(); reason != "" {
			reasons = appendFinishReasons(reasons, reason)
		}
	}
	return reasons
}

func appendFinishReasons(reasons []string, text string) []string {
	if known := knownFinishReason(text); known != "" {
		return append(reasons, known)
	}
	if joined := JoinedFinishReasons(text, maxJoinedReasons); joined != nil {
		return append(reasons, joined...)
	}
	return append(reasons, text)
}

// IsFinishReasons says that an attribute states finish reasons, in any dialect.
func IsFinishReasons(key string) bool {
	source, ok := factSources.Get(key)
	return ok && source.field == factFinishReasons || key == AttrClaudeStopReason
}

// consumedNames are the attributes, besides content, whose value a call's
// named fields repeat as it is or in the convention's spelling. A dialect's
// own name for the same thing is not among them: its value may differ from the
// one that was believed, and stays readable beside it.
var consumedNames = []string{
	AttrOperationName, AttrProviderName, AttrSystem,
	AttrRequestModel, AttrResponseModel, AttrResponseID,
	AttrFinishReasons, AttrTimeToFirstChunk, AttrErrorType,
	AttrUsageInputTokens, AttrUsageOutputTokens,
	AttrUsagePromptTokens, AttrUsageCompletion,
	AttrUsageCacheReadInputTokens, AttrUsageCacheRead,
	AttrUsageCacheWriteInputTokens, AttrUsageCacheWrite,
	AttrUsageCacheCreation, AttrUsageCacheCreation2,
	AttrUsageReasoningOutputTokens, AttrUsageReasoning, AttrUsageReasoning2,
	AttrToolName, AttrToolCallID,
}
