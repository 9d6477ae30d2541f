package doctor

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// messages looks at the chats that the switch stores itself.
func (p *Patient) messages(ctx context.Context) {
	const check = "messages"
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
