package event

import (
	"cmp"
	"slices"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// SortByTime puts records in the order that processor.md ("Ordering") calls
// `time`. They must be given in order of Seq.
//
// Instrumentations stamp a whole conversation with one millisecond and export
// it shuffled, so equal times are told apart by event.sequence where all that
// tie have one, else by what the events are.
func SortByTime(records []Record) {
	byTime := func(a, b Record) int { return cmp.Compare(a.Time(), b.Time()) }
	if !slices.IsSortedFunc(records, byTime) {
		slices.SortStableFunc(records, byTime)
	}
	for start := 0; start < len(records); {
		end := start + 1
		for end < len(records) && records[end].Time() == records[start].Time() {
			end++
		}
		if end-start > 1 {
			sortTied(records[start:end])
		}
		start = end
	}
}

// place is where a record stands among those that share its time. Every field
// compares ascending.
type place struct {
	sequence int64
	rank     semconv.Rank
	unplaced bool
	index    int64
	seq      uint64
	record   Record
}

func sortTied(records []Record) {
	places := make([]place, len(records))
	sequenced := true
	for i := range records {
		p := place{seq: records[i].Seq, record: records[i]}
		log := records[i].Log
		p.rank = semconv.RankOf(records[i].Name, log)
		index, placed := semconv.MessageIndex(records[i].Name, log)
		p.index, p.unplaced = index, !placed
		sequence, ok := semconv.EventSequence(log)
		p.sequence = sequence
		sequenced = sequenced && ok
		places[i] = p
	}
	slices.SortStableFunc(places, func(a, b place) int {
		if sequenced {
			return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.seq, b.seq))
		}
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		if a.unplaced != b.unplaced {
			if b.unplaced {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.seq, b.seq))
	})
	for i := range places {
		records[i] = places[i].record
	}
}
