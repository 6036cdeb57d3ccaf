package semconv

// EnvelopeEventName names the one record per request that this project emits.
const EnvelopeEventName = "gen_ai_buffer.request"

// Attributes of the envelope's log record.
const (
	AttrBufferRequestID     = "gen_ai_buffer.request_id"
	AttrBufferID            = "gen_ai_buffer.id"
	AttrBufferKind          = "gen_ai_buffer.kind"
	AttrBufferSchemaVersion = "gen_ai_buffer.schema_version"
	AttrBufferPart          = "gen_ai_buffer.part"
	AttrBufferFlushReason   = "gen_ai_buffer.flush_reason"
	AttrBufferComplete      = "gen_ai_buffer.complete"
	AttrBufferEventCount    = "gen_ai_buffer.event_count"
)

// PrefixGenAI is the family of the GenAI conventions' events and attributes.
const PrefixGenAI = "gen_ai."

// Event names of the GenAI conventions, current and deprecated.
const (
	EventOperationDetails   = "gen_ai.client.inference.operation.details"
	EventOperationException = "gen_ai.client.operation.exception"
	EventEvaluationResult   = "gen_ai.evaluation.result"

	EventSystemMessage    = "gen_ai.system.message"
	EventUserMessage      = "gen_ai.user.message"
	EventAssistantMessage = "gen_ai.assistant.message"
	EventToolMessage      = "gen_ai.tool.message"
	EventChoice           = "gen_ai.choice"

	EventContentPrompt          = "gen_ai.content.prompt"
	EventContentCompletion      = "gen_ai.content.completion"
	EventContentCompletionChunk = "gen_ai.content.completion.chunk"
)

// Event names outside the GenAI conventions.
const (
	EventException = "exception"

	EventClaudeUserPrompt        = "claude_code.user_prompt"
	EventClaudeAssistantResponse = "claude_code.assistant_response"
	EventClaudeAPIRequest        = "claude_code.api_request"
	EventClaudeAPIError          = "claude_code.api_error"
	EventClaudeRequestBody       = "claude_code.api_request_body"
	EventClaudeResponseBody      = "claude_code.api_response_body"

	EventGeminiUserPrompt  = "gemini_cli.user_prompt"
	EventGeminiAPIRequest  = "gemini_cli.api_request"
	EventGeminiAPIResponse = "gemini_cli.api_response"
	EventGeminiAPIError    = "gemini_cli.api_error"

	EventCodexUserPrompt = "codex.user_prompt"
	EventCodexSSE        = "codex.sse_event"
)

// Where an event's name and position stand when LogRecord.EventName is empty
// or time does not tell the order.
const (
	AttrEventName           = "event.name"
	AttrEventNameUnderscore = "event_name"
	AttrEventSequence       = "event.sequence"
	AttrChatMessageIndex    = "chat_message_index"
)

// Attributes of the GenAI conventions in their current spelling.
const (
	AttrOperationName     = "gen_ai.operation.name"
	AttrProviderName      = "gen_ai.provider.name"
	AttrRequestModel      = "gen_ai.request.model"
	AttrChoiceCount       = "gen_ai.request.choice.count"
	AttrResponseModel     = "gen_ai.response.model"
	AttrResponseID        = "gen_ai.response.id"
	AttrFinishReasons     = "gen_ai.response.finish_reasons"
	AttrTimeToFirstChunk  = "gen_ai.response.time_to_first_chunk"
	AttrConversationID    = "gen_ai.conversation.id"
	AttrAgentName         = "gen_ai.agent.name"
	AttrToolName          = "gen_ai.tool.name"
	AttrToolCallID        = "gen_ai.tool.call.id"
	AttrToolCallArguments = "gen_ai.tool.call.arguments"
	AttrToolCallResult    = "gen_ai.tool.call.result"

	AttrInputMessages      = "gen_ai.input.messages"
	AttrOutputMessages     = "gen_ai.output.messages"
	AttrSystemInstructions = "gen_ai.system_instructions"
	AttrToolDefinitions    = "gen_ai.tool.definitions"

	AttrUsageInputTokens           = "gen_ai.usage.input_tokens"
	AttrUsageOutputTokens          = "gen_ai.usage.output_tokens"
	AttrUsageCacheReadInputTokens  = "gen_ai.usage.cache_read.input_tokens"
	AttrUsageCacheWriteInputTokens = "gen_ai.usage.cache_write.input_tokens"
	AttrUsageReasoningOutputTokens = "gen_ai.usage.reasoning.output_tokens"

	AttrRetrievalQueryText = "gen_ai.retrieval.query.text"
	AttrRetrievalDocuments = "gen_ai.retrieval.documents"
	AttrMemoryQueryText    = "gen_ai.memory.query.text"
	AttrMemoryRecords      = "gen_ai.memory.records"

	AttrErrorType        = "error.type"
	AttrErrorMessage     = "error.message"
	AttrExceptionType    = "exception.type"
	AttrExceptionMessage = "exception.message"
	AttrMCPMethodName    = "mcp.method.name"
	AttrSessionID        = "session.id"
)

