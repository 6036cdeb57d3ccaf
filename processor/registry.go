package processor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

// Registry lets the faces of one component id share an Engine. A factory has
// one; every load of a configuration makes factories anew, so nothing outlives
// a reload. It is safe for concurrent use.
type Registry struct {
	mu      sync.Mutex
	engines map[component.ID]*Engine
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry {
	return &Registry{engines: map[component.ID]*Engine{}}
}

// face is one place of a component id in a pipeline.
type face struct {
	engine *Engine
	// outlet is where envelopes go, nil for a face that offers none.
	outlet consumer.Logs
	// leave runs what the last face to leave must do.
	leave func()
	once  sync.Once
}

// Settings are what a face is created with.
type Settings struct {
	ID        component.ID
	Telemetry component.TelemetrySettings
	// Version is the build's, which the envelopes' scope tells.
	Version string
	// Kind is the form of the component. A processor has one outlet, its logs
	// pipeline; all outlets of a connector lead to the same consumers.
	Kind component.Kind
	// strips says that spans travel on without their content, which only the
	// envelope has then.
	strips bool
}

// join enters a face. It allocates nothing that needs closing: the collector
// creates components that it never starts or shuts down.
func (r *Registry) join(set Settings, cfg *config.Buffer, outlet consumer.Logs) *face {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.engines[set.ID]
	if e == nil {
		e = newEngine(set, cfg)
		r.engines[set.ID] = e
	}
	f := &face{engine: e, outlet: outlet}
	f.leave = func() { r.leave(set.ID, e) }
	e.join(f)
	return f
}

func (r *Registry) leave(id component.ID, e *Engine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.leave() && r.engines[id] == e {
		delete(r.engines, id)
	}
}

func (f *face) start(ctx context.Context, host component.Host) error {
	return f.engine.start(ctx, f, host)
}

// shutdown may be called twice, and without start.
func (f *face) shutdown(ctx context.Context) error {
	var err error
	f.once.Do(func() {
		err = f.engine.stop(ctx, f)
		f.leave()
	})
	return err
}

// checkOutlets refuses a configuration whose envelopes have nowhere to go, or
// two places.
func (e *Engine) checkOutlets() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	outlets := 0
	for _, f := range e.faces {
		if f.outlet != nil {
			outlets++
		}
	}
	switch {
	case outlets == 0:
		return fmt.Errorf("%q stands in no logs pipeline, where its envelopes would leave: add it to the processors of one logs pipeline, or use the gen_ai_buffer connector", e.set.ID)
	case outlets > 1 && e.set.Kind == component.KindProcessor:
		return fmt.Errorf("%q stands in %d logs pipelines, but its envelopes leave in one: give each logs pipeline a processor of its own (gen_ai_buffer/name), or use the gen_ai_buffer connector", e.set.ID, outlets)
	}
	return nil
}

// checkExtensions refuses ids that are no such extension.
func (e *Engine) checkExtensions(host component.Host) error {
	var errs []error
	if id := e.cfg.Storage; id != nil {
		_, err := storageOf(*id, host)
		errs = append(errs, err)
	}
	if id := e.cfg.Live; id != nil {
		_, err := liveOf(*id, host)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
