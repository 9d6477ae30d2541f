package testkit

import (
	"strings"
	"testing"
	"time"
)

func TestWatchWantsUTF8(t *testing.T) {
	w := newWatch(nil, time.Now)
	if _, err := w.received([]byte("{\"a\":\"\xff\"}")); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Error(err)
	}
}

func TestNodeKeepsBytes(t *testing.T) {
	n, err := parseJSON([]byte(` { "a" : [ 1.50 , {"b": "\u0061"} ,null], "c":true , "a":2} `))
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		string(n.get("a").raw):             `[ 1.50 , {"b": "\u0061"} ,null]`,
		string(n.get("a").elems[0].raw):    `1.50`,
		string(n.get("a").elems[1].raw):    `{"b": "\u0061"}`,
		n.get("a").elems[1].get("b").str(): "a",
		string(n.get("c").raw):             "true",
		string(n.members[2].value.raw):     "2",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
