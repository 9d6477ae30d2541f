package keeping

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Client asks the Desk of a running service. Paths are below those of the messages of
// one domain; an empty domain is the default one.
type Client struct {
	// Do sends in, as JSON, and takes the answer into out; either may be nil.
	Do func(ctx context.Context, method, domain, path string, in, out any) error
	// Open asks for something long, which the caller reads and closes.
	Open func(ctx context.Context, domain, path string) (io.ReadCloser, error)
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next part; empty at the end
}

// Messages asks about the stored messages of a domain.
type Messages struct{ Domain string }

// SetRetention sets a rule.
type SetRetention struct {
	Domain string
	RetentionRule
}

// DropRetention removes the rule of a conversation, or that of the domain.
type DropRetention struct {
	Domain       string
	Conversation int64
}

// OneHold is a hold of a domain.
type OneHold struct {
	Domain string
	Hold
}

// ErasePerson names the person to be erased.
type ErasePerson struct {
	Domain string
	Erasure
}

// RetentionRules lists the rules.
func (c Client) RetentionRules(ctx context.Context, m Messages) ([]RetentionRule, error) {
	var page Page[RetentionRule]
	err := c.Do(ctx, http.MethodGet, m.Domain, "retention", nil, &page)
	return page.Items, err
}

// SetRetention sets a rule.
func (c Client) SetRetention(ctx context.Context, r SetRetention) (RetentionRule, error) {
	var out RetentionRule
	return out, c.Do(ctx, http.MethodPut, r.Domain, "retention", r.RetentionRule, &out)
}

// DropRetention removes a rule.
func (c Client) DropRetention(ctx context.Context, r DropRetention) (DropRetention, error) {
	return r, c.Do(ctx, http.MethodDelete, r.Domain, with("retention", query{"conversation": number(r.Conversation)}), nil, nil)
}

// RetentionPreview counts what the rules would delete now.
func (c Client) RetentionPreview(ctx context.Context, m Messages) (RetentionReport, error) {
	var r RetentionReport
	return r, c.Do(ctx, http.MethodGet, m.Domain, "retention/preview", nil, &r)
}

// RunRetention deletes what the rules do not keep, to the end.
func (c Client) RunRetention(ctx context.Context, m Messages) (RetentionReport, error) {
	var sum RetentionReport
	for {
		var r RetentionReport
		if err := c.Do(ctx, http.MethodPost, m.Domain, "retention/run", nil, &r); err != nil {
			return sum, err
		}
		sum.Rules = r.Rules
		sum.Total.add(r.Total)
		if !r.More {
			return sum, nil
		}
	}
}

// Holds lists the legal holds.
func (c Client) Holds(ctx context.Context, m Messages) ([]Hold, error) {
	var page Page[Hold]
	err := c.Do(ctx, http.MethodGet, m.Domain, "holds", nil, &page)
	return page.Items, err
}

// SetHold sets one.
func (c Client) SetHold(ctx context.Context, h OneHold) (Hold, error) {
	var out Hold
	return out, c.Do(ctx, http.MethodPut, h.Domain, "holds", h.Hold, &out)
}

// EndHold ends one.
func (c Client) EndHold(ctx context.Context, h OneHold) (Hold, error) {
	path := with("holds", query{"person": h.Person, "guid": h.GUID, "conversation": number(h.Conversation)})
	return h.Hold, c.Do(ctx, http.MethodDelete, h.Domain, path, nil, nil)
}

// ErasePerson erases a person, to the end.
func (c Client) ErasePerson(ctx context.Context, e ErasePerson) (RetentionCount, error) {
	var sum RetentionCount
	for {
		var r struct {
			RetentionCount
			More bool
		}
		if err := c.Do(ctx, http.MethodPost, e.Domain, "erase", e.Erasure, &r); err != nil {
			return sum, err
		}
		sum.add(r.RetentionCount)
		if !r.More {
			return sum, nil
		}
	}
}

// PreviewErase counts what ErasePerson would delete now.
func (c Client) PreviewErase(ctx context.Context, e ErasePerson) (RetentionCount, error) {
	var r RetentionCount
	return r, c.Do(ctx, http.MethodGet, e.Domain, with("erase/preview", query{"person": e.Person, "guid": e.GUID}), nil, &r)
}

// Conversations lists all conversations.
func (c Client) Conversations(ctx context.Context, m Messages) ([]Conversation, error) {
	all := []Conversation{}
	for cursor := ""; ; {
		var page Page[Conversation]
		if err := c.Do(ctx, http.MethodGet, m.Domain, with("conversations", query{"limit": "500", "cursor": cursor}), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

// ExportChats exports conversations as a ZIP archive, which the caller reads and
// closes.
func (c Client) ExportChats(ctx context.Context, e ChatExport) (io.ReadCloser, error) {
	q := query{"person": e.Person, "guid": e.GUID, "with": e.With, "conversation": number(e.Conversation), "format": e.Format}
	if e.NoFiles {
		q["no_files"] = "true"
	}
	return c.Open(ctx, e.Domain, with("export", q))
}

// SearchState tells how far the search index is.
func (c Client) SearchState(ctx context.Context, m Messages) (SearchState, error) {
	var s SearchState
	return s, c.Do(ctx, http.MethodGet, m.Domain, "search", nil, &s)
}

// RebuildSearch makes the search index anew.
func (c Client) RebuildSearch(ctx context.Context, m Messages) (SearchState, error) {
	var s SearchState
	return s, c.Do(ctx, http.MethodPost, m.Domain, "search/rebuild", nil, &s)
}

// query is what stands behind the question mark; what is empty does not.
type query map[string]string

func with(path string, q query) string {
	values := url.Values{}
	for name, value := range q {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// number is a number as a query has it, nothing for 0.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
