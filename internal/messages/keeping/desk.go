package keeping

import (
	"context"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
)

// Desk does what administrators ask for, on the store of a Messages service. Refusals
// are messages.Error. What may take long ends with its context: what was deleted by
// then stays deleted, and is in the answer.
type Desk struct {
	Keeper *retention.Keeper
	Files  export.Files // nil: exports name files and have none
	Search SearchIndex
}

// SearchIndex is the index of messages: a search.Follower.
type SearchIndex interface {
	Rebuild(ctx context.Context, domain string) error
	Status(ctx context.Context) ([]search.Status, error)
}

// Rules lists the rules of a domain.
func (d *Desk) Rules(ctx context.Context, domain string) ([]RetentionRule, error) {
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return nil, err
	}
	rules, err := log.Rules(ctx)
	return mapped(rules, ruleOf), err
}

// SetRule sets a rule; before is the one that there was.
func (d *Desk) SetRule(ctx context.Context, domain string, r RetentionRule) (now RetentionRule, before *RetentionRule, err error) {
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return now, nil, err
	}
	rules, err := log.Rules(ctx)
	if err != nil {
		return now, nil, err
	}
	rule := messages.Rule{Conv: messages.ConvID(r.Conversation), Messages: r.MessagesDays, Files: r.FilesDays}
	for _, old := range rules {
		if old.Conv == rule.Conv {
			o := ruleOf(old)
			before = &o
		}
	}
	if err := rule.Check(); err != nil {
		return now, before, err
	}
	if err := log.SetRule(ctx, rule); err != nil {
		return now, before, err
	}
	rule.Changed = time.Now().UnixMilli()
	return ruleOf(rule), before, nil
}

// DropRule removes the rule of a conversation, or with 0 that of the domain.
func (d *Desk) DropRule(ctx context.Context, domain string, conv int64) error {
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return err
	}
	return log.DropRule(ctx, messages.ConvID(conv))
}

// Preview counts what the rules would delete now.
func (d *Desk) Preview(ctx context.Context, domain string) (RetentionReport, error) {
	report, err := d.Keeper.Dry(ctx, domain)
	return reportOf(report), err
}

// Run deletes what the rules do not keep.
func (d *Desk) Run(ctx context.Context, domain string) (RetentionReport, error) {
	report, err := d.Keeper.Apply(ctx, domain)
	return reportOf(report), err
}

// Holds lists the legal holds.
func (d *Desk) Holds(ctx context.Context, domain string) ([]Hold, error) {
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return nil, err
	}
	rows, err := log.Holds(ctx)
	if err != nil {
		return nil, err
	}
	var ids []messages.PersonID
	for _, r := range rows {
		ids = append(ids, r.Person)
	}
	people, err := log.People(ctx, ids)
	return mapped(rows, func(r messages.HoldRow) Hold {
		p := people[r.Person]
		return Hold{Person: p.SIP, GUID: p.GUID, Conversation: int64(r.Conv), Note: r.Note, Since: time.UnixMilli(r.Since).UTC()}
	}), err
}

// SetHold sets a hold.
func (d *Desk) SetHold(ctx context.Context, domain string, h Hold) error {
	return d.hold(ctx, domain, h, true)
}

// EndHold ends one.
func (d *Desk) EndHold(ctx context.Context, domain string, h Hold) error {
	return d.hold(ctx, domain, h, false)
}

func (d *Desk) hold(ctx context.Context, domain string, h Hold, on bool) error {
	if err := h.check(); err != nil {
		return err
	}
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return err
	}
	op := &messages.SetHold{Conv: messages.ConvID(h.Conversation), On: on, Note: h.Note}
	if h.Conversation == 0 {
		op.Person = messages.Ref{SIP: h.Person, GUID: h.GUID}
	}
	r, err := log.Do(ctx, op)
	if err == nil && !on && !r.Changed {
		return messages.Errorf(messages.NotFound, "There is no such hold.")
	}
	return err
}

