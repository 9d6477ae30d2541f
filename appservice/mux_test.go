package appservice_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

// fakeSession records what is sent.
type fakeSession struct {
	principal appservice.Principal
	sent      []string
}

func (s *fakeSession) App() string { return "fake" }
func (s *fakeSession) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}
func (s *fakeSession) Send(_ context.Context, f appservice.Frame) error {
	s.sent = append(s.sent, string(f.Raw))
	return nil
}
func (s *fakeSession) Reply(req appservice.Frame, v any) error {
	return appservice.ReplyTo(context.Background(), s, req, v)
}
func (s *fakeSession) Close(string) error              { return nil }
func (s *fakeSession) Principal() appservice.Principal { return s.principal }

// record is a list that sessions write.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *record) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// fakeAPI does what its message type says.
type fakeAPI struct {
	name string
	log  *record
}

func (a fakeAPI) Name() string { return a.name }

func (a fakeAPI) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	switch f.MT {
	case "Echo":
		return s.Reply(f, map[string]string{"mt": "EchoResult", "text": f.Get("text").String()})
	case "Fail":
		return errors.New("disk full")
	case "Refuse":
		return &appservice.Error{Code: 7, Text: "no"}
	case "Panic":
		panic("boom")
	}
	return appservice.ErrUnknownMT
}

func (a fakeAPI) Open(context.Context, appservice.Session) error {
	a.log.add("open " + a.name)
	if a.name == "Bad" {
		panic("open")
	}
	return nil
}

func (a fakeAPI) Closed(context.Context, appservice.Session) {
	a.log.add("closed " + a.name)
	if a.name == "Bad" {
		panic("closed")
	}
}

func (a fakeAPI) Pong(_ context.Context, _ appservice.Session, payload []byte) {
	a.log.add("pong " + string(payload))
}

func TestMuxDispatch(t *testing.T) {
	var log record
	mux, err := appservice.NewMux(fakeAPI{appservice.APIPbxSignal, &log}, fakeAPI{"", &log})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, out string }{
		{`{"mt":"KeepAlive","src":"s","api":"Unknown"}`, `{"api":"Unknown","src":"s","mt":"KeepAlive"}`},
		{`{"mt":"CheckBuild"}`, `{"mt":"CheckBuildResult"}`},
		{`{"mt":"Echo","text":"a"}`, `{"mt":"EchoResult","text":"a"}`},
		{`{"api":"PbxSignal","mt":"Echo","src":1,"text":"<b>"}`, `{"api":"PbxSignal","src":1,"mt":"EchoResult","text":"<b>"}`},
		{`{"mt":"Nonsense","unknown":1}`, ``},
		{`{"mt":"Nonsense","src":"q"}`, `{"src":"q","mt":"Error","error":1,"errorText":"unknown mt"}`},
		{`{"api":"PbxSignal","mt":"Nonsense","src":"q2"}`, `{"api":"PbxSignal","src":"q2","mt":"Error","error":1,"errorText":"unknown mt"}`},
		{`{"api":"PbxSignal","mt":"Refuse","src":"q"}`, `{"api":"PbxSignal","src":"q","mt":"Error","error":7,"errorText":"no"}`},
		{`{"api":"PbxAdminApi","mt":"GetStun","src":"x1"}`, `{"api":"PbxAdminApi","src":"x1","mt":"Error","error":1,"errorText":"api not allowed"}`},
		{`{"api":"PbxAdminApi","mt":"GetStun"}`, ``},
		{`{"api":"RCC","mt":"Initialize","src":"x"}`, `{"api":"RCC","src":"x","mt":"Error","error":1,"errorText":"unknown mt"}`},
		{`{"api":"EpSignal","mt":"Attach","src":"x"}`, `{"api":"EpSignal","src":"x","mt":"AttachResult","err":"not allowed"}`},
		{`{"api":"EpSignal","mt":"Register","src":"x"}`, `{"api":"EpSignal","src":"x","mt":"Error","error":1,"errorText":"api not allowed"}`},
	} {
		s := &fakeSession{principal: appservice.Principal{APIs: []string{appservice.APIPbxSignal, appservice.APIRCC}}}
		if err := mux.Dispatch(t.Context(), s, parse(t, c.in)); err != nil {
			t.Errorf("%s: %v", c.in, err)
		}
		got := ""
		if len(s.sent) > 0 {
			got = s.sent[0]
		}
		equal(t, c.in, got, c.out)
	}
	nobody := &fakeSession{}
	if err := mux.Dispatch(t.Context(), nobody, parse(t, `{"api":"PbxSignal","mt":"Register"}`)); err != nil || len(nobody.sent) != 1 {
		t.Error(err)
	}
	equal(t, "Register", nobody.sent[0], `{"api":"PbxSignal","mt":"RegisterResult","err":"not allowed"}`)
}

func TestMuxErrors(t *testing.T) {
	mux, err := appservice.NewMux(fakeAPI{"", new(record)})
	if err != nil {
		t.Fatal(err)
	}
	if err := mux.Dispatch(t.Context(), &fakeSession{}, parse(t, `{"mt":"Fail","src":1}`)); err == nil || err.Error() != "disk full" {
		t.Error(err)
	}
	err = mux.Dispatch(t.Context(), &fakeSession{}, parse(t, `{"mt":"Panic"}`))
	if p, ok := errors.AsType[*appservice.PanicError](err); !ok || p.Value != "boom" || len(p.Stack) == 0 {
		t.Error(err)
	}
	if _, err := appservice.NewMux(fakeAPI{"a", nil}, fakeAPI{"a", nil}); err == nil {
		t.Error("two of one name")
	}
}

func TestMuxLifecycle(t *testing.T) {
	var log record
	mux, err := appservice.NewMux(fakeAPI{"A", &log}, fakeAPI{"Bad", &log}, fakeAPI{"C", &log})
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeSession{}
	if err := mux.Open(t.Context(), s); err == nil {
		t.Error("Open of Bad panics")
	}
	if err := mux.Pong(t.Context(), s, []byte("p")); err != nil {
		t.Error(err)
	}
	if err := mux.Closed(t.Context(), s); err == nil {
		t.Error("Closed of Bad panics")
	}
	want := []string{"open A", "open Bad", "pong p", "pong p", "pong p", "closed C", "closed Bad", "closed A"}
	if got := log.list(); len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		equal(t, "step", log.list()[i], want[i])
	}
}
