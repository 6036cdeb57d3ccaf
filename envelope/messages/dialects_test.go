package messages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestSpanAttributes(t *testing.T) {
	runRows(t, []row{
		{
			name: "current names as JSON", source: SourceSpanAttribute,
			span: attrs{
				semconv.AttrSystemInstructions: `[{"type":"text","content":"be good"}]`, semconv.AttrInputMessages: userHi,
				semconv.AttrOutputMessages: assistantYo, semconv.AttrToolDefinitions: toolGet,
			},
			system: `[{"type":"text","content":"be good"}]`, input: userHi, output: assistantYo, tools: toolGet,
		},
		{name: "instructions as text", span: attrs{semconv.AttrSystemInstructions: "be good"}, system: `[{"type":"text","content":"be good"}]`},
		{name: "instructions as JSON text", span: attrs{semconv.AttrSystemInstructions: `"be \"good\""`}, system: `[{"type":"text","content":"be \"good\""}]`},
		{name: "instructions that are JSON", span: attrs{semconv.AttrSystemInstructions: `{"rule":"be good"}`}, system: `[{"type":"text","content":"{\"rule\":\"be good\"}"}]`},
		{name: "instructions as messages", span: attrs{semconv.AttrSystemInstructions: `[{"role":"system","content":"be"},"good"]`}, system: `[{"type":"text","content":"be"},{"type":"text","content":"good"}]`},
		{name: "text", span: attrs{semconv.AttrInputMessages: "hi", semconv.AttrOutputMessages: "yo"}, input: userHi, output: assistantYo},
		{
			name:  "prompt and completion as JSON",
			span:  attrs{semconv.AttrPrompt: `[{"role":"user","content":"hi"}]`, semconv.AttrCompletion: `[{"role":"assistant","content":"yo"}]`},
			input: userHi, output: assistantYo,
		},
		{
			name: "unknown JSON is kept as text", kind: semconv.KindOther,
			span:  attrs{semconv.AttrInputMessages: `[{"callId":"1"}]`},
			input: `[{"role":"user","parts":[{"type":"text","content":"[{\"callId\":\"1\"}]"}]}]`,
		},
		{
			name:  "unknown structure is kept as a part",
			span:  attrs{semconv.AttrInputMessages: []any{attrs{"callId": "1"}}},
			input: `[{"role":"user","parts":[{"callId":"1","type":"callId"}]}]`,
		},
		{
			name:  "Langfuse: messages and tools",
			span:  attrs{semconv.AttrLFInput: `{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"get","description":"Gets","parameters":{"type":"object"}}}]}`, semconv.AttrLFOutput: `{"role":"assistant","refusal":null,"content":"yo"}`},
			input: userHi, output: assistantYo, tools: toolGet, source: SourceSpanAttribute,
		},
		{
			name:  "a request with a setting that is called as a part is",
			span:  attrs{semconv.AttrLFInput: `{"model":"m","reasoning":{"effort":"low","summary":"auto"},"input":"hi"}`},
			input: userHi,
		},
		{name: "Langfuse: text", span: attrs{semconv.AttrLFInput: "hi", semconv.AttrLFOutput: "yo"}, input: userHi, output: assistantYo},
		{
			name: "Langfuse: items of the Responses API",
			span: attrs{
				semconv.AttrLFInput:  `[{"role":"user","content":"hi"},{"type":"function_call_output","call_id":"c0","output":"{\"t\":1}"}]`,
				semconv.AttrLFOutput: `[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"id":"fc_1","type":"function_call","call_id":"c1","name":"get","arguments":"{\"city\":\"Rome\"}"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yo"}]}]`,
			},
			input:  `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c0","response":{"t":1}}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},` + callRome + `,{"type":"text","content":"yo"}]}]`,
		},
		{
			name: "Langfuse: a span's own input is no message", kind: semconv.KindOther,
			span:     attrs{semconv.AttrLFInput: `{"city":"Rome"}`, semconv.AttrLFOutput: `[1,2]`},
			leftOver: []string{semconv.AttrLFInput, semconv.AttrLFOutput},
		},
		{
			name: "ADK",
			span: attrs{
				semconv.AttrADKRequest: `{"model":"g","contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"function_call":{"id":"c1","name":"get","args":{"city":"Rome"}}}]},` +
					`{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"get","response":{"t":1}}}]}],"config":{"system_instruction":{"parts":[{"text":"be good"}]},"tools":[{"function_declarations":[{"name":"get","description":"Gets","parameters":{"type":"object"}}]}]}}`,
				semconv.AttrADKResponse: `{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"yo"}]},"finish_reason":"STOP"}`,
			},
			system: `[{"type":"text","content":"be good"}]`,
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[` + callRome + `]},` +
				`{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":{"t":1},"name":"get"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yo"}],"finish_reason":"stop"}]`,
			finish: []string{"stop"}, tools: toolGet,
		},
		{
			name: "Genkit",
			span: attrs{
				semconv.AttrGenkitInput: `{"messages":[{"role":"user","content":[{"text":"hi"},{"media":{"url":"data:image/png;base64,AAAA","contentType":"image/png"}}]},{"role":"model","content":[{"toolRequest":{"ref":"c1","name":"get","input":{"city":"Rome"}}}]},` +
					`{"role":"tool","content":[{"toolResponse":{"ref":"c1","name":"get","output":{"t":1}}}]}],"tools":[{"name":"get","description":"Gets","inputSchema":{"type":"object"}}]}`,
				semconv.AttrGenkitOutput: `{"message":{"role":"model","content":[{"text":"yo"}]},"finishReason":"stop","usage":{"inputTokens":1},"request":{"messages":[]},"custom":{"a":1}}`,
			},
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]},{"role":"assistant","parts":[` + callRome + `]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"t":1},"name":"get"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"}, tools: toolGet,
		},
		{
			name: "Logfire",
			span: attrs{
				semconv.AttrLogfireRequest:  `{"messages":[{"role":"user","content":"hi"}],"model":"m"}`,
				semconv.AttrLogfireResponse: `{"message":{"role":"assistant","content":"yo"},"usage":{}}`,
			},
			input: userHi, output: assistantYo,
		},
		{
			name: "pydantic-ai: a run's conversation", kind: semconv.KindAgent,
			span:  attrs{semconv.AttrPydanticAll: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[{"type":"text","content":"yo"}]}]`},
			input: userHi, output: assistantYo,
		},
		{
			name: "an API's request and response",
			span: attrs{
				semconv.AttrLFInput: `{"system":[{"type":"text","text":"be good"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"21C","is_error":true}]}],` +
					`"tools":[{"name":"get","description":"Gets","input_schema":{"type":"object"}}]}`,
				semconv.AttrLFOutput: `{"role":"assistant","type":"message","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"c1","name":"get","input":{"city":"Rome"}}],"stop_reason":"tool_use"}`,
			},
			system: `[{"type":"text","content":"be good"}]`,
			input:  `[{"role":"user","parts":[{"type":"tool_call_response","id":"c1","response":"21C","is_error":true}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm","signature":"s"},` + callRome + `],"finish_reason":"tool_call"}]`,
			finish: []string{"tool_call"}, tools: toolGet,
		},
		{
			name:   "text beside tool calls",
			span:   attrs{semconv.AttrOutputMessages: `{"text":"yo","toolCalls":[{"toolCallId":"c1","toolName":"get","input":{"city":"Rome"}}]}`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"},` + callRome + `]}]`,
		},
		{
			name: "LangChain's messages",
			span: attrs{semconv.AttrInputMessages: `[{"type":"system","content":"be"},{"type":"human","content":"hi"},{"type":"tool","content":"21C","tool_call_id":"c1"}]`},
			input: `[{"role":"system","parts":[{"type":"text","content":"be"}]},{"role":"user","parts":[{"type":"text","content":"hi"}]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]}]`,
		},
		{
			name: "OpenAI's response",
			span: attrs{semconv.AttrLFOutput: `{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yo"}},{"index":1,"finish_reason":"length","text":"ya"}]}`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"},` +
				`{"role":"assistant","parts":[{"type":"text","content":"ya"}],"finish_reason":"length"}]`,
			finish: []string{"stop", "length"},
		},
		{
			name:   "Gemini's response",
			span:   attrs{semconv.AttrLFOutput: `{"candidates":[{"content":{"role":"model","parts":[{"text":"yo"}]},"finishReason":"MAX_TOKENS","index":0}]}`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"length"}]`, finish: []string{"length"},
		},
		{
			name:   "Bedrock's response",
			span:   attrs{semconv.AttrLFOutput: `{"output":{"message":{"role":"assistant","content":[{"text":"yo"}]}},"stopReason":"end_turn"}`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name:  "LangChain's list of conversations",
			span:  attrs{semconv.AttrLFInput: `{"messages":[[{"type":"human","content":"hi"}]]}`, semconv.AttrLFOutput: `{"type":"ai","content":"yo"}`},
			input: userHi, output: assistantYo,
		},
		{
			name:  "a request whose input is unknown keeps it",
			span:  attrs{semconv.AttrLFInput: `{"input":{"q":1},"tools":[{"type":"function","name":"get","description":"Gets","parameters":{"type":"object"}}]}`},
			input: `[{"role":"user","parts":[{"q":1,"type":"q"}]}]`, tools: toolGet,
		},
	})
}

func TestFlattenedAttributes(t *testing.T) {
	runRows(t, []row{
		{
			name: "OpenLLMetry", source: SourceFlattenedAttribute,
			span: attrs{
				"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi",
				"gen_ai.prompt.1.role": "assistant", "gen_ai.prompt.1.tool_calls.0.id": "c1", "gen_ai.prompt.1.tool_calls.0.name": "get", "gen_ai.prompt.1.tool_calls.0.arguments": `{"city":"Rome"}`,
				"gen_ai.prompt.2.role": "tool", "gen_ai.prompt.2.tool_call_id": "c1", "gen_ai.prompt.2.content": "21C",
				"gen_ai.prompt.10.role": "user", "gen_ai.prompt.10.content": `[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"https://e.x/i.png"}}]`,
				"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "yo", "gen_ai.completion.0.finish_reason": "stop", "gen_ai.completion.0.reasoning": "hm",
				"llm.request.functions.0.name": "get", "llm.request.functions.0.description": "Gets", "llm.request.functions.0.parameters": `{"type":"object"}`,
				"gen_ai.prompt.name": "p",
			},
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"assistant","parts":[` + callRome + `]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]},` +
				`{"role":"user","parts":[{"type":"text","content":"look"},{"type":"uri","modality":"image","uri":"https://e.x/i.png"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yo"}],"finish_reason":"stop"}]`,
			finish: []string{"stop"}, tools: toolGet,
		},
		{
			name: "OpenInference", source: SourceFlattenedAttribute,
			span: attrs{
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.contents.0.message_content.type": "text", "llm.input_messages.0.message.contents.0.message_content.text": "look",
				"llm.input_messages.0.message.contents.1.message_content.type": "image", "llm.input_messages.0.message.contents.1.message_content.image.image.url": "data:image/png;base64,AAAA",
				"llm.input_messages.1.message.role": "assistant", "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
				"llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "get", "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": `{"city":"Rome"}`,
				"llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.tool_call_id": "c1", "llm.input_messages.2.message.content": "21C",
				"llm.input_messages.3.message.role": "assistant", "llm.input_messages.3.message.function_call_name": "get", "llm.input_messages.3.message.function_call_arguments_json": `{"a":1}`,
				"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "yo",
				"llm.tools.0.tool.json_schema": `{"type":"function","function":{"name":"get","description":"Gets","parameters":{"type":"object"}}}`,
				semconv.AttrOIInputValue:       `{"messages":[]}`,
			},
			input: `[{"role":"user","parts":[{"type":"text","content":"look"},{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]},` +
				`{"role":"assistant","parts":[` + callRome + `]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21C"}]},` +
				`{"role":"assistant","parts":[{"type":"tool_call","name":"get","arguments":{"a":1}}]}]`,
			output: assistantYo, tools: toolGet,
		},
		{
			name: "OpenInference: a request for the span's whole input, and why it ended",
			span: attrs{
				"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi",
				"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "yo",
				semconv.AttrOIInputValue: `{"instructions":"be good","input":"hi"}`, semconv.AttrOIFinishReason: "end_turn",
			},
			input: userHi, output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name:  "OpenInference: prompts and choices",
			span:  attrs{"llm.prompts.0.prompt.text": "hi", "llm.choices.0.completion.text": "yo"},
			input: userHi, output: assistantYo,
		},
		{
			name:  "OpenInference: values when there is nothing else",
			span:  attrs{semconv.AttrOIInputValue: "hi", semconv.AttrOIOutputValue: `{"role":"assistant","content":"yo"}`},
			input: userHi, output: assistantYo, source: SourceFlattenedAttribute,
		},
		{name: "OpenInference: a tool's values are its own", kind: semconv.KindTool, span: attrs{semconv.AttrOIInputValue: "hi", semconv.AttrOIOutputValue: "yo"}},
		{
			name: "OpenInference: a chain's values are no messages", kind: semconv.KindOther,
			span:     attrs{semconv.AttrOIInputValue: `{"question":"hi"}`},
			leftOver: []string{semconv.AttrOIInputValue},
		},
		{
			name: "Vercel", source: SourceFlattenedAttribute,
			span: attrs{
				semconv.AttrAIPromptMessages: `[{"role":"system","content":"be good"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image","image":"AAAA","mediaType":"image/png"},{"type":"file","data":"https://e.x/f.pdf","mediaType":"application/pdf","filename":"f.pdf"}]},` +
					`{"role":"assistant","content":[{"type":"reasoning","text":"hm"},{"type":"tool-call","toolCallId":"c1","toolName":"get","input":{"city":"Rome"}}]},` +
					`{"role":"tool","content":[{"type":"tool-result","toolCallId":"c1","toolName":"get","output":{"type":"json","value":{"t":1}}}]}]`,
				semconv.AttrAIPromptTools:       []any{`{"type":"function","name":"get","description":"Gets","inputSchema":{"type":"object"}}`},
				semconv.AttrAIResponseText:      "yo",
				semconv.AttrAIResponseReasoning: "hmm",
				semconv.AttrAIResponseToolCalls: `[{"toolCallId":"c1","toolName":"get","input":"{\"city\":\"Rome\"}"}]`,
				semconv.AttrAIFinishReason:      "tool-calls",
			},
			input: `[{"role":"system","parts":[{"type":"text","content":"be good"}]},` +
				`{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"},{"type":"uri","modality":"document","mime_type":"application/pdf","uri":"https://e.x/f.pdf","filename":"f.pdf"}]},` +
				`{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},` + callRome + `]},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"t":1},"name":"get"}]}]`,
			output: `[{"role":"assistant","parts":[{"type":"reasoning","content":"hmm"},{"type":"text","content":"yo"},` + callRome + `],"finish_reason":"tool_call"}]`,
			finish: []string{"tool_call"}, tools: toolGet,
		},
		{
			name:   "Vercel: an object, and the prompt of the wrapper",
			span:   attrs{semconv.AttrAIPrompt: `{"system":"be good","prompt":"hi"}`, semconv.AttrAIResponseObject: `{"a":1}`},
			system: `[{"type":"text","content":"be good"}]`, input: userHi, output: `[{"role":"assistant","parts":[{"type":"text","content":"{\"a\":1}"}]}]`,
		},
		{name: "OpenLLMetry's entities are no messages", kind: semconv.KindWorkflow, span: attrs{semconv.AttrTLEntityInput: `{"args":[]}`, semconv.AttrTLEntityOutput: "x"}},
	})
}

