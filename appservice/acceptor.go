package appservice

import (
	"context"
	"errors"
)

// maxAttempts is how many AppLogin one connection may send (decision 12).
const maxAttempts = 5

// textFailed is the answer to every failed login, whatever the reason.
const textFailed = "Authentication failed"

// AcceptorConfig is what an Acceptor needs.
type AcceptorConfig struct {
	Host   Host          // who may log in
	Domain string        // told in AppLoginResult where the account says nothing else
	Source func() string // challenges; nil = NewChallenge. Tests set it
}

// Acceptor is the server half of the login on one connection, without I/O: it
// takes the frames that come before the login and says what to do (appwebsocket.md
// 2.1, decisions 8, 10, 11, 12, 14). A challenge is bound to its Acceptor and good
// for one AppLogin. It is used by the goroutine that reads the connection; only
// the Host can make it block.
type Acceptor struct {
	config    AcceptorConfig
	challenge string // empty: none is open
	attempts  int
}

// NewAcceptor is the acceptor for one new connection.
func NewAcceptor(config AcceptorConfig) *Acceptor {
	if config.Source == nil {
		config.Source = NewChallenge
	}
	return &Acceptor{config: config}
}

// Step is what to do after a frame: send Reply if there is one, then close if
// CloseCode is not 0, then go on as the session of Accepted if it is not nil.
type Step struct {
	Reply     []byte
	Accepted  *Accepted
	Failed    string // why a login failed, for the log and the counters; never for the peer
	CloseCode int
	Reason    string // for the close frame
}

// Reasons in Step.Failed.
const (
	FailedCredentials = "credentials"
	FailedChallenge   = "challenge" // none open, or used already
	FailedHost        = "host"      // the host could not answer
)

// Accepted is a login that has succeeded.
type Accepted struct {
	Login   Login // as claimed; a copy, without digest
	Account Account
	Key     string // SessionKey of the login
}

// Handle takes one frame of a peer that has not logged in. Messages that are not
// part of the login are answered with Error if they have a src.
func (a *Acceptor) Handle(ctx context.Context, f Frame) Step {
	if f.API != "" && f.MT != MTKeepAlive {
		return refuse(f)
	}
	switch f.MT {
	case MTKeepAlive:
		return Step{Reply: AppendKeepAlive(nil, f)}
	case MTCheckBuild:
		return reply(f, CheckBuildResult{})
	case MTAppChallenge:
		a.challenge = a.config.Source()
		return reply(f, AppChallengeResult{Challenge: Challenge(a.challenge)})
	case MTAppLogin:
		return a.login(ctx, f)
	case MTAppCheckLogin:
		return a.check(ctx, f)
	}
	return refuse(f)
}

// login answers AppLogin. The fifth failure is answered like the others, and
// ends the connection.
func (a *Acceptor) login(ctx context.Context, f Frame) Step {
	challenge := a.challenge
	a.challenge = ""
	a.attempts++
	if challenge == "" {
		return a.failed(f, FailedChallenge)
	}
	l := LoginFrom(f)
	accepted, err := a.authenticate(ctx, l, challenge)
	switch {
	case err == nil:
		return a.succeeded(f, accepted)
	case errors.Is(err, ErrLoginFailed):
		return a.failed(f, FailedCredentials)
	}
	return a.failed(f, FailedHost)
}

// authenticate asks the host. An empty password never verifies: it is that of an
// object without one.
func (a *Acceptor) authenticate(ctx context.Context, l Login, challenge string) (*Accepted, error) {
	key, verified := "", false
	account, err := a.config.Host.Authenticate(ctx, l, func(password string) bool {
		ok := Verify(l, challenge, password) && password != ""
		if ok {
			key, verified = SessionKey(challenge, password), true
		}
		return ok
	})
	if err == nil && !verified {
		err = ErrLoginFailed
	}
	if err != nil {
		return nil, err
	}
	l.Digest = ""
	l.Info = append([]byte(nil), l.Info...)
	return &Accepted{Login: l, Account: account, Key: key}, nil
}

func (a *Acceptor) succeeded(f Frame, accepted *Accepted) Step {
	account := &accepted.Account
	if account.App == "" {
		account.App = accepted.Login.App
	}
	if account.Domain == "" {
		account.Domain = a.config.Domain
	}
	step := reply(f, AppLoginResult{App: account.App, Domain: account.Domain, OK: true})
	step.Accepted = accepted
	return step
}

func (a *Acceptor) failed(f Frame, why string) Step {
	step := reply(f, AppLoginResult{App: f.Get("app").String(), Domain: a.config.Domain, ErrorText: textFailed})
	step.Failed = why
	return a.limit(step)
}

// limit closes a connection that has tried too often.
func (a *Acceptor) limit(step Step) Step {
	if a.attempts >= maxAttempts {
		step.CloseCode, step.Reason = ClosePolicy, "too many login attempts"
	}
	return step
}

// check answers AppCheckLogin: is this digest over this challenge right? The
// challenge is the peer's, so nothing is logged in by it; a wrong digest counts
// as an attempt.
func (a *Acceptor) check(ctx context.Context, f Frame) Step {
	l := Login{App: f.Get("app").String(), Domain: f.Get("domain").String(), Digest: f.Get("digest").String()}
	challenge := f.Get("challenge").String()
	_, err := a.authenticate(ctx, l, challenge)
	if err == nil && challenge != "" {
		return reply(f, AppCheckLoginResult{OK: true})
	}
	step := reply(f, AppCheckLoginResult{})
	a.attempts++
	step.Failed = FailedCredentials
	return a.limit(step)
}

func reply(f Frame, v any) Step {
	raw, err := AppendReply(nil, f, v)
	if err != nil {
		return Step{CloseCode: CloseInternal, Reason: "internal error"} // cannot happen: the values are ours
	}
	return Step{Reply: raw}
}

func refuse(f Frame) Step {
	if f.Src == nil {
		return Step{}
	}
	return Step{Reply: AppendError(nil, f, 1, TextNotLoggedIn)}
}
