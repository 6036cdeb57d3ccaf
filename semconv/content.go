package semconv

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// contentUse says which part of a call shows a content attribute.
type contentUse uint8

const (
	// usedNowhere content has no place of its own: it stays an attribute.
	usedNowhere contentUse = iota
	usedByMessages
	usedByTool
)

// contentNames are the attributes that hold what was said to a model, a tool
// or a retriever and what it answered.
var contentNames = map[string]contentUse{
	AttrInputMessages:      usedByMessages,
	AttrOutputMessages:     usedByMessages,
	AttrSystemInstructions: usedByMessages,
	AttrToolDefinitions:    usedByMessages,
	AttrToolDefinitionsOld: usedByMessages,
	AttrPrompt:             usedByMessages,
	AttrCompletion:         usedByMessages,
	AttrEventContent:       usedNowhere,
	AttrToolCallArguments:  usedByTool,
	AttrToolCallResult:     usedByTool,
	AttrToolArgs:           usedByTool,
	AttrToolInput:          usedByTool,
	AttrToolOutput:         usedByTool,
	AttrRetrievalQueryText: usedNowhere,
	AttrRetrievalDocuments: usedNowhere,
	AttrMemoryQueryText:    usedNowhere,
	AttrMemoryRecords:      usedNowhere,

	"gen_ai.retrieval.query":         usedNowhere,
	"gen_ai.content.reasoning":       usedNowhere,
	"gen_ai.content.revised_prompt":  usedNowhere,
	"gen_ai.workflow.input":          usedNowhere,
	"gen_ai.workflow.output":         usedNowhere,
	"gen_ai.agent.action.tool_input": usedNowhere,
	"gen_ai.agent.finish.output":     usedNowhere,
	"gen_ai.agent.final_result":      usedNowhere,

	AttrOIInputValue:                usedByMessages,
	AttrOIOutputValue:               usedByMessages,
	AttrOIToolCallArguments:         usedByTool,
	AttrOIToolParameters:            usedNowhere,
	"llm.function_call":             usedNowhere,
	"llm.prompt_template.template":  usedNowhere,
	"llm.prompt_template.variables": usedNowhere,
	"embedding.text":                usedNowhere,
	"embedding.vector":              usedNowhere,
	"reranker.query":                usedNowhere,

	AttrTLEntityInput:                     usedNowhere,
	AttrTLEntityOutput:                    usedNowhere,
	"traceloop.prompt.template":           usedNowhere,
	"traceloop.prompt.template_variables": usedNowhere,

	AttrAIPrompt:            usedByMessages,
	AttrAIPromptMessages:    usedByMessages,
	AttrAIPromptTools:       usedByMessages,
	AttrAIResponseText:      usedByMessages,
	AttrAIResponseTextOld:   usedByMessages,
	AttrAIResponseToolCalls: usedByMessages,
	AttrAIResponseCallsOld:  usedByMessages,
	AttrAIResponseObject:    usedByMessages,
	AttrAIResponseObjectOld: usedByMessages,
	AttrAIResponseReasoning: usedByMessages,
	AttrAIResponseFiles:     usedByMessages,
	AttrAIToolCallArgs:      usedByTool,
	AttrAIToolCallResult:    usedByTool,
	AttrAIValue:             usedNowhere,
	AttrAIValues:            usedNowhere,
	AttrAIEmbedding:         usedNowhere,
	AttrAIEmbeddings:        usedNowhere,

	AttrLFInput:        usedByMessages,
	AttrLFOutput:       usedByMessages,
	AttrLFInstructions: usedByMessages,
	AttrLFTools:        usedByMessages,
	AttrLFTraceInput:   usedNowhere,
	AttrLFTraceOutput:  usedNowhere,

	AttrADKRequest:      usedByMessages,
	AttrADKResponse:     usedByMessages,
	AttrADKToolArgs:     usedByTool,
	AttrADKToolResponse: usedByTool,
	AttrADKData:         usedNowhere,
	AttrGenkitInput:     usedByMessages,
	AttrGenkitOutput:    usedByMessages,

	AttrPydanticAll:           usedByMessages,
	AttrPydanticAllEvents:     usedNowhere,
	AttrPydanticFinal:         usedNowhere,
	AttrPydanticEvents:        usedNowhere,
	AttrPydanticToolArguments: usedByTool,
	AttrPydanticToolResponse:  usedByTool,
	AttrLogfireRequest:        usedByMessages,
	AttrLogfireResponse:       usedByMessages,
	AttrStrandsSystem:         usedByMessages,
	AttrAnthropicToolResult:   usedByTool,

	AttrSentryMessages:        usedByMessages,
	AttrSentryTools:           usedByMessages,
	AttrSentryResponseText:    usedByMessages,
	AttrSentryToolCalls:       usedByMessages,
	AttrSentryEmbeddingInput:  usedNowhere,
	AttrSentryEmbeddingInputs: usedNowhere,

	"mastra.agent_run.input":     usedNowhere,
	"mastra.agent_run.output":    usedNowhere,
	"mastra.workflow_run.input":  usedNowhere,
	"mastra.workflow_run.output": usedNowhere,
	"mastra.model_step.input":    usedNowhere,
	"mastra.model_step.output":   usedNowhere,
	"mastra.model_chunk.output":  usedNowhere,

	AttrClaudeUserPrompt:   usedNowhere,
	AttrClaudeModelOutput:  usedNowhere,
	AttrClaudeNewContext:   usedNowhere,
	AttrClaudeToolInput:    usedNowhere,
	AttrGeminiRequestText:  usedNowhere,
	AttrGeminiResponseText: usedNowhere,
}

