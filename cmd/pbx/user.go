package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tandem-switch/tandem/internal/admin"
)

type userCommands struct {
	Add    userAdd    `cmd:"" help:"Add a user."`
	List   userList   `cmd:"" help:"List the users."`
	Set    userSet    `cmd:"" help:"Change a user."`
	Remove userRemove `cmd:"" help:"Remove a user."`
	Import userImport `cmd:"" help:"Add the users of a CSV file."`
}

type userAdd struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain: alice@example.com."`
	DN            string   `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            string   `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           string   `env:"-" placeholder:"NUMBER" help:"Extension."`
	App           []string `env:"-" placeholder:"NAME" help:"App object that the user may open (several allowed)."`
	OverrideCLI   bool     `name:"override-cli" env:"-" help:"Allow calls under another identity."`
	SecondFactor  bool     `env:"-" negatable:"" help:"Have logins with the password confirmed on another session."`
}

// Run implements the command.
func (c userAdd) Run(ctx context.Context, con console) error {
	password, err := c.need(con)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, admin.Operator.AddUser, admin.AddUser{
		Name: c.Name, DN: c.DN, CN: c.CN, Num: c.Num, Password: password,
		Apps: c.App, OverrideCLI: c.OverrideCLI, SecondFactor: c.SecondFactor,
	}, func(u admin.User) string { return "added the user " + u.SIP + "@" + u.Domain })
}

type userList struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Only those of this domain."`
}

// Run implements the command.
func (c userList) Run(ctx context.Context, con console) error {
	return with(ctx, con, c.adminFlags, admin.Operator.Users, admin.ListUsers{Domain: c.Domain}, func(list []admin.User) string {
		var rows [][]string
		for _, u := range list {
			rows = append(rows, []string{u.SIP + "@" + u.Domain, or(u.Num), or(u.DN), yes(u.Disabled), yes(u.SecondFactor)})
		}
		return table("USER NUMBER NAME DISABLED SECOND-FACTOR", rows)
	})
}

type userSet struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain."`
	Rename        *string  `env:"-" placeholder:"NAME" help:"New name, without domain."`
	DN            *string  `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            *string  `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           *string  `env:"-" placeholder:"NUMBER" help:"Extension; empty takes it away."`
	App           []string `env:"-" xor:"app" placeholder:"NAME" help:"App objects that the user may open, instead of those so far (several allowed)."`
	NoApps        bool     `env:"-" xor:"app" help:"Take all app objects away."`
	Disabled      *bool    `env:"-" negatable:"" help:"Keep the user from logging in and being reached."`
	OverrideCLI   *bool    `name:"override-cli" env:"-" negatable:"" help:"Allow calls under another identity."`
	SecondFactor  *bool    `env:"-" negatable:"" help:"Have logins with the password confirmed on another session."`
}

// Run implements the command.
func (c userSet) Run(ctx context.Context, con console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, admin.Operator.SetUser, admin.SetUser{
		Name: c.Name, Rename: c.Rename, DN: c.DN, CN: c.CN, Num: c.Num, Password: password,
		Disabled: c.Disabled, Apps: replaced(c.App, c.NoApps), OverrideCLI: c.OverrideCLI,
		SecondFactor: c.SecondFactor,
	}, func(u admin.User) string { return "changed the user " + u.SIP + "@" + u.Domain })
}

type userRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name, with or without domain."`
}

// Run implements the command.
func (c userRemove) Run(ctx context.Context, con console) error {
	return with(ctx, con, c.adminFlags, admin.Operator.RemoveUser, admin.RemoveUser{Name: c.Name},
		func(u admin.User) string { return "removed the user " + u.SIP + "@" + u.Domain })
}

type userImport struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Domain of the users (the default one)."`
	File       string `arg:"" help:"CSV file with the header sip,dn,num,password; - is standard input."`
}

// maxImport is a little more than what the directory takes, which has the last
// word.
const maxImport = 17 << 20

// Run implements the command. It fails if a line was refused; the others are
// in.
func (c userImport) Run(ctx context.Context, con console) error {
	csv, err := readImport(c.File, con.in)
	if err != nil {
		return err
	}
	var refused []admin.RefusedLine
	ask := func(op admin.Operator, ctx context.Context, r admin.ImportUsers) (admin.Imported, error) {
		i, err := op.ImportUsers(ctx, r)
		refused = i.Refused
		return i, err
	}
	err = with(ctx, con, c.adminFlags, ask, admin.ImportUsers{Domain: c.Domain, CSV: csv}, func(i admin.Imported) string {
		return fmt.Sprintf("added %d users to %s", i.Added, i.Domain)
	})
	if err != nil || len(refused) == 0 {
		return err
	}
	for _, l := range refused {
		fmt.Fprintf(con.err, "%s:%d: %s\n", c.File, l.Line, l.Text)
	}
	return fmt.Errorf("%d lines of %s were refused: correct them and import them alone", len(refused), c.File)
}

func readImport(name string, stdin io.Reader) (string, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxImport))
	return string(text), err
}
