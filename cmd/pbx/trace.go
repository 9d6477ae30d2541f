package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type traceCommands struct {
	On   traceOn   `cmd:"" help:"Switch a trace on, for a time."`
	Off  traceOff  `cmd:"" help:"Switch traces off."`
	List traceList `cmd:"" help:"List the traces that are on."`
	Tail traceTail `cmd:"" help:"Show what is recorded, as it comes."`
	Save traceSave `cmd:"" help:"Write what was recorded to a file."`
}

type traceOn struct {
	adminFlags `embed:""`
	Flags      []string      `arg:"" name:"flag" help:"What to trace: PBX, HTTP/Servlets, App, Database, AppWebsocket, Signalling, BrowserConsole; separated by commas."`
	Domain     string        `env:"-" placeholder:"NAME" help:"Only connections of this domain."`
	User       string        `env:"-" placeholder:"NAME" help:"Only connections of this user or app: alice, or alice@example.com."`
	Conn       string        `env:"-" placeholder:"ID" help:"Only this connection, as in pbx regs."`
	Call       string        `env:"-" placeholder:"ID" help:"Only this call, on all its legs, as in pbx calls."`
	For        time.Duration `default:"10m" env:"-" placeholder:"DURATION" help:"When it ends by itself (${default}; at most 24h, HTTP/Servlets 60m)."`
	Content    bool          `env:"-" help:"Record the bodies of messages too, for 10 minutes at most; needs --reason."`
}

// Run implements the command.
func (c traceOn) Run(ctx context.Context, con cli.Console) error {
	if c.Content && strings.TrimSpace(c.Reason) == "" {
		return cli.Misuse("--content shows what people write to each other: say why with --reason, for the audit log")
	}
	request := admin.AddTrace{Reason: c.Reason, NewTrace: admin.NewTrace{
		Flags: c.Flags, Domain: c.Domain, User: c.User, Connection: c.Conn, Call: c.Call, For: c.For.String(), Content: c.Content,
	}}
	return with(ctx, con, c.adminFlags, (*admin.Client).AddTrace, request, func(t admin.Trace) string {
		words := fmt.Sprintf("trace %d is on: %s, %s, until %s", t.ID, strings.Join(t.Flags, ","), narrowed(t), when(t.Until))
		if t.ContentUntil != nil {
			words += ", with the bodies of messages until " + when(*t.ContentUntil)
		}
		return words
	})
}

// narrowed says in words what a trace is narrowed to.
func narrowed(t admin.Trace) string {
	var parts []string
	switch {
	case t.User != "":
		parts = append(parts, t.User+"@"+t.Domain)
	case t.Domain != "":
		parts = append(parts, "domain "+t.Domain)
	}
	if t.Connection != "" {
		parts = append(parts, "connection "+t.Connection)
	}
	if t.Call != "" {
		parts = append(parts, "call "+t.Call)
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, " ")
}

type traceOff struct {
	adminFlags `embed:""`
	What       string `arg:"" optional:"" default:"all" help:"Number of a trace, a flag, or all (${default})."`
}

// Run implements the command.
func (c traceOff) Run(ctx context.Context, con cli.Console) error {
	request := admin.RemoveTraces{What: c.What, Reason: c.Reason}
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveTraces, request, func(list []admin.Trace) string {
		if len(list) == 0 {
			return "no trace was on"
		}
		var lines []string
		for _, t := range list {
			lines = append(lines, fmt.Sprintf("trace %d is off: %s, %s", t.ID, strings.Join(t.Flags, ","), narrowed(t)))
		}
		return strings.Join(lines, "\n")
	})
}

type traceList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c traceList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Traces, admin.ListTraces{}, func(list []admin.Trace) string {
		var rows [][]string
		for _, t := range list {
			content := "-"
			if t.ContentUntil != nil {
				content = when(*t.ContentUntil)
			}
			rows = append(rows, []string{
				strconv.FormatUint(t.ID, 10), strings.Join(t.Flags, ","), narrowed(t), when(t.Until), content, t.By, cli.Or(t.Reason),
			})
		}
		return cli.Table("TRACE FLAGS OF UNTIL CONTENT BY REASON", rows)
	})
}

// traceFilter chooses what is read.
type traceFilter struct {
	adminFlags `embed:""`
	Flags      string `env:"-" placeholder:"FLAGS" help:"Only frames of these flags."`
	Domain     string `env:"-" placeholder:"NAME" help:"Only those of connections of this domain."`
	User       string `env:"-" placeholder:"NAME" help:"Only those of connections of this user or app."`
	Conn       string `env:"-" placeholder:"ID" help:"Only those of this connection."`
	Call       string `env:"-" placeholder:"ID" help:"Only those of this call, on all its legs."`
	Since      string `env:"-" placeholder:"TIME" help:"Not before this time: 2006-01-02, or 2006-01-02T15:04:05Z; or so long ago: 10m."`
}

func (f traceFilter) request() (admin.ReadTrace, error) {
	since, err := momentText("--since", f.Since)
	return admin.ReadTrace{
		Flags: f.Flags, Domain: f.Domain, User: f.User, Connection: f.Conn, Call: f.Call, Since: since, JSON: f.JSON,
	}, err
}

// read does one reading operation.
func (f traceFilter) read(ctx context.Context, w io.Writer, read func(*admin.Client, context.Context, admin.ReadTrace, io.Writer) error) (err error) {
	request, err := f.request()
	if err != nil {
		return err
	}
	op, err := f.operator(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	return read(op, ctx, request, w)
}

type traceTail struct {
	traceFilter `embed:""`
}

// Run implements the command: it ends with an interrupt, or with the server.
func (c traceTail) Run(ctx context.Context, con cli.Console) error {
	return c.read(ctx, con.Out, (*admin.Client).TailTrace)
}

type traceSave struct {
	traceFilter `embed:""`
	File        string `arg:"" help:"File to write, which must not exist; - is the standard output. Nobody else may read it."`
}

// Run implements the command.
func (c traceSave) Run(ctx context.Context, con cli.Console) error {
	if c.File == "-" {
		return c.read(ctx, con.Out, (*admin.Client).SaveTrace)
	}
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; name another file", c.File)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(c.read(ctx, file, (*admin.Client).SaveTrace), file.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	return nil
}
