package semconv

// vocabulary are texts that nearly every request repeats: the keys and names
// that instrumentations write. Their places are written to disk, so that the
// list only ever grows at its end; a test holds it to that.
var vocabulary = []string{
	EventSystemMessage, EventUserMessage, EventAssistantMessage, EventToolMessage, EventChoice,
	EventOperationDetails, EventOperationException, EventEvaluationResult,
	EventContentPrompt, EventContentCompletion, EventContentCompletionChunk, EventException,

	AttrSystem, AttrOperationName, AttrProviderName, AttrRequestModel, AttrResponseModel, AttrResponseID,
	AttrFinishReasons, AttrTimeToFirstChunk, AttrConversationID, AttrAgentName,
	AttrToolName, AttrToolCallID, AttrToolCallArguments, AttrToolCallResult,
	AttrInputMessages, AttrOutputMessages, AttrSystemInstructions, AttrToolDefinitions,
	AttrUsageInputTokens, AttrUsageOutputTokens, AttrUsageCacheReadInputTokens,
	AttrUsageCacheWriteInputTokens, AttrUsageReasoningOutputTokens,
	AttrUsagePromptTokens, AttrUsageCompletion, AttrUsageCacheRead, AttrUsageCacheCreation,
	AttrPrompt, AttrCompletion, AttrEventContent, AttrSessionID,
	AttrErrorType, AttrExceptionType, AttrExceptionMessage, "exception.stacktrace", "exception.escaped",
	AttrEventName, AttrEventSequence,

	FieldContent, FieldRole, FieldID, FieldName, FieldMessage, FieldToolCalls, FieldToolCallID,
	FieldFinishReason, FieldIndex, FieldParts, "type", "function", "arguments", "text",

	"gen_ai.request.temperature", "gen_ai.request.top_p", "gen_ai.request.top_k", "gen_ai.request.max_tokens",
	"gen_ai.request.stop_sequences", "gen_ai.request.frequency_penalty", "gen_ai.request.presence_penalty",
	"gen_ai.request.seed", "gen_ai.request.choice.count", "gen_ai.request.stream", "gen_ai.output.type",
	"gen_ai.agent.id", "gen_ai.agent.description", "gen_ai.agent.version", "gen_ai.workflow.name",
	"gen_ai.tool.type", "gen_ai.tool.description", "gen_ai.data_source.id", "gen_ai.embeddings.dimension.count",
	"openai.api.type", "openai.request.service_tier", "openai.response.service_tier",
	"openai.response.system_fingerprint", "gen_ai.openai.api_base", "gen_ai.is_streaming",
	"server.address", "server.port", "network.protocol.version", "network.peer.address", "network.peer.port",
	"http.request.method", "http.response.status_code", "url.full", "user.id", "enduser.id",
	"thread.id", "thread.name", "code.function.name", "code.file.path", "code.line.number",

	string(KindInference), string(KindEmbeddings), string(KindRetrieval), string(KindTool), string(KindAgent),
	string(KindWorkflow), string(KindMemory), string(KindMCP), string(KindOther), "INFO",
}

var vocabularyIndex = func() map[string]int {
	places := make(map[string]int, len(vocabulary))
	for i, text := range vocabulary {
		places[text] = i
	}
	return places
}()

// WordIndex is the place of a text in the vocabulary of frequent keys and
// names, which never changes; false when it is not in it.
func WordIndex(text string) (int, bool) {
	i, ok := vocabularyIndex[text]
	return i, ok
}

// Word is the text at a place of the vocabulary; false when there is none.
func Word(index int) (string, bool) {
	if index < 0 || index >= len(vocabulary) {
		return "", false
	}
	return vocabulary[index], true
}