func TestNativeEvents(t *testing.T) {
	body := `{"model":"claude","system":[{"type":"text","text":"be good"}],"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"get","description":"Gets","input_schema":{"type":"object"}}]}`
	runRows(t, []row{
		{
			name: "Claude Code's bodies", source: SourceMessageLog,
			events: logs(
				ev{name: semconv.EventClaudeUserPrompt, attrs: attrs{semconv.AttrClaudePrompt: "shorter"}},
				ev{name: semconv.EventClaudeRequestBody, attrs: attrs{semconv.AttrClaudeBody: body}},
				ev{name: semconv.EventClaudeResponseBody, attrs: attrs{semconv.AttrClaudeBody: `{"role":"assistant","content":[{"type":"text","text":"yo"}],"stop_reason":"end_turn"}`}},
			),
			system: `[{"type":"text","content":"be good"}]`, input: userHi, tools: toolGet,
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop"}]`, finish: []string{"stop"},
		},
		{
			name: "Claude Code's texts",
			events: logs(
				ev{name: semconv.EventClaudeUserPrompt, attrs: attrs{semconv.AttrClaudePrompt: "hi"}},
				ev{name: semconv.EventClaudeAssistantResponse, attrs: attrs{semconv.AttrClaudeResponse: "yo"}},
			),
			input: userHi, output: assistantYo,
		},
		{
			name:   "Codex's prompt",
			events: logs(ev{name: semconv.EventCodexUserPrompt, attrs: attrs{semconv.AttrClaudePrompt: "hi"}}),
			input:  userHi,
		},
		{
			name:   "a body that was cut",
			events: logs(ev{name: semconv.EventClaudeRequestBody, attrs: attrs{semconv.AttrClaudeBody: `{"messages":[{"ro`}}),
			input:  `[{"role":"user","parts":[{"type":"text","content":"{\"messages\":[{\"ro","truncated":true}]}]`,
		},
	})
}

