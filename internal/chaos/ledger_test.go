package chaos

import (
	"fmt"
	"strings"
	"testing"
)

// story is a ledger in which a has written five messages, of which all but the
// last are acknowledged.
func story() *Ledger {
	l := NewLedger("a", "b")
	for i := range 5 {
		n, _ := l.Write("a", fmt.Sprint("id", i+1))
		if n < 5 {
			l.Acknowledge("a", n)
			l.Acknowledge("a", n)
		}
	}
	return l
}

// rows are messages of a, in the order of numbers.
func rows(numbers ...int) []Row {
	var list []Row
	for i, n := range numbers {
		list = append(list, Row{ID: int64(10 + i), CID: fmt.Sprint("id", n), Author: "a", Text: fmt.Sprint("a ", n)})
	}
	return list
}

// Every way in which a store can fail is found; what is right is not.
func TestLedger(t *testing.T) {
	for name, tc := range map[string]struct {
		rows []Row
		want string // words of the one finding, empty for none
	}{
		"everything":             {rows(1, 2, 3, 4), ""},
		"more than acknowledged": {rows(1, 2, 3, 4, 5), ""},
		"one is missing":         {rows(1, 2, 4), `"a 3", id3, is missing`},
		"the last is missing":    {rows(1, 2, 3), `"a 4", id4, is missing`},
		"nothing is there":       {nil, "a 1"},
		"one is there twice":     {rows(1, 2, 3, 2, 4), `"a 2" is there twice, as 11 and 13`},
		"order":                  {rows(1, 3, 2, 4), `"a 2" comes after "a 3"`},
		"written by nobody":      {append(rows(1, 2, 3, 4), Row{ID: 99, Author: "a", Text: "a 6"}), "by nobody"},
		"no text of ours":        {append(rows(1, 2, 3, 4), Row{ID: 99, Author: "a", Text: "hello"}), "by nobody"},
		"another author":         {append(rows(1, 2, 3, 4), Row{ID: 99, CID: "id5", Author: "b", Text: "a 5"}), "said to be of b"},
		"another id":             {append(rows(1, 2, 3, 4), Row{ID: 99, CID: "id6", Author: "a", Text: "a 5"}), "not"},
		"numbers go back":        {append(rows(1, 2, 3, 4), Row{ID: 3, CID: "id5", Author: "a", Text: "a 5"}), "row 3 comes after row 13"},
	} {
		t.Run(name, func(t *testing.T) {
			l := story()
			got := append(l.Found(tc.rows), l.Missing()...)
			text := strings.Join(got, "\n")
			if tc.want == "" && len(got) > 0 || tc.want != "" && !strings.Contains(text, tc.want) {
				t.Errorf("found %q, want %q", text, tc.want)
			}
			if l.Acknowledged() != 4 {
				t.Errorf("%d are acknowledged", l.Acknowledged())
			}
		})
	}
}

// What is read in parts is judged like what is read at once, and again from the
// beginning.
func TestLedgerInParts(t *testing.T) {
	l := story()
	all := rows(1, 2, 3, 4)
	if wrong := append(l.Found(all[:2]), l.Found(all[2:])...); len(wrong) > 0 || l.Newest() != 13 {
		t.Errorf("%q, newest %d", wrong, l.Newest())
	}
	if wrong := l.Found(all[3:]); len(wrong) != 2 {
		t.Errorf("a repeated row: %q", wrong)
	}
	l.Forget()
	if len(l.Missing()) != 4 || l.Newest() != 0 {
		t.Errorf("%q are missing, newest %d", l.Missing(), l.Newest())
	}
	if wrong := append(l.Found(all), l.Missing()...); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}