// Erase deletes a person and what the person has written.
func (d *Desk) Erase(ctx context.Context, domain string, e Erasure) (RetentionCount, error) {
	if err := e.check(); err != nil {
		return RetentionCount{}, err
	}
	count, err := d.Keeper.Erase(ctx, domain, messages.Ref{SIP: e.Person, GUID: e.GUID})
	return RetentionCount(count), err
}

// PreviewErase counts what Erase would delete now. It is refused as Erase would be.
func (d *Desk) PreviewErase(ctx context.Context, domain string, e Erasure) (RetentionCount, error) {
	if err := e.check(); err != nil {
		return RetentionCount{}, err
	}
	count, err := d.Keeper.DryErase(ctx, domain, messages.Ref{SIP: e.Person, GUID: e.GUID})
	return RetentionCount(count), err
}

// Conversations lists conversations by number, behind one; next is where to go on,
// 0 at the end.
func (d *Desk) Conversations(ctx context.Context, domain string, after int64, limit int) (list []Conversation, next int64, err error) {
	log, err := d.Keeper.Log(ctx, domain)
	if err != nil {
		return nil, 0, err
	}
	if after < 0 || after > messages.MaxNumber || limit < 1 || limit > messages.MaxCount {
		return nil, 0, messages.Errorf(messages.BadParameter, "This is no page of the list.")
	}
	rows, err := log.Conversations(ctx, messages.ConvID(after), limit)
	if err == nil && len(rows) == limit {
		next = int64(rows[len(rows)-1].ID)
	}
	return mapped(rows, conversationOf), next, err
}

// SearchState tells how far the search index is.
func (d *Desk) SearchState(ctx context.Context, domain string) (SearchState, error) {
	list, err := d.Search.Status(ctx)
	for _, s := range list {
		if strings.EqualFold(s.Domain, domain) {
			return SearchState{Domain: domain, Changes: s.Head, Indexed: s.Mark, Parts: s.Parts, Messages: s.Docs}, err
		}
	}
	return SearchState{Domain: domain}, err
}

// Rebuild empties the search index, which is then filled again.
func (d *Desk) Rebuild(ctx context.Context, domain string) error {
	return d.Search.Rebuild(ctx, domain)
}

// Export finds out whether an export can begin, and is what to write.
func (d *Desk) Export(ctx context.Context, e ChatExport) (export.Request, error) {
	r, err := e.request()
	if err != nil {
		return r, err
	}
	if r.Log, err = d.Keeper.Log(ctx, e.Domain); err != nil {
		return r, err
	}
	if !e.NoFiles {
		r.Files = d.Files
	}
	return r, export.Check(ctx, r)
}

func (e ChatExport) request() (export.Request, error) {
	r := export.Request{
		Person: messages.Ref{SIP: e.Person, GUID: e.GUID}, JSON: e.Format != "html", HTML: e.Format != "json", Now: time.Now(),
	}
	switch {
	case e.Format != "" && e.Format != "both" && e.Format != "json" && e.Format != "html":
		return r, messages.Errorf(messages.BadParameter, "The format is both, json or html.")
	case e.Conversation < 0:
		return r, messages.Errorf(messages.BadParameter, "This is no conversation.")
	case e.Person == "" && e.GUID == "" && e.With == "" && e.Conversation != 0:
		r.Conv = messages.ConvID(e.Conversation)
	case e.Person == "" && e.GUID == "":
		return r, messages.Errorf(messages.BadParameter, "Name the person, or a conversation alone.")
	case e.With != "" && e.Conversation != 0:
		return r, messages.Errorf(messages.BadParameter, "Name the chat by with or by conversation, not by both.")
	case e.With != "":
		r.With = messages.Ref{SIP: e.With}
	default:
		r.Group = messages.ConvID(e.Conversation)
	}
	return r, nil
}

func mapped[From, To any](list []From, f func(From) To) []To {
	to := make([]To, 0, len(list))
	for _, one := range list {
		to = append(to, f(one))
	}
	return to
}
