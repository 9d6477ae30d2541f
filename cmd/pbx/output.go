package main

import (
	"context"
	"errors"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
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
	ctx context.Context, con cli.Console, flags adminFlags,
	ask func(*admin.Client, context.Context, Request) (Result, error), request Request, words func(Result) string,
) error {
	return withFirst(ctx, con, flags, false, ask, request, words)
}

func withFirst[Request, Result any](
	ctx context.Context, con cli.Console, flags adminFlags, first bool,
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
	return cli.Show(con, flags.JSON, result, words)
}
