package processor

import (
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
		maxBytes:   int(cfg.Limits.MaxEventBytes),
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
				k.AttributeKey, k.Attribute = key, text
				return
			}
		}
	}
}
