package messages

// The keys of a call that Assemble fills.
const (
	KeySystemInstructions = "system_instructions"
	KeyInputMessages      = "input_messages"
	KeyOutputMessages     = "output_messages"
	KeyToolDefinitions    = "tool_definitions"
	KeyContentSource      = "content_source"
)

// What carried a field's content, best first (processor.md, "Assembling
// messages").
const (
	SourceDetailsLog         = "details_log"
	SourceSpanAttribute      = "span_attribute"
	SourceSpanEvent          = "span_event"
	SourceMessageLog         = "message_log"
	SourceFlattenedAttribute = "flattened_attribute"
)

// Keys of messages, parts and tool definitions in the current shape.
const (
	keyRole         = "role"
	keyParts        = "parts"
	keyFinishReason = "finish_reason"
	keyName         = "name"
	keyType         = "type"
	keyContent      = "content"
	keyID           = "id"
	keyArguments    = "arguments"
	keyResponse     = "response"
	keyModality     = "modality"
	keyMimeType     = "mime_type"
	keyFileID       = "file_id"
	keyURI          = "uri"
	keyDescription  = "description"
	keyParameters   = "parameters"
	keyTruncated    = "truncated"
	// keyOther holds what is left of an object with more keys than anybody
	// would look through.
	keyOther = "other"
)

// Roles.
const (
	roleSystem    = "system"
	roleUser      = "user"
	roleAssistant = "assistant"
	roleTool      = "tool"
)

// Types of parts.
const (
	partText         = "text"
	partReasoning    = "reasoning"
	partToolCall     = "tool_call"
	partToolResponse = "tool_call_response"
	partBlob         = "blob"
	partURI          = "uri"
	partFile         = "file"
	partRefusal      = "refusal"
	partUnknown      = "unknown"
)

// Modalities of blob, uri and file parts.
const (
	modalityImage    = "image"
	modalityAudio    = "audio"
	modalityVideo    = "video"
	modalityDocument = "document"
)

const typeFunction = "function"

// field is one of the four lists of a call.
type field uint8

const (
	fieldSystem field = iota
	fieldInput
	fieldOutput
	fieldTools
	fieldCount
)

var fieldKeys = [fieldCount]string{
	fieldSystem: KeySystemInstructions,
	fieldInput:  KeyInputMessages,
	fieldOutput: KeyOutputMessages,
	fieldTools:  KeyToolDefinitions,
}
