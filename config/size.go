package config

import (
	"fmt"
	"strconv"

	"github.com/docker/go-units"
)

// Size is a number of bytes, written in the configuration as a number or with
// a unit of 1024: 512MiB, 64KiB.
type Size int64

// UnmarshalText reads a number with or without unit.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := units.RAMInBytes(string(text))
	if err != nil {
		return fmt.Errorf("%q is no size: give bytes or a number with KiB, MiB or GiB: %w", text, err)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes the largest unit that keeps the value exact.
func (s Size) MarshalText() ([]byte, error) {
	for _, u := range []struct {
		bytes Size
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if s >= u.bytes && s%u.bytes == 0 {
			return append(strconv.AppendInt(nil, int64(s/u.bytes), 10), u.name...), nil
		}
	}
	return strconv.AppendInt(nil, int64(s), 10), nil
}
