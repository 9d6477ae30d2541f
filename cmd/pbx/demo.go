package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/directory"
)

const demoName = "demo.example"

// demoUsers are the users of the demo.
var demoUsers = []directory.NewObject{
	{SIP: "alice", DN: "Alice", Num: "101"},
	{SIP: "bob", DN: "Bob", Num: "102"},
	{SIP: "carol", DN: "Carol", Num: "103"},
}

// checkDemo keeps accounts with printed passwords from the network.
func (c serveCommand) checkDemo() error {
	for _, listen := range c.Listen {
		u, err := url.Parse(listen)
		if err != nil || !isLoopback(u.Host) {
			return cli.Misuse("--demo listens on loopback only, not on %s: write --listen http://127.0.0.1:8080, or leave --demo out", listen)
		}
	}
	return nil
}

// demoPlaces is where the demo can be tried: the pages of the client and the console,
// and the address for phones.
type demoPlaces struct{ client, console, phone string }

// demoDomain makes the demo where it is missing, and returns what to print about
// it. Passwords are random, and told once.
func demoDomain(ctx context.Context, dir *directory.Directory, at demoPlaces) (string, error) {
	domain, ok := dir.DomainByName(demoName)
	if !ok {
		var err error
		if domain, err = dir.AddDomain(ctx, demoName, nil); err != nil {
			return "", err
		}
	}
	var words strings.Builder
	fmt.Fprintf(&words, "The demo, domain %s:\n", demoName)
	for _, user := range demoUsers {
		if _, ok := dir.UserByName(domain.ID, user.SIP); ok {
			fmt.Fprintf(&words, "  %-6s %s  (the password was printed at the first start)\n", user.SIP, user.Num)
			continue
		}
		user.Password = strings.ToLower(rand.Text())[:12]
		if _, err := dir.AddUser(ctx, domain.ID, user); err != nil {
			return "", err
		}
		fmt.Fprintf(&words, "  %-6s %s  password %s\n", user.SIP, user.Num, user.Password)
	}
	fmt.Fprintf(&words, "Open %s in a browser and sign in as one of them; as another one in a private window.\nThe console of administrators is at %s\n", at.client, at.console)
	fmt.Fprintf(&words, "Or put a password into a file, and chat in another terminal:\n  pbx phone --server %s --user alice@%s --password-file FILE --chat bob\n", at.phone, demoName)
	return words.String(), nil
}
