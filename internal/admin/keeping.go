package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

// Keeping is what administrators work with on stored messages: that of a hosted
// Messages service.
type Keeping struct {
	keeping.Desk
	// Removed lists removed domains whose chats are still stored, and Forget deletes
	// those of one; nil: there are none.
	Removed func(ctx context.Context) ([]string, error)
	Forget  func(ctx context.Context, name string) error
}

// keepingTime is how long an operation on messages works before it answers that
// there is more to do.
const keepingTime = 40 * time.Second

// keeping is the hosted service, or a problem while there is none.
func (a *API) keeping() (*Keeping, error) {
	if k := a.Keeping(); k != nil {
		return k, nil
	}
	return nil, problem(NotRunning, "The Messages service is not ready; try again in a moment.")
}

// stored is the hosted service, and the domain in the path.
func (a *API) stored(ctx context.Context) (k *Keeping, domain string, err error) {
	k, err = a.keeping()
	return k, calling(ctx).domain.Name, err
}

// ofMessages makes a refusal of the message store a Problem.
func ofMessages(err error) error {
	refusal, ok := errors.AsType[*messages.Error](err)
	if !ok {
		return err
	}
	switch refusal.Code {
	case messages.BadParameter:
		return problem(Invalid, refusal.Text)
	case messages.NotFound:
		return problem(NotFound, refusal.Text)
	case messages.NotAllowed:
		return problem(codeHeld, refusal.Text)
	case messages.Quota, messages.Away:
		return problem(Busy, refusal.Text)
	}
	return err
}

// ofField is ofMessages where what cannot be meant stands in one part of the request.
func ofField(err error, field string) error {
	err = ofMessages(err)
	if p, ok := errors.AsType[*Problem](err); ok && p.Code == Invalid {
		return wrong(Invalid, field, p.Text)
	}
	return err
}

// codeHeld is what a legal hold forbids.
const codeHeld Code = "on_hold"

func (a *API) registerKeeping() {
	if a.Keeping == nil {
		return
	}
	a.registerRetention()
	a.registerHolds()
	a.registerExport()
	a.registerRemovedChats()
	register(a, operation{
		ID: "messages-erase", Method: http.MethodPost, Path: "/domains/{domain}/messages/erase", Tag: "Messages", Summary: "Erase a person",
		Text: "Deletes everything that the person has written, with files, and then name, marks and memberships. A legal hold refuses it. " +
			"With more in the answer it is not finished: send it again.",
		Reach: domainInPath, Right: account.Write, Act: "messages.erase", Reason: true,
	}, a.erasePerson)
	register(a, operation{
		ID: "messages-erase-preview", Method: http.MethodGet, Path: "/domains/{domain}/messages/erase/preview", Tag: "Messages", Summary: "Count what erasing a person would delete",
		Text:  "It is refused as the erasure would be: with on_hold where a legal hold keeps something.",
		Reach: domainInPath, Right: account.Read,
	}, a.previewErase)
	register(a, operation{
		ID: "messages-conversations", Method: http.MethodGet, Path: "/domains/{domain}/messages/conversations", Tag: "Messages", Summary: "List conversations",
		Text:  "Who talks to whom, without what is said; by number.",
		Reach: domainInPath, Right: account.Read,
	}, a.listConversations)
	register(a, operation{
		ID: "messages-search", Method: http.MethodGet, Path: "/domains/{domain}/messages/search", Tag: "Messages", Summary: "Show how far the search index is",
		Reach: domainInPath, Right: account.Read,
	}, a.searchStatus)
	register(a, operation{
		ID: "messages-search-rebuild", Method: http.MethodPost, Path: "/domains/{domain}/messages/search/rebuild", Tag: "Messages", Summary: "Make the search index anew",
		Text:  "It is emptied now and filled in the background; until then searches find a part.",
		Reach: domainInPath, Right: account.Write, Act: "messages.search.rebuild",
	}, a.rebuildSearch)
}

func (a *API) registerRetention() {
	const path = "/domains/{domain}/messages/retention"
	register(a, operation{
		ID: "retention-list", Method: http.MethodGet, Path: path, Tag: "Messages", Summary: "List the rules of retention",
		Reach: domainInPath, Right: account.Read,
	}, a.listRules)
	register(a, operation{
		ID: "retention-set", Method: http.MethodPut, Path: path, Tag: "Messages", Summary: "Set a rule of retention",
		Text:  "That of the domain, or of one conversation, to which that of the domain then does not apply.",
		Reach: domainInPath, Right: account.Write, Act: "messages.retention.set", Reason: true,
	}, a.setRule)
	register(a, operation{
		ID: "retention-drop", Method: http.MethodDelete, Path: path, Tag: "Messages", Summary: "Remove a rule of retention",
		Reach: domainInPath, Right: account.Write, Act: "messages.retention.drop", Reason: true,
	}, a.dropRule)
	register(a, operation{
		ID: "retention-preview", Method: http.MethodGet, Path: path + "/preview", Tag: "Messages", Summary: "Count what the rules would delete now",
		Reach: domainInPath, Right: account.Read,
	}, a.previewRules)
	register(a, operation{
		ID: "retention-run", Method: http.MethodPost, Path: path + "/run", Tag: "Messages", Summary: "Delete now what the rules do not keep",
		Text:  "It is done every hour in any case.",
		Reach: domainInPath, Right: account.Write, Act: "messages.retention.run", Reason: true,
	}, a.runRules)
}