// Attributes of the GenAI conventions in spellings that are deprecated or that
// instrumentations made up.
const (
	AttrSystem              = "gen_ai.system"
	AttrPrompt              = "gen_ai.prompt"
	AttrCompletion          = "gen_ai.completion"
	AttrEventContent        = "gen_ai.event.content"
	AttrFinishReason        = "gen_ai.response.finish_reason"
	AttrToolDefinitionsOld  = "gen_ai.request.tools"
	AttrUsagePromptTokens   = "gen_ai.usage.prompt_tokens"
	AttrUsageCompletion     = "gen_ai.usage.completion_tokens"
	AttrUsageCacheRead      = "gen_ai.usage.cache_read_input_tokens"
	AttrUsageCacheWrite     = "gen_ai.usage.cache_write_input_tokens"
	AttrUsageCacheCreation  = "gen_ai.usage.cache_creation.input_tokens"
	AttrUsageCacheCreation2 = "gen_ai.usage.cache_creation_input_tokens"
	AttrUsageReasoning      = "gen_ai.usage.reasoning_tokens"
	AttrUsageReasoning2     = "gen_ai.usage.reasoning_output_tokens"

	AttrUsagePromptDetailsCacheRead  = "gen_ai.usage.prompt_tokens_details.cache_read"
	AttrUsagePromptDetailsCacheWrite = "gen_ai.usage.prompt_tokens_details.cache_write"
	AttrUsageCompletionDetailsReason = "gen_ai.usage.completion_tokens_details.reasoning"
	AttrServerTimeToFirstToken       = "gen_ai.server.time_to_first_token"
	AttrToolInput                    = "gen_ai.tool.input"
	AttrToolArgs                     = "gen_ai.tool.args"
	AttrToolOutput                   = "gen_ai.tool.output"
	AttrUsageDetailsCacheRead        = "gen_ai.usage.details.cache_read_tokens"
	AttrUsageDetailsCacheWrite       = "gen_ai.usage.details.cache_write_tokens"
	AttrUsageDetailsReasoning        = "gen_ai.usage.details.reasoning_tokens"
	AttrUsageInputDetails            = "gen_ai.usage.input_token_details"
	AttrUsageOutputDetails           = "gen_ai.usage.output_token_details"
	AttrToolCallIDOld                = "gen_ai.tool.call_id"

	PrefixPrompt         = "gen_ai.prompt."
	PrefixCompletion     = "gen_ai.completion."
	PrefixPromptVariable = "gen_ai.prompt.variable."
)

// Fields of per-message events, in a log's body or in a span event's
// attributes.
const (
	FieldContent      = "content"
	FieldRole         = "role"
	FieldID           = "id"
	FieldName         = "name"
	FieldMessage      = "message"
	FieldToolCalls    = "tool_calls"
	FieldToolCallID   = "tool_call_id"
	FieldFinishReason = "finish_reason"
	FieldIndex        = "index"
	FieldParts        = "parts"
	FieldReasoning    = "reasoning"
)

