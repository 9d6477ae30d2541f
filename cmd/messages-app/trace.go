package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/host"
)

// clientFlags are common to the commands that ask a running service.
type clientFlags struct {
	dataFlags `embed:""`
	JSON      bool `name:"json" env:"-" help:"Write JSON."`
}

// ask asks the service that runs on the data directory, and hands its answer to take.
func (f clientFlags) ask(ctx context.Context, method, path string, body any, take func(io.Reader) error) error {
	return f.askFor(ctx, "", method, path, body, take)
}

// askFor is ask with a reason.
func (f clientFlags) askFor(ctx context.Context, reason, method, path string, body any, take func(io.Reader) error) error {
	response, err := f.send(ctx, reason, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return take(response.Body)
}

// send is askFor for an answer that the caller reads, and closes.
func (f clientFlags) send(ctx context.Context, reason, method, path string, body any) (*http.Response, error) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return nil, err
		}
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return admin.DialSocket(ctx, f.Data) },
	}}
	request, err := http.NewRequestWithContext(ctx, method, "http://messages-app"+path, &sent)
	if err != nil {
		return nil, err
	}
	if reason != "" {
		request.Header.Set(reasonHeader, reason)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no Messages service answers on %s: start it, or name its directory with --data (%w)", f.Data, err)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10)) // the status says enough
		return nil, errors.New(cmp.Or(strings.TrimSpace(string(text)), response.Status))
	}
	return response, nil
}

// show asks and shows the answer, as JSON or in words.
func show[T any](ctx context.Context, con cli.Console, f clientFlags, method, path string, body any, words func(T) string) error {
	return f.ask(ctx, method, path, body, func(r io.Reader) error {
		var answer T
		if err := json.NewDecoder(r).Decode(&answer); err != nil {
			return err
		}
		return cli.Show(con, f.JSON, answer, words)
	})
}

type traceCommands struct {
	On   traceOn   `cmd:"" help:"Switch a trace on, for a time."`
	Off  traceOff  `cmd:"" help:"Switch traces off."`
	List traceList `cmd:"" help:"List the traces that are on."`
	Tail traceTail `cmd:"" help:"Show what is recorded, as it comes."`
}

type traceOn struct {
	clientFlags `embed:""`
	Flags       []string      `arg:"" name:"flag" help:"What to trace: App, Database, AppWebsocket, Signalling; separated by commas."`
	Domain      string        `env:"-" placeholder:"NAME" help:"Only this domain."`
	For         time.Duration `default:"10m" env:"-" placeholder:"DURATION" help:"When it ends by itself (${default}; at most 24h)."`
	Content     bool          `env:"-" help:"Record the bodies of messages too, for 10 minutes at most; needs --reason."`
	Reason      string        `env:"-" placeholder:"TEXT" help:"Why; it stands in the log."`
}

// Run implements the command.
func (c traceOn) Run(ctx context.Context, con cli.Console) error {
	if c.Content && strings.TrimSpace(c.Reason) == "" {
		return cli.Misuse("--content shows what people write to each other: say why with --reason")
	}
	n := newTrace{Flags: strings.Join(c.Flags, ","), Domain: c.Domain, For: c.For.String(), Content: c.Content, Reason: c.Reason}
	return show(ctx, con, c.clientFlags, http.MethodPost, "/traces", n, func(t traceRow) string {
		words := fmt.Sprintf("trace %d is on: %s, %s, until %s", t.ID, strings.Join(t.Flags, ","), narrowed(t), when(t.Until))
		if t.ContentUntil != nil {
			words += ", with the bodies of messages until " + when(*t.ContentUntil)
		}
		return words
	})
}

func narrowed(t traceRow) string {
	if t.Domain != "" {
		return "domain " + t.Domain
	}
	return "everything"
}

func when(t time.Time) string { return t.Local().Format(time.DateTime) }

type traceOff struct {
	clientFlags `embed:""`
	What        string `arg:"" optional:"" default:"all" help:"Number of a trace, a flag, or all (${default})."`
}

// Run implements the command.
func (c traceOff) Run(ctx context.Context, con cli.Console) error {
	return show(ctx, con, c.clientFlags, http.MethodDelete, "/traces?what="+url.QueryEscape(c.What), nil, func(list []traceRow) string {
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
	clientFlags `embed:""`
}

// Run implements the command.
func (c traceList) Run(ctx context.Context, con cli.Console) error {
	return show(ctx, con, c.clientFlags, http.MethodGet, "/traces", nil, func(list []traceRow) string {
		rows := [][]string{}
		for _, t := range list {
			content := "-"
			if t.ContentUntil != nil {
				content = when(*t.ContentUntil)
			}
			rows = append(rows, []string{strconv.FormatUint(t.ID, 10), strings.Join(t.Flags, ","), narrowed(t), when(t.Until), content, cmp.Or(t.Reason, "-")})
		}
		return cli.Table("TRACE FLAGS OF UNTIL CONTENT REASON", rows)
	})
}

type traceTail struct {
	clientFlags `embed:""`
	Flags       string `env:"-" placeholder:"FLAGS" help:"Only frames of these flags."`
	Domain      string `env:"-" placeholder:"NAME" help:"Only those of this domain."`
}

// Run implements the command: it ends with an interrupt, or with the service.
func (c traceTail) Run(ctx context.Context, con cli.Console) error {
	q := url.Values{"flags": {c.Flags}, "domain": {c.Domain}}
	if c.JSON {
		q.Set("format", "json")
	}
	err := c.ask(ctx, http.MethodGet, "/tail?"+q.Encode(), nil, func(r io.Reader) error {
		_, err := io.Copy(con.Out, r)
		return err
	})
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil // also when it was told to stop
}

type usageCommand struct {
	clientFlags `embed:""`
}

// Run implements the command.
func (c usageCommand) Run(ctx context.Context, con cli.Console) error {
	return show(ctx, con, c.clientFlags, http.MethodGet, "/usage", nil, host.UsageTable)
}
