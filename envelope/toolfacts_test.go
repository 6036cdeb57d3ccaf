package envelope_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

// TestToolToldInGeneralWords: what an attribute says that is no tool's own goes
// to the tool; text that is given parsed there stays where it is as well.
func TestToolToldInGeneralWords(t *testing.T) {
	structure := map[string]any{"city": "Rome"}
	for _, o := range []envelope.Options{full, {Body: envelope.BodyJSON, Messages: true, AllContent: true}} {
		for _, c := range []struct{ input, arguments, kept any }{
			{`{"city":"Rome"}`, structure, `{"city":"Rome"}`},
			{"Rome", "Rome", nil},
			{structure, structure, nil},
		} {
			attributes := []any{"traceloop.span.kind", "tool", "traceloop.entity.name", "get", "traceloop.entity.input", c.input, "traceloop.entity.output", "21C", "gen_ai.x", 1}
			call := list(bodyOf(t, o, newPart(nil, newSpan(spanID, "get.tool", 0, time.Second, attributes...))), "calls")[0]
			assert.Equal(t, "tool", call["kind"])
			assert.Equal(t, map[string]any{"name": "get", "arguments": c.arguments, "result": "21C"}, call["tool"])
			want := map[string]any{"traceloop.span.kind": "tool", "traceloop.entity.name": "get", "gen_ai.x": 1.0}
			if c.kept != nil {
				want["traceloop.entity.input"] = c.kept
			}
			assert.Equal(t, want, call["attributes"])
		}
	}
}
