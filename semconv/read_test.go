package semconv

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func tokens(n int64) TokenCount { return TokenCount{N: n, Known: true} }

// recordedTokens is a count that may be null.
func recordedTokens(n *int64) TokenCount {
	if n == nil {
		return TokenCount{}
	}
	return tokens(*n)
}

// recordedCall is what a capture states about one inference span.
type recordedCall struct {
	SpanID         string   `json:"span_id"`
	Model          string   `json:"model"`
	ResponseID     string   `json:"response_id"`
	ConversationID string   `json:"conversation_id"`
	FinishReason   []string `json:"finish_reason"`
	InputTokens    *int64   `json:"input_tokens"`
	OutputTokens   *int64   `json:"output_tokens"`
	Error          string   `json:"error"`
}

func readRecording(t *testing.T, path string) (map[string]ptrace.Span, []recordedCall) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var recording struct {
		Expected []recordedCall  `json:"expected"`
		Traces   json.RawMessage `json:"traces"`
	}
	require.NoError(t, json.Unmarshal(data, &recording))
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(recording.Traces)
	require.NoError(t, err)
	spans := make(map[string]ptrace.Span)
	for _, resource := range traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				spans[span.SpanID().String()] = span
			}
		}
	}
	return spans, recording.Expected
}

// TestReadSpanFactsOfRecordedSpans holds the facts of real spans, one of every
// shape, to what their captures state.
func TestReadSpanFactsOfRecordedSpans(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "spans", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			spans, expected := readRecording(t, path)
			require.NotEmpty(t, expected)
			for _, want := range expected {
				span, ok := spans[want.SpanID]
				require.True(t, ok, want.SpanID)
				var facts CallFacts
				ReadSpanFacts(span, &facts)
				checkRecorded(t, span, want, facts)
			}
		})
	}
}

func checkRecorded(t *testing.T, span ptrace.Span, want recordedCall, facts CallFacts) {
	t.Helper()
	kind, belongs := ClassifySpan(span, Prefixes{PrefixGenAI})
	assert.True(t, belongs, want.SpanID)
	assert.Contains(t, []Kind{KindInference, KindEmbeddings}, kind, want.SpanID)
	model := facts.ResponseModel
	if model == "" {
		model = facts.RequestModel
	}
	assert.Equal(t, want.Model, model, want.SpanID)
	assert.Equal(t, want.ResponseID, facts.ResponseID, want.SpanID)
	if want.ConversationID != "" {
		assert.Equal(t, want.ConversationID, facts.ConversationID, want.SpanID)
	}
	var reasons []string
	for _, reason := range want.FinishReason {
		reasons = append(reasons, NormalizeFinishReason(reason))
	}
	assert.Equal(t, reasons, facts.FinishReasons, want.SpanID)
	assert.Equal(t, recordedTokens(want.InputTokens), facts.Usage.InputTokens, want.SpanID)
	assert.Equal(t, recordedTokens(want.OutputTokens), facts.Usage.OutputTokens, want.SpanID)
	if want.Error != "" && want.Error != span.Status().Message() {
		assert.Equal(t, want.Error, facts.ErrorType, want.SpanID)
		assert.True(t, facts.Failed, want.SpanID)
	}
}

