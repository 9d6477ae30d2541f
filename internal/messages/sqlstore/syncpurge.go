package sqlstore

import (
	"encoding/json"

	"github.com/tandem-switch/tandem/internal/messages"
)

// purgesPerPage is how many batches of deleted messages one page of a synchronisation
// looks through: each has the numbers of up to messages.PurgeBatch.
const purgesPerPage = 64

// purges are the batches of rules of retention, which are of no conversation. There is
// one change in the log for all whom a batch concerns, so that a rule that deletes
// millions does not write millions.
func (y *syncer) purges() error {
	n := 0
	return y.query(purgesOfEv, func(scan func(...any) error) error {
		e := entry{from: ofPurge}
		var kind messages.ChangeKind
		err := scan(&e.key, &kind)
		if n++; n > purgesPerPage {
			y.stop = e.key
		} else if kind == messages.PurgedRows {
			y.entries = append(y.entries, e)
		}
		return err
	}, y.since, y.head|firstKey(y.dom), int64(purgesPerPage+1))
}

// purged tells of each batch what was deleted of the chats of the person, by the key
// of the change.
func (y *syncer) purged(events map[int64]messages.Change) (map[int64][]messages.Change, error) {
	found := map[int64]messages.Purged{}
	var convs []entry
	for _, e := range y.entries {
		if e.from != ofPurge {
			continue
		}
		var p messages.Purged
		if json.Unmarshal([]byte(events[e.key].Data), &p) != nil || len(p.Convs) != len(p.Messages) {
			continue // of an erasure, or of messages that expired: these are told one by one
		}
		found[e.key] = p
		for _, id := range p.Convs {
			convs = append(convs, entry{conv: pack(y.dom, id)})
		}
	}
	if err := y.belong(convs); err != nil {
		return nil, err
	}
	out := map[int64][]messages.Change{}
	for key, p := range found {
		out[key] = y.ofChats(events[key], p)
	}
	return out, nil
}

// ofChats are the changes of one batch in the eyes of the person, one for each chat's
// conversation, in the order in which they come.
func (y *syncer) ofChats(c messages.Change, p messages.Purged) (out []messages.Change) {
	place := map[messages.ConvID]int{}
	for i, id := range p.Convs {
		s, mid := y.sides[pack(y.dom, id)], pack(y.dom, p.Messages[i])
		if s == nil || mid <= s.visibleFrom || mid > s.upTo(y.dom) {
			continue
		}
		at, known := place[id]
		if !known {
			at = len(out)
			place[id] = at
			out = append(out, messages.Change{N: c.N, Kind: messages.Purges, Conv: id, Chat: s.chat(y.who), Time: c.Time})
		}
		out[at].Refs = append(out[at].Refs, p.Messages[i])
	}
	return out
}
