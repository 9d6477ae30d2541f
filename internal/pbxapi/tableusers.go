package pbxapi

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// PbxTableUsers is the API with which app objects keep a copy of the objects of
// their own domain (appwebsocket.md 5.4). It publishes only: what a replicator
// wants to write is passed over (decision 73).
//
// A copy is made by walking through the history of the domain: every row comes
// once, in the order in which it was changed last, as fast as the program asks for
// the next. From then on the same walk goes on by itself, on a goroutine of its
// own, whenever something has changed. So a replicator that is slow costs nothing
// but its place in the history, and which rows it has; it never misses a change,
// or its session is closed with a reason and it starts anew.
type PbxTableUsers struct {
	dir  *directory.Directory
	log  *slog.Logger
	seed [16]byte // of this process: histories of another are unknown

	mu       sync.Mutex // guards the following; replica.mu is not taken under it
	sessions map[appservice.Session]map[string]*replica
	domains  map[signal.DomainID]map[*replica]struct{}
}

// maxReplicas is how many tables a session may follow at the same time.
const maxReplicas = 4

// NewTableUsers makes the API and begins to watch the directory. log may be nil.
func NewTableUsers(dir *directory.Directory, log *slog.Logger) *PbxTableUsers {
	t := &PbxTableUsers{
		dir: dir, log: log,
		sessions: map[appservice.Session]map[string]*replica{}, domains: map[signal.DomainID]map[*replica]struct{}{},
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	_, _ = rand.Read(t.seed[:]) // never fails
	dir.Watch(t.changed)
	return t
}

var (
	_ appservice.API    = (*PbxTableUsers)(nil)
	_ appservice.Closer = (*PbxTableUsers)(nil)
)

// Name implements appservice.API.
func (t *PbxTableUsers) Name() string { return appservice.APIPbxTableUsers }

// Handle implements appservice.API.
func (t *PbxTableUsers) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	me, err := asker(t.dir, s, t.Name())
	if err != nil {
		return err
	}
	switch f.MT {
	case "ReplicateStart":
		return t.start(ctx, s, &f, me)
	case "ReplicateNext":
		return t.next(ctx, s, &f)
	case "ReplicateAdd", "ReplicateUpdate", "ReplicateDel":
		return nil // decision 73; the door has traced it
	}
	return appservice.ErrUnknownMT
}

// Closed implements appservice.Closer.
func (t *PbxTableUsers) Closed(_ context.Context, s appservice.Session) {
	t.mu.Lock()
	mine := t.sessions[s]
	for _, r := range mine {
		t.forget(r)
	}
	delete(t.sessions, s)
	t.mu.Unlock()
	for _, r := range mine {
		r.end()
	}
}

// forget takes a replica out of the books; the caller ends it. It needs the mutex.
func (t *PbxTableUsers) forget(r *replica) {
	delete(t.domains[r.domain], r)
	if len(t.domains[r.domain]) == 0 {
		delete(t.domains, r.domain)
	}
}

// keep takes a replica into the books in place of one with the same src, which
// says nothing from then on.
func (t *PbxTableUsers) keep(r *replica) *failure {
	old, f := t.replace(r)
	if old != nil {
		old.end()
	}
	return f
}

func (t *PbxTableUsers) replace(r *replica) (old *replica, _ *failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine, src := t.sessions[r.sess], string(r.req.Src)
	old = mine[src]
	switch {
	case old != nil:
		t.forget(old)
	case len(mine) >= maxReplicas:
		return nil, &failure{failMany, "", "A session follows at most " + strconv.Itoa(maxReplicas) + " tables."}
	case mine == nil:
		mine = map[string]*replica{}
		t.sessions[r.sess] = mine
	}
	mine[src] = r
	if t.domains[r.domain] == nil {
		t.domains[r.domain] = map[*replica]struct{}{}
	}
	t.domains[r.domain][r] = struct{}{}
	return old, nil
}

func (t *PbxTableUsers) replica(s appservice.Session, src []byte) *replica {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[s][string(src)]
}

