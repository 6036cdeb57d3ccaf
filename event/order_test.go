package event_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// fact is a record with what decides about its place.
type fact struct {
	name     string
	time     pcommon.Timestamp
	observed pcommon.Timestamp
	sequence int64 // 0: none
	index    int64 // 0: none
	input    bool
	output   bool
}

func records(facts ...fact) []event.Record {
	made := make([]event.Record, len(facts))
	for i, f := range facts {
		log := plog.NewLogRecord()
		log.SetTimestamp(f.time)
		log.SetObservedTimestamp(f.observed)
		if f.sequence > 0 {
			log.Attributes().PutInt("event.sequence", f.sequence)
		}
		if f.index > 0 {
			log.Attributes().PutInt("chat_message_index", f.index)
		}
		if f.input {
			log.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user"}]`)
		}
		if f.output {
			log.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant"}]`)
		}
		made[i] = event.Record{Log: log, Name: f.name, Seq: uint64(i + 1)}
	}
	return made
}

func seqs(records []event.Record) []uint64 {
	var found []uint64
	for _, r := range records {
		found = append(found, r.Seq)
	}
	return found
}

func TestSortByTime(t *testing.T) {
	const details = "gen_ai.client.inference.operation.details"
	for _, c := range []struct {
		name  string
		facts []fact
		want  []uint64
	}{
		{"by timestamp", []fact{{name: "a", time: 3}, {name: "b", time: 1}, {name: "c", time: 2}}, []uint64{2, 3, 1}},
		{"the observed time stands in for a missing timestamp", []fact{{name: "a", observed: 3}, {name: "b", time: 5, observed: 1}, {name: "c", observed: 4}}, []uint64{1, 3, 2}},
		{"ties by event.sequence where all have one", []fact{
			{name: "gen_ai.choice", time: 1, sequence: 1}, {name: "gen_ai.system.message", time: 1, sequence: 3}, {name: "x", time: 1, sequence: 2},
		}, []uint64{1, 3, 2}},
		{"ties by what they are where one has no sequence", []fact{
			{name: "gen_ai.choice", time: 1, sequence: 1}, {name: "gen_ai.system.message", time: 1}, {name: "gen_ai.user.message", time: 1, sequence: 2},
		}, []uint64{2, 3, 1}},
		{"what they are", []fact{
			{name: "gen_ai.evaluation.result"}, {name: "gen_ai.client.operation.exception"},
			{name: details, output: true}, {name: "gen_ai.content.completion"}, {name: "gen_ai.choice"},
			{name: "gen_ai.something.else"}, {name: details, input: true}, {name: "gen_ai.content.prompt"},
			{name: "gen_ai.tool.message"}, {name: "gen_ai.assistant.message"}, {name: "gen_ai.user.message"},
			{name: "gen_ai.system.message"},
		}, []uint64{12, 7, 8, 9, 10, 11, 6, 3, 4, 5, 1, 2}},
		{"messages of one kind by their index, those without last", []fact{
			{name: "gen_ai.user.message"}, {name: "gen_ai.assistant.message", index: 2}, {name: "gen_ai.user.message", index: 1},
		}, []uint64{3, 2, 1}},
		{"then by arrival", []fact{{name: "gen_ai.user.message"}, {name: "gen_ai.assistant.message"}, {name: "gen_ai.user.message"}}, []uint64{1, 2, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := records(c.facts...)
			event.SortByTime(got)
			assert.Equal(t, c.want, seqs(got))
		})
	}
}

// Whatever the arrival, the order is by time, complete, and the same again.
func TestSortByTimeIsAStablePermutation(t *testing.T) {
	names := []string{"gen_ai.system.message", "gen_ai.user.message", "gen_ai.choice", "other"}
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOf(rapid.Custom(func(t *rapid.T) fact {
			return fact{
				name:     rapid.SampledFrom(names).Draw(t, "name"),
				time:     pcommon.Timestamp(rapid.IntRange(0, 3).Draw(t, "time")),
				sequence: int64(rapid.IntRange(0, 2).Draw(t, "sequence")),
				index:    int64(rapid.IntRange(0, 2).Draw(t, "index")),
			}
		})).Draw(t, "facts")
		once := records(facts...)
		event.SortByTime(once)
		seen := map[uint64]bool{}
		for i := range once {
			seen[once[i].Seq] = true
			if i > 0 {
				require.LessOrEqual(t, once[i-1].Time(), once[i].Time())
			}
		}
		require.Len(t, seen, len(facts))
		again := records(facts...)
		event.SortByTime(again)
		require.Equal(t, seqs(once), seqs(again))
	})
}

func BenchmarkSortByTime(b *testing.B) {
	facts := make([]fact, 5)
	for i := range facts {
		facts[i] = fact{name: "gen_ai.user.message", time: pcommon.Timestamp(rand.IntN(1000) + 1)}
	}
	made := records(facts...)
	b.ReportAllocs()
	for b.Loop() {
		event.SortByTime(made)
	}
}
