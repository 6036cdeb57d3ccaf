package processor

import (
	"hash/maphash"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// maxOrigins bounds the table; a collector sees about as many origins as there
// are processes and scopes sending to it.
const maxOrigins = 4096

// origins gives equal resources and scopes one copy, which requests hold for
// as long as they live. It is safe for concurrent use.
type origins struct {
	seed  maphash.Seed
	mu    sync.Mutex
	table map[uint64]*event.Origin
}

func newOrigins() *origins {
	return &origins{seed: maphash.MakeSeed(), table: map[uint64]*event.Origin{}}
}

// of answers the copy to hold.
func (o *origins) of(resource pcommon.Resource, schemaURL string, scope pcommon.InstrumentationScope) *event.Origin {
	var h maphash.Hash
	h.SetSeed(o.seed)
	_, _ = h.WriteString(schemaURL)
	hashMap(&h, resource.Attributes())
	_, _ = h.WriteString(scope.Name())
	_, _ = h.WriteString(scope.Version())
	hashMap(&h, scope.Attributes())
	sum := h.Sum64()

	o.mu.Lock()
	defer o.mu.Unlock()
	known := o.table[sum]
	if known != nil && known.ResourceSchemaURL == schemaURL &&
		known.Scope.Name() == scope.Name() && known.Scope.Version() == scope.Version() &&
		known.Resource.Attributes().Equal(resource.Attributes()) &&
		known.Scope.Attributes().Equal(scope.Attributes()) {
		return known
	}
	made := &event.Origin{
		Resource:          pcommon.NewResource(),
		ResourceSchemaURL: schemaURL,
		Scope:             pcommon.NewInstrumentationScope(),
	}
	resource.CopyTo(made.Resource)
	scope.CopyTo(made.Scope)
	made.Packed, _ = event.PackOrigin(made) // pdata encodes whatever it holds
	made.Bytes = len(made.Packed)
	if len(o.table) >= maxOrigins {
		clear(o.table)
	}
	o.table[sum] = made
	return made
}

// hashMap need not tell all maps apart: what it says is equal is compared.
func hashMap(h *maphash.Hash, m pcommon.Map) {
	for key, value := range m.All() {
		_, _ = h.WriteString(key)
		_ = h.WriteByte(byte(value.Type()))
		switch value.Type() {
		case pcommon.ValueTypeStr:
			_, _ = h.WriteString(value.Str())
		case pcommon.ValueTypeInt:
			maphash.WriteComparable(h, value.Int())
		}
	}
}
