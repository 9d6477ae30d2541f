package chaos

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// The domain of all people, and the password of each.
const (
	domainName = "example.com"
	password   = "chaos-password"
)

// How a person writes.
const (
	window  = 6                      // messages that wait for their acknowledgement
	pause   = 12 * time.Millisecond  // between two messages, on average
	again   = 50 * time.Millisecond  // between two attempts to connect
	silence = 12 * time.Second       // without an acknowledgement: connect anew and repeat
	dialing = 5 * time.Second        // for one login
	jitter  = 100 * time.Microsecond // of what is random
)

// person writes to one partner, as a client with an inbox, and repeats what was
// not acknowledged.
type person struct {
	name, peer string
	url        func() string // of the switch
	ledger     *Ledger

	waiting []*message // not acknowledged, in the order in which they were written

	Connects atomic.Int64
	Repeats  atomic.Int64
	Failed   atomic.Int64 // refused with a cause
	Heard    atomic.Int64 // messages of the partner
}

// message is one that waits.
type message struct {
	number   int
	id, text string
	sent     bool
}

// frame is what a person reads of a message of the switch.
type frame struct {
	MT   string `json:"mt"`
	Src  string `json:"src"`
	Err  string `json:"err"`
	Call int    `json:"call"`
	Sig  struct {
		Type string     `json:"type"`
		Fty  []facility `json:"fty"`
	} `json:"sig"`
}

type facility struct {
	Type  string `json:"type"`
	Inbox bool   `json:"inbox"`
	ID    string `json:"id"`
	MID   int64  `json:"mid"`
	State string `json:"state"`
	Cause int    `json:"cau"`
}

// write writes until load is done, and goes on until everything is acknowledged,
// or ctx is done.
func (p *person) write(ctx, load context.Context) error {
	for {
		err := p.connected(ctx, load)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %d messages are not acknowledged: %w", p.name, len(p.waiting), err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// connected is one connection. It returns nil when there is nothing left to do.
func (p *person) connected(ctx, load context.Context) error {
	c, inbox, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer c.Close("")
	p.Connects.Add(1)
	for _, m := range p.waiting {
		if m.sent {
			p.Repeats.Add(1)
		}
		if err := p.send(ctx, c, inbox, m); err != nil {
			return err
		}
	}
	return p.talk(ctx, load, c, inbox)
}

// enter logs in, registers and opens the inbox: its call number.
func (p *person) enter(ctx context.Context) (*appservice.Client, int, error) {
	ctx, cancel := context.WithTimeout(ctx, dialing)
	defer cancel()
	c, err := dial(ctx, p.url(), p.name)
	if err != nil {
		return nil, 0, err
	}
	inbox, err := p.open(ctx, c)
	if err != nil {
		_ = c.Close("")
		return nil, 0, err
	}
	return c, inbox, nil
}

// dial logs a person in.
func dial(ctx context.Context, url, name string) (*appservice.Client, error) {
	return appservice.Dial(ctx, appservice.DialConfig{
		URL: url + "/PBX0/APPS/websocket", Login: appservice.UserLogin(domainName, name), Password: password,
	})
}

func (p *person) open(ctx context.Context, c *appservice.Client) (int, error) {
	if err := raw(ctx, c, `{"api":"PbxSignal","mt":"Register","src":"c","flags":"NO_MEDIA_CALL|IM_EXT|IM_INBOX"}`); err != nil {
		return 0, err
	}
	for {
		f, err := next(ctx, c)
		if err != nil {
			return 0, err
		}
		if f.Err != "" {
			return 0, fmt.Errorf("registration of %s: %s", p.name, f.Err)
		}
		if f.Sig.Type == "setup" && len(f.Sig.Fty) > 0 && f.Sig.Fty[0].Inbox {
			return f.Call, raw(ctx, c, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"c","call":%d,"sig":{"type":"conn","channel":0}}`, f.Call))
		}
	}
}

func raw(ctx context.Context, c *appservice.Client, text string) error {
	return c.Send(ctx, appservice.Frame{Raw: []byte(text)})
}

func next(ctx context.Context, c *appservice.Client) (frame, error) {
	var f frame
	received, err := c.Recv(ctx)
	if err == nil {
		err = json.Unmarshal(received.Raw, &f)
	}
	return f, err
}

func (p *person) send(ctx context.Context, c *appservice.Client, inbox int, m *message) error {
	m.sent = true
	return raw(ctx, c, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"c","call":%d,"sig":{"type":"facility","fty":[{"type":"im_message","chat":%q,"id":%q,"mime":"text/html","data":%q}]}}`,
		inbox, p.peer, m.id, m.text))
}

var errSilence = errors.New("no acknowledgement comes")

// talk writes new messages and takes acknowledgements.
func (p *person) talk(ctx, load context.Context, c *appservice.Client, inbox int) error {
	frames, ended := p.listen(c)
	due := time.NewTimer(p.pause())
	defer due.Stop()
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for load.Err() == nil || len(p.waiting) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-load.Done():
			load, due.C = context.WithoutCancel(load), nil // goes on without writing
			if len(p.waiting) == 0 {
				return nil
			}
			continue
		case err := <-ended:
			return err
		case f := <-frames:
			quiet.Reset(silence)
			if err := p.take(ctx, c, inbox, f); err != nil {
				return err
			}
			if due.C == nil && len(p.waiting) == 0 {
				return nil
			}
			continue
		case <-due.C:
			due.Reset(p.pause())
			if len(p.waiting) < window {
				if err := p.send(ctx, c, inbox, p.compose()); err != nil {
					return err
				}
			}
		case <-quiet.C:
			if len(p.waiting) > 0 {
				return errSilence
			}
		}
	}
	return nil
}

