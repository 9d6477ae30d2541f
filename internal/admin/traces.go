package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/trace"
)

// Trace is a trace that is on: flags, what they are narrowed to, and when it ends.
type Trace struct {
	ID           uint64     `json:"id" doc:"Number of the trace."`
	Flags        []string   `json:"flags" nullable:"false" doc:"What is traced: PBX, HTTP/Servlets, App, Database, App Websocket, Signalling, Browser Console."`
	Domain       string     `json:"domain,omitempty" doc:"Only connections of this domain."`
	User         string     `json:"user,omitempty" doc:"Only connections of this user or app of the domain."`
	Connection   string     `json:"connection,omitempty" doc:"Only this connection, as in the lists of registrations."`
	Call         string     `json:"call,omitempty" doc:"Only this call, as in the list of calls, on all its legs."`
	Since        time.Time  `json:"since" doc:"When it was switched on."`
	Until        time.Time  `json:"until" doc:"When it ends by itself."`
	ContentUntil *time.Time `json:"contentUntil,omitempty" doc:"Until then the bodies of messages are recorded too."`
	By           string     `json:"by" doc:"Who has switched it on."`
	Reason       string     `json:"reason,omitempty" doc:"Why."`
}

// NewTrace is a trace to be switched on.
type NewTrace struct {
	Flags      []string `json:"flags" minItems:"1" maxItems:"16" nullable:"false" doc:"What to trace. WebSocket is another name of HTTP/Servlets."`
	Domain     string   `json:"domain,omitempty" doc:"Only connections of this domain. Needed by whoever may not trace all domains."`
	User       string   `json:"user,omitempty" doc:"Only connections of this user or app of the domain."`
	Connection string   `json:"connection,omitempty" maxLength:"64" doc:"Only this connection."`
	Call       string   `json:"call,omitempty" maxLength:"64" doc:"Only this call."`
	For        string   `json:"for,omitempty" doc:"When it ends by itself: 10m, 1h30m. Default 10m, at most 24h, with HTTP/Servlets 60m."`
	Content    bool     `json:"content,omitempty" doc:"Record the bodies of messages too. It needs a reason and ends by itself."`
	ContentFor string   `json:"contentFor,omitempty" doc:"When the bodies are hidden again; at most 10m, which is the default."`
}

func (a *API) registerTraces() {
	register(a, operation{
		ID: "trace-list", Method: http.MethodGet, Path: "/trace/rules", Tag: "Traces", Summary: "List the traces that are on",
		Text:  "Those of the domains that you may see, oldest first.",
		Reach: somewhere, Right: account.Read,
	}, a.listTraces)
	register(a, operation{
		ID: "trace-add", Method: http.MethodPost, Path: "/trace/rules", Tag: "Traces", Summary: "Switch a trace on",
		Status: http.StatusCreated, Reach: somewhere, Right: account.Trace, Act: "trace.on",
	}, a.addTrace)
	register(a, operation{
		ID: "trace-remove", Method: http.MethodDelete, Path: "/trace/rules/{id}", Tag: "Traces", Summary: "Switch a trace off",
		Text:  "What it has recorded is kept.",
		Reach: somewhere, Right: account.Trace, Act: "trace.off",
	}, a.removeTrace)
	a.registerTraceFeed()
	a.registerTracePage()
}

var errNoTracing = problem(NotRunning, "no server is running on this data directory, so there is nothing to trace: start one with pbx serve")

type listTracesAnswer struct {
	Body Page[Trace]
}

func (a *API) listTraces(ctx context.Context, _ *nothing) (*listTracesAnswer, error) {
	if a.Tracer == nil {
		return nil, errNoTracing
	}
	list := []Trace{}
	for _, r := range a.Tracer.Rules() {
		if a.mayRule(ctx, r, account.Read) {
			list = append(list, traceOf(r))
		}
	}
	return &listTracesAnswer{Page[Trace]{Items: list}}, nil
}

// mayRule tells whether the one who asks has the right over a rule: over the
// domain that it is narrowed to, or over everything.
func (a *API) mayRule(ctx context.Context, r trace.Rule, right account.Right) bool {
	who := calling(ctx).identity
	if who.May(right, account.Scope{}) {
		return true
	}
	dom, ok := a.domainByID(r.Scope.Domain)
	return ok && who.May(right, scopeOf(dom))
}

