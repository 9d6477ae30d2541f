package admin

import (
	"encoding/json"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Optional is a member of a PATCH: absent it leaves things as they are, null
// clears, anything else is the new value.
type Optional[T any] struct {
	given bool
	value T
}

// Some is a member that is given.
func Some[T any](v T) Optional[T] { return Optional[T]{given: true, value: v} }

// Maybe is a member that is given unless p is nil.
func Maybe[T any](p *T) Optional[T] {
	if p == nil {
		return Optional[T]{}
	}
	return Some(*p)
}

// Edit is the new value, or nil to leave it as it is.
func (o Optional[T]) Edit() *T {
	if !o.given {
		return nil
	}
	return &o.value
}

// IsZero makes omitzero leave out what is not given.
func (o Optional[T]) IsZero() bool { return !o.given }

// MarshalJSON implements json.Marshaler.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }

// UnmarshalJSON implements json.Unmarshaler. null is the zero value.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	var zero T
	o.given, o.value = true, zero
	return json.Unmarshal(text, &o.value)
}

// Schema implements huma.SchemaProvider.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, typeOf[T]())
	s.Nullable = true
	return &s
}

// trimLocation is what people call a part of a request: sip for body.sip.
func trimLocation(location string) string {
	for _, where := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, where); ok {
			return rest
		}
	}
	return location
}
