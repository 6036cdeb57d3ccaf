// Package envelopetest holds envelopes to their schema and to what the schema
// cannot say. It is for tests only: every test that produces an envelope, in
// any package, calls Validate on it.
package envelopetest

import (
	"bytes"
	"fmt"
	"math"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/genaibuffer/genaibufferprocessor/envelope"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Validate fails t unless record is an envelope: its body, in map or JSON form,
// satisfies the schema of version 1; a map body holds nothing that JSON cannot;
// counts, ids and sequence numbers agree with each other; and the record's own
// fields and attributes say the same as the body.
//
// It cannot know the opening, so that it does not check how id was made, nor
// the options, so that it accepts events in order of time and of arrival.
func Validate(t testing.TB, record plog.LogRecord) {
	t.Helper()
	body := Body(t, record)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err, "body is JSON")
	if err := schema(t).Validate(instance); err != nil {
		require.Fail(t, "body does not satisfy the schema", "%v\n%s", err, body)
	}
	if record.Body().Type() == pcommon.ValueTypeMap {
		assertClean(t, "body", record.Body())
	}
	for k, v := range record.Attributes().All() {
		assertClean(t, "attribute "+k, v)
	}
	e := envelopeOf(t, body)
	e.assertCounts(t)
	e.assertOrder(t)
	e.assertTimes(t)
	e.assertHeader(t, record)
	e.assertAttributes(t, record.Attributes())
}

// Body is the JSON of an envelope's body, whichever its form.
func Body(t testing.TB, record plog.LogRecord) []byte {
	t.Helper()
	switch body := record.Body(); body.Type() {
	case pcommon.ValueTypeStr:
		require.True(t, utf8.ValidString(body.Str()), "body is UTF-8")
		return []byte(body.Str())
	case pcommon.ValueTypeMap:
		return envelope.AppendJSON(nil, body)
	default:
		require.Fail(t, "body is neither map nor string", "%s", body.Type())
		return nil
	}
}

const schemaURL = "https://github.com/genaibuffer/genaibufferprocessor/envelope/schema.json"

var compile = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(envelope.Schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaURL, document); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaURL)
})

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	compiled, err := compile()
	require.NoError(t, err, "schema compiles")
	return compiled
}

// assertClean fails on values that have no JSON form of their own or that a
// strict reader of OTLP refuses.
func assertClean(t testing.TB, path string, v pcommon.Value) {
	t.Helper()
	switch v.Type() {
	case pcommon.ValueTypeStr:
		assert.True(t, utf8.ValidString(v.Str()), "%s is UTF-8", path)
	case pcommon.ValueTypeDouble:
		assert.False(t, math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0), "%s has a JSON number", path)
	case pcommon.ValueTypeBytes:
		assert.Fail(t, "bytes in a map body", path)
	case pcommon.ValueTypeSlice:
		for i, element := range v.Slice().All() {
			assertClean(t, fmt.Sprintf("%s[%d]", path, i), element)
		}
	case pcommon.ValueTypeMap:
		seen := make(map[string]struct{}, v.Map().Len())
		for key, entry := range v.Map().All() {
			assert.True(t, utf8.ValidString(key), "key %q in %s is UTF-8", key, path)
			_, twice := seen[key]
			assert.False(t, twice, "key %q in %s is there once", key, path)
			seen[key] = struct{}{}
			assertClean(t, path+"."+key, entry)
		}
	}
}

// EventName is the name of every envelope's record.
const EventName = semconv.EnvelopeEventName
