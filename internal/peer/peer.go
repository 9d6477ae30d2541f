// Package peer carries who is at the other end of a request, behind trusted
// proxies: internal/edge, which owns the listeners, puts it into the context of a
// request, and handlers that edge mounts without knowing them take it out.
//
// It is not an authentication: a peer is a place, never a person. Values are
// immutable and used by any goroutine.
package peer

import (
	"context"
	"net/netip"
)

// Peer is the other end of a request.
type Peer struct {
	Addr  netip.Addr // of the client; behind trusted proxies what they say
	HTTPS bool       // the client speaks https, to us or to a trusted proxy
	Local bool       // over loopback and without any proxy: only this machine
}

type key struct{}

// With is ctx with a peer.
func With(ctx context.Context, p Peer) context.Context { return context.WithValue(ctx, key{}, p) }

// Of is the peer of a request; ok is false for one that came through none of the
// listeners of internal/edge, such as one on the control socket.
func Of(ctx context.Context) (p Peer, ok bool) {
	p, ok = ctx.Value(key{}).(Peer)
	return p, ok
}
