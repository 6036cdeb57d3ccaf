package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
)

// diary is a store at second 1 with all entries of its journal.
type diary struct {
	*Store
	Outcome
	t       *testing.T
	entries [][]byte
	// lost are entries, from 1, that cannot be read.
	lost map[int]bool
}

func newDiary(t *testing.T, o Options) *diary {
	t.Helper()
	if o.NewOpening == nil {
		o.NewOpening = openings()
	}
	d := &diary{Store: New(o), t: t, lost: map[int]bool{}}
	d.KeepJournal()
	return d
}

// write writes an entry.
func (d *diary) write(in *Input) {
	e := NewJournalEntry(nil, time.Second, wall(time.Second))
	if in != nil {
		e.Input(*in)
	}
	d.Tell(e, 0)
	d.entries = append(d.entries, e.Finish())
	d.Told(uint64(len(d.entries)), 0)
}

// takes journals records and appends them.
func (d *diary) takes(records ...Record) {
	in := Input{Records: records}
	d.write(&in)
	d.Append(time.Second, wall(time.Second), in, &d.Outcome)
}

// builds makes envelopes of parts, as they do that leave.
func (d *diary) builds(parts ...*Part) {
	d.t.Helper()
	builder := envelope.NewBuilder(envelope.Options{})
	for _, p := range parts {
		require.NoError(d.t, p.Unpack(&Unpacker{}))
		builder.Build(&p.Part, plog.NewLogRecord())
	}
	d.Built(parts)
}

// restored is what the entries bring back, whole unless some are lost.
func (d *diary) restored() (*Store, []*Part) {
	d.t.Helper()
	s := New(d.opts)
	s.KeepJournal()
	x := NewRestorer(s)
	for i, entry := range d.entries {
		if !d.lost[i+1] {
			require.NoError(d.t, x.Entry(uint64(i+1), entry))
		}
	}
	var out Outcome
	_, broken := x.Finish(&out)
	if len(d.lost) == 0 {
		require.Zero(d.t, broken)
	}
	return s, out.Parts
}

// Building a part may be all that happens to its request: what later parts
// repeat is journaled nevertheless.
func TestFactsOfAPartThatIsBuiltAreTold(t *testing.T) {
	o := roomy()
	o.MaxRequestEvents = 2
	d := newDiary(t, o)
	d.takes(log("a", ids(t1, s1)), log("b", ids(t1, s1)), log("c", ids(t1, s1)))
	require.Len(t, d.Parts, 1)
	d.write(nil)
	was := d.idle.head.left.facts.AppendBinary(nil, &envelope.Known{})
	d.builds(d.Parts...)
	require.True(t, d.Untold())
	d.write(nil)
	d.Settle(d.Parts)
	d.write(nil)

	restored, parts := d.restored()
	require.Empty(t, parts)
	facts := restored.idle.head.left.facts.AppendBinary(nil, &envelope.Known{})
	assert.NotEqual(t, was, facts)
	assert.Equal(t, d.idle.head.left.facts.AppendBinary(nil, &envelope.Known{}), facts)
	require.Equal(t, describeStore(d.Store, nil), describeStore(restored, nil))
}

// What is left of something that may have left whole has an id of its own, which
// stays.
func TestARemainderHasAnIDOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		lost []int
		left string
	}{
		"of a part, its end":                        {lost: []int{1}, left: "b#2"},
		"of a part, its beginning":                  {lost: []int{3}, left: "a#2"},
		"of a request that was open still, its end": {lost: []int{1, 5}, left: "b#2"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDiary(t, roomy())
			d.takes(log("a", ids(t1, s1)))
			d.write(nil)
			d.takes(log("b", ids(t1, s1)))
			d.write(nil)
			require.True(t, d.Evict(time.Second, wall(time.Second), &d.Outcome))
			d.builds(d.Parts...)
			d.write(nil)
			was := d.Parts[0] // and leaves, which nobody hears of any more

			for _, n := range c.lost {
				d.lost[n] = true
			}
			var parts []*Part
			d.Store, parts = d.restored()
			require.Len(t, parts, 1)
			assert.Equal(t, []string{key(t1, s1) + " 1: recovered " + c.left}, []string{describe(parts[0])})
			assert.NotEqual(t, was.Opening, parts[0].Opening)
			d.write(nil)
			_, again := d.restored()
			require.Len(t, again, 1, "nothing is there twice")
			assert.Equal(t, parts[0].Opening, again[0].Opening)
		})
	}
}
