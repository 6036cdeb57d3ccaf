package buffer

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/event"
)

// The cost of one operation must not depend on how many requests are there:
// each benchmark runs with a thousand, a hundred thousand and a million.

var populations = []struct {
	name string
	n    int
}{{"1k", 1_000}, {"100k", 100_000}, {"1M", 1_000_000}}

// crowd is a store with n open requests, one short record each, named by spans.
// They are opened a microsecond after each other.
type crowd struct {
	*Store
	now  time.Duration
	keys []Keys
	next int
	out  Outcome
	// rec are what is appended, records of 1 KB; first is what is there.
	rec   [5]Record
	first [1]Record
}

func benchOptions() Options {
	o := roomy()
	o.MaxRequests, o.MaxRemembered = 1<<30, 1<<30
	n := uint64(0)
	o.NewOpening = func() (b [16]byte) {
		n++
		b[0], b[1], b[2] = byte(n), byte(n>>8), byte(n>>16)
		return b
	}
	return o
}

func newCrowd(o Options, n int) *crowd {
	c := &crowd{Store: New(o), keys: make([]Keys, n)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range c.keys {
		k := &c.keys[i]
		for j := range k.Trace {
			k.Trace[j] = byte(random.Uint32())
		}
		for j := range k.Span {
			k.Span[j] = byte(random.Uint32()) | 1
		}
	}
	record := func(bytes int) Record {
		log := plog.NewLogRecord()
		log.Body().SetStr(strings.Repeat("text ", bytes/5))
		rec := event.Record{Log: log, Name: "gen_ai.user.message"}
		return Record{Weight: bytes + 200, Packed: event.AppendRecord(nil, &rec), Origin: origin, Bytes: bytes}
	}
	for i := range c.rec {
		c.rec[i] = record(1000)
	}
	c.first[0] = record(50)
	return c
}

// key answers the keys one after the other, in the order in which requests
// were opened.
func (c *crowd) key() *Keys {
	if c.next == len(c.keys) {
		c.next = 0
	}
	c.next++
	return &c.keys[c.next-1]
}

func (c *crowd) append(k *Keys, records []Record) {
	c.now += time.Microsecond
	for i := range records {
		records[i].Keys = *k
	}
	c.out.Parts = c.out.Parts[:0]
	c.AppendRecords(c.now, midnight, records, &c.out)
}

// fill opens all requests.
func (c *crowd) fill() *crowd {
	for range c.keys {
		c.append(c.key(), c.first[:])
	}
	return c
}

// shuffle has the requests come in any order.
func (c *crowd) shuffle() *crowd {
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(c.keys), func(i, j int) { c.keys[i], c.keys[j] = c.keys[j], c.keys[i] })
	return c
}

func (c *crowd) tick(limit int) {
	c.out.Parts = c.out.Parts[:0]
	c.Tick(c.now, midnight, limit, &c.out)
}

// each runs a benchmark with every population.
func each(b *testing.B, run func(b *testing.B, n int)) {
	for _, p := range populations {
		b.Run("open="+p.name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, p.n)
		})
	}
}

// BenchmarkResolve finds an open request by its span key, in any order.
func BenchmarkResolve(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		c := newCrowd(benchOptions(), n).fill().shuffle()
		for b.Loop() {
			if c.resolve(c.key(), true, &c.out) == nil {
				b.Fatal("not found")
			}
		}
	})
}

