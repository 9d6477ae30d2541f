package admin

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
)

// reach tells where the right for an operation is looked for.
type reach uint8

const (
	installation reach = iota // everywhere: operators, and auditors of everything
	domainInPath              // in the domain that {domain} names
	somewhere                 // anywhere: the operation shows or takes only what lies there, and asks may
	oneself                   // no right is needed, but it must be known who asks
	everybody                 // nobody needs to be known: logins, the document of the API
)

// String is the word for it in the document.
func (r reach) String() string {
	return [...]string{"installation", "domain", "somewhere", "self", "open"}[r]
}

// operation declares one operation of the API: what it is called, who may call
// it, and what the audit log calls it. Everything that is common to operations is
// done by register.
type operation struct {
	ID      string // in the OpenAPI document: user-list
	Method  string
	Path    string // below Prefix: /domains/{domain}
	Tag     string // heading in the document
	Summary string
	Text    string // further description
	Status  int    // of the answer; default: 200, 204 without body

	Reach reach
	Right account.Right // in that reach; not for oneself and everybody

	// Act is its name in the audit log: user.set. Operations without one change
	// nothing.
	Act string
	// Reason: the act needs one, in the header Pbx-Reason. It is written down
	// before it is done, too.
	Reason bool
	// Replaces: it may replace an empty audit log by another one, so it is
	// announced only where there are rows.
	Replaces bool
	// Secret: the answer has a secret in it, and is not kept for repetitions.
	Secret bool
	// Page: people look at it. A browser that is not logged in is led to the login.
	Page bool
	// Stream: the operation reads its body itself, of at most Body bytes.
	Stream bool
	Body   int64 // most bytes of a body; default 1 MiB
}

// maxBody is the most bytes of a usual body.
const maxBody = 1 << 20

// headers are of every operation.
const (
	reasonHeader = "Pbx-Reason"
	keyHeader    = "Idempotency-Key"
	revHeader    = "If-Match"
)

// register puts an operation on the API. I has the parameters and the body of a
// request, O the headers and the body of an answer, as huma wants them. do is
// called for requests that were found good, with the call in its context.
func register[I, O any](a *API, op operation, do func(context.Context, *I) (*O, error)) {
	op.Path = Prefix + op.Path
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Tags: []string{op.Tag},
		Summary: op.Summary, Description: op.Text, DefaultStatus: op.Status,
		MaxBodyBytes: maxBody + 1, BodyReadTimeout: -1, // limited before, by ourselves
		Responses:   map[string]*huma.Response{"default": a.problemResponse()},
		Extensions:  op.extensions(),
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) { a.guard(&op, ctx, next) }},
		Parameters:  op.parameters(),
	}
	if op.Reach != everybody {
		h.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	}
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		if err := a.announce(ctx); err != nil {
			return nil, err
		}
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.failed(ctx, err)
		}
		if err := a.record(ctx, out); err != nil {
			return nil, err
		}
		return out, nil
	})
}

