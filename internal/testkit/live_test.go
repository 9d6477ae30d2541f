package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script stands for the program: it prints a URL and serves until it is ended,
// or writes down the command that it gets, with its standard input.
const script = `#!/bin/sh
if [ "$1" = serve ]; then
  echo "$@" >> "$LOG"
  echo "starting $*"
  echo "listening on http://127.0.0.1:4711 (no TLS)"
  trap 'echo ended >> "$LOG"; exit 0' TERM
  while :; do sleep 0.05; done
fi
echo "$@ < $(cat)" >> "$LOG"
if [ "$1" = links ]; then
  echo "APP                   URL  CONNECTED"
  echo "messages@example.com  -    $(grep -c '^links' "$LOG" | sed 's/1/no/;s/2/yes/')"
fi
`

func TestLiveStartsAndFills(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	t.Setenv("LOG", log)
	program := filepath.Join(dir, "pbx")
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("run", func(t *testing.T) {
		target := live{program}.Start(t, Setup{
			People: []Person{{Name: "alice", Number: "101", Display: "Alice A.", Password: "secret-alice"}},
			Objects: []Object{
				{Name: "robot", Password: "pwd", APIs: []string{"PbxSignal", "PbxApi"}},
				{Name: "gate", Password: "pwd-gate", APIs: []string{"PbxSignal"}, Rights: []string{"cli_override"}},
			},
		})
		if target.URL != "http://127.0.0.1:4711" || target.Advance != nil {
			t.Errorf("target %+v", target)
		}
	})
	got, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		" --messages off\n",
		"domain add example.com --data ",
		"user add alice@example.com --dn Alice A. --num 101 --password-stdin --data ",
		" < secret-alice\n",
		"app add robot@example.com --password-stdin --api PbxSignal --api PbxApi --data ",
		" < pwd\n",
		"app add gate@example.com --password-stdin --api PbxSignal --override-cli --data ",
		" < pwd-gate\n",
		"ended\n",
	} {
		_, rest, found := strings.Cut(string(got), want)
		if !found {
			t.Fatalf("no %q in the rest of\n%s", want, got)
		}
		got = []byte(rest)
	}
}

// A switch that stores: who has no store is told so, and the service is waited for.
func TestLiveStores(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	t.Setenv("LOG", log)
	program := filepath.Join(dir, "pbx")
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("run", func(t *testing.T) {
		live{program}.Start(t, Setup{Stored: true, People: []Person{{Name: "alice", Password: "x"}, {Name: "bob", Password: "x", NoMessages: true}}})
	})
	got, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{
		" --messages embedded\n": 1, "object set bob@example.com --messages-object :none ": 1, "object set alice": 0, "links --data": 2,
	} {
		if n := strings.Count(string(got), want); n != times {
			t.Errorf("%d times %q, want %d, in\n%s", n, want, times, got)
		}
	}
}

func TestLiveSkipsWhatItCannot(t *testing.T) {
	skipped := false
	t.Run("skip", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		live{"/nowhere"}.Start(t, Setup{FixedChallenge: "0123456789abcdef"})
	})
	if !skipped {
		t.Error("a fixed challenge is not skipped")
	}
}
