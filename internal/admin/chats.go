package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// ChatStore is the Messages service that the switch hosts.
type ChatStore interface {
	// Mode says who stores chats: embedded, external or off.
	Mode() string
	// Usage is what a domain holds; nil where the service is not hosted here.
	Usage(ctx context.Context, domain string) (*ChatUsage, error)
}

// ChatUsage is what is stored for a domain.
type ChatUsage struct {
	People        int64 `json:"people" doc:"People that the service has heard of."`
	Conversations int64 `json:"conversations" doc:"Chats of two, of groups, and of one person's own."`
	Messages      int64 `json:"messages" doc:"Messages that are stored."`
	TextBytes     int64 `json:"textBytes" doc:"Bytes of their texts."`
	Files         int64 `json:"files" doc:"Files that messages have."`
	FileBytes     int64 `json:"fileBytes" doc:"Bytes of these files; contents that are the same count once."`
	Changes       int64 `json:"changes" doc:"Number of the newest change."`
	Indexed       int64 `json:"indexed" doc:"Change up to which the search index has come."`
}

// The states of the chats of a domain.
const (
	chatsStored     = "stored"     // of at least one user
	chatsUnlicensed = "unlicensed" // nobody has a licence
	chatsDisabled   = "disabled"   // the Messages object is disabled, or not connected to
	chatsTaken      = "taken"      // another object has the name of the Messages object
	chatsNone       = "none"       // nobody has a Messages object
	chatsOff        = "off"        // the switch stores no chats at all
)

// Chats is how chats of a domain are stored.
type Chats struct {
	Domain    string     `json:"domain" doc:"Name of the domain."`
	Mode      string     `json:"mode" enum:"embedded,external,off" doc:"Who stores the chats: the switch itself, the Messages objects that are configured, or nobody."`
	State     string     `json:"state" enum:"stored,unlicensed,disabled,taken,none,off" doc:"Whether chats are stored: stored (of at least one user), unlicensed (nobody has a licence), disabled (the Messages object is), taken (another object has its name), none (no user has a Messages object), off."`
	Users     int        `json:"users" doc:"Users of the domain."`
	Storing   int        `json:"storing" doc:"Those whose chats are stored: they have a licence and a Messages object. Chats of others are volatile."`
	Connected bool       `json:"connected" doc:"All Messages objects of the domain that are in use are connected. Until they are, what is written waits in the switch."`
	Why       string     `json:"why,omitempty" doc:"Why nothing is stored, as a sentence, where the state is unlicensed or disabled."`
	Since     time.Time  `json:"since,omitzero" required:"false" doc:"When the licence for it ended, where one did."`
	Usage     *ChatUsage `json:"usage,omitempty" doc:"What is stored, where the switch hosts the service and it was asked for."`
}

func (a *API) registerChats() {
	if a.Chats == nil {
		return
	}
	register(a, operation{
		ID: "messages-list", Method: http.MethodGet, Path: "/messages", Tag: "Live", Summary: "Show how chats are stored",
		Text:  "For each domain that you may see: whether chats are stored, for how many users, and how much.",
		Reach: somewhere, Right: account.Read,
	}, a.listChats)
}

type chatsInput struct {
	Domain string `query:"domain" doc:"Only this domain."`
	Usage  bool   `query:"usage" doc:"Count what is stored too, which may take a while."`
}

type chatsAnswer struct {
	Body Page[Chats]
}

func (a *API) listChats(ctx context.Context, in *chatsInput) (*chatsAnswer, error) {
	seen := a.seen(ctx, in.Domain)
	list := []Chats{}
	for _, dom := range a.Directory.Domains() {
		if _, ok := seen[dom.ID]; !ok {
			continue
		}
		row := a.chatsOf(dom)
		if in.Usage {
			var err error
			if row.Usage, err = a.Chats.Usage(ctx, dom.Name); err != nil {
				return nil, err
			}
		}
		list = append(list, row)
	}
	return &chatsAnswer{Page[Chats]{Items: list}}, nil
}