func TestReadSpanFacts(t *testing.T) {
	const second = int64(time.Second)
	for _, tt := range []struct {
		name  string
		span  string
		attrs map[string]any
		want  CallFacts
	}{
		{"current names", "chat m", map[string]any{
			AttrOperationName: "chat", AttrProviderName: "openai", AttrRequestModel: "m", AttrResponseModel: "m-1",
			AttrResponseID: "r", AttrConversationID: "c", AttrAgentName: "a",
			AttrFinishReasons:    []any{"stop", "tool_calls"},
			AttrUsageInputTokens: 1, AttrUsageOutputTokens: 2, AttrUsageCacheReadInputTokens: 3,
			AttrUsageCacheWriteInputTokens: 4, AttrUsageReasoningOutputTokens: 5, AttrTimeToFirstChunk: 1.5,
		}, CallFacts{
			Operation: "chat", Provider: "openai", RequestModel: "m", ResponseModel: "m-1", ResponseID: "r",
			ConversationID: "c", AgentName: "a", FinishReasons: []string{"stop", "tool_call"},
			Usage:              Usage{tokens(1), tokens(2), tokens(3), tokens(4), tokens(5)},
			TimeToFirstChunkNS: second * 3 / 2,
		}},
		{"old names", "chat m", map[string]any{
			AttrSystem: "openai", AttrUsagePromptTokens: 1, AttrUsageCompletion: "2",
			AttrUsageCacheRead: 3, AttrUsageCacheCreation: 4, AttrUsageReasoning: 5.0, AttrFinishReason: "length",
		}, CallFacts{
			Provider: "openai", FinishReasons: []string{"length"},
			Usage: Usage{tokens(1), tokens(2), tokens(3), tokens(4), tokens(5)},
		}},
		{"the current name wins", "chat m", map[string]any{
			AttrUsagePromptTokens: 1, AttrUsageInputTokens: 7, AttrSystem: "old", AttrProviderName: "new",
		}, CallFacts{Provider: "new", Usage: Usage{InputTokens: tokens(7)}}},
		{"an empty current name does not", "chat m", map[string]any{AttrSystem: "old", AttrProviderName: ""}, CallFacts{Provider: "old"}},
		{"OpenInference", "ChatCompletion", map[string]any{
			AttrOISpanKind: "LLM", AttrOIModelName: "m", AttrOIProvider: "azure", AttrOISystem: "openai", AttrSessionID: "s",
			AttrOITokensPrompt: 1, AttrOITokensCompletion: 2, AttrOITokensCacheRead: 3, AttrOITokensCacheWrite: 4,
			AttrOITokensReasoning: 5, AttrOIFinishReason: "stop",
		}, CallFacts{
			Operation: "chat", Provider: "azure", RequestModel: "m", ConversationID: "s", FinishReasons: []string{"stop"},
			Usage: Usage{tokens(1), tokens(2), tokens(3), tokens(4), tokens(5)},
		}},
		{"OpenInference, both models", "ChatCompletion", map[string]any{AttrOIRequestModel: "m", AttrOIResponseModel: "m-1", AttrOIModelName: "x"}, CallFacts{
			RequestModel: "m", ResponseModel: "m-1",
		}},
		{"OpenInference, the model that was asked for", "ChatCompletion", map[string]any{AttrOIModelName: "m-1", AttrOIInvocation: `{"model":"m","temperature":0}`}, CallFacts{
			RequestModel: "m", ResponseModel: "m-1",
		}},
		{"OpenInference, the same model", "ChatCompletion", map[string]any{AttrOIModelName: "m", AttrOIInvocation: map[string]any{"model": "m"}}, CallFacts{RequestModel: "m"}},
		{"OpenInference, another request model", "ChatCompletion", map[string]any{AttrRequestModel: "r", AttrOIModelName: "m-1", AttrOIInvocation: `{"model":"m"}`}, CallFacts{RequestModel: "r"}},
		{"OpenInference, no model in the parameters", "ChatCompletion", map[string]any{AttrOIModelName: "m", AttrOIInvocation: `{"model":5}`}, CallFacts{RequestModel: "m"}},
		{"LangChain's metadata", "ChatOpenAI", map[string]any{AttrOIMetadata: `{"ls_provider":"openai","thread_id":"t"}`}, CallFacts{Provider: "openai"}},
		{"LangChain's metadata as the last", "ChatOpenAI", map[string]any{AttrOIMetadata: `{"ls_provider":"openai"}`, AttrOISystem: "azure"}, CallFacts{Provider: "azure"}},
		{"LangChain's metadata, long", "ChatOpenAI", map[string]any{AttrOIMetadata: `{"ls_provider":"openai","x":"` + strings.Repeat("x", 4<<10) + `"}`}, CallFacts{}},
		{"LangChain's metadata in Langfuse", "ChatOpenAI", map[string]any{AttrLFLangSmith: "openai"}, CallFacts{Provider: "openai"}},
		{"LangChain's metadata in Langfuse's", "ChatOpenAI", map[string]any{AttrLFMetadata: map[string]any{"ls_provider": "openai"}}, CallFacts{Provider: "openai"}},
		{"Langtrace", "openai.chat", map[string]any{AttrLangtraceService: "OpenAI", AttrLangtraceServiceType: "llm"}, CallFacts{Provider: "OpenAI"}},
		{"Langtrace, a framework", "crew", map[string]any{AttrLangtraceService: "CrewAI", AttrLangtraceServiceType: "framework"}, CallFacts{}},
		{"LangSmith", "chat", map[string]any{AttrLangSmithThreadID: "t", AttrLangSmithConversationID: "c"}, CallFacts{ConversationID: "t"}},
		{"Mastra", "chat", map[string]any{AttrMastraSessionID: "s", AttrMastraThreadID: "t"}, CallFacts{ConversationID: "s"}},
		{"the session that everybody names", "chat", map[string]any{AttrMastraThreadID: "t", AttrLangSmithSessionID: "l", AttrSessionID: "s"}, CallFacts{ConversationID: "s"}},
		{"Vercel's older first chunk", "ai.streamText.doStream", map[string]any{AttrAIFirstChunkOld: 250.0}, CallFacts{TimeToFirstChunkNS: second / 4}},
		{"OpenLLMetry", "openai.chat", map[string]any{
			AttrTLRequestType: "completion", AttrTLRequestModel: "m", AttrTLResponseModel: "m-1", AttrTLVendor: "OpenAI",
			AttrTLPromptTokens: 1, AttrTLCompletionTokens: 2, AttrTLSessionID: "s",
		}, CallFacts{
			Operation: "text_completion", Provider: "OpenAI", RequestModel: "m", ResponseModel: "m-1", ConversationID: "s",
			Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2)},
		}},
		{"Vercel", "ai.streamText.doStream", map[string]any{
			AttrAIModelID: "m", AttrAIModelProvider: "openai.chat", AttrAIResponseID: "r", AttrAIResponseModel: "m-1",
			AttrAIUsageInput: 1, AttrAIUsageOutput: 2, AttrAIUsageCached: 3, AttrAIUsageReasoning: 5, AttrAIFirstChunk: 250.0,
			AttrAISessionID: "s", AttrAIFinishReason: "tool-calls",
		}, CallFacts{
			Provider: "openai.chat", RequestModel: "m", ResponseModel: "m-1", ResponseID: "r", ConversationID: "s",
			FinishReasons: []string{"tool_call"}, TimeToFirstChunkNS: second / 4,
			Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)},
		}},
		{"Vercel embeddings", "ai.embed.doEmbed", map[string]any{AttrAIUsageTokens: 9}, CallFacts{
			Operation: "embeddings", Usage: Usage{InputTokens: tokens(9)},
		}},
		{"Langfuse", "OpenAI.chat", map[string]any{
			AttrLFModelName: "m", AttrLFSessionID: "s",
			AttrLFUsageDetails: `{"input":1,"output":2,"total":3,"input_cached_tokens":3,"output_reasoning_tokens":5}`,
		}, CallFacts{RequestModel: "m", ConversationID: "s", Usage: Usage{
			InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5),
		}}},
		{"Langfuse's newer usage", "g", map[string]any{AttrLFUsageDetails: `{"promptTokens":1,"completionTokens":2,"totalTokens":3}`}, CallFacts{
			Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2)},
		}},
		{"OpenAI's usage", "g", map[string]any{AttrLFUsageDetails: `{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":5}}`}, CallFacts{
			Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)},
		}},
		{"OpenAI's usage, flattened", "g", map[string]any{AttrLFUsageDetails: map[string]any{"prompt_tokens_details.cached_tokens": 3, "completion_tokens_details.reasoning_tokens": 5}}, CallFacts{
			Usage: Usage{CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)},
		}},
		{"LangSmith", "g", map[string]any{
			AttrUsageInputTokens: 1, AttrUsageInputDetails: `{"cache_read":3,"cache_creation":4}`, AttrUsageOutputDetails: `{"reasoning":5}`,
		}, CallFacts{Usage: Usage{InputTokens: tokens(1), CacheReadInputTokens: tokens(3), CacheWriteInputTokens: tokens(4), ReasoningOutputTokens: tokens(5)}}},
		{"LangSmith's only usage", "g", map[string]any{
			AttrLSUsage: `{"input_tokens":1,"output_tokens":2,"total_tokens":3,"input_token_details":{"cache_read":3},"output_token_details":{"reasoning":5}}`,
		}, CallFacts{Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), ReasoningOutputTokens: tokens(5)}}},
		{"Anthropic", "anthropic.messages.create", map[string]any{AttrAnthropicStopReason: "end_turn"}, CallFacts{FinishReasons: []string{"stop"}}},
		{"Anthropic, as others say it", "x", map[string]any{AttrAnthropicStopReason: "end_turn", AttrFinishReasons: []any{"tool_use"}}, CallFacts{FinishReasons: []string{"tool_call"}}},
		{"Langfuse failure", "OpenAI.chat", map[string]any{AttrLFLevel: "ERROR", AttrLFStatusMessage: "429"}, CallFacts{Failed: true, ErrorMessage: "429"}},
		{"Langfuse note", "OpenAI.chat", map[string]any{AttrLFLevel: "DEFAULT", AttrLFStatusMessage: "fine"}, CallFacts{}},
		{"Langfuse broken usage", "OpenAI.chat", map[string]any{AttrLFUsageDetails: `{"input":`}, CallFacts{}},
		{"ADK", "call_llm", map[string]any{AttrSystem: "gcp.vertex.agent", AttrADKSessionID: "s"}, CallFacts{Provider: "gcp.vertex.agent", ConversationID: "s"}},
		{"Genkit", "generate", map[string]any{
			AttrGenkitSubtype: "model", AttrGenkitName: "googleai/gemini", AttrGenkitSessionID: "s", AttrGenkitState: "error",
			AttrGenkitOutput: `{"message":{"role":"model","content":[]},"usage":{"inputTokens":1,"outputTokens":2,"thoughtsTokens":5}}`,
		}, CallFacts{RequestModel: "googleai/gemini", ConversationID: "s", Failed: true, Usage: Usage{
			InputTokens: tokens(1), OutputTokens: tokens(2), ReasoningOutputTokens: tokens(5),
		}}},
		{"Genkit flow", "flow", map[string]any{AttrGenkitSubtype: "flow", AttrGenkitName: "myFlow", AttrGenkitState: "success"}, CallFacts{}},
		{"Microsoft", "chat", map[string]any{AttrMicrosoftSessionID: "s", AttrErrorMessage: "no", AttrErrorType: "E"}, CallFacts{
			ConversationID: "s", ErrorType: "E", ErrorMessage: "no", Failed: true,
		}},
		{"Claude Code", "claude_code.llm_request", map[string]any{
			AttrClaudeModel: "claude", AttrClaudeInputTokens: 1, AttrClaudeOutputTokens: 2, AttrClaudeCacheRead: 3,
			AttrClaudeCacheCreation: 4, AttrClaudeTTFT: 250, AttrSessionID: "s", AttrClaudeSuccess: false, AttrClaudeError: "no",
		}, CallFacts{
			RequestModel: "claude", ConversationID: "s", TimeToFirstChunkNS: second / 4, Failed: true, ErrorMessage: "no",
			Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(2), CacheReadInputTokens: tokens(3), CacheWriteInputTokens: tokens(4)},
		}},
		{"Claude Code failure", "claude_code.llm_request", map[string]any{AttrClaudeErrorClass: "client_error", AttrClaudeError: "no", AttrClaudeSuccess: false}, CallFacts{
			ErrorType: "client_error", ErrorMessage: "no", Failed: true,
		}},
		{"everybody's names before a vendor's", "claude_code.llm_request", map[string]any{AttrClaudeErrorClass: "client_error", AttrErrorType: "E", AttrClaudeModel: "a", AttrRequestModel: "b"}, CallFacts{
			RequestModel: "b", ErrorType: "E", Failed: true,
		}},
		{"its names elsewhere mean nothing", "chat", map[string]any{AttrClaudeModel: "m", AttrClaudeInputTokens: 1}, CallFacts{}},
		{"wrong types", "chat", map[string]any{
			AttrRequestModel: 5, AttrUsageInputTokens: "many", AttrUsageOutputTokens: -1, AttrFinishReasons: map[string]any{"a": 1},
			AttrTimeToFirstChunk: -1, AttrConversationID: 42,
		}, CallFacts{ConversationID: "42"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var facts CallFacts
			ReadSpanFacts(spanWith(tt.span, tt.attrs), &facts)
			assert.Equal(t, tt.want, facts)
		})
	}
}

