package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/service"
)

// maxPasswords bounds what is read where passwords are expected.
const maxPasswords = 1 << 20

// everyDomain stands for the domains that have no password of their own.
const everyDomain = "*"

// passwordFlags say with which passwords Messages objects log in. A password is never
// an argument: those can be seen by others.
type passwordFlags struct {
	PasswordStdin bool   `env:"-" help:"Read the password of all domains from standard input; one line end is removed."`
	PasswordFile  string `placeholder:"FILE" help:"Read the password of all domains from a file; one line end is removed."`
	Passwords     string `placeholder:"FILE" help:"File with a password for each domain, a line \"DOMAIN PASSWORD\" for each; further domains are refused unless there is a password of all domains too. Both files are read anew for each login."`
}

// accounts knows the passwords. The files are read for each login, so that a
// password can be changed while the service runs.
type accounts struct {
	flags    passwordFlags
	all      string // from standard input; empty without
	object   string
	instance string
	log      *slog.Logger
}

var _ service.Accounts = (*accounts)(nil)

// open reads everything once, so that mistakes show at the start.
func (p passwordFlags) open(con cli.Console, object, instance string, log *slog.Logger) (*accounts, error) {
	a := &accounts{flags: p, object: object, instance: instance, log: log}
	switch {
	case p.PasswordStdin && p.PasswordFile != "":
		return nil, cli.Misuse("give --password-stdin or --password-file, not both")
	case !p.PasswordStdin && p.PasswordFile == "" && p.Passwords == "":
		return nil, cli.Misuse("the switch logs in with the password of its Messages object: give --password-stdin or --password-file FILE, or --passwords FILE with one for each domain")
	case p.PasswordStdin:
		text, err := io.ReadAll(io.LimitReader(con.In, maxPasswords+1))
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		if a.all, err = onePassword(string(text), "standard input"); err != nil {
			return nil, err
		}
	}
	_, err := a.read()
	return a, err
}

// read is the passwords by domain in lower case.
func (a *accounts) read() (map[string]string, error) {
	list := map[string]string{}
	if a.flags.Passwords != "" {
		text, err := readFile(a.flags.Passwords)
		if err != nil {
			return nil, err
		}
		if list, err = passwordsOf(text, a.flags.Passwords); err != nil {
			return nil, err
		}
	}
	all := a.all
	if a.flags.PasswordFile != "" {
		text, err := readFile(a.flags.PasswordFile)
		if err != nil {
			return nil, err
		}
		if all, err = onePassword(text, a.flags.PasswordFile); err != nil {
			return nil, err
		}
	}
	if all != "" {
		list[everyDomain] = all
	}
	return list, nil
}

func readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPasswords+1))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	if len(text) > maxPasswords {
		return "", fmt.Errorf("%s is too long for passwords", name)
	}
	return string(text), nil
}

func onePassword(text, where string) (string, error) {
	password := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", fmt.Errorf("there is not one password in %s", where)
	}
	return password, nil
}

// passwordsOf reads lines "DOMAIN PASSWORD"; empty ones and those that begin with #
// say nothing.
func passwordsOf(text, where string) (map[string]string, error) {
	list := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		domain, password, found := strings.Cut(line, " ")
		domain, password = strings.ToLower(domain), strings.TrimSpace(password)
		switch {
		case !found || password == "":
			return nil, fmt.Errorf("line %d of %s is not like: example.com PASSWORD", n, where)
		case list[domain] != "":
			return nil, fmt.Errorf("line %d of %s: the domain %s stands there twice", n, where, domain)
		}
		list[domain] = password
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no password in " + where)
	}
	return list, nil
}

// Account implements service.Accounts: the domain of the path is that of the switch.
func (a *accounts) Account(_ context.Context, at service.Place, domain, _ string) (service.Account, bool) {
	if !strings.EqualFold(at.Domain, domain) || at.Instance != a.instance {
		a.log.Warn("a switch connects to the wrong place", "path", "/"+at.Domain+"/"+at.Instance, "domain", domain, "want", "/"+domain+"/"+a.instance)
		return service.Account{}, false
	}
	list, err := a.read()
	if err != nil {
		a.log.Error("the passwords cannot be read", "err", err)
		return service.Account{}, false
	}
	domain = strings.ToLower(domain)
	password, known := list[domain]
	if !known {
		password, known = list[everyDomain]
	}
	return service.Account{Domain: domain, Object: a.object, Passwords: []string{password}}, known
}
