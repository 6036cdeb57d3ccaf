package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGatheredInBatchesIsTheSameTrafficInOtherBatches(t *testing.T) {
	for records, batches := range map[int]int{1: 600, 100: 6, 1000: 2} {
		u := GatheredInBatches(kilobyteOfText, records)
		assert.Len(t, u.Batches, batches, "%d records", records)
		assert.Equal(t, 5*u.Requests, u.Logs)
		assert.Equal(t, u.Requests, u.Spans)
		assert.Equal(t, 5*u.Requests, u.Events)
		for _, b := range u.Batches {
			assert.LessOrEqual(t, b.Records, records)
		}
	}
	same, inBatches := Gathered(kilobyteOfText), GatheredInBatches(kilobyteOfText, 100)
	assert.Equal(t, same.Bytes, inBatches.Bytes)
}

const kilobyteOfText = 1024
