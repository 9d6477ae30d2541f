package phone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeSwitch is the other end of a Line: it registers, opens an inbox, and
// answers texts as told.
type fakeSwitch struct {
	toPhone chan []byte

	mu     sync.Mutex // guards the following
	got    []facility
	logout bool
	answer func(f facility) []string // facilities in answer to a whole text
}

func newFakeSwitch() *fakeSwitch {
	return &fakeSwitch{toPhone: make(chan []byte, 1000), answer: func(f facility) []string {
		return []string{fmt.Sprintf(`{"type":"im_receipt","chat":%q,"id":%q,"state":"sent","timestamp":1}`, f.Chat, f.ID)}
	}}
}

func (s *fakeSwitch) dial(context.Context) (Line, Identity, error) {
	return s, Identity{SIP: "alice", Domain: "example.com", Name: "Alice"}, nil
}

func (s *fakeSwitch) Recv(ctx context.Context) ([]byte, error) {
	select {
	case text, ok := <-s.toPhone:
		if !ok {
			return nil, io.EOF
		}
		return text, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *fakeSwitch) Send(_ context.Context, text []byte) error {
	f, ok := parseFrame(text)
	if !ok {
		return errors.New("no message: " + string(text))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.MT == "Register" {
		s.toPhone <- []byte(`{"api":"PbxSignal","mt":"RegisterResult","src":"phone"}`)
		s.toPhone <- signaling(-1, `{"type":"setup","channel":0,"cg":{"sip":"alice"},"cd":{"sip":"alice"},"fty":[{"type":"im_setup","inbox":true},{"type":"name_identification","name":"Alice"}]}`)
		return nil
	}
	if f.Sig == nil || f.Sig.Type != "facility" {
		return nil
	}
	for _, fty := range f.Sig.Fty {
		s.got = append(s.got, fty)
		if fty.Type == "im_message" && !fty.More {
			for _, a := range s.answer(fty) {
				s.say(a)
			}
		}
	}
	return nil
}

func (s *fakeSwitch) Close(logout bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logout = s.logout || logout
}

// say sends a facility on the inbox.
func (s *fakeSwitch) say(fty string) {
	s.toPhone <- signaling(-1, `{"type":"facility","fty":[`+fty+`]}`)
}

// received is what the phone has sent, as words.
func (s *fakeSwitch) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var words []string
	for _, f := range s.got {
		words = append(words, strings.Join([]string{f.Type, f.Chat, f.State, f.Data}, ","))
	}
	return strings.Join(words, " ")
}

func events(t *testing.T, out string) []Event {
	t.Helper()
	var list []Event
	for text := range strings.Lines(out) {
		var e Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		list = append(list, e)
	}
	return list
}

// kinds are the kinds of events, sorted.
func kinds(list []Event) []string {
	var words []string
	for _, e := range list {
		words = append(words, e.Event)
	}
	slices.Sort(words)
	return words
}

func find(list []Event, kind string) Event {
	at := slices.IndexFunc(list, func(e Event) bool { return e.Event == kind })
	return list[at]
}

func TestScript(t *testing.T) {
	s := newFakeSwitch()
	var out bytes.Buffer
	err := Run(context.Background(), Config{Dial: s.dial, JSON: true, In: strings.NewReader("/chat bob\nhello\n\n/who\n"), Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	list := events(t, out.String())
	if got, want := fmt.Sprint(kinds(list)), "[chat ready receipt text who]"; got != want {
		t.Fatalf("events %s, want %s\n%s", got, want, &out)
	}
	text, receipt, who := find(list, evText), find(list, evReceipt), find(list, evWho)
	if text.Chat != "bob" || text.Text != "hello" || len(text.ID) != 32 {
		t.Errorf("text %+v", text)
	}
	if receipt.ID != text.ID || receipt.State != "sent" {
		t.Errorf("receipt %+v", receipt)
	}
	if who.Chat != "bob" || fmt.Sprint(who.Peers) != "[bob]" {
		t.Errorf("who %+v", who)
	}
	if !s.logout {
		t.Error("the phone has not logged out")
	}
	if got := s.received(); got != "im_message,bob,,hello" {
		t.Errorf("the switch got %q", got)
	}
}

func TestScriptFails(t *testing.T) {
	refused := func(f facility) []string {
		return []string{fmt.Sprintf(`{"type":"im_receipt","chat":"bob","id":%q,"state":"failed","cau":20}`, f.ID)}
	}
	silent := func(facility) []string { return nil }
	tests := []struct {
		name, input, chat string
		answer            func(facility) []string
		want, event       string
	}{
		{"refused", "hello\n", "bob", refused, "one of the lines has failed", `"cause":20`},
		{"no receipt", "a\nb\n", "bob", silent, "2 of the lines have failed; for 2 no receipt came within 5s", `"event":"text"`},
		{"no chat", "hello\n", "", nil, "one of the lines has failed", `/chat NAME`},
		{"unknown command", "/dance\n", "", nil, "one of the lines has failed", `no command /dance`},
		{"too long", strings.Repeat("x", maxText+1), "bob", nil, "one of the lines has failed", `48 KiB`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSwitch()
				if tt.answer != nil {
					s.answer = tt.answer
				}
				var out bytes.Buffer
				err := Run(t.Context(), Config{Dial: s.dial, Chat: tt.chat, JSON: true, In: strings.NewReader(tt.input), Out: &out})
				if err == nil || err.Error() != tt.want {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				if !strings.Contains(out.String(), tt.event) {
					t.Errorf("no %s in\n%s", tt.event, &out)
				}
			})
		})
	}
}

// A person at the phone: what arrives is shown and acknowledged, read only in
// the current chat, and the rest when that chat is entered.
func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwitch()
		keyboard, typing := io.Pipe()
		var out bytes.Buffer
		done := make(chan error, 1)
		go func() {
			done <- Run(t.Context(), Config{Dial: s.dial, Interactive: true, In: keyboard, Out: &out})
		}()
		synctest.Wait()
		s.say(`{"type":"im_message","chat":"bob","typing":true,"sender":"bob"}`)
		s.say(`{"type":"im_message","chat":"bob","sender":"bob","sender_dn":"Bob","id":"m1","mime":"text/html","data":"<b>hi</b>"}`)
		s.toPhone <- []byte(`{"mt":"KeepAlive"}`)
		synctest.Wait()
		s.say(`{"type":"im_message","chat":"carol","sender":"carol","id":"m2","mime":"text/plain","data":"a","more":true}`)
		s.say(`{"type":"im_message","chat":"carol","sender":"carol","typing":true}`)
		s.say(`{"type":"im_message","chat":"carol","sender":"carol","id":"m2","mime":"text/plain","data":"\u001b[2Jb"}`)
		synctest.Wait()
		fmt.Fprintln(typing, "/chat carol@EXAMPLE.com")
		fmt.Fprintln(typing, "yes")
		synctest.Wait()
		s.say(`{"type":"im_message","chat":"Carol","sender":"Carol","id":"m3","mime":"text/plain","data":"ok"}`)
		s.say(`{"type":"im_message","chat":"bob","sender":"alice","id":"m4","mime":"text/plain","data":"from my desk"}`)
		synctest.Wait()
		typing.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, want := range []string{
			"Ready as alice@example.com", "bob is typing", "carol: a␛[2Jb", "Chat with carol.", "#1 sent",
			"Carol: ok", "#2 to bob (from another device): from my desk",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
		want := "im_receipt,bob,delivered, im_receipt,carol,delivered, " +
			"im_receipt,carol,delivered, im_receipt,carol,read, im_message,carol,,yes im_receipt,Carol,delivered, im_receipt,Carol,read,"
		if got := s.received(); got != want {
			t.Errorf("the switch got\n%s, want\n%s", got, want)
		}
	})
}

