package ws_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

func TestEcho(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	p.send(t, join(text("one"), text("two"), text("")))
	p.want(t, 0x81, "one")
	p.want(t, 0x81, "two")
	p.want(t, 0x81, "")
	p.send(t, closing(1000, "bye"))
	p.wantClose(t, 1000)
	p.wantEnd(t)
	if code, ok := ws.CloseCode(s.conn(t).wait(t)); !ok || code != 1000 {
		t.Fatalf("got %d %v", code, ok)
	}
}
