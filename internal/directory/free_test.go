package directory_test

import (
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
)

func TestFreeNumbers(t *testing.T) {
	b := newBench(t)
	for i, num := range []string{"099", "100", "101", "998", "999", "7"} {
		b.add(directory.User, directory.NewObject{SIP: "u" + string(rune('a'+i)), Num: num})
	}
	for _, c := range []struct {
		near  string
		limit int
		want  []string
	}{
		{"100", 2, []string{"098", "102"}},
		{"100", 3, []string{"098", "102", "097"}},
		{"999", 2, []string{"997", "996"}}, // 1000 has another length
		{"000", 1, []string{"001"}},
		{"7", 2, []string{"6", "8"}},
		{"", 2, []string{}},
		{"*21", 2, []string{}},
		{"1234567890123456", 2, []string{}},
	} {
		if got := b.FreeNumbers(b.dom.ID, "", c.near, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("near %q: %q, want %q", c.near, got, c.want)
		}
	}
	if got := b.FreeNumbers(b.dom.ID+100, "", "100", 2); len(got) != 0 {
		t.Errorf("of a domain that is not there: %q", got)
	}
}
