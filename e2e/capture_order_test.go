package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
)

const detailsEvent = "gen_ai.client.inference.operation.details"

// kind is the event's name, a details event marked with what it carries.
func (e envelopeFact) kind() string {
	if e.Name != detailsEvent {
		return e.Name
	}
	switch in, out := e.carries("gen_ai.input.messages"), e.carries("gen_ai.output.messages"); {
	case in && out:
		return e.Name + "[in+out]"
	case in:
		return e.Name + "[in]"
	case out:
		return e.Name + "[out]"
	default:
		return e.Name
	}
}

func (e envelopeFact) carries(key string) bool { _, ok := e.Attributes[key]; return ok }

// rank is where an event stands among those of its time: processor.md,
// "Ordering".
func (e envelopeFact) rank() int {
	switch e.Name {
	case "gen_ai.system.message":
		return 0
	case "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message", "gen_ai.content.prompt":
		return 1
	case "gen_ai.choice", "gen_ai.content.completion":
		return 3
	case "gen_ai.client.operation.exception", "gen_ai.evaluation.result":
		return 4
	case detailsEvent:
		if e.carries("gen_ai.output.messages") {
			return 3
		}
		if e.carries("gen_ai.input.messages") || e.carries("gen_ai.system_instructions") {
			return 1
		}
	}
	if strings.Contains(e.Name, "exception") {
		return 4
	}
	return 2
}

// index is the event's place among those of its kind; ok says it has one.
func (e envelopeFact) index() (float64, bool) {
	if i, ok := e.Attributes["chat_message_index"].(float64); ok {
		return i, true
	}
	if e.Name != "gen_ai.choice" {
		return 0, false
	}
	if body, ok := e.Body.(map[string]any); ok {
		i, ok := body["index"].(float64)
		return i, ok
	}
	i, ok := e.Attributes["index"].(float64)
	return i, ok
}

// compareRanked orders events of one time that have no sequence.
func compareRanked(a, b envelopeFact) int {
	if c := cmp.Compare(a.rank(), b.rank()); c != 0 {
		return c
	}
	i, iOK := a.index()
	j, jOK := b.index()
	switch {
	case iOK && !jOK:
		return -1
	case jOK && !iOK:
		return 1
	default:
		return cmp.Or(cmp.Compare(i, j), cmp.Compare(a.Seq, b.Seq))
	}
}

// checkSorted requires the order that processor.md fixes: time, then
// event.sequence, then what the events are, then arrival.
func (r *captureReport) checkSorted(id string, events []envelopeFact) {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b envelopeFact) int { return a.Time.Compare(b.Time) })
	for _, tied := range tiedBy(sorted, func(a, b envelopeFact) bool { return a.Time.Equal(b.Time) }) {
		sequenced := !slices.ContainsFunc(tied, func(e envelopeFact) bool { _, ok := e.Attributes["event.sequence"].(float64); return !ok })
		slices.SortStableFunc(tied, func(a, b envelopeFact) int {
			if sequenced {
				return cmp.Or(cmp.Compare(a.Attributes["event.sequence"].(float64), b.Attributes["event.sequence"].(float64)), cmp.Compare(a.Seq, b.Seq))
			}
			return compareRanked(a, b)
		})
	}
	assert.Equal(r.t, numbers(sorted), numbers(events), "order of the events of %s", id)
}

// checkWireOrder compares with the order in which things happened. Events of
// one time and one rank may stand in any order.
func (r *captureReport) checkWireOrder(want expectedRequest, events []envelopeFact) {
	if len(want.WireEventKinds) == 0 {
		return
	}
	id := want.requestID()
	got := kindsOf(events, "log")
	// What the instrumentation never emits cannot be in any order.
	wire := slices.DeleteFunc(slices.Clone(want.WireEventKinds), func(kind string) bool { return !slices.Contains(got, kind) })
	if len(wire) < len(want.WireEventKinds) {
		r.except("%s: %v on the wire, %v emitted", id, want.WireEventKinds, got)
	}
	if !sameKinds(wire, got) {
		r.undecidable++
		r.except("%s: the wire saw %v, the events are %v", id, wire, got)
		return
	}
	undecided := false
	at := 0
	for _, tied := range tiedBy(eventsFrom(events, "log"), func(a, b envelopeFact) bool { return a.Time.Equal(b.Time) && a.rank() == b.rank() }) {
		segment, kinds := wire[at:at+len(tied)], kindsOf(tied, "log")
		at += len(tied)
		assert.ElementsMatch(r.t, segment, kinds, "events of %s at one place: the wire saw %v, the envelope has %v", id, wire, got)
		if slices.ContainsFunc(kinds, func(k string) bool { return k != kinds[0] }) {
			undecided = true
		}
	}
	if undecided {
		r.undecidable++
		how := "as on the wire"
		if !slices.Equal(wire, got) {
			how = fmt.Sprintf("%v on the wire", wire)
		}
		r.except("%s: times and kinds do not decide the order of %v: %s", id, got, how)
		return
	}
	r.decidable++
	assert.Equal(r.t, wire, got, "order of the events of %s", id)
}

// tiedBy cuts events into runs of neighbours that are tied.
func tiedBy(events []envelopeFact, tied func(a, b envelopeFact) bool) [][]envelopeFact {
	var runs [][]envelopeFact
	for start := 0; start < len(events); {
		end := start + 1
		for end < len(events) && tied(events[start], events[end]) {
			end++
		}
		runs = append(runs, events[start:end])
		start = end
	}
	return runs
}

func sameKinds(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func numbers(events []envelopeFact) []int {
	out := make([]int, len(events))
	for i, e := range events {
		out[i] = e.Seq
	}
	return out
}
