package buffer

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// TestLots holds lots to a map of items.
func TestLots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var of lots
		model := map[uint64]restoredItem{}
		made := 0
		number := rapid.Uint64Range(0, 30)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				item := number.Draw(t, "item")
				made++
				i := restoredItem{
					packed: fmt.Append(nil, "item ", made), under: spanKey{t1, spanID(byte(made % 3))}, origin: origin,
					span: made%4 == 0, entry: 7, bytes: made % 5, weight: made % 2,
				}
				of.put(item, &i, rapid.Bool().Draw(t, "begins"), rapid.IntRange(0, 40).Draw(t, "coming"))
				model[item] = i
			},
			"take": func(t *rapid.T) {
				from, n := number.Draw(t, "from"), rapid.Uint64Range(0, 8).Draw(t, "n")
				var want, got []string
				for item := from; item < from+n; item++ {
					if i, has := model[item]; has {
						want = append(want, shownItem(&i))
						delete(model, item)
					}
				}
				if taken := of.take(from, n); taken != nil {
					taken.each(func(_ uint64, i *restoredItem) { got = append(got, shownItem(i)) })
				}
				require.Equal(t, want, got)
			},
			"": func(t *rapid.T) {
				left, end := map[uint64]restoredItem{}, uint64(0)
				for _, l := range of {
					require.NotZero(t, l.count())
					require.GreaterOrEqual(t, l.from, end, "in order, none twice")
					end = l.end()
					l.each(func(number uint64, i *restoredItem) { left[number] = *i })
				}
				require.Equal(t, model, left)
			},
		})
	})
}

func shownItem(i *restoredItem) string { return fmt.Sprint(string(i.packed), i.under, i.span) }

// What restoring allocates grows with the journal and no faster, however the
// items are spread over requests and parts.
func TestRestoringIsLinear(t *testing.T) {
	one := func(int) Keys { return ids(t1, s1) }
	each := func(n int) Keys {
		k := ids(t1, s1)
		k.Trace[0], k.Trace[1] = byte(n), byte(n>>8)
		return k
	}
	for name, c := range map[string]struct {
		keys  func(n int) Keys
		batch int
		most  int
	}{
		"many requests":                      {keys: each, batch: 50, most: 1000},
		"many requests, one batch":           {keys: each, batch: 4000, most: 1000},
		"one request, many parts":            {keys: one, batch: 50, most: 2},
		"one request, many parts, one batch": {keys: one, batch: 4000, most: 2},
	} {
		t.Run(name, func(t *testing.T) {
			some, many := restoringAllocates(t, 400, c.batch, c.most, c.keys), restoringAllocates(t, 4000, c.batch, c.most, c.keys)
			assert.Less(t, many, 14*some)
		})
	}
}

// restoringAllocates answers how many bytes it takes to restore a store that
// took so many records.
func restoringAllocates(t *testing.T, records, batch, most int, keys func(n int) Keys) uint64 {
	t.Helper()
	o := roomy()
	o.MaxRequests, o.MaxRequestEvents = 1<<20, most
	d := newDiary(t, o)
	for from := 0; from < records; from += batch {
		var coming []Record
		for n := from; n < min(records, from+batch); n++ {
			coming = append(coming, log(fmt.Sprint("a record with a name, number ", n), keys(n)))
		}
		d.takes(coming...)
	}
	d.write(nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	restored, parts := d.restored()
	runtime.ReadMemStats(&after)
	require.Len(t, parts, len(d.Parts))
	found := Outcome{Parts: parts}
	restored.FlushAll(time.Second, wall(time.Second), event.FlushShutdown, &found)
	taken := 0
	for _, p := range found.Parts {
		taken += p.held.records
	}
	require.Equal(t, records, taken)
	return after.TotalAlloc - before.TotalAlloc
}
