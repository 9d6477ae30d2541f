package bench

import (
	"fmt"
	"time"
)

// idlers are the clients of G5: registered, silent, on a server of their own.
type idlers struct {
	server   *process
	clients  []*client
	empty    int64     // resident memory without them
	silentAt time.Time // when their chats ended
}

// startIdle measures the fresh clients of every server. Those of T then talk,
// hang up and stay until endIdle, so that the switch has forgotten their chats.
func (r *rig) startIdle() error {
	if !r.wants("G5") {
		return nil
	}
	for _, k := range r.takesPart() {
		if k != Tandem && r.Quick {
			continue
		}
		if err := r.idleOf(k); err != nil {
			return fmt.Errorf("G5, server %s: %w", k, err)
		}
	}
	return nil
}

func (r *rig) idleOf(k Kind) error {
	plans := planPairs(k, "idle", r.Idle/2, false)
	d, err := r.startIdlers(k, plans)
	if err != nil {
		return err
	}
	if err := d.measure(r, seriesFresh); err != nil {
		return err
	}
	if k != Tandem {
		closeAll(d.clients)
		d.server.stop()
		return nil
	}
	r.idle = d
	if d.server.pprof == "" {
		r.note("this pbx has no --pprof: G5 is measured without collecting garbage")
	}
	return d.chat()
}

func (r *rig) startIdlers(k Kind, plans []plan) (*idlers, error) {
	var names []string
	for _, p := range plans {
		names = append(names, p.name)
	}
	p, err := r.start(k, "idle", names)
	if err != nil {
		return nil, err
	}
	d := &idlers{server: p}
	first, err := enterAll(k, p.addr, plans[:2]) // what is made once is there
	if err != nil {
		return nil, err
	}
	closeAll(first)
	if d.empty, err = p.settle(); err != nil {
		return nil, err
	}
	d.clients, err = enterAll(k, p.addr, plans)
	return d, err
}

// measure records the memory per client.
func (d *idlers) measure(r *rig, series string) error {
	now, err := d.server.settle()
	if err != nil {
		return err
	}
	r.record(series, d.server.kind, 0, float64(now-d.empty)/float64(len(d.clients)))
	return nil
}

// chat lets every pair talk and hang up; then the clients answer pings only.
func (d *idlers) chat() error {
	k := d.server.kind
	for _, c := range d.clients {
		c.conn.SetDeadline(time.Now().Add(time.Minute))
	}
	if err := linkAll(k, d.clients, 1); err != nil {
		return err
	}
	if err := talk(k, d.clients, talkTexts); err != nil {
		return err
	}
	if err := unlinkAll(k, d.clients, 1); err != nil {
		return err
	}
	d.silentAt = time.Now()
	for _, c := range d.clients {
		c.conn.keep()
	}
	return nil
}

// endIdle measures again, when the chats are forgotten.
func (r *rig) endIdle() error {
	if r.idle == nil {
		return nil
	}
	defer closeAll(r.idle.clients)
	if wait := memoryOfChats - time.Since(r.idle.silentAt); wait > 0 && r.Quick {
		r.note("G5 after talking is measured while the switch still remembers the chats (60 s)")
	} else if wait > 0 {
		r.Log("waiting %v until the switch has forgotten the chats", wait.Round(time.Second))
		select {
		case <-time.After(wait):
		case <-r.ctx.Done():
		}
	}
	return r.idle.measure(r, seriesTalked)
}