// BenchmarkAppend appends five records to one request: a new one, as most do;
// the open one that was silent longest; and any, which is about what it takes to
// load so much memory that no cache has.
func BenchmarkAppend(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		const some = 1000
		each(b, func(b *testing.B, n int) {
			c := newCrowd(benchOptions(), n+2*some)
			for range n {
				c.append(c.key(), c.first[:])
			}
			for i := 1; b.Loop(); i++ {
				c.append(c.key(), c.rec[:])
				if i%some == 0 {
					b.StopTimer()
					for range some {
						c.Evict(c.now, midnight, &c.out)
						c.Forget(&c.out)
					}
					b.StartTimer()
				}
			}
		})
	})
	for _, order := range []string{"in turn", "any"} {
		b.Run(order, func(b *testing.B) {
			each(b, func(b *testing.B, n int) {
				o := benchOptions()
				// Every second batch makes a part, so that nothing grows.
				o.MaxRequestEvents = 10
				c := newCrowd(o, n).fill()
				if order == "any" {
					c.shuffle()
				}
				for b.Loop() {
					c.append(c.key(), c.rec[:])
				}
			})
		})
	}
}

// BenchmarkLife is a whole life among n others: a request comes with five
// records, the one that waited longest leaves by its ttl, and one is forgotten.
func BenchmarkLife(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		o := benchOptions()
		o.TTL = time.Duration(n) * time.Microsecond
		o.LateWindow = time.Millisecond
		c := newCrowd(o, n+2_000).fill()
		for b.Loop() {
			c.append(c.key(), c.rec[:])
			c.tick(3)
		}
		b.ReportMetric(float64(c.Open()), "open")
	})
}

// BenchmarkFlush flushes one request before its time.
func BenchmarkFlush(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		var c *crowd
		for b.Loop() {
			if c == nil || c.Open() == 0 {
				b.StopTimer()
				c = newCrowd(benchOptions(), n).fill()
				b.StartTimer()
			}
			c.out.Parts = c.out.Parts[:0]
			c.Evict(c.now, midnight, &c.out)
		}
	})
}

// BenchmarkExpire acts on one deadline: a request leaves by its ttl or, once
// all have left, is forgotten.
func BenchmarkExpire(b *testing.B) {
	for _, what := range []string{"ttl", "late_window"} {
		b.Run(what, func(b *testing.B) {
			each(b, func(b *testing.B, n int) {
				var c *crowd
				for b.Loop() {
					if c == nil || c.Next() > c.now {
						b.StopTimer()
						c = newCrowd(benchOptions(), n).fill()
						if what == "ttl" {
							c.now += c.opts.TTL
						} else {
							c.FlushAll(c.now, midnight, event.FlushShutdown, &c.out)
							c.now += c.opts.LateWindow
						}
						b.StartTimer()
					}
					c.tick(1)
				}
			})
		})
	}
}

// BenchmarkTick looks for deadlines when there are none.
func BenchmarkTick(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		c := newCrowd(benchOptions(), n).fill()
		for b.Loop() {
			c.tick(1000)
			if c.Next() <= c.now {
				b.Fatal("something is due")
			}
		}
	})
}

// BenchmarkMemory reports the heap that one request takes in every structure of
// the store: open without content, remembered after its flush, and frozen once
// its envelope was built; the latter two with the Facts of one call and the
// response id that it claims.
func BenchmarkMemory(b *testing.B) {
	for _, what := range []string{"open", "remembered", "frozen"} {
		b.Run(what, func(b *testing.B) {
			each(b, func(b *testing.B, n int) {
				if n > populations[1].n {
					b.Skip("one request takes no more, and this takes half a minute")
				}
				var bytes uint64
				for b.Loop() {
					bytes = footprint(n, what)
				}
				b.ReportMetric(float64(bytes)/float64(n), "bytes/request")
			})
		})
	}
}

func footprint(n int, what string) uint64 {
	var before uint64
	var kept any
	if what == "open" {
		c := newCrowd(benchOptions(), n)
		before = heap()
		for range c.keys {
			c.resolve(c.key(), true, &c.out)
		}
		kept = c
	} else {
		p := newPassing(n, what == "frozen")
		before = heap()
		p.pass(n)
		p.parts, p.out.Parts = nil, nil
		kept = p
	}
	after := heap()
	runtime.KeepAlive(kept)
	return after - before
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