type (
	rulesAnswer struct {
		Body Page[keeping.RetentionRule]
	}
	ruleInput struct {
		InDomain
		Body keeping.RetentionRule
	}
	ruleAnswer struct {
		Body keeping.RetentionRule
	}
	conversationInput struct {
		InDomain
		Conversation int64 `query:"conversation" minimum:"0" doc:"Number of the conversation; without it the domain is meant."`
	}
	reportAnswer struct {
		Body keeping.RetentionReport
	}
)

func (a *API) listRules(ctx context.Context, _ *InDomain) (*rulesAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := k.Rules(ctx, domain)
	return &rulesAnswer{Page[keeping.RetentionRule]{Items: rules}}, ofMessages(err)
}

func (a *API) setRule(ctx context.Context, in *ruleInput) (*ruleAnswer, error) {
	about(ctx, in.Body.About())
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	rule, before, err := k.SetRule(ctx, domain, in.Body)
	if before != nil {
		was(ctx, *before)
	}
	return &ruleAnswer{rule}, ofMessages(err)
}

func (a *API) dropRule(ctx context.Context, in *conversationInput) (*nothing, error) {
	about(ctx, keeping.RetentionRule{Conversation: in.Conversation}.About())
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	return nil, ofMessages(k.DropRule(ctx, domain, in.Conversation))
}

func (a *API) previewRules(ctx context.Context, _ *InDomain) (*reportAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	report, more, err := inTime(ctx, func(ctx context.Context) (keeping.RetentionReport, error) { return k.Preview(ctx, domain) })
	if more {
		return nil, problem(Busy, "There is too much to count in the time of one request.")
	}
	return &reportAnswer{report}, ofMessages(err)
}

func (a *API) runRules(ctx context.Context, _ *InDomain) (*reportAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	report, more, err := inTime(ctx, func(ctx context.Context) (keeping.RetentionReport, error) { return k.Run(ctx, domain) })
	noteCount(ctx, report.Total)
	report.More = more
	return &reportAnswer{report}, ofMessages(err)
}

// noteCount writes into the audit log how much was deleted.
func noteCount(ctx context.Context, c keeping.RetentionCount) {
	note(ctx, "messages", strconv.FormatInt(c.Messages, 10))
	note(ctx, "files", strconv.FormatInt(c.Files, 10))
	note(ctx, "bytes", strconv.FormatInt(c.Bytes, 10))
}

// inTime does something for as long as one request may take; more: that was not
// enough, and it is no error.
func inTime[T any](ctx context.Context, do func(context.Context) (T, error)) (out T, more bool, err error) {
	limited, cancel := context.WithTimeout(ctx, keepingTime)
	defer cancel()
	out, err = do(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return out, true, nil
	}
	return out, false, err
}

type (
	eraseInput struct {
		InDomain
		Body keeping.Erasure
	}
	eraseAnswer struct {
		Body struct {
			keeping.RetentionCount
			More bool `json:"more" doc:"There was no time for everything: send it again."`
		}
	}
)

func (a *API) erasePerson(ctx context.Context, in *eraseInput) (*eraseAnswer, error) {
	about(ctx, in.Body.About())
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	count, more, err := inTime(ctx, func(ctx context.Context) (keeping.RetentionCount, error) { return k.Erase(ctx, domain, in.Body) })
	noteCount(ctx, count)
	out := &eraseAnswer{}
	out.Body.RetentionCount, out.Body.More = count, more
	return out, ofField(err, "body.person")
}

type (
	previewEraseInput struct {
		InDomain
		Person string `query:"person" maxLength:"256" doc:"Name (sip) of the person."`
		GUID   string `query:"guid" maxLength:"256" doc:"Or the guid."`
	}
	previewEraseAnswer struct {
		Body keeping.RetentionCount
	}
)

func (a *API) previewErase(ctx context.Context, in *previewEraseInput) (*previewEraseAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	count, more, err := inTime(ctx, func(ctx context.Context) (keeping.RetentionCount, error) {
		return k.PreviewErase(ctx, domain, keeping.Erasure{Person: in.Person, GUID: in.GUID})
	})
	if more {
		return nil, problem(Busy, "There is too much to count in the time of one request.")
	}
	return &previewEraseAnswer{count}, ofField(err, "person")
}

type (
	conversationsInput struct {
		InDomain
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Most conversations in one answer."`
		Cursor string `query:"cursor" doc:"Where to go on: next of the answer before."`
	}
	conversationsAnswer struct {
		Body Page[keeping.Conversation]
	}
)

func (a *API) listConversations(ctx context.Context, in *conversationsInput) (*conversationsAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	after, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
	if err != nil || after > messages.MaxNumber {
		return nil, wrong(BadCursor, "cursor", "This is not the next of an answer.")
	}
	list, next, err := k.Conversations(ctx, domain, after, in.Limit)
	page := Page[keeping.Conversation]{Items: list}
	if next != 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return &conversationsAnswer{page}, ofMessages(err)
}

type searchAnswer struct {
	Body keeping.SearchState
}

func (a *API) searchStatus(ctx context.Context, _ *InDomain) (*searchAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	state, err := k.SearchState(ctx, domain)
	return &searchAnswer{state}, err
}

func (a *API) rebuildSearch(ctx context.Context, _ *InDomain) (*searchAnswer, error) {
	k, domain, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	_, more, err := inTime(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, k.Rebuild(ctx, domain) })
	if more {
		return nil, problem(Busy, "There was no time to empty the index; it goes on.")
	}
	if err != nil {
		return nil, ofMessages(err)
	}
	return a.searchStatus(ctx, nil)
}
