// Command pbx is Tandem: the switch itself (pbx serve), its administration, and
// a softphone for the terminal (pbx phone).
//
// This package puts the parts together and does nothing else: serve.go shows
// the whole machine, the other files are one command each. Nothing imports it.
package main

import (
	"context"
	"io"
	"os"
	ossignal "os/signal"
	"syscall"
)

func main() {
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// console is where a command reads and writes.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
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