func TestReadSpanFactsOfTools(t *testing.T) {
	for name, attrs := range map[string]map[string]any{
		"current":       {AttrToolName: "get", AttrToolCallID: "1", AttrToolCallArguments: "{}x", AttrToolCallResult: "r"},
		"Vercel":        {AttrAIToolCallName: "get", AttrAIToolCallID: "1", AttrAIToolCallArgs: "{}x", AttrAIToolCallResult: "r"},
		"ADK":           {AttrToolName: "get", AttrToolCallID: "1", AttrADKToolArgs: "{}x", AttrADKToolResponse: "r"},
		"Anthropic":     {AttrToolName: "get", AttrToolCallIDOld: "1", AttrToolCallArguments: "{}x", AttrAnthropicToolResult: "r"},
		"OpenInference": {AttrOISpanKind: "TOOL", AttrOIToolName: "get", AttrOIToolCallID: "1", AttrOIInputValue: "{}x", AttrOIOutputValue: "r"},
		"OpenLLMetry":   {AttrTLSpanKind: "tool", AttrTLEntityName: "get", AttrToolCallID: "1", AttrTLEntityInput: "{}x", AttrTLEntityOutput: "r"},
		"both":          {AttrOperationName: "execute_tool", AttrTLSpanKind: "tool", AttrTLEntityName: "x", AttrTLEntityInput: "x", AttrToolName: "get", AttrToolCallID: "1", AttrToolCallArguments: "{}x", AttrTLEntityOutput: "r"},
	} {
		t.Run(name, func(t *testing.T) {
			var facts CallFacts
			ReadSpanFacts(spanWith("tool", attrs), &facts)
			assert.Equal(t, "get", facts.Tool.Name)
			assert.Equal(t, "1", facts.Tool.CallID)
			assert.Equal(t, "{}x", facts.Tool.Arguments.Str())
			assert.Equal(t, "r", facts.Tool.Result.Str())
		})
	}
	for _, kind := range []string{"", "task", "agent"} {
		var none CallFacts
		ReadSpanFacts(spanWith("tool", map[string]any{AttrTLSpanKind: kind, AttrTLEntityName: "x", AttrTLEntityInput: "x", AttrTLEntityOutput: "x"}), &none)
		assert.Equal(t, ToolFacts{}, none.Tool, kind)
	}
}

