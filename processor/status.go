package processor

import (
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// statusReporter tells the collector whether delivery is stuck, once per
// change. It is safe for concurrent use.
type statusReporter struct {
	mu      sync.Mutex // guards everything declared below
	hosts   []component.Host
	stuckAt [causes]bool
}

// cause is what may be stuck.
type cause int

const (
	delivery cause = iota
	journaling
	causes
)

func (s *statusReporter) add(host component.Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts = append(s.hosts, host)
}

func (s *statusReporter) stuck(err error) {
	s.change(delivery, true, fmt.Errorf("envelopes are not delivered: %w", err))
}

func (s *statusReporter) ok() { s.change(delivery, false, nil) }

func (s *statusReporter) journalStuck(err error) {
	s.change(journaling, true, fmt.Errorf("the journal cannot be written, and nothing is taken: %w", err))
}

func (s *statusReporter) journalOK() { s.change(journaling, false, nil) }

func (s *statusReporter) lost(n int) {
	s.report(componentstatus.NewRecoverableErrorEvent(fmt.Errorf("%d envelopes could not be delivered before the shutdown and are lost", n)))
}

func (s *statusReporter) change(at cause, stuck bool, err error) {
	s.mu.Lock()
	changed := s.stuckAt[at] != stuck
	s.stuckAt[at] = stuck
	anywhere := s.stuckAt != [causes]bool{}
	s.mu.Unlock()
	switch {
	case changed && stuck:
		s.report(componentstatus.NewRecoverableErrorEvent(err))
	case changed && !anywhere:
		s.report(componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

func (s *statusReporter) report(event *componentstatus.Event) {
	s.mu.Lock()
	hosts := s.hosts
	s.mu.Unlock()
	for _, host := range hosts {
		componentstatus.ReportStatus(host, event)
	}
}

// rateLimited is a logger for what may happen a thousand times a second: of
// equal messages it writes ten a minute and one in a thousand after that.
func rateLimited(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, 10, 1000)
	}))
}
