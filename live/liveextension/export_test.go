package liveextension

// Patterns are the routes that are served.
func Patterns() []string {
	var all []string
	for _, one := range routeTable {
		all = append(all, one.pattern)
	}
	return all
}
