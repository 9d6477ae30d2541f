package testkit

import (
	"fmt"
	"testing"
	"time"
)

// Client is one websocket client for tests that are written in Go. It judges
// and matches frames as dialogues do; every method fails the test at once when
// something is not as it should be. It belongs to the goroutine of the test.
type Client struct {
	t   testing.TB
	p   *player
	dev *device
}

// Dial connects to the application door of a switch (http://host:port), as
// device name, which is also the src of Register. The connection is cut when the
// test ends.
func Dial(t testing.TB, url, name string) *Client {
	t.Helper()
	return dialDoor(t, url, Device{Name: name, Door: DoorApps})
}

// DialMyApps connects to the myApps door.
func DialMyApps(t testing.TB, url, name string) *Client {
	t.Helper()
	return dialDoor(t, url, Device{Name: name, Door: DoorAppClient})
}

func dialDoor(t testing.TB, url string, d Device) *Client {
	t.Helper()
	p := &player{d: &Dialogue{Devices: []Device{d}}, target: Target{URL: url}, vars: newVars()}
	c := &Client{t: t, p: p, dev: newDevice(d, nil, p.now)}
	p.devices = map[string]*device{d.Name: c.dev}
	c.must(c.dev.dial(socketURL(url, d.Door)))
	t.Cleanup(c.dev.abandon)
	return c
}

// must ends the test on an error or on a frame that breaks the rules.
func (c *Client) must(err error) {
	c.t.Helper()
	fault := c.dev.takeFaults()
	if err == nil && fault == nil {
		return
	}
	text := ""
	for _, r := range c.dev.last() {
		text += "\n    " + r
	}
	for _, e := range []error{fault, err} {
		if e != nil {
			c.t.Errorf("%s: %v", c.dev.name, e)
		}
	}
	c.t.Fatalf("last frames of %s:%s", c.dev.name, text)
}

// Login logs a user in, at either door.
func (c *Client) Login(user, password string) {
	c.t.Helper()
	if d, _ := c.p.d.device(c.dev.name); d.Door == DoorAppClient {
		c.must(c.p.myApps(c.dev, user, password))
		return
	}
	c.must(c.p.appLogin(c.dev, "", user, "", "", password))
}

// LoginApp logs an App object in with its password.
func (c *Client) LoginApp(name, password string) {
	c.t.Helper()
	c.must(c.p.appLogin(c.dev, name, name, noGUID, "Admin", password))
}

// Register registers with src = the name of the client. With IM_INBOX it opens
// the inbox and binds its number to $inbox.NAME.
func (c *Client) Register(flags string) {
	c.t.Helper()
	c.must(c.p.register(c.dev, c.dev.name, flags))
}

// Send sends a frame after replacing each "$name" by the bound value.
func (c *Client) Send(frame string) {
	c.t.Helper()
	text, err := c.p.vars.fill(frame)
	if err == nil {
		err = c.dev.send(text)
	}
	c.must(err)
}

// Settle waits until the switch has read everything that was sent.
func (c *Client) Settle() {
	c.t.Helper()
	c.dev.settle(settleLimit)
	c.must(nil)
}

// Expect takes the next frame, which must match the pattern and arrive within
// 5 s.
func (c *Client) Expect(pattern string) {
	c.t.Helper()
	c.must(c.p.expect(c.dev, pattern, opReceive))
}

// ExpectLater takes frames until one matches the pattern.
func (c *Client) ExpectLater(pattern string) {
	c.t.Helper()
	c.must(c.p.expect(c.dev, pattern, opPass))
}

// ExpectNothing wants silence for that time.
func (c *Client) ExpectNothing(d time.Duration) {
	c.t.Helper()
	c.must(nothing(c.dev, d))
}

// ExpectClose wants the server to close with that code within 5 s.
func (c *Client) ExpectClose(code int) {
	c.t.Helper()
	c.must(c.p.closed(&Step{code: code}, c.dev))
}

// Value returns a bound value: the content of a string, or the bytes of another
// value. The name has no $.
func (c *Client) Value(name string) string {
	c.t.Helper()
	n := c.p.vars.get(name)
	if n == nil {
		c.must(fmt.Errorf("$%s is not bound", name))
	}
	return n.plain()
}

// Bind gives a name to a string.
func (c *Client) Bind(name, text string) { c.p.vars.bindText(name, text) }

// Drop cuts the socket without a close frame, and lets the switch notice.
func (c *Client) Drop() {
	c.dev.drop(settleLimit)
	time.Sleep(dropPause)
}
