// Package live measures the gen_ai_live extension and its hub beside two
// published SSE servers for Go, go-sse and r3labs/sse, under one load: events of
// about 512 bytes, in process and over loopback HTTP.
//
// Every measurement is a process of its own, which the bench command starts as
// itself (Main); it knows nothing of rounds and tables. All servers write events
// as they write them to a client, in process to io.Discard.
package live
