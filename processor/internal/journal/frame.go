package journal

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

const (
	magic   = 0xB6
	version = 1

	sumAt   = 2
	stateAt = sumAt + 4
	// HeadSize is how many bytes of a frame come before its payload.
	HeadSize = stateAt + 8 + 2*4*8
)

// The two logs, and how their keys begin.
const (
	entries = iota
	chunks
)

var (
	prefixes   = [2]string{"e/", "p/"}
	rootKeys   = [2]string{"root/0", "root/1"}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

const (
	asidePrefix = "aside/"
	keySize     = len("e/") + 16
)

// Values of this size and more are followed by spacers (see the package
// comment).
const (
	spacedFrom = 1024
	spacers    = 3
	spacerSize = keySize + len("/1")
)

func spaced(length int) bool { return length >= spacedFrom }

// sizeOf is what a value of some length takes, with its key and spacers.
func sizeOf(length int) int {
	if spaced(length) {
		return keySize + length + spacers*spacerSize
	}
	return keySize + length
}

func appendSpacers(ops []Op, kind OpKind, key string) []Op {
	for n := range spacers {
		op := Op{Kind: kind, Key: key + "/" + string(rune('1'+n))}
		if kind == OpSet {
			op.Value = []byte{}
		}
		ops = append(ops, op)
	}
	return ops
}

// state is where the log stands.
type state struct {
	sequence uint64
	logs     [2]extent
}

// extent is where one of the two logs stands.
type extent struct {
	oldest, first, next, largest uint64
}

// stateFrom is that of an empty log whose first ids come after base.
func stateFrom(base uint64) state {
	empty := extent{oldest: base + 1, first: base + 1, next: base + 1}
	return state{sequence: base, logs: [2]extent{empty, empty}}
}

// Frame appends room for what comes before a payload to dst. Append the payload
// to what it answers, and give Write the slice that begins where dst ended: so
// the payload is never copied.
func Frame(dst []byte) []byte {
	dst = append(dst, magic, version)
	var room [HeadSize - sumAt]byte
	return append(dst, room[:]...)
}

func framed(frame []byte) bool {
	return len(frame) >= HeadSize && frame[0] == magic && frame[1] == version
}

// seal fills in the head of a frame that is written under key.
func seal(key string, frame []byte, s *state) {
	words := frame[stateAt:stateAt]
	words = binary.LittleEndian.AppendUint64(words, s.sequence)
	for _, log := range s.logs {
		for _, word := range [4]uint64{log.oldest, log.first, log.next, log.largest} {
			words = binary.LittleEndian.AppendUint64(words, word)
		}
	}
	binary.LittleEndian.PutUint32(frame[sumAt:], checksum(key, frame[stateAt:]))
}

// unseal reads a value that stands under key; ok is whether it can be read. The
// payload lies within value.
func unseal(key string, value []byte) (s state, payload []byte, ok bool) {
	if !framed(value) || binary.LittleEndian.Uint32(value[sumAt:]) != checksum(key, value[stateAt:]) {
		return state{}, nil, false
	}
	words := value[stateAt:HeadSize]
	word := func() (n uint64) {
		n, words = binary.LittleEndian.Uint64(words), words[8:]
		return n
	}
	s.sequence = word()
	for i := range s.logs {
		s.logs[i] = extent{oldest: word(), first: word(), next: word(), largest: word()}
		if log := s.logs[i]; log.oldest == 0 || log.oldest > log.first || log.first > log.next {
			return state{}, nil, false
		}
	}
	return s, value[HeadSize:], true
}

func checksum(key string, rest []byte) uint32 {
	var short [32]byte
	return crc32.Update(crc32.Checksum(append(short[:0], key...), castagnoli), castagnoli, rest)
}

func keyOf(log int, id uint64) string {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], id)
	key := make([]byte, 0, keySize)
	return string(hex.AppendEncode(append(key, prefixes[log]...), number[:]))
}
