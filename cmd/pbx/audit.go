package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/cli"
)

type auditCommands struct {
	List   auditListCommand   `cmd:"" help:"List who did what."`
	Head   auditHeadCommand   `cmd:"" help:"Show how far the audit log is, to be kept elsewhere."`
	Verify auditVerifyCommand `cmd:"" help:"Look whether the audit log, or an export of it, was changed."`
	Export auditExportCommand `cmd:"" help:"Write the audit log as JSON lines."`
}

// auditFilter selects rows.
type auditFilter struct {
	Domain  string `env:"-" placeholder:"NAME" help:"Only of this domain."`
	Actor   string `env:"-" placeholder:"NAME" help:"Only of this actor."`
	Act     string `env:"-" placeholder:"ACT" help:"Only this act: object.set, or object for all that begin so."`
	Object  string `env:"-" placeholder:"NAME" help:"Only what was done to this object: alice, or alice@example.com."`
	Outcome string `env:"-" enum:",begun,done,refused,failed" default:"" placeholder:"OUTCOME" help:"Only what ended so: done, refused, failed or begun."`
	Since   string `env:"-" placeholder:"TIME" help:"Not before this time: 2006-01-02, or 2006-01-02T15:04:05Z; or so long ago: 10m."`
	Until   string `env:"-" placeholder:"TIME" help:"Before this time, in the same form."`
}

func (f auditFilter) query() (q admin.AuditQuery, err error) {
	q = admin.AuditQuery{Domain: f.Domain, Actor: f.Actor, Act: f.Act, Object: f.Object, Outcome: f.Outcome}
	if q.Since, err = momentText("--since", f.Since); err != nil {
		return q, err
	}
	q.Until, err = momentText("--until", f.Until)
	return q, err
}

// all tells whether the filter leaves nothing out.
func (f auditFilter) all() bool { return f == auditFilter{} }

// momentText is a time as the API wants it. A day begins where the command runs; a
// duration ends now.
func momentText(flag, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	for _, form := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return t.UTC().Format(time.RFC3339), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return time.Now().Add(-d).UTC().Format(time.RFC3339), nil
	}
	return "", cli.Misuse("%s %s is not like 2006-01-02, \"2006-01-02 15:04:05\", 2006-01-02T15:04:05Z or 10m (ago)", flag, text)
}

type auditListCommand struct {
	adminFlags  `embed:""`
	auditFilter `embed:""`
	Most        int `env:"-" default:"100" placeholder:"N" help:"Most rows, the newest (${default})."`
}

// Run implements the command.
func (c auditListCommand) Run(ctx context.Context, con cli.Console) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	if q.Most = c.Most; q.Most < 1 {
		return cli.Misuse("--most is at least 1")
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).Audit, q, func(list []admin.AuditEntry) string {
		var rows [][]string
		for _, e := range list {
			rows = append(rows, []string{
				strconv.FormatInt(e.Number, 10), when(e.Time), e.Actor.Kind + ":" + cli.Or(e.Actor.Name), cli.Or(e.From), e.Act, auditObject(e), auditOutcome(e), auditWhy(e),
			})
		}
		return cli.Table("NUMBER TIME ACTOR FROM ACT OBJECT OUTCOME DETAILS", rows)
	})
}

func auditObject(e admin.AuditEntry) string {
	switch {
	case e.Object.Kind == "domain" || e.Domain.Name == "":
		return cli.Or(e.Object.Name)
	case e.Object.Name == "":
		return e.Domain.Name
	}
	return e.Object.Name + "@" + e.Domain.Name
}

func auditOutcome(e admin.AuditEntry) string {
	if e.Code == "" {
		return e.Outcome
	}
	return e.Outcome + " (" + e.Code + ")"
}

// auditWhy is the reason, and what was changed.
func auditWhy(e admin.AuditEntry) string {
	var parts []string
	if e.Reason != "" {
		parts = append(parts, strconv.Quote(e.Reason))
	}
	for _, d := range e.Details {
		switch {
		case d.Old == "" && d.New == "":
			parts = append(parts, d.Name)
		case d.Old == "":
			parts = append(parts, d.Name+"="+strconv.Quote(d.New))
		default:
			parts = append(parts, d.Name+": "+strconv.Quote(d.Old)+" -> "+strconv.Quote(d.New))
		}
	}
	return cli.Or(strings.Join(parts, ", "))
}

