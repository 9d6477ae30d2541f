package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/trace"
)

// dataFlags say where the service keeps what it knows.
type dataFlags struct {
	Data string `default:"./messages" placeholder:"DIR" help:"Data directory (${default})."`
}

type serveCommand struct {
	dataFlags      `embed:""`
	passwordFlags  `embed:"" group:"Passwords:"`
	host.FileFlags `embed:"" group:"Files:"`
	Listen         []string   `default:"http://127.0.0.1:8081" placeholder:"URL" help:"Where to listen (${default}); several allowed, port 0 takes a free one. Plain text elsewhere than on loopback is http+insecure://..."`
	Postgres       string     `placeholder:"DSN" help:"PostgreSQL database instead of files in the data directory; the schema messages is used, and made."`
	Instance       string     `default:"messages" placeholder:"NAME" help:"Second part of all addresses, behind the domain (${default})."`
	Object         string     `default:"messages" placeholder:"NAME" help:"Name of the Messages object of the switches (${default}): it alone may speak for everybody."`
	PublicURL      string     `name:"public-url" placeholder:"URL" help:"Address under which clients reach the service, for the links to files; without it the first listener."`
	TLSCert        string     `name:"tls-cert" placeholder:"FILE" help:"Certificate for https listeners; read anew when it changes."`
	TLSKey         string     `name:"tls-key" placeholder:"FILE" help:"Its private key."`
	MetricsPublic  bool       `help:"Show /metrics on every listener, not on loopback alone."`
	Trace          string     `placeholder:"FLAGS" help:"Write traces to the log: App, Database, AppWebsocket, Signalling, separated by commas. Secrets and texts are masked."`
	TraceBuffer    int        `name:"trace-buffer" placeholder:"BYTES" help:"How much of the newest traced frames is kept (16777216; at least 262144)."`
	LogLevel       slog.Level `default:"INFO" placeholder:"LEVEL" help:"DEBUG, INFO, WARN or ERROR (${default})."`
}

// patience is how long a stop waits for what has begun.
const patience = 10 * time.Second

// check finds what cannot work before anything is begun.
func (c serveCommand) check() (trace.Flag, error) {
	flags, err := trace.ParseFlags(c.Trace)
	if err != nil {
		return 0, cli.Misuse("--trace: %v", err)
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return 0, cli.Misuse("--public-url %s is not like https://messages.example.com", c.PublicURL)
		}
	}
	if c.Instance == "" || strings.ContainsAny(c.Instance, "/?#%") {
		return 0, cli.Misuse("--instance %s is no part of an address", c.Instance)
	}
	if err := c.FileFlags.Check(); err != nil {
		return 0, cli.Misuse("%v", err)
	}
	return flags, nil
}

// Run implements the command: it is the whole service. It builds every part, in
// order, runs them until ctx is done or one of them fails, and stops them in the
// order that loses nothing.
func (c serveCommand) Run(ctx context.Context, con cli.Console) (err error) {
	flags, err := c.check()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(con.Err, &slog.HandlerOptions{Level: c.LogLevel}))
	logins, err := c.open(con, c.Object, c.Instance, log)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	lock, err := admin.LockServer(ctx, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()

	recorder := trace.NewRecorder(c.TraceBuffer)
	defer recorder.Close()
	tracer := trace.Open(trace.Config{Sink: trace.LogSink(slog.New(slog.NewTextHandler(con.Err, nil))), On: flags, Recorder: recorder})
	metrics := metric.New(version, cli.Revision())
	metrics.WatchTrace(tracer.Stats)

	h := new(door)
	site, err := edge.NewSite(edge.SiteConfig{
		Listen: c.Listen, CertFile: c.TLSCert, KeyFile: c.TLSKey, Log: log,
		Handler: func(local bool) http.Handler { return h.handler(metrics, local || c.MetricsPublic) },
	})
	if err != nil {
		return err
	}
	if err := site.Listen(ctx); err != nil {
		return err
	}
	config := host.Config{
		Dir: c.Data, Postgres: c.Postgres, Instance: c.Instance, FilesURL: c.base(site.URLs()[0]),
		Program: "messages-app", Accounts: logins, Log: log, Tracer: tracer, Metrics: metrics, DomainID: domainID,
	}
	if err := c.Apply(&config); err != nil {
		return err
	}
	messages, err := host.Open(ctx, config)
	if err != nil {
		return err
	}
	h.set(messages)
	socket, err := admin.Listen(c.Data)
	if err != nil {
		return errors.Join(err, messages.Close(ctx))
	}
	control := newControl(tracer, recorder, messages, log)
	go control.serve(socket)

	log.Info("ready", "listen", site.URLs(), "data", c.Data, "version", version)
	fmt.Fprintf(con.Out, "The Messages service is ready at %s\n", strings.Join(site.URLs(), " and "))
	doors, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- site.Serve(doors, patience) }()
	select {
	case <-ctx.Done():
	case <-messages.Lost():
		err = errors.New("another Messages service has taken the database: this one ends")
	case err = <-ended:
		ended <- nil
	}
	log.Info("stopping")
	h.leave()
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	recorder.Close() // ends those who follow a trace
	err = errors.Join(err, control.stop(limited), messages.Close(limited))
	stop()
	return errors.Join(err, <-ended)
}

// base is where links to files begin.
func (c serveCommand) base(listen string) string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	return edge.Reachable(listen)
}
