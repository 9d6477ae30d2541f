package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

// Drainer ends the running switch when its calls have run out.
type Drainer interface {
	// Drain lets nobody new in, begins no call, and ends the switch when no call
	// is left, after limit at the latest. Called again it changes that time. It
	// does not block.
	Drain(limit time.Duration) Draining
	Draining() Draining
}

// LongestDrain is the longest time that a drain may take.
const LongestDrain = 7 * 24 * time.Hour

// Drain asks for a drain.
type Drain struct {
	Seconds int `json:"seconds" minimum:"1" maximum:"604800" doc:"When the switch stops at the latest, in seconds from now."`
}

// Draining tells how far a drain is.
type Draining struct {
	Draining bool       `json:"draining" doc:"The switch takes no new logins and no new calls, and stops when its calls have ended."`
	Until    *time.Time `json:"until,omitempty" doc:"When it stops at the latest."`
	Calls    int        `json:"calls" doc:"Calls and chats that live; chats between inboxes do not count."`
}

var errNothingToDrain = problem(NotRunning, "no server is running on this data directory: there is nothing to drain")

func (a *API) registerDrain() {
	register(a, operation{
		ID: "drain", Method: http.MethodPost, Path: "/drain", Tag: "System", Summary: "Let the calls run out, then stop the switch",
		Text:  "Nobody new gets in, and no call begins, from now on. It cannot be taken back; asking again changes the time.",
		Reach: installation, Right: account.Operate, Act: "system.drain",
	}, a.drain)
	register(a, operation{
		ID: "drain-show", Method: http.MethodGet, Path: "/drain", Tag: "System", Summary: "Tell how far a drain is",
		Reach: installation, Right: account.Operate,
	}, a.showDrain)
}

type drainInput struct {
	Body Drain
}

type drainAnswer struct {
	Body Draining
}

func (a *API) drain(ctx context.Context, in *drainInput) (*drainAnswer, error) {
	if a.Drainer == nil {
		return nil, errNothingToDrain
	}
	limit := time.Duration(in.Body.Seconds) * time.Second
	about(ctx, limit.String())
	return &drainAnswer{a.Drainer.Drain(limit)}, nil
}

func (a *API) showDrain(context.Context, *nothing) (*drainAnswer, error) {
	if a.Drainer == nil {
		return nil, errNothingToDrain
	}
	return &drainAnswer{a.Drainer.Draining()}, nil
}

// Drain begins a drain, or changes its time.
func (c *Client) Drain(ctx context.Context, r Drain) (Draining, error) {
	var d Draining
	return d, c.Do(ctx, http.MethodPost, "/drain", r, &d)
}
