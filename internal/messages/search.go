package messages

import "context"

// Searcher finds messages by their words: what the service asks of the search index
// when a client sends Search.
type Searcher interface {
	// Search finds messages that the person may read now, newest first. A text
	// that cannot be searched for is BadParameter.
	Search(ctx context.Context, log Log, q SearchQuery) (SearchPage, error)
}

// SearchQuery is what somebody looks for.
type SearchQuery struct {
	Person PersonID
	Chat   Chat   // only there; empty: in all chats of the person
	Text   string // as typed
	Older  Number // only messages below; 0: all
	Count  int
}

// SearchPage is a part of what was found. More: ask again with the number of the
// last hit as Older. Behind: the index has not seen the newest messages yet.
type SearchPage struct {
	Hits   []SearchHit
	More   bool
	Behind bool
}

// SearchHit is a message that was found. Excerpt is plain text around the words,
// Marks are the words in it: from and to, in characters.
type SearchHit struct {
	Message Message // in the eyes of the person
	Excerpt string
	Marks   [][2]int
}