// An interrupt ends the phone: as asked for a person, as a failure for a script.
func TestInterrupt(t *testing.T) {
	for _, interactive := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSwitch()
			ctx, cancel := context.WithCancel(t.Context())
			keyboard, typing := io.Pipe()
			done := make(chan error, 1)
			go func() {
				done <- Run(ctx, Config{Dial: s.dial, Interactive: interactive, In: keyboard, Out: io.Discard})
			}()
			synctest.Wait()
			cancel()
			if err := <-done; (err == nil) != interactive {
				t.Errorf("interactive %v: %v", interactive, err)
			}
			if !s.logout {
				t.Error("the phone has not logged out")
			}
			typing.Close()
		})
	}
}

// The connection breaks: a person's phone dials again, and sends what has no
// receipt with the same id; a script ends.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFakeSwitch(), newFakeSwitch()
		first.answer = func(facility) []string { return nil }
		dials := 0
		dial := func(ctx context.Context) (Line, Identity, error) {
			dials++
			switch dials {
			case 1:
				return first.dial(ctx)
			case 2:
				return nil, Identity{}, errors.New("connection refused")
			}
			return second.dial(ctx)
		}
		keyboard, typing := io.Pipe()
		var out bytes.Buffer
		done := make(chan error, 1)
		go func() {
			done <- Run(t.Context(), Config{Dial: dial, Chat: "bob", Interactive: true, In: keyboard, Out: &out})
		}()
		fmt.Fprintln(typing, "one")
		synctest.Wait()
		close(first.toPhone)
		synctest.Wait()
		fmt.Fprintln(typing, "two")
		time.Sleep(3 * time.Second) // the fake time of synctest: two pauses
		synctest.Wait()
		typing.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if dials != 3 {
			t.Errorf("%d dials, want 3", dials)
		}
		if got, want := second.received(), "im_message,bob,,one im_message,bob,,two"; got != want {
			t.Errorf("after the reconnect the switch got %q, want %q", got, want)
		}
		if first.got[0].ID != second.got[0].ID {
			t.Error("a text that is sent again has another id")
		}
	})
}

