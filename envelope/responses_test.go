package envelope_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// TestFactsOfResponses: what only the response in a content attribute says of
// the call is the call's, and what of it nothing shows stays in the attribute.
func TestFactsOfResponses(t *testing.T) {
	const (
		request  = `{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5}`
		response = `{"id":"r","model":"m-1","choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"yo"}}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10},"service_tier":"default"}`
	)
	span := newSpan(spanID, "g", 0, time.Second, "langfuse.observation.type", "generation", "gen_ai.request.model", "m",
		semconv.AttrLFInput, request, semconv.AttrLFOutput, response)
	record := build(t, full, owned(newPart(nil, span), span))
	id, _ := record.Attributes().Get("gen_ai.response.id")
	assert.Equal(t, "r", id.Str())

	for _, tt := range []struct {
		name       string
		options    envelope.Options
		attributes []any
		want       map[string]any
		kept       map[string]any
	}{
		{
			name: "nothing else says it", options: full, attributes: []any{"gen_ai.request.model", "m"},
			want: map[string]any{
				"response_id": "r", "response_model": "m-1", "finish_reasons": []any{"stop"},
				"usage": map[string]any{"input_tokens": 7.0, "output_tokens": 3.0},
			},
			kept: map[string]any{semconv.AttrLFInput: `{"temperature":0.5}`, semconv.AttrLFOutput: `{"service_tier":"default"}`},
		},
		{
			name: "attributes say it", options: full, attributes: chatAttributes(),
			want: map[string]any{
				"response_id": "chatcmpl-mock0001", "response_model": "gpt-4o-mini-2026-01-01", "finish_reasons": []any{"stop"},
				"usage": map[string]any{"input_tokens": 1001.0, "output_tokens": 27.0},
			},
			kept: map[string]any{
				semconv.AttrLFInput:  `{"model":"m","temperature":0.5}`,
				semconv.AttrLFOutput: `{"id":"r","model":"m-1","usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10},"service_tier":"default"}`,
			},
		},
		{
			name: "all of it, where nobody else has it", options: envelope.Options{Messages: true, AllContent: true}, attributes: []any{"gen_ai.request.model", "m"},
			want: map[string]any{"response_id": "r"},
			kept: map[string]any{semconv.AttrLFInput: request, semconv.AttrLFOutput: response},
		},
		{
			name: "without messages", attributes: []any{"gen_ai.request.model", "m"},
			want: map[string]any{"response_id": nil}, kept: map[string]any{semconv.AttrLFInput: request, semconv.AttrLFOutput: response},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			span := newSpan(spanID, "g", 0, time.Second, append([]any{
				"langfuse.observation.type", "generation", semconv.AttrLFInput, request, semconv.AttrLFOutput, response,
			}, tt.attributes...)...)
			call := list(bodyOf(t, tt.options, owned(newPart(nil, span), span)), "calls")[0]
			for key, want := range tt.want {
				assert.Equal(t, want, call[key], key)
			}
			kept, _ := call["attributes"].(map[string]any)
			require.NotNil(t, kept)
			for key, want := range tt.kept {
				assert.Equal(t, want, kept[key], key)
			}
		})
	}
}

// TestRestOfStructure: what is left of structure is structure.
func TestRestOfStructure(t *testing.T) {
	span := newSpan(spanID, "chat", 0, time.Second, append(chatAttributes(), semconv.AttrOutputMessages, map[string]any{
		"id": "chatcmpl-mock0001", "choices": []any{map[string]any{"message": map[string]any{"content": "yo"}}}, "service_tier": "default",
	})...)
	call := list(bodyOf(t, full, owned(newPart(nil, span), span)), "calls")[0]
	assert.Equal(t, map[string]any{"service_tier": "default"}, call["attributes"].(map[string]any)[semconv.AttrOutputMessages])
}
