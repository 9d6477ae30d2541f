package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/peer"
)

// maxReason is how long a reason may be, in bytes.
const maxReason = 500

// readHeaders reads what the headers say, and bounds the body.
func (c *call) readHeaders() error {
	r := c.request
	reason, ok := readReason(r.Header.Get(reasonHeader))
	c.reason = reason
	switch {
	case !ok || len(c.reason) > maxReason || !utf8.ValidString(c.reason) || strings.ContainsFunc(c.reason, unicode.IsControl):
		return wrong(Invalid, reasonHeader, "A reason is one line of at most "+strconv.Itoa(maxReason)+" bytes.")
	case c.op.Reason && strings.TrimSpace(c.reason) == "":
		return wrong(ReasonRequired, reasonHeader, "This needs a reason, for the audit log: send it in the header "+reasonHeader+".")
	}
	if text := r.Header.Get(revHeader); text != "" && c.op.Act != "" {
		rev, err := parseETag(text)
		if err != nil {
			return err
		}
		c.rev = rev
	}
	if c.op.Stream {
		return nil
	}
	return c.readBody()
}

// encodedText is how a reason begins that is percent-encoded, as RFC 8187 has it for
// the values of headers. What does not begin so is taken as it is, % and all.
const encodedText = "UTF-8''"

// readReason reads a reason. Browsers let pages send nothing but Latin-1 in headers, so
// the console encodes the others; programs may as well send plain UTF-8.
func readReason(header string) (string, bool) {
	if len(header) < len(encodedText) || !strings.EqualFold(header[:len(encodedText)], encodedText) {
		return header, true
	}
	text, err := url.PathUnescape(header[len(encodedText):])
	return text, err == nil
}

// readBody takes the whole body, so that its size is known before anything is
// done.
func (c *call) readBody() error {
	most := c.op.Body
	if most == 0 {
		most = maxBody
	}
	r := c.request
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return problem(BadBody, "The body of the request broke off.")
	}
	if int64(len(body)) > most {
		return problem(TooLarge, "The body of the request is longer than "+strconv.FormatInt(most>>10, 10)+" KiB.")
	}
	if len(body) > 0 && strings.TrimSpace(string(body)) == "" {
		return problem(BadBody, "The body of the request is empty.")
	}
	if len(body) > 0 && !utf8.Valid(body) {
		return problem(BadBody, "The body of the request is not UTF-8.")
	}
	c.body, r.Body = body, io.NopCloser(bytes.NewReader(body))
	return nil
}

// parseETag reads the rev in If-Match: "7". A list, and a weak one, is none of
// ours; * matches whatever there is.
func parseETag(text string) (int64, error) {
	if text == "*" {
		return 0, nil
	}
	inner, quotedLeft := strings.CutPrefix(text, `"`)
	inner, quotedRight := strings.CutSuffix(inner, `"`)
	rev, err := strconv.ParseInt(inner, 10, 64)
	if err != nil || !quotedLeft || !quotedRight || rev < 1 {
		return 0, wrong(Invalid, revHeader, revHeader+` is the ETag of an earlier answer, like "7".`)
	}
	return rev, nil
}

// etag is the header that tells the rev of what is answered.
func etag(rev int64) string { return `"` + strconv.FormatInt(rev, 10) + `"` }

// match refuses a change that was meant for another rev.
func match(ctx context.Context, present int64) error {
	asked := calling(ctx).rev
	if asked == 0 || asked == present {
		return nil
	}
	return &Problem{Code: RevMismatch, Rev: present,
		Text: "It was changed meanwhile: it has the rev " + strconv.FormatInt(present, 10) + " now. Read it again, and decide anew."}
}

// failed brings an error of an operation into the form in which it is answered.
func (a *API) failed(ctx context.Context, err error) error {
	if account.CodeOf(err) == account.CodeForbidden { // what the accounts refuse is an attempt too
		_ = a.allowed(ctx, false)
	}
	p := a.present(ctx, err)
	if c := calling(ctx); c.op.Act != "" {
		a.Log.Info("admin operation refused", "operation", c.op.ID, "by", c.who(), "code", p.Code)
	}
	a.recordFailure(ctx, p)
	return p
}

// present is what the one who asks is shown of an error. The inside of our own
// faults is for the log, and for whoever holds the machine.
func (a *API) present(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](explain(err)); ok {
		return p
	}
	c := calling(ctx)
	reference := rand.Text()[:10]
	a.Log.Error("admin operation failed", "operation", c.op.ID, "reference", reference, "error", err)
	if c.identity.Kind == account.KindSocket {
		return problem(Internal, err.Error())
	}
	return problem(Internal, "Something went wrong inside the switch; its log has the reference "+reference+".")
}

// from is the address of whoever sends a request, without port; empty on the
// control socket.
func from(r *http.Request) string {
	if p, ok := peer.Of(r.Context()); ok {
		return p.Addr.String()
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return ""
}

// quoted is a name as it is repeated in a sentence: short, and without anything
// that a terminal would obey.
func quoted(name string) string {
	const most = 80
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return strconv.Quote(name)
}