// changed wakes the replicas of a domain. It runs on the goroutine of the writer
// and does not block.
func (t *PbxTableUsers) changed(c directory.Change) {
	if c.What != directory.ObjectSet && c.What != directory.ObjectGone && c.What != directory.DomainGone {
		return
	}
	o, _ := t.dir.Object(c.Address)
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.domains[c.Address.Domain] {
		if o.Kind == directory.Template {
			r.templates.Store(true)
		}
		select {
		case r.wake <- struct{}{}:
		default: // it is awake, or will be
		}
	}
}

// startResult is the members of ReplicateStartResult.
type startResult struct {
	Columns columnNames `json:"columns"`
	GUID    string      `json:"guid"`
	USN     int64       `json:"usn"`
}

// start serves ReplicateStart. The same src begins anew.
func (t *PbxTableUsers) start(ctx context.Context, s appservice.Session, f *appservice.Frame, me directory.Object) error {
	var result any
	r, since, fail := t.open(s, f, me)
	if fail == nil {
		fail = t.keep(r)
	}
	if result = fail; fail == nil {
		result = startResult{columnNames(r.columns), r.guid, since}
	}
	text, err := resultText(f, f.MT, result)
	if err != nil {
		return err
	}
	return s.Send(ctx, appservice.Frame{Raw: text})
}

// open reads a ReplicateStart: the new replica, and from which revision on it
// goes.
func (t *PbxTableUsers) open(s appservice.Session, f *appservice.Frame, me directory.Object) (*replica, int64, *failure) {
	if f.Duplicate() {
		return nil, 0, &failure{failBad, "", "A member stands there twice in one object."}
	}
	columns, fail := columnsOf(f.Get("columns"))
	if fail != nil {
		return nil, 0, fail
	}
	kinds, fail := kindsOf(f.Get("pseudo"))
	if fail != nil {
		return nil, 0, fail
	}
	guid, fail := text("guid", f.Get("guid"))
	if fail != nil {
		return nil, 0, fail
	}
	usn, fail := digits("usn", f.Get("usn"))
	if fail != nil {
		return nil, 0, fail
	}
	kept := f.Clone()
	r := &replica{
		api: t, sess: s, domain: me.Domain, columns: columns, kinds: kinds,
		req: appservice.Frame{API: t.Name(), Src: kept.Src}, wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	r.templates.Store(true) // one may get another name before the replica is in the books
	r.names = r.templateNames()
	r.guid = r.identity()
	return r, r.place(guid, usn), nil
}

// place puts the replica where it goes on: behind usn if that is known, else at
// the beginning, under another guid than the replicator has.
func (r *replica) place(guid, usn string) int64 {
	other := anotherGUID(r.guid)
	if guid == other {
		r.guid, other = other, r.guid
	}
	since, err := strconv.ParseInt(usn, 10, 64)
	if guid == r.guid && err == nil && since > 0 {
		cursor, err := r.api.dir.History(r.domain, since)
		if err == nil {
			r.cursor, r.goesOn = cursor, true
			r.knowUntil(since)
			return since
		}
	}
	if guid == r.guid {
		r.guid = other
	}
	r.cursor, _ = r.api.dir.History(r.domain, 0) // of a domain that has gone: its walk finds nothing
	return 0
}

// next serves ReplicateNext.
func (t *PbxTableUsers) next(ctx context.Context, s appservice.Session, f *appservice.Frame) error {
	r := t.replica(s, f.Src)
	if r == nil {
		text, err := resultText(f, f.MT, unknown("", "No replication was started."))
		if err != nil {
			return err
		}
		return s.Send(ctx, appservice.Frame{Raw: text})
	}
	return r.next(ctx)
}

// columnNames is columns as they stand in ReplicateStartResult.
type columnNames []column

// MarshalJSON implements json.Marshaler.
func (c columnNames) MarshalJSON() ([]byte, error) {
	dst := []byte{'{'}
	for i, column := range c {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strictjson.AppendString(dst, column.name), ":{}"...)
	}
	return append(dst, '}'), nil
}
