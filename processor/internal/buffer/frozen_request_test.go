package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"pgregory.net/rapid"
)

// anyRequest makes a remembered request with whatever one may have, and puts it
// into x, where some of its keys lead to other requests.
func anyRequest(t *rapid.T, x *index) *request {
	number := func(most int, name string) byte { return byte(rapid.IntRange(0, most).Draw(t, name)) }
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	texts := rapid.StringMatching(`[a-z\x00]{1,40}`)
	r := &request{
		identity: identity{found: precedence(number(int(byResponse), "found"))},
		opening:  [16]byte{number(255, "opening"), 15: number(255, "opening")},
		state:    remembered,
		flushed:  true,
		seq:      rapid.Uint64().Draw(t, "seq"),
		parts:    rapid.Uint32().Draw(t, "parts"),
		ended:    ending(number(int(endedByEvent), "ended")),
		left:     &departure{},
	}
	switch r.identity.found {
	case byAttribute:
		r.identity.key, r.identity.value = texts.Draw(t, "key"), texts.Draw(t, "value")
	case bySpan:
		r.identity.trace, r.identity.span, r.seen = t1, s1, yes("seen")
	case byTrace:
		r.identity.trace = t1
	default:
		r.identity.value = texts.Draw(t, "value")
	}
	x.add(r)
	if yes("claims") {
		x.claim(texts.Draw(t, "response"), r)
	}
	if yes("no extra keys") {
		return r
	}
	e := r.extras()
	e.owner = rank{pcommon.Timestamp(rapid.Uint64().Draw(t, "start")), yes("known"), yes("root")}
	if yes("relates") {
		r.relate(texts.Draw(t, "related"))
	}
	other := &request{}
	for i := range number(3, "spans") {
		k := spanKey{t2, spanID(i + 1)}
		x.leadSpan(k, r, yes("seen"))
		if yes("taken over") {
			x.leadSpan(k, other, true)
		}
		if yes("given back") {
			x.leadSpan(k, r, false)
		}
	}
	for i := range number(3, "responses") {
		x.claim("claimed"+string(rune('a'+i)), r)
	}
	for i := range number(3, "traces") {
		id := traceID(i + 10)
		e.traces = append(e.traces, trace{id: id, at: notMember, entered: yes("entered")})
		if yes("leads") {
			x.traces[id] = r
		} else if yes("leads elsewhere") {
			x.traces[id] = other
		}
	}
	return r
}

// leading answers the keys of an index that lead to r.
func leading(x *index, r *request) (keys []any) {
	add := func(to *request, k any) {
		if to == r {
			keys = append(keys, k)
		}
	}
	for k, to := range x.attributes {
		add(to, "attribute "+k)
	}
	for k, to := range x.spans {
		add(to, k)
	}
	for k, to := range x.aliases {
		add(to.request, [2]any{k, to.seen})
	}
	for k, to := range x.traces {
		add(to, k)
	}
	for k, to := range x.responses {
		add(to, "response "+k)
	}
	for k, to := range x.claims {
		add(to, "claim "+k)
	}
	return keys
}

func TestRequestSurvivesFreezing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex()
		r := anyRequest(t, &x)
		keys, extra := leading(&x, r), x.extra
		r.left.number, r.since = 7, 9*time.Second
		was := *r
		require.True(t, x.freeze(r, x.formOf(r)))
		require.Empty(t, leading(&x, r))
		require.Equal(t, extra, x.extra)

		_, first, ok := x.frozen.oldest()
		require.True(t, ok)
		require.Equal(t, uint64(7), first.number)
		require.Equal(t, 9*time.Second, first.since)
		back := x.find(&r.identity)
		require.NotNil(t, back)
		require.ElementsMatch(t, keys, leading(&x, back))
		require.Empty(t, x.frozen.positions)
		require.NotZero(t, back.left.place)
		back.left.place = 0
		require.Equal(t, was, *back)
		require.Equal(t, extra, x.extra)
	})
}
