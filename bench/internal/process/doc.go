// Package process starts one collector and reads what it costs: CPU time of the
// whole process, peak memory, live heap. It knows Linux and the endpoints that
// configs/base.yaml opens; it must not know what the collector is fed with or
// what is compared with what. The bench command calls it.
package process