func TestTimeToFirstChunkFromACompletionStart(t *testing.T) {
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]int64{
		`"2026-11-21T00:00:01.5Z"`: 1_500_000_000,
		`2026-11-21T00:00:01.5Z`:   1_500_000_000,
		`"2026-11-20T00:00:00Z"`:   0,
		`soon`:                     0,
	} {
		span := spanWith("x", map[string]any{AttrLFCompletionStart: text})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		var facts CallFacts
		ReadSpanFacts(span, &facts)
		assert.Equal(t, want, facts.TimeToFirstChunkNS, text)
	}
}

func TestFactsAreFilledNotReplaced(t *testing.T) {
	facts := CallFacts{Provider: "first", Usage: Usage{InputTokens: tokens(1)}, FinishReasons: []string{"stop"}}
	attrs := pcommon.NewMap()
	attrs.PutStr(AttrProviderName, "second")
	attrs.PutInt(AttrUsageInputTokens, 2)
	attrs.PutInt(AttrUsageOutputTokens, 3)
	attrs.PutStr(AttrFinishReasons, "length")
	ReadAttributeFacts(attrs, &facts)
	assert.Equal(t, CallFacts{
		Provider: "first", FinishReasons: []string{"stop"},
		Usage: Usage{InputTokens: tokens(1), OutputTokens: tokens(3)},
	}, facts)
}

