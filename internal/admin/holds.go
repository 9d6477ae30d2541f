package admin

import (
	"context"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

func (a *API) registerHolds() {
	const path = "/domains/{domain}/messages/holds"
	register(a, operation{
		ID: "hold-list", Method: http.MethodGet, Path: path, Tag: "Messages", Summary: "List the legal holds",
		Reach: domainInPath, Right: account.Read,
	}, a.listHolds)
	register(a, operation{
		ID: "hold-set", Method: http.MethodPut, Path: path, Tag: "Messages", Summary: "Set a legal hold",
		Text:  "On a person or on a conversation. From then on no rule, no erasure and no user deletes what it keeps.",
		Reach: domainInPath, Right: account.Write, Act: "messages.hold.set", Reason: true,
	}, a.setHold)
	register(a, operation{
		ID: "hold-end", Method: http.MethodDelete, Path: path, Tag: "Messages", Summary: "End a legal hold",
		Reach: domainInPath, Right: account.Write, Act: "messages.hold.end", Reason: true,
	}, a.endHold)
}

type (
	holdsAnswer struct {
		Body Page[keeping.Hold]
	}
	holdInput struct {
		InDomain
		Body keeping.Hold
	}
	holdAnswer struct {
		Body keeping.Hold
	}
	endHoldInput struct {
		InDomain
		Person       string `query:"person" doc:"Name (sip) of the person."`
		GUID         string `query:"guid" doc:"Or the guid."`
		Conversation int64  `query:"conversation" minimum:"0" doc:"Or the number of the conversation."`
	}
)

func (a *API) listHolds(ctx context.Context, _ *InDomain) (*holdsAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	list, err := k.Holds(ctx, domain)
	return &holdsAnswer{Page[keeping.Hold]{Items: list}}, ofMessages(err)
}

func (a *API) setHold(ctx context.Context, in *holdInput) (*holdAnswer, error) {
	about(ctx, in.Body.About())
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.SetHold(ctx, domain, in.Body); err != nil {
		return nil, ofField(err, "person")
	}
	note(ctx, "note", in.Body.Note)
	return &holdAnswer{in.Body}, nil
}

func (a *API) endHold(ctx context.Context, in *endHoldInput) (*nothing, error) {
	h := keeping.Hold{Person: in.Person, GUID: in.GUID, Conversation: in.Conversation}
	about(ctx, h.About())
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	return nil, ofField(k.EndHold(ctx, domain, h), "person")
}
