package buffer

import (
	"slices"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/event"
)

// builds are the envelopes of a random history. The model knows nothing of
// them: whether they are built, and when, must make no difference to it.
type builds struct {
	builder *envelope.Builder
	// unbuilt are the parts that left and were not built yet.
	unbuilt []*Part
	// told are the facts of each opening after its last envelope.
	told map[[16]byte]toldFacts
	// frozen are the openings of the requests that were frozen, now and ever.
	frozen, ever map[[16]byte]bool
}

type toldFacts struct {
	bytes  []byte
	origin *event.Origin
}

func newBuilds() builds {
	return builds{
		builder: envelope.NewBuilder(envelope.Options{}),
		told:    map[[16]byte]toldFacts{},
		frozen:  map[[16]byte]bool{},
		ever:    map[[16]byte]bool{},
	}
}

// build builds some envelopes and tells the store of them, or of some of them:
// all of a batch in order, as the engine does, or one of any request, or one
// of which it never hears.
func (p *pair) build(t *rapid.T) {
	if len(p.unbuilt) == 0 {
		return
	}
	n := rapid.IntRange(1, len(p.unbuilt)).Draw(t, "parts")
	switch rapid.SampledFrom([]string{"batch", "batch", "batch", "any", "never"}).Draw(t, "which") {
	case "batch":
		for _, part := range p.unbuilt[:n] {
			p.buildOne(t, part)
		}
		p.store.Built(p.unbuilt[:n])
		p.unbuilt = slices.Delete(p.unbuilt, 0, n)
	case "any":
		part := p.take(n - 1)
		p.buildOne(t, part)
		p.store.Built([]*Part{part, part})
	case "never":
		p.buildOne(t, p.take(n-1))
	}
}

// take answers the first unbuilt part of the request whose part stands at i.
func (p *pair) take(i int) *Part {
	of := p.unbuilt[i].Opening
	i = slices.IndexFunc(p.unbuilt, func(x *Part) bool { return x.Opening == of })
	part := p.unbuilt[i]
	p.unbuilt = slices.Delete(p.unbuilt, i, i+1)
	return part
}

// buildOne makes an envelope from what those before it told.
func (p *pair) buildOne(t *rapid.T, part *Part) {
	facts, was := part.Facts, p.told[part.Opening]
	if was.bytes != nil {
		require.Equal(t, was.bytes, facts.AppendBinary(nil, &envelope.Known{}), "facts of %s", part.RequestID)
		require.Same(t, was.origin, facts.Origin())
	}
	p.builder.Build(&opened(part).Part, plog.NewLogRecord())
	p.told[part.Opening] = toldFacts{facts.AppendBinary(nil, &envelope.Known{}), facts.Origin()}
}

// watch notes who is frozen and who is not any more.
func (p *pair) watch() {
	now := map[[16]byte]bool{}
	f := &p.store.index.frozen
	for i, s := range f.segments {
		for offset := 0; offset < len(s.bytes); {
			r, ok := s.frame(offset)
			if !ok {
				return
			}
			if r.state == placeFrozen {
				made, _ := decodeRequest(r.form, nil)
				now[made.opening] = true
			}
			if f.thawed[positionOf(f.first+uint32(i), offset)] != nil {
				p.reached["thawed and still remembered"]++
			}
			offset = r.end
		}
	}
	for opening := range now {
		p.reached["frozen"]++
		if p.ever[opening] && !p.frozen[opening] {
			p.reached["frozen again"]++
		}
		p.ever[opening] = true
	}
	for opening := range p.frozen {
		if now[opening] {
			continue
		}
		alive := slices.ContainsFunc(p.model.requests, func(r *modelRequest) bool { return r.opening == opening })
		if alive {
			p.reached["thawed"]++
		} else {
			p.reached["forgotten when frozen"]++
		}
	}
	p.frozen = now
}
