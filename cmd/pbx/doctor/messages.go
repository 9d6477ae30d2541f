package doctor

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// volatile looks for domains whose chats were or could be stored, and are not.
func (p *Patient) volatile(ctx context.Context) {
	const check = "messages"
	if p.Chats == nil || p.Running == "" && !(p.usable && mine(p.Data)) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	rows, err := p.Chats(ctx)
	if err != nil {
		p.Add(check, Warn, "Ask the server itself: pbx messages list.", "whether chats are stored is not known: %v", err)
		return
	}
	for _, row := range rows {
		advice, bad := wayOut(row)
		if !bad {
			continue
		}
		p.Add(check, Warn, advice, "the chats of %s are not stored (%s). %s", row.Domain, row.State, row.Why)
	}
}

// wayOut is what can be done where chats are volatile, but for what Unhosted says.
func wayOut(row admin.Chats) (advice string, bad bool) {
	switch row.State {
	case "unlicensed":
		return "Install a licence with the feature messages for the domain, or assign the one that there is: docs/licences.md. It holds at once; what was said meanwhile is not stored.", true
	case "disabled":
		return "If that is not meant: pbx object set messages@" + row.Domain + " --no-disabled --websocket", true
	}
	return "", false
}

// messages looks at the chats that the switch stores itself.
func (p *Patient) messages(ctx context.Context) {
	const check = "messages"
	p.volatile(ctx)
	if !p.HostsMessages {
		return
	}
	for _, domain := range p.Unhosted {
		p.Add(check, Warn, "Rename that object; the next start of the server makes the Messages object.",
			"the chats of %s are not stored: another object has the name of its Messages object, messages", domain)
	}
	if p.DSN != "" {
		p.private(check, p.MessagesDir)
		return // the tables are in the database that was looked at
	}
	found, err := sqlstore.Inspect(ctx, p.MessagesDB)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.ok(check, "no chats are stored yet")
		return
	case err != nil:
		p.Add(check, Fail, "If it is damaged, restore it from a backup.", "%s cannot be read: %v", p.MessagesDB, err)
		return
	case len(found.Faults) > 0:
		p.Add(check, Fail, "Stop the server and restore the chats from a backup.", "%s is damaged: %s", p.MessagesDB, found.Faults[0])
	case found.Found > found.Known:
		p.Add(check, Fail, "Run the newer program, or restore the backup from before the upgrade.",
			"the tables of the chats have version %d, this program knows %d", found.Found, found.Known)
	default:
		p.ok(check, "%s is not damaged", p.MessagesDB)
	}
	p.private(check, p.MessagesDir)
}
