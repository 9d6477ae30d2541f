package appservice

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Mux hands the frames of sessions to APIs. One Mux serves all sessions; it is
// never changed after NewMux.
type Mux struct {
	apis   []API
	byName map[string]API
}

// NewMux is a mux for these APIs. Two of one name are an error.
func NewMux(apis ...API) (*Mux, error) {
	m := &Mux{apis: apis, byName: make(map[string]API, len(apis))}
	for _, a := range apis {
		if _, twice := m.byName[a.Name()]; twice {
			return nil, fmt.Errorf("appservice: two APIs are named %q", a.Name())
		}
		m.byName[a.Name()] = a
	}
	return m, nil
}

// Has tells whether there is an API of this name.
func (m *Mux) Has(api string) bool { return m.byName[api] != nil }

// PanicError is a panic of an API. The connection ends, the process does not.
type PanicError struct {
	API   string
	Value any
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string {
	return fmt.Sprintf("appservice: api %q: panic: %v", e.API, e.Value)
}

// Dispatch handles one frame of a session that is logged in: KeepAlive and
// CheckBuild itself (decisions 10, 11), the rest through the API it belongs to. A
// frame that nobody takes, or that the principal of s may not send, is answered
// with Error if it has a src; PbxSignal Register and EpSignal Attach are answered
// with err in their result (A12). Blocks as long as the API does. A non-nil error
// means that the connection is to be closed with CloseInternal.
func (m *Mux) Dispatch(ctx context.Context, s Session, f Frame) (err error) {
	defer recovered(f.API, &err)
	switch {
	case f.MT == MTKeepAlive:
		return s.Send(ctx, Frame{Raw: AppendKeepAlive(nil, f)})
	case !PrincipalOf(s).Allows(f.API):
		return notAllowed(ctx, s, f)
	case f.API == "" && f.MT == MTCheckBuild:
		return ReplyTo(ctx, s, f, CheckBuildResult{})
	}
	api := m.byName[f.API]
	if api == nil {
		return ReplyError(ctx, s, f, 1, TextUnknownMT)
	}
	return answered(ctx, s, f, api.Handle(ctx, s, f))
}

// answered turns the errors of an API that are meant for the peer into Error.
func answered(ctx context.Context, s Session, f Frame, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrUnknownMT) {
		return ReplyError(ctx, s, f, 1, TextUnknownMT)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return ReplyError(ctx, s, f, e.Code, e.Text)
	}
	return err
}

func notAllowed(ctx context.Context, s Session, f Frame) error {
	if (f.API == APIPbxSignal && f.MT == "Register") || (f.API == APIEpSignal && f.MT == "Attach") {
		return ReplyTo(ctx, s, f, registerError{MT: f.MT + "Result", Err: textRegisterError})
	}
	return ReplyError(ctx, s, f, 1, TextNotAllowed)
}

type registerError struct {
	MT  string `json:"mt"`
	Err string `json:"err"`
}

// Open tells every API that wants to know of a new session, in the order of
// NewMux. The first error ends it.
func (m *Mux) Open(ctx context.Context, s Session) error {
	for _, a := range m.apis {
		if o, ok := a.(Opener); ok {
			if err := opened(ctx, o, a.Name(), s); err != nil {
				return err
			}
		}
	}
	return nil
}

func opened(ctx context.Context, o Opener, name string, s Session) (err error) {
	defer recovered(name, &err)
	return o.Open(ctx, s)
}

// Closed tells every API that wants to know of the end of a session, in reverse
// order. A panic of one does not keep the others from being told.
func (m *Mux) Closed(ctx context.Context, s Session) (err error) {
	for i := len(m.apis) - 1; i >= 0; i-- {
		if c, ok := m.apis[i].(Closer); ok {
			err = errors.Join(err, closed(ctx, c, m.apis[i].Name(), s))
		}
	}
	return err
}

func closed(ctx context.Context, c Closer, name string, s Session) (err error) {
	defer recovered(name, &err)
	c.Closed(ctx, s)
	return nil
}

// Pong hands a pong to every API that wants it.
func (m *Mux) Pong(ctx context.Context, s Session, payload []byte) (err error) {
	for _, a := range m.apis {
		if p, ok := a.(Ponger); ok {
			err = errors.Join(err, ponged(ctx, p, a.Name(), s, payload))
		}
	}
	return err
}

func ponged(ctx context.Context, p Ponger, name string, s Session, payload []byte) (err error) {
	defer recovered(name, &err)
	p.Pong(ctx, s, payload)
	return nil
}

// recovered, deferred, turns a panic into a PanicError.
func recovered(api string, err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{API: api, Value: v, Stack: debug.Stack()}
	}
}
