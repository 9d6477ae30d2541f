package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
	"github.com/tandem-switch/tandem/filebuffer/s3"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/trace"
)

// DatabaseName is the file of the store in the directory of a host.
const DatabaseName = "messages.db"

// The other names in it.
const (
	searchName = "search.db"
	filesName  = "files"
	spoolName  = "spool"
	keyName    = "url.key"
)

// Config is what a Host is made of. Dir, FilesURL and Accounts are required.
type Config struct {
	// Dir is the directory of the service: the databases, the files and the key of
	// their links. It is made, for its owner alone.
	Dir string
	// Postgres is the DSN of a PostgreSQL database, which is then used instead of
	// files, in a schema of its own; empty: SQLite.
	Postgres string
	// S3 keeps the files in a bucket; nil: in Dir.
	S3 *s3.Config
	// FilesURL is where file links begin: https://host. Instance is the second part
	// of all paths, behind the domain; empty: messages.
	FilesURL string
	Instance string
	// FileLimit is how large one file may be, FileQuota what one person may have in
	// files that no message has yet. 0: the defaults of filebuffer; negative: no
	// bound.
	FileLimit, FileQuota int64
	FileBuffers          int // how many of these, and of open uploads; as above

	// Program says who we are to those who want the same database. Two services on
	// one PostgreSQL database exclude each other; a directory is to be locked by
	// whoever opens a Host on it.
	Program string

	Accounts service.Accounts
	People   service.People // nil: the switch is asked

	// DomainID is the number under which the frames of a domain are traced; nil: they
	// have none.
	DomainID func(domain string) int64
	Metrics  *metric.Set   // nil: nothing is counted
	Log      *slog.Logger  // nil: none
	Tracer   *trace.Tracer // nil: off
}

// Host is a Messages service with all that it needs.
type Host struct {
	config  Config
	store   *sqlstore.Store
	files   *filebuffer.Store
	service *service.Service
	door    *hallway
	names   *names
	index   search.Index
	follow  *search.Follower
	blobs   filebuffer.Blobs
	keeper  *retention.Keeper

	stop context.CancelFunc
	work sync.WaitGroup // what runs beside the service
}

// Open opens everything and begins to serve those who Dial. Close ends it.
func Open(ctx context.Context, c Config) (*Host, error) {
	if c.Instance == "" {
		c.Instance = "messages"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	c.Program = cmp.Or(c.Program, "a Messages service")
	h := &Host{config: c}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.closeStore())
	}
	c.Metrics.WatchMessages(h.stats)
	running, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.work.Go(func() { h.files.Run(running) })
	h.work.Go(func() { h.follow.Run(running) })
	h.work.Go(func() { h.keeper.Run(running) })
	h.door = newHallway(h.service, c.Log)
	return h, nil
}

func (h *Host) open(ctx context.Context) (err error) {
	if h.store, err = openStore(ctx, h.config); err != nil {
		return err
	}
	if h.names, err = openNames(h.config.Dir, h.store); err != nil {
		return err
	}
	if h.files, err = h.openFiles(ctx); err != nil {
		return err
	}
	if err := h.openSearch(ctx); err != nil {
		return err
	}
	if err := h.openKeeper(); err != nil {
		return err
	}
	h.service, err = service.New(service.Config{
		Store: h.store, Search: &search.Searcher{Index: h.index}, Accounts: h.config.Accounts, People: h.config.People, Files: h.files, FilesURL: h.FilesURL,
		Observer: h.config.Metrics.Messages(), Log: h.config.Log, Tracer: h.config.Tracer,
		DomainID: h.config.DomainID,
	})
	return err
}

// OpenStore opens the store alone, for backups. Where Program is set, a Host that is
// open on the same PostgreSQL database is an error.
func OpenStore(ctx context.Context, c Config) (*sqlstore.Store, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return openStore(ctx, c)
}

// HasStore tells whether a Host was ever opened in the directory.
func HasStore(c Config) bool {
	_, err := os.Stat(filepath.Join(c.Dir, keyName))
	return err == nil
}

func openStore(ctx context.Context, c Config) (*sqlstore.Store, error) {
	o := sqlstore.Options{Log: c.Log, Tracer: c.Tracer, Claim: c.Program}
	if c.Postgres == "" {
		return sqlstore.OpenSQLite(ctx, filepath.Join(c.Dir, DatabaseName), o)
	}
	dsn, err := ownSchema(ctx, c.Postgres)
	if err != nil {
		return nil, err
	}
	return sqlstore.OpenPostgres(ctx, dsn, "", o)
}

