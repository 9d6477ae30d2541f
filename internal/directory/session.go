package directory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Session is a myApps session: credentials of one installation of a client, made
// by a login with the user's password (appwebsocket.md 2.8.3, decision 23). Its
// slices must not be changed by the reader.
type Session struct {
	ID        string         `json:"id"` // 32 lower-case hex digits
	Owner     signal.Address `json:"owner"`
	UserAgent string         `json:"user_agent,omitempty"`
	Created   time.Time      `json:"created"`
	// Used is when the session was last resumed, exact to a day.
	Used time.Time `json:"used"`
	// Code is the number that the user compares when confirming the session
	// from another one, while NeedsAuthorization.
	Code               int  `json:"code,omitempty"`
	NeedsAuthorization bool `json:"needs_authorization,omitempty"`
	// Token is for pushes to this client; Wake are the kinds of events it
	// wants to be woken for.
	Token string   `json:"-"`
	Wake  []string `json:"wake,omitempty"`
	// Password has 23 letters and digits. Only CreateSession fills it in.
	Password string `json:"-"`
}

// NewSession is what CreateSession is told.
type NewSession struct {
	UserAgent          string
	Code               int
	NeedsAuthorization bool
}

const (
	sessionPasswordSize = 23
	maxToken            = 4096
	maxWake             = 8
	touchEvery          = 24 * time.Hour   // how exact Used is
	pendingLife         = 10 * time.Minute // of a session that nobody authorizes
	maxPending          = 4                // of them, for one user
	tombstoneLife       = 7 * 24 * time.Hour
)

// CreateSession makes a session for the user and returns it with its password.
// If the user has too many, the one that was unused for longest is ended; one
// that needs authorization ends only others that do. Refusal: not_found.
func (d *Directory) CreateSession(ctx context.Context, owner signal.Address, n NewSession) (Session, error) {
	now := d.clock.Now().Truncate(time.Millisecond)
	s := Session{
		ID: randomHex(), Owner: owner, UserAgent: sanitize.Text(n.UserAgent, maxText),
		Created: now, Used: now, Code: n.Code, NeedsAuthorization: n.NeedsAuthorization,
	}
	password := randomAlphanumeric(sessionPasswordSize)
	row := SessionRow{Session: s, Secret: d.sealing.Seal([]byte(password), sessionBound(owner, s.ID))}
	err := d.write(ctx, func() (*Batch, error) {
		if d.mem.kind(owner, User) == nil {
			return nil, noObject(User)
		}
		return &Batch{Sessions: append(d.surplus(owner, n.NeedsAuthorization), row)}, nil
	})
	if err != nil {
		return Session{}, err
	}
	s.Password = password
	return s, nil
}

// surplus is what must end so that the owner can have one session more, of those
// that need authorization or of the others: whoever knows only the password must
// not be able to end sessions.
func (d *Directory) surplus(owner signal.Address, pending bool) []SessionRow {
	list := slices.DeleteFunc(d.mem.sessionsOf(owner), func(s *SessionRow) bool { return s.NeedsAuthorization != pending })
	most := d.maxSessions
	if pending {
		most = maxPending
	}
	over := len(list) + 1 - most
	if over <= 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b *SessionRow) int {
		return cmp.Or(a.Used.Compare(b.Used), a.Created.Compare(b.Created))
	})
	return d.ended(list[:over])
}

// ended are the tombstones of the sessions.
func (d *Directory) ended(list []*SessionRow) []SessionRow {
	rows := make([]SessionRow, 0, len(list))
	for _, s := range list {
		row := *s
		row.Secret, row.Token, row.Deleted = nil, "", d.clock.Now()
		rows = append(rows, row)
	}
	return rows
}

// Session is the session with the id; expired ones are not found. The caller
// must still ask whether its owner is enabled.
func (d *Directory) Session(id string) (Session, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := d.mem.sessions[id]
	if s == nil || d.expired(s) {
		return Session{}, false
	}
	return s.Session, true
}

// SessionPassword is the password of the session. An unknown or expired one
// costs as much as a known one and is refused with not_found.
func (d *Directory) SessionPassword(id string) (string, error) {
	d.mu.RLock()
	s := d.mem.sessions[id]
	gone := s == nil || d.expired(s)
	d.mu.RUnlock()
	if gone {
		d.DummyUnseal()
		return "", errNoSession
	}
	return d.unseal(s.Secret, sessionBound(s.Owner, id))
}

