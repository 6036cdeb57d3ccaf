package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func spanWith(name string, attrs map[string]any) ptrace.Span {
	span := ptrace.NewSpan()
	span.SetName(name)
	if err := span.Attributes().FromRaw(attrs); err != nil {
		panic(err)
	}
	return span
}

func TestClassifySpan(t *testing.T) {
	genAI := Prefixes{PrefixGenAI}
	for _, tt := range []struct {
		name     string
		span     string
		attrs    map[string]any
		prefixes Prefixes
		kind     Kind
		belongs  bool
	}{
		{"unrelated", "GET /", map[string]any{"http.request.method": "GET"}, genAI, KindOther, false},
		{"nothing", "", nil, genAI, KindOther, false},
		{"chat", "chat gpt", map[string]any{AttrOperationName: "chat"}, genAI, KindInference, true},
		{"known operation without its prefix", "chat", map[string]any{AttrOperationName: "chat"}, Prefixes{"llm."}, KindInference, true},
		{"generate_content", "x", map[string]any{AttrOperationName: "generate_content"}, genAI, KindInference, true},
		{"text_completion", "x", map[string]any{AttrOperationName: "text_completion"}, genAI, KindInference, true},
		{"fetch_response", "x", map[string]any{AttrOperationName: "fetch_response"}, genAI, KindInference, true},
		{"llm_call", "llm_call", map[string]any{AttrOperationName: "llm_call"}, genAI, KindInference, true},
		{"embeddings", "x", map[string]any{AttrOperationName: "embeddings"}, genAI, KindEmbeddings, true},
		{"retrieval", "x", map[string]any{AttrOperationName: "retrieval"}, genAI, KindRetrieval, true},
		{"tool", "x", map[string]any{AttrOperationName: "execute_tool"}, genAI, KindTool, true},
		{"agent", "x", map[string]any{AttrOperationName: "invoke_agent"}, genAI, KindAgent, true},
		{"create agent", "x", map[string]any{AttrOperationName: "create_agent"}, genAI, KindAgent, true},
		{"plan", "x", map[string]any{AttrOperationName: "plan"}, genAI, KindAgent, true},
		{"workflow", "x", map[string]any{AttrOperationName: "invoke_workflow"}, genAI, KindWorkflow, true},
		{"memory", "x", map[string]any{AttrOperationName: "search_memory"}, genAI, KindMemory, true},
		{"delete memory store", "x", map[string]any{AttrOperationName: "delete_memory_store"}, genAI, KindMemory, true},
		{"mcp", "tools/list", map[string]any{AttrMCPMethodName: "tools/list"}, genAI, KindMCP, true},
		{"mcp tool call", "tools/call", map[string]any{AttrMCPMethodName: "tools/call", AttrOperationName: "execute_tool"}, genAI, KindTool, true},
		{"unlisted operation", "x", map[string]any{AttrOperationName: "agent_step", AttrRequestModel: "m", AttrProviderName: "p"}, genAI, KindOther, true},
		{"agent with a model", "x", map[string]any{AttrOperationName: "invoke_agent", AttrRequestModel: "m", AttrProviderName: "p"}, genAI, KindAgent, true},
		{"operation decides first", "x", map[string]any{AttrOperationName: "invoke_agent", AttrOISpanKind: "LLM"}, genAI, KindAgent, true},
		{"operation of a wrong type", "x", map[string]any{AttrOperationName: 7}, genAI, KindOther, true},
		{"model and provider", "call_llm", map[string]any{AttrRequestModel: "m", AttrProviderName: "p"}, genAI, KindInference, true},
		{"model and system", "call_llm", map[string]any{AttrRequestModel: "m", AttrSystem: "p"}, genAI, KindInference, true},
		{"model alone", "x", map[string]any{AttrRequestModel: "m"}, genAI, KindOther, true},
		{"model, provider and another dialect's operation", "x", map[string]any{AttrRequestModel: "m", AttrSystem: "p", AttrOISpanKind: "AGENT"}, genAI, KindOther, true},
		{"OpenInference LLM", "x", map[string]any{AttrOISpanKind: "LLM"}, genAI, KindInference, true},
		{"OpenInference embedding", "x", map[string]any{AttrOISpanKind: "EMBEDDING"}, genAI, KindEmbeddings, true},
		{"OpenInference chain", "x", map[string]any{AttrOISpanKind: "CHAIN"}, genAI, KindOther, false},
		{"OpenInference chain by prefix", "x", map[string]any{AttrOISpanKind: "CHAIN"}, Prefixes{"openinference."}, KindOther, true},
		{"OpenLLMetry", "x", map[string]any{AttrTLRequestType: "completion"}, genAI, KindInference, true},
		{"OpenLLMetry embedding", "x", map[string]any{AttrTLRequestType: "embedding"}, genAI, KindEmbeddings, true},
		{"Claude Code", "claude_code.llm_request", nil, genAI, KindInference, true},
		{"Claude Code tool", "claude_code.tool", nil, genAI, KindOther, false},
		{"Vercel doGenerate", "ai.generateText.doGenerate", nil, genAI, KindInference, true},
		{"Vercel doStream", "ai.streamObject.doStream", nil, genAI, KindInference, true},
		{"Vercel doEmbed", "ai.embedMany.doEmbed", nil, genAI, KindEmbeddings, true},
		{"Vercel wrapper", "ai.generateText", nil, genAI, KindOther, false},
		{"Langfuse generation", "x", map[string]any{AttrLFType: "generation"}, genAI, KindInference, true},
		{"Langfuse embedding", "x", map[string]any{AttrLFType: "embedding"}, genAI, KindEmbeddings, true},
		{"Langfuse span", "x", map[string]any{AttrLFType: "span"}, genAI, KindOther, false},
		{"Genkit model", "x", map[string]any{AttrGenkitSubtype: "model"}, genAI, KindInference, true},
		{"Genkit embedder", "x", map[string]any{AttrGenkitSubtype: "embedder"}, genAI, KindEmbeddings, true},
		{"Genkit flow", "x", map[string]any{AttrGenkitSubtype: "flow"}, genAI, KindOther, false},
		{"embed", "x", map[string]any{AttrOperationName: "embed"}, genAI, KindEmbeddings, true},
		{"embedding", "x", map[string]any{AttrOperationName: "embedding"}, genAI, KindEmbeddings, true},
		{"OpenLLMetry tool", "x", map[string]any{AttrTLSpanKind: "tool", "gen_ai.x": 1}, genAI, KindTool, true},
		{"OpenLLMetry agent", "x", map[string]any{AttrTLSpanKind: "agent", AttrOperationName: "agent_step"}, genAI, KindAgent, true},
		{"OpenLLMetry workflow", "x", map[string]any{AttrTLSpanKind: "workflow"}, Prefixes{"traceloop."}, KindWorkflow, true},
		{"OpenLLMetry task", "x", map[string]any{AttrTLSpanKind: "task", "gen_ai.x": 1}, genAI, KindOther, true},
		{"OpenLLMetry tool that is nobody's", "x", map[string]any{AttrTLSpanKind: "tool"}, genAI, KindOther, false},
		{"OpenLLMetry agent with a model", "x", map[string]any{AttrTLSpanKind: "agent", AttrRequestModel: "m", AttrSystem: "p"}, genAI, KindAgent, true},
		{"OpenLLMetry's kind after the operation", "x", map[string]any{AttrTLSpanKind: "tool", AttrOperationName: "chat"}, genAI, KindInference, true},
		{"no prefixes", "x", map[string]any{"gen_ai.x": 1}, nil, KindOther, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind, belongs := ClassifySpan(spanWith(tt.span, tt.attrs), tt.prefixes)
			assert.Equal(t, tt.kind, kind)
			assert.Equal(t, tt.belongs, belongs)
		})
	}
}

