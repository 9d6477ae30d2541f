package admin

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/signal"
)

// UserPassword is what a user of a domain changes the password with.
type UserPassword struct {
	Domain string `json:"domain,omitempty" maxLength:"253" doc:"Domain of the user; absent: the one that the host of the request belongs to."`
	Name   string `json:"name" maxLength:"256" doc:"Name of the user."`
	Old    string `json:"old" maxLength:"4096" doc:"Present password."`
	New    string `json:"new" maxLength:"4096" doc:"New password of at least 8 characters."`
}

func (a *API) registerSelfService() {
	register(a, operation{
		ID: "user-password", Method: http.MethodPost, Path: "/users/me/password", Tag: "Users", Summary: "Change the password of oneself, as a user",
		Text: "For users of a domain, who need no account of an administrator. The sessions of the user end. Wrong attempts count like those of logins. " +
			"Whose logins are confirmed on another session cannot do it: the administrator sets the new password.",
		Reach: everybody, Act: "object.password", Secret: true,
	}, a.changeUserPassword)
}

type userPasswordInput struct {
	Body UserPassword
}

var errUserPassword = problem(Code(account.CodeBadLogin), "The name or the password is wrong.")

func (a *API) changeUserPassword(ctx context.Context, in *userPasswordInput) (*nothing, error) {
	c := calling(ctx)
	if err := a.sameOrigin(c.request); err != nil {
		return nil, err
	}
	user, err := a.proveUser(c, in.Body)
	if user.ID != 0 { // else what was typed is nobody's name, and may be a password
		about(ctx, user.SIP)
		c.domain, _ = a.Directory.Domain(user.Domain)
	}
	if err != nil {
		return nil, err
	}
	c.identity = account.Identity{Kind: account.KindUser, Name: user.SIP, From: c.identity.From}
	switch {
	case user.SecondFactor && a.hasSession(user):
		return nil, problem(Forbidden, "Your logins are confirmed on another session, which the password alone must not undo: have your administrator set the new one.")
	case in.Body.New == in.Body.Old:
		return nil, wrong(Invalid, "new", "The new password is the old one.")
	}
	_, err = a.Directory.SetUser(ctx, user.Address(), directory.ObjectEdit{Password: &in.Body.New})
	if directory.CodeOf(err) == directory.CodeBadPassword || directory.CodeOf(err) == directory.CodePasswordTooShort {
		err = wrong(Code(directory.CodeOf(err)), "new", err.Error())
	}
	return &nothing{}, err
}

// proveUser checks name and password within the limits of logins. A user who does
// not exist or is disabled costs the same as one who does; the one it would be
// about is returned in any case.
func (a *API) proveUser(c *call, in UserPassword) (directory.Object, error) {
	_, host, _ := strings.Cut(in.Name, "@")
	dom, _ := a.Directory.ResolveLogin(cmp.Or(in.Domain, host), c.request.Host)
	from, now := peerAddr(c.request), a.Clock.Now()
	key := guard.Key("u", int64(dom.ID), directory.Fold(directory.LocalPart(in.Name)))
	if a.Attempts.Allow(key, from, now) != guard.Allowed {
		a.Directory.DummyUnseal()
		return directory.Object{}, problem(Code(account.CodeTooManyAttempts), "Too many wrong attempts: wait some minutes, then try again.")
	}
	user, found := a.Directory.UserByName(dom.ID, in.Name)
	password := ""
	if found && !user.Disabled {
		password, _ = a.Directory.Password(user.Address()) // one without a password cannot log in
	} else {
		a.Directory.DummyUnseal()
	}
	if password == "" || subtle.ConstantTimeCompare([]byte(password), []byte(in.Old)) != 1 {
		a.Attempts.Failed(key, from, now)
		return user, errUserPassword
	}
	a.Attempts.Succeeded(key, from)
	return user, nil
}

// hasSession tells whether there is a session that confirms logins. A new password
// would end it, and the next login would need no confirmation.
func (a *API) hasSession(user directory.Object) bool {
	for _, s := range a.Directory.Sessions(signal.Address{Domain: user.Domain, Object: user.ID}) {
		if !s.NeedsAuthorization {
			return true
		}
	}
	return false
}