// OpenInference.
const (
	AttrOISpanKind          = "openinference.span.kind"
	AttrOIInputValue        = "input.value"
	AttrOIOutputValue       = "output.value"
	AttrOIModelName         = "llm.model_name"
	AttrOIRequestModel      = "llm.request.model_name"
	AttrOIResponseModel     = "llm.response.model_name"
	AttrOIInvocation        = "llm.invocation_parameters"
	AttrOIMetadata          = "metadata"
	AttrOIProvider          = "llm.provider"
	AttrOISystem            = "llm.system"
	AttrOIFinishReason      = "llm.finish_reason"
	AttrOITokensPrompt      = "llm.token_count.prompt"
	AttrOITokensCompletion  = "llm.token_count.completion"
	AttrOITokensCacheRead   = "llm.token_count.prompt_details.cache_read"
	AttrOITokensCacheWrite  = "llm.token_count.prompt_details.cache_write"
	AttrOITokensReasoning   = "llm.token_count.completion_details.reasoning"
	AttrOIEmbeddingModel    = "embedding.model_name"
	AttrOIAgentName         = "agent.name"
	AttrOIToolName          = "tool.name"
	AttrOIToolCallID        = "tool_call.id"
	AttrOIToolParameters    = "tool.parameters"
	AttrOIToolCallArguments = "tool_call.function.arguments"
	PrefixOIInputMessages   = "llm.input_messages."
	PrefixOIOutputMessages  = "llm.output_messages."
	PrefixOIPrompts         = "llm.prompts."
	PrefixOIChoices         = "llm.choices."
	PrefixOITools           = "llm.tools."
	PrefixOIEmbeddings      = "embedding.embeddings."
	PrefixOIDocuments       = "retrieval.documents."
)

// OpenLLMetry (Traceloop).
const (
	AttrTLRequestType      = "llm.request.type"
	AttrTLSpanKind         = "traceloop.span.kind"
	AttrTLEntityName       = "traceloop.entity.name"
	AttrTLEntityInput      = "traceloop.entity.input"
	AttrTLEntityOutput     = "traceloop.entity.output"
	AttrTLSessionID        = "traceloop.association.properties.session_id"
	AttrTLConversationID   = "traceloop.association.properties.conversation_id"
	AttrTLRequestModel     = "llm.request.model"
	AttrTLResponseModel    = "llm.response.model"
	AttrTLFinishReason     = "llm.response.finish_reason"
	AttrTLStopReason       = "llm.response.stop_reason"
	AttrTLVendor           = "llm.vendor"
	AttrTLPromptTokens     = "llm.usage.prompt_tokens"
	AttrTLCompletionTokens = "llm.usage.completion_tokens"
	AttrTLCacheRead        = "llm.usage.cache_read_input_tokens"
	AttrTLCacheCreation    = "llm.usage.cache_creation_input_tokens"
	AttrTLReasoningTokens  = "llm.usage.reasoning_tokens"
	PrefixTLFunctions      = "llm.request.functions."
)

