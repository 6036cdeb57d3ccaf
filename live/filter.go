package live

import (
	"fmt"
	"slices"
	"strings"
)

// filterKey is one key of a filter. Those that tell most apart come first: an
// event is looked up by the first key that a filter has.
type filterKey uint8

const (
	byRequest filterKey = iota
	byTrace
	byConversation
	byName
	byModel
	byService
	byProvider
	byOperation
	byKind
	byStatus
	byProcessor
	filterKeyCount
)

var filterNames = [filterKeyCount]string{
	byRequest: "request_id", byTrace: "trace_id", byConversation: "conversation_id", byName: "name",
	byModel: "model", byService: "service", byProvider: "provider", byOperation: "operation",
	byKind: "kind", byStatus: "status", byProcessor: "processor",
}

// FilterKeys are the keys that ParseFilter knows.
func FilterKeys() []string { return slices.Clone(filterNames[:]) }

// Filter says what a reader wants to see: any value of one key, of all keys that
// it has. It sees a request as it is known so far: what came before a provider
// was known, say, is not repeated once it is. The zero value wants everything.
type Filter struct {
	want [filterKeyCount][]string
}

// ParseFilter takes the keys of a filter from query parameters; others are not
// looked at. An empty value is a value.
func ParseFilter(parameters map[string][]string) Filter {
	var f Filter
	for key, name := range filterNames {
		if values := parameters[name]; len(values) > 0 {
			f.want[key] = slices.Compact(slices.Sorted(slices.Values(values)))
		}
	}
	return f
}

// MaxFilterValues is how many values a filter that comes from outside may have,
// over all keys: each of them is looked at for every event.
const MaxFilterValues = 32

// Validate says which key has too many values for a filter from outside.
func (f *Filter) Validate() error {
	total, most := 0, filterKey(0)
	for key, values := range f.want {
		total += len(values)
		if len(values) > len(f.want[most]) {
			most = filterKey(key)
		}
	}
	if total <= MaxFilterValues {
		return nil
	}
	return fmt.Errorf("%s: %d values, and %d in all filters of this request, are too many: %d in all are allowed",
		filterNames[most], len(f.want[most]), total, MaxFilterValues)
}

// All says that the filter wants everything.
func (f *Filter) All() bool {
	for _, values := range f.want {
		if values != nil {
			return false
		}
	}
	return true
}

// key is the same for filters that want the same.
func (f *Filter) key() string {
	var b strings.Builder
	for key, values := range f.want {
		for _, value := range values {
			b.WriteByte(byte(key))
			b.WriteString(value)
			b.WriteByte(0xff) // in no valid text
		}
	}
	return b.String()
}

// leading is the key that an event is looked up by.
func (f *Filter) leading() filterKey {
	for key, values := range f.want {
		if values != nil {
			return filterKey(key)
		}
	}
	return filterKeyCount
}

// asks says whether the filter wants to know more of a request than its ids.
func (f *Filter) asks() bool {
	for key, values := range f.want {
		if values != nil && filterKey(key) != byRequest && filterKey(key) != byName && filterKey(key) != byProcessor {
			return true
		}
	}
	return false
}

// seen is what there is to an event for filters. Its request's digest is nil
// when nobody asks for it.
type seen struct {
	name      string
	request   string
	processor string
	trace     string
	digest    *digest
}

// matchesRequest says whether a request as a whole is wanted; name is not asked.
func (f *Filter) matchesRequest(s *seen) bool {
	for key, values := range f.want {
		if values != nil && filterKey(key) != byName && !s.hasAny(filterKey(key), values) {
			return false
		}
	}
	return true
}

func (f *Filter) matches(s *seen) bool {
	if names := f.want[byName]; names != nil && !hasName(s.name, names) {
		return false
	}
	return f.matchesRequest(s)
}

func hasName(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func (s *seen) hasAny(key filterKey, values []string) bool {
	first, second := s.values(key)
	for _, value := range values {
		if value != "" && (value == first || value == second) {
			return true
		}
	}
	return false
}

// values are what the event has for a key, of which a model can be two.
func (s *seen) values(key filterKey) (first, second string) {
	switch key {
	case byRequest:
		return s.request, ""
	case byProcessor:
		return s.processor, ""
	}
	if s.digest == nil {
		return "", ""
	}
	d := s.digest
	switch key {
	case byTrace:
		return d.trace, s.trace
	case byConversation:
		return d.conversation, ""
	case byModel:
		return d.requestModel, d.responseModel
	case byService:
		return d.service, ""
	case byProvider:
		return d.provider, ""
	case byOperation:
		return d.operation, ""
	case byKind:
		return d.kind, ""
	case byStatus:
		return d.status, ""
	}
	return "", ""
}
