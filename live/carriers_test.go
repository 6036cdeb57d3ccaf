package live_test

import "github.com/genaibuffer/genaibufferprocessor/semconv"

type obj = map[string]any

const saidJSON = `[{"role":"user","parts":[{"type":"text","content":"§"},{"type":"tool_call","name":"f","arguments":{"city":"§"}}]}]`

// openAITool is a tool call as OpenAI's chat API writes it.
func openAITool() []any {
	return []any{obj{"id": "c1", "type": "function", "function": obj{"name": "f", "arguments": `{"city":"§"}`}}}
}

func structured() []any {
	return []any{obj{"role": "user", "parts": []any{
		obj{"type": "text", "content": "§"}, obj{"type": "tool_call", "name": "f", "arguments": obj{"city": "§"}},
		obj{"type": "tool_call_response", "response": obj{"temperature": "§"}}, obj{"type": "blob", "mime_type": "image/png", "content": "§"},
	}}}
}

// carriers are the ways in which instrumentations carry content.
var carriers = []carrier{
	{name: "message logs, in bodies", logs: []carrierLog{
		{name: semconv.EventSystemMessage, attrs: obj{"gen_ai.system": "¤"}, body: obj{"content": "§"}},
		{name: semconv.EventUserMessage, body: obj{"content": []any{obj{"type": "text", "text": "§"}}, "role": "user"}},
		{name: semconv.EventAssistantMessage, attrs: obj{"event.name": "¤"}, body: obj{"content": "§", "tool_calls": openAITool()}},
		{name: semconv.EventToolMessage, body: obj{"content": "§", "id": "c1"}},
		{name: semconv.EventChoice, body: obj{"index": 0, "finish_reason": "stop", "message": obj{"content": "§", "tool_calls": openAITool()}}},
		{name: semconv.EventChoice, body: obj{"index": 1, "finish_reason": "tool_calls", "tool_calls": openAITool()}},
	}},
	{name: "message logs whose body is a text", logs: []carrierLog{
		{name: semconv.EventUserMessage, body: "§"}, {name: "", body: "Chat Model Completion: §"},
		{name: semconv.EventChoice, body: []byte("§")},
	}},
	{name: "messages with parts under the old names", logs: []carrierLog{
		{name: semconv.EventUserMessage, attrs: obj{"event.name": semconv.EventUserMessage, "chat_message_index": 0},
			body: obj{"role": "user", "parts": []any{obj{"type": "text", "content": "§"}}}},
	}},
	{
		name: "details log and span attributes",
		logs: []carrierLog{{name: semconv.EventOperationDetails, attrs: obj{
			semconv.AttrInputMessages: structured(), semconv.AttrOutputMessages: structured(), semconv.AttrProviderName: "¤",
			semconv.AttrSystemInstructions: []any{obj{"type": "text", "content": "§"}},
			semconv.AttrToolDefinitions:    []any{obj{"type": "function", "name": "f", "description": "§", "parameters": obj{"title": "§"}}},
			"gen_ai.input.messages_ref":    "file:///tmp/§",
		}}},
		span: &carrierSpan{name: "chat ¤", attrs: obj{
			semconv.AttrOperationName: "chat", semconv.AttrProviderName: "¤", semconv.AttrRequestModel: "¤", semconv.AttrResponseModel: "¤",
			semconv.AttrResponseID: "¤", semconv.AttrConversationID: "¤", semconv.AttrFinishReasons: []any{"¤"},
			semconv.AttrInputMessages: saidJSON, semconv.AttrOutputMessages: saidJSON, semconv.AttrSystemInstructions: `[{"type":"text","content":"§"}]`,
			"server.address": "¤", "openai.response.system_fingerprint": "¤", "gen_ai.request.stop_sequences": []any{"¤"},
			"gen_ai.agent.name": "¤", "gen_ai.agent.description": "§", "gen_ai.prompt.name": "¤", "gen_ai.prompt.variable.who": "§",
		}},
	},
	{name: "details span events in JSON", logs: []carrierLog{
		{name: semconv.EventOperationDetails, event: true, attrs: obj{semconv.AttrInputMessages: saidJSON}},
		{name: semconv.EventOperationDetails, event: true, attrs: obj{semconv.AttrOutputMessages: saidJSON, semconv.AttrSystemInstructions: "§"}},
	}},
	{name: "message span events", logs: []carrierLog{
		{name: semconv.EventUserMessage, event: true, attrs: obj{
			"content": `[{"text":"§"}]`, "message": "§", "tool_calls": "§", "parts": "§", "arguments": "§", "name": "§", "role": "¤", "id": "¤",
		}},
		{name: semconv.EventToolMessage, event: true, attrs: obj{"content": `[{"toolResult":{"content":[{"text":"§"}]}}]`, "tool_call_id": "¤"}},
		{name: semconv.EventChoice, event: true, attrs: obj{"message": "§", "finish_reason": "¤", "tool.result": "§", "reasoning": "§", "refusal": "§", "function_call": "§"}},
		{name: semconv.EventUserMessage, event: true, attrs: obj{"gen_ai.event.content": `{"content":"§"}`}},
		{name: semconv.EventContentPrompt, event: true, attrs: obj{"gen_ai.prompt": `[{"role":"user","content":"§"}]`}},
		{name: semconv.EventContentCompletion, event: true, attrs: obj{"gen_ai.completion": `[{"role":"assistant","content":"§"}]`}},
		{name: "logprobs", event: true, attrs: obj{"logprobs": "§"}},
		{name: "First Token Stream Event", event: true, attrs: obj{"llm.content.completion.chunk": "§"}},
	}},
	{name: "LiteLLM", logs: []carrierLog{
		{name: semconv.EventContentPrompt, attrs: obj{"event_name": "¤"}, body: obj{"role": "user", "content": "§"}},
		{name: semconv.EventContentCompletion, body: obj{"index": 0, "finish_reason": "stop", "message": obj{"role": "assistant", "content": "§"}}},
	}, span: &carrierSpan{name: "raw_gen_ai_request", attrs: obj{
		"llm.openai.messages": "§", "llm.openai.choices": "§", "hidden_params": "§", "metadata.requester_metadata": "§", "litellm.call_id": "¤",
	}}},
	{name: "OpenLLMetry", span: &carrierSpan{name: "openai.chat", attrs: obj{
		"llm.request.type": "chat", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "§",
		"gen_ai.prompt.1.tool_calls.0.arguments": "§", "gen_ai.prompt.1.tool_calls.0.name": "f", "gen_ai.completion.0.content": "§", "gen_ai.completion.0.reasoning": "§",
		"llm.request.functions.0.name": "f", "llm.request.functions.0.description": "§", "llm.request.functions.0.parameters": `{"title":"§"}`,
		"traceloop.entity.input": "§", "traceloop.entity.output": "§", "traceloop.workflow.name": "¤",
		"traceloop.association.properties.note": "§", "traceloop.prompt.template": "§", "gen_ai.request.structured_output_schema": "§",
	}}},
	{name: "OpenInference", span: &carrierSpan{name: "ChatCompletion", attrs: obj{
		"openinference.span.kind": "LLM", "llm.model_name": "¤", "session.id": "¤", "user.id": "¤", "metadata": "§", "tag.tags": []any{"§"},
		"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "§",
		"llm.input_messages.1.message.contents.0.message_content.type": "text", "llm.input_messages.1.message.contents.0.message_content.text": "§",
		"llm.input_messages.2.message.contents.0.message_content.type":            "image",
		"llm.input_messages.2.message.contents.0.message_content.image.image.url": "https://elsewhere/§",
		"llm.output_messages.0.message.role":                                      "assistant", "llm.output_messages.0.message.content": "§",
		"llm.output_messages.0.message.tool_calls.0.tool_call.function.name":      "f",
		"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": `{"a":"§"}`,
		"llm.tools.0.tool.json_schema":                                            `{"type":"function","function":{"name":"f","description":"§"}}`,
		"llm.invocation_parameters":                                               `{"temperature":1,"system":"§"}`,
		"llm.prompt_template.template":                                            "§", "llm.prompt_template.variables": "§",
		"retrieval.documents.0.document.content": "§", "embedding.embeddings.0.embedding.text": "§", "reranker.query": "§",
		"embedding.embeddings.0.embedding.vector": []any{0.918273645},
	}}},
	{name: "OpenInference, general input and output", span: &carrierSpan{name: "completion", attrs: obj{
		"openinference.span.kind": "LLM", "input.value": "†", "output.value": "†", "input.mime_type": "text/plain",
		"llm.prompts.0.prompt.text": "§", "llm.choices.0.completion.text": "§",
	}}},
	{name: "a tool's span", span: &carrierSpan{name: "execute_tool ¤", kind: semconv.KindTool, attrs: obj{
		semconv.AttrOperationName: "execute_tool", semconv.AttrToolName: "¤", semconv.AttrToolCallID: "¤", "gen_ai.tool.type": "¤",
		semconv.AttrToolCallArguments: `{"a":"§"}`, semconv.AttrToolCallResult: obj{"b": "§"}, "gen_ai.tool.description": "§", "gen_ai.tool.status": "¤",
	}}},
	{name: "an OpenInference tool's span", span: &carrierSpan{name: "f", kind: semconv.KindTool, attrs: obj{
		"openinference.span.kind": "TOOL", "tool.name": "¤", "tool.description": "§", "tool.parameters": "§", "input.value": "§", "output.value": "§",
	}}},
	{name: "retrieval and memory", span: &carrierSpan{name: "retrieval", kind: semconv.KindRetrieval, attrs: obj{
		semconv.AttrRetrievalQueryText: "§", semconv.AttrRetrievalDocuments: []any{obj{"content": "§"}}, semconv.AttrMemoryQueryText: "§",
		semconv.AttrMemoryRecords: []any{obj{"content": "§"}}, "gen_ai.data_source.id": "¤", "mcp.resource.uri": "file:///§", "mcp.session.id": "¤",
	}}},
	{name: "Vercel's AI SDK", span: &carrierSpan{name: "ai.streamText.doStream", attrs: obj{
		"ai.prompt.messages": `[{"role":"user","content":"§"}]`, "ai.prompt.tools": []any{`{"type":"function","name":"f","description":"§"}`}, "ai.prompt": `{"system":"†"}`,
		"ai.prompt.toolChoice": "§", "ai.response.text": "§", "ai.response.toolCalls": `[{"toolCallId":"c","toolName":"f","input":"{\"a\":\"§\"}"}]`,
		"ai.response.object": `{"o":"†"}`, "ai.response.reasoning": "§", "ai.response.providerMetadata": "§", "ai.response.id": "¤", "ai.model.id": "¤",
		"ai.value": "§", "ai.values": []any{"§"}, "ai.embedding": "[0.918273645]", "ai.telemetry.metadata.note": "§", "ai.telemetry.functionId": "¤",
	}}},
	{name: "pydantic-ai and Logfire", span: &carrierSpan{name: "agent run", kind: semconv.KindAgent, attrs: obj{
		"pydantic_ai.all_messages": saidJSON, "final_result": "§", "all_messages_events": "§", "events": "§", "tool_arguments": "§", "tool_response": "§",
		"logfire.msg": "§", "logfire.json_schema": "§", "gen_ai.agent.call.id": "¤",
	}}},
	{name: "Logfire's requests", span: &carrierSpan{name: "Chat Completion", attrs: obj{
		"request_data": `{"messages":[{"role":"user","content":"§"}]}`, "response_data": `{"message":{"role":"assistant","content":"§"}}`,
	}}},
	{name: "Google's ADK", span: &carrierSpan{name: "call_llm", attrs: obj{
		"gcp.vertex.agent.llm_request":    `{"contents":[{"role":"user","parts":[{"text":"§"}]}],"config":{"system_instruction":"§"}}`,
		"gcp.vertex.agent.llm_response":   `{"content":{"role":"model","parts":[{"text":"§"}]}}`,
		"gcp.vertex.agent.tool_call_args": "§", "gcp.vertex.agent.tool_response": "§", "gcp.vertex.agent.data": "§",
		"gcp.vertex.agent.invocation_id": "¤", "gcp.vertex.agent.session_id": "¤",
	}}},
	{name: "Genkit", span: &carrierSpan{name: "generate", attrs: obj{
		"genkit:input":  `{"messages":[{"role":"user","content":[{"text":"§"}]}]}`,
		"genkit:output": `{"message":{"role":"model","content":[{"text":"§"}]}}`, "genkit:metadata:subtype": "model", "genkit:name": "¤",
	}}},
	{name: "Langfuse", span: &carrierSpan{name: "generation", attrs: obj{
		"langfuse.observation.input": "§", "langfuse.observation.output": "§", "langfuse.observation.metadata.instructions": "§",
		"langfuse.observation.metadata.tools": `[{"name":"f","description":"§"}]`, "langfuse.trace.input": "§", "langfuse.trace.output": "§",
		"langfuse.trace.tags": []any{"§"}, "langfuse.observation.model.parameters": "§", "langfuse.observation.type": "¤",
		"langfuse.observation.status_message": "§", "langfuse.observation.level": "ERROR",
	}}},
	{name: "Mastra and Strands", span: &carrierSpan{name: "step", attrs: obj{
		"mastra.agent_run.input": "§", "mastra.model_step.output": "§", "system_prompt": "§", "gen_ai.agent.tools": "§", "event_loop.cycle_id": "¤",
	}}},
	{name: "Gemini CLI", logs: []carrierLog{
		{name: "gemini_cli.user_prompt", attrs: obj{"prompt": "§", "prompt_id": "¤", "session.id": "¤", "user.email": "§"}, body: "User prompt. §"},
		{name: "gemini_cli.api_request", attrs: obj{"request_text": saidJSON, "model": "¤"}},
		{name: "gemini_cli.api_response", attrs: obj{"response_text": "§", "model": "¤", "output_token_count": 7}},
		{name: "gemini_cli.api_error", attrs: obj{"error": "§", "error.message": "§", "error_type": "¤"}},
		{name: "gemini_cli.tool_call", attrs: obj{"function_args": "§", "function_name": "¤"}},
		{name: "gemini_cli.model_routing", attrs: obj{"reasoning": "§", "decision_model": "¤"}},
	}},
	{name: "Claude Code", logs: []carrierLog{
		{name: "claude_code.user_prompt", attrs: obj{"prompt": "§", "prompt.id": "¤"}},
		{name: "claude_code.assistant_response", attrs: obj{"response": "§", "request_id": "¤"}},
		{name: "claude_code.api_request_body", attrs: obj{"body": `{"messages":[{"role":"user","content":"§"}]}`}},
		{name: "claude_code.api_response_body", attrs: obj{"body": `{"content":[{"type":"text","text":"§`}},
		{name: "claude_code.tool_result", attrs: obj{"tool_parameters": "§", "tool_input": "§", "tool_name": "¤", "error": "§"}},
		{name: "claude_code.api_error", attrs: obj{"error": "§", "model": "¤"}},
	}, span: &carrierSpan{name: "claude_code.llm_request", attrs: obj{
		"user_prompt": "§", "new_context": "§", "response.model_output": "§", "tool_input": "§", "model": "¤",
	}}},
	{name: "Codex", logs: []carrierLog{
		{name: "codex.user_prompt", attrs: obj{"prompt": "§", "conversation.id": "¤"}},
		{name: "codex.tool_result", attrs: obj{"arguments": "§", "output": "§", "tool_name": "¤", "call_id": "¤"}},
		{name: "codex.sse_event", attrs: obj{"event.kind": "¤", "error.message": "§"}},
	}},
	{name: "errors", logs: []carrierLog{
		{name: semconv.EventOperationException, attrs: obj{"exception.type": "¤", "exception.message": "§", "exception.stacktrace": "§"}},
		{name: "exception", event: true, attrs: obj{"exception.type": "¤", "exception.message": "§", "exception.stacktrace": "§"}},
	}, span: &carrierSpan{name: "chat", status: "400: §", attrs: obj{"error.type": "¤", "error.message": "§"}}},
	{name: "an exception that explains an error", logs: []carrierLog{
		{name: "exception", event: true, attrs: obj{"exception.type": "¤", "exception.message": "§"}},
	}, span: &carrierSpan{name: "chat", attrs: obj{"error.type": "¤"}}},
	{name: "evaluations", logs: []carrierLog{{name: semconv.EventEvaluationResult, attrs: obj{
		"gen_ai.evaluation.name": "¤", "gen_ai.evaluation.score.label": "¤", "gen_ai.evaluation.explanation": "§",
	}}}},
	{name: "links", span: &carrierSpan{name: "chat", links: []map[string]any{
		{"gen_ai.input.messages": saidJSON, "note": "§", "gen_ai.response.id": "¤"}, {"gen_ai.prompt.0.content": "§"},
	}}},
	{name: "attributes of one's own", span: &carrierSpan{name: "chat", attrs: obj{
		"my.company.note": "§", "url.full": "https://elsewhere/?q=§", "http.request.body": "§", "db.query.text": "§",
		"deep": obj{"down": []any{obj{"here": "§"}}}, "http.route": "¤",
	}}},
}
