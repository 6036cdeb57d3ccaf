package report

import (
	"fmt"
	"slices"
)

// Series is one figure, measured once per round, in the order of the rounds.
type Series []float64

// Median is the middle value, for an even number the mean of the middle two,
// and 0 without values.
func (s Series) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Spread is the smallest and the largest value, zeros without values.
func (s Series) Spread() (smallest, largest float64) {
	if len(s) == 0 {
		return 0, 0
	}
	return slices.Min(s), slices.Max(s)
}

// Over divides round by round, so that what slows the machine down for a while
// slows both sides. The shorter series decides the length.
func (s Series) Over(base Series) Series {
	ratios := make(Series, min(len(s), len(base)))
	for i := range ratios {
		ratios[i] = s[i] / base[i]
	}
	return ratios
}

// Format writes median and spread, "1.42 (1.40..1.47)".
func (s Series) Format(decimals int) string {
	smallest, largest := s.Spread()
	if len(s) < 2 {
		return fmt.Sprintf("%.*f", decimals, s.Median())
	}
	return fmt.Sprintf("%.*f (%.*f..%.*f)", decimals, s.Median(), decimals, smallest, decimals, largest)
}
