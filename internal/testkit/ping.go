package testkit

import (
	"errors"
	"fmt"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// config answers pings at once, or keeps them for the ping and pong steps.
func (d *device) config(serial int) ws.DialConfig {
	cfg := ws.DialConfig{
		MaxMessage: maxFrame,
		NetDial:    d.dialTCP,
		PongHandler: func(payload []byte) error {
			select {
			case d.pongs <- string(payload):
			default:
			}
			return nil
		},
	}
	if d.holdPong {
		cfg.PingHandler = func(payload []byte) error {
			d.keepPing(serial, payload)
			return nil
		}
	}
	return cfg
}

func (d *device) keepPing(serial int, payload []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if serial == d.serial && len(d.pings) < maxQueue {
		d.note("<", fmt.Sprintf("ping %x", payload))
		d.pings = append(d.pings, append([]byte(nil), payload...))
		d.wake()
	}
}

// awaitPing takes the next held ping.
func (d *device) awaitPing(limit time.Duration) error {
	p, ok := await(d, limit, func() ([]byte, bool) {
		if len(d.pings) == 0 {
			return nil, false
		}
		p := d.pings[0]
		d.pings = d.pings[1:]
		return p, true
	})
	if !ok {
		return fmt.Errorf("no ping within %v", limit)
	}
	d.held = append(d.held, p)
	return nil
}

// pong answers the oldest ping that awaitPing has taken.
func (d *device) pong() error {
	if len(d.held) == 0 || d.conn == nil {
		return errors.New("there is no ping to answer")
	}
	p := d.held[0]
	d.held = d.held[1:]
	return d.conn.Pong(p)
}

// settle waits until the switch has read everything that the device has sent so
// far: a ping of ours, and its pong. It gives up after limit.
func (d *device) settle(limit time.Duration) {
	if d.conn == nil {
		return
	}
	d.barrier++
	payload := fmt.Sprintf("settle %d", d.barrier)
	if d.conn.Ping([]byte(payload)) != nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case p := <-d.pongs:
			if p == payload {
				return
			}
		case <-timer.C:
			return
		}
	}
}