// A switch that can let nobody in yet is waited for by a person, with pauses that
// grow, and not by a script.
func TestTemporaryFailure(t *testing.T) {
	for _, interactive := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			keyboard, typing := io.Pipe()
			dials, begin := 0, time.Now()
			dial := func(ctx context.Context) (Line, Identity, error) {
				if dials++; dials < 5 {
					return nil, Identity{}, &Temporary{errors.New("out of reach")}
				}
				defer typing.Close()
				return newFakeSwitch().dial(ctx)
			}
			var out bytes.Buffer
			err := Run(t.Context(), Config{Dial: dial, JSON: true, Interactive: interactive, In: keyboard, Out: &out})
			if !interactive {
				typing.Close()
				if err == nil || err.Error() != "out of reach" || dials != 1 {
					t.Errorf("a script: %v after %d dials", err, dials)
				}
				return
			}
			if waited := time.Since(begin); err != nil || dials != 5 || waited < 5*time.Second || waited > 10*time.Second {
				t.Errorf("%v after %d dials in %v", err, dials, waited)
			}
			if n := strings.Count(out.String(), "out of reach; trying again in"); n != 4 {
				t.Errorf("told %d times\n%s", n, &out)
			}
		})
	}
}

func TestErrorsThatEndThePhone(t *testing.T) {
	wrong := &Fatal{errors.New("wrong password")}
	failing := func(err error) func(context.Context) (Line, Identity, error) {
		return func(context.Context) (Line, Identity, error) { return nil, Identity{}, err }
	}
	after := func(frames ...string) func(context.Context) (Line, Identity, error) {
		s := newFakeSwitch()
		for _, text := range frames {
			s.toPhone <- []byte(text)
		}
		return s.dial
	}
	broken := func(context.Context) (Line, Identity, error) {
		s := newFakeSwitch()
		close(s.toPhone)
		return deaf{s}, Identity{}, nil
	}
	noInbox := func(context.Context) (Line, Identity, error) { return mute{}, Identity{}, nil }
	tests := []struct {
		name        string
		interactive bool
		dial        func(context.Context) (Line, Identity, error)
		want        string
	}{
		{"wrong password", true, failing(wrong), "wrong password"},
		{"no server at the start", true, failing(errors.New("connection refused")), "connection refused"},
		{"not registered", true, after(`{"mt":"RegisterResult","err":"no such device"}`), "no such device"},
		{"logged out", true, after(`{"mt":"LogoutResult"}`), "ended this login"},
		{"no inbox", false, noInbox, "no inbox"},
		{"connection lost", false, broken, "EOF"},
		{"the inbox ends", false, after(`{"mt":"UpdateUser","err":{},"call":"7"}`, string(signaling(-9, `{"type":"setup","fty":[{"type":"im_setup","inbox":true}]}`)), string(signaling(-9, `{"type":"rel","cau":{"num":102}}`))), "ended the inbox"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keyboard, typing := io.Pipe()
				defer typing.Close()
				err := Run(t.Context(), Config{Dial: tt.dial, Interactive: tt.interactive, In: keyboard, Out: io.Discard})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
			})
		})
	}
}

// deaf is a switch that takes nothing in.
type deaf struct{ *fakeSwitch }

func (deaf) Send(context.Context, []byte) error { return nil }

// mute is a switch that says nothing.
type mute struct{}

func (mute) Recv(ctx context.Context) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }
func (mute) Send(context.Context, []byte) error       { return nil }
func (mute) Close(bool)                               {}

// Whatever a switch sends, the phone goes on.
func FuzzReceived(f *testing.F) {
	f.Add([]byte(`{"mt":"Signaling","call":-1,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"x","more":true}]}}`))
	f.Add([]byte(`{"mt":"Signaling","call":-1,"sig":{"type":"setup","fty":[{"type":"im_setup","inbox":true},{"type":7}]}}`))
	f.Add([]byte(`{"mt":"Signaling","call":-1,"sig":{"type":"facility","fty":[{"type":"im_receipt","id":"x","state":"failed","cau":300}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &phone{ctx: t.Context(), out: &printer{w: io.Discard}, pause: firstPause}
		p.desk = newDesk(p.out.show, p.send)
		p.desk.inbox = -1
		if err := p.received(text); err != nil && p.lost != nil {
			t.Errorf("%v and %v", err, p.lost)
		}
		p.desk.flush()
	})
}
