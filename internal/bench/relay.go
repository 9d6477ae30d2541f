package bench

import (
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// bareRelay is server R: gorilla/websocket as anyone would write it, one read
// and one write per message. Clients that ask for the same path are a pair. Pairs
// of the acknowledged set get a second, short message for each that they write.
type bareRelay struct {
	upgrader websocket.Upgrader
	lobby    *lobby[*relayed]
}

// relayed is a connection of the relay.
type relayed struct {
	*websocket.Conn
	mu sync.Mutex // one writer at a time, where both sides of a pair write to it
}

func (c *relayed) writeLocked(kind int, text []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.WriteMessage(kind, text)
}

// acknowledgedSet is the set of clients whose texts are acknowledged.
const acknowledgedSet = "ext"

// ack is as long as a receipt of T.
var ack = make([]byte, 170)

func serveRelay(l net.Listener) error {
	r := &bareRelay{lobby: newLobby[*relayed]()}
	return http.Serve(l, r)
}

func (r *bareRelay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	socket, err := r.upgrader.Upgrade(w, req, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer socket.Close()
	c := &relayed{Conn: socket}
	peer := r.lobby.join(req.URL.Path, c)
	defer peer.Close()
	joinGathering(socket, peer.Conn)
	acks := strings.HasPrefix(req.URL.Path, "/"+acknowledgedSet)
	for {
		kind, text, err := c.ReadMessage()
		switch {
		case err != nil:
		case acks:
			if err = peer.writeLocked(kind, text); err == nil {
				err = c.writeLocked(kind, ack)
			}
		default:
			err = peer.WriteMessage(kind, text)
		}
		if err != nil {
			return
		}
	}
}

// joinGathering tells the connections below, if they are those of server F,
// that they are a pair.
func joinGathering(c, peer *websocket.Conn) {
	own, gathers := c.NetConn().(*gatheringConn)
	if other, both := peer.NetConn().(*gatheringConn); gathers && both {
		own.join(other)
	}
}
