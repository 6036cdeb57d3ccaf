package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func logWith(t *testing.T, attrs map[string]any, body any) plog.LogRecord {
	t.Helper()
	log := plog.NewLogRecord()
	require.NoError(t, log.Attributes().FromRaw(attrs))
	require.NoError(t, log.Body().FromRaw(body))
	return log
}

func TestEventName(t *testing.T) {
	const place = "event otel/src/events/session_telemetry.rs:1089"
	for _, tt := range []struct {
		name, scope, field string
		attrs              map[string]any
		body               any
		want               string
	}{
		{"the field", "", "a", map[string]any{AttrEventName: "b"}, map[string]any{AttrEventName: "d"}, "a"},
		{"event.name", "", "", map[string]any{AttrEventNameUnderscore: "c", AttrEventName: "b"}, nil, "b"},
		{"event_name", "", "", map[string]any{AttrEventNameUnderscore: "c"}, map[string]any{AttrEventName: "d"}, "c"},
		{"the body", "", "", nil, map[string]any{AttrEventName: "d"}, "d"},
		{"empty ones do not count", "", "", map[string]any{AttrEventName: ""}, map[string]any{AttrEventName: "d"}, "d"},
		{"only strings count", "", "", map[string]any{AttrEventName: 5, AttrEventNameUnderscore: []any{"c"}}, map[string]any{AttrEventName: 1}, ""},
		{"a body that is text", "", "", nil, AttrEventName, ""},
		{"nothing", "", "", nil, nil, ""},
		{"a place in the source is none", "", place, map[string]any{AttrEventName: "codex.sse_event"}, nil, "codex.sse_event"},
		{"unless there is no other", "", place, nil, nil, place},
		{"what only begins like one is a name", "", "event a:b", map[string]any{AttrEventName: "b"}, nil, "event a:b"},
		{"nor is this a place", "", "event a:", map[string]any{AttrEventName: "b"}, nil, "event a:"},
		{"the scope's family", "com.anthropic.claude_code.events", "", map[string]any{AttrEventName: "api_request"}, "claude_code.api_request", "claude_code.api_request"},
		{"is not said twice", "com.anthropic.claude_code.events", "", map[string]any{AttrEventName: "claude_code.api_request"}, nil, "claude_code.api_request"},
		{"and not put before the field", "com.anthropic.claude_code.events", "a", nil, nil, "a"},
		{"no name has no family", "com.anthropic.claude_code.events", "", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log := logWith(t, tt.attrs, tt.body)
			log.SetEventName(tt.field)
			assert.Equal(t, tt.want, EventName(log, EventFamily(tt.scope)))
		})
	}
}

func TestSpanEventName(t *testing.T) {
	ev := ptrace.NewSpanEvent()
	ev.SetName("event core/src/turn.rs:54")
	assert.Equal(t, "event core/src/turn.rs:54", SpanEventName(ev))
	ev.Attributes().PutStr(AttrEventName, "codex.tool_result")
	assert.Equal(t, "codex.tool_result", SpanEventName(ev))
	assert.True(t, SpanEventBelongs(ev, Prefixes{"codex."}))
	ev.SetName("other")
	assert.Equal(t, "other", SpanEventName(ev))
	assert.False(t, SpanEventBelongs(ev, Prefixes{"codex."}))
}

func TestResponseID(t *testing.T) {
	assert.Equal(t, "r", ResponseID(logWith(t, map[string]any{AttrAIResponseID: "v", AttrResponseID: "r"}, nil).Attributes()))
	assert.Equal(t, "v", ResponseID(logWith(t, map[string]any{AttrAIResponseID: "v", AttrResponseID: ""}, nil).Attributes()))
	assert.Empty(t, ResponseID(logWith(t, map[string]any{AttrResponseID: 5}, nil).Attributes()))
}

func TestRankOf(t *testing.T) {
	text := []any{map[string]any{"role": "user"}}
	for _, tt := range []struct {
		name  string
		event string
		attrs map[string]any
		want  Rank
	}{
		{"system", EventSystemMessage, nil, RankSystem},
		{"user", EventUserMessage, nil, RankInput},
		{"assistant", EventAssistantMessage, nil, RankInput},
		{"tool", EventToolMessage, nil, RankInput},
		{"prompt", EventContentPrompt, nil, RankInput},
		{"details with input", EventOperationDetails, map[string]any{AttrInputMessages: text}, RankInput},
		{"details with instructions", EventOperationDetails, map[string]any{AttrSystemInstructions: "be good"}, RankInput},
		{"details with empty output", EventOperationDetails, map[string]any{AttrInputMessages: text, AttrOutputMessages: "[]"}, RankInput},
		{"details with nothing", EventOperationDetails, map[string]any{AttrRequestModel: "m"}, RankOther},
		{"other", "gen_ai.agent.paused", nil, RankOther},
		{"choice", EventChoice, nil, RankOutput},
		{"completion", EventContentCompletion, nil, RankOutput},
		{"chunk", EventContentCompletionChunk, nil, RankOutput},
		{"details with both", EventOperationDetails, map[string]any{AttrInputMessages: text, AttrOutputMessages: text}, RankOutput},
		{"exception", EventException, nil, RankAftermath},
		{"operation exception", EventOperationException, nil, RankAftermath},
		{"evaluation", EventEvaluationResult, nil, RankAftermath},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, RankOf(tt.event, logWith(t, tt.attrs, nil)))
		})
	}
	assert.IsIncreasing(t, []Rank{RankSystem, RankInput, RankOther, RankOutput, RankAftermath})
}

