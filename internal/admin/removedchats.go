package admin

import (
	"context"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
)

// RemovedChats are the chats of a domain that was removed.
type RemovedChats struct {
	Name string `json:"name" doc:"What the store calls them: the name of the domain, with # and a number behind it where a new domain has that name."`
}

func (a *API) registerRemovedChats() {
	const path = "/messages/removed"
	register(a, operation{
		ID: "messages-removed", Method: http.MethodGet, Path: path, Tag: "Messages", Summary: "List removed domains whose chats are still stored",
		Text:  "Removing a domain does not delete its chats; nobody sees them any more.",
		Reach: installation, Right: account.Operate,
	}, a.listRemovedChats)
	register(a, operation{
		ID: "messages-removed-delete", Method: http.MethodDelete, Path: path + "/{name}", Tag: "Messages", Summary: "Delete the chats of a removed domain",
		Text:  "They cannot be restored. A legal hold refuses it.",
		Reach: installation, Right: account.Operate, Act: "messages.removed.delete", Reason: true,
	}, a.deleteRemovedChats)
}

type (
	removedChatsAnswer struct {
		Body Page[RemovedChats]
	}
	removedChatsInput struct {
		Name string `path:"name" maxLength:"256" doc:"A name of the list."`
	}
)

func (a *API) listRemovedChats(ctx context.Context, _ *struct{}) (*removedChatsAnswer, error) {
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	var names []string
	if k.Removed != nil {
		names, err = k.Removed(ctx)
	}
	list := mapped(names, func(name string) RemovedChats { return RemovedChats{name} })
	return &removedChatsAnswer{Page[RemovedChats]{Items: list}}, ofMessages(err)
}

func (a *API) deleteRemovedChats(ctx context.Context, in *removedChatsInput) (*nothing, error) {
	about(ctx, in.Name)
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	if k.Forget == nil {
		return nil, problem(NotFound, "There are no chats of removed domains.")
	}
	return nil, ofMessages(k.Forget(ctx, in.Name))
}
