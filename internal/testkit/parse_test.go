package testkit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit"
)

func TestParseHeader(t *testing.T) {
	d, err := testkit.Parse("x.txt", []byte(`title: a title
source: A1
needs: stored clock fixed-challenge=00ff
never: one two
people: alice 101 "Alice A." secret messages=no
objects: robot pwd apis=PbxSignal,PbxApi rights=cli_override
devices: alice.1 door=APPCLIENT flags=A|B pong=hold
devices: robot.7

# comment
clock 90s
clock 1m
`))
	if err != nil {
		t.Fatal(err)
	}
	alice, robot := d.People[0], d.Objects[0]
	for what, ok := range map[string]bool{
		"title":   d.Title == "a title" && d.Source == "A1",
		"needs":   d.Needs == testkit.Needs{Stored: true, Clock: true, FixedChallenge: "00ff"},
		"never":   len(d.Never) == 2 && d.Never[1] == "two",
		"person":  alice == testkit.Person{Name: "alice", Number: "101", Display: "Alice A.", Password: "secret", NoMessages: true},
		"object":  robot.Name == "robot" && len(robot.APIs) == 2 && robot.APIs[1] == "PbxApi" && robot.Rights[0] == "cli_override",
		"device":  d.Devices[0] == testkit.Device{Name: "alice.1", Flags: "A|B", Door: testkit.DoorAppClient, HoldPong: true},
		"default": d.Devices[1] == testkit.Device{Name: "robot.7", Door: testkit.DoorApps} && d.Devices[1].Person() == "robot",
		"clock":   d.ClockTotal() == 150*time.Second,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, d)
		}
	}
}

// small is a header; the steps begin in line 7.
const small = `title: t
source: s
needs: volatile
people: alice 101 "Alice" secret
devices: alice.1

`

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"title: t\n\n":                                  "x.txt:2: header without source",
		"title: t\nnonsense\n\n":                        "x.txt:2: not a header line",
		"people: alice\n\n":                             "x.txt:1: people: want",
		"objects: robot pwd\n\n":                        "x.txt:1: objects: want",
		"devices: alice.1\n\n":                          "device of nobody",
		"devices: alice\n\n":                            "x.txt:1: devices: want",
		"needs: clock\n\n":                              "either volatile or stored",
		"needs: volatile stored\n\n":                    "either volatile or stored",
		"needs: volatile fast\n\n":                      "unknown word fast",
		strings.Replace(small, "e.1\n", "e.1 x=y\n", 1): "x.txt:5: devices: unknown option x=y",
		strings.TrimSpace(small):                        "no empty line behind the header",
		strings.Replace(small, "\n\n", "\ndevices: alice.1\n\n", 1): "alice.1 stands there twice",
		small + "alice.1 dance":               "x.txt:7: not a step",
		small + "\nbob.1 connect":             "x.txt:8: unknown device bob.1",
		small + "alice.1 > {":                 "x.txt:7: not JSON",
		small + "alice.1 < {} {}":             "x.txt:7: not JSON: more than one value",
		small + "check $x == {":               "x.txt:7: not JSON",
		small + "match $x {":                  "x.txt:7: not JSON",
		small + "}":                           "} without unordered {",
		small + "unordered {":                 "unordered is not closed",
		small + "unordered {\nunordered {\n}": "unordered in unordered",
		small + "unordered {\nwait 1s\n}":     "x.txt:8: only receives may stand in unordered",
		small + "wait 1h":                     "not a step",
		small + "http PUT $u -> 200":          "not a step",
	} {
		_, err := testkit.Parse("x.txt", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
		if _, ok := errors.AsType[*testkit.LineError](err); !ok {
			t.Errorf("%q: no LineError in %v", text, err)
		}
	}
}

func TestCheckFinds(t *testing.T) {
	setup := `{"mt":"Signaling","src":"alice.1","call":"$c:neg","sig":{"type":"setup"}}`
	on := func(call, body string) string {
		return `{"mt":"Signaling","src":"alice.1","call":` + call + `,"sig":{` + body + `}}`
	}
	for steps, want := range map[string]string{
		`let $x = sha256 "$y"`:                 "$y is not bound",
		`check $x == 1`:                        "$x is not bound",
		"let $x = sha256 \"\"\ncheck $x == $y": "$y is not bound",
		`match $x {}`:                          "$x is not bound",
		`http GET $x -> 200`:                   "$x is not bound",
		`clock 1s`:                             "clock without needs",
		`alice.1 ping`:                         "ping without pong=hold",
		`alice.1 > {"a":["$x"]}`:               "sends unbound $x",
		`alice.1 < {"a":{"b":"$x"}}`:           "binds without type: $x",
		`alice.1 < {"a":"$x:word"}`:            "unknown type: $x:word",
		`alice.1 < {"a":"$int:neg"}`:           "type as name: $int:neg",
		`alice.1 < {"a":"$raw"}`:               "type as name: $raw",
		`alice.1 < {"mt":"Signaling","src":"alice.1","sig":{}}`:                           "Signaling without call",
		`alice.1 < ` + on(`"$c:neg"`, `"type":"conn"`):                                    "conn on a number that does not live: $c",
		`alice.1 < ` + on(`"$c:neg"`, `"type":"rel"`):                                     "rel on a number that does not live: $c",
		`alice.1 < ` + on(`1`, `"type":"call_proc"`):                                      "call_proc on a number that does not live: 1",
		"alice.1 < " + setup + "\nalice.1 drop\nalice.1 < " + on(`"$c"`, `"type":"conn"`): "x.txt:11: conn on a number",
		`bob.1 < ` + setup: `src "alice.1" is not of bob.1`,
		"alice.1 < " + setup + "\nbob.1 < " + strings.Replace(on(`"$c"`, `"type":"setup"`), "alice", "bob", 1): "number of another device: $c",
		`alice.1 < ` + on(`"$c:neg"`, `"type":"setup","fty":[{"type":"im_message","mid":1}]`):                  "im_message.mid at a published client",
		`alice.1 < ` + on(`"$c:neg"`, `"type":"setup","fty":[{"type":"im_receipt"}]`):                          "im_receipt at a published client",
	} {
		text := strings.Replace(small, "devices:", "people: bob 102 \"Bob\" secret\ndevices: bob.1\ndevices:", 1) + steps
		d, err := testkit.Parse("x.txt", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := testkit.Check(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", steps, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small + "alice.1 connect\nalice.1 > {\"a\":[1,{\"b\":\"$x\"}]}\nunordered {\nalice.1 < {}\n}\nclock 1m\n"))
	f.Add([]byte(small + "let $x = sha256 \"$y\"\ncheck $x == {}\nhttp GET $x -> 200 \"b\"\nalice.1 - 1ms\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := testkit.Parse("x.txt", text)
		if d == nil {
			t.Fatal("no dialogue")
		}
		if err == nil {
			_ = testkit.Check(d) // must not panic
			_ = d.ClockTotal()
		}
	})
}