// Sessions lists the sessions of the user, oldest first, those that need
// authorization included.
func (d *Directory) Sessions(owner signal.Address) []Session {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var list []Session
	for _, s := range d.mem.sessionsOf(owner) {
		if !d.expired(s) {
			list = append(list, s.Session)
		}
	}
	slices.SortFunc(list, func(a, b Session) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (d *Directory) expired(s *SessionRow) bool {
	now := d.clock.Now()
	return now.Sub(s.Used) > d.sessionLife || s.NeedsAuthorization && now.Sub(s.Created) > pendingLife
}

// AuthorizeSession confirms a session of the owner that needs it. Refusal:
// not_found, also for another's session.
func (d *Directory) AuthorizeSession(ctx context.Context, owner signal.Address, id string) error {
	return d.editSession(ctx, owner, id, func(s *SessionRow) []SessionRow {
		if !s.NeedsAuthorization {
			return nil
		}
		s.NeedsAuthorization, s.Code = false, 0
		return append(d.surplus(owner, false), *s)
	})
}

// SetSessionInfo keeps what the client says about pushes. Refusals: not_found,
// bad_value.
func (d *Directory) SetSessionInfo(ctx context.Context, owner signal.Address, id, token string, wake []string) error {
	if err := checkSessionInfo(token, wake); err != nil {
		return err
	}
	return d.editSession(ctx, owner, id, func(s *SessionRow) []SessionRow {
		s.Token, s.Wake = token, slices.Clone(wake)
		return []SessionRow{*s}
	})
}

func checkSessionInfo(token string, wake []string) error {
	if len(token) > maxToken || !isPrintable(token) {
		return refuse(CodeBadValue, "A push token has at most "+strconv.Itoa(maxToken)+" printable bytes.")
	}
	tooLong := func(kind string) bool { return len(kind) > maxName || !isPrintable(kind) }
	if len(wake) > maxWake || slices.ContainsFunc(wake, tooLong) {
		return refuse(CodeBadValue, "The list of events to wake for has at most "+strconv.Itoa(maxWake)+" short words.")
	}
	return nil
}

// DeleteSession ends a session of the owner: it cannot be resumed any more.
// Refusal: not_found, also for another's session.
func (d *Directory) DeleteSession(ctx context.Context, owner signal.Address, id string) error {
	return d.editSession(ctx, owner, id, func(s *SessionRow) []SessionRow {
		return d.ended([]*SessionRow{s})
	})
}

// editSession writes the rows that change makes of a copy of the session.
func (d *Directory) editSession(ctx context.Context, owner signal.Address, id string, change func(*SessionRow) []SessionRow) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.sessions[id]
		if old == nil || old.Owner != owner || d.expired(old) {
			return nil, errNoSession
		}
		row := *old
		return &Batch{Sessions: change(&row)}, nil
	})
}

// TouchSession notes that the session was resumed, so that it does not expire.
// It never blocks: Follow writes it down within a second, together with others.
func (d *Directory) TouchSession(id string) {
	now := d.clock.Now().Truncate(time.Millisecond)
	d.mu.RLock()
	s := d.mem.sessions[id]
	due := s != nil && now.Sub(s.Used) >= touchEvery && !d.expired(s)
	d.mu.RUnlock()
	if !due {
		return
	}
	d.touchMu.Lock()
	defer d.touchMu.Unlock()
	d.touched[id] = now
}

// writeTouched writes down what TouchSession noted.
func (d *Directory) writeTouched(ctx context.Context) error {
	d.touchMu.Lock()
	touched := d.touched
	d.touched = map[string]time.Time{}
	d.touchMu.Unlock()
	err := d.writeSessions(ctx, func() []SessionRow {
		var rows []SessionRow
		for id, used := range touched {
			if s := d.mem.sessions[id]; s != nil && used.After(s.Used) && len(rows) < lot {
				row := *s
				row.Used = used
				rows = append(rows, row)
			}
		}
		return rows
	})
	if err != nil {
		d.touchAgain(touched)
	}
	return err
}

// touchAgain keeps what could not be written for the next time.
func (d *Directory) touchAgain(touched map[string]time.Time) {
	d.touchMu.Lock()
	defer d.touchMu.Unlock()
	maps.Copy(touched, d.touched) // which are newer
	d.touched = touched
}

// endExpired ends the sessions whose time is over and forgets the tombstones of
// those that ended long ago.
func (d *Directory) endExpired(ctx context.Context) error {
	err := d.writeSessions(ctx, func() []SessionRow {
		var over []*SessionRow
		for _, s := range d.mem.sessions {
			if d.expired(s) && len(over) < lot {
				over = append(over, s)
			}
		}
		return d.ended(over)
	})
	if err != nil {
		return err
	}
	now := d.clock.Now()
	if err := d.store.Purge(ctx, now.Add(-tombstoneLife)); err != nil {
		return storeError("forget ended sessions", err)
	}
	return d.store.PurgeObjects(ctx, now.Add(-d.undoLife))
}

// lot is how many rows a long write puts into one commit, so that others get
// their turn.
const lot = 500

// writeSessions writes what pick returns, again and again until that is nothing.
func (d *Directory) writeSessions(ctx context.Context, pick func() []SessionRow) error {
	for more := true; more; {
		err := d.write(ctx, func() (*Batch, error) {
			rows := pick()
			more = len(rows) > 0
			return &Batch{Sessions: rows}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
