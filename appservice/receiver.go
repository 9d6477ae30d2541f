package appservice

// Link is a connected service in the hands of its Receiver: the dialling side of a
// connection that is kept by somebody else. All methods are safe for use by several
// goroutines, and none blocks.
type Link interface {
	// APIs is what the service offers: a JSON object from API ids to models, or nothing.
	APIs() []byte
	// Send queues a message, which must not be changed any more, of at most MaxMessage
	// bytes, MaxMessageLink if the service takes as much. Where too much waits it is
	// refused with ErrQueueFull, and the connection stays; ErrClosed after its end.
	Send(raw []byte) error
	// Queued is how many bytes that were given to Send wait.
	Queued() int
	// Drained returns a channel that is closed once fewer than below bytes wait, or the
	// connection has ended.
	Drained(below int) <-chan struct{}
	// Close ends the connection; another one is made.
	Close(reason string) error
}

// Receiver takes what a service says outside of the APIs: a Messages service, to the
// switch (appwebsocket.md 4.1). Up, then Frame any number of times, then Down; then
// perhaps Up again, with another Link. None of them may block.
type Receiver interface {
	// Up says that the service is connected and has said what it offers, or that it
	// does not say. What it has sent before is lost.
	Up(l Link)
	// Frame is a message that is neither an answer to the link nor for an API. It runs
	// on the reading goroutine; f may be kept.
	Frame(f Frame)
	// Down says that the connection was lost, and why.
	Down(err error)
}
