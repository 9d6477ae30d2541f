package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Broadcaster has the Messages service of somebody send one message to many people;
// pbxmessages.Messages does.
type Broadcaster interface {
	Broadcast(ctx context.Context, sender signal.Address, b pbxmessages.Broadcast) (pbxmessages.Sent, error)
	ReadBroadcast(ctx context.Context, sender signal.Address, id int64) (pbxmessages.Sent, error)
}

var _ Broadcaster = (*pbxmessages.Messages)(nil)

// BroadcastTo says who is to get a broadcast: one of the members.
type BroadcastTo struct {
	Names     []string `json:"to,omitempty" maxItems:"10000" doc:"Names (sip) of people of the domain."`
	Everybody bool     `json:"everybody,omitempty" doc:"Every user of the domain that is not disabled."`
	Template  string   `json:"template,omitempty" maxLength:"256" doc:"The users that are not disabled and have this template."`
	Group     string   `json:"group,omitempty" maxLength:"256" doc:"The members of this group that are not disabled."`
}

// NewBroadcast is one message to many people.
type NewBroadcast struct {
	Sender string `json:"sender" minLength:"1" maxLength:"256" doc:"Name (sip) of the object of the domain who writes; its chats are stored."`
	BroadcastTo
	Text string `json:"text" minLength:"1" maxLength:"40000" doc:"HTML; what may not stand in a message is left out."`
	Key  string `json:"key" minLength:"1" maxLength:"64" doc:"A name of this broadcast. With the same key and sender nobody gets it twice, whenever it is sent again."`
}

// Broadcast is how far one has come.
type Broadcast struct {
	ID      int64           `json:"id" doc:"Number of the broadcast."`
	Sender  string          `json:"sender" doc:"Who writes."`
	Counts  BroadcastCounts `json:"counts" doc:"How many messages have come how far."`
	Unknown []string        `json:"unknown" doc:"Names that nobody has, or only people whom the sender may not see; up to 1,000."`
}

// BroadcastCounts are how far the messages of a broadcast have come.
type BroadcastCounts struct {
	Total     int64 `json:"total" doc:"Its receivers."`
	Sent      int64 `json:"sent" doc:"Messages that are stored."`
	Delivered int64 `json:"delivered" doc:"Of these, those that have reached a device."`
	Read      int64 `json:"read" doc:"Of these, those that were read."`
	Failed    int64 `json:"failed" doc:"Messages of this request that could not be stored: send it again with the same key."`
	Unknown   int64 `json:"unknown" doc:"Names of this request that were left out, as unknown lists them."`
}

// BroadcastPreview is what would be sent.
type BroadcastPreview struct {
	Receivers int      `json:"receivers" doc:"How many people would get it. Those whom the sender may not see are still among them."`
	Unknown   []string `json:"unknown" doc:"Names that nobody has; up to 1,000."`
	Text      string   `json:"text" doc:"The message as it would be sent."`
}

func (a *API) registerBroadcast() {
	if a.Broadcaster == nil {
		return
	}
	const path = "/domains/{domain}/messages/broadcast"
	register(a, operation{
		ID: "messages-broadcast", Method: http.MethodPost, Path: path, Tag: "Messages", Summary: "Send one message to many people",
		Text: "Each gets it as a private message of the sender, stored and delivered as any other; 10,000 people at most. " +
			"The answer comes when all are stored. Sent again with the same key it goes on where it was, and nobody gets it twice.",
		Reach: domainInPath, Right: account.Write, Act: "messages.broadcast", Reason: true,
	}, a.sendBroadcast)
	register(a, operation{
		ID: "messages-broadcast-preview", Method: http.MethodPost, Path: path + "/preview", Tag: "Messages", Summary: "Count who would get a broadcast",
		Text:  "Nothing is sent. The text is shown as it would be.",
		Reach: domainInPath, Right: account.Write,
	}, a.previewBroadcast)
	register(a, operation{
		ID: "messages-broadcast-get", Method: http.MethodGet, Path: path + "/{id}", Tag: "Messages", Summary: "Show how far a broadcast has come",
		Reach: domainInPath, Right: account.Read,
	}, a.getBroadcast)
}

type (
	broadcastInput struct {
		InDomain
		Body NewBroadcast
	}
	broadcastAnswer struct {
		Body Broadcast
	}
	previewBroadcastInput struct {
		InDomain
		Body struct {
			BroadcastTo
			Sender string `json:"sender,omitempty" maxLength:"256" doc:"Name (sip) of who would write, who is no receiver."`
			Text   string `json:"text,omitempty" maxLength:"40000" doc:"HTML."`
		}
	}
	previewBroadcastAnswer struct {
		Body BroadcastPreview
	}
	getBroadcastInput struct {
		InDomain
		ID     int64  `path:"id" minimum:"1" doc:"Number of the broadcast."`
		Sender string `query:"sender" required:"true" minLength:"1" maxLength:"256" doc:"Who has sent it: numbers are of one Messages service, and only senders are told."`
	}
)

