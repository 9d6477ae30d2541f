package admin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Deleted is a deleted object that can still be brought back.
type Deleted struct {
	Object
	Deleted time.Time `json:"deleted" doc:"When it was deleted."`
	Until   time.Time `json:"until" doc:"When it can no longer be brought back."`
}

// Exported is everything that the switch knows of an object, without secrets.
type Exported struct {
	Object    Object    `json:"object" doc:"As it is stored."`
	Effective Object    `json:"effective" doc:"With what its template gives it."`
	Devices   []Device  `json:"devices" nullable:"false" doc:"Its devices."`
	Sessions  []Session `json:"sessions" nullable:"false" doc:"Its logins."`
	Home      string    `json:"home,omitempty" doc:"Its home screen."`
}

// Session is a login of a user, without its secrets.
type Session struct {
	ID        string    `json:"id" doc:"Id of the session."`
	UserAgent string    `json:"user_agent,omitempty" doc:"Program that logged in."`
	Created   time.Time `json:"created" doc:"When it began."`
	Used      time.Time `json:"used" doc:"When it was last resumed, to a day."`
	Pending   bool      `json:"pending" doc:"It waits to be confirmed on another session."`
}

func (a *API) registerDeleted() {
	register(a, operation{
		ID: "deleted-list", Method: http.MethodGet, Path: "/domains/{domain}/deleted", Tag: "Objects", Summary: "List the deleted objects that can be brought back",
		Text:  "The newest first.",
		Reach: domainInPath, Right: account.Read,
	}, a.listDeleted)
	register(a, operation{
		ID: "deleted-restore", Method: http.MethodPost, Path: "/domains/{domain}/deleted/{id}/restore", Tag: "Objects", Summary: "Bring a deleted object back",
		Text:  "With its id, password, devices and all that belongs to it. Its sessions are over. What it refers to and is gone, it loses.",
		Reach: domainInPath, Right: account.Write, Act: "object.restore",
	}, a.restore)
	register(a, operation{
		ID: "object-export", Method: http.MethodGet, Path: "/domains/{domain}/objects/{name}/export", Tag: "Objects", Summary: "Everything about an object, without secrets",
		Reach: domainInPath, Right: account.Read, Act: "object.export",
	}, a.exportObject)
}

type listDeletedInput struct {
	InDomain
	Type string `query:"type" enum:"user,app,messages,push,group,gateway,template" doc:"Only objects of this type."`
}

type listDeletedAnswer struct {
	Body Page[Deleted]
}

func (a *API) listDeleted(ctx context.Context, in *listDeletedInput) (*listDeletedAnswer, error) {
	dom := calling(ctx).domain
	found, err := a.Directory.Tombstones(ctx, dom.ID)
	if err != nil {
		return nil, err
	}
	items := []Deleted{}
	for _, t := range found {
		if in.Type == "" || in.Type == typeName(t.Kind) {
			items = append(items, Deleted{Object: a.objectOf(dom, t.Object), Deleted: t.Deleted, Until: t.Until})
		}
	}
	return &listDeletedAnswer{Page[Deleted]{Items: items}}, nil
}

type restoreInput struct {
	InDomain
	ID int64 `path:"id" doc:"Id of the object."`
}

func (a *API) restore(ctx context.Context, in *restoreInput) (*objectAnswer, error) {
	dom := calling(ctx).domain
	about(ctx, "id:"+strconv.FormatInt(in.ID, 10))
	o, err := a.Directory.Restore(ctx, signal.Address{Domain: dom.ID, Object: signal.ObjectID(in.ID)})
	if err != nil {
		return nil, err
	}
	aboutObject(ctx, o)
	return a.answerObject(dom, o), nil
}

type exportAnswer struct {
	ETag string `header:"ETag"`
	Body Exported
}

func (a *API) exportObject(ctx context.Context, in *InObject) (*exportAnswer, error) {
	dom := calling(ctx).domain
	o, err := a.object(dom, in)
	if err != nil {
		return nil, err
	}
	aboutObject(ctx, o)
	whole, _ := a.Directory.Effective(o.Address())
	return &exportAnswer{ETag: etag(o.Revision), Body: Exported{
		Object: a.objectOf(dom, o), Effective: a.objectOf(dom, whole), Devices: a.devicesOf([]Device{}, dom, o),
		Sessions: mapped(a.Directory.Sessions(o.Address()), sessionOf), Home: a.Directory.Home(o.Address()),
	}}, nil
}

func sessionOf(s directory.Session) Session {
	return Session{ID: s.ID, UserAgent: s.UserAgent, Created: s.Created, Used: s.Used, Pending: s.NeedsAuthorization}
}
