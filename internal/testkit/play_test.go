package testkit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/testkit"
)

const head = `title: t
source: s
needs: volatile clock
never: onerror
people: alice 101 "Alice" secret-alice
people: bob 102 "Bob" secret-bob
objects: robot pwd-robot apis=PbxSignal
devices: alice.1 flags=NO_MEDIA_CALL
devices: bob.1 flags=NO_MEDIA_CALL|IM_EXT
devices: bob.2 door=APPCLIENT flags=NO_MEDIA_CALL|IM_INBOX
devices: bob.3 pong=hold
devices: robot.1

`

// say is the step by which device makes the parrot send frame to itself.
func say(device, frame string) string { return sayTo(device, "", frame, 0) }

func sayTo(device, to, frame string, after int) string {
	b, _ := json.Marshal(map[string]any{"mt": "Say", "to": to, "text": frame, "after": after})
	return device + " > " + string(b) + "\n"
}

// playText plays a dialogue of the common head and the steps.
func playText(t *testing.T, steps string) error {
	t.Helper()
	d, err := testkit.Parse("test.txt", []byte(head+steps))
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Play(d, startParrot(t, d.Setup()))
}

func sig(src, call, body string) string {
	return `{"api":"PbxSignal","mt":"Signaling","src":"` + src + `","call":` + call + `,"sig":{` + body + `}}`
}

const (
	setupBody = `"type":"setup","cg":{},"cd":{},"channel":0,"fty":[{"type":"im_setup"}]`
	relBody   = `"type":"rel","cau":{"num":16}`
)

