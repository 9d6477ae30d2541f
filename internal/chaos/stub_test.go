package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// stub is a switch with a store in memory, as far as chaos speaks to one. It is
// good, unless a fault is switched on.
type stub struct {
	server *httptest.Server

	mu    sync.Mutex // guards the following
	live  map[appservice.Session]string
	rows  []stubRow
	fault string
	n     int64
	after bool // the strike
}

type stubRow struct {
	Row
	to string
}

func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{live: map[appservice.Session]string{}}
	server, err := appservice.NewServer(appservice.ServerConfig{
		Host: s, APIs: []appservice.API{stubAPI{s, "PbxSignal"}, stubAPI{s, "PbxMessages"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dialing)
		defer cancel()
		_ = server.Shutdown(ctx)
		s.server.Close()
	})
	return s
}

// Authenticate implements appservice.Host.
func (s *stub) Authenticate(_ context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	if !check(password) {
		return appservice.Account{}, appservice.ErrLoginFailed
	}
	return appservice.Account{Principal: appservice.Principal{SIP: l.SIP, Domain: domainName, APIs: []string{appservice.AllAPIs}}, Domain: domainName}, nil
}

func (s *stub) url() string       { return "ws" + strings.TrimPrefix(s.server.URL, "http") }
func (s *stub) victims() []string { return []string{"everybody"} }
func (s *stub) prepare() error    { return nil }
func (s *stub) last() error       { return errors.New("the stub") }

// strike cuts all connections, and does to the store what the fault says.
func (s *stub) strike(context.Context, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = true
	for c := range s.live {
		go func() { _ = c.Close("killed") }()
	}
	switch n := len(s.rows); s.fault {
	case "loses":
		s.rows = slices.Delete(s.rows, n/2, n/2+1) // the last one may not be acknowledged
	case "doubles":
		s.n++
		again := s.rows[n/2]
		again.ID = s.n
		s.rows = append(s.rows, again)
	case "turns around":
		author := s.rows[n-1].Author
		i := slices.IndexFunc(s.rows, func(r stubRow) bool { return r.Author == author })
		a, b := &s.rows[i], &s.rows[n-1]
		a.CID, b.CID, a.Text, b.Text = b.CID, a.CID, b.Text, a.Text
	}
	return nil
}

// stubAPI is one of the APIs of the stub.
type stubAPI struct {
	*stub
	name string
}

func (a stubAPI) Name() string { return a.name }

func (a stubAPI) Closed(_ context.Context, s appservice.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.live, s)
}

func (a stubAPI) Handle(_ context.Context, s appservice.Session, f appservice.Frame) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	who := appservice.PrincipalOf(s).SIP
	switch f.MT {
	case "Register":
		a.live[s] = who
		return say(s, `{"api":"PbxSignal","mt":"RegisterResult","src":"c"}`,
			`{"api":"PbxSignal","mt":"Signaling","src":"c","call":-1,"sig":{"type":"setup","channel":0,"fty":[{"type":"im_setup","inbox":true}]}}`)
	case "Signaling":
		return a.signaling(s, who, f)
	case "Session":
		return say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"SessionResult","src":%s,"session":1}`, f.Src))
	case "ReadChat":
		return a.readChat(s, who, f)
	case "Sync":
		return a.sync(s, who, f)
	}
	return appservice.ErrUnknownMT
}

func say(s appservice.Session, texts ...string) error {
	for _, text := range texts {
		_ = s.Send(context.Background(), appservice.Frame{Raw: []byte(text)})
	}
	return nil
}

// signaling stores a text, passes it on and acknowledges it.
func (a stubAPI) signaling(s appservice.Session, who string, f appservice.Frame) error {
	for fty := range f.Get("sig").Get("fty").Elements() {
		id, text, to := fty.Get("id").String(), fty.Get("data").String(), fty.Get("chat").String()
		if fty.Get("type").String() != "im_message" {
			continue
		}
		if !slices.ContainsFunc(a.rows, func(r stubRow) bool { return r.CID == id }) {
			a.n++
			a.rows = append(a.rows, stubRow{Row{ID: a.n, CID: id, Author: who, Text: text}, to})
		}
		for other, name := range a.live {
			if name == to {
				_ = say(other, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"c","call":-1,"sig":{"type":"facility","fty":[{"type":"im_message","mid":%d}]}}`, a.n))
			}
		}
		if a.n%50 == 0 && !a.after {
			continue // the acknowledgement is lost with the connection
		}
		_ = say(s, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"c","call":-1,"sig":{"type":"facility","fty":[{"type":"im_receipt","id":%q,"state":"sent"}]}}`, id))
	}
	return nil
}

// of are the rows of a chat above a number.
func (a stubAPI) of(who, peer string, above int64) []stubRow {
	var list []stubRow
	for _, r := range a.rows {
		if r.ID > above && (r.Author == who && r.to == peer || r.Author == peer && r.to == who) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(x, y stubRow) int { return cmp.Compare(x.ID, y.ID) })
	return list
}

func msg(r stubRow) string {
	return fmt.Sprintf(`{"id":%d,"cid":%q,"author":%q,"text":%q}`, r.ID, r.CID, r.Author, r.Text)
}

func (a stubAPI) readChat(s appservice.Session, who string, f appservice.Frame) error {
	above, _ := f.Get("above").Int64()
	below, back := f.Get("below").Int64()
	count, _ := f.Get("count").Int64()
	list := a.of(who, f.Get("sip").String(), above)
	if back {
		list = slices.DeleteFunc(list, func(r stubRow) bool { return r.ID >= below })
		slices.Reverse(list)
	}
	more := ""
	if len(list) >= int(count) {
		list, more = list[:count], `,"more":true`
	}
	for _, r := range list {
		_ = say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"ReadChatInd","src":%s,"msg":%s}`, f.Src, msg(r)))
	}
	return say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"ReadChatResult","src":%s%s}`, f.Src, more))
}

func (a stubAPI) sync(s appservice.Session, who string, f appservice.Frame) error {
	var since int64
	if _, err := fmt.Sscanf(f.Get("since").String(), "t%d", &since); err == nil {
		for _, r := range a.rows {
			if r.ID > since && r.to == who && !(a.fault == "hides" && r.ID%50 == 0) {
				_ = say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"SyncInd","src":%s,"kind":"message","sip":%q,"msg":%s}`, f.Src, r.Author, msg(r)))
			} else if r.ID > since && r.Author == who {
				_ = say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"SyncInd","src":%s,"kind":"message","sip":%q,"msg":%s}`, f.Src, r.to, msg(r)))
			}
		}
	}
	return say(s, fmt.Sprintf(`{"api":"PbxMessages","mt":"SyncResult","src":%s,"since":"t%d"}`, f.Src, a.n))
}

// A good store passes, and every kind of bad one is found, through the same clients
// that the programs meet.
func TestRounds(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	for fault, want := range map[string]string{
		"": "", "loses": "is missing", "doubles": "is there twice", "turns around": "comes after", "hides": "Sync",
	} {
		t.Run("a store that "+cmp.Or(fault, "is good"), func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.fault = fault
			r, err := rounds(t.Context(), Config{Rounds: 1, Log: t.Logf}, s, 2*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(r.Wrong, "\n")
			if fault == "" && (r.Err() != nil || r.Repeats == 0 || r.Connects < 4*pairs) {
				t.Errorf("%+v: %v", r, r.Err())
			}
			if fault != "" && (!strings.Contains(text, want) || r.Err() == nil) {
				t.Errorf("%.300s, want %q", text, want)
			}
		})
	}
}
