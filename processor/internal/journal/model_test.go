package journal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// plain is a log as two slices.
type plain struct {
	oracle
	m *memory
	// happened is what the storage has if an operation failed after it had
	// happened.
	happened *contents
}

// sizeOf is what an entry or chunk takes with its key and spacers.
func sizeOf(i item) int {
	size := len(key("e/", i.id)) + journal.HeadSize + len(i.payload)
	for _, spacer := range spacersOf("e/", i) {
		size += len(spacer)
	}
	return size
}

func sizesOf(items []item) (sum int) {
	for _, i := range items {
		sum += sizeOf(i)
	}
	return sum
}

func (p *plain) ids(t *rapid.T) (main, past uint64) {
	return rapid.Uint64Range(0, next(p.given)+1).Draw(t, "main"), rapid.Uint64Range(0, next(p.givenPast)+1).Draw(t, "past")
}

func text(t *rapid.T, name string, least int) string {
	return strings.Repeat(rapid.StringMatching("[a-z]").Draw(t, name), rapid.OneOf(rapid.IntRange(least, 300), rapid.IntRange(900, 1200)).Draw(t, name+" length"))
}

// act writes or trims, with the storage failing before or after or not at all.
func (p *plain) act(t *rapid.T, do func() error) {
	how := rapid.SampledFrom([]string{"well", "well", "well", "before", "after"}).Draw(t, "how")
	switch how {
	case "before":
		p.m.failAt(1, false, nothing)
	case "after":
		p.m.failAt(1, false, everything)
	}
	calls, bytes := p.m.calls, p.log.Bytes()
	err := do()
	p.m.fail = nil
	if how == "well" {
		require.NoError(t, err)
	}
	if err == nil {
		if p.m.calls > calls {
			p.happened = nil
		}
		return
	}
	require.Equal(t, bytes, p.log.Bytes())
	if how == "after" {
		stored := p.doubt
		p.happened = &stored
	}
}

func (p *plain) reopen(t *rapid.T) {
	if p.happened != nil {
		p.durable, p.happened = *p.happened, nil
	}
	log, got, aside := reopen(t, p.m)
	require.Equal(t, p.durable.main, got.main)
	require.Equal(t, p.durable.past, got.past)
	require.Zero(t, aside)
	p.resume(log, got)
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &plain{m: newMemory()}
		p.log, _, _ = reopen(t, p.m)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				entry := text(t, "entry", 0)
				p.act(t, func() error { return p.write(entry, "") })
			},
			"write past": func(t *rapid.T) {
				entry, past := text(t, "entry", 0), text(t, "past", 1)
				p.act(t, func() error { return p.write(entry, past) })
			},
			"write many": func(t *rapid.T) {
				for range rapid.IntRange(1, 400).Draw(t, "many") {
					require.NoError(t, p.write("many", "MANY"))
				}
				p.happened = nil
			},
			"drop": func(t *rapid.T) {
				main, past := p.ids(t)
				p.drop(min(main, next(p.given)), min(past, next(p.givenPast)))
			},
			"drop beyond": func(*rapid.T) {
				p.log.Drop(next(p.given) + 5)
				p.firstMain = next(p.given)
			},
			"trim": func(t *rapid.T) {
				p.act(t, p.trim)
			},
			"reopen": p.reopen,
			"lose a root": func(t *rapid.T) {
				if len(p.m.keys("root/")) == 2 {
					p.m.put(rapid.SampledFrom([]string{"root/0", "root/1"}).Draw(t, "root"), nil)
					p.reopen(t)
				}
			},
			"": func(t *rapid.T) {
				live := p.live(p.durable)
				for _, i := range live.main {
					require.Equal(t, sizeOf(i), p.log.Size(i.id))
				}
				require.GreaterOrEqual(t, p.log.Bytes(), sizesOf(live.main)+sizesOf(live.past))
				require.Zero(t, p.log.Size(next(p.given)))
			},
		})
		require.NoError(t, p.trim())
		assertNoLeak(t, p.m, p.durable)
		live := p.live(p.durable)
		require.Equal(t, sizesOf(live.main)+sizesOf(live.past), p.log.Bytes())
	})
}
