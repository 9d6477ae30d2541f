package appservice_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/trace"
)

// wire is a trace sink: what a client sends and receives, as text.
type wire chan string

func (w wire) Trace(r trace.Record) {
	mark := "< "
	if r.Dir == trace.Out {
		mark = "> "
	}
	select {
	case w <- mark + r.Text:
	default:
	}
}

// next waits for the next KeepAlive or Echo on the wire, in either direction.
func (w wire) next(t *testing.T) string {
	t.Helper()
	for {
		select {
		case line := <-w:
			if strings.Contains(line, "KeepAlive") || strings.Contains(line, "Echo") {
				return line
			}
		case <-limited(t).Done():
			t.Fatal("nothing more on the wire")
		}
	}
}

func TestKeepAliveStorm(t *testing.T) {
	w := make(wire, 100)
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"A", new(record)}}, Serve: func(ctx context.Context, s appservice.Session) {
		_ = s.Send(ctx, appservice.Frame{Raw: []byte(`{"mt":"KeepAlive"}`)}) // which the client answers, and Server answers that
		for {
			f, err := s.Recv(ctx)
			if err != nil {
				return
			}
			_ = s.Reply(f, map[string]string{"mt": "EchoResult"})
		}
	}})
	c := dial(t, appservice.DialConfig{URL: url, Tracer: trace.New(w, trace.AppWebsocket)})
	equal(t, "unasked", w.next(t), `< {"mt":"KeepAlive"}`)
	equal(t, "answered", w.next(t), `> {"mt":"KeepAlive"}`)
	equal(t, "answered again", w.next(t), `< {"mt":"KeepAlive"}`)
	for range 3 {
		if _, err := c.Call(limited(t), json.RawMessage(`{"mt":"Echo","src":"e"}`)); err != nil {
			t.Fatal(err)
		}
		equal(t, "quiet", w.next(t), `> {"mt":"Echo","src":"e"}`)
		equal(t, "quiet", w.next(t), `< {"src":"e","mt":"EchoResult"}`)
	}
}

func TestKeepAliveOption(t *testing.T) {
	for _, flag := range []trace.Flag{trace.AppWebsocket, trace.WebSocket} { // raw frames are seen under either
		w := make(wire, 100)
		_, url := start(t, appservice.ServerConfig{Host: newHost()})
		dial(t, appservice.DialConfig{URL: url, KeepAlive: 5 * time.Millisecond, Tracer: trace.New(w, flag)})
		for range 3 {
			for w.next(t) != `> {"mt":"KeepAlive"}` {
				continue
			}
		}
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(ctx context.Context, _ appservice.Session) { <-ctx.Done() }})
	c := dial(t, appservice.DialConfig{URL: url})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Call(ctx, json.RawMessage(`{"mt":"Silence","src":"s"}`)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Recv(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if c.Err() != nil {
		t.Error("a context that ends while waiting costs no connection")
	}
}

// TestServiceUsesTheSwitch: over the link that a switch has opened, the service
// asks the switch.
func TestServiceUsesTheSwitch(t *testing.T) {
	answers := make(chan string, 4)
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(ctx context.Context, s appservice.Session) {
		for _, request := range []string{
			`{"api":"PbxApi","mt":"Echo","src":"1","text":"hello"}`, `{"api":"PbxSignal","mt":"Echo","src":"2"}`,
		} {
			_ = s.Send(ctx, appservice.Frame{Raw: []byte(request)})
			f, err := s.Recv(ctx)
			if err != nil {
				return
			}
			answers <- string(f.Raw)
		}
		<-ctx.Done()
	}})
	dial(t, appservice.DialConfig{
		URL: url, APIs: []appservice.API{fakeAPI{"PbxApi", new(record)}, fakeAPI{"PbxSignal", new(record)}},
		Principal: appservice.Principal{APIs: []string{"PbxApi"}},
	})
	equal(t, "allowed", <-answers, `{"api":"PbxApi","src":"1","mt":"EchoResult","text":"hello"}`)
	equal(t, "not allowed", <-answers, `{"api":"PbxSignal","src":"2","mt":"Error","error":1,"errorText":"api not allowed"}`)
}

func TestAnswersWithoutSrc(t *testing.T) {
	for _, c := range []struct {
		request, mt string
		want        bool
	}{
		{"AppInfo", "AppInfo", true}, {"AppInfo", "AppInfoResult", true}, {"AppInfo", "PbxInfo", false},
		{"GetRequest", "GetResult", true}, {"GetReq", "GetResp", true}, {"GetReq", "GetResult", true}, {"Get", "GetResp", false},
	} {
		if got := appservice.Answers(c.request, c.mt); got != c.want {
			t.Errorf("%s answers %s: %v", c.mt, c.request, got)
		}
	}
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(ctx context.Context, s appservice.Session) {
		for {
			f, err := s.Recv(ctx)
			if err != nil {
				return
			}
			_ = s.Send(ctx, appservice.Frame{Raw: []byte(`{"mt":"Event"}`)})
			_ = s.Send(ctx, appservice.Frame{Raw: []byte(`{"mt":"` + f.MT + `Result","n":1}`)})
		}
	}})
	c := dial(t, appservice.DialConfig{URL: url})
	f, err := c.Call(limited(t), json.RawMessage(`{"mt":"Old"}`))
	if err != nil || f.MT != "OldResult" {
		t.Errorf("%s %v", f.Raw, err)
	}
	if f, err = c.Recv(limited(t)); err != nil || f.MT != "Event" {
		t.Errorf("%s %v", f.Raw, err)
	}
}
