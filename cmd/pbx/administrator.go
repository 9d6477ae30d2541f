package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type adminCommands struct {
	Add         administratorAdd         `cmd:"" help:"Add an administrator, an operator unless --role says otherwise."`
	List        administratorList        `cmd:"" help:"List the administrators."`
	Set         administratorSet         `cmd:"" help:"Change an administrator."`
	Remove      administratorRemove      `cmd:"" help:"Remove an administrator, with sessions and tokens."`
	ResetFactor administratorResetFactor `cmd:"" help:"Switch off the second factor of an administrator who has lost it."`
}

// grantFlags are one or several grants: each role for each organisation and
// domain.
type grantFlags struct {
	Role   string   `env:"-" enum:",operator,org_admin,domain_admin,auditor" default:"" placeholder:"ROLE" help:"operator, org_admin, domain_admin or auditor."`
	Org    []string `env:"-" placeholder:"NAME" help:"Organisation, of an org_admin or auditor (several allowed)."`
	Domain []string `env:"-" placeholder:"NAME" help:"Domain, of a domain_admin or auditor (several allowed)."`
}

// grants is nil if no role is given.
func (g grantFlags) grants() ([]admin.Grant, error) {
	if g.Role == "" {
		if len(g.Org)+len(g.Domain) > 0 {
			return nil, cli.Misuse("--org and --domain need a --role")
		}
		return nil, nil
	}
	var list []admin.Grant
	for _, org := range g.Org {
		list = append(list, admin.Grant{Role: g.Role, Org: org})
	}
	for _, domain := range g.Domain {
		list = append(list, admin.Grant{Role: g.Role, Domain: domain})
	}
	if list == nil {
		list = []admin.Grant{{Role: g.Role}}
	}
	return list, nil
}

func showGrants(list []admin.Grant) string {
	var words []string
	for _, g := range list {
		switch {
		case g.Domain != "":
			words = append(words, g.Role+":"+g.Domain)
		case g.Org != "":
			words = append(words, g.Role+":"+g.Org)
		default:
			words = append(words, g.Role)
		}
	}
	return cli.Or(strings.Join(words, ","))
}

type administratorAdd struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	grantFlags    `embed:""`
	Name          string `arg:"" help:"Name for the login."`
}

// Run implements the command.
func (c administratorAdd) Run(ctx context.Context, con cli.Console) error {
	password, err := c.need(con)
	if err != nil {
		return err
	}
	grants, err := c.grants()
	if err != nil {
		return err
	}
	if grants == nil {
		grants = []admin.Grant{{Role: "operator"}}
	}
	return withFirst(ctx, con, c.adminFlags, true, (*admin.Client).AddAccount, admin.NewAccount{Name: c.Name, Password: password, Grants: grants},
		func(a admin.Account) string {
			return "added the administrator " + a.Name + " (" + showGrants(a.Grants) + ")"
		})
}

type administratorList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c administratorList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).AccountList, admin.ListAccounts{}, func(list []admin.Account) string {
		var rows [][]string
		for _, a := range list {
			rows = append(rows, []string{a.Name, showGrants(a.Grants), cli.Yes(a.Disabled), cli.Yes(a.SecondFactor), whenever(a.LastLogin)})
		}
		return cli.Table("ADMINISTRATOR ROLES DISABLED SECOND-FACTOR LAST-LOGIN", rows)
	})
}

// whenever is a time that may not be there.
func whenever(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return when(t)
}

type administratorSet struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	grantFlags    `embed:""`
	Name          string `arg:"" help:"Name of the administrator."`
	Disabled      *bool  `env:"-" negatable:"" help:"Keep the administrator from logging in, and refuse the tokens."`
}

// Run implements the command.
func (c administratorSet) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	grants, err := c.grants()
	if err != nil {
		return err
	}
	edit := admin.AccountEdit{Disabled: admin.Maybe(c.Disabled), Password: admin.Maybe(password)}
	if grants != nil {
		edit.Grants = admin.Some(grants)
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetAccount, admin.SetAccount{Name: c.Name, AccountEdit: edit},
		func(a admin.Account) string { return "changed the administrator " + a.Name })
}

type administratorRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name of the administrator."`
}

// Run implements the command.
func (c administratorRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveAccount, c.Name,
		func(a admin.Account) string { return "removed the administrator " + a.Name })
}

type administratorResetFactor struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name of the administrator."`
}

// Run implements the command.
func (c administratorResetFactor) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).ResetFactor, c.Name,
		func(a admin.Account) string {
			return "the administrator " + a.Name + " logs in without a second factor"
		})
}

type tokenCommands struct {
	Add    tokenAdd    `cmd:"" help:"Make an API token and print it, this once."`
	List   tokenList   `cmd:"" help:"List the API tokens of everybody."`
	Revoke tokenRevoke `cmd:"" help:"Revoke an API token."`
}

type tokenAdd struct {
	adminFlags `embed:""`
	grantFlags `embed:""`
	Name       string        `arg:"" help:"Name of the token."`
	For        time.Duration `env:"-" placeholder:"DURATION" help:"How long it is good, like 720h; without: until it is revoked."`
}

// Run implements the command.
func (c tokenAdd) Run(ctx context.Context, con cli.Console) error {
	grants, err := c.grants()
	if err != nil {
		return err
	}
	if grants == nil {
		return cli.Misuse("say what the token may do, with --role")
	}
	if c.For < 0 {
		return cli.Misuse("--for is not negative")
	}
	n := admin.NewToken{Name: c.Name, Grants: grants}
	if c.For > 0 {
		n.Expires = time.Now().Add(c.For)
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).AddToken, n, func(t admin.MadeToken) string { return t.Secret })
}

type tokenList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c tokenList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).TokenList, admin.ListTokens{}, func(list []admin.Token) string {
		var rows [][]string
		for _, t := range list {
			rows = append(rows, []string{t.ID, cli.Or(t.Account), t.Name, showGrants(t.Grants), whenever(t.Expires), whenever(t.Used)})
		}
		return cli.Table("ID ACCOUNT NAME ROLES EXPIRES USED", rows)
	})
}

type tokenRevoke struct {
	adminFlags `embed:""`
	ID         string `arg:"" help:"Id of the token, as list shows it."`
}

// Run implements the command.
func (c tokenRevoke) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RevokeToken, c.ID, func(id string) string { return fmt.Sprintf("revoked the token %s", id) })
}
