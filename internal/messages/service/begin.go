package service

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// handleSession begins a session. On a link that is not trusted there is one
// already; only its flags count.
func handleSession(c *call, f appservice.Frame) error {
	q := new(Session)
	if err := decode(f.Doc().Root(), q); err != nil {
		return err2reply(err)
	}
	if !c.link.trusted {
		c.session = c.link.own
		return c.again(q)
	}
	if q.Session == 0 || !validName(q.User) {
		return &appservice.Error{Code: int(messages.BadParameter), Text: "A session needs session and user."}
	}
	who := messages.Ref{GUID: strings.ToLower(q.GUID), SIP: q.User, Name: sanitize.Text(q.DN, maxTitle)}
	x := newSession(c.link, q.Session, who, q.Flags, c.src)
	if err := c.link.add(x); err != nil {
		return err2reply(err)
	}
	c.session = x
	x.lane.offer(job{size: len(f.Raw), run: func() { c.begin(x) }})
	return nil
}

// begin answers Session.
func (c *call) begin(x *session) {
	err := x.begin(c.link.ctx)
	c.counted(err)
	if err != nil {
		c.link.forget(x)
		code, text := told(err)
		c.refuse(messages.Code(code), text)
		return
	}
	x.link.note("session begun", x.who.SIP, "")
	c.answer(SessionResult{})
}

// again answers Session of somebody who has one by the login.
func (c *call) again(q *Session) error {
	x := c.session
	x.lane.offer(job{run: func() {
		x.mu.Lock()
		x.src, x.ext = c.src, hasFlag(q.Flags, flagExt)
		x.mu.Unlock()
		c.answer(SessionResult{})
	}})
	return nil
}

// beginOwn begins the session of a link that is not trusted: of the object that has
// logged in, or of the person who came through one (4.2).
func (l *link) beginOwn(login appservice.Login, isApp bool) {
	info := appservice.InfoOf(login)
	who := messages.Ref{GUID: strings.ToLower(login.GUID), SIP: login.SIP, Name: sanitize.Text(login.DN, maxTitle)}
	x := newSession(l, newNumber(), who, "", nil)
	x.apps = l.appsOf(info)
	l.own = x
	if l.add(x) != nil {
		return
	}
	c := &call{link: l, session: x, mt: MTSession}
	x.lane.offer(job{run: func() {
		if err := x.begin(l.ctx); err != nil {
			c.counted(err)
			_ = l.peer.Close("the session could not begin")
		}
	}})
}

// appsOf are the apps of a login, without the Messages object: through its name
// nothing is reached.
func (l *link) appsOf(info appservice.Info) []string {
	var apps []string
	for _, app := range append([]appservice.InfoApp{{Name: info.AppObj}}, info.Apps...) {
		if !strings.EqualFold(app.Name, l.domain.object) && validName(app.Name) {
			apps = append(apps, app.Name)
		}
	}
	return apps
}

// handleSessionEnd ends a session; it has no answer.
func handleSessionEnd(c *call, f appservice.Frame) error {
	if !c.link.trusted {
		return appservice.ErrUnknownMT
	}
	if id, ok := number(f.Get("session")); ok {
		c.link.remove(id)
	}
	return nil
}

// err2reply is an error as Error, for what has no result of its own.
func err2reply(err error) error {
	code, text := told(err)
	return &appservice.Error{Code: code, Text: text}
}

// newNumber is a number for a session that no switch has given one.
func newNumber() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return int64(binary.BigEndian.Uint64(b[:])>>12) | 1
}

// newID is an id for a message that its sender gave none.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
