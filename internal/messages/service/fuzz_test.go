package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// wire is a session of a switch without a socket.
type wire struct {
	login appservice.Login
	who   appservice.Principal

	mu   sync.Mutex // guards the following
	sent []string
	some chan struct{} // closed when more was sent
}

var _ appservice.Session = (*wire)(nil)

func (*wire) App() string { return "messages-api" }
func (*wire) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}
func (w *wire) Reply(req appservice.Frame, v any) error {
	return appservice.ReplyTo(context.Background(), w, req, v)
}
func (*wire) Close(string) error                { return nil }
func (w *wire) Principal() appservice.Principal { return w.who }
func (w *wire) Login() appservice.Login         { return w.login }
func (w *wire) Send(_ context.Context, f appservice.Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, string(f.Raw))
	close(w.some)
	w.some = make(chan struct{})
	return nil
}

// await waits until something with this text was sent.
func (w *wire) await(text string) {
	for at := 0; ; {
		w.mu.Lock()
		sent, some := w.sent, w.some
		w.mu.Unlock()
		for ; at < len(sent); at++ {
			if strings.Contains(sent[at], text) {
				return
			}
		}
		<-some
	}
}

type oneAccount struct{ a Account }

func (o oneAccount) Account(context.Context, Place, string, string) (Account, bool) { return o.a, true }

