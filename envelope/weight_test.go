package envelope_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// units are short texts that assembling makes much of: repeated, they are the
// worst that content can do to a bound.
var units = []string{
	`{}`, `[]`, `""`, `"a"`, `-1`, `1e20`, `0.5`, `null`, `true`, `[[]]`, `[-1]`, `{"":-1}`, `{"a":{}}`, `"\""`, `"{}"`, `"[{},{}]"`,
	`{"role":"user"}`, `{"role":"assistant","content":""}`, `{"role":"x","parts":[{}]}`, `{"content":[{},"a"]}`, `{"type":"text"}`,
	`{"type":"tool_call"}`, `{"text":"a"}`, `{"toolUse":{}}`, `{"toolResult":{"content":[{}]}}`, `{"image_url":{"url":"data:,"}}`,
	`{"function_call":{}}`, `{"functionCall":{"args":"[-1,-1]"}}`, `{"inline_data":{"data":"AA"}}`, `{"name":"f"}`, `{"function":{"name":"f"}}`,
	`{"role":"tool","content":"[-1,-1,-1]"}`, `{"tool_calls":[{"function":{"arguments":"[1,1]"}}]}`, `{"finish_reason":"a"}`,
	`{"finish_reason":"` + strings.Repeat("\\u0001", 60) + `"}`, `{"messages":[{}],"tools":[{}]}`, `{"contents":[{"parts":[{"text":""}]}]}`,
	`{"text":"` + strings.Repeat(`\"`, 200) + `"}`, `{"x":{"y":"` + strings.Repeat(`\"`, 200) + `"}}`,
	`{"lc":1,"type":"constructor","id":["AIMessage"],"kwargs":{}}`,
	`{"lc":1,"type":"constructor","id":["AIMessage"],"kwargs":{"additional_kwargs":{"tool_calls":[{}],"a":1},"response_metadata":{"stop_reason":"` + strings.Repeat("\\u0001", 32) + `"}}}`,
	`{"generations":[[{"text":"","generation_info":{"finish_reason":"safety,safety,safety,safety"}}]]}`, `{"type":"human","data":{"content":""}}`,
	`{"finish_reason":"safety,safety,safety,safety"}`, `{"role":"","finish_reason":"refusal,refusal,refusal,refusal"}`,
	`{"tool_calls":[{"function":{"arguments":"\"[1,1,1,1,1,1,1,1]\""}}]}`, `{"role":"user","content":"","tool_calls":[{"args":" \"[{},{},{},{},{}]\""}]}`,
	`{"role":"user","parts":[{"text":"[` + strings.Repeat(`{\"type\":\"text\",\"text\":\"\"},`, 9) + `{\"type\":\"text\",\"text\":\"\"}]"}]}`,
	`{"role":"","parts":[{"text":"[` + strings.Repeat(`{\"role\":\"ai\",\"parts\":[]},`, 9) + `{\"role\":\"ai\",\"content\":[1,1]}]"}]}`,
	`{"role":"","parts":[{"text":"{\"object\":\"chat.completion\",\"choices\":[` + strings.Repeat(`{\"message\":{}},`, 9) + `{\"message\":{\"tool_calls\":\"[{},{}]\"}}]}"}]}`,
	`{"functionDeclarations":[{"name":""},{"name":""},{"name":""},{"name":""},{"name":""},{"name":""}],"x":"` + strings.Repeat("y", 400) + `"}`,
	`{"name":"a","function":{"name":"","parameters":{"json":{},"name":1}}}`, `{"role":"","type":"x","content":""}`, `{"type":"x","message":{"type":"y","content":""}}`,
	`{"candidates":[{"content":{"parts":[{}]}}]}`, `{"message":{"content":"a","tool_calls":[{}]}}`,
}

// contentKeys are the attributes that content comes in.
var contentKeys = func() []string {
	keys := []string{
		semconv.FieldContent, semconv.FieldMessage, semconv.FieldToolCalls, semconv.FieldParts, semconv.AttrClaudeBody,
		semconv.AttrClaudePrompt, semconv.AttrClaudeResponse,
	}
	for _, key := range semconv.ContentAttributes {
		key = strings.NewReplacer("N.*", "0.content", "*", "x").Replace(key)
		keys = append(keys, key)
	}
	return append(keys, "gen_ai.prompt.0.tool_calls.0.arguments", "llm.input_messages.0.message.content",
		"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "llm.request.functions.0.parameters",
		"llm.tools.0.tool.json_schema", "llm.prompts.0.prompt.text", "llm.choices.0.completion.text")
}()