func (a *API) sendBroadcast(ctx context.Context, in *broadcastInput) (*broadcastAnswer, error) {
	about(ctx, in.Body.Sender)
	dom := calling(ctx).domain
	sender, err := a.senderOf(dom, in.Body.Sender)
	if err != nil {
		return nil, err
	}
	aboutObject(ctx, sender)
	to, unknown, err := a.receivers(dom, sender.SIP, in.Body.BroadcastTo)
	switch {
	case err != nil:
		return nil, err
	case len(to) == 0:
		return nil, wrong(Invalid, in.Body.field(), "Nobody would get it.")
	case len(to) > pbxmessages.MaxReceivers:
		return nil, wrong(Invalid, in.Body.field(), fmt.Sprintf("A broadcast reaches %d people at most, and these are %d: send it in parts.", pbxmessages.MaxReceivers, len(to)))
	}
	text := sanitize.HTML(in.Body.Text)
	if strings.TrimSpace(text) == "" {
		return nil, wrong(Invalid, "body.text", "The message is empty.")
	}
	sent, err := a.Broadcaster.Broadcast(ctx, sender.Address(), pbxmessages.Broadcast{Key: in.Body.Key, To: to, HTML: text})
	if err != nil {
		return nil, ofBroadcast(err)
	}
	sent.Unknown = append(unknown, sent.Unknown...)
	note(ctx, "to", in.Body.whom())
	note(ctx, "receivers", strconv.Itoa(len(to)))
	return &broadcastAnswer{broadcastOf(sender, sent)}, nil
}

func (a *API) previewBroadcast(ctx context.Context, in *previewBroadcastInput) (*previewBroadcastAnswer, error) {
	to, unknown, err := a.receivers(calling(ctx).domain, in.Body.Sender, in.Body.BroadcastTo)
	if err != nil {
		return nil, err
	}
	return &previewBroadcastAnswer{BroadcastPreview{len(to), few(unknown), sanitize.HTML(in.Body.Text)}}, nil
}

func (a *API) getBroadcast(ctx context.Context, in *getBroadcastInput) (*broadcastAnswer, error) {
	sender, err := a.senderOf(calling(ctx).domain, in.Sender)
	if err != nil {
		return nil, err
	}
	sent, err := a.Broadcaster.ReadBroadcast(ctx, sender.Address(), in.ID)
	if err != nil {
		return nil, ofBroadcast(err)
	}
	return &broadcastAnswer{broadcastOf(sender, sent)}, nil
}

// senderOf is who writes a broadcast.
func (a *API) senderOf(dom directory.Domain, name string) (directory.Object, error) {
	o, ok := a.Directory.ObjectByName(dom.ID, name)
	switch {
	case !ok:
		return o, wrong(NotFound, "sender", "There is nobody called "+quoted(name)+" in the domain.")
	case o.Disabled:
		return o, wrong(Invalid, "sender", quoted(name)+" is disabled, and writes nothing.")
	}
	return o, nil
}

// receivers are the names of those who are to get a broadcast, each once and without
// the sender, and those that nobody has.
func (a *API) receivers(dom directory.Domain, sender string, to BroadcastTo) (names, unknown []string, err error) {
	if err := to.check(); err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{directory.Fold(sender): true}
	add := func(o directory.Object) {
		if key := directory.Fold(o.SIP); !o.Disabled && !seen[key] {
			seen[key] = true
			names = append(names, o.SIP)
		}
	}
	var found []directory.Object
	switch {
	case to.Everybody:
		found = a.Directory.Users(dom.ID)
	case to.Group != "":
		found = a.Directory.Members(dom.ID, to.Group)
		if len(found) == 0 {
			return nil, nil, wrong(NotFound, "group", "Nobody is in a group "+quoted(to.Group)+".")
		}
	case to.Template != "":
		t, ok := a.Directory.ObjectByName(dom.ID, to.Template)
		if !ok || t.Kind != directory.Template {
			return nil, nil, wrong(NotFound, "template", "There is no template "+quoted(to.Template)+".")
		}
		found = a.Directory.Objects(dom.ID, func(o *directory.Object) bool { return o.Kind == directory.User && o.Template == t.ID })
	}
	for _, o := range found {
		add(o)
	}
	for _, name := range to.Names {
		if o, ok := a.Directory.ObjectByName(dom.ID, name); ok && o.Kind == directory.User && !o.Disabled {
			add(o)
		} else {
			unknown = append(unknown, name)
		}
	}
	return names, unknown, nil
}

