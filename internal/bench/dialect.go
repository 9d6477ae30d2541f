package bench

import "fmt"

// textSize is the length of every text that is sent.
const textSize = 200

// client is one connection that has logged in. Its name is the user's SIP name
// (T), the subject it listens on (N), or the path that it shares with its peer
// (R, F).
type client struct {
	conn *conn
	name string
	ext  bool // T: registered with IM_EXT
	peer string
	call int // T: the number of the call leg
}

// dialect is what clients of one kind of server say.
type dialect interface {
	// path is where a client of that name asks for a WebSocket.
	path(name string) string
	// enter does what follows the upgrade: login, registration, subscription.
	enter(c *client) error
	// link prepares texts from writer to the readers and back; all readers are
	// devices of the same person.
	link(writer *client, readers []*client) error
	// unlink ends what link began.
	unlink(writer *client, readers []*client) error
	// text appends one text of c, as payload; where idMark stands in it, every
	// text needs another content.
	text(dst []byte, c *client) []byte
	// scanner reads what a connection of the client receives.
	scanner() scanner
}

// scanner counts in the payloads of one connection, in order.
type scanner interface {
	scan(payload []byte) (texts, acks int, err error)
}

// idMark stands where a text carries its identity.
const idMark = "0123456789abcdef"

func dialectOf(k Kind) dialect {
	switch k {
	case Tandem:
		return tandemDialect{}
	case NATS:
		return natsDialect{}
	}
	return relayDialect{}
}

// body is the text of every message: plain, without markup.
func body() []byte {
	const words = "The quick brown fox jumps over the lazy dog, then rests. "
	b := make([]byte, 0, textSize)
	for len(b) < textSize {
		b = append(b, words[:min(len(words), textSize-len(b))]...)
	}
	return b
}

// relayDialect is spoken to R and F: pairs by path, texts as they are.
type relayDialect struct{}

func (relayDialect) path(name string) string           { return "/" + name }
func (relayDialect) enter(*client) error               { return nil }
func (relayDialect) link(*client, []*client) error     { return nil }
func (relayDialect) unlink(*client, []*client) error   { return nil }
func (relayDialect) text(dst []byte, _ *client) []byte { return append(dst, body()...) }
func (relayDialect) scanner() scanner                  { return relayScanner{} }

type relayScanner struct{}

func (relayScanner) scan(payload []byte) (texts, acks int, err error) {
	if len(payload) == len(ack) {
		return 0, 1, nil
	}
	if len(payload) != textSize {
		return 0, 0, fmt.Errorf("%w: a text of %d bytes", errUnexpected, len(payload))
	}
	return 1, 0, nil
}
