package e2e

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/stretchr/testify/assert"
)

// checkMessages requires messages in the current shape, with their text, of
// every request whose content the capture holds.
func (r *captureReport) checkMessages(want expectedRequest, call envelopeCall) {
	id := want.requestID()
	for field, has := range map[string]bool{
		"system_instructions": len(call.SystemInstructions) > 0, "input_messages": len(call.InputMessages) > 0,
		"output_messages": len(call.OutputMessages) > 0, "tool_definitions": len(call.ToolDefinitions) > 0,
	} {
		assert.Equal(r.t, has, call.ContentSource[field] != "", "source of the %s of %s", field, id)
	}
	for _, m := range append(slices.Clone(call.InputMessages), call.OutputMessages...) {
		assert.NotEmpty(r.t, m.Role, "role of a message of %s", id)
		for _, part := range m.Parts {
			kind, _ := part["type"].(string)
			assert.NotEmpty(r.t, kind, "type of a part of a message of %s", id)
		}
	}
	if want.Truth == nil || len(want.Truth.ServedN) == 0 || call.Kind == "embeddings" {
		return
	}
	// A retried call was served more than once; the last one counts.
	reply, ok := r.capture.served[want.Truth.ServedN[len(want.Truth.ServedN)-1]]
	if !ok {
		return
	}
	recorded := r.recording.haystack(r.t, id)
	compared := false
	if reply.Text != "" && strings.Contains(recorded, reply.Text) {
		compared = true
		assert.True(r.t, hasText(call.OutputMessages, "", reply.Text), "the output messages of %s lack the reply %q: %v", id, reply.Text, call.OutputMessages)
	}
	if prompt := plainPrefix(reply.LastUser); prompt != "" && strings.Contains(recorded, prompt) {
		compared = true
		assert.True(r.t, hasText(call.InputMessages, "user", prompt), "the input messages of %s lack the prompt %q: %v", id, prompt, call.InputMessages)
	}
	for _, toolCall := range reply.ToolCalls {
		if strings.Contains(recorded, toolCall) {
			compared = true
			assert.True(r.t, hasToolCall(call.OutputMessages, toolCall), "the output messages of %s lack the tool call %s: %v", id, toolCall, call.OutputMessages)
		}
	}
	if compared {
		r.texts++
		r.listRoles(want, call)
	}
}

// listRoles lists requests whose messages have other roles than on the wire:
// instrumentations leave some out or rename them.
func (r *captureReport) listRoles(want expectedRequest, call envelopeCall) {
	var roles []string
	if len(call.SystemInstructions) > 0 {
		roles = append(roles, "system")
	}
	for _, m := range call.InputMessages {
		roles = append(roles, m.Role)
	}
	if !slices.Equal(roles, want.Truth.InputRoles) {
		r.roles[fmt.Sprintf("roles on the wire %v, in the envelope %v", want.Truth.InputRoles, roles)]++
	}
}

// hasText says whether a text part of a message of that role holds text; any
// role when empty.
func hasText(messages []message, role, text string) bool {
	return slices.ContainsFunc(messages, func(m message) bool {
		return (role == "" || m.Role == role) &&
			slices.ContainsFunc(m.Parts, func(p messagePart) bool { return strings.Contains(p.text(), text) })
	})
}

// hasToolCall says whether there is a tool call that has the id that was
// served, alone or with something before it.
func hasToolCall(messages []message, id string) bool {
	return slices.ContainsFunc(messages, func(m message) bool {
		return slices.ContainsFunc(m.Parts, func(p messagePart) bool {
			own, _ := p["id"].(string)
			return p["type"] == "tool_call" && strings.Contains(own, id) && p["name"] != nil
		})
	})
}

// plainPrefix is the part of a text before the first character that JSON
// would escape, so that it is found however often it was encoded.
func plainPrefix(text string) string {
	cut := strings.IndexFunc(text, func(c rune) bool {
		return c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c > unicode.MaxASCII || !unicode.IsPrint(c)
	})
	if cut >= 0 {
		text = text[:cut]
	}
	if len(text) < 4 {
		return ""
	}
	return text
}
