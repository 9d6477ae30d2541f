package main

import (
	"slices"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/bench"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--only", "g1, G3,", "--seconds", "0.5", "--pairs", "7"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Only, []string{"G1", "G3"}) || o.Window != 500*time.Millisecond || o.Pairs != 7 || o.Rounds != 5 {
		t.Errorf("%+v", o)
	}
}

// --quick shortens what the user has not chosen otherwise.
func TestQuick(t *testing.T) {
	o, err := parse([]string{"--quick", "--rounds", "3"})
	if err != nil {
		t.Fatal(err)
	}
	if !o.Quick || o.Rounds != 3 || o.Window != 250*time.Millisecond || o.Pairs >= 200 || o.Idle >= 2000 {
		t.Errorf("%+v", o)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"--pairs", "0"}, {"--rounds", "0"}, {"--seconds", "0"}, {"--idle", "1"}, {"surplus"}, {"--no-such-flag"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v accepted", args)
		}
	}
}

func TestChildIsOurselves(t *testing.T) {
	cmd := child(bench.NATS)
	if cmd.Path == "" || !slices.Equal(cmd.Args[1:], []string{childWord, "N"}) {
		t.Errorf("%v", cmd.Args)
	}
}