// problemResponse is the answer of an operation that was refused.
func (a *API) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(typeOf[Problem](), true, "Problem")
	return &huma.Response{
		Description: "A problem: the code tells programs what kind, the detail tells people what to do.",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

// extensions tell the document who may do it.
func (op *operation) extensions() map[string]any {
	x := map[string]any{"x-reach": op.Reach.String()}
	if op.Stream {
		x["x-stream"] = true
	}
	if op.Right != "" {
		x["x-right"] = string(op.Right)
	}
	if op.Act != "" {
		x["x-act"] = op.Act
	}
	return x
}

// parameters are the headers that the operation understands besides its own.
func (op *operation) parameters() []*huma.Param {
	var list []*huma.Param
	header := func(name, text string, required bool) {
		list = append(list, &huma.Param{
			Name: name, In: "header", Description: text, Required: required, Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	if op.Act != "" {
		header(reasonHeader, "Why it is done; for the audit log. UTF-8, or in the form UTF-8''percent-encoded of RFC 8187.", op.Reason)
	}
	if op.keyed() {
		header(keyHeader, "A name of this request. If it is sent again, within 24 hours, the answer is repeated and nothing is done.", false)
	}
	return list
}

// keyed tells whether the operation takes idempotency keys.
func (op *operation) keyed() bool {
	return op.Method == http.MethodPost && op.Act != "" && !op.Secret && !op.Stream && op.Reach != everybody
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// call is one request on its way through an operation. It belongs to the
// goroutine of the request.
type call struct {
	op       *operation
	identity account.Identity
	domain   directory.Domain // of a domainInPath
	subject  string           // name of what it is done to, for the audit log
	object   audit.Object     // the same, where it is known better
	before   any              // what it was before, in the form of the answer
	notes    []audit.Detail   // further details for the audit log
	reason   string
	rev      int64 // of If-Match; 0 without
	request  *http.Request
	body     []byte // of the request, unless the operation reads it itself
	begun    bool   // the act stands in the audit log already
	recorded bool   // there is nothing more to write down
}

type callKey struct{}

// calling is the call that ctx belongs to; an operation always has one.
func calling(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{op: &operation{}}
}

// may tells whether the one who asks has the right of the operation in the
// domain, in operations whose reach is somewhere.
func (a *API) may(ctx context.Context, dom directory.Domain) bool {
	c := calling(ctx)
	return c.identity.May(c.op.Right, scopeOf(dom))
}

// scopeOf is the scope of acts on the domain.
func scopeOf(dom directory.Domain) account.Scope { return account.Scope{Org: dom.Org, Domain: dom.ID} }

// guard lets a request through to its operation, or refuses it. The steps are in
// the order in which a stranger may learn something: who asks, how often, whether
// it may be done, and only then what the request says.
func (a *API) guard(op *operation, hctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hctx)
	if op.Reach == everybody {
		r = hurried(w, r)
	}
	c := &call{op: op, request: r}
	ctx := context.WithValue(r.Context(), callKey{}, c)
	if err := a.admit(ctx, c); err != nil {
		if op.Page && CodeOf(err) == Unauthenticated && strings.Contains(r.Header.Get("Accept"), "text/html") {
			http.Redirect(w, r, loginPath, http.StatusSeeOther)
			return
		}
		a.refuse(ctx, w, err)
		return
	}
	ctx = account.WithIdentity(ctx, c.identity)
	if op.Stream {
		w, r = unhurried(w, r)
		c.request = r
	}
	if op.keyed() && r.Header.Get(keyHeader) != "" {
		a.once(ctx, c, w, func(w http.ResponseWriter) { next(humago.NewContext(hctx.Operation(), r.WithContext(ctx), w)) })
		return
	}
	next(humago.NewContext(hctx.Operation(), r.WithContext(ctx), w))
}

// admit does every step of guard before the operation.
func (a *API) admit(ctx context.Context, c *call) error {
	if err := a.identify(c); err != nil {
		return err
	}
	if c.identity.Kind != account.KindSocket && !a.rates.allow(c.owner()) {
		return problem(RateLimited, "Too many requests at once; wait a moment.")
	}
	if err := a.authorise(ctx, c); err != nil {
		return err
	}
	return c.readHeaders()
}

// who is the one who asks, as one name.
func (c *call) who() string { return c.identity.String() }

// owner is the one who asks, from wherever.
func (c *call) owner() string {
	i := c.identity
	if i.Kind != "" {
		i.From = ""
	}
	return i.String()
}

// identify finds out who asks.
func (a *API) identify(c *call) error {
	if trusted, ok := c.request.Context().Value(trustedKey{}).(account.Identity); ok {
		c.identity = trusted
		return nil
	}
	if c.op.Reach == everybody {
		c.identity = account.Identity{From: from(c.request)}
		return nil
	}
	if a.Authenticate == nil {
		return problem(Unauthenticated, "Nobody can log in here; use the command line on the machine itself.")
	}
	who, err := a.Authenticate(c.request)
	if code := account.CodeOf(err); code == account.CodeCrossOrigin || code == "" {
		c.identity = who
		return err
	}
	if err != nil {
		a.Log.Debug("admin request of an unknown", "from", from(c.request), "err", err)
		return problem(Unauthenticated, "Log in first, or send a token.")
	}
	return nil
}

// authorise finds out whether the one who asks may do it. A domain of others is as
// unknown as one that does not exist.
func (a *API) authorise(ctx context.Context, c *call) error {
	switch c.op.Reach {
	case oneself, everybody:
		return nil
	case installation:
		return a.allowed(ctx, c.identity.May(c.op.Right, account.Scope{}))
	case somewhere:
		return a.allowed(ctx, c.identity.Somewhere(c.op.Right))
	}
	name := c.request.PathValue("domain")
	dom, found := a.Directory.DomainByName(name)
	if found {
		c.domain = dom
	}
	c.subject = c.request.PathValue("name")
	switch {
	case found && c.identity.May(c.op.Right, scopeOf(dom)):
		return nil
	case found && c.identity.May(account.Read, scopeOf(dom)):
		return a.allowed(ctx, false)
	case found || !c.identity.May(account.Read, account.Scope{}):
		a.attempt(ctx, otherTenant) // one of others, or a name that was guessed
	}
	return problem(NotFound, "There is no domain "+quoted(name)+".")
}

// allowed refuses what is not, and writes the attempt down.
func (a *API) allowed(ctx context.Context, ok bool) error {
	if ok {
		return nil
	}
	a.attempt(ctx, string(Forbidden))
	return problem(Forbidden, "Your role does not allow this.")
}

// refuse answers a request that does not reach its operation.
func (a *API) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	p := a.present(ctx, err)
	switch p.Code {
	case Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
	case RateLimited:
		w.Header().Set("Retry-After", "1")
	}
	writeProblem(w, p)
}