func TestClassifySpanByItsEvents(t *testing.T) {
	named := spanWith("x", nil)
	named.Events().AppendEmpty().SetName("unrelated")
	named.Events().AppendEmpty().SetName(EventChoice)
	kind, belongs := ClassifySpan(named, Prefixes{PrefixGenAI})
	assert.Equal(t, KindOther, kind)
	assert.True(t, belongs)

	named = spanWith("x", map[string]any{AttrTLSpanKind: "agent"})
	named.Events().AppendEmpty().SetName(EventChoice)
	kind, _ = ClassifySpan(named, Prefixes{PrefixGenAI})
	assert.Equal(t, KindAgent, kind)

	attributed := spanWith("x", nil)
	event := attributed.Events().AppendEmpty()
	event.SetName("step")
	event.Attributes().PutStr("gen_ai.prompt", "hi")
	_, belongs = ClassifySpan(attributed, Prefixes{PrefixGenAI})
	assert.True(t, belongs)
	assert.True(t, SpanEventBelongs(event, Prefixes{PrefixGenAI}))

	exception := spanWith("x", map[string]any{AttrOperationName: "chat"}).Events().AppendEmpty()
	exception.SetName(EventException)
	exception.Attributes().PutStr("exception.type", "E")
	assert.False(t, SpanEventBelongs(exception, Prefixes{PrefixGenAI}))
}

