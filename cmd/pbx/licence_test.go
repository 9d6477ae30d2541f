package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/testkit"
)

// issue is the text of a licence that was issued with these arguments.
func issue(t *testing.T, data, args string) string {
	t.Helper()
	got := pbx(t, "", append(strings.Fields("licence issue "+args), "--data", data)...)
	if got.code != exitOK {
		t.Fatalf("pbx licence issue %s: %+v", args, got)
	}
	return strings.TrimSpace(got.out)
}

// install installs a licence and returns its id.
func install(t *testing.T, data, text string) string {
	t.Helper()
	got := pbx(t, text, "licence", "install", "-", "--data", data)
	words := strings.Fields(got.out)
	if got.code != exitOK || len(words) < 4 {
		t.Fatalf("pbx licence install: %+v", got)
	}
	return words[3]
}

// licenceScript is the life of licences by the command line, from the first key.
func licenceScript(t *testing.T, data string) {
	play(t, data, []step{
		{args: "domain add old.example"},
		{args: "licence show", out: "everything: licences have not begun"},
		{args: "licence issue old.example calls", code: exitFailed, err: "pbx licence keygen"},
		{args: "licence keygen --name main", out: "those that exist got everything: old.example"},
		{args: "licence show old.example", out: "* all - - - -"},
		{args: "domain add new.example"},
		{args: "licence show new.example", out: "-all"},
		{args: "licence issue new.example", code: exitUsage, err: "grant"},
		{args: "licence issue new.example cals", code: exitUsage, err: "chat.attach"},
		{args: "licence issue new.example calls:0", code: exitUsage, err: "number of users"},
		{args: "licence issue new.example calls --until tomorrow", code: exitUsage, err: "2027-01-31"},
		{args: "licence issue new.example calls --days -1", code: exitUsage, err: "--days"},
		{args: "licence issue New_Example calls", code: exitFailed, err: "domain name"},
		{args: "licence issue new.example calls --key-id 00", code: exitFailed, err: "not known here"},
		{args: "licence install /does/not/exist", code: exitFailed, err: "/does/not/exist"},
		{args: "licence install -", stdin: "hello", code: exitFailed, err: "no licence"},
		{args: "licence revoke 00 --reason test", code: exitFailed, err: "pbx licence list"},
		{args: "licence keys revoke 00", code: exitFailed, err: "not known here"},
		{args: "licence keys trust hello", code: exitFailed, err: "TANDEM-LICENCE-PUB-1."},
		{args: "licence keys list", out: "main yes - TANDEM-LICENCE-PUB-1."},
	})
	text := issue(t, data, "new.example messages:2 App(crm):1 calls --until 2999-12-31 --note order-7 --test")
	id := install(t, data, text[:60]+"\n"+text[60:])
	play(t, data, []step{
		{args: "licence list", out: id + " new.example valid messages:2,App(crm):1,calls 3000-01-01T00:00:00Z yes order-7"},
		{args: "licence show new.example", out: "messages 2 0 0 3000-01-01T00:00:00Z yes"},
		{args: "licence show new.example --json", out: `"entitled": 2`},
		{args: "user add alice@new.example --licence messages --password-stdin", stdin: "long enough", out: "added"},
		{args: "user add bob@new.example --licence messages --licence push --password-stdin", stdin: "long enough", code: exitFailed, err: "no licences of the name push"},
		{args: "user add bob@new.example --password-stdin", stdin: "long enough", out: "added"},
		{args: "user add carol@new.example --licence App(crm) --password-stdin", stdin: "long enough", out: "added"},
		{args: "licence show new.example", out: "App(crm) 1 1 1 3000-01-01T00:00:00Z yes calls all - - 3000-01-01T00:00:00Z yes messages 2 1 1"},
		{args: "user set bob@new.example --licence App(crm)", code: exitFailed, err: "All 1 licences App(crm) of the domain are assigned"},
		{args: "user set bob@new.example --licence messages --dn Bob", out: "changed"},
		{args: "user set bob@new.example --licence messages --dn Bobby", out: "changed"}, // it has that already
		{args: "user set carol@new.example --licence messages", code: exitFailed, err: "All 2 licences messages"},
		{args: "user set alice@new.example --no-licences", out: "changed"},
		{args: "user set carol@new.example --licence messages", out: "changed"},
		{args: "user set carol@new.example --licence messages --no-licences", code: exitUsage, err: "can't be used together"},
		{args: "licence install -", stdin: text, out: "installed the licence " + id},
		{args: "domain set new.example --rename newer.example"},
		{args: "licence list", out: "new.example (now newer.example) valid"},
		{args: "licence revoke --reason test " + id, out: "revoked the licence " + id},
		{args: "licence show newer.example", out: "-all"},
		{args: "licence list", out: id + " new.example (now newer.example) revoked"},
		{args: "licence install -", stdin: text, code: exitFailed, err: "was revoked"},
	})
	ownKey(t, data)
}

