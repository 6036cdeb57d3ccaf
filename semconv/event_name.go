package semconv

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// EventName resolves the name of a log record's event: EventName, else the
// attribute event.name, else event_name, else the body's key event.name. Only
// strings count; empty when there is none. family is that of the record's scope.
func EventName(log plog.LogRecord, family string) string {
	if name := log.EventName(); isEventName(name) {
		return name
	}
	name := attributeName(log.Attributes())
	if name == "" {
		if body, ok := MapOf(log.Body()); ok {
			if v, ok := body.Get(AttrEventName); ok {
				name = v.Str()
			}
		}
	}
	if name == "" {
		return log.EventName()
	}
	if family != "" && !strings.HasPrefix(name, family) {
		return family + name
	}
	return name
}

// SpanEventName is the same for a span event.
func SpanEventName(ev ptrace.SpanEvent) string {
	if isEventName(ev.Name()) {
		return ev.Name()
	}
	if name := attributeName(ev.Attributes()); name != "" {
		return name
	}
	return ev.Name()
}

func attributeName(attrs pcommon.Map) string {
	for _, key := range [...]string{AttrEventName, AttrEventNameUnderscore} {
		if v, ok := attrs.Get(key); ok && v.Str() != "" {
			return v.Str()
		}
	}
	return ""
}

// isEventName says that a name is one, and not the place in the source that
// Rust's tracing calls every event by ("event src/main.rs:12"); Codex's name then
// stands in event.name.
func isEventName(name string) bool {
	if !strings.HasPrefix(name, "event ") {
		return name != ""
	}
	at := strings.LastIndexByte(name, ':')
	return at < 0 || at == len(name)-1 || strings.Trim(name[at+1:], "0123456789") != ""
}

// EventFamily is the prefix that the names of a scope's events lack in
// event.name, empty for nearly all (instrumentations.md 2).
func EventFamily(scope string) string {
	if strings.HasPrefix(scope, scopeClaude) {
		return prefixClaude
	}
	return ""
}
