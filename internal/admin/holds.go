package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages"
)

// Hold is a legal hold: what a person wrote or may read in chats, or a
// conversation, is not deleted by anybody.
type Hold struct {
	Person       string    `json:"person,omitempty" maxLength:"256" doc:"Name (sip) of the person."`
	GUID         string    `json:"guid,omitempty" maxLength:"256" doc:"The guid of the person."`
	Conversation int64     `json:"conversation,omitempty" minimum:"0" doc:"Or the number of the conversation."`
	Note         string    `json:"note,omitempty" maxLength:"256" doc:"What it is for."`
	Since        time.Time `json:"since,omitzero" required:"false" readOnly:"true" doc:"When it began."`
}

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
		Body Page[Hold]
	}
	holdInput struct {
		InDomain
		Body Hold
	}
	holdAnswer struct {
		Body Hold
	}
	endHoldInput struct {
		InDomain
		Person       string `query:"person" doc:"Name (sip) of the person."`
		GUID         string `query:"guid" doc:"Or the guid."`
		Conversation int64  `query:"conversation" minimum:"0" doc:"Or the number of the conversation."`
	}
)

func (a *API) listHolds(ctx context.Context, _ *InDomain) (*holdsAnswer, error) {
	_, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := log.Holds(ctx)
	if err != nil {
		return nil, ofMessages(err)
	}
	var ids []messages.PersonID
	for _, r := range rows {
		ids = append(ids, r.Person)
	}
	people, err := log.People(ctx, ids)
	list := mapped(rows, func(r messages.HoldRow) Hold {
		p := people[r.Person]
		return Hold{Person: p.SIP, GUID: p.GUID, Conversation: int64(r.Conv), Note: r.Note, Since: time.UnixMilli(r.Since).UTC()}
	})
	return &holdsAnswer{Page[Hold]{Items: list}}, ofMessages(err)
}

// hold sets or ends one.
func (a *API) hold(ctx context.Context, h Hold, on bool) error {
	named := 0
	for _, is := range []bool{h.Person != "", h.GUID != "", h.Conversation != 0} {
		if is {
			named++
		}
	}
	if named != 1 {
		return wrong(Invalid, "person", "Name one: a person, a guid or a conversation.")
	}
	if h.Conversation != 0 {
		aboutConversation(ctx, h.Conversation)
	} else {
		about(ctx, h.Person+h.GUID)
	}
	_, log, err := a.stored(ctx)
	if err != nil {
		return err
	}
	op := &messages.SetHold{Conv: messages.ConvID(h.Conversation), On: on, Note: h.Note}
	if h.Conversation == 0 {
		op.Person = messages.Ref{SIP: h.Person, GUID: h.GUID}
	}
	r, err := log.Do(ctx, op)
	if err == nil && !on && !r.Changed {
		return problem(NotFound, "There is no such hold.")
	}
	return ofMessages(err)
}

func (a *API) setHold(ctx context.Context, in *holdInput) (*holdAnswer, error) {
	if err := a.hold(ctx, in.Body, true); err != nil {
		return nil, err
	}
	note(ctx, "note", in.Body.Note)
	return &holdAnswer{in.Body}, nil
}

func (a *API) endHold(ctx context.Context, in *endHoldInput) (*nothing, error) {
	return nil, a.hold(ctx, Hold{Person: in.Person, GUID: in.GUID, Conversation: in.Conversation}, false)
}
