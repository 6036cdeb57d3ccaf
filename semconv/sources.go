package semconv

import "strings"

// factField is one thing that attributes can say about a call.
type factField uint8

const (
	factOperation factField = iota
	factProvider
	factRequestModel
	factResponseModel
	factResponseID
	factConversationID
	factAgentName
	factFinishReasons
	factInputTokens
	factOutputTokens
	factCacheRead
	factCacheWrite
	factReasoning
	factUsageDetails
	factInputDetails
	factOutputDetails
	factFirstChunkSeconds
	factFirstChunkMillis
	factFirstChunkTime
	factErrorType
	factErrorMessage
	factLevel
	factSuccess
	factToolName
	factToolCallID
	factToolArguments
	factToolResult
	factSpanKind
	factRequestType
	factGenkitSubtype
	factGenkitState
	factTraceloopKind
	factInvocation
	factMetadata
	factLangtraceService
	factLangtraceType
	factFieldCount
)

// factSource is what one attribute says; of several that say the same, the one
// with the lowest rank is believed.
type factSource struct {
	field factField
	rank  uint8
}

// factSources maps every attribute that states a fact, in the order in which
// they are believed: the current name, its older spellings, then dialects.
var factSources = buildFactSources(map[factField][]string{
	factOperation:      {AttrOperationName},
	factProvider:       {AttrProviderName, AttrSystem, AttrOIProvider, AttrOISystem, AttrTLVendor, AttrAIModelProvider, AttrLFLangSmith},
	factRequestModel:   {AttrRequestModel, AttrTLRequestModel, AttrAIModelID, AttrOIRequestModel, AttrOIModelName, AttrOIEmbeddingModel, AttrLFModelName},
	factResponseModel:  {AttrResponseModel, AttrTLResponseModel, AttrAIResponseModel, AttrOIResponseModel},
	factResponseID:     {AttrResponseID, AttrAIResponseID},
	factConversationID: {AttrConversationID, AttrConversation, AttrLFSessionID, AttrSessionID, AttrTLSessionID, AttrTLConversationID, AttrAISessionID, AttrAISessionID2, AttrAIConversationID, AttrAIConversationID2, AttrADKSessionID, AttrMicrosoftSessionID, AttrGenkitSessionID, AttrLangSmithSessionID, AttrLangSmithThreadID, AttrLangSmithConversationID, AttrMastraSessionID, AttrMastraThreadID},
	factAgentName:      {AttrAgentName, AttrOIAgentName},
	factFinishReasons:  {AttrFinishReasons, AttrFinishReason, AttrTLFinishReason, AttrTLStopReason, AttrOIFinishReason, AttrAIFinishReason, AttrAIFinishReasonOld, AttrAnthropicStopReason},
	factInputTokens:    {AttrUsageInputTokens, AttrUsagePromptTokens, AttrTLPromptTokens, AttrOITokensPrompt, AttrAIUsageInput, AttrAIUsagePrompt, AttrAIUsageTokens},
	factOutputTokens:   {AttrUsageOutputTokens, AttrUsageCompletion, AttrTLCompletionTokens, AttrOITokensCompletion, AttrAIUsageOutput, AttrAIUsageCompletion},
	factCacheRead:      {AttrUsageCacheReadInputTokens, AttrUsageCacheRead, AttrTLCacheRead, AttrOITokensCacheRead, AttrAIUsageCacheRead, AttrAIUsageCached, AttrUsageDetailsCacheRead, AttrUsagePromptDetailsCacheRead},
	factCacheWrite:     {AttrUsageCacheWriteInputTokens, AttrUsageCacheCreation, AttrUsageCacheWrite, AttrUsageCacheCreation2, AttrTLCacheCreation, AttrOITokensCacheWrite, AttrAIUsageCacheWrite, AttrUsageDetailsCacheWrite, AttrUsagePromptDetailsCacheWrite},
	factReasoning:      {AttrUsageReasoningOutputTokens, AttrUsageReasoning, AttrUsageReasoning2, AttrTLReasoningTokens, AttrOITokensReasoning, AttrAIUsageReasoning2, AttrAIUsageReasoning, AttrUsageDetailsReasoning, AttrUsageCompletionDetailsReason},
	factUsageDetails:   {AttrLFUsageDetails, AttrLSUsage},
	factInputDetails:   {AttrUsageInputDetails},
	factOutputDetails:  {AttrUsageOutputDetails},

	factFirstChunkSeconds: {AttrTimeToFirstChunk, AttrServerTimeToFirstToken},
	factFirstChunkMillis:  {AttrAIFirstChunk, AttrAIFirstChunkOld},
	factFirstChunkTime:    {AttrLFCompletionStart, AttrMastraCompletionStart},

	factErrorType:    {AttrErrorType},
	factErrorMessage: {AttrErrorMessage, AttrLFStatusMessage},
	factLevel:        {AttrLFLevel},

	factToolName:      {AttrToolName, AttrOIToolName, AttrAIToolCallName},
	factToolCallID:    {AttrToolCallID, AttrOIToolCallID, AttrAIToolCallID, AttrToolCallIDOld},
	factToolArguments: {AttrToolCallArguments, AttrOIToolCallArguments, AttrAIToolCallArgs, AttrADKToolArgs, AttrPydanticToolArguments, AttrToolArgs, AttrToolInput},
	factToolResult:    {AttrToolCallResult, AttrAIToolCallResult, AttrADKToolResponse, AttrPydanticToolResponse, AttrToolOutput, AttrAnthropicToolResult},

	factSpanKind:    {AttrOISpanKind},
	factRequestType: {AttrTLRequestType},

	factGenkitSubtype: {AttrGenkitSubtype},
	factGenkitState:   {AttrGenkitState},

	factTraceloopKind:    {AttrTLSpanKind},
	factInvocation:       {AttrOIInvocation},
	factMetadata:         {AttrOIMetadata, AttrLFMetadata},
	factLangtraceService: {AttrLangtraceService},
	factLangtraceType:    {AttrLangtraceServiceType},
})

