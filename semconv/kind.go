package semconv

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Kind is what a span does, in the envelope's words.
type Kind string

// The kinds of processor.md.
const (
	KindInference  Kind = "inference"
	KindEmbeddings Kind = "embeddings"
	KindRetrieval  Kind = "retrieval"
	KindTool       Kind = "tool"
	KindAgent      Kind = "agent"
	KindWorkflow   Kind = "workflow"
	KindMemory     Kind = "memory"
	KindMCP        Kind = "mcp"
	KindOther      Kind = "other"
)

// Kinds are all kinds, in the order of the configuration's documentation.
var Kinds = [...]Kind{
	KindInference, KindEmbeddings, KindRetrieval, KindTool, KindAgent,
	KindWorkflow, KindMemory, KindMCP, KindOther,
}

// Prefixes are the families of event names and attributes that belong to a
// request.
type Prefixes []string

// Match says whether name is under one of the prefixes.
func (p Prefixes) Match(name string) bool {
	for _, prefix := range p {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// KindOfOperation is the kind that a gen_ai.operation.name stands for;
// KindOther for a name that the convention does not list. llm_call, tool_call
// and agent_call, which Gemini CLI writes, count as listed (instrumentations.md
// 3.2), and so do the spellings of embeddings.
func KindOfOperation(operation string) Kind {
	switch operation {
	case "chat", "generate_content", "text_completion", "fetch_response", "llm_call":
		return KindInference
	case operationEmbeddings, "embedding", "embed":
		return KindEmbeddings
	case "retrieval":
		return KindRetrieval
	case "execute_tool", "tool_call":
		return KindTool
	case "create_agent", "invoke_agent", "plan", "agent_call":
		return KindAgent
	case "invoke_workflow":
		return KindWorkflow
	case "create_memory_store", "search_memory", "create_memory", "update_memory",
		"upsert_memory", "delete_memory", "delete_memory_store":
		return KindMemory
	}
	return KindOther
}

// ClassifySpan says what a span does and whether it belongs to a request:
// because an attribute, an event's name or an event's attribute is under one of
// the prefixes, or because instrumentations.md 3.2 recognises it. It runs for
// every span of every pipeline and does not allocate.
func ClassifySpan(span ptrace.Span, p Prefixes) (kind Kind, belongs bool) {
	var traits spanTraits
	for key, value := range span.Attributes().All() {
		if !belongs && p.Match(key) {
			belongs = true
		}
		// Most attributes of most spans are somebody else's: one byte tells
		// nearly all of them apart from the few that matter.
		if key == "" {
			continue
		}
		switch key[0] {
		case 'g', 'l', 'm', 'o', 't':
			traits.read(key, value)
		}
	}
	kind = traits.kind(span.Name())
	if kind != KindOther {
		return kind, true
	}
	events := span.Events()
	for i := 0; i < events.Len() && !belongs; i++ {
		belongs = SpanEventBelongs(events.At(i), p)
	}
	if belongs {
		kind = kindOfTraceloop(traits.traceloop)
	}
	return kind, belongs
}

// kindOfTraceloop is the kind that OpenLLMetry gives a span, which by itself is
// no reason to gather it.
func kindOfTraceloop(kind string) Kind {
	switch kind {
	case "tool":
		return KindTool
	case "agent":
		return KindAgent
	case "workflow":
		return KindWorkflow
	}
	return KindOther
}

// SpanEventBelongs says whether an event of a span that belongs to a request
// is gathered: its name or one of its attributes is under a prefix.
func SpanEventBelongs(ev ptrace.SpanEvent, p Prefixes) bool {
	if p.Match(SpanEventName(ev)) {
		return true
	}
	for key := range ev.Attributes().All() {
		if p.Match(key) {
			return true
		}
	}
	return false
}

// spanTraits is what decides about a span's kind.
type spanTraits struct {
	operation     string
	openInference string
	genkit        string
	langfuse      string
	requestType   string
	traceloop     string
	model         bool
	provider      bool
	mcp           bool
}

func (t *spanTraits) read(key string, value pcommon.Value) {
	switch key {
	case AttrOperationName:
		t.operation = value.Str()
	case AttrRequestModel:
		t.model = t.model || value.Str() != ""
	case AttrProviderName, AttrSystem:
		t.provider = t.provider || value.Str() != ""
	case AttrMCPMethodName:
		t.mcp = t.mcp || value.Str() != ""
	case AttrOISpanKind:
		t.openInference = value.Str()
	case AttrGenkitSubtype:
		t.genkit = value.Str()
	case AttrLFType:
		t.langfuse = value.Str()
	case AttrTLRequestType:
		t.requestType = value.Str()
	case AttrTLSpanKind:
		t.traceloop = value.Str()
	}
}

func (t *spanTraits) kind(name string) Kind {
	if kind := KindOfOperation(t.operation); kind != KindOther {
		return kind
	}
	if t.mcp {
		return KindMCP
	}
	switch {
	case strings.EqualFold(t.openInference, "LLM"),
		t.langfuse == "generation",
		t.genkit == "model",
		name == spanClaudeLLM:
		return KindInference
	case strings.EqualFold(t.openInference, "EMBEDDING"),
		t.langfuse == "embedding",
		t.genkit == "embedder",
		t.requestType == "embedding":
		return KindEmbeddings
	case t.requestType != "":
		return KindInference
	}
	if strings.HasPrefix(name, spanAIPrefix) {
		switch {
		case strings.HasSuffix(name, spanAIGenerate), strings.HasSuffix(name, spanAIStream):
			return KindInference
		case strings.HasSuffix(name, spanAIEmbed):
			return KindEmbeddings
		}
	}
	if t.model && t.provider && !t.namesOperation() {
		return KindInference
	}
	return KindOther
}

// namesOperation says that the span tells, in any dialect, what it does.
// Langfuse's type span is what everything has that is nothing in particular.
func (t *spanTraits) namesOperation() bool {
	return t.operation != "" || t.openInference != "" || t.genkit != "" || t.traceloop != "" ||
		(t.langfuse != "" && t.langfuse != "span")
}
