package semconv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func valueOf(t *testing.T, raw any) pcommon.Value {
	t.Helper()
	v := pcommon.NewValueEmpty()
	require.NoError(t, v.FromRaw(raw))
	return v
}

// No attribute is content and metadata, whatever its value.
func TestContentIsNoMetadata(t *testing.T) {
	for _, name := range ContentAttributes {
		key := strings.NewReplacer("N", "0", "*", "x").Replace(name)
		require.True(t, IsContentAttribute(key), key)
		for _, raw := range []any{"text", 1, true, nil, []any{"text"}} {
			assert.False(t, IsMetadata(key, valueOf(t, raw)), key)
		}
	}
}

func TestMetadataHasItsShape(t *testing.T) {
	long := strings.Repeat("x", maxMetadataText+1)
	for key, values := range map[string]struct{ is, isNot []any }{
		AttrResponseID:          {[]any{"id", 7, nil, ""}, []any{long, []byte("id"), map[string]any{"a": "b"}, []any{map[string]any{}}}},
		AttrFinishReasons:       {[]any{"stop", []any{"stop", "length"}, []any{}}, []any{[]any{long}, make([]any, maxMetadataList+1)}},
		AttrUsageInputTokens:    {[]any{7, 7.0, "7", nil}, []any{"seven", "", []any{7}, long}},
		"gen_ai.usage.tomorrow": {[]any{7, true}, []any{"text", []any{7}}},
		"gen_ai.request.top_p":  {[]any{0.9, "0.9"}, []any{"text", map[string]any{}}},
		AttrClaudeModel:         {[]any{"haiku"}, []any{long}},
		AttrErrorMessage:        {nil, []any{"text", 1}},
		AttrClaudeError:         {nil, []any{"text", 1}},
		AttrExceptionMessage:    {nil, []any{"text"}},
		"my.own":                {nil, []any{"text", 1, true, nil}},
		"":                      {nil, []any{"text"}},
	} {
		for _, raw := range values.is {
			assert.True(t, IsMetadata(key, valueOf(t, raw)), "%s: %v", key, raw)
		}
		for _, raw := range values.isNot {
			assert.False(t, IsMetadata(key, valueOf(t, raw)), "%s: %v", key, raw)
		}
	}
}
