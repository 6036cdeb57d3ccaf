package semconv

import "strings"

// Finish reasons as the convention spells them.
const (
	FinishStop          = "stop"
	FinishLength        = "length"
	FinishToolCall      = "tool_call"
	FinishContentFilter = "content_filter"
	FinishError         = "error"
)

// NormalizeFinishReason writes a provider's finish reason as the convention
// spells it (processor.md, "Assembling messages"), whatever its case and
// whether its words are parted by hyphens, underscores or capitals. A reason
// that the convention does not know comes back as it is.
func NormalizeFinishReason(reason string) string {
	if known := knownFinishReason(reason); known != "" {
		return known
	}
	if known := JoinedFinishReasons(reason, 1); known != nil {
		return known[0]
	}
	return reason
}

// JoinedFinishReasons parts a text that holds up to most reasons, with commas
// between them and perhaps in brackets and quotes, as lists are turned to text.
// Nil unless the convention knows each of them, whose text it is then.
func JoinedFinishReasons(text string, most int) []string {
	if n := len(text); n >= 2 && text[0] == '[' && text[n-1] == ']' {
		text = text[1 : n-1]
	}
	pieces := strings.SplitN(text, ",", most+1)
	if len(pieces) > most {
		return nil
	}
	for i, piece := range pieces {
		piece = strings.TrimSpace(piece)
		if n := len(piece); n >= 2 && piece[0] == piece[n-1] && (piece[0] == '"' || piece[0] == '\'') {
			piece = piece[1 : n-1]
		}
		if pieces[i] = knownFinishReason(piece); pieces[i] == "" {
			return nil
		}
	}
	return pieces
}

func knownFinishReason(reason string) string {
	if known := spelledFinishReason(reason); known != "" {
		return known
	}
	return spelledFinishReason(snakeCase(reason))
}

func spelledFinishReason(reason string) string {
	switch reason {
	case "stop", "end_turn", "stop_sequence", "completed":
		return FinishStop
	case "length", "max_tokens", "max_output_tokens":
		return FinishLength
	case "tool_call", "tool_calls", "tool_use", "function_call":
		return FinishToolCall
	case "content_filter", "safety", "refusal":
		return FinishContentFilter
	case "error":
		return FinishError
	}
	return ""
}

// snakeCase writes endTurn, END_TURN and End-Turn as end_turn.
func snakeCase(s string) string {
	if len(s) > 64 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 4)
	lower := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '-' || c == ' ':
			c = '_'
			lower = false
		case 'A' <= c && c <= 'Z':
			if lower {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
			lower = false
		default:
			lower = 'a' <= c && c <= 'z'
		}
		b.WriteByte(c)
	}
	return b.String()
}
