package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/licence"
)

type licenceCommand struct {
	Keygen  licenceKeygen  `cmd:"" help:"Make a key that issues licences. With the first one licences begin; nothing is switched off by it."`
	Issue   licenceIssue   `cmd:"" help:"Sign a licence and print it."`
	Install licenceInstall `cmd:"" help:"Install a licence."`
	List    licenceList    `cmd:"" help:"List the installed licences."`
	Show    licenceShow    `cmd:"" help:"Show what a domain has."`
	Revoke  licenceRevoke  `cmd:"" help:"End an installed licence for good."`
	Keys    licenceKeys    `cmd:"" help:"Keys that sign licences."`
}

type licenceKeygen struct {
	adminFlags `embed:""`
	Name       string `env:"-" placeholder:"TEXT" help:"Name of the key, for people."`
	Out        string `env:"-" placeholder:"FILE" help:"Write the private half into this new file and keep it nowhere else; without it the switch keeps it, sealed."`
}

// Run implements the command.
func (c licenceKeygen) Run(ctx context.Context, con cli.Console) (err error) {
	ask := admin.NewLicenceKey{Name: c.Name, Hand: c.Out != ""}
	if c.Out == "" {
		return with(ctx, con, c.adminFlags, (*admin.Client).MakeLicenceKey, ask, keygenWords)
	}
	// The file comes first: a key that cannot be written down is not made.
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the key: %w", err)
	}
	written := false
	defer func() {
		err = errors.Join(err, f.Close())
		if !written {
			err = errors.Join(err, os.Remove(c.Out))
		}
	}()
	makeKey := func(op *admin.Client, ctx context.Context, n admin.NewLicenceKey) (admin.MadeLicenceKey, error) {
		made, err := op.MakeLicenceKey(ctx, n)
		if err != nil {
			return made, err
		}
		_, err = f.WriteString(made.Private + "\n")
		if err = errors.Join(err, f.Sync()); err != nil {
			return made, fmt.Errorf("the key %s was made but could not be written to %s: revoke it, and make another one: %w", made.ID, c.Out, err)
		}
		written, made.Private = true, ""
		return made, nil
	}
	return with(ctx, con, c.adminFlags, makeKey, ask, func(m admin.MadeLicenceKey) string {
		return keygenWords(m) + "\nthe private half is in " + c.Out + " and nowhere else"
	})
}

func keygenWords(m admin.MadeLicenceKey) string {
	words := "made the licence key " + m.ID + "\n" + m.Public
	switch {
	case !m.First:
	case len(m.Given) == 0:
		words += "\nfrom now on domains have what is installed for them"
	default:
		words += "\nfrom now on domains have what is installed for them; those that exist got everything: " + strings.Join(m.Given, ", ")
	}
	return words
}

type licenceIssue struct {
	adminFlags `embed:""`
	Domain     string   `arg:"" help:"Domain that it is for; * means every domain of an installation, with counts for each."`
	Grants     []string `arg:"" name:"grant" help:"What it gives: messages:100, calls, App(name):5, * and so on; without a number for all users."`
	From       string   `env:"-" placeholder:"TIME" help:"When it begins: 2027-01-31, or 2027-01-31T12:00:00Z. Without it, at once."`
	Until      string   `env:"-" xor:"end" placeholder:"TIME" help:"When it ends: a day is included, a time is the first moment without it."`
	Days       int      `env:"-" xor:"end" placeholder:"N" help:"For how many days from now, instead of --until."`
	Test       bool     `env:"-" help:"Have apps told that it is test mode."`
	Note       string   `env:"-" placeholder:"TEXT" help:"A note, for people."`
	KeyID      string   `name:"key-id" env:"-" xor:"key" placeholder:"ID" help:"Key of the switch to sign with, instead of the newest."`
	KeyFile    string   `env:"-" xor:"key" placeholder:"FILE" help:"File with the private half of a key. No switch is needed then."`
}

