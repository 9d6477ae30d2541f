package bench

import (
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startNATS starts server N inside this process, on a loopback port of the
// system's choice, WebSocket only, quiet, without pings.
func startNATS() (url string, err error) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, DontListen: true,
		NoLog: true, NoSigs: true, MaxConn: 1 << 20,
		PingInterval: time.Hour,
		Websocket:    server.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true},
	})
	if err != nil {
		return "", err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return "", errors.New("bench: nats-server does not become ready")
	}
	return s.WebsocketURL(), nil
}
