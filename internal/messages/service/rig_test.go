package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

const (
	dom    = "example.com"
	object = "messages"
	secret = "secret-of-the-link"
	// patience is for machines that do much else.
	patience = time.Minute
)

// ground is a service on a store of its own, and what is needed to talk to it.
type ground struct {
	t     testing.TB
	store messages.Store
	s     *service.Service
	url   string
	seen  *observer

	files *filebuffer.Store // with withFiles
	web   string            // where it serves
}

// accounts has two domains with the same names of objects and people.
type accounts struct{}

func (accounts) Account(_ context.Context, at service.Place, domain, _ string) (service.Account, bool) {
	if at.Instance != object || at.Domain != domain {
		return service.Account{}, false
	}
	switch domain {
	case dom:
		return service.Account{Domain: dom, Object: object, Passwords: []string{"old", secret}}, true
	case "other.org":
		return service.Account{Domain: "other.org", Object: object, Passwords: []string{"another"}}, true
	case "empty.org":
		return service.Account{Domain: "empty.org", Object: object, Passwords: []string{""}}, true
	}
	return service.Account{}, false
}

// observer counts what the service says.
type observer struct {
	mu      sync.Mutex
	refused map[string]int
	dropped map[string]int
}

func (*observer) Links(int)                          {}
func (*observer) Sessions(int)                       {}
func (*observer) Request(string, time.Duration, int) {}
func (*observer) Posted(time.Duration, int)          {}
func (o *observer) LoginRefused(reason string) {
	o.mu.Lock()
	o.refused[reason]++
	o.mu.Unlock()
}

func (o *observer) Dropped(reason string) {
	o.mu.Lock()
	o.dropped[reason]++
	o.mu.Unlock()
}

func (o *observer) drops(reason string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped[reason]
}

