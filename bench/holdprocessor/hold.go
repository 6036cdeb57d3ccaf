// Package holdprocessor is a collector processor that keeps every batch as it
// came for a fixed time and then passes it on: what waiting alone costs, and so
// the floor under anything that gathers. It knows the collector's component
// interfaces; it must not look into the data. Only the collector that the
// benches measure has it.
package holdprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"
)

// Config is the configuration of a hold processor.
type Config struct {
	// For is how long every batch is kept.
	For time.Duration `mapstructure:"for"`
}

// NewFactory makes the factory of the hold processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(component.MustNewType("hold"),
		func() component.Config { return &Config{For: time.Second} },
		processor.WithLogs(newLogs, component.StabilityLevelDevelopment),
		processor.WithTraces(newTraces, component.StabilityLevelDevelopment))
}

// holder keeps batches until their time has come. Batches may come from any
// number of goroutines; each leaves from a goroutine of its own.
type holder struct {
	keep    time.Duration
	log     *zap.Logger
	waiting sync.WaitGroup
}

func newHolder(set processor.Settings, cfg component.Config) *holder {
	c, ok := cfg.(*Config)
	if !ok {
		c = &Config{}
	}
	return &holder{keep: c.For, log: set.Logger}
}

func (h *holder) hold(passOn func(context.Context) error) {
	h.waiting.Add(1)
	time.AfterFunc(h.keep, func() {
		defer h.waiting.Done()
		if err := passOn(context.Background()); err != nil {
			h.log.Error("a batch was lost", zap.Error(err))
		}
	})
}

// Capabilities claims the data for itself: it outlives the call.
func (*holder) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

// Start does nothing.
func (*holder) Start(context.Context, component.Host) error { return nil }

// Shutdown waits until everything has been passed on.
func (h *holder) Shutdown(context.Context) error {
	h.waiting.Wait()
	return nil
}

type logs struct {
	*holder
	next consumer.Logs
}

func newLogs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	return &logs{newHolder(set, cfg), next}, nil
}

// ConsumeLogs takes ld and returns at once.
func (l *logs) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	l.hold(func(ctx context.Context) error { return l.next.ConsumeLogs(ctx, ld) })
	return nil
}

type traces struct {
	*holder
	next consumer.Traces
}

func newTraces(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	return &traces{newHolder(set, cfg), next}, nil
}

// ConsumeTraces takes td and returns at once.
func (t *traces) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	t.hold(func(ctx context.Context) error { return t.next.ConsumeTraces(ctx, td) })
	return nil
}
