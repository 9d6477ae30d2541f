package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/cmd/pbx/doctor"
	"github.com/tandem-switch/tandem/internal/acme"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/messages/host"
)

type doctorCommand struct {
	Serve serveCommand `embed:""`
	JSON  bool         `name:"json" env:"-" help:"Write JSON."`
}

// Run implements the command.
func (c doctorCommand) Run(ctx context.Context, con cli.Console) error {
	p := c.patient(ctx)
	if _, err := c.Serve.check(); err != nil {
		p.Add("configuration", doctor.Fail, "See docs/cli.md, Running a switch.", "%v", err)
	} else {
		p.Add("configuration", doctor.OK, "", "it can be used")
	}
	p.Examine(ctx)
	if err := c.show(con, p); err != nil {
		return err
	}
	if n := p.Failed(); n > 0 {
		return fmt.Errorf("%d of %d findings are failures", n, len(p.Findings))
	}
	return nil
}

// patient says what a server with these flags would use.
func (c doctorCommand) patient(ctx context.Context) *doctor.Patient {
	s := c.Serve
	p := &doctor.Patient{
		Data: s.Data, KeyFile: s.keyFile(), DSN: s.Postgres,
		Listen: slices.Concat(s.Listen, s.ListenAdmin, s.ListenMetrics),
		Cert:   s.TLSCert, Key: s.TLSKey, PublicHost: hostOf(s.PublicURL),
		Connections: edge.Limits{Connections: s.Limits.Connections}.Most(), Version: version + " (" + cli.Revision() + ")",
	}
	p.HostsMessages = s.Messages == messagesEmbedded
	p.MessagesDir = filepath.Join(s.Data, messagesDir)
	p.MessagesDB = filepath.Join(p.MessagesDir, host.DatabaseName)
	if s.Postgres == "" {
		p.Database = filepath.Join(s.Data, databaseName)
	}
	if s.ACME.on() {
		p.ACMEDir, p.ACMENames, p.CAURL = filepath.Join(s.Data, acmeDir), s.ACME.Domain, s.ACME.CA
		if p.CAURL == "" {
			p.CAURL = acme.DefaultCA
		}
		roots, _ := s.ACME.roots() // what is wrong with them shows when the authority is asked
		p.CA = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	}
	if s.Messages != messagesOff {
		p.Chats = s.chatsNow
	}
	p.Running, p.PID = running(ctx, s.Data)
	return p
}

// chatsNow is how chats are stored: as the server says or, where none runs, as it
// would be with these flags.
func (c serveCommand) chatsNow(ctx context.Context) (list []admin.Chats, err error) {
	client, err := admin.Open(ctx, c.Data, func(ctx context.Context) (*admin.Client, error) {
		log := slog.New(slog.DiscardHandler)
		dir, err := c.open(ctx, directory.Config{Log: log, HostMessages: c.Messages == messagesEmbedded})
		if err != nil {
			return nil, err
		}
		api, err := c.chatsAPI(ctx, dir, log)
		if err != nil {
			return nil, errors.Join(err, dir.Close())
		}
		return admin.Direct(api, os.Getuid(), dir.Close), nil
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	return client.ChatStorage(ctx, admin.ListChats{})
}

// chatsAPI answers nothing but questions.
func (c serveCommand) chatsAPI(ctx context.Context, dir *openedDirectory, log *slog.Logger) (*admin.API, error) {
	licences, err := dir.licences(ctx, c.LicenceMode, log)
	if err != nil {
		return nil, err
	}
	return admin.NewAPI(admin.Config{Directory: dir.Directory, Licences: licences, Chats: newChats(c.Messages, dir.Directory, log), Log: log})
}

// running is the version of the server on a data directory, and its process.
func running(ctx context.Context, data string) (version string, pid int) {
	client, err := admin.Dial(ctx, data)
	if err != nil {
		return "", 0
	}
	defer client.Close()
	var v admin.Version
	if err := client.Do(ctx, http.MethodGet, "/version", nil, &v); err != nil {
		return "unknown", 0
	}
	return v.Version + " (" + v.Build + ")", admin.Holder(data)
}

// show writes what was found.
func (c doctorCommand) show(con cli.Console, p *doctor.Patient) error {
	if c.JSON {
		return cli.WriteJSON(con, struct {
			OK       bool             `json:"ok"`
			Findings []doctor.Finding `json:"findings"`
		}{p.Failed() == 0, p.Findings})
	}
	var errs []error
	for _, f := range p.Findings {
		_, err := fmt.Fprintf(con.Out, "%-4s  %-14s  %s\n", strings.ToUpper(string(f.Level)), f.Check, f.Text)
		errs = append(errs, err)
		if f.Advice != "" {
			_, err := fmt.Fprintf(con.Out, "%22s-> %s\n", "", f.Advice)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
