package appservice

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Error texts of the Error message (decision 8, A11, appwebsocket.md 2.5).
const (
	TextUnknownMT     = "unknown mt"
	TextNotAllowed    = "api not allowed"
	TextNotLoggedIn   = "not logged in"
	textRegisterError = "not allowed" // decision 26
)

// Message is a Go value that knows its mt. Marshal puts it first. Values that
// are no Message carry mt among their members.
type Message interface{ MessageType() string }

// Appender is a value that writes its JSON itself.
type Appender interface{ AppendJSON(dst []byte) []byte }

// Marshal encodes v as one JSON text in which / < > & stay as they are
// (appwebsocket.md 2.3); mt stands first if v is a Message. A []byte or
// json.RawMessage is taken as JSON already.
func Marshal(v any) ([]byte, error) {
	body, err := encode(v)
	if err != nil {
		return nil, err
	}
	m, ok := v.(Message)
	if !ok {
		return body, nil
	}
	head := strictjson.AppendString([]byte(`{"mt":`), m.MessageType())
	return join(head, body)
}

// NewFrame is a frame to send with the encoding of v. Only Raw is set.
func NewFrame(v any) (Frame, error) {
	raw, err := Marshal(v)
	return Frame{Raw: raw}, err
}

// AppendReply writes v with the api and the src of req: the src as the same JSON
// token, none if req had none (appwebsocket.md 1.4 rules 1 to 3). v must be an
// object without these two members; otherwise ErrDuplicateName.
func AppendReply(dst []byte, req Frame, v any) ([]byte, error) {
	body, err := Marshal(v)
	if err != nil {
		return dst, err
	}
	return splice(dst, req.API, req.Src, body)
}

// ReplyTo sends v over s as the answer to req. Unlike Session.Reply it takes
// the context of the handler, with all that the session finds in there.
func ReplyTo(ctx context.Context, s Session, req Frame, v any) error {
	raw, err := AppendReply(nil, req, v)
	if err != nil {
		return err
	}
	return s.Send(ctx, Frame{Raw: raw})
}

// AppendError writes the Error message for req (decision 8, A11).
func AppendError(dst []byte, req Frame, code int, text string) []byte {
	dst = append(appendEnvelope(append(dst, '{'), req.API, req.Src), `"mt":"Error","error":`...)
	dst = append(strconv.AppendInt(dst, int64(code), 10), `,"errorText":`...)
	return append(strictjson.AppendString(dst, text), '}')
}

// ReplyError answers req with Error if it has a src; otherwise nothing is sent.
func ReplyError(ctx context.Context, s Session, req Frame, code int, text string) error {
	if req.Src == nil {
		return nil
	}
	return s.Send(ctx, Frame{Raw: AppendError(nil, req, code, text)})
}

// AppendKeepAlive writes the answer to a KeepAlive (decision 10).
func AppendKeepAlive(dst []byte, req Frame) []byte {
	return append(appendEnvelope(append(dst, '{'), req.API, req.Src), `"mt":"KeepAlive"}`...)
}

// appendEnvelope writes api and src, each followed by a comma.
func appendEnvelope(dst []byte, api string, src []byte) []byte {
	if api != "" {
		dst = append(strictjson.AppendString(append(dst, `"api":`...), api), ',')
	}
	if src != nil {
		dst = append(append(append(dst, `"src":`...), src...), ',')
	}
	return dst
}

// splice writes body with api and src in front of its members.
func splice(dst []byte, api string, src, body []byte) ([]byte, error) {
	if err := spliceable(body); err != nil {
		return dst, err
	}
	dst = appendEnvelope(append(dst, '{'), api, src)
	if body[1] == '}' {
		dst = bytes.TrimSuffix(dst, []byte{','})
	}
	return append(dst, body[1:]...), nil
}

// spliceable tells whether api and src can be added to body. It looks closer
// only when the names occur at all.
func spliceable(body []byte) error {
	if len(body) < 2 || body[0] != '{' {
		return ErrNotObject
	}
	if !bytes.Contains(body, []byte(`"src"`)) && !bytes.Contains(body, []byte(`"api"`)) {
		return nil
	}
	var doc strictjson.Doc
	if err := doc.Parse(body); err != nil {
		return err
	}
	if doc.Root().Get("src").Exists() || doc.Root().Get("api").Exists() {
		return ErrDuplicateName
	}
	return nil
}

// encode is the JSON of v without mt.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case json.RawMessage:
		return v, nil
	case Appender:
		return v.AppendJSON(nil), nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("appservice: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), nil
}

// join continues the object begun in head with the members of body.
func join(head, body []byte) ([]byte, error) {
	if len(body) < 2 || body[0] != '{' {
		return nil, ErrNotObject
	}
	if body[1] != '}' {
		head = append(head, ',')
	}
	return append(head, body[1:]...), nil
}
