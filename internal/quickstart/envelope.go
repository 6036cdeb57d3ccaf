package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// eventName marks a log record as an envelope.
const eventName = "gen_ai_buffer.request"

// envelope is what is shown of one.
type envelope struct {
	RequestID   string    `json:"request_id"`
	Kind        string    `json:"kind"`
	Part        int       `json:"part"`
	FlushReason string    `json:"flush_reason"`
	StartedAt   time.Time `json:"started_at"`
	DurationNS  int64     `json:"duration_ns"`
	Status      string    `json:"status"`
	Error       failure   `json:"error"`
	Usage       usage     `json:"usage"`
	Calls       []call    `json:"calls"`
	Counts      struct {
		Events int `json:"events"`
	} `json:"counts"`
	// From the record's attributes, which tell of the primary call.
	model, provider, agent, tool, finish string
}

type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type usage struct {
	InputTokens  *int64 `json:"input_tokens"`
	OutputTokens *int64 `json:"output_tokens"`
}

type call struct {
	Name               string    `json:"name"`
	SystemInstructions []part    `json:"system_instructions"`
	InputMessages      []message `json:"input_messages"`
	OutputMessages     []message `json:"output_messages"`
	// ContentSource has the carrier of each of them.
	ContentSource map[string]string `json:"content_source"`
}

type message struct {
	Role  string `json:"role"`
	Parts []part `json:"parts"`
}

type part struct {
	Type      string `json:"type"`
	Content   any    `json:"content"`
	Name      string `json:"name"`
	Arguments any    `json:"arguments"`
	Response  any    `json:"response"`
	Result    any    `json:"result"`
}

// readEnvelopes finds the envelopes in one line of OTLP-JSON. Other log
// records are counted.
func readEnvelopes(line []byte) (found []envelope, others int, err error) {
	logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line)
	if err != nil {
		return nil, 0, fmt.Errorf("not OTLP-JSON: %w", err)
	}
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if record.EventName() != eventName {
					others++
					continue
				}
				e, err := readEnvelope(record)
				if err != nil {
					return nil, 0, err
				}
				found = append(found, e)
			}
		}
	}
	return found, others, nil
}

func readEnvelope(record plog.LogRecord) (envelope, error) {
	var e envelope
	// A map and a string in JSON read the same here.
	if err := json.Unmarshal([]byte(record.Body().AsString()), &e); err != nil {
		return envelope{}, fmt.Errorf("an envelope's body: %w", err)
	}
	get := func(keys ...string) string {
		for _, key := range keys {
			if v, ok := record.Attributes().Get(key); ok {
				return plain(v)
			}
		}
		return ""
	}
	e.model = get("gen_ai.response.model", "gen_ai.request.model")
	e.provider = get("gen_ai.provider.name")
	e.agent = get("gen_ai.agent.name")
	e.tool = get("gen_ai.tool.name")
	e.finish = get("gen_ai.response.finish_reasons")
	return e, nil
}

// plain is a value without brackets and quotes.
func plain(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeSlice {
		return v.AsString()
	}
	var items []string
	for _, item := range v.Slice().All() {
		items = append(items, item.AsString())
	}
	return strings.Join(items, ",")
}