// claudeSources are what Claude Code writes, geminiSources what Gemini CLI
// does, codexSources what Codex does: names so common that they are believed
// only on their own telemetry, and after those that are everybody's.
var (
	claudeSources = buildVendorSources(map[factField][]string{
		factRequestModel:     {AttrClaudeModel},
		factResponseID:       {AttrClaudeRequestID}, // as its spans do
		factInputTokens:      {AttrClaudeInputTokens},
		factOutputTokens:     {AttrClaudeOutputTokens},
		factCacheRead:        {AttrClaudeCacheRead},
		factCacheWrite:       {AttrClaudeCacheCreation},
		factFinishReasons:    {AttrClaudeStopReason},
		factFirstChunkMillis: {AttrClaudeTTFT},
		factErrorMessage:     {AttrClaudeError},
		factErrorType:        {AttrClaudeErrorClass},
		factSuccess:          {AttrClaudeSuccess},
		factToolName:         {AttrClaudeToolName},
		factToolCallID:       {AttrClaudeToolUseID},
		factToolArguments:    {AttrClaudeToolInput},
	})
	geminiSources = buildVendorSources(map[factField][]string{
		factRequestModel: {AttrGeminiModel},
		factInputTokens:  {AttrGeminiInputToken},
		factOutputTokens: {AttrGeminiOutput},
		factCacheRead:    {AttrGeminiCached},
		factReasoning:    {AttrGeminiThoughts},
		factErrorMessage: {AttrGeminiError},
		factErrorType:    {AttrGeminiErrorType},
	})
	codexSources = buildVendorSources(map[factField][]string{
		factRequestModel:     {AttrCodexModel},
		factInputTokens:      {AttrCodexInputTokens},
		factOutputTokens:     {AttrCodexOutputTokens},
		factCacheRead:        {AttrCodexCached},
		factCacheWrite:       {AttrCodexCacheWrite},
		factReasoning:        {AttrCodexReasoning},
		factFirstChunkMillis: {AttrCodexTTFT},
		factToolName:         {AttrCodexToolName},
		factToolCallID:       {AttrCodexCallID},
		factToolArguments:    {AttrCodexArguments},
		factToolResult:       {AttrCodexOutput},
	})
)

func buildFactSources(fields map[factField][]string) *KeyTable[factSource] {
	return rankSources(fields, 1)
}

func buildVendorSources(fields map[factField][]string) *KeyTable[factSource] {
	return rankSources(fields, 128)
}

func rankSources(fields map[factField][]string, first uint8) *KeyTable[factSource] {
	sources := make(map[string]factSource)
	for field, keys := range fields {
		for rank, key := range keys {
			sources[key] = factSource{field: field, rank: uint8(rank) + first}
		}
	}
	return NewKeyTable(sources)
}

// vendorSources are the further sources for what is called name, a span or an
// event; nil when there are none.
func vendorSources(name string) *KeyTable[factSource] {
	switch {
	case strings.HasPrefix(name, prefixClaude):
		return claudeSources
	case strings.HasPrefix(name, prefixGeminiCLI):
		return geminiSources
	case strings.HasPrefix(name, prefixCodex):
		return codexSources
	}
	return nil
}