func TestWeightHoldsForAmplifyingContent(t *testing.T) {
	for _, unit := range units {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			few, many := amplified(t, unit, 4), amplified(t, unit, 24)
			for i := range few {
				name := strings.ReplaceAll(unit, "\\u0001", "") + " as " + contentForms[i]
				for _, o := range []envelope.Options{
					{Body: envelope.BodyMap}, {Body: envelope.BodyJSON},
					{Body: envelope.BodyMap, AllContent: true}, {Body: envelope.BodyJSON, AllContent: true},
				} {
					o.Messages, o.Order = true, envelope.OrderTime
					assertGrowth(t, name, o, contentPart(few[i]), contentPart(many[i]))
				}
			}
		})
	}
}

var contentForms = []string{"text", "quoted text", "structure", "message", "quotes"}

// amplified is content of n units, in each of contentForms.
func amplified(t *testing.T, unit string, n int) []any {
	text := "[" + strings.Repeat(unit+",", n-1) + unit + "]"
	quoted := `[{"role":"user","content":` + string(envelope.AppendJSON(nil, pcommon.NewValueStr(text))) + `}]`
	parsed := pcommon.NewValueEmpty()
	require.True(t, semconv.ParseJSON(text, parsed), unit)
	structure := parsed.AsRaw()
	message := map[string]any{"message": map[string]any{"content": structure}, "tool_calls": structure}
	return []any{text, quoted, structure, message, string(envelope.AppendJSON(nil, pcommon.NewValueStr(text)))}
}

// contentPart carries the content wherever content can be, each time as the
// only content of a call.
func contentPart(content any) *envelope.Part {
	var records []event.Record
	var spans []*event.Span
	next := func() pcommon.SpanID {
		n := len(records) + len(spans) + 1
		return pcommon.SpanID{byte(n), byte(n >> 8)}
	}
	add := func(name string, body any, attributes ...any) {
		id := next()
		r := newLog(uint64(len(records)+1), name, time.Duration(len(records)), body, attributes...)
		r.Log.SetSpanID(id)
		records = append(records, r)
	}
	for _, name := range eventNames {
		add(name, content)
		add(name, map[string]any{"content": content})
	}
	for _, key := range []string{
		semconv.AttrInputMessages, semconv.AttrOutputMessages, semconv.AttrSystemInstructions, semconv.AttrToolDefinitions,
		semconv.AttrClaudeBody, semconv.AttrClaudePrompt, semconv.FieldContent, semconv.FieldMessage, semconv.AttrEventContent,
	} {
		add(semconv.EventOperationDetails, nil, key, content)
		add(semconv.EventChoice, nil, key, content)
		add(semconv.EventClaudeResponseBody, nil, key, content)
	}
	for _, key := range contentKeys {
		spans = append(spans, newSpan(next(), "chat", 0, time.Second, key, content, semconv.AttrOISpanKind, "TOOL"))
	}
	return newPart(records, spans...)
}

// assertGrowth: what more of the same content adds to an envelope is no more
// than what it adds to the weight; for each record and span alone, and without
// events, so that none can hide behind another's slack.
func assertGrowth(t *testing.T, name string, o envelope.Options, few, many *envelope.Part) {
	t.Helper()
	builder := envelope.NewBuilder(o)
	less, more := single(few), single(many)
	for i := range less {
		bound := weigh(builder, more[i]) - weigh(builder, less[i])
		grown := recordSize(builder, more[i]) - recordSize(builder, less[i])
		// Lengths and numbers that take more digits.
		const digits = 40
		assert.LessOrEqual(t, grown, bound+digits, "%s, carrier %d, %+v", name, i, o)
	}
}

