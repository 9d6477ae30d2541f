package ws

import "net"

// ListenConfig makes listeners for connections of this package: without TCP
// keep-alive, because pings find out whether a peer lives.
func ListenConfig() net.ListenConfig {
	return net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: false}, KeepAlive: -1}
}