func TestParts(t *testing.T) {
	for _, tt := range []struct{ name, part, want string }{
		{"text", `{"type":"input_text","text":"a"}`, `{"type":"text","content":"a"}`},
		{"refusal", `{"type":"refusal","refusal":"no"}`, `{"type":"refusal","content":"no"}`},
		{"image address", `{"type":"image_url","image_url":{"url":"https://e.x/i.png","detail":"high"}}`, `{"type":"uri","modality":"image","uri":"https://e.x/i.png","detail":"high"}`},
		{"image address as text", `{"type":"input_image","image_url":"https://e.x/i.png"}`, `{"type":"uri","modality":"image","uri":"https://e.x/i.png"}`},
		{"image data", `{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}`, `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`},
		{"data that is not base64", `{"type":"image_url","image_url":{"url":"data:image/svg+xml,<svg/>"}}`, `{"type":"uri","modality":"image","uri":"data:image/svg+xml,<svg/>"}`},
		{"image file", `{"type":"input_image","file_id":"f1"}`, `{"type":"file","modality":"image","file_id":"f1"}`},
		{"audio", `{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`, `{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"AAAA"}`},
		{"file", `{"type":"file","file":{"file_id":"f1","filename":"a.pdf"}}`, `{"type":"file","modality":"document","file_id":"f1","filename":"a.pdf"}`},
		{"file data", `{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}}`, `{"type":"blob","modality":"document","mime_type":"application/pdf","content":"AAAA"}`},
		{"file address", `{"type":"input_file","file_url":"https://e.x/a.pdf"}`, `{"type":"uri","modality":"document","uri":"https://e.x/a.pdf"}`},
		{"Anthropic image", `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}`, `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`},
		{"Anthropic document", `{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"words"}}`, `{"type":"text","content":"words","media_type":"text/plain","title":"T"}`},
		{"Anthropic document address", `{"type":"document","source":{"type":"url","url":"https://e.x/a.pdf"}}`, `{"type":"uri","modality":"document","uri":"https://e.x/a.pdf"}`},
		{"Bedrock image", `{"image":{"format":"png","source":{"bytes":"AAAA"}}}`, `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`},
		{"Bedrock document", `{"document":{"format":"pdf","name":"a","source":{"s3Location":{"uri":"s3://b/a.pdf"}}}}`, `{"type":"uri","modality":"document","mime_type":"application/pdf","uri":"s3://b/a.pdf","name":"a"}`},
		{"Bedrock document elsewhere", `{"document":{"format":"pdf","name":"a","source":{"location":{"type":"s3","uri":"s3://b/a.pdf","bucketOwner":"1"}}}}`, `{"type":"uri","modality":"document","mime_type":"application/pdf","uri":"s3://b/a.pdf","name":"a","bucketOwner":"1"}`},
		{"Bedrock's guarded text", `{"guardContent":{"text":{"text":"a","qualifiers":["query"]}}}`, `{"type":"text","content":"a","qualifiers":["query"]}`},
		{"Bedrock's guarded image", `{"guardContent":{"image":{"format":"png","source":{"bytes":"AAAA"}}}}`, `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`},
		{"Bedrock's citations", `{"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[{"title":"T"}]}}`, `{"type":"text","content":"a"},{"type":"text","content":"b","citations":[{"title":"T"}]}`},
		{"Strands' citations", `{"citations":{"content":[{"text":"a"}],"citations":[{"title":"T"}]}}`, `{"type":"text","content":"a","citations":[{"title":"T"}]}`},
		{"Gemini inline data", `{"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}}`, `{"type":"blob","modality":"audio","mime_type":"audio/mp3","content":"AAAA"}`},
		{"Gemini file data", `{"file_data":{"mime_type":"video/mp4","file_uri":"gs://b/v.mp4"}}`, `{"type":"uri","modality":"video","mime_type":"video/mp4","uri":"gs://b/v.mp4"}`},
		{"current blob", `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`, `{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`},
		{"current file", `{"type":"file","modality":"image","file_id":"f1"}`, `{"type":"file","modality":"image","file_id":"f1"}`},
		{"current uri", `{"type":"uri","modality":"image","uri":"https://e.x/i.png"}`, `{"type":"uri","modality":"image","uri":"https://e.x/i.png"}`},
		{"blob without data", `{"type":"blob","modality":"image"}`, `{"type":"blob","modality":"image"}`},
		{"generic", `{"type":"server_tool_call","name":"search","server_tool_call":{"type":"q"}}`, `{"type":"server_tool_call","name":"search","server_tool_call":{"type":"q"}}`},
		{"known by its only key", `{"cachePoint":{"type":"default"}}`, `{"cachePoint":{"type":"default"},"type":"cachePoint"}`},
		{"unknown", `{"a":1,"b":2}`, `{"a":1,"b":2,"type":"unknown"}`},
		{"a type that is no text", `{"type":7}`, `{"type":"unknown","other":{"type":7}}`},
		{"number among text", `"a",5`, `{"type":"text","content":"a"},{"type":"text","content":"5"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := row{
				span:  attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[` + tt.part + `]}]`},
				input: `[{"role":"user","parts":[` + tt.want + `]}]`,
			}
			r.check(t)
		})
	}
}