func TestMessageIndex(t *testing.T) {
	for _, tt := range []struct {
		name  string
		event string
		attrs map[string]any
		body  any
		want  int64
		ok    bool
	}{
		{"chat_message_index", EventUserMessage, map[string]any{AttrChatMessageIndex: 3}, nil, 3, true},
		{"choice in the body", EventChoice, nil, map[string]any{FieldIndex: 2}, 2, true},
		{"choice in an attribute", EventChoice, map[string]any{FieldIndex: "1"}, nil, 1, true},
		{"completion of LiteLLM", EventContentCompletion, nil, map[string]any{FieldIndex: 1.0}, 1, true},
		{"index of a message is not its place", EventUserMessage, nil, map[string]any{FieldIndex: 2}, 0, false},
		{"no index", EventChoice, nil, map[string]any{}, 0, false},
		{"odd index", EventChoice, nil, map[string]any{FieldIndex: 0.5}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := MessageIndex(tt.event, logWith(t, tt.attrs, tt.body))
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.ok, ok)
		})
	}
}

func TestEventSequence(t *testing.T) {
	sequence, ok := EventSequence(logWith(t, map[string]any{AttrEventSequence: 4}, nil))
	assert.True(t, ok)
	assert.Equal(t, int64(4), sequence)
	_, ok = EventSequence(logWith(t, nil, nil))
	assert.False(t, ok)
}

func TestIntOfAtTheEdges(t *testing.T) {
	for _, tt := range []struct {
		in any
		ok bool
	}{{float64(1 << 62), true}, {-float64(1 << 63), true}, {float64(1 << 63), false}, {1.5, false}, {"x", false}, {" 5 ", true}, {true, false}} {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(tt.in))
		_, ok := IntOf(v)
		assert.Equal(t, tt.ok, ok, "%v", tt.in)
	}
}

func TestStripContent(t *testing.T) {
	span := spanWith("chat", map[string]any{
		AttrInputMessages: "[]", "gen_ai.prompt.0.content": "hi", "gen_ai.prompt.name": "kept", AttrLFOutput: "out",
		AttrRequestModel: "kept", "llm.input_messages.0.message.content": "hi", "gen_ai.prompt.variable.city": "Rome",
	})
	add := func(name string, attrs map[string]any) ptrace.SpanEvent {
		event := span.Events().AppendEmpty()
		event.SetName(name)
		require.NoError(t, event.Attributes().FromRaw(attrs))
		return event
	}
	message := add(EventUserMessage, map[string]any{FieldContent: "hi", FieldRole: "user", FieldID: "1"})
	choice := add(EventChoice, map[string]any{FieldMessage: "hi", FieldFinishReason: "stop"})
	details := add(EventOperationDetails, map[string]any{AttrOutputMessages: "[]", AttrRequestModel: "kept"})
	prompt := add(EventContentPrompt, map[string]any{AttrPrompt: "hi"})
	foreign := add("app.log", map[string]any{FieldContent: "kept", FieldMessage: "kept"})

	unheld := add(EventUserMessage, map[string]any{FieldContent: "kept", AttrOIInputValue: "kept"})
	StripContent(span, func(ev ptrace.SpanEvent) bool { return ev != unheld })

	assert.Equal(t, map[string]any{AttrRequestModel: "kept", "gen_ai.prompt.name": "kept"}, span.Attributes().AsRaw())
	assert.Equal(t, map[string]any{FieldRole: "user", FieldID: "1"}, message.Attributes().AsRaw())
	assert.Equal(t, map[string]any{FieldFinishReason: "stop"}, choice.Attributes().AsRaw())
	assert.Equal(t, map[string]any{AttrRequestModel: "kept"}, details.Attributes().AsRaw())
	assert.Empty(t, prompt.Attributes().AsRaw())
	assert.Equal(t, map[string]any{FieldContent: "kept", FieldMessage: "kept"}, foreign.Attributes().AsRaw())
	assert.Equal(t, map[string]any{FieldContent: "kept", AttrOIInputValue: "kept"}, unheld.Attributes().AsRaw())
	assert.Equal(t, 6, span.Events().Len())
}

func TestContentAttributesAreListed(t *testing.T) {
	assert.IsIncreasing(t, ContentAttributes)
	assert.Contains(t, ContentAttributes, AttrInputMessages)
	assert.Contains(t, ContentAttributes, "gen_ai.prompt.N.*")
	assert.Contains(t, ContentAttributes, "gen_ai.prompt.variable.*")
}

func TestConversationID(t *testing.T) {
	// Every name of it is known to events as it is to spans.
	for _, name := range []string{
		AttrConversationID, AttrConversation, AttrLFSessionID, AttrSessionID, AttrTLSessionID, AttrTLConversationID, AttrAISessionID,
		AttrAISessionID2, AttrAIConversationID, AttrAIConversationID2, AttrADKSessionID, AttrMicrosoftSessionID, AttrGenkitSessionID,
	} {
		attrs := map[string]any{name: "talk", AttrResponseID: "r", "": "x", "user.id": 3}
		assert.Equal(t, "talk", ConversationID(logWith(t, attrs, nil).Attributes()), name)
	}
	for want, attrs := range map[string]map[string]any{
		"a": {AttrSessionID: "b", AttrConversationID: "a"},
		"b": {AttrSessionID: "b", AttrConversationID: ""},
		"5": {AttrSessionID: 5, AttrConversationID: []any{"a"}},
		"":  {AttrResponseID: "r"},
	} {
		assert.Equal(t, want, ConversationID(logWith(t, attrs, nil).Attributes()))
	}
}
