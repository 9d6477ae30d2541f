package admin

import (
	"encoding/base64"
	"sort"
	"strings"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"What was found."`
	Next  string `json:"next,omitempty" doc:"Cursor of the next part; absent at the end."`
}

// pageOf cuts a part out of a list that is sorted by key. The cursor is the key
// of the last item that was sent: what comes and goes meanwhile shifts nothing.
func pageOf[T any](list []T, cursor string, limit int, key func(T) string) (Page[T], error) {
	from := 0
	if cursor != "" {
		last, err := readCursor(cursor)
		if err != nil {
			return Page[T]{}, err
		}
		from = sort.Search(len(list), func(i int) bool { return strings.Compare(key(list[i]), last) > 0 })
	}
	to := min(from+limit, len(list))
	p := Page[T]{Items: list[from:to]}
	if p.Items == nil {
		p.Items = []T{}
	}
	if to < len(list) {
		p.Next = makeCursor(key(list[to-1]))
	}
	return p, nil
}

// A cursor is opaque: nobody may build one.
func makeCursor(last string) string { return base64.RawURLEncoding.EncodeToString([]byte(last)) }

func readCursor(cursor string) (string, error) {
	last, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", wrong(BadCursor, "cursor", "The cursor is not one that an answer of this list had.")
	}
	return string(last), nil
}

func mapped[From, To any](list []From, f func(From) To) []To {
	to := make([]To, 0, len(list))
	for _, one := range list {
		to = append(to, f(one))
	}
	return to
}
