package admin

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/trace"
)

// Traces lists the traces that are on.
func (c *Client) Traces(ctx context.Context, _ ListTraces) ([]Trace, error) {
	return list[Trace](ctx, c, "/trace/rules")
}

// ListTraces asks for all traces.
type ListTraces struct{}

// AddTrace is a trace to be switched on, and why.
type AddTrace struct {
	NewTrace
	Reason string
}

// AddTrace switches a trace on. User may have a domain behind an @.
func (c *Client) AddTrace(ctx context.Context, r AddTrace) (Trace, error) {
	var t Trace
	var err error
	if r.Domain, r.User, err = c.traced(ctx, r.Domain, r.User); err != nil {
		return t, err
	}
	return t, c.Do(WithReason(ctx, r.Reason), http.MethodPost, "/trace/rules", r.NewTrace, &t)
}

// traced finds the domain and the user that are meant.
func (c *Client) traced(ctx context.Context, domain, user string) (foundDomain, sip string, err error) {
	switch {
	case user != "" && (domain == "" || strings.Contains(user, "@")):
		return c.split(ctx, user)
	case domain != "":
		domain, err = c.domainFor(ctx, domain)
	}
	return domain, user, err
}

// RemoveTraces names traces that are to be switched off: by number, by a flag, or
// all.
type RemoveTraces struct {
	What, Reason string
}

// RemoveTraces switches traces off; they were as returned.
func (c *Client) RemoveTraces(ctx context.Context, r RemoveTraces) ([]Trace, error) {
	all, err := c.Traces(ctx, ListTraces{})
	if err != nil {
		return nil, err
	}
	chosen, err := chooseTraces(all, r.What)
	for _, t := range chosen {
		if err := c.Do(WithReason(ctx, r.Reason), http.MethodDelete, "/trace/rules/"+strconv.FormatUint(t.ID, 10), nil, nil); err != nil && CodeOf(err) != NotFound {
			return nil, err
		}
	}
	return chosen, err
}

// chooseTraces are those that what means.
func chooseTraces(all []Trace, what string) ([]Trace, error) {
	if what == "all" {
		return all, nil
	}
	if id, err := strconv.ParseUint(what, 10, 64); err == nil {
		at := slices.IndexFunc(all, func(t Trace) bool { return t.ID == id })
		if at < 0 {
			return nil, problem(NotFound, fmt.Sprintf("there is no trace %d; it may have ended by itself: see pbx trace list", id))
		}
		return all[at : at+1], nil
	}
	flags, err := trace.ParseFlags(what)
	if err != nil || flags == 0 {
		return nil, wrong(Invalid, "flags", fmt.Sprintf("%q is neither the number of a trace, nor a flag, nor all", what))
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(t Trace) bool {
		own, err := trace.ParseFlags(strings.Join(t.Flags, ","))
		return err != nil || own&flags == 0
	})
	if len(chosen) == 0 {
		return nil, problem(NotFound, fmt.Sprintf("no trace of %s is on: see pbx trace list", flags))
	}
	return chosen, nil
}

// ReadTrace chooses what is read of the recorded frames.
type ReadTrace struct {
	Flags, Domain, User, Connection, Call, Since string
	JSON                                         bool
}

// query is the request as parameters.
func (c *Client) query(ctx context.Context, r ReadTrace) (string, error) {
	domain, user, err := c.traced(ctx, r.Domain, r.User)
	if err != nil {
		return "", err
	}
	q := url.Values{"format": {"text"}}
	if r.JSON {
		q.Set("format", "json")
	}
	for name, value := range map[string]string{
		"flags": r.Flags, "domain": domain, "user": user, "connection": r.Connection, "call": r.Call, "since": r.Since,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "?" + q.Encode(), nil
}

// SaveTrace writes what was recorded to w, a line for each frame.
func (c *Client) SaveTrace(ctx context.Context, r ReadTrace, w io.Writer) error {
	q, err := c.query(ctx, r)
	if err != nil {
		return err
	}
	answer, err := c.Send(ctx, http.MethodGet, "/trace/records"+q, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(w, answer.Body)
	return err
}

// maxEvent is the longest line of a live view.
const maxEvent = 1 << 20

// TailTrace writes what is recorded to w, a line for each frame, until ctx is done
// or the server stops; neither is an error.
func (c *Client) TailTrace(ctx context.Context, r ReadTrace, w io.Writer) error {
	q, err := c.query(ctx, r)
	if err != nil {
		return err
	}
	answer, err := c.Send(ctx, http.MethodGet, "/trace/tail"+q, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !ok {
			continue
		}
		if _, err := w.Write(append(data, '\n')); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return lines.Err()
}
