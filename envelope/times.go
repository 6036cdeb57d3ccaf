package envelope

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// stamper writes times. The events of a part mostly share a second or two,
// whose calendar it therefore works out once. The zero value is ready for use.
type stamper struct {
	second uint64
	text   [len("2006-01-02T15:04:05.000000000Z")]byte
	filled bool
}

// format is ts as RFC 3339 with nine digits of nanoseconds in UTC. Every
// Timestamp, up to the year 2554, has such a form.
func (s *stamper) format(ts pcommon.Timestamp) string {
	const digits = 20 // offset of the nanoseconds in text
	second, nanos := uint64(ts)/1e9, uint64(ts)%1e9
	if !s.filled || second != s.second {
		// The one layout that package time writes without parsing it; the Z
		// it ends with gives way to the nanoseconds.
		time.Unix(int64(second), 0).UTC().AppendFormat(s.text[:0], time.RFC3339)
		s.text[digits-1], s.text[len(s.text)-1] = '.', 'Z'
		s.second, s.filled = second, true
	}
	for i := len(s.text) - 2; i >= digits; i-- {
		s.text[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	return string(s.text[:])
}

// duration is the time from start to end in nanoseconds, and whether both are
// known and in that order.
func duration(start, end pcommon.Timestamp) (int64, bool) {
	if start == 0 || end < start || end-start > math.MaxInt64 {
		return 0, false
	}
	return int64(end - start), true
}
