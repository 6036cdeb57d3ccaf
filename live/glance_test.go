package live_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// glance is what a test of millions looks at in a frame.
type glance struct {
	raw []byte
	// position is 0 for a frame without an id.
	position uint64
	name     string
	data     []byte
}

// loss answers what a stream.lost tells; all are 0 when it cannot be known.
func (g *glance) loss() (from, to, count uint64, err error) {
	var told struct{ From, To, Count uint64 }
	err = json.Unmarshal(g.data, &told)
	return told.From, told.To, told.Count, err
}

// glanceAt goes through the frames of pieces.
func glanceAt(pieces [][]byte, look func(g *glance) error) error {
	var g glance
	for _, rest := range pieces {
		for len(rest) > 0 {
			end := bytes.Index(rest, []byte("\n\n"))
			if end < 0 {
				return fmt.Errorf("a frame that does not end: %q", rest)
			}
			if err := g.read(rest[:end+2]); err != nil {
				return err
			}
			if err := look(&g); err != nil {
				return fmt.Errorf("%w: %q", err, g.raw)
			}
			rest = rest[end+2:]
		}
	}
	return nil
}

func (g *glance) read(raw []byte) (err error) {
	g.raw, g.position = raw, 0
	lines := raw[:len(raw)-1]
	if id, has := bytes.CutPrefix(lines, []byte("id: ")); has {
		id, lines, _ = bytes.Cut(id, []byte("\n"))
		_, position, _ := bytes.Cut(id, []byte("-"))
		if g.position, err = strconv.ParseUint(string(position), 10, 64); err != nil {
			return err
		}
	}
	name, is := bytes.CutPrefix(lines, []byte("event: "))
	name, lines, _ = bytes.Cut(name, []byte("\n"))
	data, has := bytes.CutPrefix(lines, []byte("data: "))
	if !is || !has || bytes.Count(data, []byte("\n")) != 1 {
		return fmt.Errorf("no such frame: %q", raw)
	}
	g.data = data[:len(data)-1]
	if string(name) != g.name {
		g.name = string(name)
	}
	return nil
}