// single divides a part into parts of one record or span.
func single(p *envelope.Part) []*envelope.Part {
	var parts []*envelope.Part
	for i := range p.Records {
		parts = append(parts, newPart(p.Records[i:i+1:i+1]))
	}
	for _, span := range p.Spans {
		parts = append(parts, newPart(nil, span))
	}
	return parts
}

// TestWeightHoldsPerRecord: what each further record or span of a kind adds is
// no more than its weight, with no slack of the request's own to hide in.
func TestWeightHoldsPerRecord(t *testing.T) {
	fullest := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventOperationException, 0, "x", "exception.type", "T", "exception.message", strings.Repeat("\x01", 2000))
		r.Log.SetObservedTimestamp(at(time.Second))
		r.Log.SetTraceID(pcommon.TraceID{byte(seq), 1})
		r.Log.SetSeverityText("\x01\xff")
		r.Late, r.Truncated, r.Source, r.Origin = true, true, event.SourceSpanEvent, originOf("\x01\xff\"")
		r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
		return r
	}
	hostile := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventEvaluationResult, 0, math.NaN())
		r.Log.SetObservedTimestamp(at(time.Second))
		r.Log.SetTraceID(pcommon.TraceID{byte(seq), 1})
		r.Late, r.Truncated, r.Source = true, true, event.SourceSpanEvent
		for i := range 50 {
			key := strings.Repeat("k", i)
			r.Log.Attributes().PutEmptyBytes("b" + key).FromRaw(make([]byte, i))
			r.Log.Attributes().PutDouble("d"+key, math.Inf(-1))
			r.Log.Attributes().PutStr("s"+key, strings.Repeat("\xff", i))
			r.Log.Attributes().PutStr("\xff"+key, "")
		}
		r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
		return r
	}
	ofBytes := func(seq uint64) event.Record {
		return newLog(seq, semconv.EventEvaluationResult, 0, make([]byte, 3000))
	}
	ofDoubles := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventEvaluationResult, 0, nil)
		list := r.Log.Body().SetEmptySlice()
		for range 500 {
			list.AppendEmpty().SetDouble(math.Inf(-1))
		}
		r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
		return r
	}
	plain := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventEvaluationResult, 0, nil)
		r.Log.SetObservedTimestamp(at(time.Second))
		r.Log.SetTraceID(pcommon.TraceID{byte(seq), 1})
		r.Log.SetSeverityNumber(plog.SeverityNumberError)
		r.Late, r.Truncated, r.Source = true, true, event.SourceSpanEvent
		r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
		return r
	}
	barest := func(seq uint64) event.Record {
		r := newRecord(seq, plog.NewLogRecord())
		r.Origin = &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
		return r
	}
	spanless := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventOperationDetails, 0, nil, append(chatAttributes(), "gen_ai.usage.reasoning.output_tokens", 5,
			"gen_ai.response.time_to_first_chunk", 1.5, "error.type", "T", "error.message", strings.Repeat("\x01", 2000))...)
		r.Log.SetSpanID(pcommon.SpanID{byte(seq), 1})
		return r
	}
	fullestSpan := func(seq uint64) *event.Span {
		span := newSpan(pcommon.SpanID{byte(seq), 1}, "\x01\xff", 0, time.Second, append(chatAttributes(),
			"gen_ai.usage.reasoning.output_tokens", 5, "gen_ai.usage.cache_read.input_tokens", 1, "gen_ai.usage.cache_write.input_tokens", 2,
			"gen_ai.response.time_to_first_chunk", 1.5, "error.type", "T", "gen_ai.tool.name", "f", "gen_ai.tool.call.id", "1",
			"gen_ai.tool.call.arguments", `{"a":[-1,-1,-1]}`, "gen_ai.tool.call.result", "[1]")...)
		span.Data.SetTraceID(pcommon.TraceID{byte(seq), 1})
		span.Data.SetParentSpanID(parentID)
		span.Data.Status().SetCode(ptrace.StatusCodeError)
		span.Data.Status().SetMessage("\x01\xff")
		link := span.Data.Links().AppendEmpty()
		link.SetTraceID(traceID)
		link.SetSpanID(spanID)
		link.TraceState().FromRaw("\x01")
		link.Attributes().PutStr("\x01", "\xff")
		span.Bytes = (&ptrace.ProtoMarshaler{}).SpanSize(span.Data)
		return span
	}
	plainSpan := func(seq uint64) *event.Span {
		span := newSpan(pcommon.SpanID{byte(seq), 1}, "n", 0, time.Second)
		span.Data.SetTraceID(pcommon.TraceID{byte(seq), 1})
		span.Data.SetParentSpanID(parentID)
		span.Data.Status().SetCode(ptrace.StatusCodeError)
		span.Data.Status().SetMessage("m")
		for range 10 {
			link := span.Data.Links().AppendEmpty()
			link.SetTraceID(traceID)
			link.SetSpanID(spanID)
			link.TraceState().FromRaw("s")
			link.Attributes().PutBool("", false)
		}
		span.Bytes = (&ptrace.ProtoMarshaler{}).SpanSize(span.Data)
		return span
	}
	spanlessPlain := func(seq uint64) event.Record {
		r := newLog(seq, semconv.EventUserMessage, 0, nil)
		r.Log.SetTraceID(pcommon.TraceID{byte(seq), 1})
		return r
	}
	for name, part := range map[string]func(from, n uint64) *envelope.Part{
		"hostile record":           func(from, n uint64) *envelope.Part { return recordsPart(from, n, hostile) },
		"record of bytes":          func(from, n uint64) *envelope.Part { return recordsPart(from, n, ofBytes) },
		"record of infinities":     func(from, n uint64) *envelope.Part { return recordsPart(from, n, ofDoubles) },
		"record without facts":     func(from, n uint64) *envelope.Part { return recordsPart(from, n, plain) },
		"span without facts":       func(from, n uint64) *envelope.Part { return spansPart(from, n, plainSpan) },
		"call of one bare message": func(from, n uint64) *envelope.Part { return recordsPart(from, n, spanlessPlain) },
		"record with everything":   func(from, n uint64) *envelope.Part { return recordsPart(from, n, fullest) },
		"record with nothing":      func(from, n uint64) *envelope.Part { return recordsPart(from, n, barest) },
		"call without its span":    func(from, n uint64) *envelope.Part { return recordsPart(from, n, spanless) },
		"message of 1 KB": func(from, n uint64) *envelope.Part {
			return recordsPart(from, n, func(seq uint64) event.Record {
				return newLog(seq, semconv.EventUserMessage, 0, map[string]any{"content": strings.Repeat("text ", 205)})
			})
		},
		"span whose output has a long finish reason": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "chat", 0, time.Second, "openinference.span.kind", "LLM",
					"llm.output_messages.0.message.content", "x", "llm.finish_reason", strings.Repeat("\x01", 3000))
			})
		},
		"span whose output has a finish reason": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "chat", 0, time.Second, "openinference.span.kind", "LLM",
					"llm.output_messages.0.message.content", "x", "llm.finish_reason", strings.Repeat("\x01", 32))
			})
		},
		"span whose messages have several reasons each": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "chat", 0, time.Second, "gen_ai.operation.name", "chat", "gen_ai.output.messages",
					"["+strings.Repeat(`{"role":"","finish_reason":"safety,safety,safety,safety"},`, 100)+"{}]")
			})
		},
		"span whose request says more than messages show": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "chat", 0, time.Second, "gen_ai.operation.name", "chat", semconv.AttrLFInput,
					`{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("text ", 600)+`"}]}`)
			})
		},
		"span whose response tells of the call": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				id := strings.Repeat(`\u0001`, 40)
				return newSpan(pcommon.SpanID{byte(seq), 1}, "g", 0, time.Second, "langfuse.observation.type", "generation", semconv.AttrLFOutput,
					`{"id":"`+id+`","model":"`+id+`","status":"completed","output":[],"usage":{"input":1099511627776,"output":1099511627776,"input_cached_tokens":1099511627776,"input_cache_creation":1099511627776,"output_reasoning":1099511627776}}`)
			})
		},
		"span whose response says more than messages show": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "g", 0, time.Second, "langfuse.observation.type", "generation", semconv.AttrLFOutput,
					`{"choices":[{}],"a":[`+strings.Repeat("1e20,", 300)+`0.5],"b":{`+strings.Repeat(`"\u2028`+"\u2028"+`":1e20,`, 1)+strings.Repeat(`"":{},`, 20)+`"x":"`+strings.Repeat("\u2028\\u2028", 50)+`"}}`)
			})
		},
		"span whose answer another carrier has": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "c", 0, time.Second, "openinference.span.kind", "LLM", "llm.output_messages.0.message.content", "x",
					"output.value", `{"id":"r","choices":[{"message":{"content":"x"}},{"message":{"content":"`+strings.Repeat(`\"`, 500)+`"}}]}`)
			})
		},
		"event with many reasons in one text": func(from, n uint64) *envelope.Part {
			return recordsPart(from, n, func(seq uint64) event.Record {
				r := newLog(seq, semconv.EventOperationDetails, 0, nil, "gen_ai.response.finish_reasons", strings.Repeat("safety,", 63)+"stop")
				r.Log.SetSpanID(pcommon.SpanID{byte(seq), 1})
				return r
			})
		},
		"Claude Code's request": func(from, n uint64) *envelope.Part {
			return recordsPart(from, n, func(seq uint64) event.Record {
				r := newLog(seq, semconv.EventClaudeAPIRequest, 0, nil, "request_id", fmt.Sprint(seq, strings.Repeat("\x01", 200)),
					"model", strings.Repeat("\x01", 200), "input_tokens", 1)
				r.Log.SetSpanID(pcommon.SpanID{})
				r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
				return r
			})
		},
		"Codex's usage": func(from, n uint64) *envelope.Part {
			return recordsPart(from, n, func(seq uint64) event.Record {
				r := newLog(seq, semconv.EventCodexSSE, 0, nil, "event.kind", "response.completed", "model", strings.Repeat("\x01", 200),
					"input_token_count", 1, "output_token_count", 1, "cached_token_count", 1, "ttft_ms", 1)
				r.Log.SetSpanID(pcommon.SpanID{})
				r.Bytes = (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
				return r
			})
		},
		"span that tells of its tool and provider in general words": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "tool", 0, time.Second, "gen_ai.x", 1, semconv.AttrTLSpanKind, "tool",
					semconv.AttrTLEntityName, strings.Repeat("\x01", 300), semconv.AttrTLEntityInput, `[-1,-1,-1,-1]`,
					semconv.AttrTLEntityOutput, strings.Repeat("\x01", 300), semconv.AttrOIModelName, "m",
					semconv.AttrOIInvocation, `{"model":"`+strings.Repeat(`\u0001`, 300)+`"}`,
					semconv.AttrOIMetadata, `{"ls_provider":"`+strings.Repeat(`\u0001`, 300)+`"}`)
			})
		},
		"tool told by attributes of messages": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "t", 0, time.Second, "gen_ai.operation.name", "tool_call",
					semconv.AttrInputMessages, `{"callId":"c","name":"f","args":{"a":[-1,-1,-1],"b":"`+strings.Repeat(`\"`, 200)+`"},"c":[`+strings.Repeat("1e20,", 50)+`{}]}`,
					semconv.AttrCompletion, `["`+strings.Repeat(`\"`, 200)+`",[],[-1,-1]]`)
			})
		},
		"tool told by events": func(from, n uint64) *envelope.Part {
			part := recordsPart(from, n, func(seq uint64) event.Record {
				r := newLog(seq, semconv.EventChoice, 0, nil, "message", `[{"text":[-1,-1,-1]}]`)
				r.Log.SetSpanID(pcommon.SpanID{byte(seq), 1})
				r.Source, r.Bytes = event.SourceSpanEvent, (&plog.ProtoMarshaler{}).LogRecordSize(r.Log)
				return r
			})
			part.Spans = spansPart(from, n, func(seq uint64) *event.Span {
				return newSpan(pcommon.SpanID{byte(seq), 1}, "execute_tool", 0, time.Second, "gen_ai.operation.name", "execute_tool")
			}).Spans
			return part
		},
		"span with everything": func(from, n uint64) *envelope.Part { return spansPart(from, n, fullestSpan) },
		"span with nothing": func(from, n uint64) *envelope.Part {
			return spansPart(from, n, func(uint64) *event.Span { return asGathered(ptrace.NewSpan()) })
		},
	} {
		for _, o := range []envelope.Options{
			full,
			{Body: envelope.BodyMap, Messages: true, AllContent: true},
			{Body: envelope.BodyJSON, Events: true, Messages: true, AllContent: true},
			{Body: envelope.BodyMap, Events: true},
			{Body: envelope.BodyMap},
			{Body: envelope.BodyJSON, Events: true, Messages: true},
			{Body: envelope.BodyJSON, Events: true},
			{Body: envelope.BodyJSON},
		} {
			builder := envelope.NewBuilder(o)
			// Counts that take more bytes are FixedWeight's.
			const counts = 4
			bound := weigh(builder, part(101, 100)) - builder.FixedWeight()
			grown := recordSize(builder, part(1, 200)) - recordSize(builder, part(1, 100))
			assert.LessOrEqual(t, grown, bound+counts, "%s, %+v", name, o)
			if name == "message of 1 KB" && o.Events {
				assert.LessOrEqual(t, float64(bound), 2.2*float64(grown), "%s, %+v: the bound is silly", name, o)
			}
		}
	}
}

