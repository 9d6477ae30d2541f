package service

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
)

// session is one person at one client.
type session struct {
	link *link
	id   int64
	src  []byte // of Session, for live events
	ext  bool   // asked for our extension
	who  messages.Ref
	apps []string // of the login, whose topics the session has too
	lane *lane

	// Set when the session begins, before any other request.
	person messages.Person
	topics map[string]messages.PersonID // the objects of apps, by name in lower case

	mu    sync.Mutex // guards the following
	subs  map[string]*subscription
	ended bool
	lost  bool // live news were left out

	grants map[int64]grant // by message
}

// flagExt asks for the members of our extension (A9).
const flagExt = "IM_EXT"

func newSession(l *link, id int64, who messages.Ref, flags string, src []byte) *session {
	x := &session{
		link: l, id: id, who: who, src: append([]byte(nil), src...), ext: hasFlag(flags, flagExt),
		subs: map[string]*subscription{},
	}
	x.lane = &lane{link: l, bound: maxWaiting}
	return x
}

// hasFlag looks for a word in a list separated by | , or blanks.
func hasFlag(flags, flag string) bool {
	for f := range strings.FieldsFuncSeq(flags, func(r rune) bool { return r == '|' || r == ',' || r == ' ' }) {
		if f == flag {
			return true
		}
	}
	return false
}

// begin makes the person known and the session alive.
func (x *session) begin(ctx context.Context) error {
	d := x.link.domain
	op := &messages.Intern{People: []messages.Ref{x.who}}
	for _, app := range x.apps {
		op.People = append(op.People, messages.Ref{SIP: app})
	}
	r, err := d.log.Do(ctx, op)
	if err != nil {
		return err
	}
	if len(r.Members) != len(op.People) {
		return messages.Errorf(messages.Internal, "the store has not made everybody known")
	}
	person, err := d.log.Person(ctx, messages.Ref{ID: r.Members[0].Person.ID})
	if err != nil {
		return err
	}
	topics := make(map[string]messages.PersonID, len(x.apps))
	for i, app := range x.apps {
		topics[strings.ToLower(app)] = r.Members[i+1].Person.ID
	}
	groups, err := d.log.Groups(ctx, person.ID)
	if err != nil {
		return err
	}
	if !x.enter(person, topics, groups) {
		return notFound("session any more")
	}
	return x.stillIn(ctx, groups)
}

// enter makes the session known; false if it has ended meanwhile: then nothing of it
// is changed, for end may be reading it.
func (x *session) enter(person messages.Person, topics map[string]messages.PersonID, groups []messages.Group) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ended {
		x.person, x.topics = person, topics
		x.link.domain.begin(x, groups)
	}
	return !x.ended
}

// stillIn takes the session out of groups that its person has left between the
// reading of the groups and enter. What comes later is told to the session itself.
func (x *session) stillIn(ctx context.Context, before []messages.Group) error {
	if len(before) == 0 {
		return nil
	}
	d := x.link.domain
	now, err := d.log.Groups(ctx, x.person.ID)
	if err != nil {
		return err
	}
	for _, g := range before {
		if !slices.ContainsFunc(now, func(n messages.Group) bool { return n.ID == g.ID }) {
			d.member(g.ID, x.person.ID, false)
		}
	}
	return nil
}

// end forgets the session. It does not block; what it left in temporary files is
// removed later.
func (x *session) end() {
	x.mu.Lock()
	again := x.ended
	x.ended = true
	clear(x.subs)
	x.mu.Unlock()
	if again {
		return
	}
	x.lane.end()
	x.link.giveBack(x.shareKey())
	d := x.link.domain
	d.end(x)
	x.link.note("session ended", x.who.SIP, "")
	s := x.link.s
	s.count(0, -1)
	if s.config.Files == nil {
		return
	}
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), endTime)
		defer cancel()
		if err := s.config.Files.EndSession(ctx, d.name, uint64(x.id)); err != nil {
			s.config.Log.Warn("temporary files of a session stay until they expire", "domain", d.name, "error", err)
		}
	})
}

// owner is who temporary files of the session belong to.
func (x *session) owner() filebuffer.Owner {
	return filebuffer.Owner{Domain: x.link.domain.name, Person: int64(x.person.ID)}
}

// ref names the person of the session by number alone.
func (x *session) ref() messages.Ref { return messages.Ref{ID: x.person.ID} }

// shareKey is whose share of the link the session uses.
func (x *session) shareKey() string {
	if x.who.GUID != "" {
		return x.who.GUID
	}
	return "sip " + strings.ToLower(x.who.SIP)
}

// is tells whether a name is that of the person.
func (x *session) is(sip string) bool {
	return sip != "" && (strings.EqualFold(sip, x.person.SIP) || strings.EqualFold(sip, x.who.SIP))
}
