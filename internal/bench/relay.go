package bench

import (
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

// bareRelay is server R: gorilla/websocket as anyone would write it, one read
// and one write per message. Clients that ask for the same path are a pair.
type bareRelay struct {
	upgrader websocket.Upgrader
	lobby    *lobby[*websocket.Conn]
}

func serveRelay(l net.Listener) error {
	r := &bareRelay{lobby: newLobby[*websocket.Conn]()}
	return http.Serve(l, r)
}

func (r *bareRelay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c, err := r.upgrader.Upgrade(w, req, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer c.Close()
	peer := r.lobby.join(req.URL.Path, c)
	defer peer.Close()
	joinGathering(c, peer)
	for {
		kind, text, err := c.ReadMessage()
		if err != nil {
			return
		}
		if peer.WriteMessage(kind, text) != nil {
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
