package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
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

func (a *API) exportChats(ctx context.Context, in *exportChatsInput) (*huma.StreamResponse, error) {
	e := keeping.ChatExport{
		Domain: calling(ctx).domain.Name, Person: in.Person, GUID: in.GUID, With: in.With, Conversation: in.Conversation,
		Format: in.Format, NoFiles: in.NoFiles,
	}
	about(ctx, e.About())
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	r, err := k.Export(ctx, e)
	if err != nil {
		return nil, ofField(err, "person")
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/zip")
		out.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="messages-%s.zip"`, e.Domain))
		if _, err := export.Write(ctx, out.BodyWriter(), r); err != nil {
			a.Log.Error("an export of messages broke off", "domain", e.Domain, "err", err)
		}
	}}, nil
}
