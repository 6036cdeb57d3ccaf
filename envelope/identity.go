package envelope

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// ID is the identity of one record (envelope.md, "Identity"): the first 32 hex
// digits of SHA-256 over the request id, the part's number in decimal digits
// and the 16 bytes of the opening, separated by NUL. It is the same over a
// re-delivery and differs between two openings of one request id.
func ID(requestID string, part int, opening [16]byte) string {
	id := identify(requestID, part, opening)
	return string(id[:])
}

func identify(requestID string, part int, opening [16]byte) (id [32]byte) {
	var scratch [160]byte
	data := append(scratch[:0], validText(requestID)...)
	data = append(data, 0)
	data = strconv.AppendInt(data, int64(part), 10)
	data = append(data, 0)
	data = append(data, opening[:]...)
	sum := sha256.Sum256(data)
	hex.Encode(id[:], sum[:16])
	return id
}
