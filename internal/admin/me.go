package admin

import (
	"context"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
)

func (a *API) registerMe() {
	register(a, operation{
		ID: "me-get", Method: http.MethodGet, Path: "/me", Tag: "Your account", Summary: "Show your account", Reach: oneself,
		Text: "It is for somebody who has logged in, or for a token of an account.",
	}, a.getMe)
	register(a, operation{
		ID: "me-password", Method: http.MethodPut, Path: "/me/password", Tag: "Your account", Summary: "Change your password",
		Text:  "Your other sessions end.",
		Reach: oneself, Act: "account.password", Secret: true,
	}, a.changePassword)
	register(a, operation{
		ID: "me-factor-begin", Method: http.MethodPost, Path: "/me/second-factor", Tag: "Your account", Summary: "Begin with a second factor",
		Text:  "It counts once a code of it was sent to /me/second-factor/confirm.",
		Reach: oneself, Act: "account.factor_begin", Secret: true,
	}, a.beginFactor)
	register(a, operation{
		ID: "me-factor-confirm", Method: http.MethodPost, Path: "/me/second-factor/confirm", Tag: "Your account",
		Summary: "Switch the second factor on with its first code",
		Text:    "The answer has the recovery codes, each good once in the place of a code. They are never shown again. Your other sessions end.",
		Reach:   oneself, Act: "account.factor_on", Secret: true,
	}, a.confirmFactor)
	register(a, operation{
		ID: "me-factor-remove", Method: http.MethodPost, Path: "/me/second-factor/remove", Tag: "Your account",
		Summary: "Switch the second factor off", Reach: oneself, Act: "account.factor_off", Secret: true, Status: http.StatusNoContent,
	}, a.removeFactor)
	register(a, operation{
		ID: "me-recovery-codes", Method: http.MethodPost, Path: "/me/recovery-codes", Tag: "Your account",
		Summary: "Make new recovery codes instead of those so far", Reach: oneself, Act: "account.recovery_codes", Secret: true,
	}, a.newRecoveryCodes)
	register(a, operation{
		ID: "me-sessions", Method: http.MethodGet, Path: "/me/sessions", Tag: "Your account", Summary: "List your sessions", Reach: oneself,
	}, a.listSessions)
	register(a, operation{
		ID: "me-session-end", Method: http.MethodDelete, Path: "/me/sessions/{session}", Tag: "Your account",
		Summary: "End one of your sessions", Reach: oneself, Act: "session.end",
	}, a.endSession)
}

func (a *API) getMe(ctx context.Context, _ *nothing) (*accountAnswer, error) {
	who := calling(ctx).identity
	if who.Account == 0 {
		return nil, problem(NotFound, "You have no account here; /session tells who you are.")
	}
	found, err := a.accounts.Account(ctx, who, who.Name)
	return a.answerAccount(ctx, found, err)
}

type changePasswordInput struct {
	Body struct {
		Old string `json:"old" maxLength:"4096" doc:"Present password."`
		New string `json:"new" maxLength:"4096" doc:"New password of at least 10 characters."`
	}
}

func (a *API) changePassword(ctx context.Context, in *changePasswordInput) (*nothing, error) {
	return &nothing{}, a.accounts.ChangePassword(ctx, a.self(ctx), in.Body.Old, in.Body.New)
}

// self is who asks, noted as the one that it is about.
func (a *API) self(ctx context.Context) account.Identity {
	who := calling(ctx).identity
	about(ctx, who.Name)
	return who
}

// Proof is what proves once more who sits before the browser.
type Proof struct {
	Password string `json:"password" maxLength:"4096" doc:"Your password."`
	Code     string `json:"code,omitempty" maxLength:"64" doc:"Code of the second factor, if you have one, or a recovery code."`
}

type proofInput struct {
	Body Proof
}

// Enrolment is a second factor that waits for its first code.
type Enrolment struct {
	Secret string `json:"secret" doc:"Secret for an authenticator app, for typing."`
	URI    string `json:"uri" doc:"The same as an otpauth URI, for a QR code."`
}

type enrolmentAnswer struct {
	Body Enrolment
}

func (a *API) beginFactor(ctx context.Context, in *proofInput) (*enrolmentAnswer, error) {
	e, err := a.accounts.BeginFactor(ctx, a.self(ctx), in.Body.Password, in.Body.Code)
	return &enrolmentAnswer{Enrolment{Secret: e.Secret, URI: e.URI}}, err
}

type confirmFactorInput struct {
	Body struct {
		Code string `json:"code" maxLength:"64" doc:"Code that the authenticator app shows."`
	}
}

// RecoveryCodes are codes for when the second factor is lost.
type RecoveryCodes struct {
	Codes []string `json:"codes" nullable:"false" doc:"Each is good once."`
}

type recoveryAnswer struct {
	Body RecoveryCodes
}

func (a *API) confirmFactor(ctx context.Context, in *confirmFactorInput) (*recoveryAnswer, error) {
	codes, err := a.accounts.ConfirmFactor(ctx, a.self(ctx), in.Body.Code)
	return &recoveryAnswer{RecoveryCodes{codes}}, err
}

func (a *API) removeFactor(ctx context.Context, in *proofInput) (*nothing, error) {
	return &nothing{}, a.accounts.RemoveFactor(ctx, a.self(ctx), in.Body.Password, in.Body.Code)
}

func (a *API) newRecoveryCodes(ctx context.Context, in *proofInput) (*recoveryAnswer, error) {
	codes, err := a.accounts.NewRecoveryCodes(ctx, a.self(ctx), in.Body.Password, in.Body.Code)
	return &recoveryAnswer{RecoveryCodes{codes}}, err
}

type listSessionsAnswer struct {
	Body Page[AdminSession]
}

func (a *API) listSessions(ctx context.Context, _ *nothing) (*listSessionsAnswer, error) {
	who := calling(ctx).identity
	list, err := a.accounts.Sessions(ctx, who)
	return &listSessionsAnswer{Page[AdminSession]{Items: mapped(list, func(s account.Session) AdminSession {
		return AdminSession{
			ID: s.ID, Created: s.Created.UTC(), Used: s.Used.UTC(), Expires: s.Expires.UTC(), From: s.From, UserAgent: s.UserAgent,
			Current: s.ID == who.Session,
		}
	})}}, err
}

type endSessionInput struct {
	Session string `path:"session" maxLength:"64" doc:"Id of the session."`
}

func (a *API) endSession(ctx context.Context, in *endSessionInput) (*nothing, error) {
	return &nothing{}, a.accounts.EndSession(ctx, a.self(ctx), in.Session)
}
