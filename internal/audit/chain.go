package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Hash is the hash of a row. Its text is 64 hexadecimal digits in lower case.
type Hash [sha256.Size]byte

// String is the text of the hash.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	var read Hash
	n, err := hex.Decode(read[:], text[:min(len(text), 2*len(read))])
	if err != nil || n != len(read) || read.String() != string(text) {
		return fmt.Errorf("%q is not a hash of 64 hexadecimal digits in lower case", text)
	}
	*h = read
	return nil
}

// hashOf is the hash of a stored column.
func hashOf(column []byte) (h Hash, ok bool) {
	return h, copy(h[:], column) == len(h) && len(column) == len(h)
}

// Sum computes the hash of an entry from everything else in it. The package
// comment says how.
func (e *Entry) Sum() Hash {
	b := make([]byte, 0, 1024)
	b = append(b, "tandem audit row\x00\x01"...)
	b = appendInt(b, e.Number)
	b = appendInt(b, e.Time.UnixMilli())
	b = append(b, e.Previous[:]...)
	b = appendTexts(b, string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, e.Actor.Role, e.From, e.Act)
	b = appendInt(b, int64(e.Domain.ID))
	b = appendTexts(b, e.Domain.Name, e.Object.Kind, e.Object.ID, e.Object.Name, string(e.Outcome), e.Code, e.Reason)
	b = appendInt(b, int64(len(e.Details)))
	for _, d := range e.Details {
		b = appendTexts(b, d.Name, d.Old, d.New)
	}
	return sha256.Sum256(b)
}

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func appendTexts(b []byte, texts ...string) []byte {
	for _, text := range texts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return b
}

// Mark names a row and its content. The zero Mark stands before the first row.
type Mark struct {
	Number int64 `json:"number"`
	Hash   Hash  `json:"hash"`
}

// chain walks from row to row. It starts after its first at.
type chain struct{ at Mark }

// add looks whether the entry is the one that comes next.
func (c *chain) add(e *Entry) *Fault {
	want := c.at.Number + 1
	switch {
	case e.Number > want:
		return &Fault{FaultMissing, want, e.Number - 1}
	case e.Number < want || e.Sum() != e.Hash:
		return &Fault{FaultChanged, e.Number, e.Number}
	case e.Previous != c.at.Hash:
		return &Fault{FaultChanged, max(c.at.Number, 1), e.Number}
	}
	c.at = Mark{e.Number, e.Hash}
	return nil
}
