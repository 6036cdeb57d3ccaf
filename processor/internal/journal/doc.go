// Package journal is a log of opaque entries on a key-value storage: the bottom
// half of what lets open requests survive a crash. What an entry says is none
// of its business; it knows of no request, clock, goroutine, lock or logger,
// and of no collector package. Its one caller is the engine, which gives it the
// storage and holds the lock that a Log needs.
//
// There are two logs in one: entries, and chunks of what is remembered longer
// than entries are. Both count from 1, an id that was answered is never
// answered again, and both give up their oldest first.
//
// # Keys
//
//	root/0 root/1         where the log stands; written in turn
//	e/<16 hex digits>     the entry of that id
//	p/<16 hex digits>     the chunk of that id
//	<e or p key>/<1|2|3>  spacers: empty, after every value of 1024 bytes or more
//	aside/<key>           what was found unreadable under that key, as it was
//	aside/root/<0|1>/<n>  a root that was lost together with the other, n-th time
//
// Spacers are for B+ trees that keep at least two values per page, as the bbolt
// of file_storage does: a page of large values only would be written anew, all
// of them, with every neighbour that comes or goes. With spacers a value of
// 110 KB is written once instead of five times. Nothing reads them.
//
// # Values, version 1
//
//	value    = magic version checksum state payload
//	magic    = 1 byte, 0xB6
//	version  = 1 byte, 1
//	checksum = 4 bytes, CRC-32C (Castagnoli) of key, state and payload
//	state    = sequence 8, then for entries and for chunks: oldest 8, first 8, next 8, largest 8
//	payload  = the rest; in a root nothing, or padding
//
// Integers are little endian. The state is that after the operation which wrote
// the value: sequence counts the operations tried; next is the id that comes
// next, first the first that is not given up, oldest the first that is not
// deleted, largest no less than any value from oldest on. Ids are
// without gaps.
//
// A later version of this package reads every earlier version. A value of a
// version it does not know, with a wrong checksum, under another key than it
// was written for, or cut off, is unreadable.
//
// # One operation
//
// A Write is one operation of the storage, all of it or none: the entry, the
// chunk, the root that is not the newest, and deletions of what was given up.
// The first one writes both roots, and so does the first after a root was lost,
// and a Trim, which has no entry.
//
// The root of a Write is padded, that of a Trim is not. So a Trim needs less
// room than the Write before it gave back, which is what lets it delete in a
// storage that is full and copies what it changes (bbolt with max_size).
//
// An operation that failed may have happened nevertheless. The next one then
// writes the same ids, or deletes what might be there, and a newer root, so that
// what the caller was refused does not stay.
//
// # What is damaged
//
//   - One root: costs nothing. The other is one operation behind, and the entry
//     written by that operation carries the state of its own.
//   - Both roots: a storage that can be walked is searched for the newest state.
//     In one that cannot, or that has no readable value, an empty log begins
//     whose ids and sequence go on from n<<48, where n is the number of times
//     this happened. So nothing old is overwritten: the roots are set aside, and
//     entries and chunks stay under their keys, readable by their checksums, for
//     whoever exports the storage. The roots count as set aside.
//   - An entry or chunk: is set aside and counted; the rest goes on. In a
//     storage that is full it stays where it is.
//   - An entry or chunk that is missing and was not set aside counts as well,
//     at every replay until it is given up.
package journal
