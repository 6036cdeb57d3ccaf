package envelope

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Facts is what earlier parts of a request told and later parts repeat: who
// owns it, how and when it went, what its primary call was, whose tokens were
// counted, whether anything was cut or dropped. The zero value knows nothing.
//
// A million requests may be remembered for their late events. Facts therefore
// keeps no span and no record, packs its text into one string and mostly takes
// less than 300 bytes; the Origin is shared with everything that came under it.
// The owner of a request owns its Facts; Build changes them.
type Facts struct {
	// origin is what the owning span arrived under, before that one came the
	// first event.
	origin *event.Origin
	// text is the packed factTexts.
	text    string
	counted []counted

	startedAt pcommon.Timestamp
	endedAt   pcommon.Timestamp
	traceID   pcommon.TraceID
	// spanID is the owning span's, before that one came the first event's.
	spanID pcommon.SpanID
	// primarySpanID tells the primary call when its span comes later than
	// its events.
	primarySpanID pcommon.SpanID
	flags         uint32
	primary       primacy
	kind          kindCode
	// ownerKind is none for an owning span that was not gathered: it is no call.
	ownerKind kindCode
	status    status
	// owned says that the owning span was seen.
	owned bool
	// lossy says that something was truncated or dropped.
	lossy bool
}

// primacy is how good a claim a call has to be the request's primary one.
type primacy uint8

const (
	primaryNone primacy = iota
	// primaryCall is a call that is neither inference nor the owner's.
	primaryCall
	// primaryOwner is the owning span's call, which is no inference.
	primaryOwner
	// primaryInference is an inference call.
	primaryInference
	// primaryOwnerInference is the owning span's call, an inference.
	primaryOwnerInference
)

// kindCode is a semconv.Kind in one byte: its place in semconv.Kinds, from 1.
type kindCode uint8

func codeOf(kind semconv.Kind) kindCode {
	return kindCode(slices.Index(semconv.Kinds[:], kind) + 1)
}

// kind is the kind of the code; KindOther for none.
func (c kindCode) kind() semconv.Kind {
	if c == 0 || int(c) > len(semconv.Kinds) {
		return semconv.KindOther
	}
	return semconv.Kinds[c-1]
}

// A factText is one of the texts that a request repeats.
type factText uint8

const (
	textOperation factText = iota
	textProvider
	textRequestModel
	textResponseModel
	textResponseID
	textConversationID
	textAgentName
	textToolName
	textErrorType
	textErrorMessage
	// textPrimaryErrorType is of the primary call, textErrorType of the request.
	textPrimaryErrorType
	textFinishReasons
	textCount
)

// maxFactText bounds, in bytes of its JSON text, each text that is told of the
// request as a whole and remembered. A longer one stands where it came from and is not repeated:
// nobody queries by it, and an identifier that was cut would be another one.
const maxFactText = 256

// factTexts are the unpacked texts. Finish reasons are parted by NUL, since
// no reason contains it.
type factTexts [textCount]string

// set takes s as the text unless it is empty or too long.
func (t *factTexts) set(which factText, s string) {
	if s == "" || len(s) > maxFactText {
		return
	}
	if s = validText(s); jsonStringLen(s) <= maxFactText+2 {
		t[which] = s
	}
}

// setFinishReasons takes the reasons of a call.
func (t *factTexts) setFinishReasons(reasons []string) {
	if len(reasons) == 1 {
		t.set(textFinishReasons, reasons[0])
		return
	}
	t.set(textFinishReasons, strings.Join(reasons, finishReasonSeparator))
}

const finishReasonSeparator = "\x00"

// finishReasons are the reasons that were set.
func (t *factTexts) finishReasons() []string {
	if t[textFinishReasons] == "" {
		return nil
	}
	return strings.Split(t[textFinishReasons], finishReasonSeparator)
}

// pack writes the texts that are known as kind, length, text.
func (t *factTexts) pack() string {
	size := 0
	for _, s := range t {
		if s != "" {
			size += 1 + binary.MaxVarintLen16 + len(s)
		}
	}
	if size == 0 {
		return ""
	}
	var scratch [512]byte
	packed := scratch[:0]
	for which, s := range t {
		if s != "" {
			packed = append(packed, byte(which))
			packed = binary.AppendUvarint(packed, uint64(len(s)))
			packed = append(packed, s...)
		}
	}
	return string(packed)
}

// unpackFactTexts reads what pack wrote; its texts share memory with packed.
func unpackFactTexts(packed string) (t factTexts) {
	for len(packed) > 0 {
		which := packed[0]
		length, width := uvarint(packed[1:])
		end := 1 + width + int(length)
		if width == 0 || which >= byte(textCount) || end > len(packed) {
			return t
		}
		t[which] = packed[1+width : end]
		packed = packed[end:]
	}
	return t
}

// uvarint is binary.Uvarint for the two bytes that a length can take.
func uvarint(s string) (value uint64, width int) {
	switch {
	case len(s) > 0 && s[0] < 0x80:
		return uint64(s[0]), 1
	case len(s) > 1 && s[1] < 0x80:
		return uint64(s[0]&0x7f) | uint64(s[1])<<7, 2
	}
	return 0, 0
}

// quoteText is s, cleaned and cut to what takes at most limit bytes in a JSON
// string.
func quoteText(s string, limit int) string {
	s = validText(cutText(s, limit))
	for len(s) > 0 && jsonStringLen(s)-2 > limit {
		s = cutText(s, len(s)-max(1, (jsonStringLen(s)-2-limit)/6))
	}
	return s
}

// cutText is the longest prefix of s of at most limit bytes that does not end
// within a character.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
