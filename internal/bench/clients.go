package bench

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

// crowd is how many clients log in at the same time.
const crowd = 16

// plan names a client before it is there.
type plan struct {
	name, peer string
	ext        bool
}

// user is the name of number i on one side ("a" or "b") of a set of pairs.
func user(set, side string, i int) string { return fmt.Sprintf("%s-%s%d", set, side, i) }

// planPairs names n pairs, both sides of a pair one after the other.
func planPairs(k Kind, set string, n int, ext bool) []plan {
	var out []plan
	for i := range n {
		a, b := user(set, "a", i), user(set, "b", i)
		if k == Relay || k == Coalescing {
			a = fmt.Sprintf("%s-%d", set, i)
			b = a
		}
		out = append(out, plan{a, b, ext}, plan{b, a, ext})
	}
	return out
}

// planGroups names n groups: a writer, then k devices of its reader.
func planGroups(set string, n, k int) []plan {
	var out []plan
	for i := range n {
		a, b := user(set, "a", i), user(set, "b", i)
		out = append(out, plan{a, b, false})
		for range k {
			out = append(out, plan{b, a, false})
		}
	}
	return out
}

// enter connects and logs in one client.
func enter(k Kind, addr string, p plan) (*client, error) {
	d := dialectOf(k)
	c, err := dialConn(addr, d.path(p.name))
	if err != nil {
		return nil, err
	}
	cl := &client{conn: c, name: p.name, peer: p.peer, ext: p.ext}
	if err := d.enter(cl); err != nil {
		c.Close()
		return nil, err
	}
	return cl, nil
}

// enterAll connects all clients of a plan, a few at a time. On an error those
// that are there are closed.
func enterAll(k Kind, addr string, plans []plan) ([]*client, error) {
	clients := make([]*client, len(plans))
	var g errgroup.Group
	g.SetLimit(crowd)
	for i, p := range plans {
		g.Go(func() (err error) {
			clients[i], err = enter(k, addr, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		closeAll(clients)
		return nil, fmt.Errorf("server %s: %w", k, err)
	}
	return clients, nil
}

func closeAll(clients []*client) {
	for _, c := range clients {
		if c != nil {
			c.conn.Close()
		}
	}
}

// linkAll sets up the chat of every writer with its k readers that follow it.
func linkAll(k Kind, clients []*client, readers int) error {
	return eachGroup(clients, readers, dialectOf(k).link)
}

func unlinkAll(k Kind, clients []*client, readers int) error {
	return eachGroup(clients, readers, dialectOf(k).unlink)
}

func eachGroup(clients []*client, readers int, do func(*client, []*client) error) error {
	var g errgroup.Group
	g.SetLimit(crowd)
	for i := 0; i < len(clients); i += 1 + readers {
		g.Go(func() error { return do(clients[i], clients[i+1:i+1+readers]) })
	}
	return g.Wait()
}

// talk sends n texts from every writer to its reader and as many back.
func talk(k Kind, clients []*client, n int) error {
	d := dialectOf(k)
	return eachGroup(clients, 1, func(a *client, b []*client) error {
		for range n {
			if err := say(d, a, b[0]); err != nil {
				return err
			}
			if err := say(d, b[0], a); err != nil {
				return err
			}
		}
		return nil
	})
}

// say sends one text and waits until it is there.
func say(d dialect, from, to *client) error {
	if err := from.conn.writeMessage(d.text(nil, from)); err != nil {
		return err
	}
	for s := d.scanner(); ; {
		m, err := to.conn.readMessage()
		if err != nil {
			return err
		}
		if texts, _, err := s.scan(m); texts > 0 || err != nil {
			return err
		}
	}
}
