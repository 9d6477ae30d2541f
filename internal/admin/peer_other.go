//go:build !linux

package admin

import "net"

// PeerUID is not known on this system.
func PeerUID(net.Conn) int { return -1 }
