package admin

import (
	"context"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/signal"
)

// outcome is what became of an act.
type outcome string

// The outcomes.
const (
	done         outcome = "done"
	refusedRight outcome = "refused"      // the one who asked may not do it
	refusedOther outcome = "other_tenant" // it was about a domain of others, or one that does not exist
)

// Act is something that an administrator has done, or has attempted without
// having the right.
type Act struct {
	At      time.Time
	By      account.Identity
	Act     string          // user.set; the id of the operation for attempts to read
	Outcome string          // done, refused, other_tenant
	Domain  signal.DomainID // 0: it is about the installation
	Name    string          // of the domain as it was then, or as it was asked for
	Subject string          // what it was done to: the name of an object
	Reason  string
	Changed []string // members of the body that a change named; never their values
}

// record writes down what was done.
func (a *API) record(ctx context.Context, how outcome) error {
	c := calling(ctx)
	if c.op.Act == "" || c.recorded {
		return nil
	}
	c.recorded = true
	if err := a.Audit(context.WithoutCancel(ctx), a.act(c, how)); err != nil {
		a.Log.Error("an act could not be written to the audit log", "act", c.op.Act, "by", c.who(), "subject", c.subject, "err", err)
		return problem(AuditFailed, "It was done, but could not be written to the audit log.")
	}
	a.Log.Info("admin operation", "operation", c.op.ID, "by", c.who(), "domain", c.domain.Name, "subject", c.subject)
	return nil
}

// attempt writes down what was refused. That it is refused does not depend on
// the audit log.
func (a *API) attempt(ctx context.Context, how outcome) {
	c := calling(ctx)
	if err := a.Audit(context.WithoutCancel(ctx), a.act(c, how)); err != nil {
		a.Log.Error("an attempt could not be written to the audit log", "operation", c.op.ID, "by", c.who(), "err", err)
	}
	a.Log.Warn("admin operation without right", "operation", c.op.ID, "by", c.who(), "outcome", string(how))
}

func (a *API) act(c *call, how outcome) Act {
	act := Act{
		At: a.Clock.Now(), By: c.identity, Act: c.op.Act, Outcome: string(how),
		Domain: c.domain.ID, Name: c.domain.Name, Subject: short(c.subject), Reason: c.reason, Changed: c.changed,
	}
	if act.Act == "" {
		act.Act = strings.Replace(c.op.ID, "-", ".", 1)
	}
	if act.Name == "" && c.op.Reach == domainInPath {
		act.Name = short(c.request.PathValue("domain"))
	}
	return act
}

// short keeps what strangers send from filling the log.
func short(text string) string {
	const most = 256
	if len(text) > most {
		return text[:most]
	}
	return text
}
