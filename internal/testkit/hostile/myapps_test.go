package hostile_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// myApps is a client at the myApps door, and the id of its session.
type myApps struct {
	*client
	session string
}

func newObject(sip, num string) directory.NewObject {
	return directory.NewObject{SIP: sip, Num: num, DN: sip}
}

func addDevice(m *machine, a signal.Address, hw string) error {
	return m.dir.AddDevice(m.t.Context(), a, directory.Device{HW: hw, App: "phone"})
}

// clientOf logs a person in at the myApps door.
func (m *machine) clientOf(t *testing.T, person, domain string) *myApps {
	t.Helper()
	c := &myApps{client: m.dial(t, clientDoor, domain)}
	c.name = person + "@" + domain
	c.send(`{"mt":"Login","type":"user","userAgent":"hostile"}`)
	asked := c.untilMT("Authenticate")
	proof := appservice.Proof{
		Type: appservice.TypeUser, Domain: asked.str("domain"), User: person, Password: passwordOf(person, domain),
		Nonce: rand.Text()[:16], Challenge: asked.str("challenge"),
	}
	c.send(fmt.Sprintf(`{"mt":"Login","type":"user","method":"digest","username":%q,"nonce":%q,"response":%q}`,
		person, proof.Nonce, proof.Response()))
	if got := c.untilMT("LoginResult"); got.get("error") != nil {
		t.Fatalf("login of %s: %s", c.name, got.raw)
	}
	added := c.until("SessionAdded", func(m message) bool { return m.str("mt") == "SessionAdded" && m.get("info.current") == true })
	c.session = added.str("id")
	if strings.TrimSpace(c.session) == "" {
		t.Fatal(added.raw)
	}
	return c
}

// untilMT reads up to a message of a type.
func (c *client) untilMT(mt string) message {
	c.t.Helper()
	return c.until(mt, func(m message) bool { return m.str("mt") == mt })
}