func recordsPart(from, n uint64, record func(uint64) event.Record) *envelope.Part {
	var records []event.Record
	for seq := from; seq < from+n; seq++ {
		records = append(records, record(seq))
	}
	return newPart(records)
}

func spansPart(from, n uint64, span func(uint64) *event.Span) *envelope.Part {
	var spans []*event.Span
	for seq := from; seq < from+n; seq++ {
		spans = append(spans, span(seq))
	}
	return newPart(nil, spans...)
}

func recordSize(builder *envelope.Builder, p *envelope.Part) int {
	dst := plog.NewLogRecord()
	builder.Build(p, dst)
	return (&plog.ProtoMarshaler{}).LogRecordSize(dst)
}

// TestFixedWeight: an envelope that has nothing but what is told of the request
// as a whole, as long as it may be.
func TestFixedWeight(t *testing.T) {
	long := strings.Repeat("m", 256)
	longID := strings.Repeat("i", envelope.MaxRequestIDBytes-2)
	for _, form := range []envelope.BodyForm{envelope.BodyMap, envelope.BodyJSON} {
		builder := envelope.NewBuilder(envelope.Options{Body: form, Events: true, Messages: true})
		span := newSpan(spanID, "f", 0, time.Second, "gen_ai.operation.name", "execute_tool", "gen_ai.provider.name", long,
			"gen_ai.request.model", long, "gen_ai.response.model", long, "gen_ai.response.id", long, "gen_ai.conversation.id", long,
			"gen_ai.agent.name", long, "gen_ai.tool.name", long, "error.type", long,
			"gen_ai.response.finish_reasons", `["s"`+strings.Repeat(`,"s"`, 127)+`]`)
		span.Data.Status().SetCode(ptrace.StatusCodeError)
		span.Data.Status().SetMessage(strings.Repeat("m", 2000))
		first := owned(newPart(nil, span), span)
		build(t, envelope.Options{Body: form}, first)

		late := newPart(nil)
		late.Facts, late.Number, late.Reason, late.Ended = first.Facts, 2, event.FlushSpanEnd, true
		late.RequestID, late.RelatedRequestID, late.KeySource = longID, longID, "attribute:"+longID[10:]
		remembered := *late.Facts
		size := recordSize(builder, late)

		// The call of a late event recalls what is known of its span.
		record := newLog(1, semconv.EventUserMessage, 0, nil)
		recalling := newPart([]event.Record{record})
		recalling.Facts, recalling.Number = &remembered, 2
		weight := builder.RecordWeight(&recalling.Records[0])
		recalled := recordSize(builder, recalling)
		without := newPart(nil)
		copied := remembered
		without.Facts, without.Number = &copied, 2
		recalled -= recordSize(builder, without) + weight

		assert.LessOrEqual(t, size+recalled, builder.FixedWeight(), form)
		assert.Greater(t, size+recalled, builder.FixedWeight()*2/3, "%s: the bound is silly", form)
	}
	assert.Less(t, envelope.NewBuilder(full).FixedWeight(), 10<<10, "small beside any batch")
}