// check finds whether it is said in one way who is meant.
func (to BroadcastTo) check() error {
	ways := 0
	for _, said := range []bool{len(to.Names) > 0, to.Everybody, to.Template != "", to.Group != ""} {
		if said {
			ways++
		}
	}
	if ways != 1 {
		return wrong(Invalid, "to", "Say who is to get it, in one way: to, everybody, template or group.")
	}
	return nil
}

// field is the member that says who is meant.
func (to BroadcastTo) field() string {
	switch {
	case to.Everybody:
		return "everybody"
	case to.Template != "":
		return "template"
	case to.Group != "":
		return "group"
	}
	return "to"
}

// whom is who is meant, for the audit log.
func (to BroadcastTo) whom() string {
	switch {
	case to.Template != "":
		return "template " + to.Template
	case to.Group != "":
		return "group " + to.Group
	}
	return to.field()
}

// mostUnknown is how many names an answer lists.
const mostUnknown = 1000

func few(names []string) []string {
	return append([]string{}, names[:min(len(names), mostUnknown)]...)
}

func broadcastOf(sender directory.Object, s pbxmessages.Sent) Broadcast {
	c := s.Counts
	return Broadcast{s.ID, sender.SIP, BroadcastCounts{c.Total, c.Sent, c.Delivered, c.Read, c.Failed, int64(len(s.Unknown))}, few(s.Unknown)}
}

// The codes of a broadcast that was not sent.
const (
	codeNotStored Code = "not_stored" // the chats of the sender are not stored
	codeLinkDown  Code = "link_down"  // the Messages service is not connected
)

// ofBroadcast makes a refusal of the Messages service a Problem.
func ofBroadcast(err error) error {
	refusal, ok := errors.AsType[*pbxmessages.Refusal](err)
	if !ok {
		return err
	}
	switch refusal.Reason {
	case pbxmessages.NotStored:
		return wrong(codeNotStored, "sender", refusal.Text)
	case pbxmessages.LinkDown:
		return problem(codeLinkDown, refusal.Text)
	case pbxmessages.NotSupported:
		return problem(NotAvailable, refusal.Text)
	case pbxmessages.Unanswered, pbxmessages.Failed:
		return problem(Busy, refusal.Text)
	case pbxmessages.TooMuch:
		return problem(RateLimited, refusal.Text)
	case pbxmessages.NoSuch:
		return problem(NotFound, refusal.Text)
	}
	return problem(Invalid, refusal.Text)
}

// SendBroadcast asks for a broadcast.
type SendBroadcast struct {
	Domain string
	NewBroadcast
}

// Broadcast sends one message to many people of a domain: that of its name or host
// name, or the default one.
func (c *Client) Broadcast(ctx context.Context, s SendBroadcast) (Broadcast, error) {
	var b Broadcast
	return b, c.broadcasts(ctx, s.Domain, http.MethodPost, "", s.NewBroadcast, &b)
}

// PreviewBroadcast counts who would get it.
func (c *Client) PreviewBroadcast(ctx context.Context, s SendBroadcast) (BroadcastPreview, error) {
	var p BroadcastPreview
	s.Key = ""
	in := struct {
		BroadcastTo
		Sender string `json:"sender,omitempty"`
		Text   string `json:"text,omitempty"`
	}{s.BroadcastTo, s.Sender, s.Text}
	return p, c.broadcasts(ctx, s.Domain, http.MethodPost, "/preview", in, &p)
}

// OneBroadcast names one.
type OneBroadcast struct {
	Domain, Sender string
	ID             int64
}

// ShowBroadcast tells how far one has come.
func (c *Client) ShowBroadcast(ctx context.Context, o OneBroadcast) (Broadcast, error) {
	var b Broadcast
	return b, c.broadcasts(ctx, o.Domain, http.MethodGet, withQuery("/"+strconv.FormatInt(o.ID, 10), "sender", o.Sender), nil, &b)
}

func (c *Client) broadcasts(ctx context.Context, domain, method, rest string, in, out any) error {
	path, err := c.keepingPath(ctx, domain, "broadcast"+rest)
	if err == nil {
		err = c.Do(ctx, method, path, in, out)
	}
	if CodeOf(err) == NoRoute {
		return errNotRunning
	}
	return err
}