// Vercel's AI SDK up to version 6.
const (
	AttrAIModelID           = "ai.model.id"
	AttrAIModelProvider     = "ai.model.provider"
	AttrAIResponseID        = "ai.response.id"
	AttrAIResponseModel     = "ai.response.model"
	AttrAIFinishReason      = "ai.response.finishReason"
	AttrAIFinishReasonOld   = "ai.finishReason"
	AttrAIFirstChunk        = "ai.response.msToFirstChunk"
	AttrAIFirstChunkOld     = "ai.stream.msToFirstChunk"
	AttrAIUsagePrompt       = "ai.usage.promptTokens"
	AttrAIUsageCompletion   = "ai.usage.completionTokens"
	AttrAIUsageInput        = "ai.usage.inputTokens"
	AttrAIUsageOutput       = "ai.usage.outputTokens"
	AttrAIUsageCached       = "ai.usage.cachedInputTokens"
	AttrAIUsageCacheRead    = "ai.usage.inputTokenDetails.cacheReadTokens"
	AttrAIUsageCacheWrite   = "ai.usage.inputTokenDetails.cacheWriteTokens"
	AttrAIUsageReasoning    = "ai.usage.reasoningTokens"
	AttrAIUsageReasoning2   = "ai.usage.outputTokenDetails.reasoningTokens"
	AttrAIUsageTokens       = "ai.usage.tokens"
	AttrAISessionID         = "ai.telemetry.metadata.sessionId"
	AttrAISessionID2        = "ai.telemetry.metadata.session_id"
	AttrAIConversationID    = "ai.telemetry.metadata.conversationId"
	AttrAIConversationID2   = "ai.telemetry.metadata.conversation_id"
	AttrAIToolCallName      = "ai.toolCall.name"
	AttrAIToolCallID        = "ai.toolCall.id"
	AttrAIToolCallArgs      = "ai.toolCall.args"
	AttrAIToolCallResult    = "ai.toolCall.result"
	AttrAIPrompt            = "ai.prompt"
	AttrAIPromptMessages    = "ai.prompt.messages"
	AttrAIPromptTools       = "ai.prompt.tools"
	AttrAIResponseText      = "ai.response.text"
	AttrAIResponseTextOld   = "ai.result.text"
	AttrAIResponseToolCalls = "ai.response.toolCalls"
	AttrAIResponseCallsOld  = "ai.result.toolCalls"
	AttrAIResponseObject    = "ai.response.object"
	AttrAIResponseObjectOld = "ai.result.object"
	AttrAIResponseReasoning = "ai.response.reasoning"
	AttrAIResponseFiles     = "ai.response.files"
	AttrAIValue             = "ai.value"
	AttrAIValues            = "ai.values"
	AttrAIEmbedding         = "ai.embedding"
	AttrAIEmbeddings        = "ai.embeddings"

	spanAIPrefix   = "ai."
	spanAIGenerate = ".doGenerate"
	spanAIStream   = ".doStream"
	spanAIEmbed    = ".doEmbed"
)

// Langfuse.
const (
	AttrLFType            = "langfuse.observation.type"
	AttrLFInput           = "langfuse.observation.input"
	AttrLFOutput          = "langfuse.observation.output"
	AttrLFModelName       = "langfuse.observation.model.name"
	AttrLFUsageDetails    = "langfuse.observation.usage_details"
	AttrLFLevel           = "langfuse.observation.level"
	AttrLFStatusMessage   = "langfuse.observation.status_message"
	AttrLFCompletionStart = "langfuse.observation.completion_start_time"
	AttrLFInstructions    = "langfuse.observation.metadata.instructions"
	AttrLFTools           = "langfuse.observation.metadata.tools"
	AttrLFSessionID       = "langfuse.session.id"
	AttrLFMetadata        = "langfuse.observation.metadata"
	AttrLFLangSmith       = "langfuse.observation.metadata.ls_provider"
	AttrLFTraceInput      = "langfuse.trace.input"
	AttrLFTraceOutput     = "langfuse.trace.output"
)

// Google's ADK, Genkit and Gemini CLI.
const (
	AttrADKRequest         = "gcp.vertex.agent.llm_request"
	AttrADKResponse        = "gcp.vertex.agent.llm_response"
	AttrADKToolArgs        = "gcp.vertex.agent.tool_call_args"
	AttrADKToolResponse    = "gcp.vertex.agent.tool_response"
	AttrADKData            = "gcp.vertex.agent.data"
	AttrADKSessionID       = "gcp.vertex.agent.session_id"
	AttrGenkitSubtype      = "genkit:metadata:subtype"
	AttrGenkitName         = "genkit:name"
	AttrGenkitInput        = "genkit:input"
	AttrGenkitOutput       = "genkit:output"
	AttrGenkitState        = "genkit:state"
	AttrGenkitSessionID    = "genkit:sessionId"
	AttrGeminiModel        = "model"
	AttrGeminiInputToken   = "input_token_count"
	AttrGeminiOutput       = "output_token_count"
	AttrGeminiCached       = "cached_content_token_count"
	AttrGeminiThoughts     = "thoughts_token_count"
	AttrGeminiError        = "error"
	AttrGeminiRequestText  = "request_text"
	AttrGeminiResponseText = "response_text"
	AttrGeminiErrorType    = "error_type"

	prefixGeminiCLI = "gemini_cli."
)

