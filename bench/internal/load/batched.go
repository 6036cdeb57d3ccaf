package load

import "slices"

// GatheredInBatches is Gathered with so many records in each batch, which is
// what decides how often a journal is written.
func GatheredInBatches(eventBytes, records int) Unit {
	requests := make([]int, max(batchRecords, records/EventsPerRequest))
	for i := range requests {
		requests[i] = i
	}
	u := Unit{Requests: len(requests), Events: len(requests) * EventsPerRequest}
	content := text(eventBytes)
	type message struct{ request, turn int }
	var messages []message
	for group := range slices.Chunk(requests, max(1, min(len(requests), records/EventsPerRequest))) {
		for i := range conversation {
			for _, r := range group {
				messages = append(messages, message{r, i})
			}
		}
	}
	for chunk := range slices.Chunk(messages, records) {
		ld, logs := newLogs()
		var of []int
		for _, m := range chunk {
			messageLog(logs.AppendEmpty(), m.request, m.turn, conversation[m.turn], content)
			of = append(of, m.request)
		}
		slices.Sort(of)
		u = u.with(logsBatch(ld, slices.Compact(of)))
	}
	for chunk := range slices.Chunk(requests, records) {
		td, spans := newTraces()
		for _, r := range chunk {
			inferenceSpan(spans.AppendEmpty(), r)
		}
		u = u.with(tracesBatch(td, chunk))
	}
	return u
}
