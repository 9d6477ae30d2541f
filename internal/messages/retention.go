package messages

import "context"

// Rule says how long messages are kept. A conversation with a rule of its own is
// not touched by that of the domain.
type Rule struct {
	Conv     ConvID // the conversation, mostly a group; 0: the domain
	Messages int    // days after which messages are deleted; 0: they stay
	Files    int    // days after which files are deleted and the text stays; 0: files go with their messages
	Changed  int64
}

// MaxDays is the longest time of a Rule.
const MaxDays = 36500

// Check refuses a rule that cannot mean anything.
func (r Rule) Check() error {
	switch {
	case r.Conv < 0 || r.Conv > MaxNumber:
		return Errorf(BadParameter, "This is no conversation.")
	case r.Messages < 0 || r.Messages > MaxDays || r.Files < 0 || r.Files > MaxDays:
		return Errorf(BadParameter, "Messages and files are kept for 0 (always) to %d days.", MaxDays)
	}
	return nil
}

// Retained is a Log that keeps rules. The logs of package sqlstore do.
type Retained interface {
	Log
	// Rules are the rules of the domain: its own first, then by conversation.
	Rules(ctx context.Context) ([]Rule, error)
	// SetRule adds a rule or replaces that of the same conversation. NotFound
	// where there is no such conversation.
	SetRule(ctx context.Context, r Rule) error
	// DropRule removes one; NotFound where there is none.
	DropRule(ctx context.Context, conv ConvID) error
	// DryErase counts the messages and files that an Erase would delete, in all its
	// batches. It is refused as the Erase would be: NotAllowed where a legal hold
	// keeps something, NotFound for an unknown person.
	DryErase(ctx context.Context, person Ref) (Purged, error)
}
