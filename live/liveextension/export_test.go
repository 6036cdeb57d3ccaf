package liveextension

import (
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/genaibuffer/genaibufferprocessor/live"
)

// Stats are the numbers of the hub, asked for without a connection.
func Stats(extension component.Component) live.Stats { return extension.(*liveExtension).hub.Stats() }

// StopIn sets how long a stop has to write what was published, to write at all,
// and to end.
func StopIn(extension component.Component, drain, write, all time.Duration) {
	extension.(*liveExtension).stopIn = stopTimes{drain: drain, write: write, all: all}
}

// BreakListener has the server fail for a reason of its own.
func BreakListener(extension component.Component) error {
	return extension.(*liveExtension).listener.Close()
}

// Patterns are the routes that are served.
func Patterns() []string {
	var all []string
	for _, one := range routeTable {
		all = append(all, one.pattern)
	}
	return all
}