func TestEveryKnownOperationHasAKind(t *testing.T) {
	known := make(map[Kind]bool)
	for _, kind := range Kinds {
		known[kind] = true
	}
	for _, operation := range []string{"chat", "embeddings", "retrieval", "execute_tool", "plan", "invoke_workflow", "upsert_memory"} {
		kind := KindOfOperation(operation)
		require.NotEqual(t, KindOther, kind, operation)
		require.True(t, known[kind], operation)
	}
	assert.Equal(t, KindTool, KindOfOperation("tool_call"))
	assert.Equal(t, KindAgent, KindOfOperation("agent_call"))
	assert.Equal(t, KindOther, KindOfOperation("schedule_tool_calls"))
	assert.Equal(t, KindOther, KindOfOperation("framework"))
	assert.Equal(t, KindOther, KindOfOperation(""))
}

// unrelatedSpan looks as an HTTP server's span does.
func unrelatedSpan() ptrace.Span {
	span := ptrace.NewSpan()
	span.SetName("GET /orders/{id}")
	attrs := span.Attributes()
	for _, key := range []string{
		"http.request.method", "url.scheme", "server.address", "network.protocol.version", "user_agent.original",
		"http.route", "client.address", "url.path", "otel.scope.thing",
	} {
		attrs.PutStr(key, "value")
	}
	attrs.PutInt("http.response.status_code", 200)
	return span
}

func chatSpan() ptrace.Span {
	span := unrelatedSpan()
	attrs := span.Attributes()
	attrs.PutStr(AttrOperationName, "chat")
	attrs.PutStr(AttrProviderName, "openai")
	attrs.PutStr(AttrRequestModel, "gpt-4o")
	return span
}

func TestClassifySpanDoesNotAllocate(t *testing.T) {
	prefixes := Prefixes{PrefixGenAI, "llm."}
	for name, span := range map[string]ptrace.Span{"unrelated": unrelatedSpan(), "chat": chatSpan()} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { ClassifySpan(span, prefixes) }), name)
	}
}

func BenchmarkClassifySpan(b *testing.B) {
	prefixes := Prefixes{PrefixGenAI}
	for name, span := range map[string]ptrace.Span{"unrelated": unrelatedSpan(), "chat": chatSpan()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ClassifySpan(span, prefixes)
			}
		})
	}
}

func TestPendingOf(t *testing.T) {
	span := spanWith("chat", map[string]any{AttrLogfireSpanType: "pending_span", AttrLogfirePendingID: "0000000000000000"})
	span.SetParentSpanID(pcommon.SpanID{1})
	announced, pending := PendingOf(span)
	assert.True(t, pending)
	assert.Equal(t, pcommon.SpanID{1}, announced)

	for _, span := range []ptrace.Span{spanWith("chat", nil), spanWith("chat", map[string]any{AttrLogfireSpanType: "span"})} {
		_, pending = PendingOf(span)
		assert.False(t, pending)
	}
}
