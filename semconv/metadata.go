package semconv

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// metadataShape is what the value of a metadata attribute may be. Whatever does
// not have the shape is not believed to be metadata.
type metadataShape uint8

const (
	// metadataText is a short text, a number, a bool or a short list of these.
	metadataText metadataShape = iota + 1
	// metadataNumber is a number, also as text, or a bool.
	metadataNumber
)

const (
	// maxMetadataText bounds a text that is an id, a name or a word of an
	// enumeration, in bytes.
	maxMetadataText = 256
	// maxMetadataList bounds a list of such texts.
	maxMetadataList = 32
)

// metadataFacts are the facts that are no content. What a tool was called with,
// what it answered and what an error says is: providers quote prompts in errors.
var metadataFacts = map[factField]metadataShape{
	factOperation: metadataText, factProvider: metadataText, factRequestModel: metadataText, factResponseModel: metadataText,
	factResponseID: metadataText, factConversationID: metadataText, factAgentName: metadataText, factFinishReasons: metadataText,
	factInputTokens: metadataNumber, factOutputTokens: metadataNumber, factCacheRead: metadataNumber,
	factCacheWrite: metadataNumber, factReasoning: metadataNumber,
	factFirstChunkSeconds: metadataNumber, factFirstChunkMillis: metadataNumber, factFirstChunkTime: metadataText,
	factErrorType: metadataText, factLevel: metadataText, factSuccess: metadataText,
	factToolName: metadataText, factToolCallID: metadataText,
	factSpanKind: metadataText, factRequestType: metadataText, factGenkitSubtype: metadataText, factGenkitState: metadataText,
}

// metadataTexts are the attributes, beside those that state facts, that say what
// a call was, who made it and where it ran.
var metadataTexts = []string{
	// The GenAI conventions: what they do not call sensitive, descriptions
	// and references to uploaded content aside.
	"gen_ai.agent.id", "gen_ai.agent.version", "gen_ai.agent.call.id", "gen_ai.agent.invocation.id", "gen_ai.workflow.name",
	"gen_ai.conversation.compacted", "gen_ai.data_source.id", "gen_ai.prompt.name", "gen_ai.prompt.version",
	"gen_ai.memory.store.id", "gen_ai.memory.store.name", "gen_ai.memory.record.id",
	"gen_ai.evaluation.name", "gen_ai.evaluation.score.label", "gen_ai.token.type", "gen_ai.token.modality",
	"gen_ai.output.type", "gen_ai.request.stop_sequences", "gen_ai.request.reasoning.level", "gen_ai.request.encoding_formats",
	"gen_ai.request.previous_response.id", "gen_ai.request.thinking_type", "gen_ai.request.is_stream", "gen_ai.request.stream",
	"gen_ai.is_streaming", "gen_ai.tool.type", "gen_ai.tool.status", "gen_ai.event.start_time", "gen_ai.event.end_time",
	"gen_ai.openai.request.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.openai.response.system_fingerprint",
	"openai.api.type", "openai.request.service_tier", "openai.response.service_tier", "openai.response.system_fingerprint",
	"aws.bedrock.guardrail.id", "aws.bedrock.knowledge_base.id", "aws.region", "aws.request_id",
	"azure.resource_provider.namespace", "az.namespace", "az.service_request_id",

	// Other conventions of OpenTelemetry.
	AttrMCPMethodName, "mcp.session.id", "mcp.protocol.version", "jsonrpc.request.id", "jsonrpc.protocol.version",
	"rpc.system", "rpc.system.name", "rpc.service", "rpc.method", "rpc.grpc.status_code", "rpc.response.status_code",
	"server.address", "server.port", "client.address", "client.port", "network.protocol.name", "network.protocol.version",
	"network.transport", "network.type", "network.peer.address", "network.peer.port", "net.peer.name", "net.peer.port",
	"http.request.method", "http.method", "http.response.status_code", "http.status_code", "http.route", "url.scheme",
	"http.request.resend_count", "peer.service", "otel.status_code",
	"service.name", "service.namespace", "service.version", "service.instance.id", "deployment.environment.name",
	"deployment.environment", "user.id", "enduser.id", "session.previous_id", "thread.id", "thread.name",
	"code.function.name", "code.function", "code.namespace", "code.file.path", "code.filepath", "code.line.number", "code.lineno",
	AttrExceptionType, "exception.escaped", AttrEventName, AttrEventNameUnderscore, AttrEventSequence, AttrChatMessageIndex,
	"event.timestamp", "app.version",

	// Fields of per-message events.
	FieldRole, FieldID, FieldToolCallID, FieldFinishReason, FieldIndex, "finish_reasons",

	// Dialects.
	"llm.is_streaming", "traceloop.workflow.name", "traceloop.entity.name", "traceloop.entity.path", "traceloop.entity.version",
	"traceloop.correlation.id", "traceloop.association.properties.user_id", AttrTLSpanKind, "traceloop.prompt.key", "traceloop.prompt.version",
	"ai.operationId", "ai.telemetry.functionId", "operation.name", "resource.name", "ai.response.timestamp",
	"ai.telemetry.metadata.userId", "ai.request.headers.user-agent",
	AttrLFType, "langfuse.environment", "langfuse.release", "langfuse.version", "langfuse.trace.name", "langfuse.user.id",
	"langfuse.observation.prompt.name", "langfuse.observation.prompt.version", "langfuse.observation.metadata.status",
	"langfuse.observation.metadata.previous_response_id",
	"gcp.vertex.agent.invocation_id", "gcp.vertex.agent.event_id",
	AttrGenkitName, "genkit:type", "genkit:path",
	AttrLogfireSpanType, AttrLogfirePendingID, "logfire.level_num", "agent_name", "model_name",
	"event_loop.cycle_id", "event_loop.parent_cycle_id", "agent_loop.cycle_id", "tool.status",
	"litellm.call_id", "microsoft.sample_rate",

	// Claude Code, Codex and Gemini CLI.
	"prompt.id", "prompt_id", "request_id", AttrClaudeRequestBodyID, "query_source", "decision", "decision_type", "decision_source",
	"mcp_server_name", "tool_type", "function_name", "auth_type", "auth_mode", "auth.request_id", "event.kind", "call_id",
	"installation.id", "organization.id", "user.account_uuid", "user.account_id", "terminal.type",
	"approval_mode", "decision_model", "embedding_model",
}

