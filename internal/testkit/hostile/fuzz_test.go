package hostile_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// phrases are what random sessions are made of: each byte of the input picks one.
// %s is the text of the input, as it stands.
var phrases = []string{
	`{"api":"PbxSignal","mt":"Register","src":"eve","flags":"NO_MEDIA_CALL|IM_EXT"}`,
	`{"api":"PbxSignal","mt":"Register","src":"eve","flags":"%s"}`,
	`{"api":"PbxSignal","mt":"Register","src":"in","flags":"IM_INBOX"}`,
	`{"api":"PbxSignal","mt":"Register","src":%s}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"setup","channel":0,"complete":true,"cd":{"sip":"victim"},"fty":[{"type":"im_setup"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":2,"sig":{"type":"setup","channel":-1,"cd":{"sip":"victim"},"channels":{"x":%s}}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":3,"sig":{"type":"setup","cd":{"num":"10"}}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":3,"sig":{"type":"info","cd":{"num":"5"},"complete":true}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":4,"sig":{"type":"setup","channel":0,"cd":{"sip":"eve"},"fty":[{"type":"im_setup"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"%s"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"x","id":"%s"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"%s","more":true}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"x","%s":"y"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","typing":true}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"im_receipt","id":"%s","state":"read"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"facility","fty":[{"type":"%s"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"%s"}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":-1,"sig":{"type":"conn","channel":0}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"in","call":-1,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"victim","data":"%s"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"in","call":-1,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"%s","data":"x","id":"i"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":-2,"sig":{"type":"rel"}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":1,"sig":{"type":"rel","cau":{"num":%s}}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":2,"sig":{"type":"disc"}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":4,"sig":{"type":"facility","fty":[{"type":"im_message","data":"%s"}]}}`,
	`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":%s,"sig":%[1]s}`,
	`{"mt":"KeepAlive","src":%s}`,
	`%s`,
}

// FuzzFrames logs in and sends frames, of which the fuzzer writes parts, to the
// whole machine. The connection ends with a close frame or with an answer to what
// comes last; nothing panics; what others get of it, every parser reads alike; and
// the bystanders have noticed nothing.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 4, 9, 10, 11, 11, 9, 13, 14, 15, 16, 21}, "hello")
	f.Add([]byte{1, 2, 17, 18, 19, 4, 18, 20, 23}, `<b onclick=\"x\">&#27;\u001b[0m`)
	f.Add([]byte{3, 5, 24, 25}, `{"type":"setup","Type":"rel","cd":{"sip":"victim"}}`)
	f.Add([]byte{0, 8, 23, 17, 23, 6, 7, 7, 22}, `\ud800\u2028`)
	f.Add([]byte{0, 4, 12, 12, 15, 26}, "ſender\xff")
	f.Add([]byte{0, 4, 9, 11, 10}, strings.Repeat("x", 14000))
	f.Add([]byte{0, 2, 2, 4, 4, 8, 8}, `sender":"ann","data`)
	m := start(f, options{})
	b := m.bystanders(f)
	victim := m.user(f, "victim", "IM_EXT")
	f.Fuzz(func(t *testing.T, picks []byte, text string) {
		eve := m.dial(t, appsDoor, home)
		eve.login("eve", home)
		for _, p := range picks[:min(len(picks), 64)] {
			frame := phrases[int(p)%len(phrases)]
			if strings.Contains(frame, "%") {
				frame = fmt.Sprintf(frame, text)
			}
			if eve.frame(true, opText, []byte(frame)) != nil {
				break
			}
		}
		_ = eve.frame(true, opText, []byte(`{"mt":"KeepAlive","src":"the last one"}`))
		for {
			got, err := eve.read()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("neither an answer nor the end")
			}
			if err != nil || parse(got).str("src") == "the last one" {
				break
			}
		}
		_ = eve.conn.Close()
		here := *victim
		here.t = t
		for _, got := range here.settle() {
			agreed(t, got)
			if s := got.str("sig.fty.0.sender"); s != "" && got.str("sig.fty.0.type") == "im_message" && s != "eve" {
				t.Errorf("sender %s", got.raw)
			}
		}
		victim.settled = here.settled
		if err := b.well(); err != nil {
			t.Fatal(err)
		}
		if n := m.drops("panic"); n != 0 {
			t.Fatalf("%v panics", n)
		}
	})
}
