package config

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// Processor is the configuration of the gen_ai_buffer processor.
type Processor struct {
	Buffer `mapstructure:",squash"`
	Traces Traces `mapstructure:"traces"`
	Logs   Logs   `mapstructure:"logs"`
}

// Connector is the configuration of the gen_ai_buffer connector. It emits
// envelopes only, so it has no say about what passes through.
type Connector struct {
	Buffer `mapstructure:",squash"`
}

// Buffer is what both forms have in common. The keys are described in README
// and fixed by the specification of the processor.
type Buffer struct {
	Prefixes       []string                  `mapstructure:"prefixes"`
	Kinds          []string                  `mapstructure:"kinds"`
	RequestID      RequestID                 `mapstructure:"request_id"`
	EndEvents      []string                  `mapstructure:"end_events"`
	Order          Order                     `mapstructure:"order"`
	Linger         time.Duration             `mapstructure:"linger"`
	TTL            time.Duration             `mapstructure:"ttl"`
	MaxAge         time.Duration             `mapstructure:"max_age"`
	LateWindow     time.Duration             `mapstructure:"late_window"`
	Limits         Limits                    `mapstructure:"limits"`
	Envelope       Envelope                  `mapstructure:"envelope"`
	RetryOnFailure configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	Storage        *component.ID             `mapstructure:"storage"`
	Shutdown       Shutdown                  `mapstructure:"shutdown"`
	Live           *component.ID             `mapstructure:"live"`
}

// RequestID says how a record names its request.
type RequestID struct {
	// Attributes are tried first; the first one present on a record wins.
	Attributes []string `mapstructure:"attributes"`
	Fallback   Fallback `mapstructure:"fallback"`
}

// Limits bound what is held. Sizes are bytes of OTLP.
type Limits struct {
	MaxRequests      int  `mapstructure:"max_requests"`
	MaxRemembered    int  `mapstructure:"max_remembered"`
	MaxBytes         Size `mapstructure:"max_bytes"`
	MaxRequestEvents int  `mapstructure:"max_request_events"`
	MaxRequestBytes  Size `mapstructure:"max_request_bytes"`
	MaxEventBytes    Size `mapstructure:"max_event_bytes"`
}

// Traces says what happens to the spans that travel on.
type Traces struct {
	Content Content `mapstructure:"content"`
}

// Logs says what happens to the log records that were gathered.
type Logs struct {
	Originals Originals `mapstructure:"originals"`
}

// Envelope says what an envelope carries and how.
type Envelope struct {
	Body          Body `mapstructure:"body"`
	Events        bool `mapstructure:"events"`
	Messages      bool `mapstructure:"messages"`
	MaxBatchBytes Size `mapstructure:"max_batch_bytes"`
}

// The enumerations. Their values are spelled as in the configuration.
type (
	// Fallback identifies a request that no attribute names.
	Fallback string
	// Order sorts the events of an envelope.
	Order string
	// Content is whether forwarded spans keep content.
	Content string
	// Originals is whether gathered log records also travel on.
	Originals string
	// Body is the form of an envelope's body.
	Body string
	// Shutdown is what happens to open requests at shutdown; empty means
	// flush without storage and persist with it.
	Shutdown string
)

// Persists says whether open requests stay in storage at shutdown.
func (b *Buffer) Persists() bool {
	return b.Storage != nil && b.Shutdown != ShutdownFlush
}

// Values of the enumerations.
const (
	FallbackSpan  Fallback = "span"
	FallbackTrace Fallback = "trace"

	OrderTime    Order = "time"
	OrderArrival Order = "arrival"

	ContentKeep  Content = "keep"
	ContentStrip Content = "strip"

	OriginalsAbsorb  Originals = "absorb"
	OriginalsForward Originals = "forward"

	BodyMap  Body = "map"
	BodyJSON Body = "json"

	ShutdownFlush   Shutdown = "flush"
	ShutdownPersist Shutdown = "persist"

	// KindAll stands for every kind of span.
	KindAll = "all"
)

// Defaults are the defaults of what both forms have in common.
func Defaults() Buffer {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return Buffer{
		Prefixes:   []string{"gen_ai."},
		Kinds:      []string{KindAll},
		RequestID:  RequestID{Fallback: FallbackSpan},
		Order:      OrderTime,
		Linger:     10 * time.Second,
		TTL:        10 * time.Minute,
		MaxAge:     time.Hour,
		LateWindow: 15 * time.Minute,
		Limits: Limits{
			MaxRequests:      100_000,
			MaxRemembered:    1_000_000,
			MaxBytes:         512 << 20,
			MaxRequestEvents: 10_000,
			MaxRequestBytes:  1536 << 10,
			MaxEventBytes:    1 << 20,
		},
		Envelope: Envelope{
			Body:          BodyMap,
			Events:        true,
			Messages:      true,
			MaxBatchBytes: 3 << 20,
		},
		RetryOnFailure: retry,
	}
}

// NewProcessor is the processor's default configuration.
func NewProcessor() component.Config {
	return &Processor{
		Buffer: Defaults(),
		Traces: Traces{Content: ContentKeep},
		Logs:   Logs{Originals: OriginalsAbsorb},
	}
}

// NewConnector is the connector's default configuration.
func NewConnector() component.Config {
	return &Connector{Buffer: Defaults()}
}

// MakesRequest says whether spans of this kind make requests.
func (b *Buffer) MakesRequest(kind semconv.Kind) bool {
	for _, k := range b.Kinds {
		if k == KindAll || k == string(kind) {
			return true
		}
	}
	return false
}
