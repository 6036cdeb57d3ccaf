package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// An origin is written once in an entry, however many there are.
func TestAnOriginHasOnePlaceInAnEntry(t *testing.T) {
	e := NewJournalEntry(nil, time.Second, wall(time.Second))
	origins := make([]*event.Origin, 5*fewOrigins)
	for i := range origins {
		origins[i] = newOrigin()
		assert.Equal(t, i, e.place(origins[i]))
		assert.Equal(t, i/2, e.place(origins[i/2]))
	}
	for i, o := range origins {
		assert.Equal(t, i, e.place(o))
	}
	assert.Len(t, e.origins, len(origins))
}

// max_request_bytes has no upper bound, so that what is held may be any size.
func TestARequestOfManyGigabytesIsRestored(t *testing.T) {
	const large = 5 << 30
	o := roomy()
	o.MaxRequestBytes, o.MaxPartWeight = 4*large, 4*large
	d := newDiary(t, o)
	record := log("a", ids(t1, s1))
	record.Bytes, record.Weight = large, large
	d.takes(record)
	d.write(nil)
	restored, _ := d.restored()
	require.Equal(t, 1, restored.Open())
	assert.Equal(t, large, restored.Bytes())
}
