package truncate

import (
	"strings"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// rank orders the entries of a map by what is to stay, the first longest.
type rank uint8

const (
	// rankAlways is never removed, only cut.
	rankAlways rank = iota
	// rankIdentity says what the event is and to whom it belongs.
	rankIdentity
	// rankGenAI is any other attribute of the GenAI conventions.
	rankGenAI
	rankOther
	// rankBulk is what is of rankOther and not short.
	rankBulk
)

func rankOf(key string) rank {
	switch key {
	case semconv.AttrEventName, semconv.AttrEventNameUnderscore, semconv.AttrEventSequence, semconv.AttrChatMessageIndex,
		semconv.AttrOperationName, semconv.AttrProviderName, semconv.AttrSystem, semconv.AttrRequestModel,
		semconv.AttrResponseModel, semconv.AttrResponseID, semconv.AttrConversationID, semconv.AttrAgentName,
		semconv.AttrToolName, semconv.AttrToolCallID, semconv.AttrSessionID, semconv.AttrErrorType:
		return rankIdentity
	}
	if strings.HasPrefix(key, semconv.PrefixGenAI) &&
		// These may be any number, one per message of a long conversation.
		!strings.HasPrefix(key, semconv.PrefixPrompt) && !strings.HasPrefix(key, semconv.PrefixCompletion) {
		return rankGenAI
	}
	return rankOther
}
