package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
)

// Keeping is what administrators work with on stored messages: that of a hosted
// Messages service.
type Keeping struct {
	Keeper *retention.Keeper
	Files  export.Files // nil: exports name files and have none
	Search SearchIndex
	// Removed lists removed domains whose chats are still stored, and Forget deletes
	// those of one; nil: there are none.
	Removed func(ctx context.Context) ([]string, error)
	Forget  func(ctx context.Context, name string) error
}

// SearchIndex is the index of messages: a search.Follower.
type SearchIndex interface {
	Rebuild(ctx context.Context, domain string) error
	Status(ctx context.Context) ([]search.Status, error)
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

// stored is the log of the domain in the path.
func (a *API) stored(ctx context.Context) (*Keeping, messages.Retained, error) {
	k, err := a.keeping()
	if err != nil {
		return nil, nil, err
	}
	log, err := k.Keeper.Log(ctx, calling(ctx).domain.Name)
	return k, log, ofMessages(err)
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

// RetentionRule says how long messages are kept.
type RetentionRule struct {
	Conversation int64     `json:"conversation,omitempty" doc:"Number of the conversation, mostly a group; without it the rule is that of the domain."`
	MessagesDays int       `json:"messages_days" minimum:"0" maximum:"36500" doc:"Days after which messages are deleted; 0: they stay."`
	FilesDays    int       `json:"files_days" minimum:"0" maximum:"36500" doc:"Days after which files are deleted and the text stays; 0: files go with their messages."`
	Changed      time.Time `json:"changed,omitzero" required:"false" readOnly:"true" doc:"When the rule was set."`
}

// RetentionCount says what was or would be deleted.
type RetentionCount struct {
	Messages int64 `json:"messages" doc:"Messages."`
	Files    int64 `json:"files" doc:"References of files; each file of a chat has up to two."`
	Bytes    int64 `json:"bytes" doc:"Bytes of these; a content that others have too stays."`
	Held     int64 `json:"held" doc:"Messages that a legal hold keeps; only a preview counts them."`
}

// RetentionReport is the outcome of a run.
type RetentionReport struct {
	Rules []RetentionOutcome `json:"rules" nullable:"false" doc:"By rule."`
	Total RetentionCount     `json:"total" doc:"Of all rules."`
	More  bool               `json:"more" doc:"There was no time for everything: send it again, or wait for the next run."`
}

// RetentionOutcome is what one rule means.
type RetentionOutcome struct {
	Rule  RetentionRule  `json:"rule"`
	Count RetentionCount `json:"count"`
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
		Body Page[RetentionRule]
	}
	ruleInput struct {
		InDomain
		Body RetentionRule
	}
	ruleAnswer struct {
		Body RetentionRule
	}
	conversationInput struct {
		InDomain
		Conversation int64 `query:"conversation" minimum:"0" doc:"Number of the conversation; without it the domain is meant."`
	}
	reportAnswer struct {
		Body RetentionReport
	}
)

func ruleOf(r messages.Rule) RetentionRule {
	return RetentionRule{Conversation: int64(r.Conv), MessagesDays: r.Messages, FilesDays: r.Files, Changed: time.UnixMilli(r.Changed).UTC()}
}

func (a *API) listRules(ctx context.Context, _ *InDomain) (*rulesAnswer, error) {
	_, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := log.Rules(ctx)
	return &rulesAnswer{Page[RetentionRule]{Items: mapped(rules, ruleOf)}}, ofMessages(err)
}

func (a *API) setRule(ctx context.Context, in *ruleInput) (*ruleAnswer, error) {
	aboutConversation(ctx, in.Body.Conversation)
	_, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := log.Rules(ctx)
	if err != nil {
		return nil, ofMessages(err)
	}
	conv := messages.ConvID(in.Body.Conversation)
	for _, r := range rules {
		if r.Conv == conv {
			was(ctx, ruleOf(r))
		}
	}
	rule := messages.Rule{Conv: conv, Messages: in.Body.MessagesDays, Files: in.Body.FilesDays}
	if err := log.SetRule(ctx, rule); err != nil {
		return nil, ofMessages(err)
	}
	rule.Changed = time.Now().UnixMilli()
	return &ruleAnswer{ruleOf(rule)}, nil
}

// aboutConversation notes what a rule or a hold is about.
func aboutConversation(ctx context.Context, conv int64) {
	if conv == 0 {
		about(ctx, "the domain")
		return
	}
	about(ctx, "conversation "+strconv.FormatInt(conv, 10))
}

func (a *API) dropRule(ctx context.Context, in *conversationInput) (*nothing, error) {
	aboutConversation(ctx, in.Conversation)
	_, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	return nil, ofMessages(log.DropRule(ctx, messages.ConvID(in.Conversation)))
}

func countOf(c retention.Count) RetentionCount { return RetentionCount(c) }

func reportOf(r retention.Report) RetentionReport {
	out := RetentionReport{Rules: []RetentionOutcome{}, Total: countOf(r.Total)}
	for _, o := range r.Rules {
		out.Rules = append(out.Rules, RetentionOutcome{ruleOf(o.Rule), countOf(o.Count)})
	}
	return out
}

func (a *API) previewRules(ctx context.Context, _ *InDomain) (*reportAnswer, error) {
	k, _, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	report, more, err := inTime(ctx, func(ctx context.Context) (retention.Report, error) {
		return k.Keeper.Dry(ctx, calling(ctx).domain.Name)
	})
	if more {
		return nil, problem(Busy, "There is too much to count in the time of one request.")
	}
	return &reportAnswer{reportOf(report)}, ofMessages(err)
}

func (a *API) runRules(ctx context.Context, _ *InDomain) (*reportAnswer, error) {
	k, _, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	report, more, err := inTime(ctx, func(ctx context.Context) (retention.Report, error) {
		return k.Keeper.Apply(ctx, calling(ctx).domain.Name)
	})
	noteCount(ctx, report.Total)
	out := reportOf(report)
	out.More = more
	return &reportAnswer{out}, ofMessages(err)
}

// noteCount writes into the audit log how much was deleted.
func noteCount(ctx context.Context, c retention.Count) {
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

// Erasure names the person to be erased.
type Erasure struct {
	Person string `json:"person,omitempty" maxLength:"256" doc:"Name (sip) of the person."`
	GUID   string `json:"guid,omitempty" maxLength:"256" doc:"Or the guid, of somebody whose name another one has now."`
}

type (
	eraseInput struct {
		InDomain
		Body Erasure
	}
	eraseAnswer struct {
		Body struct {
			RetentionCount
			More bool `json:"more" doc:"There was no time for everything: send it again."`
		}
	}
)

func (a *API) erasePerson(ctx context.Context, in *eraseInput) (*eraseAnswer, error) {
	about(ctx, in.Body.Person+in.Body.GUID)
	if (in.Body.Person == "") == (in.Body.GUID == "") {
		return nil, wrong(Invalid, "body.person", "Name the person, by person or by guid.")
	}
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	count, more, err := inTime(ctx, func(ctx context.Context) (retention.Count, error) {
		return k.Keeper.Erase(ctx, calling(ctx).domain.Name, messages.Ref{SIP: in.Body.Person, GUID: in.Body.GUID})
	})
	noteCount(ctx, count)
	out := &eraseAnswer{}
	out.Body.RetentionCount, out.Body.More = countOf(count), more
	return out, ofMessages(err)
}

// Conversation is one, without what was said.
type Conversation struct {
	ID       int64     `json:"id" doc:"Number, by which rules, holds and exports name it."`
	Kind     string    `json:"kind" enum:"pair,own,group,topic" doc:"Of two people; of one person's own (the first; the second is the partner); a group; a topic."`
	Title    string    `json:"title,omitempty" doc:"Of a group."`
	People   []string  `json:"people" nullable:"false" doc:"Names (sip), not of a group."`
	Messages int64     `json:"messages" doc:"Messages that it ever had."`
	Last     time.Time `json:"last,omitzero" required:"false" doc:"When the last one was."`
}

type (
	conversationsInput struct {
		InDomain
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Most conversations in one answer."`
		Cursor string `query:"cursor" doc:"Where to go on: next of the answer before."`
	}
	conversationsAnswer struct {
		Body Page[Conversation]
	}
)

func (a *API) listConversations(ctx context.Context, in *conversationsInput) (*conversationsAnswer, error) {
	_, log, err := a.stored(ctx)
	if err != nil {
		return nil, err
	}
	after, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
	if err != nil {
		return nil, wrong(BadCursor, "cursor", "This is not the next of an answer.")
	}
	rows, err := log.Conversations(ctx, messages.ConvID(after), in.Limit)
	if err != nil {
		return nil, ofMessages(err)
	}
	page := Page[Conversation]{Items: mapped(rows, conversationOf)}
	if len(rows) == in.Limit {
		page.Next = strconv.FormatInt(int64(rows[len(rows)-1].ID), 10)
	}
	return &conversationsAnswer{page}, nil
}

func conversationOf(r messages.ConvRow) Conversation {
	c := Conversation{
		ID: int64(r.ID), Title: r.Title, Messages: r.Messages, People: []string{},
		Kind: map[messages.ConvKind]string{messages.PairConv: "pair", messages.OwnConv: "own", messages.GroupConv: "group", messages.TopicConv: "topic"}[r.Kind],
	}
	if r.Time != 0 {
		c.Last = time.UnixMilli(r.Time).UTC()
	}
	for _, p := range r.People {
		c.People = append(c.People, p.SIP)
	}
	return c
}

// SearchState says how far the search index of a domain is.
type SearchState struct {
	Domain   string `json:"domain" doc:"Name of the domain."`
	Changes  int64  `json:"changes" doc:"Number of the newest change."`
	Indexed  int64  `json:"indexed" doc:"Change up to which the index has come."`
	Parts    int64  `json:"parts" doc:"Message up to which parts of words are found too."`
	Messages int64  `json:"messages" doc:"Messages in the index."`
}

type searchAnswer struct {
	Body SearchState
}

func (a *API) searchStatus(ctx context.Context, _ *InDomain) (*searchAnswer, error) {
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	list, err := k.Search.Status(ctx)
	if err != nil {
		return nil, err
	}
	name := calling(ctx).domain.Name
	for _, s := range list {
		if strings.EqualFold(s.Domain, name) {
			return &searchAnswer{SearchState{Domain: name, Changes: s.Head, Indexed: s.Mark, Parts: s.Parts, Messages: s.Docs}}, nil
		}
	}
	return &searchAnswer{SearchState{Domain: name}}, nil
}

func (a *API) rebuildSearch(ctx context.Context, _ *InDomain) (*searchAnswer, error) {
	k, err := a.keeping()
	if err != nil {
		return nil, err
	}
	_, more, err := inTime(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, k.Search.Rebuild(ctx, calling(ctx).domain.Name)
	})
	if more {
		return nil, problem(Busy, "There was no time to empty the index; it goes on.")
	}
	if err != nil {
		return nil, ofMessages(err)
	}
	return a.searchStatus(ctx, nil)
}
