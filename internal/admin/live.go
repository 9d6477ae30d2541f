package admin

import (
	"context"

	"github.com/tandem-switch/tandem/signal"
)

// Live is the running switch, as far as it is listed.
type Live interface {
	Registrations() []signal.RegistrationInfo
	Calls() []signal.CallInfo
}

var _ Live = (*signal.Switch)(nil)

var errNotRunning = &Problem{NotRunning, "no server is running on this data directory, so there are no registrations and no calls: start one with pbx serve"}

// Registrations implements Operator.
func (l *Local) Registrations(context.Context, ListRegistrations) ([]Registration, error) {
	if l.live == nil {
		return nil, errNotRunning
	}
	found := l.live.Registrations()
	list := make([]Registration, 0, len(found))
	names := l.domainNames()
	for _, r := range found {
		list = append(list, Registration{
			SIP: r.SIP, Domain: names[r.Address.Domain], HW: r.HW, Flags: r.Flags.String(),
			Inbox: r.Inbox, Conn: r.Conn, Since: r.Since,
		})
	}
	return list, nil
}

// Calls implements Operator.
func (l *Local) Calls(context.Context, ListCalls) ([]Call, error) {
	if l.live == nil {
		return nil, errNotRunning
	}
	found := l.live.Calls()
	list := make([]Call, 0, len(found))
	names := l.domainNames()
	for _, c := range found {
		list = append(list, Call{
			Kind: c.Kind.String(), Domain: names[c.Domain], From: c.From, To: c.To,
			Answered: c.Answered, Kept: c.Held, Inboxes: c.Inboxes, Legs: c.Legs, Texts: c.Texts, Since: c.Since,
		})
	}
	return list, nil
}

func (l *Local) domainNames() map[signal.DomainID]string {
	names := map[signal.DomainID]string{}
	for _, d := range l.dir.Domains() {
		names[d.ID] = d.Name
	}
	return names
}
