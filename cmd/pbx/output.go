package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tandem-switch/tandem/internal/admin"
)

// adminFlags are common to the administrative commands.
type adminFlags struct {
	storage `embed:""`
	JSON    bool   `name:"json" env:"-" help:"Write JSON."`
	Reason  string `env:"-" placeholder:"TEXT" help:"Why; for the audit log. Some commands need it."`
}

// with does one operation: it opens the administration, asks, and shows the
// result, as JSON or in words.
func with[Request, Result any](
	ctx context.Context, con console, flags adminFlags,
	ask func(*admin.Client, context.Context, Request) (Result, error), request Request, words func(Result) string,
) error {
	return withFirst(ctx, con, flags, false, ask, request, words)
}

func withFirst[Request, Result any](
	ctx context.Context, con console, flags adminFlags, first bool,
	ask func(*admin.Client, context.Context, Request) (Result, error), request Request, words func(Result) string,
) (err error) {
	op, err := flags.operator(ctx, first)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	result, err := ask(op, admin.WithReason(ctx, flags.Reason), request)
	if err != nil {
		return err
	}
	if flags.JSON {
		return writeJSON(con, result)
	}
	_, err = fmt.Fprintln(con.out, words(result))
	return err
}

func writeJSON(con console, v any) error {
	enc := json.NewEncoder(con.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// table is rows below a header, in columns.
func table(header string, rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

// or is s, or a dash where there is nothing to show.
func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
