package journal

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var someState = state{7, [2]extent{{1, 2, 3, 40}, {4, 4, 6, 70}}}

func TestFrameLeavesRoomInPlace(t *testing.T) {
	buffer := make([]byte, 0, 1000)
	frame := append(Frame(buffer), "payload"...)
	require.Len(t, frame, HeadSize+len("payload"))
	seal("e/1", frame, &someState)
	assert.Same(t, &buffer[:1][0], &frame[0])
	s, payload, ok := unseal("e/1", frame)
	require.True(t, ok)
	assert.Equal(t, someState, s)
	assert.Equal(t, "payload", string(payload))
	_, _, ok = unseal("e/2", frame)
	assert.False(t, ok, "it belongs to another key")
}

func TestImpossibleStateIsUnreadable(t *testing.T) {
	for _, bad := range []extent{{0, 0, 0, 0}, {2, 1, 3, 0}, {1, 4, 3, 0}} {
		frame := Frame(nil)
		seal("root/0", frame, &state{1, [2]extent{{1, 1, 1, 0}, bad}})
		_, _, ok := unseal("root/0", frame)
		assert.False(t, ok, "%v", bad)
	}
}

// FuzzUnseal: what can be read is exactly what would be written.
func FuzzUnseal(f *testing.F) {
	frame := append(Frame(nil), "payload"...)
	seal("e/0000000000000001", frame, &someState)
	f.Add("e/0000000000000001", frame)
	f.Add("root/0", frame)
	f.Add("root/0", Frame(nil))
	f.Add("", []byte{})
	f.Add("e/0000000000000001", frame[:HeadSize-1])
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		requireSameAgain(t, key, value)
		if len(value) >= HeadSize { // with what else a value needs being right
			value = bytes.Clone(value)
			value[0], value[1] = magic, version
			binary.LittleEndian.PutUint32(value[sumAt:], checksum(key, value[stateAt:]))
			requireSameAgain(t, key, value)
		}
	})
}

func requireSameAgain(t *testing.T, key string, value []byte) {
	if s, payload, ok := unseal(key, value); ok {
		again := append(Frame(nil), payload...)
		seal(key, again, &s)
		require.Equal(t, value, again)
	}
}