func (a *API) domainByID(id int64) (directory.Domain, bool) {
	for _, d := range a.Directory.Domains() {
		if int64(d.ID) == id {
			return d, true
		}
	}
	return directory.Domain{}, false
}

func traceOf(r trace.Rule) Trace {
	t := Trace{
		ID: r.ID, Flags: r.Flags.Names(), Domain: r.Scope.DomainName, User: r.Scope.ObjectName,
		Connection: r.Scope.Conn, Call: r.Scope.Call.String(), Since: r.Since, Until: r.Until, By: r.By, Reason: r.Reason,
	}
	if !r.ContentUntil.IsZero() {
		t.ContentUntil = &r.ContentUntil
	}
	return t
}

type addTraceInput struct {
	Body NewTrace
}

type traceAnswer struct {
	Body Trace
}

func (a *API) addTrace(ctx context.Context, in *addTraceInput) (*traceAnswer, error) {
	if a.Tracer == nil {
		return nil, errNoTracing
	}
	o, err := a.orderOf(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	r, err := a.switchOn(ctx, o)
	return &traceAnswer{traceOf(r)}, err
}

// orderOf reads what is asked for, and whether it may be asked for.
func (a *API) orderOf(ctx context.Context, n *NewTrace) (trace.Order, error) {
	c := calling(ctx)
	o := trace.Order{Content: n.Content, By: c.who(), Reason: strings.TrimSpace(c.reason)}
	var err error
	if o.Flags, err = trace.ParseFlags(strings.Join(n.Flags, ",")); err != nil {
		return o, wrong(Invalid, "flags", sentence(err.Error()))
	}
	if o.For, err = spanOf("for", n.For); err != nil {
		return o, err
	}
	if o.ContentFor, err = spanOf("contentFor", n.ContentFor); err != nil {
		return o, err
	}
	o.Scope, err = a.traceScope(ctx, n.Domain, n.User, n.Connection, n.Call)
	if err != nil {
		return o, err
	}
	in := account.Scope{}
	if o.Scope.Domain != 0 {
		in = scopeOf(c.domain)
	}
	switch {
	case !c.identity.May(account.Trace, in) && o.Scope.Domain == 0:
		return o, wrong(Forbidden, "domain", "You may not trace all domains: name one of yours.")
	case !c.identity.May(account.Trace, in), o.Content && !c.identity.May(account.Reveal, in):
		return o, a.allowed(ctx, false)
	case o.Content && o.Reason == "":
		return o, wrong(ReasonRequired, reasonHeader, "The bodies of messages are private: say in the header "+reasonHeader+" why they have to be seen, for the audit log.")
	}
	return o, nil
}

// spanOf reads a time like 10m; empty is zero.
func spanOf(field, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, wrong(Invalid, field, quoted(text)+" is not a time like 10m or 1h30m.")
	}
	return d, nil
}

// traceScope finds what names mean. The domain becomes that of the call. A domain
// of others is as unknown as one that does not exist.
func (a *API) traceScope(ctx context.Context, domain, user, conn, call string) (trace.Scope, error) {
	s := trace.Scope{Conn: conn}
	if call != "" {
		id, ok := trace.ParseCallID(call)
		if !ok {
			return s, wrong(Invalid, "call", quoted(call)+" is not a call like k7: see the list of calls.")
		}
		s.Call = id
	}
	if domain == "" {
		if user != "" {
			return s, wrong(Invalid, "domain", "A user is one of a domain: name it too.")
		}
		return s, nil
	}
	c := calling(ctx)
	dom, found := a.Directory.DomainByName(domain)
	if !found || !c.identity.May(account.Read, scopeOf(dom)) {
		if found || !c.identity.May(account.Read, account.Scope{}) {
			c.domain, c.subject = dom, domain
			a.attempt(ctx, otherTenant)
			c.domain, c.subject = directory.Domain{}, ""
		}
		return s, wrong(NotFound, "domain", "There is no domain "+quoted(domain)+".")
	}
	c.domain = dom
	s.Domain, s.DomainName = int64(dom.ID), dom.Name
	if user == "" {
		return s, nil
	}
	o, found := a.Directory.ObjectByName(dom.ID, user)
	if !found {
		return s, wrong(NotFound, "user", "There is no user or app "+quoted(user)+" in "+dom.Name+".")
	}
	s.Object, s.ObjectName = int64(o.ID), o.SIP
	return s, nil
}

