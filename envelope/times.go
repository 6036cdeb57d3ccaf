package envelope

import (
	"encoding/hex"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// scribe writes times and ids. Its texts share memory: a part has many of them,
// and most of them more than once. The zero value is ready for use.
type scribe struct {
	memory strings.Builder
	// second is what calendar shows: the events of a part mostly share a
	// second or two.
	second   uint64
	calendar [len("2006-01-02T15:04:05.000000000Z")]byte
	filled   bool
	// times, traces and spans are what was written last.
	times  [4]writtenTime
	traces [1]writtenTraceID
	spans  [2]writtenSpanID
	turn   uint8
}

type writtenTime struct {
	time pcommon.Timestamp
	text string
}

type writtenTraceID struct {
	id   pcommon.TraceID
	text string
}

type writtenSpanID struct {
	id   pcommon.SpanID
	text string
}

// reserve makes room for so many texts of times beside the ids of a part.
func (s *scribe) reserve(times int) {
	const ids, most = 128, 4096
	s.memory.Grow(min(ids+times*len(s.calendar), most))
}

// end lets go of what was written.
func (s *scribe) end() {
	s.memory.Reset()
	clear(s.times[:])
	clear(s.traces[:])
	clear(s.spans[:])
}

// keep is text as a string. What was kept before never moves.
func (s *scribe) keep(text []byte) string {
	const room = 1024
	if s.memory.Cap()-s.memory.Len() < len(text) {
		s.memory = strings.Builder{}
		s.memory.Grow(room)
	}
	start := s.memory.Len()
	s.memory.Write(text)
	return s.memory.String()[start:]
}

// time is ts as RFC 3339 with nine digits of nanoseconds in UTC. Every
// Timestamp, up to the year 2554, has such a form.
func (s *scribe) time(ts pcommon.Timestamp) string {
	for i := range s.times {
		if w := &s.times[i]; w.time == ts && w.text != "" {
			return w.text
		}
	}
	const digits = 20 // offset of the nanoseconds in the text
	second, nanos := uint64(ts)/1e9, uint32(uint64(ts)%1e9)
	if !s.filled || second != s.second {
		// The one layout that package time writes without parsing it; the Z
		// it ends with gives way to the nanoseconds.
		time.Unix(int64(second), 0).UTC().AppendFormat(s.calendar[:0], time.RFC3339)
		s.calendar[digits-1], s.calendar[len(s.calendar)-1] = '.', 'Z'
		s.second, s.filled = second, true
	}
	for i := len(s.calendar) - 2; i >= digits; i-- {
		s.calendar[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	text := s.keep(s.calendar[:])
	s.times[s.turn%uint8(len(s.times))] = writtenTime{ts, text}
	s.turn++
	return text
}

// traceID is an id as lower-case hex, empty for none.
func (s *scribe) traceID(id pcommon.TraceID) string {
	if id.IsEmpty() {
		return ""
	}
	if w := &s.traces[0]; w.id != id {
		var text [2 * len(id)]byte
		hex.Encode(text[:], id[:])
		*w = writtenTraceID{id, s.keep(text[:])}
	}
	return s.traces[0].text
}

// spanID is an id as lower-case hex, empty for none.
func (s *scribe) spanID(id pcommon.SpanID) string {
	if id.IsEmpty() {
		return ""
	}
	for i := range s.spans {
		if s.spans[i].id == id {
			return s.spans[i].text
		}
	}
	var text [2 * len(id)]byte
	hex.Encode(text[:], id[:])
	// The first is mostly the one that all events have.
	w := &s.spans[0]
	if w.text != "" {
		w = &s.spans[1]
	}
	*w = writtenSpanID{id, s.keep(text[:])}
	return w.text
}

// duration is the time from start to end in nanoseconds, and whether both are
// known and in that order.
func duration(start, end pcommon.Timestamp) (int64, bool) {
	if start == 0 || end < start || end-start > math.MaxInt64 {
		return 0, false
	}
	return int64(end - start), true
}