// Run implements the command.
func (c licenceIssue) Run(ctx context.Context, con cli.Console) error {
	n, err := c.licence(time.Now())
	if err != nil {
		return err
	}
	words := func(i admin.IssuedLicence) string { return i.Text }
	if c.KeyFile == "" {
		return with(ctx, con, c.adminFlags, (*admin.Client).IssueLicence, n, words)
	}
	issued, err := c.signWithFile(n)
	if err != nil {
		return err
	}
	if c.JSON {
		return cli.WriteJSON(con, issued)
	}
	_, err = fmt.Fprintln(con.Out, words(issued))
	return err
}

// licence is what the flags say.
func (c licenceIssue) licence(now time.Time) (n admin.NewLicence, err error) {
	n = admin.NewLicence{Domain: c.Domain, Test: c.Test, Note: c.Note, Key: c.KeyID}
	for _, text := range c.Grants {
		g, err := licence.ParseGrant(text)
		if err != nil {
			return n, cli.Misuse("%v", err)
		}
		n.Grants = append(n.Grants, admin.LicenceGrant{Name: string(g.Name), Count: g.Count})
	}
	if n.From, err = moment("--from", c.From, 0); err != nil {
		return n, err
	}
	n.Until, err = moment("--until", c.Until, 1)
	switch {
	case c.Days < 0 || c.Days > 100*366:
		return n, cli.Misuse("--days %d is not from 1 to 36600", c.Days)
	case c.Days > 0:
		n.Until = now.UTC().AddDate(0, 0, c.Days).Truncate(time.Second)
	}
	return n, err
}

// moment reads a time, or a day, to which days are added: its beginning or its
// end, in UTC.
func moment(flag, text string, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, days), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, cli.Misuse("%s %q is neither a day, like 2027-01-31, nor a time, like 2027-01-31T12:00:00Z", flag, text)
	}
	return at, nil
}

func (c licenceIssue) signWithFile(n admin.NewLicence) (admin.IssuedLicence, error) {
	text, err := readText(c.KeyFile, nil)
	if err != nil {
		return admin.IssuedLicence{}, err
	}
	key, err := licence.ParsePrivateKey(text)
	if err != nil {
		return admin.IssuedLicence{}, fmt.Errorf("%s: %w", c.KeyFile, err)
	}
	text, e, err := licence.Sign(key, n.Entitlement())
	return admin.IssuedLicence{ID: e.ID, Key: e.Key, Text: text}, err
}

// maxLicenceInput bounds what is read where a licence or a key is expected.
const maxLicenceInput = 64 << 10

// readText reads a file, or stdin if it is called -.
func readText(name string, stdin io.Reader) (string, error) {
	from := stdin
	if name != "-" || stdin == nil {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxLicenceInput+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxLicenceInput:
		return "", fmt.Errorf("%s is too long: it is no licence and no key", name)
	}
	return string(text), nil
}

type licenceInstall struct {
	adminFlags `embed:""`
	File       string `arg:"" help:"File with the licence, or - for standard input."`
}

// Run implements the command.
func (c licenceInstall) Run(ctx context.Context, con cli.Console) error {
	text, err := readText(c.File, con.In)
	if err != nil {
		return fmt.Errorf("licence: %w", err)
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).InstallLicence, admin.LicenceText{Text: strings.TrimSpace(text)}, func(l admin.Licence) string {
		return "installed the licence " + l.ID + " for " + l.Domain + ": " + grantsOf(l) + ", " + periodOf(l)
	})
}

func grantsOf(l admin.Licence) string {
	var list []string
	for _, g := range l.Grants {
		list = append(list, licence.Grant{Name: licence.Feature(g.Name), Count: g.Count}.String())
	}
	return strings.Join(list, ",")
}

