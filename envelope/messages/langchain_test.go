package messages

import (
	"strings"
	"testing"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// lc is a message as LangChain serialises it, in either of its modules.
func lc(class, kwargs string) string {
	return `{"lc":1,"type":"constructor","id":["langchain_core","messages","` + class + `"],"kwargs":` + kwargs + `}`
}

func TestLangChainMessages(t *testing.T) {
	human := lc("HumanMessage", `{"content":"hi","type":"human","additional_kwargs":{},"response_metadata":{}}`)
	calls := lc("AIMessage", `{"content":"","tool_calls":[{"name":"get","args":{"city":"Rome"},"id":"c1","type":"tool_call"}],"invalid_tool_calls":[],`+
		`"additional_kwargs":{"tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}],"refusal":"no"},`+
		`"response_metadata":{"finish_reason":"tool_calls"}}`)
	tool := lc("ToolMessage", `{"content":"{\"temp\":21}","tool_call_id":"c1","type":"tool","status":"success"}`)
	conversation := `[{"role":"system","parts":[{"type":"text","content":"be good"}]},{"role":"user","parts":[{"type":"text","content":"hi"}]},` +
		`{"role":"assistant","parts":[` + callRome + `],"response_metadata":{"finish_reason":"tool_calls"},"additional_kwargs":{"refusal":"no"}},` +
		`{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"temp":21}}],"status":"success"}]`
	list := "[" + lc("SystemMessage", `{"content":"be good"}`) + "," + human + "," + calls + "," + tool + "]"
	assistant := `[{"role":"assistant","parts":[` + callRome + `],"finish_reason":"tool_call","response_metadata":{"finish_reason":"tool_calls"},"additional_kwargs":{"refusal":"no"}}]`
	rows := []row{
		{name: "one", span: attrs{semconv.AttrLFInput: human}, input: userHi},
		{name: "the older module", span: attrs{semconv.AttrLFInput: `[{"lc":1,"type":"constructor","id":["langchain","schema","messages","HumanMessageChunk"],"kwargs":{"content":"hi"}}]`}, input: userHi},
		{name: "a list", span: attrs{semconv.AttrLFInput: list}, input: conversation},
		{name: "a list in a list, asked of a model", span: attrs{semconv.AttrOIInputValue: `{"messages":[` + list + `]}`}, input: conversation},
		{name: "of a chain, which is no model", kind: semconv.KindWorkflow, span: attrs{semconv.AttrOIInputValue: `{"messages":` + list + `}`}, input: conversation},
		{name: "several lists", span: attrs{semconv.AttrInputMessages: `[[` + human + `],[` + human + `]]`}, input: userHi[:len(userHi)-1] + "," + userHi[1:]},
		{name: "a list of texts", span: attrs{semconv.AttrPrompt: []any{human}}, input: userHi},
		{name: "a prompt's value", span: attrs{semconv.AttrLFInput: lc("ChatPromptValue", `{"messages":[`+human+`]}`)}, input: userHi},
		{
			name: "what a model answered", span: attrs{semconv.AttrLFOutput: calls},
			output: assistant, finish: []string{"tool_call"},
		},
		{
			name: "what a model generated",
			span: attrs{semconv.AttrOIOutputValue: `{"generations":[[{"text":"yo","generation_info":{"finish_reason":"stop"},"type":"ChatGeneration","message":` +
				lc("AIMessageChunk", `{"content":"yo","type":"AIMessageChunk","id":"run-1"}`) + `}]],"llm_output":{"model":"m"},"type":"LLMResult"}`},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"stop","id":"run-1","generation_info":{"finish_reason":"stop"}}]`,
			finish: []string{"stop"},
		},
		{
			name:   "what a model generated that completes text",
			span:   attrs{semconv.AttrOIOutputValue: `{"generations":[[{"text":"yo","type":"Generation"}]]}`},
			output: assistantYo,
		},
		{
			name:   "calls that only the provider's answer has",
			span:   attrs{semconv.AttrLFOutput: lc("AIMessage", `{"content":"","additional_kwargs":{"tool_calls":[{"id":"c1","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]}}`)},
			output: `[{"role":"assistant","parts":[` + callRome + `]}]`,
		},
		{
			name:   "a reason that is too long stays where it is",
			span:   attrs{semconv.AttrLFOutput: lc("AIMessage", `{"content":"yo","response_metadata":{"finish_reason":"`+strings.Repeat("x", 33)+`"}}`)},
			output: `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"response_metadata":{"finish_reason":"` + strings.Repeat("x", 33) + `"}}]`,
		},
		{
			name:  "as dictionaries",
			span:  attrs{semconv.AttrLFInput: `[{"type":"human","data":{"content":"hi","type":"human"}},{"type":"chat","data":{"content":"hm","role":"expert"}}]`},
			input: `[{"role":"user","parts":[{"type":"text","content":"hi"}]},{"role":"expert","parts":[{"type":"text","content":"hm"}]}]`,
		},
		{
			name: "answers under the names of tools, as Langfuse has them",
			span: attrs{semconv.AttrLFInput: `[{"content":"","role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{\"city\":\"Rome\"}"}}]},` +
				`{"content":"{\"t\":1}","role":"get","additional_kwargs":{}},{"content":"two","role":"get","additional_kwargs":{}},{"content":"hm","role":"expert"},{"content":"late","role":"get"}]`},
			input: `[{"role":"assistant","parts":[` + callRome + `]},{"role":"tool","parts":[{"type":"tool_call_response","response":{"t":1}}],"name":"get"},` +
				`{"role":"tool","parts":[{"type":"tool_call_response","response":"two"}],"name":"get"},{"role":"expert","parts":[{"type":"text","content":"hm"}]},{"role":"get","parts":[{"type":"text","content":"late"}]}]`,
		},
		{
			name:   "in an event",
			events: logs(ev{name: semconv.EventOperationDetails, attrs: attrs{semconv.AttrInputMessages: "[" + human + "]"}}),
			input:  userHi,
		},
		{
			name:  "an object that is no message stays what it is",
			span:  attrs{semconv.AttrLFInput: lc("PromptTemplate", `{"template":"{x}"}`)},
			input: `[{"role":"user","parts":[{"type":"text","content":"{\"lc\":1,\"type\":\"constructor\",\"id\":[\"langchain_core\",\"messages\",\"PromptTemplate\"],\"kwargs\":{\"template\":\"{x}\"}}"}]}]`,
		},
	}
	runRows(t, rows)
}
