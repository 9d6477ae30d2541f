package dial

import "net"

// Resolve has g ask r for names.
func (g *Guard) Resolve(r *net.Resolver) { g.resolver = r }