type auditHeadCommand struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c auditHeadCommand) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).AuditHead, admin.AskAuditHead{}, func(h admin.AuditHead) string {
		return fmt.Sprintf("head    %s\nsigned  %s\nkey     %s", cli.Or(h.Head), cli.Or(h.Signed), h.Key)
	})
}

type auditVerifyCommand struct {
	adminFlags `embed:""`
	Head       string `env:"-" placeholder:"HEAD" help:"A head that was kept: nothing may be missing or changed up to it."`
	Key        string `env:"-" placeholder:"KEY" help:"Public key for the signature of the head, for an export: ed25519:..."`
	Partial    bool   `env:"-" help:"The export was made with a filter: rows may be missing."`
	File       string `arg:"" optional:"" help:"An export to look through instead of the log itself; - is the standard input."`
}

// Run implements the command.
func (c auditVerifyCommand) Run(ctx context.Context, con cli.Console) error {
	if c.File == "" && (c.Key != "" || c.Partial) {
		return cli.Misuse("--key and --partial are for exports: name a file")
	}
	var report admin.AuditReport
	var err error
	if c.File == "" {
		report, err = c.ask(ctx)
	} else {
		report, err = c.look(con)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = cli.WriteJSON(con, report)
	} else {
		_, err = fmt.Fprintln(con.Out, verified(report))
	}
	if f := report.Fault; f != nil {
		return errors.Join(err, errors.New("the audit log is not as it was written: "+f.Text))
	}
	return err
}

func (c auditVerifyCommand) ask(ctx context.Context) (report admin.AuditReport, err error) {
	op, err := c.operator(ctx, false)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	return op.VerifyAudit(ctx, c.Head)
}

// look looks through an export. It needs neither a server nor a data directory.
func (c auditVerifyCommand) look(con cli.Console) (report admin.AuditReport, err error) {
	proof := audit.Proof{Partial: c.Partial}
	if c.Head != "" {
		head, err := audit.ParseHead(c.Head)
		if err != nil {
			return report, cli.Misuse("--head: %v", err)
		}
		proof.Head = &head
	}
	if c.Key != "" {
		if proof.Key, err = audit.ParsePublicKey(c.Key); err != nil {
			return report, cli.Misuse("--key: %v", err)
		}
	}
	file := io.NopCloser(con.In)
	if c.File != "-" {
		if file, err = os.Open(c.File); err != nil {
			return report, err
		}
	}
	defer file.Close()
	found, err := audit.VerifyExport(file, proof)
	return admin.ReportOf(found), err
}

// verified says in words what was looked at.
func verified(r admin.AuditReport) string {
	text := fmt.Sprintf("%d rows are as they were written", r.Rows)
	if r.Head != "" {
		text += ", up to " + r.Head
	}
	if r.Signed > 0 {
		text += fmt.Sprintf("; signed up to row %d", r.Signed)
	}
	if r.Gaps > 0 {
		text += fmt.Sprintf("; rows are left out in %d places", r.Gaps)
	}
	return text
}

type auditExportCommand struct {
	adminFlags  `embed:""`
	auditFilter `embed:""`
	File        string `arg:"" help:"File to write, which must not exist; - is the standard output."`
}

// Run implements the command.
func (c auditExportCommand) Run(ctx context.Context, con cli.Console) (err error) {
	q, err := c.query()
	if err != nil {
		return err
	}
	op, err := c.operator(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	export, err := op.ExportAudit(admin.WithReason(ctx, c.Reason), q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, export.Close()) }()
	if c.File == "-" {
		_, err := c.write(con.Out, export)
		return err
	}
	return c.writeFile(con, export)
}

func (c auditExportCommand) writeFile(con cli.Console, export io.Reader) error {
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	report, err := c.write(f, export)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if c.JSON {
		return cli.WriteJSON(con, report)
	}
	_, err = fmt.Fprintf(con.Out, "wrote %s: %s\n", c.File, verified(report))
	return err
}

// write copies the export, and looks through it on its way: so nobody keeps one
// that broke off, or one of a log that was changed, without being told.
func (c auditExportCommand) write(to io.Writer, export io.Reader) (admin.AuditReport, error) {
	out := bufio.NewWriter(to)
	found, err := audit.VerifyExport(io.TeeReader(export, out), audit.Proof{Partial: !c.all()})
	report := admin.ReportOf(found)
	if err == nil && report.Fault != nil {
		err = errors.New("the audit log is not as it was written: " + report.Fault.Text)
	}
	if err != nil { // the rest is wanted all the same
		_, rest := io.Copy(out, export)
		err = errors.Join(err, rest)
	}
	return report, errors.Join(err, out.Flush())
}