// contentFamilies are the prefixes of content in attributes that are flattened;
// what follows is an index, except where it is free.
var contentFamilies = []struct {
	prefix string
	use    contentUse
	free   bool
}{
	{PrefixPromptVariable, usedNowhere, true},
	{PrefixPrompt, usedByMessages, false},
	{PrefixCompletion, usedByMessages, false},
	{PrefixOIInputMessages, usedByMessages, false},
	{PrefixOIOutputMessages, usedByMessages, false},
	{PrefixOIPrompts, usedByMessages, false},
	{PrefixOIChoices, usedByMessages, false},
	{PrefixOITools, usedByMessages, false},
	{PrefixOIEmbeddings, usedNowhere, false},
	{PrefixOIDocuments, usedNowhere, false},
	{"reranker.input_documents.", usedNowhere, false},
	{"reranker.output_documents.", usedNowhere, false},
	{PrefixTLFunctions, usedByMessages, false},
}

// attributeUse is what is known of an attribute by its name.
type attributeUse struct {
	// content says that it holds content, consumed that a call's other keys
	// carry it.
	content, consumed bool
}

// attributeUses are those of all names in contentNames and consumedNames.
var attributeUses = func() *KeyTable[attributeUse] {
	uses := make(map[string]attributeUse, len(contentNames)+len(consumedNames))
	for name, use := range contentNames {
		uses[name] = attributeUse{content: true, consumed: use != usedNowhere}
	}
	for _, name := range consumedNames {
		use := uses[name]
		use.consumed = true
		uses[name] = use
	}
	return NewKeyTable(uses)
}()

// familyInitials has the letters that prefixes in contentFamilies begin with.
var familyInitials = func() (initials [256]bool) {
	for i := range contentFamilies {
		initials[contentFamilies[i].prefix[0]] = true
	}
	return initials
}()

// ContentAttributes are the names of all attributes that traces.content: strip
// removes, sorted; N stands for an index and * for anything.
var ContentAttributes = func() []string {
	names := make([]string, 0, len(contentNames)+len(contentFamilies))
	for name := range contentNames {
		names = append(names, name)
	}
	for _, family := range contentFamilies {
		if family.free {
			names = append(names, family.prefix+"*")
		} else {
			names = append(names, family.prefix+"N.*")
		}
	}
	slices.Sort(names)
	return names
}()

// IsContentAttribute says whether an attribute holds content, in any dialect.
func IsContentAttribute(key string) bool { return attributeUseOf(key).content }

// IsToolContent says that an attribute holds what a tool was called with or what
// it answered, in any dialect.
func IsToolContent(key string) bool { return contentNames[key] == usedByTool }

// IsGeneralContent says that an attribute holds the input or the output of
// whatever its span does: on a tool's span arguments and result.
func IsGeneralContent(key string) bool { return key == AttrOIInputValue || key == AttrOIOutputValue }

// ConsumedAttribute says that a call's named fields, its tool or its messages
// carry an attribute already, so that it need not be repeated among its
// attributes. For content that holds unless assembling reports the attribute as
// left over. Content that is no message (embeddings, documents, the entities of
// OpenLLMetry) is not consumed. content is IsContentAttribute.
func ConsumedAttribute(key string) (consumed, content bool) {
	use := attributeUseOf(key)
	return use.consumed, use.content
}

func attributeUseOf(key string) attributeUse {
	if use, ok := attributeUses.Get(key); ok {
		return use
	}
	if key == "" || !familyInitials[key[0]] {
		return attributeUse{}
	}
	for i := range contentFamilies {
		family := &contentFamilies[i]
		if len(key) <= len(family.prefix) || key[len(family.prefix)-1] != '.' {
			continue // every prefix ends with a dot
		}
		rest, ok := strings.CutPrefix(key, family.prefix)
		if ok && rest != "" && (family.free || '0' <= rest[0] && rest[0] <= '9') {
			return attributeUse{content: true, consumed: family.use != usedNowhere}
		}
	}
	return attributeUse{}
}

// isMessageField knows the attributes of a per-message span event that hold the
// message.
func isMessageField(key string) bool {
	switch key {
	case FieldContent, FieldMessage, FieldToolCalls, FieldParts, FieldReasoning,
		"function_call", "tool.result", "refusal":
		return true
	}
	return false
}

func isMessageEvent(name string) bool {
	return strings.HasPrefix(name, PrefixGenAI) &&
		(strings.HasSuffix(name, ".message") || name == EventChoice ||
			strings.HasPrefix(name, EventContentPrompt) || strings.HasPrefix(name, EventContentCompletion))
}

// StripContent removes the content attributes from a span and, from those of
// its events that are held elsewhere, content attributes and the messages of
// per-message events. It is no redaction: text in other attributes, in
// exceptions and in the span's status stays.
func StripContent(span ptrace.Span, held func(ptrace.SpanEvent) bool) {
	isContent := func(key string, _ pcommon.Value) bool { return IsContentAttribute(key) }
	span.Attributes().RemoveIf(isContent)
	events := span.Events()
	for i := range events.Len() {
		event := events.At(i)
		if !held(event) {
			continue
		}
		event.Attributes().RemoveIf(isContent)
		if isMessageEvent(event.Name()) {
			event.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return isMessageField(key) })
		}
	}
}