func TestPlayPasses(t *testing.T) {
	for name, steps := range map[string]string{
		"doors": "alice.1 connect\nbob.2 connect\nrobot.1 connect\nbob.1 login\nbob.3 socket\n" +
			"check $inbox.bob.2 == -9\n",
		"bind and send": "alice.1 connect\n" +
			say("alice.1", `{"a":-7,"b":"x\u0041","c":{"d" : [1, 2.50]}}`) +
			`alice.1 < {"a":"$n:neg","b":"$s:str","c":"$r:raw"}` + "\n" +
			"check $n == -7\n" + `check $r == {"d" : [1, 2.50]}` + "\n" +
			`match $r {"d":[1,"$rest"]}` + "\n" +
			`alice.1 > {"mt":"Say","text":{"x":"$s","n":"$n","r":"$r","y":"$repeat:z:3"}}` + "\n" +
			`alice.1 < {"x":"xA","n":-7,"r":{"d":[1,2.5]},"y":"zzz"}` + "\n",
		"digest": `let $d = sha256 "abc"` + "\n" +
			`check $d == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"` + "\n" +
			`let $e = encode "a b/$d."` + "\nlet $f = decode \"$e\"\ncheck $e != $f\n",
		"optional": "alice.1 connect\n" + say("alice.1", `{"mt":"B"}`) +
			`alice.1 <? {"mt":"A","x":"$never"}` + "\n" + `alice.1 < {"mt":"B"}` + "\n" + `alice.1 <? {"mt":"C"}` + "\n",
		"pass over": "alice.1 connect\n" + say("alice.1", `{"mt":"A"}`) + say("alice.1", `{"mt":"B"}`) + say("alice.1", `{"mt":"C"}`) +
			`alice.1 <~ {"mt":"B"}` + "\n",
		"unordered": "alice.1 connect\nbob.1 connect\n" +
			say("alice.1", `{"mt":"B","n":1}`) + sayTo("alice.1", "bob.1", `{"mt":"C","n":5}`, 50) + say("alice.1", `{"mt":"A"}`) +
			"unordered {\n" + `alice.1 < {"mt":"A"}` + "\n" + `alice.1 <? {"mt":"X"}` + "\n" + `bob.1 < {"n":"$n:int"}` + "\n" +
			`alice.1 <? {"mt":"B","n":1}` + "\n}\ncheck $n == 5\n",
		"unordered optional unused": "alice.1 connect\n" + say("alice.1", `{"mt":"A"}`) + say("alice.1", `{"mt":"C"}`) +
			"unordered {\n" + `alice.1 < {"mt":"A"}` + "\n" + `alice.1 <? {"mt":"B"}` + "\n}\n" + `alice.1 < {"mt":"C"}` + "\n",
		"nothing":         "alice.1 connect\n" + sayTo("alice.1", "", `{"mt":"A"}`, 300) + "alice.1 - 100ms\n" + `alice.1 < {"mt":"A"}` + "\n",
		"within":          "alice.1 connect\n" + sayTo("alice.1", "", `{"mt":"A"}`, 50) + "within 1s\n" + `alice.1 < {"mt":"A"}` + "\n",
		"drop and return": "alice.1 connect\n" + say("alice.1", `{"mt":"left over"}`) + "wait 50ms\nalice.1 drop\nalice.1 connect\n",
		"closed":          "alice.1 connect\n" + `alice.1 > {"mt":"Hang","code":1008}` + "\nalice.1 closed 1008\nalice.1 connect\n",
		"pings": "bob.3 connect\n" + `bob.3 > {"mt":"SendPing"}` + "\nbob.3 ping\n" + `bob.3 > {"mt":"Pongs"}` + "\n" +
			`bob.3 < {"n":0}` + "\nbob.3 pong\nwait 50ms\n" + `bob.3 > {"mt":"Pongs"}` + "\n" + `bob.3 < {"n":1}` + "\n",
		"automatic pong": "alice.1 connect\n" + `alice.1 > {"mt":"SendPing"}` + "\nwait 50ms\n" + `alice.1 > {"mt":"Pongs"}` + "\n" +
			`alice.1 < {"n":1}` + "\n",
		"http": httpSteps("alice.1 connect\n", "http GET $u -> 404\n"+`http POST $u "x" -> 200 "stored"`+"\n"),
		"clock": "alice.1 connect\nclock 61s\n" + `alice.1 > {"mt":"WhatTime"}` + "\n" + `alice.1 < {"sec":"$sec","steps":7}` + "\n" +
			"clock 10m\n" + `alice.1 > {"mt":"WhatTime"}` + "\n" + `alice.1 < {"sec":"$sec"}` + "\n",
		"numbers": "alice.1 connect\n" + say("alice.1", sig("alice.1", "-1", setupBody)) + `alice.1 < {"call":-1}` + "\n" +
			say("alice.1", sig("alice.1", "-1", relBody)) + `alice.1 < {"call":-1}` + "\nclock 61s\n" +
			say("alice.1", sig("alice.1", "-1", setupBody)) + `alice.1 < {"call":-1}` + "\n",
		"own number again": "alice.1 connect\n" + `alice.1 > ` + sig("alice.1", "1", setupBody) + "\n" +
			say("alice.1", sig("alice.1", "1", relBody)) + `alice.1 < {"call":1}` + "\n" +
			`alice.1 > ` + sig("alice.1", "1", setupBody) + "\n" +
			say("alice.1", sig("alice.1", "1", `"type":"call_proc"`)) + `alice.1 < {"call":1}` + "\n",
		"late failure": "bob.1 connect\n" + say("bob.1", sig("bob.1", "1", relBody)) + `bob.1 < {"call":1}` + "\n" +
			say("bob.1", sig("bob.1", "1", `"type":"facility","fty":[{"type":"im_receipt","state":"failed"}]`)) + `bob.1 < {"call":1}` + "\n",
		"extension for those who asked": "bob.1 connect\n" +
			say("bob.1", sig("bob.1", "-1", `"type":"facility","fty":[{"type":"im_message","id":"1","mid":2,"alt":"","chat":"","timestamp":1}]`)) +
			`bob.1 < {"call":-1}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := playText(t, steps); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPlayFails holds the runner to what it is for: every difference is found,
// at the right line, and the message says what was expected and received.
func TestPlayFails(t *testing.T) {
	const c = "alice.1 connect\n" // line 14
	receive := func(frame, pattern string) string { return c + say("alice.1", frame) + "alice.1 < " + pattern + "\n" }
	for name, tc := range map[string]struct{ steps, want string }{
		"other value":      {receive(`{"mt":"A","x":[{"y":1}]}`, `{"x":[{"y":2}]}`), "test.txt:16: x[0].y is 1, want 2"},
		"other string":     {receive(`{"mt":"A"}`, `{"mt":"B"}`), `mt is "A", want "B"`},
		"other kind":       {receive(`{"x":"1"}`, `{"x":1}`), `x is "1", want 1`},
		"null":             {receive(`{"x":null}`, `{"x":false}`), `x is null`},
		"missing":          {receive(`{"mt":"A"}`, `{"x":1}`), "x is missing"},
		"must be absent":   {receive(`{"a":{"x":1}}`, `{"a":{"!":["x"]}}`), "a.x must be absent"},
		"short array":      {receive(`{"a":[1]}`, `{"a":[1,2]}`), "a has 1 elements, want 2"},
		"long array":       {receive(`{"a":[1,2]}`, `{"a":[1]}`), "a has 2 elements, want 1"},
		"rest too short":   {receive(`{"a":[1]}`, `{"a":[1,2,"$rest"]}`), "a has 1 elements, want 2"},
		"type neg":         {receive(`{"a":1}`, `{"a":"$n:neg"}`), "a is 1, want $neg"},
		"type pos":         {receive(`{"a":0}`, `{"a":"$pos"}`), "a is 0, want $pos"},
		"type int":         {receive(`{"a":1.5}`, `{"a":"$int"}`), "a is 1.5, want $int"},
		"type ms":          {receive(`{"a":1767225600}`, `{"a":"$ms"}`), "want $ms"},
		"type sec":         {receive(`{"a":1767225600000}`, `{"a":"$sec"}`), "want $sec"},
		"type guid":        {receive(`{"a":"0123"}`, `{"a":"$guid"}`), "want $guid"},
		"type hex16":       {receive(`{"a":"0123456789ABCDEF"}`, `{"a":"$hex16"}`), "want $hex16"},
		"type str":         {receive(`{"a":""}`, `{"a":"$str"}`), "want $str"},
		"other than bound": {receive(`{"a":1,"b":2}`, `{"a":"$n:int","b":"$n"}`), "b is 2, but $n is 1"},
		"failed match binds nothing": {receive(`{"a":1,"b":2}`, `{"a":1}`) + say("alice.1", `{"a":5,"b":6}`) +
			`alice.1 <? {"a":"$n:int","b":7}` + "\ncheck $n == 5\n", "$n is not bound"},
		"nothing comes":     {c + "within 100ms\nalice.1 < {}\n", "test.txt:16: nothing received within 100ms"},
		"something comes":   {c + say("alice.1", `{"a":1}`) + "alice.1 - 200ms\n", "expected nothing for 200ms"},
		"left over":         {c + say("alice.1", `{"a":1}`), "1 left at the end of the dialogue"},
		"passed to the end": {c + say("alice.1", `{"a":1}`) + "within 100ms\n" + `alice.1 <~ {"a":2}` + "\n", "nothing received within 100ms"},
		"bytes": {receive(`{"a":{"x": 1}}`, `{"a":"$r:raw"}`) + `check $r == {"x":1}` + "\n",
			"test.txt:17: $r is {\"x\": 1}\n  not == {\"x\":1}"},
		"not different":   {receive(`{"a":1,"b":1}`, `{"a":"$a:int","b":"$b:int"}`) + "check $a != $b\n", "not != 1"},
		"match":           {receive(`{"a":{"b":1}}`, `{"a":"$r:raw"}`) + `match $r {"b":2}` + "\n", "b is 1, want 2"},
		"unordered":       {c + say("alice.1", `{"mt":"B"}`) + "unordered {\n" + `alice.1 < {"mt":"A"}` + "\n}\n", "test.txt:17: fits none of the 1 receives"},
		"unordered twice": {c + say("alice.1", `{"mt":"A"}`) + say("alice.1", `{"mt":"A"}`) + "unordered {\n" + `alice.1 < {"mt":"A"}` + "\n}\n", "1 left at the end"},
		"unordered missing": {c + say("alice.1", `{"mt":"A"}`) + "within 200ms\nunordered {\n" + `alice.1 < {"mt":"A"}` + "\n" +
			`alice.1 < {"mt":"B"}` + "\n}\n", "test.txt:19: nothing received within 200ms"},
		"wrong code":     {c + `alice.1 > {"mt":"Hang","code":1001}` + "\nalice.1 closed 1008\n", "want code 1008"},
		"not closed":     {c + "within 100ms\nalice.1 closed 1008\n", "not closed within 100ms"},
		"closed instead": {c + `alice.1 > {"mt":"Hang","code":1008}` + "\nalice.1 < {}\n", "the connection has ended"},
		"closed unseen":  {c + `alice.1 > {"mt":"Hang","code":1008}` + "\n", "first: the end of the connection"},
		"no ping":        {"bob.3 connect\nwithin 100ms\nbob.3 ping\n", "no ping within 100ms"},
		"no held ping":   {"bob.3 connect\nbob.3 pong\n", "there is no ping to answer"},
		"not connected":  {`alice.1 > {}` + "\n", "it has no socket"},
		"login":          {strings.Replace(c, "alice.1", "bob.2", 1) + `bob.2 > {"mt":"Login","method":"digest","username":"bob"}` + "\n" + `bob.2 < {"mt":"LoginResult","!":["error"]}` + "\n", "error must be absent"},

		"not JSON":        {c + say("alice.1", `{"a":`) + "alice.1 < {}\n", "not JSON"},
		"two values":      {c + say("alice.1", `{} {}`) + "alice.1 < {}\n", "more than one value"},
		"not an object":   {c + say("alice.1", `[1]`) + "alice.1 < {}\n", "not an object"},
		"twice":           {receive(`{"a":1,"a":1}`, `{}`), "member a stands there twice"},
		"twice escaped":   {receive(`{"x":{"ab":1,"a\u0062":2}}`, `{}`), "two parsers read the frame differently"},
		"case":            {receive(`{"x":[{"data":1,"Data":2}]}`, `{}`), "members x[0].data and Data differ only in case"},
		"word":            {receive(`{"a":"<b oNerror=x>"}`, `{}`), `the word "onerror" may stand in no frame`},
		"word escaped":    {receive(`{"a":"on\u0065rror"}`, `{}`), `the word "onerror" may stand in no frame`},
		"empty fty":       {receive(sig("alice.1", "-1", `"type":"alert","fty":[]`), `{}`), "fty is not a list with elements"},
		"rel without cau": {receive(sig("alice.1", "-1", `"type":"rel"`), `{}`), "a rel without a number"},
		"rel cau string":  {receive(sig("alice.1", "-1", `"type":"rel","cau":{"num":"16"}`), `{}`), "a rel without a number"},
		"rel with loc":    {receive(sig("alice.1", "-1", `"type":"rel","cau":{"num":16,"loc":0}`), `{}`), "cau.loc"},
		"src missing":     {receive(`{"mt":"Signaling","call":-1,"sig":{"type":"alert"}}`, `{}`), "no Register had that"},
		"src foreign":     {receive(sig("bob.1", "-1", `"type":"alert"`), `{}`), "no Register had that"},
		"positive setup":  {receive(sig("alice.1", "5", setupBody), `{}`), "a setup of the switch with number 5"},
		"setup without cg": {receive(sig("alice.1", "-1", `"type":"setup","cd":{},"channel":0,"fty":[{}]`), `{}`),
			"a setup without cg"},
		"setup without fty": {receive(sig("alice.1", "-1", `"type":"setup","cg":{},"cd":{},"channel":0`), `{}`), "without fty"},
		"number in use": {receive(sig("alice.1", "-1", setupBody), `{}`) + say("alice.1", sig("alice.1", "-1", setupBody)) + "alice.1 < {}\n",
			"number -1, which is in use"},
		"number too early": {receive(sig("alice.1", "-1", setupBody), `{}`) + "alice.1 > " + sig("alice.1", "-1", relBody) + "\nclock 50s\n" +
			say("alice.1", sig("alice.1", "-1", setupBody)) + "alice.1 < {}\n", "a setup on number -1, released 5"},
		"after rel": {receive(sig("alice.1", "1", relBody), `{}`) + say("alice.1", sig("alice.1", "1", `"type":"alert"`)) + "alice.1 < {}\n",
			"a message on number 1 after its rel"},
		"receipt":       {receive(sig("alice.1", "-1", `"type":"facility","fty":[{"type":"im_receipt"}]`), `{}`), "im_receipt at a client without IM_EXT"},
		"id":            {receive(sig("alice.1", "-1", `"type":"facility","fty":[{"type":"im_message","id":"x"}]`), `{}`), "im_message.id at a client"},
		"chat":          {receive(sig("alice.1", "-1", `"type":"facility","fty":[{"type":"x"},{"type":"im_message","chat":"x"}]`), `{}`), "im_message.chat"},
		"inbox":         {receive(sig("alice.1", "-1", `"type":"setup","cg":{},"cd":{},"channel":0,"fty":[{"type":"im_setup","inbox":true}]`), `{}`), "im_setup.inbox"},
		"fault unread":  {c + say("alice.1", `{"a":1,"A":1}`) + "wait 100ms\n", "differ only in case"},
		"http status":   {httpSteps(c, "http GET $u -> 200\n"), "status 404, want 200"},
		"http body":     {httpSteps(c, `http POST $u "x" -> 200 "other"`+"\n"), `body "stored", want "other"`},
		"recent frames": {receive(`{"mt":"A"}`, `{"mt":"B"}`), `"mt":"Say"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := playText(t, tc.steps)
			if err == nil {
				t.Fatal("the dialogue passes")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error does not say %q:\n%v", tc.want, err)
			}
		})
	}
}

func httpSteps(connect, step string) string {
	return connect + `alice.1 > {"mt":"Where"}` + "\n" + `alice.1 < {"url":"$u:str"}` + "\n" + step
}
