package journal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/processor/internal/journal"
)

// oracle knows what a storage must have: durable as far as operations are
// known to have happened, pending what was given up since.
type oracle struct {
	log       *journal.Log
	durable   contents
	firstMain uint64
	firstPast uint64
	// given are the ids ever answered.
	given, givenPast []uint64
	// doubt is what the storage has if the operation that failed happened.
	doubt contents
}

func (o *oracle) live(of contents) contents {
	return contents{since(of.main, o.firstMain), since(of.past, o.firstPast)}
}

func since(items []item, first uint64) []item {
	var live []item
	for _, i := range items {
		if i.id >= first {
			live = append(live, i)
		}
	}
	return live
}

func next(items []uint64) uint64 {
	if len(items) == 0 {
		return 1
	}
	return items[len(items)-1] + 1
}

func (o *oracle) write(entry, past string) error {
	o.doubt = o.live(o.durable)
	o.doubt.main = append(o.doubt.main, item{next(o.given), entry})
	if past != "" {
		o.doubt.past = append(o.doubt.past, item{next(o.givenPast), past})
	}
	id, pastID, err := write(o.log, entry, past)
	if err != nil {
		return err
	}
	o.given = append(o.given, id)
	if past != "" {
		o.givenPast = append(o.givenPast, pastID)
	}
	o.durable = o.doubt
	return nil
}

func (o *oracle) drop(main, past uint64) {
	o.log.Drop(main)
	o.log.DropPast(past)
	o.firstMain, o.firstPast = max(o.firstMain, main), max(o.firstPast, past)
}

func (o *oracle) trim() error {
	o.doubt = o.live(o.durable)
	if err := o.log.Trim(bg); err != nil {
		return err
	}
	o.durable = o.doubt
	return nil
}

// resume goes on with a log that was reopened, and what it has. What was given
// up since the last operation is given up no more.
func (o *oracle) resume(log *journal.Log, got contents) {
	o.log = log
	o.given, o.givenPast = idsOf(o.given, got.main), idsOf(o.givenPast, got.past)
	o.firstMain, o.firstPast = firstOf(got.main, o.given), firstOf(got.past, o.givenPast)
}

func firstOf(items []item, given []uint64) uint64 {
	if len(items) == 0 {
		return next(given)
	}
	return items[0].id
}

// step is one of the life of a log; it is done again when it failed, if again.
type step func(o *oracle) error

func writing(entry, past string) step { return func(o *oracle) error { return o.write(entry, past) } }
func trimming(o *oracle) error        { return o.trim() }
func dropping(main, past uint64) step {
	return func(o *oracle) error { o.drop(main, past); return nil }
}

var large = strings.Repeat("large", 300)

var life = []step{
	writing("a", ""), writing("b", "B"), writing("c", "C"),
	dropping(2, 1), writing("d", ""), writing("e", "E"), writing(large, ""), writing(large, large),
	dropping(5, 3), trimming, writing("x", "X"), writing("large", large),
	writing("f", ""), writing("g", "G"), writing("h", "H"),
	dropping(11, 7), trimming, writing("i", ""), writing("", "J"),
	dropping(14, 8), writing("k", ""), trimming,
}

func TestCrashBetweenAndWithinOperations(t *testing.T) {
	for n := 1; ; n++ {
		reached := false
		for name, happen := range map[string]func(int) int{"before": nothing, "after": everything} {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				m := newMemory()
				m.failAt(n, true, happen)
				o := &oracle{}
				log, err := journal.Open(bg, m)
				if err == nil {
					_, err = log.Replay(bg, collect(&[]item{}), collect(&[]item{}))
				}
				o.log = log
				for i := 0; err == nil && i < len(life); i++ {
					err = life[i](o)
				}
				reached = reached || err != nil
				if err != nil && name == "after" && log != nil {
					o.durable = o.doubt
				}
				requireGoesOn(t, m, o)
			})
		}
		if !reached {
			require.Greater(t, n, 12, "the crash must have met every step")
			return
		}
	}
}

