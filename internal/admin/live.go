package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// Live is the running switch, as far as it is listed and ended from here.
type Live interface {
	Registrations() []signal.RegistrationInfo
	RegistrationsOf(a signal.Address) []signal.RegistrationInfo
	Calls() []signal.CallInfo
	ReleaseCall(domain signal.DomainID, id trace.CallID) int
	EndRegistrations(a signal.Address, conn string) int
}

var _ Live = (*signal.Switch)(nil)

var errNotRunning = problem(NotRunning, "no server is running on this data directory, so there are no registrations, no calls and no links: start one with pbx serve")

// Registration is a live registration.
type Registration struct {
	SIP    string    `json:"sip" doc:"Name of the object."`
	Domain string    `json:"domain" doc:"Name of the domain."`
	HW     string    `json:"hw,omitempty" doc:"Hardware id of the device."`
	Flags  string    `json:"flags" doc:"As in Register, joined with |."`
	Inbox  bool      `json:"inbox" doc:"Its inbox is open."`
	Conn   string    `json:"connection" doc:"Connection that it came over, as in traces."`
	Since  time.Time `json:"since" doc:"When it began."`
}

// Call is a live call. A chat has one for each caller, and one for each side on
// whose behalf the switch keeps it.
type Call struct {
	ID       string    `json:"id" doc:"The same on all its legs, as in traces."`
	Kind     string    `json:"kind" doc:"chat, media or other."`
	Domain   string    `json:"domain" doc:"Name of the domain."`
	From     string    `json:"from" doc:"Who calls."`
	To       string    `json:"to" doc:"Who is called."`
	Answered bool      `json:"answered" doc:"Somebody has answered."`
	Kept     bool      `json:"kept" doc:"The switch keeps it, on behalf of an inbox."`
	Inboxes  bool      `json:"inboxes" doc:"A chat between inboxes, which needs no call."`
	Legs     int       `json:"legs" doc:"How many sides it has."`
	Texts    uint64    `json:"texts" doc:"Texts of the chat so far."`
	Since    time.Time `json:"since" doc:"When it began."`
}

func (a *API) registerLive() {
	register(a, operation{
		ID: "registration-list", Method: http.MethodGet, Path: "/registrations", Tag: "Live", Summary: "List the live registrations",
		Text:  "Those of the domains that you may see, oldest first.",
		Reach: somewhere, Right: account.Read,
	}, a.listRegistrations)
	register(a, operation{
		ID: "call-list", Method: http.MethodGet, Path: "/calls", Tag: "Live", Summary: "List the live calls and chats",
		Text:  "Those of the domains that you may see, oldest first.",
		Reach: somewhere, Right: account.Read,
	}, a.listCalls)
	register(a, operation{
		ID: "call-release", Method: http.MethodDelete, Path: "/domains/{domain}/calls/{call}", Tag: "Live", Summary: "Release a call or a chat",
		Text:  "All of its legs, with cause 16. A chat may begin anew with the next text.",
		Reach: domainInPath, Right: account.Write, Act: "call.release",
	}, a.releaseCall)
	register(a, operation{
		ID: "registration-end", Method: http.MethodDelete, Path: "/domains/{domain}/objects/{name}/registrations", Tag: "Live", Summary: "End the registrations of an object",
		Text:  "Calls over them are released with cause 31. Clients may register anew; disable the object to prevent that.",
		Reach: domainInPath, Right: account.Write, Act: "registration.end",
	}, a.endRegistrations)
}

type liveInput struct {
	Domain string `query:"domain" doc:"Only those of this domain."`
	User   string `query:"user" doc:"Only those of this name."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100000" default:"1000" doc:"Most in the answer; there is no second page, for they change all the time."`
}

type listRegistrationsAnswer struct {
	Body Page[Registration]
}

func (a *API) listRegistrations(ctx context.Context, in *liveInput) (*listRegistrationsAnswer, error) {
	if a.Live == nil {
		return nil, errNotRunning
	}
	seen := a.seen(ctx, in.Domain)
	list := []Registration{}
	for _, r := range a.Live.Registrations() {
		dom, ok := seen[r.Address.Domain]
		if !ok || in.User != "" && !same(in.User, r.SIP) || len(list) == in.Limit {
			continue
		}
		list = append(list, Registration{
			SIP: r.SIP, Domain: dom, HW: r.HW, Flags: r.Flags.String(), Inbox: r.Inbox, Conn: r.Conn, Since: r.Since,
		})
	}
	return &listRegistrationsAnswer{Page[Registration]{Items: list}}, nil
}

type listCallsAnswer struct {
	Body Page[Call]
}

func (a *API) listCalls(ctx context.Context, in *liveInput) (*listCallsAnswer, error) {
	if a.Live == nil {
		return nil, errNotRunning
	}
	seen := a.seen(ctx, in.Domain)
	list := []Call{}
	for _, c := range a.Live.Calls() {
		dom, ok := seen[c.Domain]
		if !ok || in.User != "" && !same(in.User, c.From) && !same(in.User, c.To) || len(list) == in.Limit {
			continue
		}
		list = append(list, Call{
			ID: c.ID.String(), Kind: c.Kind.String(), Domain: dom, From: c.From, To: c.To,
			Answered: c.Answered, Kept: c.Held, Inboxes: c.Inboxes, Legs: c.Legs, Texts: c.Texts, Since: c.Since,
		})
	}
	return &listCallsAnswer{Page[Call]{Items: list}}, nil
}

type releaseInput struct {
	InDomain
	Call string `path:"call" doc:"Id of the call, as listed: k7."`
}

func (a *API) releaseCall(ctx context.Context, in *releaseInput) (*nothing, error) {
	if a.Live == nil {
		return nil, errNotRunning
	}
	dom := calling(ctx).domain
	about(ctx, in.Call)
	id, ok := trace.ParseCallID(in.Call)
	if !ok || a.Live.ReleaseCall(dom.ID, id) == 0 {
		return nil, problem(NotFound, "There is no call "+quoted(in.Call)+" in "+dom.Name+".")
	}
	return &nothing{}, nil
}

type (
	endInput struct {
		InObject
		Conn string `query:"connection" doc:"Only those over this connection."`
	}
	endAnswer struct {
		Body struct {
			Ended int `json:"ended" doc:"How many registrations ended."`
		}
	}
)

func (a *API) endRegistrations(ctx context.Context, in *endInput) (*endAnswer, error) {
	if a.Live == nil {
		return nil, errNotRunning
	}
	o, err := a.object(calling(ctx).domain, &in.InObject)
	if err != nil {
		return nil, err
	}
	about(ctx, o.SIP)
	answer := &endAnswer{}
	answer.Body.Ended = a.Live.EndRegistrations(o.Address(), in.Conn)
	return answer, nil
}

func same(a, b string) bool { return directory.Fold(a) == directory.Fold(b) }

// seen are the names of the domains that the one who asks may see, or of the one
// that is asked for.
func (a *API) seen(ctx context.Context, only string) map[signal.DomainID]string {
	names := map[signal.DomainID]string{}
	for _, d := range a.Directory.Domains() {
		if a.may(ctx, d) && (only == "" || same(only, d.Name)) {
			names[d.ID] = d.Name
		}
	}
	return names
}