func (h *Host) openFiles(ctx context.Context) (*filebuffer.Store, error) {
	key, err := urlKey(filepath.Join(h.config.Dir, keyName))
	if err != nil {
		return nil, err
	}
	var blobs filebuffer.Blobs
	if h.config.S3 != nil {
		blobs, err = s3.Open(ctx, *h.config.S3)
	} else {
		blobs, err = local.Open(filepath.Join(h.config.Dir, filesName))
	}
	if err != nil {
		return nil, err
	}
	h.blobs = blobs
	return filebuffer.New(filebuffer.Config{
		Base: strings.TrimSuffix(h.config.FilesURL, "/"), Instance: h.config.Instance, Key: key,
		Index: h.store.FileIndex(), Blobs: blobs, Spool: filepath.Join(h.config.Dir, spoolName),
		Alive:    func(domain string, session uint64) bool { return h.service.Alive(domain, session) },
		Attacher: attacher{h},
		Limit:    h.config.FileLimit, Quota: filebuffer.Quota{Bytes: h.config.FileQuota, Buffers: h.config.FileBuffers},
		Log: h.config.Log, Observer: h.config.Metrics.Messages(),
	})
}

// attacher is the service, which is opened behind the files and needs them.
type attacher struct{ h *Host }

// Granted implements filebuffer.Attacher.
func (a attacher) Granted(ctx context.Context, g filebuffer.Grant) (filebuffer.Owner, error) {
	return a.h.service.Granted(ctx, g)
}

// Attach implements filebuffer.Attacher.
func (a attacher) Attach(ctx context.Context, g filebuffer.Grant, file filebuffer.Attachment) error {
	return a.h.service.Attach(ctx, g, file)
}

func (h *Host) openSearch(ctx context.Context) (err error) {
	if h.config.Postgres == "" {
		index, err := search.OpenSQLite(ctx, filepath.Join(h.config.Dir, searchName))
		if err != nil {
			return err
		}
		h.index = index
	} else {
		dsn, err := ownSchema(ctx, h.config.Postgres)
		if err != nil {
			return err
		}
		index, err := search.OpenPostgres(ctx, dsn)
		if err != nil {
			return err
		}
		h.index = index
	}
	h.follow, err = search.NewFollower(search.FollowerConfig{
		Source: h.store, Index: h.index, Busy: func() bool { return h.store.Stats().Busy }, Observer: h.config.Metrics.Messages().Index(), Log: h.config.Log,
	})
	return err
}

// FilesURL is where the file links of a domain begin.
func (h *Host) FilesURL(domain string) string {
	return strings.TrimSuffix(h.config.FilesURL, "/") + "/" + domain + "/" + h.config.Instance + "/"
}

// Dial opens a connection to the service within this process.
func (h *Host) Dial(ctx context.Context) (net.Conn, error) { return h.door.dial(ctx) }

// ServeHTTP serves the websockets of the service and the links to its files, below
// /<domain>/<instance>/.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isFile(r.URL.Path, h.config.Instance) {
		h.files.ServeHTTP(w, r)
		return
	}
	h.service.ServeHTTP(w, r)
}

// ServeFiles serves the links to files alone.
func (h *Host) ServeFiles(w http.ResponseWriter, r *http.Request) { h.files.ServeHTTP(w, r) }

// isFile tells whether a path is below /<domain>/<instance>/, and not a websocket's.
func isFile(path, instance string) bool {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	at, link, found := strings.Cut(rest, "/")
	kind, _, below := strings.Cut(link, "/")
	return found && at == instance && below && (kind == "tmp" || kind == "files" || kind == "attach")
}

// Attached are the domains whose Messages object is connected now, by their names in
// lower case.
func (h *Host) Attached() []string { return h.service.Attached() }

// Store is the store of the service.
func (h *Host) Store() *sqlstore.Store { return h.store }

// Lost is closed when another service has taken the database: nothing is stored any
// more, and this one should be closed.
func (h *Host) Lost() <-chan struct{} { return h.store.Lost() }

// Check tells whether the store can be used.
func (h *Host) Check(ctx context.Context) error { return h.store.Check(ctx) }

// Close ends the links in order, waits for what they have begun, and closes the
// store. When ctx is done it waits no longer.
func (h *Host) Close(ctx context.Context) error {
	err := h.service.Shutdown(ctx)
	h.door.close()
	h.stop()
	h.work.Wait()
	return errors.Join(err, h.closeStore())
}

func (h *Host) closeStore() error {
	var errs []error
	if h.index != nil {
		errs = append(errs, h.index.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}
