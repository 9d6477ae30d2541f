package admin

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// otherTenant is the code in the audit log of an attempt on a domain of others,
// or on one that does not exist. The one who tried is answered not_found.
const otherTenant = "other_tenant"

// about notes what the operation is done to, for the audit log. What kind it is
// follows from the act, and the id from the answer.
func about(ctx context.Context, subject string) { calling(ctx).subject = subject }

// aboutObject notes the object that the operation is done to.
func aboutObject(ctx context.Context, o directory.Object) {
	c := calling(ctx)
	c.subject, c.object = o.SIP, audit.Object{Kind: "object", ID: strconv.FormatInt(int64(o.ID), 10), Name: o.SIP}
}

// was notes what there was before the operation changes or removes it, in the
// form in which the answer has it. The audit log gets the members that differ.
func was(ctx context.Context, before any) { calling(ctx).before = before }

// note adds a circumstance to the row of the audit log. It never is a secret.
func note(ctx context.Context, name, value string) {
	c := calling(ctx)
	c.notes = append(c.notes, audit.Detail{Name: name, New: value})
}

// announce writes a sensitive act down before it is done: it is refused if that
// cannot be.
func (a *API) announce(ctx context.Context) error {
	c := calling(ctx)
	if !c.op.Reason || a.Audit == nil || c.op.Replaces && a.emptyLog(ctx) {
		return nil
	}
	if err := a.write(ctx, c.entry(audit.Begun, "")); err != nil {
		return problem(NotAudited, "Nothing was done: it could not be written to the audit log.")
	}
	c.begun = true
	return nil
}

// emptyLog tells whether the audit log has no row yet.
func (a *API) emptyLog(ctx context.Context) bool {
	newest, _, err := a.Audit.Head(ctx)
	return err == nil && newest.Number == 0
}

// record writes down what was done, before it is answered.
func (a *API) record(ctx context.Context, answer any) error {
	c := calling(ctx)
	if c.op.Act == "" || c.recorded {
		return nil
	}
	c.recorded = true
	e := c.entry(audit.Done, "")
	e.Details = c.details(answer)
	if e.Object.ID == "" && !c.op.Secret && e.Object.Name != "" {
		e.Object.ID = members(bodyOf(answer)).text("id")
	}
	if err := a.write(ctx, e); err != nil {
		return problem(AuditFailed, "It was done, but could not be written to the audit log.")
	}
	a.Log.Info("admin operation", "operation", c.op.ID, "by", c.who(), "domain", c.domain.Name, "subject", c.subject)
	return nil
}

// recordFailure writes down what came to nothing, where that must be known: acts
// that were announced, logins, and what may have been done in part by our own
// fault. That it is refused does not depend on the audit log.
func (a *API) recordFailure(ctx context.Context, p *Problem) {
	c := calling(ctx)
	how := audit.Refused
	if p.GetStatus() >= http.StatusInternalServerError {
		how = audit.Failed
	}
	login := c.op.Reach == everybody && p.GetStatus() != http.StatusTooManyRequests // those are counted and logged
	if c.op.Act == "" || p.Code == AuditFailed || p.Code == NotAudited || !c.begun && how != audit.Failed && !login {
		return
	}
	_ = a.write(ctx, c.entry(how, string(p.Code))) // it has told the log
}

// attempt writes down what somebody had no right to.
func (a *API) attempt(ctx context.Context, code string) {
	c := calling(ctx)
	a.Log.Warn("admin operation without right", "operation", c.op.ID, "by", c.who(), "code", code)
	if !a.attempts.allow(c.owner()) {
		return // the first ones are there, and nobody can fill the disk with more
	}
	e := c.entry(audit.Refused, code)
	if code == otherTenant { // whose domain it is must not learn who tried
		e.Domain = audit.Domain{}
		e.Object = audit.Object{Kind: "domain", Name: cmp.Or(c.request.PathValue("domain"), c.subject)}
	}
	_ = a.write(ctx, e) // it has told the log
}

// write appends to the audit log. It does not end with the request: what was done
// is written down even if nobody waits for the answer.
func (a *API) write(ctx context.Context, e audit.Entry) error {
	if a.Audit == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), operationTime)
	defer cancel()
	_, err := a.Audit.Append(ctx, e)
	if err != nil {
		a.Log.Error("an act could not be written to the audit log", "act", e.Act, "by", calling(ctx).who(), "object", e.Object.Name, "err", err)
	}
	return err
}

// entry is the row of the audit log that the call makes.
func (c *call) entry(how audit.Outcome, code string) audit.Entry {
	return audit.Entry{
		Actor: c.actor(), From: c.identity.From, Act: c.op.actName(),
		Domain: audit.Domain{ID: c.domain.ID, Name: c.domain.Name}, Object: c.target(),
		Outcome: how, Code: code, Reason: c.reason,
	}
}

// actName is how the audit log calls the operation. Those that change nothing
// appear there only when somebody has no right to them.
func (op *operation) actName() string {
	switch {
	case op.Act != "":
		return op.Act
	case strings.Contains(op.ID, "-"):
		return strings.Replace(op.ID, "-", ".", 1)
	}
	return "api." + op.ID
}

// target is what the act is done to.
func (c *call) target() audit.Object {
	kind, _, _ := strings.Cut(c.op.actName(), ".")
	switch {
	case c.object != audit.Object{}:
		return c.object
	case kind == "domain" && c.domain.ID != 0:
		return audit.Object{Kind: kind, ID: strconv.FormatInt(int64(c.domain.ID), 10), Name: c.domain.Name}
	case c.subject != "":
		return audit.Object{Kind: kind, Name: c.subject}
	}
	return audit.Object{}
}

// actor is the one who asks, as the audit log calls him.
func (c *call) actor() audit.Actor {
	i := c.identity
	actor := audit.Actor{ID: strconv.FormatInt(i.Account, 10), Name: i.Name, Role: c.role()}
	switch i.Kind {
	case account.KindSocket:
		actor.Kind, actor.ID = audit.Operator, strings.TrimPrefix(i.Name, "uid:")
	case account.KindAccount:
		actor.Kind = audit.Account
	case account.KindToken:
		actor.Kind, actor.Name = audit.Token, i.Name+"/"+i.Token
	case account.KindUser:
		actor.Kind = audit.User
	default: // who logs in claims to be the subject
		return audit.Actor{Kind: audit.Nobody, Name: c.subject}
	}
	return actor
}

// role is the role that allows the act, or, if none does, the first one.
func (c *call) role() string {
	for _, g := range c.identity.Grants {
		one := account.Identity{Grants: []account.Grant{g}}
		if c.op.Right != "" && one.May(c.op.Right, scopeOf(c.domain)) {
			return string(g.Role)
		}
	}
	if len(c.identity.Grants) > 0 {
		return string(c.identity.Grants[0].Role)
	}
	return ""
}

// auditReader is which rows of the audit log somebody may read: all of the
// installation, or those of the domains that he may read.
func (a *API) auditReader(who account.Identity) audit.Reader {
	if who.May(account.Read, account.Scope{}) {
		return audit.Reader{Everything: true}
	}
	domains := []signal.DomainID{}
	for _, dom := range a.Directory.Domains() {
		if who.May(account.Read, scopeOf(dom)) {
			domains = append(domains, dom.ID)
		}
	}
	return audit.Reader{Domains: domains}
}