// ownKey works with a key that is not kept in the store.
func ownKey(t *testing.T, data string) {
	file := filepath.Join(t.TempDir(), "licence.key")
	play(t, data, []step{
		{args: "licence keygen --out " + file, out: "the private half is in " + file},
		{args: "licence keygen --out " + file, code: exitFailed, err: "exists"},
		{args: "licence issue * calls --key-file " + data + "/pbx.db", code: exitFailed, err: "pbx.db"},
	})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	id := install(t, data, issue(t, t.TempDir(), "* calls --key-file "+file))
	keys := pbx(t, "", "licence", "keys", "list", "--data", data)
	own := ""
	for line := range strings.Lines(keys.out) {
		if words := strings.Fields(line); words[2] == "-" {
			own = words[0]
		}
	}
	play(t, data, []step{
		{args: "licence show newer.example", out: "calls all - - - -"},
		{args: "licence keys revoke " + own, code: exitFailed, err: "licences that are in use"},
		{args: "licence keys revoke --force " + own, out: "1 licences in use ended"},
		{args: "licence list", out: id + " * key_revoked"},
		{args: "licence show newer.example", out: "-all"},
	})
}

func TestLicences(t *testing.T) {
	t.Run("offline", func(t *testing.T) { licenceScript(t, t.TempDir()) })
	t.Run("served", func(t *testing.T) {
		onBoth(t, func(t *testing.T, flags ...string) {
			data := t.TempDir()
			start(t, data, 0, flags...)
			licenceScript(t, data)
		})
	})
}

// TestLicencesOverTheWire: what the operator installs and revokes is what clients
// meet, without a restart.
func TestLicencesOverTheWire(t *testing.T) { onBoth(t, testLicencesOverTheWire) }

func testLicencesOverTheWire(t *testing.T, flags ...string) {
	data := t.TempDir()
	s := start(t, data, 0, flags...)
	play(t, data, []step{
		{args: "domain add example.com"}, // made before the first key: it keeps everything
		{args: "user add alice --num 101 --password-stdin", stdin: "secret-alice"},
		{args: "user add bob --num 102 --password-stdin", stdin: "secret-bob"},
		{args: "app add crm --url https://crm.example/x/crm-desk.htm --password-stdin", stdin: "secret-crm"},
		{args: "user set alice --app crm"},
	})
	c := callerOf(t, s)
	line := s.logIn(t, appservice.Credentials{Username: "alice", Password: "secret-alice"})
	c.check("before the first key", line, true)
	play(t, data, []step{{args: "licence keygen"}})
	c.check("after the first key", line, true)
	list := pbx(t, "", "licence", "list", "--data", data)
	first := strings.Fields(strings.SplitAfter(list.out, "\n")[1])[0]
	play(t, data, []step{{args: "licence revoke --reason test " + first}})
	c.check("with nothing", line, false)
	id := install(t, data, issue(t, data, "example.com calls App(crm)"))
	c.check("with a licence", line, true)
	if status, page := get(t, s.url+"/metrics"); status != http.StatusOK || !strings.Contains(page, `pbx_licences{state="valid"} 1`) {
		t.Errorf("the metrics: %d\n%s", status, page)
	}
	play(t, data, []step{{args: "licence revoke --reason test " + id}})
	c.check("revoked", line, false)
}

// caller is alice, who calls bob again and again.
type caller struct {
	*testkit.Client
	t    *testing.T
	call int
}

func callerOf(t *testing.T, s *server) *caller {
	bob := testkit.Dial(t, s.url, "b")
	bob.Login("bob", "secret-bob")
	bob.Register("")
	c := &caller{testkit.Dial(t, s.url, "a"), t, 0}
	c.Login("alice", "secret-alice")
	c.Register("")
	return c
}

// check expects that alice has licences for calls and for the app, or neither.
func (c *caller) check(when string, line *appservice.MyApps, licensed bool) {
	c.t.Helper()
	c.call++
	answer := `{"type":"call_proc"}`
	if !licensed {
		answer = `{"type":"rel","cau":{"num":50}}`
	}
	c.Send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":%d,"sig":{"type":"setup","cd":{"num":"102"},"complete":true,"channel":-1,"channels":{}}}`, c.call))
	c.Expect(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":%d,"sig":%s}`, c.call, answer))
	if licensed {
		c.Send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":%d,"sig":{"type":"rel"}}`, c.call))
	}
	if got := c.app(line); got != licensed {
		c.t.Errorf("%s: the app is told that alice is licensed: %v", when, got)
	}
}

// app tells whether the service of the app is told that alice is licensed.
func (c *caller) app(line *appservice.MyApps) bool {
	c.t.Helper()
	l, _, err := line.GetLogin(c.t.Context(), "crm", "0123456789abcdef")
	if err != nil {
		c.t.Fatal(err)
	}
	return !appservice.InfoOf(l).Unlicensed
}
