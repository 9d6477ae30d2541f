package edge

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// ledger is a Licences that knows what it was told, by feature or app; what it
// was not told is licensed.
type ledger struct {
	user signal.Address
	list map[string]licence.Standing
}

func (l *ledger) Standing(a signal.Address, f licence.Feature) licence.Standing {
	return l.of(a, "feature "+string(f))
}

func (l *ledger) App(a signal.Address, name string) licence.Standing { return l.of(a, "app "+name) }

func (l *ledger) of(a signal.Address, what string) licence.Standing {
	if s, known := l.list[what]; known && a == l.user {
		return s
	}
	return licence.Licensed
}

// TestAppLoginTellsLicences looks at the info that the service of an app gets
// (appwebsocket.md 2.4).
func TestAppLoginTellsLicences(t *testing.T) {
	led := &ledger{list: map[string]licence.Standing{
		"app innovaphone-users": licence.Unlicensed, "app robot": licence.TestMode,
		"feature chat": licence.Unlicensed, "feature calls": licence.TestMode,
	}}
	r := newRig(t, func(c *Config) { c.Licences = led })
	led.user = r.alice.Address()
	_, err := r.dir.AddApp(t.Context(), r.domain.ID, directory.NewObject{SIP: "users", Password: "pwd-users", URL: "https://apps.example.com/x/innovaphone-users.htm"})
	r.must(err)
	apps := []string{"users", "robot"}
	_, err = r.dir.SetUser(t.Context(), r.alice.Address(), directory.ObjectEdit{Apps: &apps})
	r.must(err)
	r.must(r.dir.AddDevice(t.Context(), r.alice.Address(), directory.Device{HW: "phone-1", App: "softphone"}))
	c, _ := r.loginClient("alice")
	info := func(c *client, app string) string {
		t.Helper()
		c.sendf(`{"mt":"AppGetLogin","src":"g","app":%q,"challenge":"0123456789abcdef"}`, app)
		_, text := c.read()
		_, info, found := strings.Cut(text, `"info":`)
		if !found {
			t.Fatalf("%s: %s", app, text)
		}
		return info
	}
	for app, want := range map[string]string{
		"users": `"cn":"alice","unlicensed":true,"groups"`, "robot": `"cn":"alice","testmode":true,"groups"`,
		"chat": `"cn":"alice","unlicensed":true,"groups"`, "softphone": `"cn":"alice","testmode":true,"groups"`,
		"dev:phone-1": `"cn":"alice","testmode":true,"groups"`,
	} {
		if got := info(c, app); !strings.Contains(got, want) {
			t.Errorf("%s: info %s", app, got)
		}
	}
	delete(led.list, "app innovaphone-users")
	if got := info(c, "users"); strings.Contains(got, "licensed") || strings.Contains(got, "testmode") {
		t.Errorf("licensed meanwhile: info %s", got)
	}
	b, _ := r.loginClient("bob")
	if got := info(b, "chat"); strings.Contains(got, "licensed") {
		t.Errorf("of somebody else: info %s", got)
	}
}