// chatsOf looks at every user of a domain.
func (a *API) chatsOf(dom directory.Domain) Chats {
	row := Chats{Domain: dom.Name, Mode: a.Chats.Mode(), State: chatsOff, Connected: true}
	up := a.connected()
	having := 0
	for _, u := range a.Directory.Users(dom.ID) {
		row.Users++
		object, has := a.Directory.MessagesOf(u.Address())
		if !has {
			continue
		}
		having++
		if a.Licences != nil && !a.Licences.Licensed(u.Address(), licence.Chat) {
			continue
		}
		row.Storing++
		row.Connected = row.Connected && up[object.Object]
	}
	if row.Mode == chatsOff {
		row.Storing, row.Connected = 0, false
		return row
	}
	row.State = a.stateOf(dom, row.Storing, having)
	row.Why, row.Since = a.whyVolatile(dom, row.State)
	row.Connected = row.Connected && row.Storing > 0
	return row
}

// stateOf says why chats are not stored, if they are not; having is how many users
// have a Messages object. A domain without users is like one in which nobody has.
func (a *API) stateOf(dom directory.Domain, storing, having int) string {
	named, there := a.Directory.ObjectByName(dom.ID, directory.HostedName)
	switch {
	case storing > 0:
		return chatsStored
	case having > 0:
		return chatsUnlicensed
	case there && named.Kind != directory.Messages:
		return chatsTaken
	case there && (named.Disabled || !named.Websocket):
		return chatsDisabled
	}
	return chatsNone
}

// whyVolatile says why chats of a domain in this state are not stored, and since when
// that is, if it is known.
func (a *API) whyVolatile(dom directory.Domain, state string) (why string, since time.Time) {
	switch state {
	case chatsDisabled:
		if o, _ := a.Directory.ObjectByName(dom.ID, directory.HostedName); o.Disabled {
			return "Its Messages object, messages, is disabled.", since
		}
		return "Its Messages object, messages, is not connected to: its setting websocket is off.", since
	case chatsUnlicensed:
		return whyUnlicensed(a.Licences.Lack(dom.ID, licence.Chat))
	}
	return "", since
}

func whyUnlicensed(l licence.Lack) (why string, since time.Time) {
	at := l.At.UTC().Format(time.RFC3339)
	switch l.Reason {
	case licence.LackMode:
		return "The server runs with --licence-mode none: nobody has a licence.", since
	case licence.LackUnassigned:
		return "The licence " + l.ID + " for stored chats is counted, and it is assigned to nobody who could use it.", since
	case licence.LackExpired:
		return "The licence " + l.ID + " for stored chats ended on " + at + ".", l.At
	case licence.LackRevoked:
		return "The licence " + l.ID + " for stored chats ended on " + at + ": it was revoked.", l.At
	case licence.LackKey:
		return "The licence " + l.ID + " for stored chats ended on " + at + ": the key that signed it was revoked.", l.At
	case licence.LackPending:
		return "The licence " + l.ID + " for stored chats begins on " + at + ".", since
	case licence.LackDamaged:
		return "The licence " + l.ID + " for stored chats is damaged.", since
	}
	return "There is no licence for stored chats.", since
}

// connected are the objects with a link that stands.
func (a *API) connected() map[signal.ObjectID]bool {
	up := map[signal.ObjectID]bool{}
	if a.Links == nil {
		return up
	}
	for _, s := range a.Links() {
		up[s.Address.Object] = !s.Connected.IsZero()
	}
	return up
}

// ListChats asks how chats are stored.
type ListChats struct {
	Domain string
	Usage  bool
}

// ChatStorage lists it. Where no server runs nothing is stored, and there is no such
// operation.
func (c *Client) ChatStorage(ctx context.Context, l ListChats) ([]Chats, error) {
	if l.Domain != "" {
		name, err := c.domainFor(ctx, l.Domain)
		if err != nil {
			return nil, err
		}
		l.Domain = name
	}
	path := withQuery("/messages", "domain", l.Domain)
	if l.Usage {
		path = withQuery(path, "usage", "true")
	}
	found, err := list[Chats](ctx, c, path)
	if CodeOf(err) == NoRoute {
		return nil, errNotRunning
	}
	return found, err
}
