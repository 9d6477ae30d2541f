package testkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit"
)

var twoPeople = testkit.Setup{
	People:  []testkit.Person{{Name: "alice", Password: "secret-alice"}, {Name: "bob", Password: "secret-bob"}},
	Objects: []testkit.Object{{Name: "robot", Password: "pwd"}},
}

func TestClient(t *testing.T) {
	url := startParrot(t, twoPeople).URL
	a := testkit.Dial(t, url, "a")
	a.Login("alice", "secret-alice")
	a.Register("IM_INBOX")
	b := testkit.DialMyApps(t, url, "b")
	b.Login("bob", "secret-bob")
	b.Register("")
	r := testkit.Dial(t, url, "r")
	r.LoginApp("robot", "pwd")
	b.Send(`{"mt":"Say","to":"a","text":{"x":1,"call":-9}}`)
	b.Send(`{"mt":"Say","to":"a","text":{"x":2,"call":-9}}`)
	a.ExpectLater(`{"x":"$x:int","call":"$inbox.a"}`)
	a.Expect(`{"x":2}`)
	a.ExpectNothing(20 * time.Millisecond)
	a.Settle()
	a.Bind("t", "hello")
	a.Send(`{"mt":"Say","text":{"n":"$x","t":"$t"}}`)
	a.Expect(`{"n":1,"t":"$u:str"}`)
	if a.Value("u") != "hello" || a.Value("x") != "1" {
		t.Errorf("bound %q %q", a.Value("u"), a.Value("x"))
	}
	a.Send(`{"mt":"Hang","code":1008}`)
	a.ExpectClose(1008)
	b.Drop()
}

// witness is a test that may fail without failing the real one.
type witness struct {
	testing.TB
	text strings.Builder
}

func (w *witness) Helper() {}
func (w *witness) Errorf(format string, args ...any) {
	w.text.WriteString(strings.TrimSpace(fmt.Sprintf(format, args...)))
}
func (w *witness) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	panic(w)
}

func TestClientFails(t *testing.T) {
	url := startParrot(t, twoPeople).URL
	for name, tc := range map[string]struct {
		use  func(c *testkit.Client)
		want string
	}{
		"mismatch": {func(c *testkit.Client) { c.Send(`{"mt":"Say","text":{"x":1}}`); c.Expect(`{"x":2}`) }, "x is 1, want 2"},
		"rules":    {func(c *testkit.Client) { c.Send(`{"mt":"Say","text":{"x":1,"X":2}}`); c.Expect(`{"x":1}`) }, "differ only in case"},
		"noise":    {func(c *testkit.Client) { c.Send(`{"mt":"Say","text":{"x":1}}`); c.ExpectNothing(time.Second) }, "expected nothing"},
		"unbound":  {func(c *testkit.Client) { c.Send(`{"a":"$x"}`) }, "not bound"},
		"password": {func(c *testkit.Client) { c.Login("alice", "wrong") }, "ok is false, want true"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &witness{TB: t}
			func() {
				defer func() { _ = recover() }()
				tc.use(testkit.Dial(w, url, "a"))
			}()
			if !strings.Contains(w.text.String(), tc.want) {
				t.Errorf("the failure does not say %q: %s", tc.want, w.text.String())
			}
		})
	}
}