// Claude Code.
const (
	AttrClaudeModel         = "model"
	AttrClaudeRequestID     = "request_id"
	AttrClaudeInputTokens   = "input_tokens"
	AttrClaudeOutputTokens  = "output_tokens"
	AttrClaudeCacheRead     = "cache_read_tokens"
	AttrClaudeCacheCreation = "cache_creation_tokens"
	AttrClaudeTTFT          = "ttft_ms"
	AttrClaudeError         = "error"
	AttrClaudeSuccess       = "success"
	AttrClaudeStopReason    = "stop_reason"
	AttrClaudeToolName      = "tool_name"
	AttrClaudeToolUseID     = "tool_use_id"
	AttrClaudeToolInput     = "tool_input"
	AttrClaudePrompt        = "prompt"
	AttrClaudeResponse      = "response"
	AttrClaudeBody          = "body"
	AttrClaudeUserPrompt    = "user_prompt"
	AttrClaudeModelOutput   = "response.model_output"
	AttrClaudeNewContext    = "new_context"
	AttrClaudeRequestBodyID = "request_body_id"
	AttrClaudeErrorClass    = "error_class"

	prefixClaude  = "claude_code."
	scopeClaude   = "com.anthropic.claude_code"
	spanClaudeLLM = "claude_code.llm_request"
)

// Sentry's SDK for JavaScript.
const (
	AttrSentryMessages        = "gen_ai.request.messages"
	AttrSentryTools           = "gen_ai.request.available_tools"
	AttrSentryResponseText    = "gen_ai.response.text"
	AttrSentryToolCalls       = "gen_ai.response.tool_calls"
	AttrSentryEmbeddingInput  = "gen_ai.embeddings.input"
	AttrSentryEmbeddingInputs = "gen_ai.request.embedding_inputs"
)

// Codex.
const (
	AttrCodexModel        = "model"
	AttrCodexEventKind    = "event.kind"
	AttrCodexInputTokens  = "input_token_count"
	AttrCodexOutputTokens = "output_token_count"
	AttrCodexCached       = "cached_token_count"
	AttrCodexCacheWrite   = "cache_write_token_count"
	AttrCodexReasoning    = "reasoning_token_count"
	AttrCodexTTFT         = "ttft_ms"
	AttrCodexToolName     = "tool_name"
	AttrCodexCallID       = "call_id"
	AttrCodexArguments    = "arguments"
	AttrCodexOutput       = "output"

	prefixCodex    = "codex."
	codexCompleted = "response.completed"
)

// Microsoft, pydantic-ai, Logfire, Mastra, Strands, LangSmith, Langtrace and others.
const (
	AttrLangSmithSessionID      = "langsmith.metadata.session_id"
	AttrLangSmithThreadID       = "langsmith.metadata.thread_id"
	AttrLangSmithConversationID = "langsmith.metadata.conversation_id"
	AttrMastraSessionID         = "mastra.metadata.sessionId"
	AttrMastraThreadID          = "mastra.metadata.threadId"
	AttrLangtraceService        = "langtrace.service.name"
	AttrLangtraceServiceType    = "langtrace.service.type"

	AttrMastraCompletionStart = "mastra.completion_start_time"
	AttrMicrosoftSessionID    = "microsoft.session.id"
	AttrConversation          = "conversation.id"
	AttrLogfireSpanType       = "logfire.span_type"
	AttrLogfirePendingID      = "logfire.pending_parent_id"
	AttrPydanticAll           = "pydantic_ai.all_messages"
	AttrPydanticAllEvents     = "all_messages_events"
	AttrPydanticEvents        = "events"
	AttrPydanticToolArguments = "tool_arguments"
	AttrPydanticToolResponse  = "tool_response"
	AttrPydanticFinal         = "final_result"
	AttrLogfireRequest        = "request_data"
	AttrLogfireResponse       = "response_data"
	AttrStrandsSystem         = "system_prompt"
	AttrLSUsage               = "langsmith.usage_metadata"
	AttrAnthropicStopReason   = "anthropic.message.stop_reason"
	AttrAnthropicToolResult   = "anthropic.tool_result.content"

	logfirePendingSpan = "pending_span"
)