// switchOn switches a trace on that may be. What cannot be written to the audit log
// does not stay on.
func (a *API) switchOn(ctx context.Context, o trace.Order) (trace.Rule, error) {
	r, err := a.Tracer.Add(o)
	if wrongOrder, ok := errors.AsType[*trace.OrderError](err); ok {
		return r, wrong(Invalid, wrongOrder.Field, sentence(wrongOrder.Text))
	}
	if err != nil {
		return r, problem("too_many", sentence(err.Error()))
	}
	about(ctx, subjectOf(r))
	if a.record(ctx, &traceAnswer{traceOf(r)}) != nil {
		a.Tracer.Remove(r.ID)
		return r, problem(AuditFailed, "It could not be written to the audit log, so it was not switched on.")
	}
	return r, nil
}

// subjectOf is what the audit log says of a trace.
func subjectOf(r trace.Rule) string {
	parts := []string{fmt.Sprintf("%d: %s for %v", r.ID, r.Flags, r.Until.Sub(r.Since))}
	if !r.ContentUntil.IsZero() {
		parts = append(parts, fmt.Sprintf("with the bodies of messages for %v", r.ContentUntil.Sub(r.Since)))
	}
	for _, part := range []struct{ name, value string }{
		{"user", r.Scope.ObjectName}, {"connection", r.Scope.Conn}, {"call", r.Scope.Call.String()},
	} {
		if part.value != "" {
			parts = append(parts, part.name+" "+part.value)
		}
	}
	return strings.Join(parts, ", ")
}

// sentence makes an error one for people.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

type removeTraceInput struct {
	ID uint64 `path:"id" doc:"Number of the trace."`
}

func (a *API) removeTrace(ctx context.Context, in *removeTraceInput) (*nothing, error) {
	if a.Tracer == nil {
		return nil, errNoTracing
	}
	return &nothing{}, a.switchOff(ctx, in.ID)
}

func (a *API) switchOff(ctx context.Context, id uint64) error {
	rules := a.Tracer.Rules()
	at := slices.IndexFunc(rules, func(r trace.Rule) bool { return r.ID == id })
	if at < 0 || !a.mayRule(ctx, rules[at], account.Read) {
		return problem(NotFound, fmt.Sprintf("There is no trace %d; it may have ended by itself.", id))
	}
	r := rules[at]
	if dom, ok := a.domainByID(r.Scope.Domain); ok {
		calling(ctx).domain = dom
	}
	about(ctx, subjectOf(r))
	if !a.mayRule(ctx, r, account.Trace) {
		return a.allowed(ctx, false)
	}
	a.Tracer.Remove(id)
	return nil
}

// view is what somebody may see of records.
type view struct {
	within []int64 // domains; nil: all, and what belongs to none
	bodies []int64 // those of them whose bodies of messages may be seen too
	all    bool    // every body
}

// viewOf is what the one who asks may see now.
func (a *API) viewOf(who account.Identity) view {
	v := view{all: who.May(account.Reveal, account.Scope{})}
	everything := who.May(account.Read, account.Scope{})
	if !everything {
		v.within = []int64{}
	}
	for _, d := range a.Directory.Domains() {
		if !everything && who.May(account.Read, scopeOf(d)) {
			v.within = append(v.within, int64(d.ID))
		}
		if who.May(account.Reveal, scopeOf(d)) {
			v.bodies = append(v.bodies, int64(d.ID))
		}
	}
	return v
}

// sees tells whether a record may be seen.
func (v *view) sees(r *trace.Record) bool {
	f := trace.Filter{Within: v.within}
	return f.Passes(r)
}

// content tells whether the bodies of messages in a record may be seen.
func (v *view) content(r *trace.Record) bool {
	f := trace.Filter{Within: v.bodies}
	return v.all || v.bodies != nil && f.Passes(r)
}
