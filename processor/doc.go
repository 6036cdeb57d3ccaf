// Package processor is the heart of gen_ai_buffer: the faces that stand in
// traces and logs pipelines, and the one Engine behind them.
//
// A face decides what of a batch belongs to a request (gather_*.go), the
// Engine reserves capacity (admission.go), lets what passes through go on,
// and puts what was gathered into the store (internal/buffer). A timer flushes
// what is due (engine.go); a deliverer builds envelopes and hands them to the
// next consumer of the logs pipeline until it has accepted them (delivery.go).
// With storage, the journal has everything before the call that brought it
// returns, and every part before it leaves (durable.go, internal/journal).
//
//	traces face --.                                                 .--> next consumer of
//	               >-- reserve -> pass on -> journal -> append      |    the logs pipeline
//	logs face ----'                                       |         |
//	                                                   [store] -> [parts] -> build, journal, deliver
//	                                           timer -----'
//
// The faces of one component id share one Engine through the Registry that
// hangs on the factory. What an envelope looks like is not known here.
package processor
