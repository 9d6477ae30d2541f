package admin

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

// errNotHosted is what a switch without hosted service says too.
var errNotHosted = problem(NotRunning, "no server that stores chats itself runs on this data directory: it takes pbx serve with --messages embedded; a messages-app has the same commands itself")

// Keeping asks about the stored messages of a domain: by its name or a host name, or
// the default one.
func (c *Client) Keeping() keeping.Client {
	return keeping.Client{Do: c.keep, Open: c.openKept}
}

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
	return hosted(err)
}

// openKept asks for something long.
func (c *Client) openKept(ctx context.Context, domain, rest string) (io.ReadCloser, error) {
	path, err := c.keepingPath(ctx, domain, rest)
	if err != nil {
		return nil, err
	}
	response, err := c.Send(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, hosted(err)
	}
	return response.Body, nil
}

// hosted says it better where the switch has no such operations.
func hosted(err error) error {
	if CodeOf(err) == NoRoute {
		return errNotHosted
	}
	return err
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
