package liveextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/genaibuffer/genaibufferprocessor/live/liveextension/internal/metadata"
)

// NewFactory makes the factory of the gen_ai_live extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		metadata.Type,
		func() component.Config { return NewDefaultConfig() },
		func(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			return newExtension(set, cfg.(*Config)), nil
		},
		metadata.ExtensionStability,
	)
}
