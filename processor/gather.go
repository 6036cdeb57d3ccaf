package processor

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/config"
	"github.com/genaibuffer/genaibufferprocessor/processor/internal/buffer"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// gatherer decides what of a batch belongs to a request. It is made from the
// configuration and never changes.
type gatherer struct {
	prefixes   semconv.Prefixes
	kinds      map[semconv.Kind]bool
	attributes []string
	ends       map[string]bool
	fallback   buffer.Fallback
	// entries says that entry spans end requests.
	entries  bool
	maxBytes int
	logs     plog.ProtoMarshaler
	traces   ptrace.ProtoMarshaler
}

func newGatherer(cfg *config.Buffer) *gatherer {
	g := &gatherer{
		prefixes:   cfg.Prefixes,
		kinds:      map[semconv.Kind]bool{},
		attributes: cfg.RequestID.Attributes,
		ends:       map[string]bool{},
		maxBytes:   int(min(cfg.Limits.MaxEventBytes, cfg.Envelope.MaxBatchBytes/eventsPerBatch)),
	}
	for _, kind := range semconv.Kinds {
		g.kinds[kind] = cfg.MakesRequest(kind)
	}
	for _, name := range cfg.EndEvents {
		g.ends[name] = true
	}
	if cfg.RequestID.Fallback == config.FallbackTrace {
		g.fallback = buffer.FallbackTrace
	}
	g.entries = g.fallback == buffer.FallbackTrace || len(g.attributes) > 0
	return g
}

// nameFrom fills in the first configured attribute that one of the maps has;
// earlier maps go before later ones.
func (g *gatherer) nameFrom(k *buffer.Keys, maps ...pcommon.Map) {
	if len(g.attributes) == 0 {
		return
	}
	for _, m := range maps {
		for _, key := range g.attributes {
			value, present := m.Get(key)
			if !present {
				continue
			}
			if text := value.AsString(); text != "" {
				k.AttributeKey, k.Attribute = key, bounded(text)
				return
			}
		}
	}
}

// eventsPerBatch is the share of a batch that one event may have: it stands
// in its envelope as it came and as a message, and is not all there is.
const eventsPerBatch = 3

// maxIDBytes bounds the ids that requests are found by. They are held for as
// long as a request is remembered, and stand in every envelope.
const maxIDBytes = 256

// bounded keeps an id as it is, or cuts it and adds a hash of the whole, so
// that different ids stay different.
func bounded(id string) string {
	if len(id) <= maxIDBytes {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	head := strings.ToValidUTF8(id[:maxIDBytes-1-2*len(sum)], "")
	return head + "-" + hex.EncodeToString(sum[:])
}
