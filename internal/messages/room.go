package messages

import "context"

// Room is a part of a conversation that a person may read: the messages from
// number From to number To, both included. To 0 has no end. Chat is how the
// person sees it; a chat with a partner may have two rooms.
type Room struct {
	Conv     ConvID
	Chat     Chat
	From, To Number
}

// Searchable is a Log over which a search index can be kept. The logs of package
// sqlstore are.
type Searchable interface {
	Log
	// Rooms are what a person may read of all chats; topics are not among them.
	// An unknown person is NotFound.
	Rooms(ctx context.Context, person PersonID) ([]Room, error)
	// Epoch tells the lives of a log apart: after a backup was restored its numbers
	// begin to mean something else, and what followed it must begin anew.
	Epoch() int64
}
