package event

import (
	"go.opentelemetry.io/collector/pdata/plog"
)

// PackOrigin is the written form of an origin: an OTLP LogsData message with one
// ResourceLogs and one ScopeLogs without records. The error is pdata's, which
// has none for what it holds.
func PackOrigin(o *Origin) ([]byte, error) {
	frame := plog.NewLogs()
	rl := frame.ResourceLogs().AppendEmpty()
	o.Resource.CopyTo(rl.Resource())
	rl.SetSchemaUrl(o.ResourceSchemaURL)
	o.Scope.CopyTo(rl.ScopeLogs().AppendEmpty().Scope())
	var marshaler plog.ProtoMarshaler
	return marshaler.MarshalLogs(frame)
}

// UnpackOrigin reads what PackOrigin wrote, and ErrCorrupt for anything else.
func UnpackOrigin(packed []byte) (*Origin, error) {
	var unmarshaler plog.ProtoUnmarshaler
	frame, err := unmarshaler.UnmarshalLogs(packed)
	if err != nil || frame.ResourceLogs().Len() != 1 || frame.ResourceLogs().At(0).ScopeLogs().Len() != 1 {
		return nil, ErrCorrupt
	}
	rl := frame.ResourceLogs().At(0)
	return &Origin{
		Resource:          rl.Resource(),
		ResourceSchemaURL: rl.SchemaUrl(),
		Scope:             rl.ScopeLogs().At(0).Scope(),
		Bytes:             len(packed),
		Packed:            packed,
	}, nil
}
