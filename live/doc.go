// Package live shows requests while they happen: the small interface that
// publishers see, and the hub behind it.
//
// Whoever gathers requests calls Publish with what one step did. The hub numbers
// it, keeps it in one ring for all readers and in an index of requests, and
// wakes those who wait; every reader goes through the shared log at its own
// cursor. JSON is made when somebody looks, once for all who do, and in blocks of
// many events that each reader is given as they are.
//
//	cursor = epoch "-" position
//	epoch  = 16 hex digits, drawn when the hub is made
//	position = decimal, the number of an event, from 1; 0 is before the first
//
//	frame  = "id: " cursor LF "event: " name LF "data: " JSON object LF LF
//
// It knows what an observed fact is (event), how it is written (envelope), the
// names of attributes (semconv) and pdata. It must never know of HTTP, of
// components, of configuration files or of how requests are gathered. Publishers
// are engines; readers are the faces of the live extension.
package live