func TestReadEventFacts(t *testing.T) {
	record := func(attrs map[string]any) plog.LogRecord {
		log := plog.NewLogRecord()
		require.NoError(t, log.Attributes().FromRaw(attrs))
		return log
	}
	for _, tt := range []struct {
		name, event string
		attrs       map[string]any
		want        CallFacts
	}{
		{"details", EventOperationDetails, map[string]any{AttrRequestModel: "m", AttrErrorType: "E"}, CallFacts{RequestModel: "m", ErrorType: "E", Failed: true}},
		{"exception", EventOperationException, map[string]any{AttrExceptionType: "E", AttrExceptionMessage: "no"}, CallFacts{ErrorType: "E", ErrorMessage: "no", Failed: true}},
		{"exception that says nothing", EventOperationException, map[string]any{AttrExceptionType: "undefined", AttrExceptionMessage: "[object Object]"}, CallFacts{Failed: true}},
		{"error that says nothing", EventClaudeAPIError, map[string]any{AttrErrorType: "null", AttrClaudeErrorClass: "E"}, CallFacts{ErrorType: "E", Failed: true}},
		{"evaluation", EventEvaluationResult, map[string]any{AttrErrorType: "E", AttrResponseID: "r"}, CallFacts{}},
		{"Gemini CLI", EventGeminiAPIResponse, map[string]any{AttrGeminiModel: "m", AttrGeminiInputToken: 1, AttrGeminiThoughts: 2, AttrSessionID: "s"}, CallFacts{
			RequestModel: "m", ConversationID: "s", Usage: Usage{InputTokens: tokens(1), ReasoningOutputTokens: tokens(2)},
		}},
		{"Claude Code", EventClaudeAPIRequest, map[string]any{AttrClaudeModel: "m", AttrClaudeOutputTokens: "7"}, CallFacts{RequestModel: "m", Usage: Usage{OutputTokens: tokens(7)}}},
		{"Codex", EventCodexSSE, map[string]any{
			AttrCodexModel: "m", AttrConversation: "c", AttrCodexInputTokens: 1, AttrCodexOutputTokens: 2, AttrCodexCached: 3,
			AttrCodexCacheWrite: "4", AttrCodexReasoning: 5, AttrCodexTTFT: 250,
		}, CallFacts{
			RequestModel: "m", ConversationID: "c", TimeToFirstChunkNS: int64(time.Second) / 4,
			Usage: Usage{tokens(1), tokens(2), tokens(3), tokens(4), tokens(5)},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var facts CallFacts
			ReadEventFacts(tt.event, record(tt.attrs), &facts)
			assert.Equal(t, tt.want, facts)
		})
	}

	log := record(map[string]any{AttrCodexToolName: "get", AttrCodexCallID: "1", AttrCodexArguments: "{}x", AttrCodexOutput: "r"})
	var facts CallFacts
	ReadEventFacts("codex.tool_result", log, &facts)
	assert.Equal(t, "get", facts.Tool.Name)
	assert.Equal(t, "1", facts.Tool.CallID)
	assert.Equal(t, "{}x", facts.Tool.Arguments.Str())
	assert.Equal(t, "r", facts.Tool.Result.Str())
}