// periodOf is how a licence stands and how long it will.
func periodOf(l admin.Licence) string {
	words := l.State
	if !l.From.IsZero() {
		words += " from " + l.From.Format(time.RFC3339)
	}
	if !l.Until.IsZero() {
		words += " until " + l.Until.Format(time.RFC3339)
	}
	return words
}

type licenceList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c licenceList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Licences, admin.ListLicences{}, func(list []admin.Licence) string {
		var rows [][]string
		for _, l := range list {
			domain := l.Domain
			if l.Holder != "" && l.Holder != l.Domain {
				domain += " (now " + l.Holder + ")"
			}
			rows = append(rows, []string{l.ID, cli.Or(domain), l.State, cli.Or(grantsOf(l)), dayOf(l.Until), cli.Yes(l.Test), cli.Or(l.Note)})
		}
		return cli.Table("LICENCE DOMAIN STATE GRANTS UNTIL TEST NOTE", rows)
	})
}

// dayOf is a time as tables show it.
func dayOf(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format(time.RFC3339)
}

type licenceShow struct {
	adminFlags `embed:""`
	Domain     string `arg:"" optional:"" help:"Name or host name of the domain; the default one without it."`
}

// Run implements the command.
func (c licenceShow) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).DomainLicences, c.Domain, func(d admin.DomainLicences) string {
		if d.Unlimited {
			return "everything: licences have not begun here"
		}
		var rows [][]string
		for _, f := range d.Features {
			row := []string{f.Name, "all", "-", "-", dayOf(f.Until), cli.Yes(f.Test)}
			if f.Entitled > 0 {
				row[1], row[2], row[3] = strconv.Itoa(f.Entitled), strconv.Itoa(f.Assigned), strconv.Itoa(f.Used)
			}
			rows = append(rows, row)
		}
		return cli.Table("FEATURE USERS ASSIGNED USED UNTIL TEST", rows)
	})
}

type licenceRevoke struct {
	adminFlags `embed:""`
	ID         string `arg:"" help:"Id of the licence."`
}

// Run implements the command.
func (c licenceRevoke) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RevokeLicence, c.ID, func(l admin.Licence) string {
		return "revoked the licence " + l.ID + " for " + l.Domain
	})
}

type licenceKeys struct {
	List   licenceKeysList   `cmd:"" help:"List the keys."`
	Trust  licenceKeysTrust  `cmd:"" help:"Accept licences that a key of another installation has signed."`
	Revoke licenceKeysRevoke `cmd:"" help:"End the trust in a key, and with it all licences that it has signed."`
}

type licenceKeysList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c licenceKeysList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).LicenceKeys, admin.ListLicenceKeys{}, func(list []admin.LicenceKey) string {
		var rows [][]string
		for _, k := range list {
			rows = append(rows, []string{k.ID, cli.Or(k.Name), cli.Yes(k.Issues), dayOf(k.Revoked), k.Public})
		}
		return cli.Table("KEY NAME ISSUES REVOKED PUBLIC", rows)
	})
}

type licenceKeysTrust struct {
	adminFlags `embed:""`
	Public     string `arg:"" help:"Public half of the key, as keygen printed it."`
	Name       string `env:"-" placeholder:"TEXT" help:"Name of the key, for people."`
}

// Run implements the command.
func (c licenceKeysTrust) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).TrustLicenceKey, admin.TrustedLicenceKey{Public: c.Public, Name: c.Name},
		func(k admin.LicenceKey) string { return "trusted the licence key " + k.ID })
}

type licenceKeysRevoke struct {
	adminFlags `embed:""`
	ID         string `arg:"" help:"Id of the key."`
	Force      bool   `env:"-" help:"Also if licences that are in use end with it."`
}

// Run implements the command.
func (c licenceKeysRevoke) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RevokeLicenceKey, admin.RevokeLicenceKey{ID: c.ID, Force: c.Force},
		func(r admin.RevokedLicenceKey) string {
			return fmt.Sprintf("revoked the licence key %s; %d licences in use ended", c.ID, r.Ended)
		})
}
