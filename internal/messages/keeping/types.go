package keeping

import (
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/retention"
)

// RetentionRule says how long messages are kept.
type RetentionRule struct {
	Conversation int64     `json:"conversation,omitempty" doc:"Number of the conversation, mostly a group; without it the rule is that of the domain."`
	MessagesDays int       `json:"messages_days" minimum:"0" maximum:"36500" doc:"Days after which messages are deleted; 0: they stay."`
	FilesDays    int       `json:"files_days" minimum:"0" maximum:"36500" doc:"Days after which files are deleted and the text stays; 0: files go with their messages."`
	Changed      time.Time `json:"changed,omitzero" required:"false" readOnly:"true" doc:"When the rule was set."`
}

// About is what the rule is for, for the record of who did what.
func (r RetentionRule) About() string { return aboutConversation(r.Conversation) }

func aboutConversation(conv int64) string {
	if conv == 0 {
		return "the domain"
	}
	return "conversation " + strconv.FormatInt(conv, 10)
}

func ruleOf(r messages.Rule) RetentionRule {
	return RetentionRule{Conversation: int64(r.Conv), MessagesDays: r.Messages, FilesDays: r.Files, Changed: time.UnixMilli(r.Changed).UTC()}
}

// RetentionCount says what was or would be deleted.
type RetentionCount struct {
	Messages int64 `json:"messages" doc:"Messages."`
	Files    int64 `json:"files" doc:"References of files; each file of a chat has up to two."`
	Bytes    int64 `json:"bytes" doc:"Bytes of these; a content that others have too stays."`
	Held     int64 `json:"held" doc:"Messages that a legal hold keeps; only a preview counts them."`
}

func (c *RetentionCount) add(o RetentionCount) {
	c.Messages += o.Messages
	c.Files += o.Files
	c.Bytes += o.Bytes
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

func reportOf(r retention.Report) RetentionReport {
	out := RetentionReport{Rules: []RetentionOutcome{}, Total: RetentionCount(r.Total)}
	for _, o := range r.Rules {
		out.Rules = append(out.Rules, RetentionOutcome{ruleOf(o.Rule), RetentionCount(o.Count)})
	}
	return out
}

// Hold is a legal hold: what a person wrote or may read in chats, or a
// conversation, is not deleted by anybody.
type Hold struct {
	Person       string    `json:"person,omitempty" maxLength:"256" doc:"Name (sip) of the person."`
	GUID         string    `json:"guid,omitempty" maxLength:"256" doc:"The guid of the person."`
	Conversation int64     `json:"conversation,omitempty" minimum:"0" doc:"Or the number of the conversation."`
	Note         string    `json:"note,omitempty" maxLength:"256" doc:"What it is for."`
	Since        time.Time `json:"since,omitzero" required:"false" readOnly:"true" doc:"When it began."`
}

// About is what the hold is on, for the record of who did what.
func (h Hold) About() string {
	if h.Conversation != 0 {
		return aboutConversation(h.Conversation)
	}
	return h.Person + h.GUID
}

func (h Hold) check() error {
	named := 0
	for _, is := range []bool{h.Person != "", h.GUID != "", h.Conversation != 0} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		return messages.Errorf(messages.BadParameter, "Name one: a person, a guid or a conversation.")
	case h.Conversation < 0:
		return messages.Errorf(messages.BadParameter, "This is no conversation.")
	case max(len(h.Person), len(h.GUID), len(h.Note)) > messages.MaxName:
		return messages.Errorf(messages.BadParameter, "Names and notes have at most %d bytes.", messages.MaxName)
	}
	return nil
}

// Erasure names the person to be erased.
type Erasure struct {
	Person string `json:"person,omitempty" maxLength:"256" doc:"Name (sip) of the person."`
	GUID   string `json:"guid,omitempty" maxLength:"256" doc:"Or the guid, of somebody whose name another one has now."`
}

// About is who is erased, for the record of who did what.
func (e Erasure) About() string { return e.Person + e.GUID }

func (e Erasure) check() error {
	if (e.Person == "") == (e.GUID == "") {
		return messages.Errorf(messages.BadParameter, "Name the person, by person or by guid.")
	}
	return nil
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

// ChatExport says what to export.
type ChatExport struct {
	Domain             string
	Person, GUID, With string
	Conversation       int64
	Format             string // both, json or html; empty: both
	NoFiles            bool
}

// About is what is exported, for the record of who did what.
func (e ChatExport) About() string {
	text := e.Person + e.GUID
	if e.With != "" {
		text += " with " + e.With
	}
	if e.Conversation != 0 {
		text += " conversation " + strconv.FormatInt(e.Conversation, 10)
	}
	return text
}
