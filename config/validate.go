package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

var (
	_ component.Config = (*Processor)(nil)
	_ component.Config = (*Connector)(nil)
)

// Validate refuses what cannot work. Each error names the key, the value and
// what is allowed.
func (p *Processor) Validate() error {
	return errors.Join(
		p.Buffer.validate(),
		oneOf("traces::content", p.Traces.Content, ContentKeep, ContentStrip),
		oneOf("logs::originals", p.Logs.Originals, OriginalsAbsorb, OriginalsForward),
	)
}

// Validate refuses what cannot work.
func (c *Connector) Validate() error { return c.validate() }

// validate is not exported: the collector would call it by itself and name a key
// "buffer" that is not there.
func (b *Buffer) validate() error {
	errs := []error{
		named("prefixes", b.Prefixes, true),
		b.validateKinds(),
		named("request_id::attributes", b.RequestID.Attributes, false),
		oneOf("request_id::fallback", b.RequestID.Fallback, FallbackSpan, FallbackTrace),
		named("end_events", b.EndEvents, false),
		oneOf("order", b.Order, OrderTime, OrderArrival),
		oneOf("envelope::body", b.Envelope.Body, BodyMap, BodyJSON),
		b.validateTimes(),
		positive("limits::max_requests", b.Limits.MaxRequests),
		positive("limits::max_remembered", b.Limits.MaxRemembered),
		positive("limits::max_bytes", b.Limits.MaxBytes),
		positive("limits::max_request_events", b.Limits.MaxRequestEvents),
		positive("limits::max_request_bytes", b.Limits.MaxRequestBytes),
		positive("limits::max_event_bytes", b.Limits.MaxEventBytes),
		positive("envelope::max_batch_bytes", b.Envelope.MaxBatchBytes),
		b.validateShutdown(),
		b.validateRetry(),
	}
	return errors.Join(errs...)
}

func (b *Buffer) validateTimes() error {
	var errs []error
	for _, d := range []struct {
		key      string
		value    time.Duration
		positive bool
	}{
		{"linger", b.Linger, false},
		{"ttl", b.TTL, true},
		{"max_age", b.MaxAge, true},
		{"late_window", b.LateWindow, false},
	} {
		switch {
		case d.value < 0:
			errs = append(errs, fmt.Errorf("%s: %s is negative; give a duration of 0s or more", d.key, d.value))
		case d.positive && d.value == 0:
			errs = append(errs, fmt.Errorf("%s: 0s would flush every request at once; give a duration above 0s", d.key))
		}
	}
	if b.TTL > 0 && b.TTL < b.Linger {
		errs = append(errs, fmt.Errorf("ttl: %s is below linger (%s); give a ttl of at least %s", b.TTL, b.Linger, b.Linger))
	}
	return errors.Join(errs...)
}

func (b *Buffer) validateKinds() error {
	if err := named("kinds", b.Kinds, true); err != nil {
		return err
	}
	allowed := []string{KindAll}
	for _, k := range semconv.Kinds {
		allowed = append(allowed, string(k))
	}
	var errs []error
	for _, k := range b.Kinds {
		errs = append(errs, oneOf("kinds", k, allowed...))
	}
	return errors.Join(errs...)
}

func (b *Buffer) validateRetry() error {
	if b.RetryOnFailure.Enabled && b.RetryOnFailure.InitialInterval == 0 {
		return errors.New("retry_on_failure::initial_interval: 0s would retry without a pause; give a duration above 0s")
	}
	return nil
}

func (b *Buffer) validateShutdown() error {
	if b.Shutdown == "" {
		return nil
	}
	if err := oneOf("shutdown", b.Shutdown, ShutdownFlush, ShutdownPersist); err != nil {
		return err
	}
	if b.Shutdown == ShutdownPersist && b.Storage == nil {
		return errors.New(`shutdown: "persist" needs a place to persist to; set storage to the id of a storage extension, or use "flush"`)
	}
	return nil
}

func oneOf[T ~string](key string, value T, allowed ...T) error {
	quoted := make([]string, len(allowed))
	for i, a := range allowed {
		if value == a {
			return nil
		}
		quoted[i] = string(a)
	}
	return fmt.Errorf("%s: %q is unknown; use one of %s", key, string(value), strings.Join(quoted, ", "))
}

func positive[T ~int | ~int64](key string, value T) error {
	if value <= 0 {
		return fmt.Errorf("%s: %d is no limit; give a number above 0", key, int64(value))
	}
	return nil
}

// named checks a list of names: no empty name, and not an empty list where the
// list is needed.
func named(key string, values []string, needed bool) error {
	if needed && len(values) == 0 {
		return fmt.Errorf("%s: [] is empty; give at least one, or leave the key out for the default", key)
	}
	for i, v := range values {
		if v == "" {
			return fmt.Errorf("%s::%d: \"\" is empty; give a name", key, i)
		}
	}
	return nil
}