func TestToolDefinitions(t *testing.T) {
	for _, tt := range []struct{ name, tools, want string }{
		{"current", toolGet, toolGet},
		{"OpenAI", `[{"type":"function","function":{"name":"get","description":"Gets","parameters":{"type":"object"},"strict":true}}]`, strings.Replace(toolGet, `}}]`, `},"strict":true}]`, 1)},
		{"Anthropic", `[{"name":"get","description":"Gets","input_schema":{"type":"object"}}]`, toolGet},
		{"Gemini", `[{"functionDeclarations":[{"name":"get","description":"Gets","parametersJsonSchema":{"type":"object"}}]},{"googleSearch":{}}]`, strings.TrimSuffix(toolGet, "]") + `,{"type":"googleSearch","name":"googleSearch"}]`},
		{"Bedrock", `[{"toolSpec":{"name":"get","description":"Gets","inputSchema":{"json":{"type":"object"}}}}]`, toolGet},
		{"arguments", `[{"name":"get","description":"Gets","arguments":"{\"type\":\"object\"}"}]`, toolGet},
		{"arguments beside parameters", `[{"name":"get","description":"Gets","parameters":{"type":"object"},"arguments":"x"}]`, strings.Replace(toolGet, `}}]`, `},"arguments":"x"}]`, 1)},
		{"one object", strings.Trim(toolGet, "[]"), toolGet},
		{"names", `["get"]`, `[{"type":"function","name":"get"}]`},
		{"built in", `[{"type":"web_search_preview"}]`, `[{"type":"web_search_preview","name":""}]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := row{span: attrs{semconv.AttrToolDefinitions: tt.tools}, tools: tt.want}
			r.check(t)
		})
	}
}

// TestBestCarrierWins brings the same field by every carrier: it is taken from
// one of them, by its content first and its rank second.
func TestBestCarrierWins(t *testing.T) {
	message := func(s string) string {
		return `[{"role":"user","parts":[{"type":"text","content":"` + s + `"}]}]`
	}
	full := row{
		span: attrs{semconv.AttrInputMessages: message("span"), "gen_ai.prompt.0.content": "flat"},
		events: append(
			logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: message("details")}}, ev{name: semconv.EventUserMessage, body: attrs{"content": "log"}}),
			spanEvents(ev{name: semconv.EventUserMessage, attrs: attrs{"content": "event"}})...,
		),
	}
	check := func(source, text string) {
		t.Helper()
		dst, result := full.assemble(t)
		assert.Equal(t, message(text), jsonAt(dst, KeyInputMessages))
		assert.Equal(t, `{"input_messages":"`+source+`"}`, jsonAt(dst, KeyContentSource))
		assert.Empty(t, result.LeftOver)
	}
	check(SourceDetailsLog, "details")
	full.events[0].attrs = attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"type":"text"}]}]`}
	check(SourceSpanAttribute, "span")
	delete(full.span, semconv.AttrInputMessages)
	check(SourceSpanEvent, "event")
	full.events = full.events[:2]
	check(SourceMessageLog, "log")
	full.events = nil
	check(SourceFlattenedAttribute, "flat")
}

func TestStructureOfTheBestCarrierWithoutContent(t *testing.T) {
	r := row{
		events: logs(
			ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"type":"text"}]}]`}},
			ev{name: semconv.EventUserMessage, body: attrs{}},
		),
		input: `[{"role":"user","parts":[{"type":"text"}]}]`, source: SourceDetailsLog,
	}
	r.check(t)
}

func TestRawTextGivesWayToMessages(t *testing.T) {
	r := row{
		span:   attrs{semconv.AttrInputMessages: `[{"role":"user","parts":[{"te`},
		events: logs(ev{name: semconv.EventUserMessage, body: attrs{"content": "hi"}}),
		input:  userHi, source: SourceMessageLog, leftOver: []string{semconv.AttrInputMessages},
	}
	r.check(t)
}

func TestFieldsComeFromDifferentCarriers(t *testing.T) {
	r := row{
		span:   attrs{semconv.AttrSystemInstructions: "be good"},
		events: logs(ev{name: semconv.EventUserMessage, body: attrs{"content": "hi"}}),
	}
	dst, _ := r.assemble(t)
	assert.JSONEq(t, `{"system_instructions":"span_attribute","input_messages":"message_log"}`, jsonAt(dst, KeyContentSource))
}

func TestNothingToAssemble(t *testing.T) {
	r := row{}
	dst, result := r.assemble(t)
	assert.Zero(t, dst.Len())
	assert.Equal(t, Result{}, result)
}

// TestEverySourceIsCollected guards the short cut by which a span's attributes
// are told from content.
func TestEverySourceIsCollected(t *testing.T) {
	for _, source := range append(append([]spanSource{}, spanSources[:]...), flatSources[:]...) {
		assert.True(t, semconv.IsContentAttribute(source.key), source.key)
		r := row{span: attrs{source.key: `[{"role":"user","content":"hi"}]`}}
		dst, _ := r.assemble(t)
		assert.NotZero(t, dst.Len(), source.key)
	}
	for _, family := range flatFamilies {
		r := row{span: attrs{family.prefix + "0.name": "x", family.prefix + "0.content": "y"}}
		dst, _ := r.assemble(t)
		assert.NotZero(t, dst.Len(), family.prefix)
	}
}

// TestAbsurdInput brings what no instrumentation would send: it is to be read in
// time and space that grow with its size.
func TestAbsurdInput(t *testing.T) {
	const many = 50_000
	wide := make(attrs, many)
	flat := make(attrs, many)
	numbers := make([]any, many)
	for i := range many {
		wide[fmt.Sprintf("key%d", i)] = i
		flat[fmt.Sprintf("gen_ai.prompt.%d.x%d.content", i%7, i)] = "x"
		numbers[i] = i
	}
	deep := strings.Repeat(`{"content":`, 60) + `"x"` + strings.Repeat("}", 60)
	events := make([]ev, 0, 2_000)
	for range cap(events) {
		events = append(events, ev{name: semconv.EventChoice, body: attrs{"message": attrs{"content": "x"}}})
	}
	for name, r := range map[string]row{
		"an object of many keys": {events: logs(ev{name: semconv.EventUserMessage, body: wide})},
		"a part of many keys":    {events: logs(ev{name: semconv.EventUserMessage, body: attrs{"content": []any{wide}}})},
		"a tool of many keys":    {span: attrs{semconv.AttrToolDefinitions: []any{wide}}},
		"many attributes":        {span: flat},
		"a vector":               {events: logs(ev{name: semconv.EventUserMessage, body: attrs{"content": numbers}})},
		"depth":                  {span: attrs{semconv.AttrLFInput: deep, "gen_ai.prompt.0." + strings.Repeat("a.", many): "x"}},
		"many chunks":            {events: events},
	} {
		t.Run(name, func(t *testing.T) {
			dst, _ := r.assemble(t)
			checkShape(t, dst)
			assert.Positive(t, dst.Len())
		})
	}
}

func TestNumbersAreNoParts(t *testing.T) {
	r := row{
		events: logs(ev{name: semconv.EventUserMessage, body: attrs{"content": []any{1, 2.5}}}),
		input:  `[{"role":"user","parts":[{"type":"unknown","content":[1,2.5]}]}]`,
	}
	r.check(t)
}
