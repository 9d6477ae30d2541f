package edge

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// vocabulary is what random sessions are made of; each byte of the input picks a
// line. The rest of the input is sent as it stands, in pieces.
var vocabulary = []string{
	`{"mt":"AppChallenge"}`,
	`{"mt":"AppLogin","app":"","domain":"example.com","sip":"alice","digest":"00"}`,
	`{"mt":"AppLogin","app":"chat","pbxObj":"dev:x","sip":"alice","info":{"a":[]},"digest":"zz"}`,
	`{"mt":"Login","type":"user","userAgent":"fuzz"}`,
	`{"mt":"Login","type":"session"}`,
	`{"mt":"Login","type":"user","method":"digest","username":"alice","nonce":"0123456789abcdef","response":"00"}`,
	`{"mt":"LoginCancel"}`, `{"mt":"LoginInfo"}`, `{"mt":"SubscribeRegister"}`, `{"mt":"CheckBuild","always":true}`,
	`{"mt":"Logout"}`, `{"mt":"KeepAlive"}`, `{"mt":"KeepAlive","src":{"a":1}}`, `{"mt":"SubscribeApps"}`,
	`{"mt":"SetApps","home":7}`, `{"mt":"AppGetLogin","src":1,"app":"chat","challenge":"0123"}`,
	`{"mt":"AppGetLogin","app":"dev:","challenge":[]}`, `{"mt":"AuthorizeSession","id":"x"}`,
	`{"mt":"DeleteSession","id":null}`, `{"mt":"SetSessionInfo","token":{},"wake":"chat"}`,
	`{"mt":"SetSessionInfo","wake":["chat",{},7,"phone"]}`,
	`{"api":"PbxSignal","mt":"Echo","src":"e","text":"x"}`, `{"api":"PbxSignal","mt":"Nonsense","src":9}`,
	`{"api":"PbxSignal","mt":"Relay","to":"alice"}`, `{"api":"PbxAdminApi","mt":"X","src":"f"}`, `{"api":7,"mt":"X"}`,
	`{"mt":"AppCheckLogin","app":"robot","challenge":"1","digest":"2"}`, `{"mt":"","api":"","src":""}`,
	`[]`, `null`, `{}`, `{"mt":"a","mt":"b"}`,
}

// FuzzSession plays whole sessions of random frames at both doors, before and
// after a login. Whatever comes, nothing panics, everybody else is served, and
// nothing is left when the socket has gone (rig.stop looks).
func FuzzSession(f *testing.F) {
	f.Add(uint8(0), []byte{0, 1, 0, 1, 11, 21}, `{"mt":"KeepAlive"}`)
	f.Add(uint8(1), []byte{3, 5, 6, 3, 4, 8, 13, 15}, `{"mt":"Login"`)
	f.Add(uint8(2), []byte{21, 22, 23, 24, 25, 10, 0, 1}, "\xff")
	f.Add(uint8(3), []byte{13, 14, 15, 16, 17, 18, 19, 20, 10, 3, 5}, `{"mt":"`+strings.Repeat("x", 5000)+`"}`)
	r := newRig(f, func(c *Config) {
		c.Limits = Limits{PairFailures: Unlimited, AccountFailures: Unlimited, AddressFailures: Unlimited}
	})
	watcher := r.loginUser("bob")
	f.Fuzz(func(t *testing.T, start uint8, picks []byte, text string) {
		here := *r
		here.t, watcher.t = t, t
		s := here.fuzzed(start)
		for _, p := range picks[:min(len(picks), 64)] {
			if s.frame(opText, []byte(vocabulary[int(p)%len(vocabulary)])) != nil {
				break
			}
		}
		_ = s.frame(opText, []byte(text))
		_ = s.frame(opClose, []byte{0x03, 0xE8})
		for {
			_, _, err := s.next()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the socket stays open")
			}
			if err != nil {
				break
			}
		}
		_ = s.conn.Close()
		watcher.settle()
		if n := r.panics(); n != 0 {
			t.Fatalf("%d panics", n)
		}
	})
}

// fuzzed is a socket at one of the doors, logged in or not.
func (r *rig) fuzzed(start uint8) *rawSocket {
	r.t.Helper()
	switch start % 4 {
	case 0:
		return r.raw(appsPath)
	case 1:
		return r.raw(clientPath)
	case 2:
		return r.stuck("alice")
	}
	return r.rawClient("alice")
}
