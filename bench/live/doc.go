// Package live measures the gen_ai_live extension beside two published SSE
// servers for Go, in one process and under one load: events of about 512 bytes
// in process and over loopback HTTP. It has benchmarks only.
package live