// newWires is a service with one link of each kind.
func newWires(t testing.TB, edit ...func(*Config)) (*api, *wire, *wire) {
	t.Helper()
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "m.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	account := Account{Domain: "example.com", Object: "messages"}
	c := Config{Store: store, Accounts: oneAccount{account}}
	for _, e := range edit {
		e(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	a := &api{s: s}
	ctx := context.WithValue(t.Context(), doorKey{}, &door{account: account})
	pbx := &wire{login: appservice.Login{SIP: "messages"}, who: appservice.Principal{SIP: "messages", App: "messages", IsApp: true}, some: make(chan struct{})}
	person := &wire{login: appservice.Login{SIP: "carol", GUID: "ca"}, who: appservice.Principal{SIP: "carol", App: "chat"}, some: make(chan struct{})}
	for _, w := range []*wire{pbx, person} {
		if err := a.Open(ctx, w); err != nil {
			t.Fatal(err)
		}
	}
	l, _ := a.links.Load(pbx)
	l.(*link).askPeer.refused = true // nobody is there who would say who people are
	t.Cleanup(func() {
		a.Closed(context.Background(), pbx)
		a.Closed(context.Background(), person)
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, pbx, person
}

// handle gives a frame to the service as its server does.
func handle(t testing.TB, a *api, w *wire, text string) {
	var doc strictjson.Doc
	f, err := appservice.ParseFrame(&doc, []byte(text))
	if err != nil {
		return
	}
	err = a.Handle(t.Context(), w, f)
	if _, told := errors.AsType[*appservice.Error](err); err != nil && !told && !errors.Is(err, appservice.ErrUnknownMT) {
		t.Fatalf("%s ends the connection: %v", text, err)
	}
}

// FuzzSession: whatever a switch, its clients and a person send, the service goes on,
// answers, sends only what is JSON with a message type, and says nothing of its inside.
func FuzzSession(f *testing.F) {
	f.Add(`{"mt":"Post","type":1,"src":"1","author":"alice","topics":["alice","bob"],"notify":["bob"],"text":"hi","id":"x"}`)
	f.Add("{\"mt\":\"WriteGroup\",\"src\":\"1\",\"session\":1,\"dn\":\"G\"}\n{\"mt\":\"ReadGroups\",\"src\":\"2\",\"session\":1}\n{\"mt\":\"Join\",\"grp\":1,\"session\":1,\"src\":\"3\"}")
	f.Add("{\"mt\":\"SetFilter\",\"src\":\"f\",\"session\":1,\"filter\":{\"op\":\"or\",\"tags\":[\"a\"]}}\n{\"mt\":\"Post\",\"session\":1,\"src\":\"p\",\"topic\":\"alice\",\"text\":\"x\",\"tags\":[\"A\"],\"filterSrc\":\"f\"}\n{\"mt\":\"GetMore\",\"src\":\"f\",\"session\":1}")
	f.Add("{\"mt\":\"Mark\",\"user\":\"bob\",\"sip\":\"alice\",\"id\":1,\"state\":\"read\"}\n{\"mt\":\"SessionEnd\",\"session\":1}\n{\"mt\":\"Sync\",\"src\":\"s\",\"session\":1}")
	f.Add("{\"mt\":\"Session\",\"src\":\"s\",\"session\":1,\"user\":\"alice\",\"flags\":\"IM_EXT\"}\n{\"mt\":\"Broadcast\",\"src\":\"b\",\"session\":1,\"key\":\"k\",\"to\":[\"bob\",\"?p1\"],\"text\":\"x\"}\n{\"mt\":\"ResolveResult\",\"src\":\"ask1\",\"people\":[{\"sip\":\"bob\",\"guid\":\"1\"}]}")
	f.Add("{\"mt\":\"React\",\"src\":\"r\",\"session\":1,\"id\":5,\"emoji\":\"a\"}\n{\"mt\":\"ReadChat\",\"src\":\"q\",\"session\":1,\"sip\":\"?p99\",\"older\":9007199254740991}")
	a, pbx, person := newWires(f)
	n := 0
	f.Fuzz(func(t *testing.T, text string) {
		n++
		handle(t, a, pbx, fmt.Sprintf(`{"mt":"Session","src":"begin%d","session":1,"user":"alice","guid":"a1","flags":"IM_EXT"}`, n))
		for line := range strings.Lines(text) {
			if strings.Contains(line, `"SessionEnd"`) || strings.Contains(line, `"Session"`) {
				handle(t, a, pbx, line)
			}
			handle(t, a, person, line)
			handle(t, a, pbx, line)
		}
		handle(t, a, pbx, fmt.Sprintf(`{"mt":"Post","src":"end%d","type":1,"author":"alice","topics":["alice"],"notify":["bob"],"text":"x"}`, n))
		handle(t, a, person, fmt.Sprintf(`{"mt":"ReadGroups","src":"end%d"}`, n))
		pbx.await(fmt.Sprintf(`"src":"end%d"`, n))
		person.await(fmt.Sprintf(`"src":"end%d"`, n))
		for _, w := range []*wire{pbx, person} {
			w.check(t)
		}
	})
}

// check looks at what was sent, and forgets it.
func (w *wire) check(t *testing.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.sent {
		var doc strictjson.Doc
		if f, err := appservice.ParseFrame(&doc, []byte(text)); err != nil || f.MT == "" || f.Duplicate() {
			t.Errorf("sent %s: %v", text, err)
		}
		if strings.Contains(text, "panic") || strings.Contains(text, "SQL") || strings.Contains(text, `"error":5`) {
			t.Errorf("a fault of ours: %s", text)
		}
	}
	w.sent = nil
}

// Code and text of every error that a peer is told are those of the domain; causes stay
// inside.
func TestErrorsToldToPeers(t *testing.T) {
	inside := errors.New("disk /dev/sda1 is full")
	for name, c := range map[string]struct {
		err  error
		code int
		text string
		cau  int
	}{
		"not found":   {messages.Errorf(messages.NotFound, "There is no such chat."), 2, "There is no such chat.", causeUnknown},
		"not allowed": {messages.Errorf(messages.NotAllowed, "No."), 3, "No.", causeNotAllowed},
		"away":        {&messages.Error{Code: messages.Away, Text: "x", Err: inside}, 5, "The service cannot store or read at the moment.", causeTemporarily},
		"internal":    {&messages.Error{Code: messages.Internal, Text: "x", Err: inside}, 5, "Something went wrong in the service.", 0},
		"unknown":     {inside, 5, "Something went wrong in the service.", 0},
		"panic":       {panicked("boom"), 5, "Something went wrong in the service.", 0},
		"cause":       {withCause(50, notFound("file")), 2, "There is no such file.", 50},
	} {
		t.Run(name, func(t *testing.T) {
			code, text := told(c.err)
			if code != c.code || text != c.text || causeOf(c.err) != c.cau {
				t.Errorf("got %d %q, cause %d", code, text, causeOf(c.err))
			}
		})
	}
	if withCause(50, nil) != nil {
		t.Error("no error has become one")
	}
}
