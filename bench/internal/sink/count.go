package sink

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of opentelemetry-proto v1: the list of resources in a request,
// of scopes in a resource and of records in a scope, then what is read of a
// record.
const (
	fieldResources  = 1
	fieldScopes     = 2
	fieldRecords    = 2
	fieldAttributes = 6  // LogRecord
	fieldEventName  = 12 // LogRecord
	fieldKey        = 1  // KeyValue
	fieldValue      = 2  // KeyValue
	fieldIntValue   = 3  // AnyValue
)

// What an envelope calls itself and the number of its events.
const (
	envelopeEventName = "gen_ai_buffer.request"
	eventCountKey     = "gen_ai_buffer.event_count"
)

// tally is what one export request of logs holds.
type tally struct{ logs, envelopes, events int64 }

// countSpans counts the spans of an ExportTraceServiceRequest.
func countSpans(request []byte) (n int64, err error) {
	err = records(request, func([]byte) error {
		n++
		return nil
	})
	return n, err
}

// countLogs counts the records of an ExportLogsServiceRequest.
func countLogs(request []byte) (t tally, err error) {
	err = records(request, func(record []byte) error {
		envelope, events, invalid := readRecord(record)
		if envelope {
			t.envelopes++
			t.events += events
		} else {
			t.logs++
		}
		return invalid
	})
	return t, err
}

// records calls f with each record of a request of either signal.
func records(request []byte, f func([]byte) error) error {
	return fields(request, fieldResources, func(resource []byte) error {
		return fields(resource, fieldScopes, func(scope []byte) error {
			return fields(scope, fieldRecords, f)
		})
	})
}

// readRecord says whether a LogRecord is an envelope, and of how many events.
func readRecord(record []byte) (envelope bool, events int64, err error) {
	err = fields(record, fieldEventName, func(name []byte) error {
		envelope = string(name) == envelopeEventName
		return nil
	})
	if err != nil || !envelope {
		return false, 0, err
	}
	err = fields(record, fieldAttributes, func(attribute []byte) error {
		n, invalid := eventCount(attribute)
		events += n
		return invalid
	})
	return true, events, err
}

// eventCount is the value of a KeyValue that is the event count, else 0.
func eventCount(attribute []byte) (count int64, err error) {
	counts := false
	err = fields(attribute, fieldKey, func(key []byte) error {
		counts = string(key) == eventCountKey
		return nil
	})
	if err != nil || !counts {
		return 0, err
	}
	err = fields(attribute, fieldValue, func(value []byte) error {
		if len(value) == 0 {
			return nil // an empty value
		}
		num, typ, n := protowire.ConsumeTag(value)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if num != fieldIntValue || typ != protowire.VarintType {
			return nil
		}
		v, n := protowire.ConsumeVarint(value[n:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		count = int64(v)
		return nil
	})
	return count, err
}

// fields calls f with the bytes of every length-delimited field of that number.
func fields(message []byte, number protowire.Number, f func([]byte) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if num != number || typ != protowire.BytesType {
			n = protowire.ConsumeFieldValue(num, typ, message)
			if n < 0 {
				return protowire.ParseError(n)
			}
			message = message[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(value); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}
