package envelope

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// tokenKinds is how many kinds of tokens are counted.
const tokenKinds = 5

// tokenKeys and tokenAttributes name the kinds, in the order of tokens.
var (
	tokenKeys = [tokenKinds]string{
		"input_tokens", "output_tokens", "cache_read_input_tokens",
		"cache_write_input_tokens", "reasoning_output_tokens",
	}
	tokenAttributes = [tokenKinds]string{
		semconv.AttrUsageInputTokens, semconv.AttrUsageOutputTokens,
		semconv.AttrUsageCacheReadInputTokens, semconv.AttrUsageCacheWriteInputTokens,
		semconv.AttrUsageReasoningOutputTokens,
	}
)

// tokens are token counts by kind; a kind whose bit is not in known is unknown.
type tokens struct {
	count [tokenKinds]int64
	known uint8
}

// tokensOf reads a call's usage. A negative count is no count.
func tokensOf(u *semconv.Usage) (t tokens) {
	for i, n := range [tokenKinds]semconv.TokenCount{
		u.InputTokens, u.OutputTokens, u.CacheReadInputTokens,
		u.CacheWriteInputTokens, u.ReasoningOutputTokens,
	} {
		if n.Known && n.N >= 0 {
			t.count[i] = n.N
			t.known |= 1 << i
		}
	}
	return t
}

// add adds the kinds of o that are in mask. Sums stay at the largest int64.
func (t *tokens) add(o tokens, mask uint8) {
	mask &= o.known
	for i := range t.count {
		if mask&(1<<i) == 0 {
			continue
		}
		if sum := t.count[i] + o.count[i]; sum >= 0 {
			t.count[i] = sum
		} else {
			t.count[i] = math.MaxInt64
		}
	}
	t.known |= mask
}

func (t *tokens) put(o *object, names *[tokenKinds]string) {
	for i, n := range t.count {
		if t.known&(1<<i) != 0 {
			o.int(names[i], n)
		}
	}
}

// A counted is one response or span whose tokens are in the totals of a
// record: a hash that tells it apart within its request, whose lowest bits
// are instead the kinds of tokens that were counted. Kinds are told apart
// since a call is at times reported twice with each report knowing some.
type counted uint64

const countedKinds counted = 1<<tokenKinds - 1

// countedResponse and countedSpan identify a response and a span. A collision
// within one request, one in 2^59 per pair, would leave out a call's tokens.
func countedResponse(id string) counted { return hashed('r', id) }

func countedSpan(traceID pcommon.TraceID, spanID pcommon.SpanID) counted {
	var key [24]byte
	copy(key[:16], traceID[:])
	copy(key[16:], spanID[:])
	return hashed('s', string(key[:]))
}

// hashed is FNV-1a: the same in every process, so that what was counted can be
// remembered across a restart.
func hashed(sort byte, s string) counted {
	const prime = 1099511628211
	h := (uint64(14695981039346656037) ^ uint64(sort)) * prime
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	// The kinds take the lowest bits, FNV's least mixed ones are the highest.
	return counted(h^h>>32) &^ countedKinds
}

// tally decides which tokens of which calls count, over all parts of a request.
type tally struct {
	seen  []counted
	index map[counted]int // of seen, once that is long
	total tokens
}

// add counts what of the call's tokens was not counted yet, under its response
// id or as this span's.
func (t *tally) add(c *call) {
	if c.kind != semconv.KindInference && c.kind != semconv.KindEmbeddings {
		return
	}
	usage := tokensOf(&c.facts.Usage)
	if usage.known == 0 {
		return
	}
	var keys [2]counted
	n := 0
	if c.facts.ResponseID != "" {
		keys[n] = countedResponse(c.facts.ResponseID)
		n++
	}
	if !c.spanID.IsEmpty() {
		keys[n] = countedSpan(c.traceID, c.spanID)
		n++
	}
	missing := usage.known
	for _, key := range keys[:n] {
		missing &^= t.kinds(key)
	}
	for _, key := range keys[:n] {
		t.mark(key, usage.known)
	}
	t.total.add(usage, missing)
}

// find is where key is in seen, or -1.
func (t *tally) find(key counted) int {
	const few = 32
	if len(t.seen) <= few {
		for i, s := range t.seen {
			if s&^countedKinds == key {
				return i
			}
		}
		return -1
	}
	if t.index == nil {
		t.index = make(map[counted]int, 2*len(t.seen))
		for i, s := range t.seen {
			t.index[s&^countedKinds] = i
		}
	}
	if i, ok := t.index[key]; ok {
		return i
	}
	return -1
}

func (t *tally) kinds(key counted) uint8 {
	if i := t.find(key); i >= 0 {
		return uint8(t.seen[i] & countedKinds)
	}
	return 0
}

func (t *tally) mark(key counted, kinds uint8) {
	if i := t.find(key); i >= 0 {
		t.seen[i] |= counted(kinds)
		return
	}
	if t.index != nil {
		t.index[key] = len(t.seen)
	}
	if t.seen == nil {
		// Most requests are one call with one response.
		t.seen = make([]counted, 0, 2)
	}
	t.seen = append(t.seen, key|counted(kinds))
}