func TestNormalizeFinishReason(t *testing.T) {
	for want, spellings := range map[string][]string{
		"stop":           {"stop", "STOP", "Stop", "end_turn", "endTurn", "END_TURN", "stop_sequence", "stopSequence", "completed"},
		"length":         {"length", "max_tokens", "maxTokens", "MAX_TOKENS", "max_output_tokens", "max-tokens"},
		"tool_call":      {"tool_call", "tool_calls", "tool-calls", "toolUse", "tool_use", "TOOL_USE", "function_call"},
		"content_filter": {"content_filter", "content-filter", "SAFETY", "safety", "refusal", "contentFilter"},
		"error":          {"error", "ERROR"},
		"RECITATION":     {"RECITATION"},
		"pause_turn":     {"pause_turn"},
		"":               {""},
	} {
		for _, spelling := range spellings {
			assert.Equal(t, want, NormalizeFinishReason(spelling), spelling)
		}
	}
	long := strings.Repeat("STOP", 1000)
	assert.Equal(t, long, NormalizeFinishReason(long))
}

func TestFinishReasonsOf(t *testing.T) {
	for _, tt := range []struct {
		in   any
		want []string
	}{
		{[]any{"end_turn", "", 5}, []string{"stop"}},
		{`["stop","length"]`, []string{"stop", "length"}},
		{`"stop"`, []string{"stop"}},
		{"tool-calls", []string{"tool_call"}},
		{"[broken", []string{"[broken"}},
		{"stop, tool_calls", []string{"stop", "tool_call"}},
		{"END_TURN,max-tokens", []string{"stop", "length"}},
		{[]any{"stop,length", "safety"}, []string{"stop", "length", "content_filter"}},
		{[]any{`["stop"]`}, []string{"stop"}},
		{"['stop', 'toolUse']", []string{"stop", "tool_call"}},
		{"stop,RECITATION", []string{"stop,RECITATION"}},
		{[]any{"stop,"}, []string{"stop,"}},
		{"[]", nil},
		{[]any{"[]"}, []string{"[]"}},
		{strings.Repeat("stop,", 64) + "stop", []string{strings.Repeat("stop,", 64) + "stop"}},
		{"", nil},
		{7, nil},
	} {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(tt.in))
		assert.Equal(t, tt.want, FinishReasonsOf(v), "%v", tt.in)
	}
}

func TestConsumedAttribute(t *testing.T) {
	for _, key := range []string{AttrOperationName, AttrSystem, AttrUsagePromptTokens, AttrInputMessages, "gen_ai.prompt.0.content", AttrOIInputValue} {
		consumed, content := ConsumedAttribute(key)
		assert.True(t, consumed, key)
		assert.Equal(t, IsContentAttribute(key), content, key)
	}
	for _, key := range []string{AttrConversationID, AttrAgentName, AttrSessionID, "gen_ai.prompt.name", "gen_ai.request.temperature", "server.address", ""} {
		consumed, _ := ConsumedAttribute(key)
		assert.False(t, consumed, key)
	}
}
