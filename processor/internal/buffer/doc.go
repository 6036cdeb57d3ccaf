// Package buffer is the store behind gen_ai_buffer: which request a record
// belongs to, in which order records came, when a request is over, and what
// must leave because of a limit.
//
// It is a state machine. The time is an argument, the random openings come
// from a function it is given; there is no clock, goroutine, lock, logger,
// metric or I/O in it. Every entry point answers what happened in an Outcome,
// and its one caller, the engine, acts on that. It is not safe for concurrent
// use.
//
// # Identity
//
// A record brings Keys: a configured attribute, its trace and span id, a
// response id. The first that applies names the request (processor.md,
// "Resolving the id"); the others become aliases of it, so that a later record
// with only one of them finds the same request. Two open requests that a
// record shows to be one are merged.
//
// # Life of a request
//
//	        ends                linger over
//	open ----------> lingering ------------> remembered ---> forgotten
//	 |   <----------    ^  |                  ^  |   late_window over
//	 |    a new trace   |  '--- early, limit -'  |
//	 |                  '------------------------'
//	 |                       something late came
//	 '-- ttl, max_age, evicted, shutdown ---> remembered
//
// A remembered request whose envelopes are built is frozen: bytes in a FIFO of
// large segments (frozen.go, frozen_request.go), found by all of its keys. It
// becomes an object again when something about it changes. To its owner the two
// forms are the same.
//
// # What is held
//
// Pieces are packed bytes (package event), one after the other in a rope of
// pages (held.go, rope.go). Their numbers are not written down: what a request
// holds are its last records, in order.
//
// # Journal
//
// A store that keeps a journal has a ledger (ledger.go) of what the journal does
// not know yet. Tell writes that into an entry (journal_entry.go, input.go), and
// a Restorer makes the store again from the entries (restore.go). Reading and
// writing storage is its owner's.
//
// # Timers
//
// Every deadline is "so long after", with one constant per kind. So each kind
// is a queue in order of deadline: a new deadline goes to the tail, the next
// one is the head, and both cost O(1) whatever the number of open requests.
package buffer