// requireGoesOn reopens, finds what must be there, and lives on.
func requireGoesOn(t *testing.T, m *memory, o *oracle) {
	m.fail = nil
	log, got, aside := reopen(t, m)
	require.Equal(t, o.durable, got)
	require.Zero(t, aside)
	o.resume(log, got)
	for _, i := range got.main {
		require.Equal(t, sizeOf(i), log.Size(i.id))
	}
	require.NoError(t, o.write("later", "LATER"))
	require.NoError(t, o.write("last", ""))
	require.True(t, slices.IsSorted(o.given), "no id twice: %v", o.given)
	require.Len(t, slices.Compact(slices.Clone(o.given)), len(o.given))
	require.NoError(t, o.trim())
	log, got, aside = reopen(t, m)
	assert.Equal(t, o.durable, got)
	assert.Zero(t, aside)
	assertNoLeak(t, m, got)
	assert.Equal(t, m.usedBut("root/"), log.Bytes())
}

// idsOf adds those that were in doubt.
func idsOf(given []uint64, items []item) []uint64 {
	for _, i := range items {
		if !slices.Contains(given, i.id) {
			given = append(given, i.id)
		}
	}
	return given
}

func TestAFailedOperationIsTriedAgainOrGivenUp(t *testing.T) {
	for n := 1; n < 30; n++ {
		for name, happen := range map[string]func(int) int{"before": nothing, "after": everything} {
			for _, again := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %d again %v", name, n, again), func(t *testing.T) {
					m := newMemory()
					o := &oracle{}
					o.log, _, _ = reopen(t, m)
					m.failAt(n, false, happen)
					for i, step := range life {
						bytes := o.log.Bytes()
						if err := step(o); err != nil {
							require.ErrorIs(t, err, errDead)
							require.Equal(t, bytes, o.log.Bytes())
							if again {
								require.NoError(t, life[i](o))
							}
						}
					}
					require.NoError(t, o.log.Trim(bg))
					requireGoesOn(t, m, o)
				})
			}
		}
	}
}

func TestAWriteAfterATrimInDoubt(t *testing.T) {
	m := newMemory()
	l, want := filled(t, m)
	l.Drop(5)
	m.failAt(1, false, everything)
	require.ErrorIs(t, l.Trim(bg), errDead)
	id, _ := mustWrite(t, l, "i", "")
	_, got, aside := reopen(t, m)
	assert.Equal(t, contents{append(want.main[2:], item{id, "i"}), want.past}, got)
	assert.Zero(t, aside)
}

// A storage that is no transaction may do the first operations of a call only.
func TestTornOperation(t *testing.T) {
	for n := 3; n < 20; n++ {
		for happens := 1; happens < 6; happens++ {
			t.Run(fmt.Sprintf("%d of call %d", happens, n), func(t *testing.T) {
				m := newMemory()
				o := &oracle{}
				o.log, _, _ = reopen(t, m)
				m.failAt(n-2, true, func(ops int) int { return min(ops, happens) })
				var err error
				for i := 0; err == nil && i < len(life); i++ {
					err = life[i](o)
				}
				m.fail = nil
				log, got, aside := reopen(t, m)
				if err != nil && assert.ObjectsAreEqual(o.doubt.main, got.main) {
					// The chunk of a torn operation may be missing.
					assert.LessOrEqual(t, len(o.doubt.past)-len(got.past), aside)
				} else {
					assert.Equal(t, o.durable, got)
					assert.Zero(t, aside)
				}
				id, _ := mustWrite(t, log, "later", "LATER")
				assert.NotContains(t, o.given, id)
				_, after, _ := reopen(t, m)
				assert.Equal(t, append(slices.Clone(got.main), item{id, "later"}), after.main)
			})
		}
	}
}
