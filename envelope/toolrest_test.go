package envelope_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// permutations calls f with every order of the pairs of keys and values.
func permutations(pairs [][2]any, n int, f func(attributes []any)) {
	if n == len(pairs) {
		var attributes []any
		for _, pair := range pairs {
			attributes = append(attributes, pair[0], pair[1])
		}
		f(attributes)
		return
	}
	for i := n; i < len(pairs); i++ {
		pairs[n], pairs[i] = pairs[i], pairs[n]
		permutations(pairs, n+1, f)
		pairs[n], pairs[i] = pairs[i], pairs[n]
	}
}

// TestToolInAnyOrder: what a tool was called with and what it answered do not
// depend on where among the attributes they stand.
func TestToolInAnyOrder(t *testing.T) {
	for _, tt := range []struct {
		name       string
		attributes [][2]any
		tool, kept map[string]any
	}{
		{
			name: "a rest and a result",
			attributes: [][2]any{
				{semconv.AttrTLSpanKind, "tool"}, {"z", 1}, {semconv.AttrInputMessages, `{"args":{"a":1},"x":"left"}`},
				{semconv.AttrTLEntityOutput, "the result"},
			},
			tool: map[string]any{"arguments": map[string]any{"a": 1.0}, "result": "the result"},
			kept: map[string]any{semconv.AttrTLSpanKind: "tool", "z": 1.0, semconv.AttrInputMessages: `{"x":"left"}`},
		},
		{
			name: "nothing left, arguments of the tool's own",
			attributes: [][2]any{
				{semconv.AttrOperationName, "execute_tool"}, {"z", 1}, {semconv.AttrToolCallArguments, `{"a":1}`},
				{semconv.AttrCompletion, `{"output":"the result"}`},
			},
			tool: map[string]any{"arguments": map[string]any{"a": 1.0}, "result": "the result"},
			kept: map[string]any{"z": 1.0},
		},
		{
			name: "both from messages",
			attributes: [][2]any{
				{semconv.AttrOperationName, "execute_tool"}, {"z", 1}, {semconv.AttrOutputMessages, map[string]any{"response": "the result", "b": 2}},
				{semconv.AttrInputMessages, map[string]any{"args": map[string]any{"a": 1}, "x": "left"}},
			},
			tool: map[string]any{"arguments": map[string]any{"a": 1.0}, "result": "the result"},
			kept: map[string]any{"z": 1.0, semconv.AttrInputMessages: map[string]any{"x": "left"}, semconv.AttrOutputMessages: map[string]any{"b": 2.0}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, all := range []bool{false, true} {
				permutations(tt.attributes, 0, func(attributes []any) {
					span := newSpan(spanID, "f", 0, time.Second, attributes...)
					call := list(bodyOf(t, envelope.Options{Messages: true, AllContent: all}, owned(newPart(nil, span), span)), "calls")[0]
					assert.Equal(t, tt.tool, call["tool"], attributes)
					kept, _ := call["attributes"].(map[string]any)
					assert.Equal(t, tt.kept, kept, attributes)
				})
			}
		})
	}
}

// TestToolLosesNothing: what is no dialect's form of a tool's call is its
// arguments or result as it is, and what is said twice differently is kept.
func TestToolLosesNothing(t *testing.T) {
	for _, tt := range []struct {
		name       string
		attributes []any
		tool, kept map[string]any
	}{
		{
			name: "several arguments", attributes: []any{semconv.AttrPrompt, `{"args":["Rome","C",3]}`},
			tool: map[string]any{"arguments": []any{"Rome", "C", 3.0}},
		},
		{
			name: "two arguments", attributes: []any{semconv.AttrPrompt, `{"args":["Rome",{"unit":"C"}]}`},
			tool: map[string]any{"arguments": []any{"Rome", map[string]any{"unit": "C"}}},
		},
		{
			name: "one argument", attributes: []any{semconv.AttrPrompt, `{"args":["Rome"]}`},
			tool: map[string]any{"arguments": "Rome"},
		},
		{
			name: "a general input and output", attributes: []any{semconv.AttrOIInputValue, `{"q":"in"}`, semconv.AttrOIOutputValue, "out"},
			tool: map[string]any{"arguments": map[string]any{"q": "in"}, "result": "out"},
		},
		{
			name:       "a general input and output beside the tool's own",
			attributes: []any{semconv.AttrOIInputValue, `{"q":"in"}`, semconv.AttrToolCallArguments, "a", semconv.AttrToolCallResult, "out", semconv.AttrOIOutputValue, "out"},
			tool:       map[string]any{"arguments": "a", "result": "out"}, kept: map[string]any{semconv.AttrOIInputValue: `{"q":"in"}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, all := range []bool{false, true} {
				span := newSpan(spanID, "f", 0, time.Second, append([]any{semconv.AttrOperationName, "execute_tool"}, tt.attributes...)...)
				call := list(bodyOf(t, envelope.Options{Messages: true, AllContent: all}, owned(newPart(nil, span), span)), "calls")[0]
				assert.Equal(t, tt.tool, call["tool"])
				kept, _ := call["attributes"].(map[string]any)
				assert.Equal(t, tt.kept, kept)
			}
		})
	}
}
