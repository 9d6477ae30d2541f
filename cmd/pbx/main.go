// Command pbx is Tandem: the switch itself (pbx serve), its administration, and
// a softphone for the terminal (pbx phone).
//
// This package puts the parts together and does nothing else: serve.go shows
// the whole machine, the other files are one command each. Nothing imports it.
package main

import (
	"context"
	"os"
	ossignal "os/signal"
	"syscall"

	"github.com/tandem-switch/tandem/internal/cli"
)

func main() {
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], cli.Console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

// isTerminal tells whether a person is at the other end of v.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}
