package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/export"
)

func (a *API) registerExport() {
	register(a, operation{
		ID: "messages-export", Method: http.MethodGet, Path: "/domains/{domain}/messages/export", Tag: "Messages", Summary: "Export conversations",
		Text: "A ZIP archive with the messages as JSON and as HTML, and with their files. person: what that person may read, in all chats or in that with somebody or of a group; " +
			"conversation alone: everything of it. An archive without its end was broken off.",
		Reach: domainInPath, Right: account.Reveal, Act: "messages.export", Reason: true, Stream: true,
	}, a.exportChats)
}

type exportChatsInput struct {
	InDomain
	Person       string `query:"person" doc:"Name (sip) of the person in whose eyes it is exported."`
	GUID         string `query:"guid" doc:"Or the guid."`
	With         string `query:"with" doc:"Only the chat with this person."`
	Conversation int64  `query:"conversation" minimum:"0" doc:"Only this conversation; of a person it must be a group."`
	Format       string `query:"format" enum:"both,json,html" default:"both" doc:"What to write."`
	NoFiles      bool   `query:"no_files" doc:"Leave the files out."`
}

// request is what is to be exported.
func (in *exportChatsInput) request() (export.Request, error) {
	r := export.Request{
		Person: messages.Ref{SIP: in.Person, GUID: in.GUID}, JSON: in.Format != "html", HTML: in.Format != "json", Now: time.Now(),
	}
	switch {
	case in.Person == "" && in.GUID == "" && in.With == "" && in.Conversation != 0:
		r.Conv = messages.ConvID(in.Conversation)
	case in.Person == "" && in.GUID == "":
		return r, wrong(Invalid, "person", "Name the person, or a conversation alone.")
	case in.With != "" && in.Conversation != 0:
		return r, wrong(Invalid, "with", "Name the chat by with or by conversation, not by both.")
	case in.With != "":
		r.With = messages.Ref{SIP: in.With}
	default:
		r.Group = messages.ConvID(in.Conversation)
	}
	return r, nil
}

func (a *API) exportChats(ctx context.Context, in *exportChatsInput) (*huma.StreamResponse, error) {
	about(ctx, exported(in))
	r, err := in.request()
	if err != nil {
		return nil, err
	}
	k, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	if r.Log = log; !in.NoFiles {
		r.Files = k.Files
	}
	if err := export.Check(ctx, r); err != nil {
		return nil, ofMessages(err)
	}
	name := calling(ctx).domain.Name
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/zip")
		out.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="messages-%s.zip"`, name))
		if _, err := export.Write(ctx, out.BodyWriter(), r); err != nil {
			a.Log.Error("an export of messages broke off", "domain", name, "err", err)
		}
	}}, nil
}

// exported is what an export is about, for the audit log.
func exported(in *exportChatsInput) string {
	text := in.Person + in.GUID
	if in.With != "" {
		text += " with " + in.With
	}
	if in.Conversation != 0 {
		text += " conversation " + strconv.FormatInt(in.Conversation, 10)
	}
	return text
}
