package event

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// SortByTime puts records in the order that processor.md ("Ordering") calls
// `time`. They must be given in order of Seq.
//
// Instrumentations stamp a whole conversation with one millisecond and export
// it shuffled, so equal times are told apart by event.sequence where all that
// tie have one, else by what the events are.
func SortByTime(records []Record) {
	last, tied := pcommon.Timestamp(0), false
	for i := range records {
		at := records[i].Time()
		if at < last {
			slices.SortStableFunc(records, func(a, b Record) int { return cmp.Compare(a.Time(), b.Time()) })
			tied = true // perhaps
			break
		}
		tied = tied || i > 0 && at == last
		last = at
	}
	if tied {
		sortTies(records)
	}
}

// sortTies orders records that share their time; the times are in order.
func sortTies(records []Record) {
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
	index    int64
	seq      uint64
	// at is where the record is.
	at       int
	rank     semconv.Rank
	unplaced bool
}

func sortTied(records []Record) {
	var few [16]place
	places := append(few[:0], make([]place, len(records))...)
	sequenced := true
	for i := range records {
		r := &records[i]
		p := place{seq: r.Seq, at: i, rank: semconv.RankOf(r.Name, r.Log)}
		index, placed := semconv.MessageIndex(r.Name, r.Log)
		p.index, p.unplaced = index, !placed
		if sequenced {
			p.sequence, sequenced = semconv.EventSequence(r.Log)
		}
		places[i] = p
	}
	before := comparePlaces
	if sequenced {
		before = compareSequences
	}
	if slices.IsSortedFunc(places, before) {
		return
	}
	slices.SortStableFunc(places, before)
	sorted := make([]Record, len(records))
	for i := range places {
		sorted[i] = records[places[i].at]
	}
	copy(records, sorted)
}

func compareSequences(a, b place) int {
	return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.seq, b.seq))
}

func comparePlaces(a, b place) int {
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
}
