package envelope

import _ "embed" // for schema.json

// Schema is the JSON Schema (draft 2020-12) of the body, version 1: of the JSON
// that both forms carry. It is strict about what it knows and open to keys that
// later minor versions add. Callers must not modify it.
//
//go:embed schema.json
var Schema []byte