// metadataNumbers are attributes that count or measure.
var metadataNumbers = []string{
	"gen_ai.evaluation.score.value", "gen_ai.embeddings.dimension.count", "gen_ai.retrieval.top_k", "gen_ai.memory.record.count",
	"gen_ai.response.time_per_output_chunk", "llm.top_k", "ai.response.msToFinish", "ai.response.avgOutputTokensPerSecond",
	"duration", "duration_ms", "cost_usd", "attempt", "status_code", "prompt_length", "response_length", "content_length", "body_length",
	"body_truncated", "tool_result_size_bytes", "tool_input_size_bytes", "total_token_count", "tool_token_count",
	"cached_token_count", "reasoning_token_count", "routing_latency_ms", "failed", "interactive",
}

// metadataFamilies are prefixes of attributes of which those that are numbers
// count, measure or are parameters.
var metadataFamilies = []string{
	"gen_ai.usage.", "gen_ai.aggregated_usage.", "gen_ai.cost.", "gen_ai.request.", "gen_ai.openai.request.",
	"llm.token_count.", "llm.usage.", "llm.cost.", "llm.request.", "ai.usage.", "ai.settings.",
}

// metadataShapes are those of all attributes that are metadata.
var metadataShapes = func() *KeyTable[metadataShape] {
	shapes := map[string]metadataShape{}
	for _, sources := range []*KeyTable[factSource]{claudeSources, geminiSources, codexSources, factSources} {
		for _, slot := range sources.slots {
			if shape := metadataFacts[slot.value.field]; slot.key != "" && shape != 0 {
				shapes[slot.key] = shape
			}
		}
	}
	for _, name := range metadataTexts {
		shapes[name] = metadataText
	}
	for _, name := range metadataNumbers {
		shapes[name] = metadataNumber
	}
	return NewKeyTable(shapes)
}()

// IsMetadata says that an attribute tells of a call and not what was said in it:
// ids, names, models, parameters, counts, times, outcomes. It fails closed:
// an attribute that it does not know, or whose value is none that such an
// attribute has (a map, a long text, a text for a count), is no metadata. It is
// more careful than IsContentAttribute, which knows where content is expected.
func IsMetadata(key string, value pcommon.Value) bool {
	shape, known := metadataShapes.Get(key)
	if !known {
		if attributeUseOf(key).content || !isMetadataFamily(key) {
			return false
		}
		shape = metadataNumber
	}
	if shape == metadataNumber {
		return isNumber(value)
	}
	return IsShortText(value)
}

func isMetadataFamily(key string) bool {
	for _, prefix := range metadataFamilies {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func isNumber(v pcommon.Value) bool {
	if v.Type() == pcommon.ValueTypeBool || v.Type() == pcommon.ValueTypeEmpty {
		return true
	}
	if len(v.Str()) > maxMetadataText {
		return false
	}
	_, ok := FloatOf(v)
	return ok
}

// IsShortText says that a value is as short as ids, names and words of
// enumerations are: a text, a number or a bool, or a few of them.
func IsShortText(v pcommon.Value) bool {
	if list, ok := SliceOf(v); ok {
		if list.Len() > maxMetadataList {
			return false
		}
		for _, element := range list.All() {
			if !isShortScalar(element) {
				return false
			}
		}
		return true
	}
	return isShortScalar(v)
}

func isShortScalar(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty, pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
		return true
	case pcommon.ValueTypeStr:
		return len(v.Str()) <= maxMetadataText
	}
	return false
}
