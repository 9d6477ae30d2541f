package edge

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// sessionInfo is a session as the client with the session own sees it.
func sessionInfo(s directory.Session, own string) appservice.SessionInfo {
	return appservice.SessionInfo{
		ID: s.ID, Current: s.ID == own, UserAgent: s.UserAgent, Timestamp: s.Created.UnixMilli(),
		Code: s.Code, NeedsAuthorization: s.NeedsAuthorization,
	}
}

// authorizeSession confirms a login of the same person (appwebsocket.md 2.8.1).
// What follows from it happens when the directory tells of the change.
func (d *clientDoor) authorizeSession(m *member, f appservice.Frame) error {
	c, id := d.conn, f.Get("id").String()
	s, ok := c.edge.dir.Session(id)
	if !ok || s.Owner != m.owner || !s.NeedsAuthorization {
		return c.refuse(f, "unknown_session", "unknown session")
	}
	ctx, done := writing()
	defer done()
	return d.written(f, c.edge.dir.AuthorizeSession(ctx, m.owner, id))
}

// deleteSession ends a session of the same person. A login that waits for its
// confirmation is refused by it; connections of the session are closed.
func (d *clientDoor) deleteSession(m *member, f appservice.Frame) error {
	ctx, done := writing()
	defer done()
	return d.written(f, d.conn.edge.dir.DeleteSession(ctx, m.owner, f.Get("id").String()))
}

// storePatience is how long a connection waits for the store of the directory.
const storePatience = 10 * time.Second

// writing is the context of a write to the directory. It outlives the connection:
// what was begun is finished.
func writing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), storePatience)
}

// written answers a request whose success shows by its effects alone.
func (d *clientDoor) written(f appservice.Frame, err error) error {
	switch {
	case err == nil:
		return nil
	case directory.CodeOf(err) == directory.CodeNotFound:
		return d.conn.refuse(f, "unknown_session", "unknown session")
	case directory.CodeOf(err) != "":
		return d.conn.refuse(f, "bad_value", "invalid parameters")
	}
	d.conn.edge.log.Error("the directory could not be written", "conn", d.conn.id, "mt", f.MT, "err", err)
	return d.conn.answerError(f, 1, "temporary failure")
}

// deleteSession forgets a session in the directory. One that is gone already is
// no error.
func (e *Edge) deleteSession(owner signal.Address, id string) {
	ctx, done := writing()
	defer done()
	err := e.dir.DeleteSession(ctx, owner, id)
	if err != nil && directory.CodeOf(err) != directory.CodeNotFound {
		e.log.Error("a session could not be deleted", "err", err)
	}
}

// setSessionInfo keeps the push token and the kinds of events that the client
// wants to be woken for.
func (d *clientDoor) setSessionInfo(m *member, f appservice.Frame) error {
	kinds := wakeKinds(f.Get("wake"))
	d.wake.Store(&kinds)
	ctx, done := writing()
	defer done()
	return d.written(f, d.conn.edge.dir.SetSessionInfo(ctx, m.owner, m.session, f.Get("token").String(), kinds))
}

// wakeKinds reads the list; only documented kinds count.
func wakeKinds(v strictjson.Value) []string {
	var kinds []string
	for e := range v.Elements() {
		if k := e.String(); (k == "phone" || k == "chat") && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// restoreWake takes over what the session announced on an earlier connection.
func (d *clientDoor) restoreWake(id string) {
	if s, ok := d.conn.edge.dir.Session(id); ok && len(s.Wake) > 0 {
		d.wake.Store(&s.Wake)
	}
}