func newGround(t testing.TB, edit ...func(*service.Config)) *ground {
	t.Helper()
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{t: t, store: store, seen: &observer{refused: map[string]int{}, dropped: map[string]int{}}}
	c := service.Config{Store: store, Accounts: accounts{}, Observer: g.seen}
	for _, e := range edit {
		e(&c)
	}
	if g.s, err = service.New(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g.s)
	g.url = "ws" + strings.TrimPrefix(server.URL, "http")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// login is that of the Messages object of a domain.
func login(domain string) appservice.Login {
	info := appservice.Info{AppObj: object, AppDN: "Messages", CN: "Messages"}
	return appservice.Login{App: "innovaphone-messages-api", Domain: domain, SIP: object, GUID: "00ff", DN: "Messages", Info: info.AppendJSON(nil)}
}

// peer is a connection to the service: a switch, an app or a person.
type peer struct {
	g *ground
	t testing.TB
	c *appservice.Client

	mu    sync.Mutex
	heard []frame // that nobody has taken
	more  chan struct{}
	ended bool
	n     int
	asked func(f frame) any // answers questions of the service; nil: none
}

// frame is a message that came.
type frame map[string]any

func (f frame) mt() string  { s, _ := f["mt"].(string); return s }
func (f frame) src() string { s, _ := f["src"].(string); return s }

// dial connects.
func (g *ground) dial(l appservice.Login, password string) (*peer, error) {
	return g.dialAt("/"+l.Domain+"/"+object, l, password)
}

func (g *ground) dialAt(path string, l appservice.Login, password string) (*peer, error) {
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	c, err := appservice.Dial(ctx, appservice.DialConfig{
		URL: g.url + path, Login: l, Password: password, MaxMessage: appservice.MaxMessageLink,
		PbxInfo: &appservice.PbxInfo{Domain: l.Domain, PBX: "pbx1"}, AskInfo: true,
	})
	if err != nil {
		return nil, err
	}
	p := &peer{g: g, t: g.t, c: c, more: make(chan struct{})}
	go p.read()
	g.t.Cleanup(func() { _ = c.Close("") })
	return p, nil
}

// pbx is a switch of the first domain.
func (g *ground) pbx() *peer {
	g.t.Helper()
	return g.must(g.dial(login(dom), secret))
}

func (g *ground) must(p *peer, err error) *peer {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

func (p *peer) read() {
	for {
		f, err := p.c.Recv(context.Background())
		p.mu.Lock()
		if err == nil {
			var m frame
			if json.Unmarshal(f.Raw, &m) == nil {
				switch {
				case m.mt() == "Resolve" && p.asked != nil:
					p.send(p.asked(m))
				case m.mt() == "Resolve":
					p.send(map[string]any{"mt": "Error", "src": m["src"], "error": 1, "errorText": "unknown mt"})
				default:
					p.heard = append(p.heard, m)
				}
			}
		}
		p.ended = err != nil
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// take waits for messages for which is says true, and takes those up to the one for
// which last says true.
func (p *peer) take(what string, is, last func(frame) bool) []frame {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		more, ended := p.more, p.ended
		end := slices.IndexFunc(p.heard, func(f frame) bool { return is(f) && last(f) })
		if end >= 0 {
			var out, rest []frame
			for i, f := range p.heard {
				if i <= end && is(f) {
					out = append(out, f)
				} else {
					rest = append(rest, f)
				}
			}
			p.heard = rest
			p.mu.Unlock()
			return out
		}
		heard := p.heard
		p.mu.Unlock()
		if ended {
			p.t.Fatalf("%s: the connection has ended: %v", what, p.c.Err())
		}
		select {
		case <-more:
		case <-timeout:
			p.t.Fatalf("%s: it did not come; the last of %d messages: %v", what, len(heard), heard[max(0, len(heard)-20):])
		}
	}
}

// await takes the next message that matches a pattern.
func (p *peer) await(pattern string) frame {
	p.t.Helper()
	want := object1(p.t, pattern)
	is := func(f frame) bool { return mismatch("", map[string]any(f), want) == "" }
	return p.take(pattern, is, is)[0]
}

// none says that nothing like the pattern has come. What was asked before has been
// answered in order, so a request that is answered proves it.
func (p *peer) none(pattern string) {
	p.t.Helper()
	want := object1(p.t, pattern)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.heard {
		if mismatch("", map[string]any(f), want) == "" {
			p.t.Errorf("unwanted: %v", f)
		}
	}
}

func (p *peer) send(v any) {
	raw, ok := v.(string)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			p.t.Error(err)
		}
		raw = string(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.c.Send(ctx, appservice.Frame{Raw: []byte(raw)}); err != nil {
		p.t.Error(err)
	}
}

// ask sends a request and returns everything up to its result.
func (p *peer) ask(request string) []frame {
	p.t.Helper()
	m := object1(p.t, request)
	src, ok := m["src"].(string)
	if !ok {
		p.mu.Lock()
		p.n++
		src = fmt.Sprintf("q%d", p.n)
		p.mu.Unlock()
		m["src"] = src
	}
	p.send(m)
	return p.take(request, func(f frame) bool { return f.src() == src && f.mt() != "Event" }, func(f frame) bool {
		return strings.HasSuffix(f.mt(), "Result") || f.mt() == "Error"
	})
}

// session is a person at a client of a switch.
type session struct {
	p    *peer
	id   int64
	name string
}

var (
	sessionMu sync.Mutex
	sessionID int64 = 4503599627370000
)

func (p *peer) session(name, guid, flags string) *session {
	p.t.Helper()
	sessionMu.Lock()
	sessionID++
	id := sessionID
	sessionMu.Unlock()
	s := &session{p: p, id: id, name: name}
	got := p.ask(fmt.Sprintf(`{"mt":"Session","src":"s%d","user":%q,"session":%d,"guid":%q,"dn":"The %s","flags":%q}`, id, name, id, guid, name, flags))
	expect(p.t, got, `{"mt":"SessionResult"}`)
	return s
}

func (s *session) src() string { return fmt.Sprintf("s%d", s.id) }

// ask sends a request as the switch passes it on.
func (s *session) ask(request string) []frame {
	s.p.t.Helper()
	m := object1(s.p.t, request)
	m["user"], m["session"] = s.name, s.id
	text, err := json.Marshal(m)
	if err != nil {
		s.p.t.Fatal(err)
	}
	return s.p.ask(string(text))
}

// event waits for a live event of this session.
func (s *session) event(pattern string) frame {
	s.p.t.Helper()
	return s.p.await(`{"mt":"Event","src":"` + s.src() + `",` + strings.TrimPrefix(pattern, "{"))
}

// chat has the switch store a message of two; it returns the result.
func (p *peer) chat(author, to, text string, more ...string) frame {
	p.t.Helper()
	extra := strings.Join(more, "")
	got := p.ask(fmt.Sprintf(`{"mt":"Post","type":1,"author":%q,"topics":[%q,%q],"notify":[%q],"text":%q,"people":[%s,%s]%s}`,
		author, author, to, to, text, who(author), who(to), extra))
	return got[len(got)-1]
}

// who are people by name; the guid follows from it.
func who(name string) string {
	return fmt.Sprintf(`{"sip":%q,"guid":%q,"dn":%q}`, name, guid(name), "The "+name)
}

func guid(name string) string { return fmt.Sprintf("%x", name+"-guid") }

func id(f frame) int64 { n, _ := f["id"].(float64); return int64(n) }

func object1(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// expect compares messages with patterns: every member of a pattern must be there;
// "*" is any value, and a name with ! in front must not be there.
func expect(t testing.TB, got []frame, patterns ...string) {
	t.Helper()
	if len(got) != len(patterns) {
		t.Fatalf("%d messages, want %d: %v", len(got), len(patterns), got)
	}
	for i, p := range patterns {
		if bad := mismatch("", map[string]any(got[i]), object1(t, p)); bad != "" {
			t.Errorf("message %d: %s\n got %v\nwant %s", i, bad, got[i], p)
		}
	}
}

func mismatch(at string, got, want any) string {
	w, ok := want.(map[string]any)
	if !ok {
		if l, list := want.([]any); list {
			return listMismatch(at, got, l)
		}
		if want == "*" && got != nil || reflect.DeepEqual(got, want) {
			return ""
		}
		return fmt.Sprintf("%s is %v", at, got)
	}
	g, ok := got.(map[string]any)
	if !ok {
		return at + " is no object"
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		if absent, not := strings.CutPrefix(name, "!"); not {
			if _, there := g[absent]; there {
				return at + "." + absent + " is there"
			}
			continue
		}
		if bad := mismatch(at+"."+name, g[name], w[name]); bad != "" {
			return bad
		}
	}
	return ""
}

func listMismatch(at string, got any, want []any) string {
	g, ok := got.([]any)
	if !ok || len(g) != len(want) {
		return fmt.Sprintf("%s is %v", at, got)
	}
	for i := range want {
		if bad := mismatch(fmt.Sprintf("%s[%d]", at, i), g[i], want[i]); bad != "" {
			return bad
		}
	}
	return ""
}
