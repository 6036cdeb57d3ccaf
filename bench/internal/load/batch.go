package load

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Signal says which OTLP service takes a Batch.
type Signal uint8

const (
	// Logs go to the LogsService.
	Logs Signal = iota
	// Traces go to the TraceService.
	Traces
)

// method is the full gRPC method that exports the signal.
func (s Signal) method() string {
	if s == Traces {
		return "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	}
	return "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
}

// Batch is one OTLP export request, marshalled, with the places of the ids
// that make each sending of it new. It never changes once made.
type Batch struct {
	Signal  Signal
	Records int
	payload []byte
	patches []patch
}

// idKind is what stands at the place of a patch.
type idKind uint8

const (
	traceID    idKind = iota // 16 bytes
	spanID                   // 8 bytes
	responseID               // 16 hexadecimal digits
)

// patch is a place in a payload that takes an id of a request of the unit.
type patch struct {
	offset  int
	request uint64
	kind    idKind
}

// Bytes is the size of the OTLP message.
func (b *Batch) Bytes() int { return len(b.payload) }

// fill writes the payload into buf, which it grows as needed, with the ids of
// requests first, first+1, … in place of the markers.
func (b *Batch) fill(buf []byte, first uint64) []byte {
	buf = append(buf[:0], b.payload...)
	for _, p := range b.patches {
		n := first + p.request
		switch at := buf[p.offset:]; p.kind {
		case traceID:
			binary.BigEndian.PutUint64(at, scatter(n))
			binary.BigEndian.PutUint64(at[8:], scatter(n+1<<62))
		case spanID:
			binary.BigEndian.PutUint64(at, scatter(n+1<<63))
		case responseID:
			const digits = "0123456789abcdef"
			for i, v := 0, scatter(n); i < 16; i, v = i+1, v>>4 {
				at[i] = digits[v&15]
			}
		}
	}
	return buf
}

// scatter is a bijection that makes neighbours as unlike as random ids are
// (the finalizer of SplitMix64, Steele et al. 2014).
func scatter(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// markTrace, markSpan and markResponse are what stands in a template for the
// ids of one request.
func markTrace(request int) (id [16]byte) {
	copy(id[:], "\x01bench-trace\x02")
	binary.BigEndian.PutUint16(id[14:], uint16(request))
	return id
}

func markSpan(request int) (id [8]byte) {
	copy(id[:], "\x01bspn\x02")
	binary.BigEndian.PutUint16(id[6:], uint16(request))
	return id
}

func markResponse(request int) string { return fmt.Sprintf("response%08x", request) }

func logsBatch(ld plog.Logs, requests []int) Batch {
	payload, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		panic(err) // cannot be: it is our own constant
	}
	return newBatch(Logs, ld.LogRecordCount(), payload, requests)
}

func tracesBatch(td ptrace.Traces, requests []int) Batch {
	payload, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		panic(err) // cannot be: it is our own constant
	}
	return newBatch(Traces, td.SpanCount(), payload, requests)
}

// newBatch finds the markers of these requests of the unit in the payload.
func newBatch(signal Signal, records int, payload []byte, requests []int) Batch {
	b := Batch{Signal: signal, Records: records, payload: payload}
	find := func(marker []byte, request int, kind idKind) {
		for from := 0; ; {
			at := bytes.Index(payload[from:], marker)
			if at < 0 {
				return
			}
			b.patches = append(b.patches, patch{from + at, uint64(request), kind})
			from += at + len(marker)
		}
	}
	for _, r := range requests {
		trace, span := markTrace(r), markSpan(r)
		find(trace[:], r, traceID)
		find(span[:], r, spanID)
		find([]byte(markResponse(r)), r, responseID)
	}
	return b
}
