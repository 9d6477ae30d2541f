package search

import (
	"context"
	"errors"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Searcher answers the searches of people: over the chats that they may read, and
// with the messages as they are now. It implements messages.Searcher.
type Searcher struct{ Index Index }

var _ messages.Searcher = (*Searcher)(nil)

// Search implements messages.Searcher. Errors have codes: BadParameter for a text
// that is too long, NotFound for a chat that the person does not have, Quota where
// too much matches to be answered in time.
//
// A page that is not full is the last one, unless it has taken all the time that
// one may take; then it has at least one hit.
func (s *Searcher) Search(ctx context.Context, log messages.Log, q messages.SearchQuery) (messages.SearchPage, error) {
	query, err := Parse(q.Text)
	if err != nil {
		return messages.SearchPage{}, explain(err)
	}
	rooms, err := roomsOf(ctx, log, q)
	if err != nil {
		return messages.SearchPage{}, err
	}
	st, err := s.Index.State(ctx, log.Domain())
	if err != nil {
		return messages.SearchPage{}, explain(err)
	}
	out := messages.SearchPage{Behind: st.Mark < int64(log.Head())}
	ask := Ask{Domain: log.Domain(), Query: query, Rooms: rooms, Below: int64(q.Older)}
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	err = s.fill(limited, log, q, ask, &out)
	if limited.Err() != nil && ctx.Err() == nil {
		if err = ErrTooCostly; len(out.Hits) > 0 {
			return out, nil
		}
	}
	return out, explain(err)
}

// fill asks until the page is full or nothing is left: a question may have cost
// enough before, and messages may have gone since they were indexed.
func (s *Searcher) fill(ctx context.Context, log messages.Log, q messages.SearchQuery, ask Ask, out *messages.SearchPage) error {
	want := q.Count
	if want <= 0 {
		want = 50
	}
	want = min(want, MaxCount)
	for len(out.Hits) < want {
		ask.Count = want - len(out.Hits)
		out.More = true
		page, err := s.Index.Find(ctx, ask)
		if err != nil {
			return err
		}
		if err := add(ctx, log, q.Person, page, out); err != nil {
			return err
		}
		if page.Next == 0 {
			out.More = false
			return nil
		}
		ask.Below = page.Next
	}
	return nil
}

// add reads the messages that were found. The store has the last word on what
// the person may see.
func add(ctx context.Context, log messages.Log, person messages.PersonID, page Page, out *messages.SearchPage) error {
	for _, h := range page.Hits {
		m, err := log.Message(ctx, person, messages.Number(h.Number))
		if messages.CodeOf(err) == messages.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		hit := messages.SearchHit{Message: m, Excerpt: h.Highlight.Text}
		for _, at := range h.Highlight.Hits {
			hit.Marks = append(hit.Marks, [2]int{at.From, at.To})
		}
		out.Hits = append(out.Hits, hit)
	}
	return nil
}

// explain gives an error a code.
func explain(err error) error {
	if _, ok := errors.AsType[*messages.Error](err); ok || err == nil {
		return err
	}
	switch {
	case errors.Is(err, ErrTooLong):
		return &messages.Error{Code: messages.BadParameter, Text: "The text to look for is too long.", Err: err}
	case errors.Is(err, ErrTooCostly):
		return &messages.Error{Code: messages.Quota, Text: "Too much matches. Look for more words, or in one chat.", Err: err}
	}
	return &messages.Error{Code: messages.Internal, Text: "The search does not work now.", Err: err}
}

// roomsOf are the parts of conversations in which the person may look.
func roomsOf(ctx context.Context, log messages.Log, q messages.SearchQuery) ([]Room, error) {
	l, ok := log.(messages.Searchable)
	if !ok {
		return nil, messages.Errorf(messages.Internal, "This store cannot be searched.")
	}
	all, err := l.Rooms(ctx, q.Person)
	if err != nil {
		return nil, err
	}
	everywhere := q.Chat == messages.Chat{}
	var out []Room
	for _, r := range all {
		if everywhere || r.Chat == q.Chat {
			out = append(out, Room{Conv: int64(r.Conv), From: int64(r.From), To: int64(r.To)})
		}
	}
	if !everywhere && len(out) == 0 {
		return nil, messages.Errorf(messages.NotFound, "There is no such chat.")
	}
	return out, nil
}
