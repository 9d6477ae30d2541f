package admin

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// errNotHosted is what a switch without hosted service says too.
var errNotHosted = problem(NotRunning, "no server that stores chats itself runs on this data directory: it takes pbx serve with --messages embedded, and does not work with messages-app")

// Messages asks about the stored messages of a domain: by its name or a host name,
// or the default one.
type Messages struct{ Domain string }

// keepingPath is the path of something about the messages of a domain.
func (c *Client) keepingPath(ctx context.Context, domain, rest string) (string, error) {
	name, err := c.domainFor(ctx, domain)
	return domainPath(name) + "/messages/" + rest, err
}

// keep does an operation on the messages of a domain.
func (c *Client) keep(ctx context.Context, method, domain, rest string, in, out any) error {
	path, err := c.keepingPath(ctx, domain, rest)
	if err == nil {
		err = c.Do(ctx, method, path, in, out)
	}
	if CodeOf(err) == NoRoute {
		return errNotHosted
	}
	return err
}

// RetentionRules lists the rules.
func (c *Client) RetentionRules(ctx context.Context, m Messages) ([]RetentionRule, error) {
	var page Page[RetentionRule]
	err := c.keep(ctx, http.MethodGet, m.Domain, "retention", nil, &page)
	return page.Items, err
}

// SetRetention sets a rule.
type SetRetention struct {
	Domain string
	RetentionRule
}

// SetRetention sets a rule.
func (c *Client) SetRetention(ctx context.Context, r SetRetention) (RetentionRule, error) {
	var out RetentionRule
	return out, c.keep(ctx, http.MethodPut, r.Domain, "retention", r.RetentionRule, &out)
}

// DropRetention removes the rule of a conversation, or that of the domain.
type DropRetention struct {
	Domain       string
	Conversation int64
}

// DropRetention removes a rule.
func (c *Client) DropRetention(ctx context.Context, r DropRetention) (DropRetention, error) {
	return r, c.keep(ctx, http.MethodDelete, r.Domain, withQuery("retention", "conversation", number(r.Conversation)), nil, nil)
}

// number is a number as a query has it, nothing for 0.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// RetentionPreview counts what the rules would delete now.
func (c *Client) RetentionPreview(ctx context.Context, m Messages) (RetentionReport, error) {
	var r RetentionReport
	return r, c.keep(ctx, http.MethodGet, m.Domain, "retention/preview", nil, &r)
}

// RunRetention deletes what the rules do not keep, to the end.
func (c *Client) RunRetention(ctx context.Context, m Messages) (RetentionReport, error) {
	var sum RetentionReport
	for {
		var r RetentionReport
		if err := c.keep(ctx, http.MethodPost, m.Domain, "retention/run", nil, &r); err != nil {
			return sum, err
		}
		sum.Rules = r.Rules
		sum.Total.add(r.Total)
		if !r.More {
			return sum, nil
		}
	}
}

func (c *RetentionCount) add(o RetentionCount) {
	c.Messages += o.Messages
	c.Files += o.Files
	c.Bytes += o.Bytes
}

// Holds lists the legal holds.
func (c *Client) Holds(ctx context.Context, m Messages) ([]Hold, error) {
	var page Page[Hold]
	err := c.keep(ctx, http.MethodGet, m.Domain, "holds", nil, &page)
	return page.Items, err
}

// OneHold is a hold of a domain.
type OneHold struct {
	Domain string
	Hold
}

// SetHold sets one.
func (c *Client) SetHold(ctx context.Context, h OneHold) (Hold, error) {
	var out Hold
	return out, c.keep(ctx, http.MethodPut, h.Domain, "holds", h.Hold, &out)
}

// EndHold ends one.
func (c *Client) EndHold(ctx context.Context, h OneHold) (Hold, error) {
	path := withQuery(withQuery(withQuery("holds", "person", h.Person), "guid", h.GUID), "conversation", number(h.Conversation))
	return h.Hold, c.keep(ctx, http.MethodDelete, h.Domain, path, nil, nil)
}

// ErasePerson names the person to be erased.
type ErasePerson struct {
	Domain string
	Erasure
}

// ErasePerson erases a person, to the end.
func (c *Client) ErasePerson(ctx context.Context, e ErasePerson) (RetentionCount, error) {
	var sum RetentionCount
	for {
		var r struct {
			RetentionCount
			More bool
		}
		if err := c.keep(ctx, http.MethodPost, e.Domain, "erase", e.Erasure, &r); err != nil {
			return sum, err
		}
		sum.add(r.RetentionCount)
		if !r.More {
			return sum, nil
		}
	}
}

// Conversations lists all conversations.
func (c *Client) Conversations(ctx context.Context, m Messages) ([]Conversation, error) {
	path, err := c.keepingPath(ctx, m.Domain, "conversations?limit=500")
	if err != nil {
		return nil, err
	}
	found, err := list[Conversation](ctx, c, path)
	if CodeOf(err) == NoRoute {
		return nil, errNotHosted
	}
	return found, err
}

// ChatExport says what to export.
type ChatExport struct {
	Domain             string
	Person, GUID, With string
	Conversation       int64
	Format             string // both, json or html
	NoFiles            bool
}

// ExportChats exports conversations as a ZIP archive, which the caller reads and
// closes.
func (c *Client) ExportChats(ctx context.Context, e ChatExport) (io.ReadCloser, error) {
	q := url.Values{}
	for name, value := range map[string]string{
		"person": e.Person, "guid": e.GUID, "with": e.With, "conversation": number(e.Conversation), "format": e.Format,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if e.NoFiles {
		q.Set("no_files", "true")
	}
	path, err := c.keepingPath(ctx, e.Domain, "export?"+q.Encode())
	if err != nil {
		return nil, err
	}
	response, err := c.Send(ctx, http.MethodGet, path, "", nil)
	if CodeOf(err) == NoRoute {
		return nil, errNotHosted
	}
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// SearchState tells how far the search index is.
func (c *Client) SearchState(ctx context.Context, m Messages) (SearchState, error) {
	var s SearchState
	return s, c.keep(ctx, http.MethodGet, m.Domain, "search", nil, &s)
}

// RebuildSearch makes the search index anew.
func (c *Client) RebuildSearch(ctx context.Context, m Messages) (SearchState, error) {
	var s SearchState
	return s, c.keep(ctx, http.MethodPost, m.Domain, "search/rebuild", nil, &s)
}

// RemovedChats lists removed domains whose chats are still stored.
func (c *Client) RemovedChats(ctx context.Context, _ struct{}) ([]RemovedChats, error) {
	var page Page[RemovedChats]
	err := c.forgotten(ctx, http.MethodGet, "/messages/removed", &page)
	return page.Items, err
}

// DeleteRemovedChats deletes the chats of one.
func (c *Client) DeleteRemovedChats(ctx context.Context, r RemovedChats) (RemovedChats, error) {
	return r, c.forgotten(ctx, http.MethodDelete, "/messages/removed/"+url.PathEscape(r.Name), nil)
}

func (c *Client) forgotten(ctx context.Context, method, path string, out any) error {
	err := c.Do(ctx, method, path, nil, out)
	if CodeOf(err) == NoRoute {
		return errNotRunning
	}
	return err
}
