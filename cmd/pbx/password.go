package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tandem-switch/tandem/internal/cli"
)

// maxPasswordInput bounds what is read where a password is expected; the
// directory knows how long one may be.
const maxPasswordInput = 4 << 10

// passwordFlags say where a password comes from. It is never an argument: those
// can be seen by others.
type passwordFlags struct {
	PasswordStdin bool   `env:"-" xor:"password" help:"Read the password from standard input; one line end is removed."`
	PasswordFile  string `env:"-" xor:"password" placeholder:"FILE" help:"Read the password from a file; one line end is removed."`
}

// read is the password, or nil if the flags name none.
func (p passwordFlags) read(con cli.Console) (*string, error) {
	switch {
	case p.PasswordStdin:
		return readPassword(con.In, "standard input")
	case p.PasswordFile != "":
		f, err := os.Open(p.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		defer f.Close()
		return readPassword(f, p.PasswordFile)
	}
	return nil, nil
}

func readPassword(r io.Reader, where string) (*string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPasswordInput+1))
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	if len(text) > maxPasswordInput {
		return nil, fmt.Errorf("what comes from %s is too long for a password", where)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" {
		return nil, fmt.Errorf("there is no password in %s", where)
	}
	return &password, nil
}

// need is the password where there must be one.
func (p passwordFlags) need(con cli.Console) (string, error) {
	password, err := p.read(con)
	if err != nil {
		return "", err
	}
	if password == nil {
		return "", cli.Misuse("a password is needed: give --password-stdin or --password-file FILE")
	}
	return *password, nil
}
