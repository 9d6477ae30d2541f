package search

import (
	"context"
	"errors"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Searcher answers the searches of people: over the chats that they may read, and
// with the messages as they are now.
type Searcher struct{ Index Index }

// Question is what a person looks for.
type Question struct {
	Person messages.PersonID
	Chat   *messages.Chat // only there; nil: in all chats of the person
	Text   string
	Below  messages.Number // only messages below this number; 0: all
	Count  int             // at most MaxCount; 0 is 50
}

// Found is a message that was found, as the person may see it.
type Found struct {
	Message   messages.Message
	Chat      messages.Chat // in the eyes of the person
	Highlight Highlight
}

// Answer is a page, the newest messages first. Next is Below of the next question,
// 0 when nothing is left.
type Answer struct {
	Found  []Found
	Next   messages.Number
	Behind bool // the newest messages are not in the index yet
}

// rounds is how often a page is filled up whose messages have gone meanwhile.
const rounds = 3

// Search answers a question. Errors have codes: BadParameter for a text that is
// too long, NotFound for a chat that the person does not have, Quota where too
// much matches to be answered in time.
func (s *Searcher) Search(ctx context.Context, log messages.Log, q Question) (Answer, error) {
	query, err := Parse(q.Text)
	if err != nil {
		return Answer{}, explain(err)
	}
	rooms, err := roomsOf(ctx, log, q)
	if err != nil {
		return Answer{}, err
	}
	st, err := s.Index.State(ctx, log.Domain())
	if err != nil {
		return Answer{}, explain(err)
	}
	out := Answer{Behind: st.Mark < int64(log.Head())}
	ask := Ask{Domain: log.Domain(), Query: query, Rooms: rooms, Below: int64(q.Below), Count: q.Count}
	if ask.Count <= 0 {
		ask.Count = 50
	}
	ask.Count = min(ask.Count, MaxCount)
	want := ask.Count
	for range rounds {
		page, err := s.Index.Find(ctx, ask)
		if err != nil {
			return Answer{}, explain(err)
		}
		if err := out.add(ctx, log, q.Person, page); err != nil {
			return Answer{}, err
		}
		out.Next = messages.Number(page.Next)
		ask.Below, ask.Count = page.Next, want-len(out.Found)
		if page.Next == 0 || ask.Count == 0 || len(page.Hits) == 0 {
			break
		}
	}
	return out, nil
}

// add reads the messages that were found. The store has the last word on what
// the person may see.
func (a *Answer) add(ctx context.Context, log messages.Log, person messages.PersonID, page Page) error {
	for _, h := range page.Hits {
		m, err := log.Message(ctx, person, messages.Number(h.Number))
		if messages.CodeOf(err) == messages.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		chat := messages.Chat{With: m.With}
		if m.ConvIs == messages.GroupConv {
			chat = messages.Chat{Group: m.Conv}
		}
		a.Found = append(a.Found, Found{Message: m, Chat: chat, Highlight: h.Highlight})
	}
	return nil
}

// explain gives an error a code.
func explain(err error) error {
	switch {
	case errors.Is(err, ErrTooLong):
		return &messages.Error{Code: messages.BadParameter, Text: "The text to look for is too long.", Err: err}
	case errors.Is(err, ErrTooCostly):
		return &messages.Error{Code: messages.Quota, Text: "Too much matches. Look for more words, or in one chat.", Err: err}
	}
	return &messages.Error{Code: messages.Internal, Text: "The search does not work now.", Err: err}
}

// roomsOf are the parts of conversations in which the person may look.
func roomsOf(ctx context.Context, log messages.Log, q Question) ([]Room, error) {
	l, ok := log.(messages.Searchable)
	if !ok {
		return nil, messages.Errorf(messages.Internal, "This store cannot be searched.")
	}
	all, err := l.Rooms(ctx, q.Person)
	if err != nil {
		return nil, err
	}
	var out []Room
	for _, r := range all {
		if q.Chat == nil || r.Chat == *q.Chat {
			out = append(out, Room{Conv: int64(r.Conv), From: int64(r.From), To: int64(r.To)})
		}
	}
	if q.Chat != nil && len(out) == 0 {
		return nil, messages.Errorf(messages.NotFound, "There is no such chat.")
	}
	return out, nil
}
