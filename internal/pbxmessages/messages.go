package pbxmessages

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/signal"
)

// Times of sessions and posts.
const (
	openLimit   = 10 * time.Second // for the service to answer Session (decision 52)
	errorPause  = time.Second      // after an Error, in which a Session is refused (decision 53)
	ticketLife  = time.Minute      // of a request that is not answered, where others need the place
	checkPause  = time.Second      // from a change of somebody's store to the end of sessions
	sessionBits = 52
)

// Limits bound what clients may make the switch keep. Zero is the default.
type Limits struct {
	Sessions      int // of one connection (16)
	Requests      int // of one session that wait for their answers (256)
	Subscriptions int // of one session: SetFilter and Discussion (64)
	Tickets       int // of one service: all that wait for answers (200,000)
	Unsent        int // bytes of answers that wait for one client, beside its queue (8 MiB)
}

func (l *Limits) setDefaults() {
	l.Sessions = cmp.Or(l.Sessions, 16)
	l.Requests = cmp.Or(l.Requests, 256)
	l.Subscriptions = cmp.Or(l.Subscriptions, 64)
	l.Tickets = cmp.Or(l.Tickets, 200_000)
	l.Unsent = cmp.Or(l.Unsent, 8<<20)
}

// Licences tell who has which feature; licence.Gate does.
type Licences interface {
	Licensed(a signal.Address, f licence.Feature) bool
	// Watch has f called after somebody stands otherwise than before.
	Watch(f func())
}

// Config is what Messages is made of. Directory and Licences are required, Switch where
// it is the archive of one.
type Config struct {
	Directory *directory.Directory
	Licences  Licences
	Switch    Switch
	// Badge is told how many messages somebody has not read (decision 65); nil: nobody.
	Badge func(t *signal.Turn, user signal.Address, unread int64)
	// Outbox keeps what cannot be stored at the moment; nil: nothing is kept, the
	// outbox is always full.
	Outbox outbox.Store
	// OutboxSize is how many bytes may wait for one service; 0: 256 MiB.
	OutboxSize int64
	Observer   Observer      // nil: nothing is counted
	Clock      clock.Clock   // nil: the system clock
	Log        *slog.Logger  // nil: none
	NewID      func() uint64 // random ids of sessions; nil: from crypto/rand. Tests set it
	Limits     Limits
}

// Observer counts what happens. Its methods must not block.
type Observer interface {
	// Dropped counts a frame, of a client or of a service, that is not passed on, for a
	// named reason.
	Dropped(reason string)
	// Replayed counts a row of the outbox: stored or refused.
	Replayed(outcome string)
}

type nobody struct{}

func (nobody) Dropped(string)  {}
func (nobody) Replayed(string) {}

// Messages is the switch's side of all links to Messages services. Use New.
type Messages struct {
	dir    *directory.Directory
	lics   Licences
	obs    Observer
	clock  clock.Clock
	log    *slog.Logger
	newID  func() uint64
	limits Limits

	generation atomic.Uint64 // see Generation

	badge      func(t *signal.Turn, user signal.Address, unread int64)
	sw         Switch
	runners    [runners]runner
	store      outbox.Store
	outboxSize int64
	wake       chan struct{}  // capacity 1: rows are to be committed
	replays    sync.WaitGroup // the goroutines that empty outboxes

	mu            sync.Mutex // guards the following, and the lane of each service
	conversations map[conversationKey]*conversation
	lastRow       int64
	adding        []adding
	asking        int              // of adding, those that are not to be kept
	committing    bool             // the store is written to
	ended         map[int64]result // rows with their results, as long as the store may still find them
	removed       []int64          // of ended, rows that were taken out while it was written to
	running       context.Context  // of Run; nil: it does not run yet

	groupsMu sync.Mutex // guards the following; comes before service.mu
	groups   map[signal.Address]*group

	servicesMu sync.Mutex // guards the following; no other lock is taken under it
	services   map[signal.Address]*service
	checking   bool // a look at all sessions is due
}