// listen reads on a goroutine that ends with the connection.
func (p *person) listen(c *appservice.Client) (<-chan frame, <-chan error) {
	frames, ended := make(chan frame), make(chan error, 1)
	go func() {
		for {
			f, err := next(context.Background(), c)
			if err != nil {
				ended <- err
				return
			}
			select {
			case frames <- f:
			case <-c.Done():
				ended <- c.Err()
				return
			}
		}
	}()
	return frames, ended
}

// pause is a random time with the mean of the constant.
func (p *person) pause() time.Duration {
	return jitter + mathrand.N(2*pause)
}

// compose is the next message.
func (p *person) compose() *message {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	m := &message{id: p.name + "-" + hex.EncodeToString(random[:])}
	m.number, m.text = p.ledger.Write(p.name, m.id)
	p.waiting = append(p.waiting, m)
	return m
}

// marked is which share of the messages of the partner is marked as delivered.
const marked = 8

// take reads receipts, and marks some messages of the partner.
func (p *person) take(ctx context.Context, c *appservice.Client, inbox int, f frame) error {
	for _, fty := range f.Sig.Fty {
		switch {
		case fty.Type == "im_receipt" && fty.State == "sent":
			p.settle(fty.ID, true)
		case fty.Type == "im_receipt" && fty.State == "failed":
			p.settle(fty.ID, false)
		case fty.Type == "im_message":
			if n := p.Heard.Add(1); n%marked == 0 && fty.MID > 0 {
				return raw(ctx, c, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"c","call":%d,"sig":{"type":"facility","fty":[{"type":"im_receipt","chat":%q,"mid":%d,"state":"delivered"}]}}`,
					inbox, p.peer, fty.MID))
			}
		}
	}
	return nil
}

// settle takes a message from those that wait.
func (p *person) settle(id string, acknowledged bool) {
	for i, m := range p.waiting {
		if m.id != id {
			continue
		}
		p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
		if acknowledged {
			p.ledger.Acknowledge(p.name, m.number)
		} else {
			p.Failed.Add(1)
		}
		return
	}
}