// New makes it, reads what waits in the outbox, and follows the directory and the
// licences from now on. Run keeps the outbox.
func New(ctx context.Context, cfg Config) (*Messages, error) {
	if cfg.Directory == nil || cfg.Licences == nil {
		return nil, errors.New("pbxmessages: a directory and licences are needed")
	}
	cfg.Limits.setDefaults()
	m := &Messages{
		dir: cfg.Directory, lics: cfg.Licences, obs: cfg.Observer, clock: cfg.Clock, log: cfg.Log, newID: cfg.NewID,
		limits: cfg.Limits, services: map[signal.Address]*service{},
		sw: cfg.Switch, store: cfg.Outbox, outboxSize: cfg.OutboxSize, wake: make(chan struct{}, 1),
		conversations: map[conversationKey]*conversation{}, groups: map[signal.Address]*group{}, ended: map[int64]result{}, badge: cfg.Badge,
	}
	m.outboxSize = cmp.Or(m.outboxSize, 256<<20)
	if m.obs == nil {
		m.obs = nobody{}
	}
	if m.clock == nil {
		m.clock = clock.System()
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.newID == nil {
		m.newID = randomID
	}
	for i := range m.runners {
		m.runners[i].sw, m.runners[i].log = m.sw, m.log
	}
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	m.generation.Store(1)
	m.dir.Watch(m.follow)
	m.lics.Watch(m.changed)
	return m, nil
}

var (
	_ appservice.API    = (*Messages)(nil)
	_ appservice.Closer = (*Messages)(nil)
)

func randomID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// Receiver is for applink.Config: the face of a Messages object towards its link.
func (m *Messages) Receiver(o *directory.Object) appservice.Receiver {
	if o.Kind != directory.Messages {
		return nil
	}
	s := m.service(o.Address())
	s.gone.Store(false) // it may have been restored
	return s
}

// service is what is known of a Messages object and its service.
func (m *Messages) service(a signal.Address) *service {
	m.servicesMu.Lock()
	defer m.servicesMu.Unlock()
	s := m.services[a]
	if s == nil {
		s = newService(m, a)
		m.services[a] = s
	}
	return s
}

// all lists the services.
func (m *Messages) all() []*service {
	m.servicesMu.Lock()
	defer m.servicesMu.Unlock()
	list := make([]*service, 0, len(m.services))
	for _, s := range m.services {
		list = append(list, s)
	}
	return list
}

// storeOf is the service that stores the chats of the object; nil if they are not
// stored, whatever the reason (A12).
func (m *Messages) storeOf(a signal.Address) *service {
	to, ok := m.dir.MessagesOf(a)
	if !ok || !m.lics.Licensed(a, licence.Chat) {
		return nil
	}
	return m.service(to)
}

// follow looks at what has changed; it runs on the goroutine of the writer.
func (m *Messages) follow(c directory.Change) {
	switch c.What {
	case directory.ObjectGone, directory.DomainGone:
		m.gone(c.Address)
		m.changed()
	case directory.ObjectSet, directory.DomainSet:
		m.changed()
	}
}

// changed notes that somebody's chats may be stored elsewhere than before, or not at
// all: sessions that are not allowed any more end, a moment later, so that an import
// costs a few looks and not one for each user.
func (m *Messages) changed() {
	m.generation.Add(1)
	m.servicesMu.Lock()
	defer m.servicesMu.Unlock()
	if !m.checking {
		m.checking = true
		m.clock.AfterFunc(checkPause, m.check)
	}
}

// check ends the sessions of those who have no store any more, or another one.
func (m *Messages) check() {
	m.servicesMu.Lock()
	m.checking = false
	m.servicesMu.Unlock()
	for _, s := range m.all() {
		for _, x := range s.list() {
			if m.storeOf(x.guest.owner) != s {
				s.fail(x, textNoStore)
			}
		}
	}
}
